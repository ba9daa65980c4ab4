using System.Globalization;
using EGovPay.Settlement.Statements;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>Amounts are digits and one separator, and never lose a unit.</summary>
public sealed class BankAmountTests
{
    [Theory]
    [InlineData("380115,12", "EUR", 38011512)]
    [InlineData("380115,1", "EUR", 38011510)]
    [InlineData("380115,", "EUR", 38011500)]
    [InlineData("380115", "EUR", 38011500)]
    [InlineData(",5", "EUR", 50)]
    [InlineData("001,12", "EUR", 112)]
    [InlineData("0000000000000000,00", "TRY", 0)]
    [InlineData("1,500", "EUR", 150)]
    [InlineData("1,234", "KWD", 1234)]
    [InlineData("2700,00", "JPY", 2700)]
    [InlineData("9999999999999999,99", "AZN", 999_999_999_999_999_999)]
    public void An_amount_is_read_in_minor_units(string text, string currency, long minor)
    {
        BankAmount.Read(text, ',', currency, out var amount).Should().BeNull();
        amount.Should().Be(new BankAmount(minor, currency, BankAmount.DecimalsOf(currency)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("-1,00")]
    [InlineData("+1,00")]
    [InlineData("1,0,0")]
    [InlineData("1.00")]
    [InlineData("1 000,00")]
    [InlineData("١,٠٠")]
    [InlineData("1,001")]
    [InlineData("10000000000000000,00")]
    [InlineData("99999999999999999999999999999999999999,00")]
    public void What_is_no_amount_of_euros_is_refused(string text) =>
        BankAmount.Read(text, ',', "EUR", out _).Should().NotBeNull();

    [Fact]
    public void An_amount_that_an_MT_writes_is_read_back_whatever_its_currency() =>
        Prop.ForAll(
            Gen.Choose(0, int.MaxValue).Two().Select(pair => (long)pair.Item1 * 400_000_000 % 1_000_000_000_000_000_000 + pair.Item2).ToArbitrary(),
            Gen.Elements("AZN", "JPY", "KWD", "CLF", "EUR").ToArbitrary(),
            Gen.Choose(0, 5).ToArbitrary(),
            (minor, currency, zeros) =>
            {
                minor %= 1_000_000_000_000_000_000;
                var decimals = BankAmount.DecimalsOf(currency);
                var digits = minor.ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
                var text = digits[..^decimals] + "," + digits[^decimals..];
                return BankAmount.Read(new string('0', zeros) + text, ',', currency, out var read) is null
                    && read == new BankAmount(minor, currency, decimals)
                    && BankAmount.Read(text + new string('0', zeros), ',', currency, out var longer) is null && longer == read
                    && BankAmount.Read(text.Replace(',', '.'), '.', currency, out var point) is null && point == read;
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_an_amount_only_if_it_is_digits_with_one_comma() =>
        Prop.ForAll(
            Gen.Elements("0", "1", "9", ",", ".", "-", " ", "E", "٣", "00", "5,").ArrayOf().ToArbitrary(),
            parts =>
            {
                var text = string.Concat(parts);
                var read = BankAmount.Read(text, ',', "EUR", out var amount) is null;
                var plain = text.Any(char.IsAsciiDigit) && text.All(letter => char.IsAsciiDigit(letter) || letter == ',')
                    && text.Count(letter => letter == ',') <= 1;
                return !read || (plain && amount.Minor >= 0
                    && decimal.Parse("0" + text.Replace(',', '.').TrimEnd('.'), CultureInfo.InvariantCulture) * 100 == amount.Minor);
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_entry_and_its_balance_agree_for_any_amounts() =>
        Prop.ForAll(Gen.Choose(0, 1_000_000).Two().NonEmptyListOf().ToArbitrary(), movements =>
        {
            string[] marks = ["C", "D", "RC", "RD"];
            int[] signs = [1, -1, -1, 1];
            var lines = movements.Select((movement, i) => (
                Line: $":61:261120{marks[i % 4]}{movement.Item1 / 100},{movement.Item1 % 100:00}NTRFX\n", Sum: signs[i % 4] * movement.Item1)).ToList();
            var closing = lines.Sum(line => line.Sum);
            var text = ":20:X\n:25:1\n:60F:C261119AZN0,\n" + string.Concat(lines.Select(line => line.Line))
                + $":62F:{(closing < 0 ? "D" : "C")}261120AZN{Math.Abs(closing) / 100},{Math.Abs(closing) % 100:00}\n-\n";
            var read = Collected.Of(text).GetAwaiter().GetResult();
            return read.Reading!.Refusal is null && read.Notes.Count == 0 && read.Statements.Single().Foot!.BookedMinor == closing
                && read.Entries.Select(entry => entry.SignedMinor).SequenceEqual(lines.Select(line => (long)line.Sum));
        }).QuickCheckThrowOnFailure();
}
