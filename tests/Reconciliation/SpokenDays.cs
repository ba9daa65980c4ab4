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
}
