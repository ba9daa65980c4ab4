using System.Diagnostics;
using System.Text.Json.Nodes;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>Taking over many, and taking over what cannot be taken over.</summary>
public sealed class TakingOver(ITestOutputHelper output)
{
    [Fact]
    public async Task Five_thousand_payments_of_a_dead_node_are_taken_over_in_seconds()
    {
        await using var stage = await Stage.SetAsync(depositQepik: 100_000_000);
        var dead = await stage.DeadNodeAsync();
        await Task.WhenAll(Enumerable.Range(0, 5_200).Select(i => stage.EnterAsync($"d{i}", claim: true, dead)));

        var began = Stopwatch.GetTimestamp();
        var taken = await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None);

        output.WriteLine($"{taken} taken over in {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
        taken.Should().Be(5_200, "a page is not the whole");
        Stopwatch.GetElapsedTime(began).Should().BeLessThan(TimeSpan.FromSeconds(15));
        (await stage.Database.AskAsync<long>("select count(*) from unknown_payment")).Should().Be(5_200);
    }

    [Fact]
    public async Task What_was_never_sent_is_sent_by_permits_and_what_finds_none_waits()
    {
        await using var stage = await Stage.SetAsync();
        var dead = await stage.DeadNodeAsync();
        var gate = stage.A.Engine.Gates.Find("azerishiq")!;
        for (var i = 0; i < 40; i++)
        {
            await stage.EnterAsync($"d{i}", claim: false, dead);
        }

        var busy = new List<Permit>();
        while (busy.Count < gate.Settings.ConcurrencyLimit - 10)
        {
            busy.Add(gate.TryEnterPayment()!);
        }

        (await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None)).Should().BeLessThanOrEqualTo(10);
        busy.ForEach(permit => permit.Dispose());
        while (await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None) > 0)
        {
        }

        (await stage.Centre.OpenAsync()).Should().Be(0);
        stage.Record.Entries.Values.Should().HaveCount(40).And.OnlyContain(entry => entry.Pays == 1);
        stage.Record.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task A_payment_that_cannot_be_taken_over_keeps_no_other_waiting_and_its_node_is_not_closed()
    {
        await using var stage = await Stage.SetAsync();
        var dead = await stage.DeadNodeAsync();
        var broken = await stage.EnterAsync("broken", claim: true, dead);
        for (var i = 0; i < 20; i++)
        {
            await stage.EnterAsync($"d{i}", claim: true, dead);
        }

        // The queue of the unknown has its place taken: each attempt to enter it fails.
        await stage.Database.ExecuteAsync("insert into unknown_payment (agent_id, number, provider_id, since, next_ask_at) "
            + $"values ({stage.Agent.AgentId}, {broken}, 1, now(), now() + interval '1 hour')");

        await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None);
        (await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None)).Should().Be(0, "it waits before it is tried again");

        (await stage.StateAsync("broken")).Should().Be(PaymentState.Dispatched);
        (await stage.Database.AskAsync<long>("select count(*) from unknown_payment")).Should().Be(21);
        (await stage.Database.AskAsync<bool>($"select recovered_at is null from node where node_id = {dead}")).Should().BeTrue();
    }

    [Fact]
    public async Task An_ordered_stop_closes_its_node_at_once_where_nothing_is_left_and_nobody_misses_it()
    {
        await using var database = await TestDatabase.CreateAsync();
        var command = await Node.StartAsync(database.DataSource, "a command", NullLogger.Instance);
        await command.NextNumberAsync();
        var serving = await Node.StartAsync(database.DataSource, "serving", NullLogger.Instance);
        var number = await serving.NextNumberAsync();
        serving.Done(number);
        await serving.DisposeAsync();
        (await MissedAsync(database)).Should().Be(0);
        (await database.AskAsync<bool>($"select recovered_at is not null from node where node_id = {serving.Id}")).Should().BeTrue();

        await command.DisposeAsync();
        (await MissedAsync(database)).Should().Be(1, "it had begun a payment: others look after it");
    }

    private static Task<long> MissedAsync(TestDatabase database) =>
        database.AskAsync<long>("select count(*) from node where lease_until <= now() and recovered_at is null");

    [Fact]
    public async Task The_sessions_of_a_dead_node_are_ended_and_not_those_of_another_database_with_a_node_of_its_number()
    {
        await using var stage = await Stage.SetAsync();
        await using var neighbour = await TestDatabase.CreateAsync();
        var dead = await stage.DeadNodeAsync();
        var name = FormattableString.Invariant($";Pooling=false;Application Name=egovpay-journal-{dead}");
        await using var own = new NpgsqlConnection(stage.Database.ConnectionString + name);
        await using var other = new NpgsqlConnection(neighbour.ConnectionString + name);
        await own.OpenAsync();
        await other.OpenAsync();
        await using (var fence = stage.Database.DataSource.CreateCommand(
            Processing.Sql.Load(typeof(Recover).Assembly, "Dispatch/FenceNodes.sql")))
        {
            fence.Parameters.Add(new NpgsqlParameter<int> { TypedValue = stage.A.Engine.Node.Id });
            (await fence.ExecuteScalarAsync()).Should().Be(1L);
        }

        await using var look = new NpgsqlCommand("select 1", other);
        (await look.ExecuteScalarAsync()).Should().Be(1);
        await using var ended = new NpgsqlCommand("select 1", own);
        await ended.Invoking(one => one.ExecuteScalarAsync()).Should().ThrowAsync<NpgsqlException>();
    }

    [Fact]
    public async Task A_node_that_was_idle_for_long_is_looked_at_without_reading_what_others_did_since()
    {
        await using var stage = await Stage.SetAsync();
        var dead = await stage.DeadNodeAsync();
        var lost = await stage.EnterAsync("lost", claim: true, dead);
        await stage.Database.ExecuteAsync(FormattableString.Invariant($"update node set low_number = {lost} where node_id = {dead}"));
        await stage.Database.ExecuteAsync(FormattableString.Invariant($"""
            insert into number_block select {lost} + 1000 * i, {stage.A.Engine.Node.Id}, now() from generate_series(1, 30) as i;
            insert into payment (
                agent_id, number, accepted_at, amount_qepik, fee_qepik, commission_qepik, provider_fee_qepik, terminal_id,
                service_code, provider_id, tender, cutoff_group, notify, reference, account)
            select {stage.Agent.AgentId}, {lost} + 1000 + i, now(), 500, 0, 0, 0, 1, 10101, 1, 1, 1, false, 'm-' || i, '1'
            from generate_series(0, 29999) as i;
            insert into event (agent_id, number, at, node_id, step, edge)
            select {stage.Agent.AgentId}, {lost} + 1000 + i, now(), {stage.A.Engine.Node.Id}, 0, 1 from generate_series(0, 29999) as i;
            """));
        await using var connection = await stage.Database.DataSource.OpenConnectionAsync();
        await using (var prepare = new NpgsqlCommand(
            "prepare look (int, bigint, int) as " + Processing.Sql.Load(typeof(Recover).Assembly, "Dispatch/FindLost.sql"), connection))
        {
            await prepare.ExecuteNonQueryAsync();
        }

        await using var explain = new NpgsqlCommand(FormattableString.Invariant(
            $"explain (analyze, buffers, format json) execute look ({dead}, 0, {Node.BlockSize})"), connection);
        var plan = JsonNode.Parse((string)(await explain.ExecuteScalarAsync())!)![0]!["Plan"]!;

        ((int)plan["Actual Rows"]!).Should().Be(1);
        ((int)plan["Shared Hit Blocks"]! + (int)plan["Shared Read Blocks"]!).Should().BeLessThan(1_000, "30 000 are not looked through");
    }

    [Fact]
    public async Task A_look_at_one_node_that_does_not_end_keeps_no_other_node_waiting()
    {
        await using var stage = await Stage.SetAsync();
        var stuck = await stage.DeadNodeAsync();
        var dead = await stage.DeadNodeAsync();
        await stage.EnterAsync("d", claim: true, dead);
        await using var connection = await stage.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand(
            FormattableString.Invariant($"select from node where node_id = {stuck} for update"), connection, transaction))
        {
            await hold.ExecuteNonQueryAsync();
        }

        using var stop = new CancellationTokenSource();
        var running = stage.A.Engine.Recover.RunAsync(stop.Token);
        var taken = await RealNodes.UntilAsync(
            stage.Database, "select count(*) from unknown_payment", 1, TimeSpan.FromSeconds(10));
        output.WriteLine($"taken over in {taken.TotalSeconds:F1} s");
        (await stage.Database.AskAsync<bool>($"select recovered_at is null from node where node_id = {stuck}")).Should().BeTrue();

        await transaction.RollbackAsync();
        await RealNodes.UntilAsync(
            stage.Database, "select count(*) from node where name = 'dead' and recovered_at is null", 0, TimeSpan.FromSeconds(10));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public void Questions_about_payments_that_fell_silent_together_spread_and_come_later_and_later()
    {
        for (var asks = 0; asks < 40; asks++)
        {
            var delays = Enumerable.Range(0, 1_000).Select(i => Conclude.DelaySeconds(asks, 731_000_000_000 + i)).ToList();
            delays.Min().Should().BeGreaterThanOrEqualTo(2);
            delays.Max().Should().BeLessThanOrEqualTo(5_400);
            delays.GroupBy(d => d).Max(g => g.Count()).Should().BeLessThan(asks < 6 ? 600 : 40);
        }

        Conclude.DelaySeconds(0, 7).Should().BeLessThan(5);
        Conclude.DelaySeconds(30, 7).Should().BeGreaterThanOrEqualTo(3_600);
    }
}
