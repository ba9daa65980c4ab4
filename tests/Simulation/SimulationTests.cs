using EGovPay.Processing.Audit;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Simulation;

/// <summary>
/// Days in the life of a centre whose providers lie, whose callers repeat, change and cancel, whose nodes are cut off and come back,
/// and whose day is closed while all that goes on. `EGOVPAY_SEED=…` repeats one; each run also tries a seed of its own.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    public static TheoryData<int> Seeds { get; } =
        new(1, 20_171_122, int.TryParse(Environment.GetEnvironmentVariable("EGOVPAY_SEED"), out var seed) ? seed : Fresh());

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_providers_and_nodes_do_the_three_records_agree(int seed)
    {
        await using var database = await TestDatabase.CreateAsync();
        var record = new ProvidersRecord(seed);
        await using var centre = new SimulatedCentre(database, record);
        await centre.AddNodeAsync(connections: 2);
        await centre.AddNodeAsync();
        var agents = new List<SimulatedAgent>
        {
            await centre.AddAgentAsync("bank", 10_000_000),
            await centre.AddAgentAsync("poor", 20_000),
            await centre.AddAgentAsync("portal", 10_000_000, parts: 3),
        };
        var callers = new Callers(centre, agents, seed);

        var auditing = AuditBooks.RunAsync(database.DataSource, null, TestContext.Current.CancellationToken);
        await WorkAsync(centre, callers, 0, closes: 5);
        Faults(await auditing).Should().BeEmpty("an audit beside the work sees no false fault, seed {0}", seed);
        // One node is cut off in the middle of its work and another one starts; the first comes back to a world that went on.
        var cut = centre.Nodes[1];
        var working = WorkAsync(centre, callers, 100, closes: 3);
        await Task.Delay(300);
        await centre.CutOffAsync(cut);
        await centre.AddNodeAsync();
        await working;
        (await centre.SettleAsync()).Should().BeTrue("a node that is gone leaves nothing open, seed {0}", seed);
        await centre.HealAsync(cut);
        await WorkAsync(centre, callers, 200, closes: 1);
        (await centre.SettleAsync()).Should().BeTrue("nothing stays open, seed {0}", seed);

        var wrong = await IndependentAuditor.FindAsync(database, record, callers, agents);
        output.WriteLine($"seed {seed}: {callers.ToldInAll.Count} answers, {callers.Unanswered.Count} without, "
            + $"{record.Entries.Count} at providers; " + string.Join(", ", callers.ToldInAll.GroupBy(t => t.Refused?.ToString() ?? t.State.ToString())
                .Select(g => $"{g.Key} {g.Count()}")));
        wrong.Should().BeEmpty("seed {0}", seed);
        var audit = await AuditBooks.RunAsync(database.DataSource, null, TestContext.Current.CancellationToken);
        Faults(audit).Should().BeEmpty("seed {0}", seed);
        record.Entries.Values.Count(e => e.Credits > 0).Should().BeGreaterThan(50);
    }

    /// <summary>Callers at once, while the day is closed again and again; the closer never waits for long.</summary>
    private static async Task WorkAsync(SimulatedCentre centre, Callers callers, int first, int closes)
    {
        var work = Task.WhenAll(Enumerable.Range(first, 12).Select(caller => callers.WorkAsync(caller, 10)));
        for (var close = 0; close < closes; close++)
        {
            await Task.WhenAny(work, Task.Delay(150));
            var closed = await centre.Nodes[0].Engine.Days.CloseAsync();
            closed!.Waited.Should().BeLessThan(TimeSpan.FromSeconds(1));
        }

        await work;
    }

    private static IEnumerable<string> Faults(AuditReport report) =>
        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}"));

    private static int Fresh() => Random.Shared.Next();
}
