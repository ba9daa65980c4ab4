using System.Diagnostics;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
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
