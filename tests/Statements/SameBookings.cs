using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>What a bank tells twice counts once, and what is two counts twice.</summary>
public sealed class SameBookings : IAsyncLifetime
{
    private static readonly Booking[] Three =
        [new(70_00, Reference: "B1", EndToEnd: "E1"), new(-20_00, Reference: "B2", EndToEnd: "E2"), new(70_00, Reference: "B3", EndToEnd: "E3")];

    private TestDatabase database = null!;

    public async ValueTask InitializeAsync() => database = await TestDatabase.CreateAsync();

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    [Theory]
    [InlineData("052")]
    [InlineData("054")]
    public async Task What_an_interim_message_booked_the_statement_does_not_book_again(string interim)
    {
        await Bank.ImportAsync(database, Bank.Camt(interim, "R1", null, null, Three[..2]));
        var statement = await Bank.ImportAsync(database, Bank.Camt("053", "S1", 0, 120_00, Three));
        statement.Statements[0].Repeated.Should().Be(2);
        statement.Statements[0].DifferenceMinor.Should().Be(0, "the statement itself is whole");
        (await Bank.CountedAsync(database)).Should().Be((3, 120_00));
    }

    [Fact]
    public async Task The_statement_first_and_the_interim_message_after_it_count_once_too()
    {
        await Bank.ImportAsync(database, Bank.Camt("053", "S1", 0, 120_00, Three));
        (await Bank.ImportAsync(database, Bank.Camt("052", "R1", null, null, Three[..2]))).Statements[0].Repeated.Should().Be(2);
        (await Bank.CountedAsync(database)).Should().Be((3, 120_00));
    }

    [Fact]
    public async Task What_an_MT942_announced_counts_when_an_MT940_or_a_camt_books_it()
    {
        await Bank.ImportAsync(database, Bank.Mt("1", null, null, Three));
        (await Bank.CountedAsync(database)).Should().Be((0, 0), "it is pending");
        await Bank.ImportAsync(database, Bank.Mt("2", 0, 120_00, Three));
        (await Bank.CountedAsync(database)).Should().Be((3, 120_00));
        (await database.AskAsync<long>("select count(*) from statement_entry where status = 'pending' and same_as_statement is not null")).Should().Be(3);
        (await Bank.ImportAsync(database, Bank.Camt("053", "S", 0, 120_00, Three))).Statements[0].Repeated.Should().Be(3);
        (await Bank.CountedAsync(database)).Should().Be((3, 120_00));
    }

    [Fact]
    public async Task The_same_statement_in_another_file_counts_once_with_references_and_without()
    {
        Booking[] bare = [new(10_00), new(10_00), new(5_00, Text: "x"), new(-1_00)];
        foreach (var bookings in new[] { Three, bare })
        {
            var text = Bank.Camt("053", "S" + bookings.Length, 0, bookings.Sum(one => one.Minor), bookings);
            var before = await Bank.CountedAsync(database);
            await Bank.ImportAsync(database, text);
            var once = await Bank.CountedAsync(database);
            once.Should().Be((before.Count + bookings.Length, before.Sum + bookings.Sum(one => one.Minor)));
            (await Bank.ImportAsync(database, text + "\n\n")).Statements[0].Repeated.Should().Be(bookings.Length);
            (await Bank.CountedAsync(database)).Should().Be(once);
        }
    }

    [Fact]
    public async Task Overlapping_statements_count_what_they_share_once()
    {
        Booking[] all = [.. Enumerable.Range(0, 10).Select(n => new Booking(1_00 + n % 3, Reference: n % 2 == 0 ? $"B{n}" : null, Text: $"t{n % 4}"))];
        await Bank.ImportAsync(database, Bank.Camt("053", "S1", null, null, all[..6]));
        (await Bank.ImportAsync(database, Bank.Camt("053", "S2", null, null, all[3..]))).Statements[0].Repeated.Should().Be(3);
        (await Bank.CountedAsync(database)).Should().Be((10, all.Sum(one => one.Minor)));
    }

    [Fact]
    public async Task A_large_statement_that_comes_again_is_compared_in_seconds()
    {
        // Compared each with each, it would take hours.
        Booking[] many = [.. Enumerable.Range(0, 60_000).Select(n => new Booking(
            1 + n % 50, Reference: n % 3 == 0 ? $"B{n}" : null, EndToEnd: n % 3 == 1 ? $"E{n}" : null, Text: $"t{n % 7}"))];
        var text = Bank.Camt("053", "L", 0, many.Sum(one => one.Minor), many);
        await Bank.ImportAsync(database, text);
        var since = TimeProvider.System.GetTimestamp();
        (await Bank.ImportAsync(database, text + "\n")).Statements[0].Repeated.Should().Be(60_000);
        TimeProvider.System.GetElapsedTime(since).Should().BeLessThan(TimeSpan.FromSeconds(90));
        (await Bank.CountedAsync(database)).Should().Be((60_000, many.Sum(one => one.Minor)));
    }

    [Fact]
    public async Task Two_equal_payments_in_one_statement_are_two_also_when_it_comes_again_with_a_third()
    {
        var equal = new Booking(10_00, Text: "top-up");
        await Bank.ImportAsync(database, Bank.Camt("052", "R1", null, null, equal, equal));
        (await Bank.CountedAsync(database)).Should().Be((2, 20_00));
        (await Bank.ImportAsync(database, Bank.Camt("053", "S1", 0, 30_00, equal, equal, equal))).Statements[0].Repeated.Should().Be(2);
        (await Bank.CountedAsync(database)).Should().Be((3, 30_00));
    }

    [Fact]
    public async Task Alike_payments_without_references_in_statements_that_follow_each_other_are_two()
    {
        var equal = new Booking(10_00, Text: "top-up");
        await Bank.ImportAsync(database, Bank.Mt("1", 0, 10_00, equal));
        (await Bank.ImportAsync(database, Bank.Mt("2", 10_00, 20_00, equal))).Statements[0].Repeated.Should().Be(0);
        (await Bank.CountedAsync(database)).Should().Be((2, 20_00));
    }

    [Fact]
    public async Task Alike_fees_with_one_constant_reference_in_statements_that_follow_each_other_are_two()
    {
        var fee = new Booking(-50, Reference: "FEE", Text: "komissiya");
        await Bank.ImportAsync(database, Bank.Camt("053", "S1", 100_00, 99_50, fee));
        (await Bank.ImportAsync(database, Bank.Camt("053", "S2", 99_50, 99_00, fee))).Statements[0].Repeated.Should().Be(0);
        (await Bank.CountedAsync(database)).Should().Be((2, -1_00));
        (await Bank.ImportAsync(database, Bank.Camt("053", "S1", 100_00, 99_50, fee) + "\n")).Statements[0].Repeated.Should().Be(1, "it came again");
        (await Bank.ImportAsync(database, Bank.Camt("053", "S2", 99_50, 99_00, fee) + "\n")).Statements[0].Repeated.Should().Be(1, "and so did this");
        (await Bank.CountedAsync(database)).Should().Be((2, -1_00));
    }

    [Fact]
    public async Task Other_references_amounts_days_currencies_or_accounts_are_other_bookings()
    {
        await Bank.ImportAsync(database, Bank.Camt("053", "S1", null, null, new Booking(10_00, Reference: "B1", EndToEnd: "E")));
        foreach (var other in new[]
        {
            new Booking(10_00, Reference: "B2", EndToEnd: "E"), new Booking(10_01, Reference: "B1"), new Booking(-10_00, Reference: "B1"),
            new Booking(10_00, "2026-11-21", "B1"),
        })
        {
            (await Bank.ImportAsync(database, Bank.Camt("053", "S2", null, null, other))).Statements[0].Repeated.Should().Be(0, other.ToString());
        }

        var account = Bank.Camt("053", "S3", "AZ96AZEJ00000000001234567890", null, null, new Booking(10_00, Reference: "B1"));
        (await Bank.ImportAsync(database, account)).Statements[0].Repeated.Should().Be(0);
        var currency = Bank.Camt("053", "S4", null, null, new Booking(10_00, Reference: "B1")).Replace("\"AZN\"", "\"USD\"", StringComparison.Ordinal);
        (await Bank.ImportAsync(database, currency)).Statements[0].Repeated.Should().Be(0);
    }

    [Fact]
    public async Task Entries_in_pieces_over_many_messages_count_once_in_any_order()
    {
        // The same twenty bookings in interim reports, notifications and the statement, shuffled by seeds; some refer, some do not.
        for (var seed = 1; seed <= 6; seed++)
        {
            await using var own = await TestDatabase.CreateAsync();
            var random = new Random(seed);
            Booking[] all = [.. Enumerable.Range(0, 20).Select(n => new Booking(
                random.Next(1, 4) * 100, Reference: random.Next(3) == 0 ? $"B{n}" : null, EndToEnd: random.Next(3) == 0 ? $"E{n}" : null, Text: $"t{random.Next(3)}"))];
            string[] messages =
            [
                Bank.Camt("053", "S", 0, all.Sum(one => one.Minor), all), Bank.Camt("052", "R", null, null, all),
                Bank.Camt("054", "N", null, null, all), Bank.Camt("053", "T", 0, all.Sum(one => one.Minor), all),
            ];
            random.Shuffle(messages);
            foreach (var message in messages)
            {
                await Bank.ImportAsync(own, message);
            }

            (await Bank.CountedAsync(own)).Should().Be((20, all.Sum(one => one.Minor)), $"seed {seed}");
        }
    }
}
