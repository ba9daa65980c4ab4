using EGovPay.Settlement.Reconciliation;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>Payouts and deposits against what banks booked, one difference at a time.</summary>
public sealed class MatchingBanks
{
    private const string Ours = "AZ21NABZ00000000137010001944";
    private const string Theirs = "AZ96AZEJ00000000001234567890";
    private const string Payer = "AZ37PAHA38050230000000000944";
    private static readonly LocalDate Day = new(2026, 11, 20);

    private int entries;

    [Fact]
    public void A_payout_is_known_by_its_end_to_end_id_and_compared_in_everything()
    {
        var told = Told("A", 1_000);
        Run([Debit(1_000, "A")], [told]).Should().BeEmpty();
        Run([Debit(1_001, "A")], [told]).Should().Equal("OverAmount 1");
        Run([Debit(999, "A")], [told]).Should().Equal("UnderAmount 1");
        Run([Debit(1_000, "A") with { Counterparty = Payer }], [told]).Should().Equal("WrongAccount 1000");
        Run([Debit(1_000, "A") with { Counterparty = "az96 AZEJ 0000 0000 0012 3456 7890" }], [told]).Should().BeEmpty("it is written with spaces");
        Run([Debit(1_000, "A") with { Day = Day.PlusDays(-1) }], [told]).Should().Equal("WrongDay 0");
        Run([Debit(1_000, "A") with { Day = Day.PlusDays(3) }], [told]).Should().BeEmpty();
        Run([Debit(1_000, "A") with { Day = Day.PlusDays(4) }], [told]).Should().Equal("WrongDay 0");
        Run([Debit(1_000, "A") with { Currency = "USD" }], [told]).Should().Equal("CurrencyDiffers 1000");
        Run([Debit(1_000, "A"), Debit(1_000, "A")], [told]).Should().Equal("Duplicate 1000");
        Run([Debit(1_000, "A"), Debit(1_000, "A") with { AmountQepik = 1_000, Reversal = true }], [told]).Should().Equal("PayoutRejected 1000");
        Run([Debit(1_000, "B")], [told]).Should().Equal("MissingThere 1000", "Unidentified 1000");
        Run([Debit(1_000, "A"), Debit(1_000, "A") with { AmountQepik = 1_000 }], [told with { Returned = true }]).Should().BeEmpty();
    }

    [Fact]
    public void A_payout_without_its_id_is_matched_only_where_amount_day_and_account_leave_one_for_one()
    {
        Run([Debit(1_000, null)], [Told("A", 1_000)]).Should().BeEmpty();
        Run([Debit(1_000, null)], [Told("A", 1_000), Told("B", 1_000)]).Should().Equal("MissingThere 1000", "MissingThere 1000", "Unidentified 1000");
        Run([Debit(1_000, null), Debit(1_000, null)], [Told("A", 1_000)]).Should().Equal("MissingThere 1000", "Unidentified 1000", "Unidentified 1000");
        Run([Debit(1_000, null) with { Counterparty = null }], [Told("A", 1_000)]).Should().Equal("MissingThere 1000", "Unidentified 1000");
        Run([Debit(1_000, null) with { Counterparty = Payer }], [Told("A", 1_000)]).Should().Equal("MissingThere 1000", "Unidentified 1000");
        Run([Debit(1_000, null) with { Day = Day.PlusDays(1) }], [Told("A", 1_000)]).Should().Equal("MissingThere 1000", "Unidentified 1000");
    }

    [Fact]
    public void One_booking_for_a_whole_file_is_matched_by_its_parts_or_by_the_files_name_and_exact_sum()
    {
        ToldPayout[] told = [Told("A", 1_000), Told("B", 500)];
        Run([Debit(1_500, null) with { Parts = [new BankPart(-1_000, "A", Theirs), new BankPart(-500, "B", Theirs)] }], told).Should().BeEmpty();
        Run([Debit(1_600, null) with { Parts = [new BankPart(-1_100, "A", Theirs), new BankPart(-500, "B", Theirs)] }], told)
            .Should().Equal("OverAmount 100");
        Run([Debit(1_500, null) with { Counterparty = null, OwnReference = "FILE-1" }], told).Should().BeEmpty();
        Run([Debit(1_501, null) with { Counterparty = null, OwnReference = "FILE-1" }], told)
            .Should().Equal("MissingThere 1000", "MissingThere 500", "Unidentified 1501");
        Run([Debit(1_500, null) with { Counterparty = null, OwnReference = "FILE-17" }], told)
            .Should().Equal("MissingThere 1000", "MissingThere 500", "Unidentified 1500");
    }

    [Fact]
    public void A_deposit_is_known_by_its_document_or_by_agent_amount_and_day_and_several_by_their_sum()
    {
        Run([Credit(700, "doc-1")], deposits: [Deposit("doc-1", 700)]).Should().BeEmpty();
        Run([Credit(700, null)], deposits: [Deposit("doc-1", 700)]).Should().BeEmpty("it is the only one of that agent, amount and day");
        Run([Credit(700, null)], deposits: [Deposit("doc-1", 700), Deposit("doc-2", 700)]).Should()
            .Equal("MissingHere 700", "MissingThere 700", "MissingThere 700");
        Run([Credit(700, null), Credit(300, null)], deposits: [Deposit("doc-1", 1_000)]).Should().BeEmpty("two payments were booked as one");
        Run([Credit(700, null), Credit(301, null)], deposits: [Deposit("doc-1", 1_000)]).Should()
            .Equal("MissingHere 301", "MissingHere 700", "MissingThere 1000");
        Run([Credit(700, null)]).Should().Equal("MissingHere 700");
        Run([Credit(700, null) with { Counterparty = Theirs }]).Should().Equal("Unidentified 700");
        Run([], deposits: [Deposit("cash", 700) with { Agent = "desk" }]).Should().BeEmpty("it names no account: it may be paid in cash");
    }

    [Fact]
    public void What_the_bank_may_still_book_is_not_missing_yet()
    {
        Run([], [Told("A", 1_000) with { Day = Day.PlusDays(7) }]).Should().Equal("MissingThere 1000");
        Run([], [Told("A", 1_000) with { Day = Day.PlusDays(8) }]).Should().BeEmpty();
    }

    private static ToldPayout Told(string id, long qepik) => new(1, 5, qepik, id, Day, Theirs, 1, "FILE-1", Returned: false);

    private static BookedDeposit Deposit(string reference, long qepik) => new(16, "bank-1", reference, qepik, Day);

    private static List<string> Run(
        BankEntry[] entries, ToldPayout[]? payouts = null, BookedDeposit[]? deposits = null)
    {
        var match = new MatchBank(
            new Dictionary<string, string>(StringComparer.Ordinal) { [Payer] = "bank-1" }, Day.PlusDays(-10), Day.PlusDays(10));
        match.Run(entries, payouts ?? [], deposits ?? []);
        return [.. match.Differences.Select(one => $"{one.Kind} {one.AtRiskQepik}").Order(StringComparer.Ordinal)];
    }

    private BankEntry Debit(long qepik, string? id) => new(
        1, ++entries, 1, entries, Ours, "AZN", -qepik, Day, Reversal: false, null, null, id, Theirs, null);

    private BankEntry Credit(long qepik, string? reference) => new(
        1, ++entries, 1, entries, Ours, "AZN", qepik, Day, Reversal: false, reference, null, null, Payer, "deposit");
}
