using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Reconciliation;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>
/// Random worlds of few amounts, accounts, days and names, so that much is alike, under any strategies in any order: nothing is matched that
/// differs in anything that both sides say, and whatever is not matched is told.
/// </summary>
public sealed class StrategiesInAnyOrder
{
    private static readonly LocalDate Day = new(2026, 11, 20);
    private static readonly string[] Accounts = ["AZ01", "AZ02", "AZ03", "AZ04"];

    private static readonly Dictionary<string, string> AgentOf = new(StringComparer.Ordinal) { ["AZ03"] = "a", ["AZ04"] = "b" };

    [Fact]
    public void A_bank_match_is_equal_in_amount_currency_and_account_and_everything_else_is_told() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3_000),
            Prop.ForAll(ArbMap.Default.ArbFor<DoNotSize<int>>(), any =>
            {
                var seed = any.Item;
                var random = new Random(seed);
                var strategies = Some(random, MatchStrategies.Usual.Bank);
                var payouts = Enumerable.Range(0, random.Next(5)).Select(i => new ToldPayout(
                    i + 1, 5, Amount(random), $"E{i}", Day.PlusDays(random.Next(2)), Accounts[random.Next(2)], random.Next(2),
                    "F", "AZ00", Returned: random.Next(8) == 0)).ToList();
                var deposits = Enumerable.Range(0, random.Next(5)).Select(_ => new BookedDeposit(
                    1, random.Next(4) switch { 0 => "desk", 1 => "shop", 2 => "a", _ => "b" }, $"d{random.Next(3)}", Amount(random),
                    Day.PlusDays(random.Next(4)))).DistinctBy(one => (one.Agent, one.Reference)).ToList();
                var entries = Enumerable.Range(1, random.Next(7)).Select(i => Entry(random, i)).ToList();
                var match = new MatchBank(strategies, AgentOf, Day.PlusDays(-10), Day.PlusDays(20));

                match.Run(entries, payouts, deposits);

                foreach (var one in match.Matches)
                {
                    one.Entries.Should().OnlyContain(entry => entry.Currency == "AZN");
                    strategies.Select(each => each.By).Should().Contain(one.By);
                    one.Deposits.All(deposit => one.Entries.All(entry => entry.AmountQepik > 0 && !entry.Reversal
                        && (AgentOf.GetValueOrDefault(entry.Counterparty ?? "") ?? deposit.Agent) == deposit.Agent)).Should().BeTrue();
                    one.Payouts.All(payout => one.Entries.All(entry => entry.Counterparty == null
                        || entry.Counterparty == payout.Creditor || entry.Parts.Count > 0 || one.By == MatchBy.OneToMany)).Should().BeTrue();
                    one.Payouts.All(payout => one.Entries.All(entry => entry.EndToEndId == null || entry.EndToEndId == payout.EndToEndId
                        || entry.EndToEndId == payout.MessageId)).Should().BeTrue();
                    one.Payouts.All(payout => one.Entries.All(entry => entry.Account == payout.Debtor)).Should().BeTrue();
                    if (one.By != MatchBy.Number)
                    {
                        one.Entries.Sum(entry => entry.AmountQepik).Should().Be(
                            one.Deposits.Sum(each => each.AmountQepik) - one.Payouts.Sum(each => each.AmountQepik));
                    }
                }

                match.Matches.SelectMany(one => one.Payouts).Should().OnlyHaveUniqueItems();
                match.Matches.SelectMany(one => one.Deposits).Should().OnlyHaveUniqueItems();
                match.Matches.Where(one => one.By != MatchBy.Number).SelectMany(one => one.Entries).Should().OnlyHaveUniqueItems();
                Accounted(match, entries, payouts, deposits);
                return true;
            }));

    /// <summary>To the qəpik: what banks booked is what was matched, what was told, and nothing else.</summary>
    private static void Accounted(MatchBank match, List<BankEntry> entries, List<ToldPayout> payouts, List<BookedDeposit> deposits)
    {
        var told = match.Differences.Where(one => one.Entry is not null).Select(one => one.Entry!).ToHashSet(ReferenceEqualityComparer.Instance);
        var matched = match.Matches.SelectMany(one => one.Entries).ToHashSet(ReferenceEqualityComparer.Instance);
        var ofPayouts = match.Booked.Select(one => one.Entry).ToHashSet(ReferenceEqualityComparer.Instance);
        entries.Where(entry => !told.Contains(entry) && !matched.Contains(entry) && !ofPayouts.Contains(entry)).Should().BeEmpty();
        var known = match.Matches.SelectMany(one => one.Payouts).Concat(match.Differences.Select(one => one.Payout).OfType<ToldPayout>())
            .Concat(match.Booked.Select(one => one.Payout)).ToHashSet();
        payouts.Where(payout => !payout.Returned && !known.Contains(payout)).Should().BeEmpty();
        var paidIn = match.Matches.SelectMany(one => one.Deposits).Concat(match.Differences.Select(one => one.Deposit).OfType<BookedDeposit>()).ToHashSet();
        deposits.Where(deposit => !paidIn.Contains(deposit) && AgentOf.ContainsValue(deposit.Agent)).Should().BeEmpty();
        foreach (var entry in entries.Where(entry => entry.Parts.Count > 0 && ofPayouts.Contains(entry)))
        {
            var said = match.Booked.Where(one => one.Entry == entry).Sum(one => Math.Abs(one.AmountQepik));
            var rest = match.Differences.Any(one => one.Entry == entry && one is { Kind: BreakKind.Unidentified, Payout: null });
            (said == Math.Abs(entry.AmountQepik) || rest).Should().BeTrue("what its parts do not make up is told");
        }
    }

    [Fact]
    public void A_line_without_a_number_matches_only_what_it_is_equal_to_in_everything() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3_000),
            Prop.ForAll(ArbMap.Default.ArbFor<DoNotSize<int>>(), any =>
            {
                var seed = any.Item;
                var random = new Random(seed);
                var strategies = Some(random, MatchStrategies.Usual.Register);
                var missed = Enumerable.Range(1, random.Next(6)).Select(i => Missed(random, i)).ToList();
                var lines = Enumerable.Range(1, random.Next(6)).Select(i => new RegisterLineIn(
                    i, random.Next(3) == 0 ? $"r{random.Next(4)}" : $"X{i}", random.Next(3) == 0 ? 731000000000 + i : null, Amount(random),
                    random.Next(4) switch { 0 => "USD", 1 => "AZN", _ => null }, Accounts[random.Next(2)], Day.PlusDays(random.Next(2)),
                    random.Next(6) == 0, random.Next(2) == 0 ? $"p{random.Next(4)}" : null)).ToList();

                var suggested = SuggestPayments.Run(strategies, missed, lines);

                suggested.Values.Select(one => one.Payment).Should().OnlyHaveUniqueItems();
                foreach (var (line, (one, strategy)) in suggested)
                {
                    strategies.Should().Contain(strategy);
                    line.AmountQepik.Should().Be(one.Payment.AmountQepik);
                    line.InManat.Should().BeTrue();
                    line.Reversal.Should().BeFalse();
                    if (SuggestPayments.Matches(strategy, one, line))
                    {
                        new[] { one.Payment.Reference, one.Payment.ProviderTransaction }.Should().Contain(line.ProviderTransaction ?? line.Txn);
                        (line.Account, line.Day, line.Number, one.Payment.State).Should().Be(
                            (one.Payment.Account, one.Day, (long?)null, PaymentState.Confirmed));
                    }
                }

                return true;
            }));

    private static List<MatchStrategy> Some(Random random, IReadOnlyList<MatchStrategy> all)
    {
        var some = all.Select(one => one with { WithinDays = random.Next(5) }).ToArray();
        random.Shuffle(some);
        return [.. some.Take(random.Next(some.Length + 1))];
    }

    private static long Amount(Random random) => (1 + random.Next(3)) * 100;

    private static BankEntry Entry(Random random, int no)
    {
        var id = random.Next(3) == 0 ? $"E{random.Next(6)}" : null;
        var sign = random.Next(2) == 0 ? -1 : 1;
        var entry = new BankEntry(
            1, no, 1, no, random.Next(5) == 0 ? "AZ01" : "AZ00", random.Next(6) == 0 ? "USD" : "AZN", sign * Amount(random), Day.PlusDays(random.Next(4)), random.Next(8) == 0,
            random.Next(3) == 0 ? $"d{random.Next(3)}" : null, random.Next(6) == 0 ? "F" : null, id,
            random.Next(3) == 0 ? null : Accounts[random.Next(4)], null);
        return random.Next(5) > 0 ? entry : entry with
        {
            EndToEndId = null,
            Parts = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => new BankPart(
                random.Next(3) == 0 ? null : sign * Amount(random), random.Next(4) == 0 ? null : $"E{random.Next(6)}",
                random.Next(2) == 0 ? null : Accounts[random.Next(2)], random.Next(6) == 0 ? "USD" : null))],
        };
    }

    private static MissedPayment Missed(Random random, int no) => new(
        new Payment
        {
            AgentId = 1, Number = 730000000000 + no, Reference = $"r{no}", TerminalId = 1, ServiceCode = 20101,
            Account = Accounts[random.Next(2)], Fields = [], Lines = [], AmountQepik = Amount(random), FeeQepik = 0, Tender = Tender.Cash,
            ProviderId = 5, AcceptedAt = default, State = random.Next(4) == 0 ? PaymentState.Unknown : PaymentState.Confirmed, Step = 1, Edge = 1,
            At = default, ProviderTransaction = $"p{no}",
        },
        Day.PlusDays(random.Next(2)));
}
