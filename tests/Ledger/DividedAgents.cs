using EGovPay.Processing.Agents;
using EGovPay.Processing.Journal;
using EGovPay.Tests.Payments;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Ledger;

/// <summary>A busy agent has parts that nobody outside sees.</summary>
public sealed class DividedAgents(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public void A_reference_belongs_to_the_same_part_for_ever()
    {
        Lanes.Part("T7-000123", 4).Should().Be(Lanes.Part("T7-000123", 4));
        Enumerable.Range(0, 4_000).GroupBy(i => Lanes.Part($"T7-{i}", 4)).Should().HaveCount(4)
            .And.OnlyContain(part => part.Count() > 800, "references spread evenly");
        // These two may never change: the book of every divided agent is written by them.
        Lanes.Part("T7-000123", 7).Should().Be(4);
        Lanes.Of(4_711).Should().Be(8);
    }

    [Fact]
    public async Task Money_moves_to_the_part_that_has_too_little_and_none_is_lost_when_a_node_dies_in_between()
    {
        await using var centre = await SmallCentre.StartAsync(database);
        var engine = centre.Engine;
        var agentId = (await engine.Administer.AddAgentAsync("portal", "Portal", parts: 4))!.Value;
        await engine.Funds.TopUpAsync(agentId, 1, "all-into-the-first-part", 4_000_000, "test");

        for (var look = 0; look < 20; look++)
        {
            await engine.Rebalance.RebalanceAsync(CancellationToken.None);
        }

        var least = await database.AskAsync<long>(
            $"select min(credits_posted - debits_posted) from funds where agent_id between {agentId} and {agentId + 3}");
        least.Should().BeGreaterThanOrEqualTo(500_000, "every part has at least half of an even share");
        (await engine.Funds.LookAsync(agentId, 4)).AvailableQepik.Should().Be(4_000_000);

        // A node died between the two commits: money left one part and did not arrive in the other.
        await database.ExecuteAsync($"""
            with left_part as (
                insert into movement (agent_id, number, kind, reference, amount_qepik, business_day, at, made_by)
                select {agentId}, 77, 'rebalance-out', 'parts.77.{agentId + 1}', 100, d.day, now(), 'engine'
                from business_day d where d.closed_at is null returning business_day),
            posted as (
                insert into transfer (agent_id, number, amount_qepik, business_day, debit, credit, step, leg, cutoff_group)
                select {agentId}, 77, 100, l.business_day, 1, 12, 0, 1, 0 from left_part l)
            update funds set debits_posted = debits_posted + 100 where agent_id = {agentId}
            """);
        await engine.Rebalance.RebalanceAsync(CancellationToken.None);

        (await database.AskAsync<long>(
            $"select count(*) from movement where kind = 'rebalance-in' and reference = 'parts.77.{agentId + 1}'")).Should().Be(1);
        (await engine.Funds.LookAsync(agentId, 4)).AvailableQepik.Should().Be(4_000_000);
    }

    [Fact]
    public async Task A_divided_agent_has_no_terminal_with_shifts_or_daily_limits()
    {
        await using var centre = await SmallCentre.StartAsync(database);
        var agentId = (await centre.Engine.Administer.AddAgentAsync("portal-2", "Portal", parts: 2))!.Value;
        var point = (await centre.Engine.Administer.AddPointAsync(agentId, "p", "Portal"))!.Value;
        (await centre.Engine.Administer.AddTerminalAsync(agentId, point, new NewTerminal("web-1", "Web", ShiftRequired: true)))
            .Should().BeNull();
        (await centre.Engine.Administer.AddTerminalAsync(agentId, point, new NewTerminal("web-1", "Web"))).Should().NotBeNull();
    }
}
