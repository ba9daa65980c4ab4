using EGovPay.Processing.Journal;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Journal;

public sealed class JournalTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static int lastAgent = 16;

    [Fact]
    public async Task An_accepted_payment_holds_its_money_and_a_confirmed_one_posts_it_with_a_receipt()
    {
        await using var book = await OpenBook.OnAsync(database);
        var agent = await FundedAsync(book, 10_000);

        var accepted = await book.Journal.AcceptAsync(await book.AcceptanceAsync("r1", 1_000, agent));
        accepted.Verdict.Should().Be(AcceptVerdict.Entered);
        (await book.FundsAsync(agent)).Should().Be((1_000, 0, 10_000));

        var payment = (await book.Book.FindAsync(agent, "r1"))!;
        payment.State.Should().Be(PaymentState.Dispatched);
        var recorded = await book.HappenAsync(payment, PaymentEvent.ProviderConfirmed, "88121");
        recorded.Done.Should().BeTrue();
        recorded.ReceiptCounter.Should().BePositive();
        (await book.FundsAsync(agent)).Should().Be((0, 1_000, 10_000));

        var confirmed = (await book.Book.FindAsync(agent, "r1"))!;
        confirmed.State.Should().Be(PaymentState.Confirmed);
        confirmed.ProviderTransaction.Should().Be("88121");
        confirmed.ReceiptCounter.Should().Be(recorded.ReceiptCounter);
        confirmed.BusinessDay.Should().Be(recorded.BusinessDay);
        (await database.AskAsync<long>(
            $"select count(*) from transfer where number = {payment.Number} and debit = 1 and credit = 1001 and amount_qepik = 1000"))
            .Should().Be(1);
    }

    [Fact]
    public async Task A_declined_payment_gives_the_hold_back_and_posts_nothing()
    {
        await using var book = await OpenBook.OnAsync(database);
        var agent = await FundedAsync(book, 10_000);
        await book.Journal.AcceptAsync(await book.AcceptanceAsync("r1", 1_000, agent));
        var payment = (await book.Book.FindAsync(agent, "r1"))!;

        await book.HappenAsync(payment, PaymentEvent.ProviderDeclined);

        (await book.FundsAsync(agent)).Should().Be((0, 0, 10_000));
        (await database.AskAsync<long>($"select count(*) from transfer where number = {payment.Number}")).Should().Be(0);
    }

    [Fact]
    public async Task The_same_reference_is_entered_once_however_many_ask_at_once()
    {
        await using var book = await OpenBook.OnAsync(database);
        var agent = await FundedAsync(book, 1_000_000);
        var asked = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
            await book.Journal.AcceptAsync(await book.AcceptanceAsync("same", 100, agent))));

        asked.Count(a => a.Verdict == AcceptVerdict.Entered).Should().Be(1);
        asked.Where(a => a.Verdict == AcceptVerdict.Known).Should().HaveCount(199)
            .And.OnlyContain(a => a.Number == asked.Single(b => b.Verdict == AcceptVerdict.Entered).Number);
        (await book.FundsAsync(agent)).Pending.Should().Be(100);
    }

    [Fact]
    public async Task A_limit_is_never_overdrawn_and_what_still_fits_is_never_refused()
    {
        await using var book = await OpenBook.OnAsync(database);
        var agent = await FundedAsync(book, 1_000);

        var asked = await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
            await book.Journal.AcceptAsync(await book.AcceptanceAsync($"r{i}", i % 3 == 0 ? 700 : 10, agent))));

        var (pending, _, _) = await book.FundsAsync(agent);
        pending.Should().BeInRange(991, 1_000, "small payments fill what a large one leaves");
        asked.Count(a => a.Verdict == AcceptVerdict.InsufficientFunds).Should().BePositive();
        asked.Should().OnlyContain(a => a.Verdict == AcceptVerdict.Entered || a.Verdict == AcceptVerdict.InsufficientFunds);
    }

    [Fact]
    public async Task Receipt_numbers_of_a_series_have_no_gap_and_no_repeat_when_outcomes_race()
    {
        await using var book = await OpenBook.OnAsync(database);
        var agent = await FundedAsync(book, 10_000_000);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(async i =>
        {
            await book.Journal.AcceptAsync(await book.AcceptanceAsync($"r{i}", 100, agent));
            var payment = (await book.Book.FindAsync(agent, $"r{i}"))!;
            // Every outcome is told twice at once, one in five is a decline.
            var happened = i % 5 == 0 ? PaymentEvent.ProviderDeclined : PaymentEvent.ProviderConfirmed;
            await Task.WhenAll(book.HappenAsync(payment, happened), book.HappenAsync(payment, happened));
        }));

        var lane = Lanes.Of(agent);
        (await database.AskAsync<long>(
            "select s.last - count(distinct e.receipt_counter) from receipt_series s join event e on e.business_day = s.business_day "
            + $"join agent a on a.agent_id = e.agent_id and a.lane = s.series where s.series = {lane} group by s.last"))
            .Should().Be(0);
        (await book.FundsAsync(agent)).Should().Be((0, 40_000, 10_000_000));
    }

    [Fact]
    public async Task Data_that_the_database_refuses_fails_alone_and_its_neighbours_are_written()
    {
        await using var book = await OpenBook.OnAsync(database);
        var agent = await FundedAsync(book, 1_000_000);
        var asked = Enumerable.Range(0, 50).Select(async i =>
        {
            var good = await book.AcceptanceAsync($"r{i}", 100, agent);
            return await book.Journal.AcceptAsync(i == 20 ? good with { Account = "nul \0 byte" } : good);
        }).ToArray();

        var failed = 0;
        foreach (var one in asked)
        {
            try
            {
                (await one).Verdict.Should().Be(AcceptVerdict.Entered);
            }
            catch (Npgsql.PostgresException refused) when (refused.SqlState == "22021")
            {
                failed++;
            }
        }

        failed.Should().Be(1);
        (await book.FundsAsync(agent)).Pending.Should().Be(4_900);
    }

    [Fact]
    public async Task An_outcome_that_saw_an_older_step_is_not_recorded()
    {
        await using var book = await OpenBook.OnAsync(database);
        var agent = await FundedAsync(book, 10_000);
        await book.Journal.AcceptAsync(await book.AcceptanceAsync("r1", 1_000, agent));
        var seen = (await book.Book.FindAsync(agent, "r1"))!;
        (await book.HappenAsync(seen, PaymentEvent.ProviderSilent)).Done.Should().BeTrue();

        (await book.HappenAsync(seen, PaymentEvent.ProviderDeclined)).Done.Should().BeFalse();

        (await book.FundsAsync(agent)).Pending.Should().Be(1_000, "silence keeps the hold");
        (await database.AskAsync<long>($"select count(*) from unknown_payment where number = {seen.Number}")).Should().Be(1);
    }

    [Fact]
    public async Task A_confirmation_without_a_settlement_window_ahead_is_refused_whole_and_the_hold_stays()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(own);
        await book.AddAgentAsync(OpenBook.Agent, 10_000);
        await book.Journal.AcceptAsync(await book.AcceptanceAsync("r1", 1_000));
        var payment = (await book.Book.FindAsync(OpenBook.Agent, "r1"))!;
        await own.ExecuteAsync("delete from settlement_window");

        var confirm = () => book.HappenAsync(payment, PaymentEvent.ProviderConfirmed);

        (await confirm.Should().ThrowAsync<Npgsql.PostgresException>()).Which.ConstraintName.Should().Be("transfer_has_window");
        (await book.FundsAsync()).Should().Be((1_000, 0, 10_000));
        (await book.Book.FindAsync(OpenBook.Agent, "r1"))!.State.Should().Be(PaymentState.Dispatched);
    }

    [Fact]
    public async Task The_journals_plans_are_made_on_empty_tables_and_still_never_scan_one()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(own);
        await book.AddAgentAsync(OpenBook.Agent, 10_000_000);
        const string Scans = "select coalesce(sum(seq_scan), 0)::bigint from pg_stat_user_tables "
            + "where relname in ('payment', 'event', 'transfer', 'funds', 'unknown_payment', 'exchange', 'cash_to_return', 'shift')";
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        var before = await own.AskAsync<long>(Scans);

        await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
        {
            var acceptance = await book.AcceptanceAsync($"r{i}", 100);
            await book.Journal.AcceptAsync(acceptance);
            await book.Journal.RecordAsync(new Happening
            {
                AgentId = acceptance.AgentId,
                Number = acceptance.Number,
                SeenStep = 0,
                SeenEdge = 2,
                Edge = Transitions.Find(PaymentState.Dispatched, i % 3 == 0 ? PaymentEvent.ProviderSilent : PaymentEvent.ProviderConfirmed)!,
                NodeId = book.Node.Id,
            });
        }));

        // The server's statistics arrive about a second late.
        for (var looks = 0; looks < 50 && await own.AskAsync<long>(
            "select n_tup_ins from pg_stat_user_tables where relname = 'event'") < 600; looks++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        (await own.AskAsync<long>("select n_tup_ins from pg_stat_user_tables where relname = 'event'")).Should().BeGreaterThanOrEqualTo(600);
        (await own.AskAsync<long>(Scans)).Should().Be(before);
        (await own.AskAsync<long>("select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'payment'"))
            .Should().BeLessThan(3_000, "each command reads the rows that it names, and not its agent's");
    }

    [Fact]
    public async Task What_was_perhaps_committed_is_never_refused_when_the_server_then_has_no_room()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(own);
        await book.AddAgentAsync(OpenBook.Agent, 10_000);
        var role = $"lane_{Guid.NewGuid():N}";
        await own.ExecuteAsync($"create role {role} login; grant all on all tables in schema public to {role}; grant all on all sequences in schema public to {role}");
        try
        {
            var lanes = new Npgsql.NpgsqlConnectionStringBuilder(own.ConnectionString) { Username = role };
            await using var pool = Processing.PostgreSql.Database.Open(Processing.Journal.Journal.ConnectionString(lanes.ConnectionString));
            await using var journal = new Processing.Journal.Journal(
                pool, new JournalSettings(), Microsoft.Extensions.Logging.Abstractions.NullLogger<Processing.Journal.Journal>.Instance);

            // Its lane is held, so the batch waits in the server; then its line breaks, and no new one is let in.
            await using var holder = await own.DataSource.OpenConnectionAsync();
            await using var held = await holder.BeginTransactionAsync();
            await using (var hold = new Npgsql.NpgsqlCommand($"select pg_advisory_xact_lock(7302, {Lanes.Of(OpenBook.Agent)})", holder, held))
            {
                await hold.ExecuteNonQueryAsync();
            }

            var accepting = journal.AcceptAsync(await book.AcceptanceAsync("r1"));
            while (await own.AskAsync<long>($"select count(*) from pg_stat_activity where usename = '{role}' and wait_event_type = 'Lock'") == 0)
            {
                await Task.Delay(20);
            }

            await own.ExecuteAsync($"alter role {role} connection limit 0; select pg_terminate_backend(pid) from pg_stat_activity where usename = '{role}'");
            await held.CommitAsync();
            (await Task.WhenAny(accepting, Task.Delay(TimeSpan.FromSeconds(1)))).Should().NotBe(
                accepting, "nobody knows whether it was committed, so nobody may say that it was not");

            await own.ExecuteAsync($"alter role {role} connection limit -1");
            (await accepting).Verdict.Should().Be(AcceptVerdict.Entered);
        }
        finally
        {
            await own.ExecuteAsync($"drop owned by {role}; drop role {role}");
        }
    }

    private static async Task<int> FundedAsync(OpenBook book, long creditsQepik)
    {
        var agent = Interlocked.Add(ref lastAgent, 16);
        await book.AddAgentAsync(agent, creditsQepik);
        return agent;
    }
}
