using EGovPay.Processing.Days;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Jobs;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using EGovPay.Terminals.Jobs;
using EGovPay.Terminals.Telling;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Reconciliation;
using EGovPay.Tests.Telling;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EGovPay.Tests.Jobs;

/// <summary>What each job takes for due, and that it is done once beside whoever else does it.</summary>
public sealed class WhatIsDue
{
    private const string Account = "AZ21NABZ00000000137010001944";

    private static readonly SettlementTerms Terms = new(
        new Payer("MHM", "1234567891"), [new OwnAccount(Account, "NABZAZ2X", "200004", "AZN", "main")], [], []);

    [Fact]
    public void The_table_has_everything_that_is_done_by_itself()
    {
        JobTable.Of(null).Select(job => job.Name).Should().BeEquivalentTo(
            "close-days", "send-registers", "propose-payouts", "import-files", "reconcile", "reconcile-bank", "deliver-outbox", "answers",
            "overdue-agents", "lift-agents", "archive", "audit");
    }

    [Fact]
    public async Task A_register_that_was_dated_before_a_comparison_and_committed_after_it_is_compared()
    {
        await using var book = await RegisterBook.OpenAsync();
        var payment = await book.PayAsync(PaymentState.Confirmed);
        await book.RegisterAsync(book.Today, book.LineOf(payment));
        var due = new ReconcileDue(book.Engine);
        (await due.RoundAsync("engine")).Should().ContainSingle().Which.Found!.Breaks.Should().Be(0);

        // Its import began before that comparison did: its date is older.
        var late = await book.RegisterAsync(book.Today, book.LineOf(payment) with { AmountQepik = payment.AmountQepik + 1 });
        await book.Database.ExecuteAsync(
            $"update settlement_file set imported_at = (select max(imported_at) - interval '1 microsecond' from settlement_file where file_id < {late}) "
            + $"where file_id < {late}; update settlement_file set imported_at = (select min(started_at) - interval '1 microsecond' from reconciliation) "
            + $"where file_id = {late}");
        (await book.Database.AskAsync<bool>(
            "select (array_agg(file_id order by imported_at))[2] = max(file_id) from settlement_file")).Should().BeTrue("it is the one in force");
        (await due.RoundAsync("engine")).Should().ContainSingle().Which.Found!.Breaks.Should().Be(1);
        (await due.RoundAsync("engine")).Should().BeEmpty("what was left open is looked at again after hours");
    }

    [Fact]
    public async Task Banks_are_looked_at_when_statements_came_or_something_is_open_and_of_two_at_once_by_one()
    {
        await using var book = await RegisterBook.OpenAsync();
        var bank = new ReconcileBank(book.Engine);
        (await bank.RunDueAsync(Terms, "engine")).Should().BeNull("no statement came");
        await StatementAsync(book, 1, entries: 0);
        var both = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => bank.RunDueAsync(Terms, "engine")));
        both.Count(one => one is not null).Should().Be(1);
        (await bank.RunDueAsync(Terms, "engine")).Should().BeNull("nothing came since");

        await StatementAsync(book, 2, entries: 1);
        (await bank.RunDueAsync(Terms, "engine"))!.Breaks.Should().Be(1);
        (await bank.RunDueAsync(Terms, "engine")).Should().BeNull("it was a moment ago");
        await book.Database.ExecuteAsync("alter table reconciliation disable trigger user; "
            + "update reconciliation set started_at = started_at - interval '61 minutes'");
        (await bank.RunDueAsync(Terms, "engine"))!.Breaks.Should().Be(1, "what is open may have been booked since");
        (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(1);
    }

    [Fact]
    public async Task Days_that_are_over_are_closed_and_sealed_once_by_loops_and_jobs_of_several_nodes_at_once()
    {
        await using var database = await TestDatabase.CreateAsync();
        var first = Days();
        await first.PrepareAsync(TestContext.Current.CancellationToken);
        await database.ExecuteAsync("update business_day set day = day - 3, opened_at = opened_at - interval '3 days'");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(node => node % 2 == 0
            ? Days().RoundAsync(TestContext.Current.CancellationToken)
            : Days().CatchUpAsync(TestContext.Current.CancellationToken)));
        (await first.CatchUpAsync(TestContext.Current.CancellationToken)).Should().BeEmpty();
        (await database.AskAsync<long>("select count(*) from act where what = 'day close'")).Should().Be(1);
        (await database.AskAsync<long>("select count(*) from act where what = 'day sealed'")).Should().Be(1);
        (await database.AskAsync<long>("select count(*) from business_day where closed_at is null")).Should().Be(1);
        (await database.AskAsync<long>("select count(*) from business_day where totalled_at is not null")).Should().Be(1);

        BusinessDays Days() => new(database.DataSource, NullLogger<BusinessDays>.Instance);
    }

    [Fact]
    public async Task A_closed_day_that_nobody_can_seal_is_named()
    {
        await using var database = await TestDatabase.CreateAsync();
        var days = new BusinessDays(database.DataSource, NullLogger<BusinessDays>.Instance);
        await days.PrepareAsync(TestContext.Current.CancellationToken);
        var closed = (await days.CloseAsync(cancel: TestContext.Current.CancellationToken))!.Closed;
        // A seal that is gone and cannot be written again: a later day's stands there, and was cut off from the list of what is looked for.
        await database.ExecuteAsync("""
            alter table day_seal disable trigger user;
            alter table day_seal_piece disable trigger user;
            delete from day_seal;
            create function nobody() returns trigger language plpgsql as $$ begin return null; end $$;
            create trigger nobody_seals before insert on day_seal for each row execute function nobody();
            update business_day set closed_at = closed_at - interval '2 minutes', opened_at = opened_at - interval '2 minutes';
            """);
        (await days.CatchUpAsync(TestContext.Current.CancellationToken)).Should().Equal(closed);
    }

    [Fact]
    public async Task Events_are_told_once_by_the_loop_and_the_job_beside_each_other()
    {
        await using var centre = await TellingCentre.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        await centre.SubscribeAsync(receiver.Address);
        using var job = new TellEveryone(centre.Engine, new TellingSettings(), NullLogger<TellEveryone>.Instance);
        (await job.TellDueAsync(TestContext.Current.CancellationToken)).Should().Be((0, 0L), "there is nothing to tell");
        for (var payment = 0; payment < 5; payment++)
        {
            await centre.PayAsync($"alone-{payment}");
        }

        (await job.TellDueAsync(TestContext.Current.CancellationToken)).Begun.Should().Be(5, "it needs no loop");
        (await centre.Database.AskAsync<long>("select count(*) from told where receiver > 0")).Should().Be(5);

        centre.Tell();
        for (var payment = 0; payment < 20; payment++)
        {
            await centre.PayAsync($"both-{payment}");
            await Task.WhenAll(
                job.TellDueAsync(TestContext.Current.CancellationToken), job.TellDueAsync(TestContext.Current.CancellationToken));
        }

        await centre.UntilAsync("select count(*) from told where receiver > 0", 25);
        receiver.All.Select(one => one.Id).Should().OnlyHaveUniqueItems().And.HaveCount(25);
    }

    [Fact]
    public async Task Runs_of_jobs_are_forgotten_after_their_time_but_the_last_of_each_job()
    {
        await using var database = await TestDatabase.CreateAsync();
        await database.ExecuteAsync("""
            insert into job_run (job, node, started_at, ended_at, result)
            select 'often', 'a', now() - make_interval(days => 2501 - i), now() - make_interval(days => 2501 - i), 'done'
            from generate_series(1, 2500) as g (i);
            insert into job_run (job, node, started_at, ended_at, result) values ('once', 'a', now() - interval '9 years', now() - interval '9 years', 'done');
            insert into job_run (job, node, started_at) values ('open', 'a', now() - interval '9 years');
            """);
        var runs = new JobRuns(database.DataSource);
        (await runs.ForgetAsync(90, TestContext.Current.CancellationToken)).Should().Be(2_500 - 89);
        (await runs.ForgetAsync(90, TestContext.Current.CancellationToken)).Should().Be(0);
        (await database.AskAsync<string>("select string_agg(distinct job, ' ' order by job) from job_run")).Should().Be("often once open");
    }

    private static Task StatementAsync(RegisterBook book, int number, int entries) => book.Database.ExecuteAsync($"""
        with f as (
            insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
            values ('statement', 's{number}.xml', sha256('s{number}'), 1, 'camt.053.001.08', 'command', 'test') returning file_id
        ),
        s as (
            insert into statement (file_id, position, message, account, currency, from_day, to_day, entries, intraday)
            select f.file_id, 1, 'camt.053.001.08', '{Account}', 'AZN', current_date - 10, current_date + 1, {entries}, false from f
            returning statement_id
        )
        insert into statement_entry (statement_id, entry_no, line, account, currency, amount_minor, booking_day, status, reversal, bank_reference)
        select s.statement_id, x.no, x.no, '{Account}', 'AZN', -900, current_date, 'booked', false, 'fee'
        from s cross join generate_series(1, {entries}) as x (no)
        """);
}
