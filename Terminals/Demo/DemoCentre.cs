using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.People;
using EGovPay.Terminals.CommandLine;
using Npgsql;

namespace EGovPay.Terminals.Demo;

/// <summary>A terminal of the demo, with the key that was made for this run.</summary>
internal sealed record DemoDesk(string Agent, string Terminal, string Name, string Key, bool Shifts)
{
    /// <summary>Never prints its key.</summary>
    public override string ToString() => Terminal;
}

/// <summary>
/// Who takes money in the demo: a bank with two branches, a Şəbəkə centre, the portal with several parts. Made at the
/// first run, found again later: then only the keys are new.
/// </summary>
internal static class DemoCentre
{
    /// <summary>The agent whose desks work in shifts.</summary>
    private const string WithShifts = "sebeke";

    private static readonly (
        string Code, string Name, string? Voen, int Parts, (string Code, string Name, int Terminals)[] Points)[]
        Agents =
        [
            ("btb", "Bank BTB", "1400057421", 1, [("nizami", "Nizami filialı", 3), ("gence", "Gəncə filialı", 3)]),
            ("sebeke", "Şəbəkə xidmət mərkəzi", null, 1, [("xezer", "Xəzər", 3)]),
            ("portal", "e-GovPay portalı", null, 4, [("web", "Portal", 3)]),
        ];

    /// <summary>Makes what is missing, and tops every agent up for the run.</summary>
    /// <param name="deposit">For each agent, qəpik.</param>
    public static async Task<IReadOnlyList<DemoDesk>> SetUpAsync(
        Store store, DemoPeople people, string run, long deposit, CancellationToken cancel)
    {
        await using var engine = await Books.StartEngineAsync(store.ConnectionString, "demo", cancel);
        var administer = new Administer(store.Database, people.Administrator);
        var desks = new List<DemoDesk>();
        foreach (var (code, name, voen, parts, points) in Agents)
        {
            await administer.AddAgentAsync(code, name, voen, parts, commissionHundredthsPercent: 15);
            var (agentId, itsParts) = await AgentCommands.FindAsync(store.Database, code);
            await TopUpAsync(engine, people, agentId, itsParts, $"demo {run}", deposit);
            foreach (var point in points)
            {
                await AddDesksAsync(administer, store.Database, (code, agentId), point, desks, cancel);
            }
        }

        return desks;
    }

    /// <summary>As in earnest: one proposes, another approves.</summary>
    private static async Task TopUpAsync(
        Engine engine, DemoPeople people, int agentId, int parts, string reference, long deposit)
    {
        var proposed = await engine.Proposals.ProposeTopUpAsync(
            people.Finance, agentId, parts, reference, deposit, "the demo's day");
        var decided = await engine.Decide.ApproveAsync(people.Approver, proposed.Id);
        if (decided.Result is not (DecideResult.Done or DecideResult.DoneBefore))
        {
            throw new CommandException($"The demo's deposit was not booked: {decided.Result}.");
        }
    }

    private static async Task AddDesksAsync(
        Administer administer, NpgsqlDataSource database, (string Code, int Id) agent, (
            string Code, string Name, int Terminals) point,
        List<DemoDesk> desks, CancellationToken cancel)
    {
        await administer.AddPointAsync(agent.Id, point.Code, point.Name);
        var pointId = await TerminalCommands.PointIdAsync(database, agent.Id, agent.Code, point.Code, cancel);
        var shifts = agent.Code == WithShifts;
        for (var i = 1; i <= point.Terminals; i++)
        {
            var terminal = FormattableString.Invariant($"{agent.Code}-{point.Code}-{i}");
            var name = FormattableString.Invariant($"{point.Name}, {i}");
            var key = await administer.AddTerminalAsync(
                    agent.Id, pointId, new NewTerminal(terminal, name, ShiftRequired: shifts))
                ?? await administer.RotateKeyAsync(terminal, graceMinutes: 0)
                ?? throw new CommandException($"The terminal '{terminal}' of the demo belongs to somebody else here.");
            desks.Add(new DemoDesk(agent.Code, terminal, name, key, shifts));
        }
    }
}
