using EGovPay.Processing.Audit;
using EGovPay.Processing.Days;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.Dispatch;
using EGovPay.Tests.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Days;

/// <summary>A closed day gets its seal, from whoever is alive, and there is only one that it can get.</summary>
public sealed class SealingDays
{
    private const string Unsealed = "alter table day_seal disable trigger user; alter table day_seal_piece disable trigger user; "
        + "delete from day_seal; delete from day_seal_piece; alter table act disable trigger user; "
        + "delete from act where what = 'day sealed'; alter table day_seal enable trigger user; "
        + "update business_day set closed_at = closed_at - interval '2 minutes', opened_at = opened_at - interval '2 minutes'";

    private const string Chain =
        "select string_agg(business_day || ':' || encode(previous, 'hex') || ':' || encode(hash, 'hex'), ' ' order by business_day) "
        + "from day_seal";

    [Fact]
    public async Task A_close_seals_its_day_and_chains_it_to_the_day_before()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await BookAsync(database);
        var days = Days(database);
        await PayAsync(book, "one");
        var first = (await days.CloseAsync(cancel: TestContext.Current.CancellationToken))!;
        await PayAsync(book, "two");
        await PayAsync(book, "three");
        var second = (await days.CloseAsync(cancel: TestContext.Current.CancellationToken))!;
        var third = (await days.CloseAsync(cancel: TestContext.Current.CancellationToken))!;

        first.Seal!.Previous.Should().Equal(new byte[32]);
        second.Seal!.Previous.Should().Equal(first.Seal.Hash);
        third.Seal!.Previous.Should().Equal(second.Seal.Hash);
        (first.Seal.Transfers, first.Seal.AmountQepik).Should().Be((1L, 1_000L));
        (second.Seal.Transfers, second.Seal.AmountQepik).Should().Be((2L, 2_000L));
        (third.Seal.Transfers, third.Seal.AmountQepik).Should().Be((0L, 0L));
        (await days.SealOfAsync(second.Closed))!.HashText.Should().Be(second.Seal.HashText);
        (await days.SealOfAsync(third.Opened)).Should().BeNull();
        (await database.AskAsync<long>("select count(*) from act where what = 'day sealed'")).Should().Be(3);
    }

    [Fact]
    public async Task Days_that_were_closed_before_there_were_seals_get_theirs_in_order_and_each_only_one()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await BookAsync(database);
        var days = Days(database);
        for (var day = 0; day < 4; day++)
        {
            await PayAsync(book, $"on day {day}");
            await days.CloseAsync(cancel: TestContext.Current.CancellationToken);
        }

        var before = await database.AskAsync<string>(Chain);
        await database.ExecuteAsync(Unsealed);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Days(database).RoundAsync(TestContext.Current.CancellationToken)));
        for (var more = 0; more < 3; more++)
        {
            await days.RoundAsync(TestContext.Current.CancellationToken);
        }

        before.Should().NotBeNull();
        (await database.AskAsync<string>(Chain)).Should().Be(before);
        (await database.AskAsync<long>("select count(*) from act where what = 'day sealed'")).Should().Be(4);
    }

    [Fact]
    public async Task A_seal_that_is_missing_in_the_middle_is_not_made_again()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await BookAsync(database);
        var days = Days(database);
        await days.CloseAsync(cancel: TestContext.Current.CancellationToken);
        await days.CloseAsync(cancel: TestContext.Current.CancellationToken);
        await database.ExecuteAsync("alter table day_seal disable trigger user; "
            + "delete from day_seal where business_day = (select min(business_day) from day_seal); "
            + "update business_day set closed_at = closed_at - interval '2 minutes'");
        await days.RoundAsync(TestContext.Current.CancellationToken);
        await days.CloseAsync(cancel: TestContext.Current.CancellationToken);

        (await database.AskAsync<long>("select count(*) from day_seal")).Should().Be(2, "the second day's and the third's");
    }

    [Theory]
    [InlineData("update day_seal set transfers = transfers + 1")]
    [InlineData("delete from day_seal")]
    [InlineData("truncate day_seal")]
    [InlineData("update day_seal_piece set amount_qepik = 1")]
    [InlineData("delete from day_seal_piece")]
    [InlineData("truncate day_seal_piece")]
    public async Task A_seal_is_never_changed_or_removed(string how)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await BookAsync(database);
        await PayAsync(book, "one");
        await Days(database).CloseAsync(cancel: TestContext.Current.CancellationToken);

        await database.Invoking(one => one.ExecuteAsync(how)).Should().ThrowAsync<PostgresException>()
            .WithMessage("*added and never changed*");
    }

    [Fact]
    public async Task Whoever_is_killed_while_it_seals_holds_up_no_payment_and_another_comes_to_the_same_seal()
    {
        using var folder = new ScratchFolder();
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await BookAsync(database);
        await PayAsync(book, "yesterday");
        var key = await new TestPeople(database.DataSource).AddAsync(new Person("donan", "Donan", [Role.Operator]));
        await using var hold = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await hold.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await hold.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var take = new NpgsqlCommand("lock table day_seal_piece in access exclusive mode", hold, transaction))
        {
            await take.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await using (var program = RunningProgram.Start(
            folder.Path, new TestPeople(database.DataSource).Environment(database.ConnectionString, key), "day", "close", "--early"))
        {
            await RealNodes.UntilAsync(
                database, "select count(*) from pg_locks where relation = 'day_seal_piece'::regclass and not granted", 1,
                TimeSpan.FromSeconds(60));
            await PayAsync(book, "meanwhile").WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
            program.KillHard();
        }

        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        await RealNodes.UntilAsync(
            database, "select count(*) from pg_stat_activity where datname = current_database() and query like '%day_seal_piece%' "
            + "and pid <> pg_backend_pid() and state = 'active'", 0, TimeSpan.FromSeconds(60));
        // What the server still did of the dead one's statement, it did whole; here it is as if it had come to nothing.
        await database.ExecuteAsync(Unsealed);
        await Days(database).RoundAsync(TestContext.Current.CancellationToken);

        (await database.AskAsync<long>("select count(*) from day_seal")).Should().Be(1);
        (await database.AskAsync<long>("select transfers from day_seal")).Should().Be(1, "what was paid meanwhile is of the next day");
        (await AuditBooks.RunAsync(database.DataSource, null, TestContext.Current.CancellationToken)).Invariants
            .Single(one => one.Name == "seals").Violations.Should().Be(0);
    }

    private static BusinessDays Days(TestDatabase database) => new(database.DataSource, NullLogger<BusinessDays>.Instance);

    private static async Task<OpenBook> BookAsync(TestDatabase database)
    {
        var book = await OpenBook.OnAsync(database);
        await book.AddAgentAsync(OpenBook.Agent, 1_000_000);
        return book;
    }

    private static async Task PayAsync(OpenBook book, string reference)
    {
        await book.Journal.AcceptAsync(await book.AcceptanceAsync(reference));
        var payment = (await book.Book.FindAsync(OpenBook.Agent, reference))!;
        (await book.HappenAsync(payment, PaymentEvent.ProviderConfirmed)).Done.Should().BeTrue();
    }
}
