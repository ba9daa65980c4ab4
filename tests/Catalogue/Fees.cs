using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Catalogue;

public sealed class Fees
{
    private static readonly FeeRule Budget =
        new(FeeKind.Percent, 15, new Money(40), new Money(1_500), FeePaidBy.Payer);

    private static readonly Arbitrary<FeeRule> Rules = Arb.From(
        from hundredths in Gen.Choose(1, 10_000)
        from floor in Gen.Choose(0, 5_000)
        from above in Gen.Choose(0, 100_000)
        select new FeeRule(FeeKind.Percent, hundredths, new Money(floor), new Money(floor + above), FeePaidBy.Payer));

    private static readonly Arbitrary<Money> Amounts = Arb.From(
        Gen.Choose(0, int.MaxValue).SelectMany(_ => Gen.Choose(0, 1_000_000), (wide, narrow) =>
            new Money(wide % 3 == 0 ? wide : narrow)));

    [Theory]
    [InlineData(1, 40)]
    [InlineData(26_667, 40)]
    [InlineData(26_999, 40)]
    [InlineData(27_000, 41)]
    [InlineData(100_000, 150)]
    [InlineData(999_666, 1_499)]
    [InlineData(999_667, 1_500)]
    [InlineData(1_000_000, 1_500)]
    [InlineData(5_000_000, 1_500)]
    public void A_budget_payment_costs_15_hundredths_of_a_percent_half_up_from_40_qəpik_to_15_manat(
        long amount, long fee) =>
        Budget.For(new Money(amount)).Should().Be(new Money(fee));

    [Fact]
    public void The_catalogues_budget_rule_is_that_rule() =>
        TheEmbeddedCatalogue.Catalogue.Find(40303)!.Rules[0].Fee.Should().Be(Budget);

    [Fact]
    public void No_fee_and_a_flat_fee_do_not_look_at_the_amount() => Prop.ForAll(Amounts, amount =>
        FeeRule.None.For(amount) == Money.Zero
        && new FeeRule(FeeKind.Flat, 0, new Money(40), new Money(40), FeePaidBy.Payer).For(amount) == new Money(40))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void A_fee_lies_between_floor_and_cap() => Prop.ForAll(Rules, Amounts, (rule, amount) =>
        rule.For(amount) >= rule.Floor && rule.For(amount) <= rule.Cap).QuickCheckThrowOnFailure();

    [Fact]
    public void Who_pays_more_never_pays_a_smaller_fee() => Prop.ForAll(Rules, Amounts, Amounts, (rule, one, other) =>
        one > other ? rule.For(one) >= rule.For(other) : rule.For(other) >= rule.For(one)).QuickCheckThrowOnFailure();

    [Fact]
    public void Between_the_limits_a_fee_is_the_exact_percentage_to_the_nearest_qəpik() =>
        Prop.ForAll(Rules, Amounts, (rule, amount) =>
    {
        var exact = new System.Numerics.BigInteger(amount.Qepik) * rule.HundredthsOfPercent;
        var rounded = amount.PercentHalfUp(rule.HundredthsOfPercent).Qepik;
        var difference = (new System.Numerics.BigInteger(rounded) * 10_000) - exact;
        return difference > -5_000 && difference <= 5_000;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_largest_amount_does_not_overflow() =>
        Budget.For(new Money(long.MaxValue)).Should().Be(new Money(1_500));
}
