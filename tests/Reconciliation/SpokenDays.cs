using EGovPay.Settlement.Reconciliation;
using FluentAssertions;
using NodaTime;
using Xunit;
using static EGovPay.Tests.Reconciliation.BankBook;

namespace EGovPay.Tests.Reconciliation;

/// <summary>What no statement of its own account speaks of is not missing.</summary>
public sealed class SpokenDays
{
    /// <summary>A Monday; no holiday is near.</summary>
    private static readonly LocalDate Monday = new(2026, 2, 2);

    [Fact]
    public async Task A_payout_is_missed_in_its_own_accounts_statements_however_far_those_of_another_go()
    {
        await using var book = await RegisterBook.OpenAsync();
        var paid = await TellAsync(book, 1_000, Monday);
        await TellAsync(book, 2_000, Monday.PlusDays(1));
        await DepositAsync(book, "doc-1", 7_000, Monday.PlusDays(1));
        await SayAsync(book, Manat, Monday, Monday, null, new Said(-1_000, paid));
        for (var day = Monday; day <= Monday.PlusDays(9); day = day.PlusDays(1))
        {
            await SayAsync(book, Dollar, day, day, null);
            (await LookAsync(book)).Should().BeEmpty($"of manat nothing is known after {Monday}, and it is {day}");
        }

        await SayAsync(book, Manat, Monday.PlusDays(1), Monday.PlusDays(9), null);
        (await LookAsync(book)).Should().Be("MissingThere 2000, MissingThere 7000");
    }

    [Fact]
    public async Task A_payout_from_an_account_that_left_the_terms_is_missed_and_its_break_stays_until_it_is_booked()
    {
        await using var book = await RegisterBook.OpenAsync();
        var moved = BankBook.Terms with { Accounts = [BankBook.Terms.Accounts[0] with { Iban = "AZ77NABZ00000000137010009944" }, BankBook.Terms.Accounts[1]] };
        await SayAsync(book, Manat, Monday, Monday.PlusDays(2), null);
        (await new ReconcileBank(book.Engine).RunAsync(moved, "test")).Should().BeNull("nothing was ever paid from it");

        var first = await TellAsync(book, 1_000, Monday.PlusDays(1));
        await TellAsync(book, 2_000, Monday.PlusDays(2));
        await SayAsync(book, Manat, Monday.PlusDays(3), Monday.PlusDays(4), null);
        (await LookAsync(book)).Should().Be("MissingThere 1000");
        await SayAsync(book, Dollar, Monday, Monday.PlusDays(8), null);
        (await LookAsync(book, moved)).Should().Be("MissingThere 1000", "its bank says no other thing than before");
        await SayAsync(book, Manat, Monday.PlusDays(5), Monday.PlusDays(8), null);
        (await LookAsync(book, moved)).Should().Be("MissingThere 1000, MissingThere 2000");
        await SayAsync(book, Manat, Monday.PlusDays(9), Monday.PlusDays(9), null, new Said(-1_000, first));
        (await LookAsync(book, moved)).Should().Be("MissingThere 2000, WrongDay 0");
    }

    [Theory]
    [InlineData("camt.053.001.08", 0)]
    [InlineData("MT940", -1)] // its opening balance is dated as the closing one before
    public async Task What_lies_in_a_gap_between_statements_is_not_missing_until_that_one_comes(string message, int opened)
    {
        await using var book = await RegisterBook.OpenAsync();
        await TellAsync(book, 1_000, Monday.PlusDays(1));
        for (var day = 0; day <= 9; day++)
        {
            if (day != 2)
            {
                await SayAsync(book, Manat, message, Monday.PlusDays(day + opened), Monday.PlusDays(day), (day * 10, (day * 10) + 10), new Said(10, Reference: "x"));
            }
        }

        (await LookAsync(book)).Should().NotContain("MissingThere", "the third day's statement did not come");
        await SayAsync(book, Manat, message, Monday.PlusDays(2 + opened), Monday.PlusDays(2), (20, 30));
        (await LookAsync(book)).Should().Contain("MissingThere 1000");
    }

    [Fact]
    public async Task Days_without_a_statement_between_two_that_go_on_from_each_other_are_spoken_of()
    {
        await using var book = await RegisterBook.OpenAsync();
        await TellAsync(book, 1_000, Monday.PlusDays(1));
        await SayAsync(book, Manat, Monday, Monday, (0, 10), new Said(10, Reference: "x"));
        await SayAsync(book, Manat, Monday.PlusDays(8), Monday.PlusDays(8), (10, 30), new Said(20, Reference: "y"));
        (await LookAsync(book)).Should().Contain("MissingThere 1000", "nothing was booked on the days between");
    }

    [Theory]
    [InlineData(0, 0, 0, null, null, false)]
    [InlineData(100, 0, 0, null, null, false)] // emptied each evening
    [InlineData(0, 0, 0, "7", "9", false)]
    [InlineData(0, 0, 0, "7", "8", true)]
    [InlineData(0, 0, 0, "7/1", "8/1", false)]
    [InlineData(0, 0, 10, "7", "8", false)] // what was between them is not here
    [InlineData(50, 50, 50, null, null, false)] // the least that the bank asks for
    [InlineData(40, 50, 50, null, null, true)]
    public async Task A_balance_that_is_so_by_habit_says_nothing_of_the_days_between(
        long opening, long closing, long next, string? number, string? nextNumber, bool spoken)
    {
        await using var book = await RegisterBook.OpenAsync();
        await TellAsync(book, 1_000, Monday.PlusDays(1));
        await SayAsync(book, Manat, Monday, Monday, (opening, closing));
        await SayAsync(book, Manat, Monday.PlusDays(8), Monday.PlusDays(8), (next, next + 70));
        await book.Database.ExecuteAsync($"""
            set session_replication_role = replica;
            update statement set sequence = case when opening_minor = {opening} and closing_minor = {closing} then {Text(number)} else {Text(nextNumber)} end;
            set session_replication_role = origin;
            """);
        (await LookAsync(book)).Should().Be(spoken ? "MissingThere 1000" : "");
    }

    private static string Text(string? text) => text is null ? "null" : $"'{text}'";

    [Fact]
    public async Task What_no_statement_shows_for_weeks_is_missing_though_one_is_lost_for_ever()
    {
        await using var book = await RegisterBook.OpenAsync();
        await TellAsync(book, 1_000, Monday.PlusDays(1));
        await SayAsync(book, Manat, Monday, Monday, null);
        await SayAsync(book, Manat, Monday.PlusDays(3), Monday.PlusDays(17), null);
        (await LookAsync(book)).Should().BeEmpty();
        await SayAsync(book, Manat, Monday.PlusDays(18), Monday.PlusDays(21), null);
        (await LookAsync(book)).Should().Be("MissingThere 1000");
    }

    /// <summary>Wednesday and Thursday before Novruz and Ramazan bayramı; banks work again on the thirty-first, a Tuesday.</summary>
    private static readonly LocalDate BeforeNovruz = new(2026, 3, 18);
    private static readonly LocalDate AfterNovruz = new(2026, 3, 31);

    [Fact]
    public async Task Nobody_is_late_by_days_on_which_banks_are_closed()
    {
        await using var book = await RegisterBook.OpenAsync();
        var late = await TellAsync(book, 1_000, BeforeNovruz);
        await TellAsync(book, 2_000, BeforeNovruz.PlusDays(1));
        for (var day = BeforeNovruz; day <= AfterNovruz; day = day.PlusDays(1))
        {
            await SayAsync(book, Manat, day, day, null);
            (await LookAsync(book)).Should().BeEmpty($"it is {day}, and banks were open for two days");
        }

        await SayAsync(book, Manat, AfterNovruz.PlusDays(1), AfterNovruz.PlusDays(1), null, new Said(-1_000, late));
        (await LookAsync(book)).Should().BeEmpty("it is the third bank day");
        await SayAsync(book, Manat, AfterNovruz.PlusDays(2), AfterNovruz.PlusDays(2), null);
        (await LookAsync(book)).Should().Be("MissingThere 2000");
    }

    [Fact]
    public async Task What_is_booked_before_holidays_and_seen_after_them_is_as_near_as_it_is_in_bank_days()
    {
        await using var book = await RegisterBook.OpenAsync();
        await DepositAsync(book, "doc-1", 7_000, AfterNovruz);
        await DepositAsync(book, "doc-2", 9_000, BeforeNovruz.PlusDays(1));
        await SayAsync(book, Manat, BeforeNovruz, AfterNovruz.PlusDays(9), null,
            new Said(7_000, From: Payer) { Day = BeforeNovruz }, new Said(9_000, From: Payer) { Day = AfterNovruz.PlusDays(1) });
        (await LookAsync(book)).Should().BeEmpty("no day is more than three bank days from its own");
    }

    [Fact]
    public async Task A_deposit_and_its_booking_on_two_sides_of_holidays_and_of_the_first_day_are_no_break()
    {
        await using var book = await RegisterBook.OpenAsync();
        await DepositAsync(book, "doc-1", 7_000, AfterNovruz);
        await SayAsync(book, Manat, BeforeNovruz, AfterNovruz.PlusDays(30), null, new Said(7_000, From: Payer) { Day = BeforeNovruz });
        for (var day = 31; day < 42; day++)
        {
            await SayAsync(book, Manat, AfterNovruz.PlusDays(day), AfterNovruz.PlusDays(day), null);
            (await LookAsync(book)).Should().BeEmpty($"it is {AfterNovruz.PlusDays(day)}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_payout_whose_booking_falls_before_the_first_day_that_is_looked_at_is_not_missing(bool named)
    {
        await using var book = await RegisterBook.OpenAsync();
        var id = await TellAsync(book, 1_000, Monday);
        // Booked on the Friday before, with the Monday as its value day.
        await SayAsync(book, Manat, Monday.PlusDays(-30), Monday.PlusDays(30), null,
            new Said(-1_000, named ? id : null, From: Receiver) { Day = Monday.PlusDays(-3), ValueDay = Monday });
        for (var day = 35; day <= 45; day++)
        {
            await SayAsync(book, Manat, Monday.PlusDays(day), Monday.PlusDays(day), null);
            (await LookAsync(book)).Should().BeEmpty($"it is {Monday.PlusDays(day)}");
        }
    }
}
