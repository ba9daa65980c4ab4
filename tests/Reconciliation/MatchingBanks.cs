using EGovPay.Settlement.Breaks;
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
    private MatchBank last = null!;

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
        Run([Debit(1_000, "B")], [told, Told("B", 1_000) with { Id = 2, Returned = true }])
            .Should().Equal(["MissingHere 1000", "MissingThere 1000"], "what names another payout is that one, though it came back");
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
    public void One_booking_for_a_whole_file_is_its_sum_with_or_without_what_came_back_of_it()
    {
        ToldPayout[] told = [Told("A", 1_000), Told("B", 500) with { Id = 2 }, Told("C", 70) with { Id = 3 }];
        BankEntry Whole(long qepik) => Debit(qepik, null) with { Counterparty = null, OwnReference = "FILE-1" };
        BankEntry Back(string id, long qepik) => Debit(-qepik, id);

        Run([Whole(1_570), Back("C", 70)], told).Should().Equal("PayoutRejected 70");
        last.GivenBack.Should().ContainSingle().Which.Payout.Should().Be(told[2]);
        Run([Back("C", 70), Whole(1_570)], told, null, MatchBy.OneToMany, MatchBy.Number).Should().Equal("PayoutRejected 70");
        last.GivenBack.Should().ContainSingle();
        Run([Whole(1_500), Back("C", 70)], told).Should().Equal("PayoutRejected 70");
        last.GivenBack.Should().BeEmpty("it is in no sum: who knows what was taken");
        Run([Whole(1_570), Back("C", 69)], told).Should().Equal("PayoutRejected 70");
        last.GivenBack.Should().BeEmpty("not all of it came back");
        Run([Whole(1_000), Back("C", 70)], told).Should().Equal("MissingThere 1000", "MissingThere 500", "PayoutRejected 70", "Unidentified 1000");
        Run([Whole(1_570), Back("C", 70), Debit(70, "C")], told).Should().Equal(
            "MissingThere 1000", "MissingThere 500", "PayoutRejected 70", "Unidentified 1570");

        told[2] = told[2] with { Returned = true };
        Run([Whole(1_570), Back("C", 70)], told).Should().BeEmpty();
        Run([Whole(1_500)], told).Should().BeEmpty("it was refused, and is in no sum");
        Run([Whole(1_570)], told).Should().Equal(["MissingHere 70"], "they refused it and booked it");
        Run([Whole(1_570), Debit(70, "C")], told).Should().Equal("MissingHere 70", "MissingThere 1000", "MissingThere 500", "Unidentified 1570");

        told = [.. told, Told("D", 30) with { Id = 4, Returned = true }];
        Run([Whole(1_500)], told).Should().BeEmpty();
        Run([Whole(1_570)], told).Should().Equal(["MissingHere 70"], "one of two that they refused is in the sum");
        Run([Whole(1_600)], told).Should().Equal(["MissingHere 30", "MissingHere 70"], "both are");
        told[3] = told[3] with { AmountQepik = 70 };
        Run([Whole(1_570)], told).Should().Equal(
            ["MissingThere 1000", "MissingThere 500", "Unidentified 1570"], "nobody knows which of the two");
    }

    [Fact]
    public void A_booking_on_another_account_of_ours_is_not_the_payout_that_was_told_from_this_one()
    {
        var told = Told("A", 1_000);
        Run([Debit(1_000, "A") with { Account = Payer }], [told]).Should().Equal("WrongAccount 1000");
        last.Booked.Should().ContainSingle().Which.Agrees.Should().BeFalse("whoever was told has not booked it");
        Run([Debit(1_000, null)], [told]).Should().BeEmpty("by account, amount and day");
        Run([Debit(1_000, null) with { Account = Payer }], [told]).Should().Equal("MissingThere 1000", "Unidentified 1000");
        Run([Debit(1_000, null) with { Account = Payer, Counterparty = null, OwnReference = "FILE-1" }], [told])
            .Should().Equal("MissingThere 1000", "Unidentified 1000");
    }

    [Fact]
    public void What_another_currency_took_or_gave_back_of_a_returned_payout_is_no_part_of_the_sum()
    {
        var returned = Told("A", 1_000) with { Returned = true };
        var dollars = Debit(-1_000, "A") with { Currency = "USD" };
        Run([Debit(1_000, "A"), dollars], [returned]).Should().Equal("CurrencyDiffers 1000", "MissingHere 1000");
        Run([Debit(588, "A") with { Currency = "USD" }], [returned]).Should().Equal("CurrencyDiffers 1000");
        Run([Debit(1_000, "A"), Debit(-1_000, "A")], [returned]).Should().BeEmpty();
    }

    [Fact]
    public void A_booking_in_another_currency_than_its_account_is_kept_in_says_so_and_is_worth_nobody_knows_what()
    {
        Run([Credit(1_000, null) with { Currency = "USD", Foreign = true, Counterparty = null }]).Should().Equal("CurrencyDiffers 0");
        Run([Credit(1_000, null) with { Currency = "USD", Foreign = true }], deposits: [Deposit("doc-1", 1_000)])
            .Should().Equal("CurrencyDiffers 0", "MissingThere 1000");
        Run([Debit(1_000, "A") with { Currency = "USD", Foreign = true }], [Told("A", 1_000)]).Should().Equal("CurrencyDiffers 1000");
        Run([Credit(1_000, null) with { Currency = "USD", Counterparty = null }]).Should().Equal("Unidentified 0");
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

    [Fact]
    public void Each_strategy_matches_what_only_it_can_and_nothing_when_it_is_left_out()
    {
        (MatchBy By, BankEntry[] Entries, ToldPayout[] Payouts, BookedDeposit[] Deposits)[] worlds =
        [
            (MatchBy.Number, [Debit(1_000, "A") with { Counterparty = null }], [Told("A", 1_000)], []),
            (MatchBy.AccountAmountDay, [Debit(1_000, null)], [Told("A", 1_000)], []),
            (MatchBy.OneToMany, [Debit(1_500, null) with { Counterparty = null, OwnReference = "FILE-1" }], [Told("A", 1_000), Told("B", 500)], []),
            (MatchBy.ReferenceAmountDay, [Credit(700, "doc-1") with { Day = Day.PlusDays(-8) }], [], [Deposit("doc-1", 700)]),
            (MatchBy.AccountAmountWindow, [Credit(700, null)], [], [Deposit("doc-1", 700)]),
            (MatchBy.ManyToOne, [Credit(700, null), Credit(300, null)], [], [Deposit("doc-1", 1_000)]),
        ];
        foreach (var (by, booked, payouts, deposits) in worlds)
        {
            Run(booked, payouts, deposits).Should().BeEmpty($"{by} is usual");
            Run(booked, payouts, deposits, by).Should().BeEmpty($"{by} alone is enough");
            var others = MatchStrategies.Usual.Bank.Select(one => one.By).Where(one => one != by).ToArray();
            Run(booked, payouts, deposits, others).Should().NotBeEmpty($"{by} is left out, and no other is a stand-in for it");
        }
    }

    [Fact]
    public void An_earlier_strategy_takes_what_a_later_one_would_have_taken_otherwise()
    {
        BookedDeposit[] deposits = [Deposit("doc-1", 1_000), Deposit("doc-2", 700) with { Day = Day.PlusDays(3) }];
        BankEntry[] booked = [Credit(700, null), Credit(300, null), Credit(700, null) with { Day = Day.PlusDays(5) }];
        Run(booked, null, [deposits[0]], MatchBy.AccountAmountWindow, MatchBy.ManyToOne).Should().Equal("MissingHere 700");
        Run([.. booked[..2]], null, deposits, MatchBy.AccountAmountWindow, MatchBy.ManyToOne)
            .Should().Equal("MissingHere 300", "MissingThere 1000");
        Run([.. booked[..2]], null, [deposits[0], deposits[1] with { Day = Day.PlusDays(4) }], MatchBy.ManyToOne, MatchBy.AccountAmountWindow)
            .Should().Equal("MissingThere 700");
    }

    [Fact]
    public void Another_currency_a_reversal_or_another_name_is_never_taken_for_ours()
    {
        Run([Debit(1_000, null) with { Currency = "USD" }], [Told("A", 1_000)]).Should().Equal("MissingThere 1000", "Unidentified 0");
        Run([Debit(1_500, null) with { Counterparty = null, OwnReference = "FILE-1", Currency = "EUR" }], [Told("A", 1_000), Told("B", 500)])
            .Should().Equal("MissingThere 1000", "MissingThere 500", "Unidentified 0");
        Run([Debit(1_000, null) with { Reversal = true }], [Told("A", 1_000)]).Should().Equal("MissingThere 1000", "Unidentified 1000");
        Run([Debit(1_000, null) with { Parts = [new BankPart(-1_000, "OTHERS", Theirs)] }], [Told("A", 1_000)])
            .Should().Equal("MissingThere 1000", "Unidentified 1000");
        Run([Credit(700, null) with { Reversal = true }], deposits: [Deposit("doc-1", 700)]).Should().Equal("MissingThere 700", "Unidentified 700");
        Run([Debit(1_000, null), Debit(1_000, "A") with { Day = Day.PlusDays(1) }], [Told("A", 1_000)], null, MatchBy.AccountAmountDay, MatchBy.Number)
            .Should().Equal(["Unidentified 1000"], "another booking names it, whichever is looked at first");
    }

    [Fact]
    public void A_document_of_two_agents_is_neither_ones()
    {
        var unknown = Credit(700, "doc-1") with { Counterparty = Theirs };
        Run([unknown], deposits: [Deposit("doc-1", 700) with { Agent = "desk" }]).Should().Equal(["Unidentified 700"], "whose account it is nobody says");
        Run([unknown], deposits: [Deposit("doc-1", 700) with { Agent = "desk" }, Deposit("doc-1", 700) with { Agent = "shop" }])
            .Should().Equal("Unidentified 700");
        Run([Credit(700, "doc-1")], deposits: [Deposit("doc-1", 700) with { Agent = "desk" }])
            .Should().Equal(["MissingHere 700"], "it came from the account of another agent");
        Run([Credit(700, "doc-1"), Credit(700, null)], deposits: [Deposit("doc-1", 700)], by: [MatchBy.AccountAmountWindow, MatchBy.ReferenceAmountDay])
            .Should().Equal(["MissingHere 700"], "the document names one of them");
    }

    [Fact]
    public void A_credit_of_nobody_with_document_and_amount_of_a_booked_deposit_says_so()
    {
        foreach (var from in new[] { null, Theirs })
        {
            Run([Credit(700, "doc-1") with { Counterparty = from }], deposits: [Deposit("doc-1", 700)])
                .Should().Equal("MissingThere 700", "Unidentified 700");
            last.Differences.Should().ContainSingle(one => one.Kind == BreakKind.Unidentified).Which.Should().BeEquivalentTo(
                new { Cause = "bank-deposit-unsure", Step = "ask-sender", SuggestedAgent = Deposit("doc-1", 700).Agent });
            last.Matches.Should().BeEmpty();
            Run([Credit(700, "doc-1") with { Counterparty = from }], deposits: [Deposit("doc-1", 701)]);
            last.Differences.Should().ContainSingle(one => one.Kind == BreakKind.Unidentified).Which.Cause.Should().Be("bank-unknown");
        }
    }

    [Fact]
    public void Of_an_agent_without_accounts_a_deposit_is_suggested_and_never_matched()
    {
        BookedDeposit desk = Deposit("15", 700) with { Agent = "desk" };
        BankEntry[] named = [Credit(700, "15") with { Counterparty = Theirs }, Credit(700, null) with { Counterparty = null, Remittance = "paid 15 of it" }];
        foreach (var entry in named)
        {
            Run([entry], deposits: [desk]).Should().Equal("Unidentified 700");
            last.Differences.Should().ContainSingle().Which.Should().BeEquivalentTo(
                new { Cause = "bank-deposit-unlisted", Step = "name-account", SuggestedAgent = "desk" });
            last.Matches.Should().BeEmpty();
        }

        void Unknown(BankEntry entry, params BookedDeposit[] deposits)
        {
            Run([entry], deposits: deposits).Should().Equal("Unidentified " + (entry.Currency == "AZN" ? Math.Abs(entry.AmountQepik) : 0));
            last.Differences.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Cause = "bank-unknown", SuggestedAgent = (string?)null });
        }

        Unknown(named[0], desk with { AmountQepik = 701 });
        Unknown(named[0], desk with { Reference = "151" });
        Unknown(named[0], desk with { Day = Day.PlusDays(41) });
        Unknown(named[0], desk, desk with { Agent = "shop" });
        Unknown(named[0] with { Reversal = true }, desk);
        Unknown(named[0] with { Currency = "USD" }, desk);
        Unknown(named[0] with { AmountQepik = -700 }, desk);
    }

    [Fact]
    public void A_booking_that_two_people_settled_in_parts_is_no_deposit_that_comes_later()
    {
        var credit = Credit(10_000, "doc-1");
        var settled = Deposit("break.1", 9_900) with { Settles = (credit.StatementId, credit.EntryNo) };
        Run([credit], deposits: [settled]).Should().BeEmpty("what is left of it went elsewhere");
        Run([credit], deposits: [settled, Deposit("doc-1", 10_000)]).Should().Equal(["MissingThere 10000"], "it is booked twice");
        Run([credit, Credit(10_000, null)], deposits: [settled, Deposit("doc-2", 10_000)]).Should().BeEmpty("another is that one");
        Run([credit], deposits: [settled with { AmountQepik = 10_000 }]).Should().BeEmpty();
        last.Matched.Should().Be(1);
    }

    [Fact]
    public void What_a_part_of_a_booking_does_not_say_is_not_assumed()
    {
        ToldPayout[] told = [Told("A", 1_000), Told("B", 500)];
        BankEntry Bulk(long qepik, params BankPart[] parts) => Debit(qepik, null) with { Counterparty = null, Parts = parts };
        Run([Bulk(1_500, new(null, "A", null), new(null, "B", null))], told).Should().BeEmpty("together they are what we told");
        Run([Bulk(1_600, new(null, "A", null), new(null, "B", null))], told)
            .Should().Equal("MissingThere 1000", "MissingThere 500", "Unidentified 1600");
        Run([Bulk(1_600, new(-1_000, "A", null), new(null, "B", null))], told).Should().Equal("OverAmount 100");
        Run([Bulk(1_600, new(-1_000, "A", null), new(-500, "B", null))], told).Should().Equal("Unidentified 100");
        Run([Bulk(1_700, new(-1_000, "A", null), new(-500, "B", null), new(-200, "NOT-OURS", null))], told).Should().Equal("Unidentified 200");
        Run([Debit(1_000, null) with { Parts = [new(-600, "A", null, "USD")] }], [told[0]])
            .Should().BeEmpty("what the payment was in another currency is not what was booked");
        Run([Debit(1_003, null) with { Parts = [new(-1_000, "A", null)] }], [told[0]]).Should().Equal(["Unidentified 3"], "a charge, which we did not order");
    }

    [Fact]
    public void What_was_given_back_is_taken_off_in_whatever_order_it_stands()
    {
        var told = Told("A", 1_000);
        BankEntry Back() => Debit(1_000, "A") with { AmountQepik = 1_000 };
        Run([Back(), Debit(1_000, "A")], [told]).Should().Equal("PayoutRejected 1000");
        Run([Debit(1_000, "A"), Debit(1_000, "A"), Back()], [told]).Should().BeEmpty("one of the two was given back");
        Run([Back(), Debit(1_000, "A"), Debit(1_000, "A"), Debit(1_000, "A")], [told]).Should().Equal("Duplicate 1000");
        Run([Debit(1_000, "A")], [told with { Returned = true }]).Should().Equal(["MissingHere 1000"], "they refused it and booked it");
    }

    [Fact]
    public void Nothing_is_given_back_without_its_own_debit_nor_into_another_account_nor_by_a_debit()
    {
        var told = Told("A", 1_000);
        BankEntry Back() => Debit(1_000, "A") with { AmountQepik = 1_000 };
        List<long> Given(params BankEntry[] booked)
        {
            Run(booked, [told]);
            return [.. last.GivenBack.Select(one => one.Payout.Id)];
        }

        Given(Debit(1_000, "A"), Back()).Should().Equal(1);
        Given(Debit(1_000, "A"), Back() with { Reversal = true }).Should().Equal([1], "a reversed debit is a credit");
        Given(Back()).Should().BeEmpty("who knows what was taken before");
        Given(Debit(999, "A"), Back()).Should().BeEmpty();
        told = told with { Day = Day.PlusDays(-11) };
        Given(Debit(1_000, "A"), Back()).Should().BeEmpty("statements begin later");
        told = told with { Day = Day };

        Given(Debit(1_000, "A"), Back() with { Account = Payer }).Should().BeEmpty("the receiver is there");
        Run([Debit(1_000, "A"), Back() with { Account = Payer }], [told]).Should().Equal("Unidentified 1000");
        Run([Debit(1_000, "A"), Back() with { Account = Payer, AmountQepik = 1_500, Parts = [new(1_000, "A", null), new(500, "X", null)] }], [told])
            .Should().Equal("Unidentified 1500");

        var again = Debit(1_000, "A") with { Reversal = true };
        Given(Debit(1_000, "A"), again).Should().BeEmpty("a debit gives nothing back");
        Run([Debit(1_000, "A"), again], [told]).Should().Equal("MissingHere 1000");
        Run([again], [told]).Should().Equal("MissingHere 1000");
        Given(Debit(1_000, "A"), Back(), again).Should().BeEmpty("it took it back again");
        Run([Debit(1_000, "A"), Back(), again], [told]).Should().Equal("MissingHere 1000", "PayoutRejected 1000");
        Run([Debit(1_000, "A"), Back(), again], [told with { Returned = true }]).Should().Equal("MissingHere 1000");
    }

    private static ToldPayout Told(string id, long qepik) => new(1, 5, qepik, id, Day, Theirs, 1, "FILE-1", Ours, Returned: false);

    private static BookedDeposit Deposit(string reference, long qepik) => new(16, "bank-1", reference, qepik, Day);

    private List<string> Run(
        BankEntry[] entries, ToldPayout[]? payouts = null, BookedDeposit[]? deposits = null, params MatchBy[] by)
    {
        var match = new MatchBank(
            by.Length == 0 ? MatchStrategies.Usual.Bank : [.. by.Select(one => MatchStrategies.Usual.Bank.Single(each => each.By == one))],
            new Dictionary<string, string>(StringComparer.Ordinal) { [Payer] = "bank-1" }, Day.PlusDays(-10), Day.PlusDays(10));
        match.Run(entries, payouts ?? [], deposits ?? []);
        last = match;
        return [.. match.Differences.Select(one => $"{one.Kind} {one.AtRiskQepik}").Order(StringComparer.Ordinal)];
    }

    private BankEntry Debit(long qepik, string? id) => new(
        1, ++entries, 1, entries, Ours, "AZN", -qepik, Day, Reversal: false, null, null, id, Theirs, null);

    private BankEntry Credit(long qepik, string? reference) => new(
        1, ++entries, 1, entries, Ours, "AZN", qepik, Day, Reversal: false, reference, null, null, Payer, "deposit");
}
