using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Tests.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace EGovPay.Tests.Simulation;

/// <summary>
/// Nodes on one database, each with a database role of its own, so that one can be cut off from it as a dead or frozen machine is
/// and come back later.
/// </summary>
internal sealed class SimulatedCentre(TestDatabase database, ProvidersRecord record) : IAsyncDisposable
{
    private readonly List<SimulatedNode> nodes = [];

    public TestDatabase Database => database;

    public IReadOnlyList<SimulatedNode> Nodes => nodes;

    public async Task<SimulatedNode> AddNodeAsync(bool background = true, int connections = 1)
    {
        var role = $"node_{Guid.NewGuid():N}";
        await database.ExecuteAsync($"create role {role} superuser login");
        var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, MaxPoolSize = 16 };
        var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = connection.ConnectionString,
                Secret = new byte[32],
                NodeName = role,
                Journal = new JournalSettings(connections) { SpreadAt = 2 },
                Connect = providers => providers.ToDictionary(p => p.Code, IProvider (p) => new LyingProvider(p, record)),
                Route = (_, _) => "azercell",
                Background = background,
            },
            SystemClock.Instance, NullLoggerFactory.Instance);
        var node = new SimulatedNode(engine, role);
        nodes.Add(node);
        return node;
    }

    /// <summary>An agent with a terminal and a deposit; returns the terminal's key.</summary>
    public async Task<SimulatedAgent> AddAgentAsync(string code, long depositQepik, int parts = 1)
    {
        var engine = nodes[0].Engine;
        var agentId = (await engine.Administer.AddAgentAsync(code, "Sınaq " + code, null, parts, 15))!.Value;
        var pointId = (await engine.Administer.AddPointAsync(agentId, "p1", "Mərkəz"))!.Value;
        var key = (await engine.Administer.AddTerminalAsync(agentId, pointId, new NewTerminal(code + "-t1", "Kassa")))!;
        await engine.DepositAsync(agentId, parts, "deposit-1", depositQepik);
        return new SimulatedAgent(agentId, parts, key, depositQepik);
    }

    /// <summary>The node loses the database, for good or until <see cref="HealAsync"/>; it does not know why.</summary>
    public async Task CutOffAsync(SimulatedNode node)
    {
        node.CutOff = true;
        await database.ExecuteAsync(
            $"alter role {node.Role} nologin; "
            + $"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{node.Role}'");
    }

    public async Task HealAsync(SimulatedNode node)
    {
        await database.ExecuteAsync($"alter role {node.Role} login");
        node.CutOff = false;
    }

    /// <summary>
    /// Asks and takes over until nothing is open, without waiting for the schedule. False: something stays open for 40 s.
    /// </summary>
    public async Task<bool> SettleAsync()
    {
        for (var round = 0; round < 400; round++)
        {
            await database.ExecuteAsync("update unknown_payment set next_ask_at = now() where asks < 1000; "
                + "update reversal set next_ask_at = now() where next_ask_at is not null");
            foreach (var node in nodes.Where(node => !node.CutOff && !node.Ended))
            {
                await node.Engine.Recover.TakeOverAsync(CancellationToken.None);
                await node.Engine.AskUnknown.AskDueAsync(CancellationToken.None);
                await node.Engine.AskReversals.AskDueAsync(CancellationToken.None);
            }

            if (nodes.Where(node => !node.CutOff && !node.Ended).All(node => node.Engine.Node.UnderWay == 0) && await OpenAsync() == 0)
            {
                return true;
            }

            await Task.Delay(100);
        }

        return false;
    }

    /// <summary>Payments that rest in no final state.</summary>
    public async Task<long> OpenAsync() => await database.AskAsync<long>(
        "select count(*) from payment p cross join lateral (select v.edge from event v where v.agent_id = p.agent_id "
        + "and v.number = p.number order by v.step desc limit 1) e where e.edge in (1, 2, 4, 12, 13, 18, 23, 32)");

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            if (node.CutOff)
            {
                await HealAsync(node);
            }
        }

        await Task.WhenAll(nodes.Where(node => !node.Ended).Select(node => node.Engine.DisposeAsync().AsTask()));
        foreach (var node in nodes)
        {
            NpgsqlConnection.ClearAllPools();
            await database.ExecuteAsync($"drop role {node.Role}");
        }
    }
}

/// <summary>One node of a simulation.</summary>
internal sealed class SimulatedNode(Engine engine, string role)
{
    public Engine Engine { get; } = engine;

    public string Role { get; } = role;

    public bool CutOff { get; set; }

    /// <summary>The test has ended its engine itself.</summary>
    public bool Ended { get; set; }

    public async Task<Terminal> TerminalAsync(SimulatedAgent agent) =>
        (await Engine.Directory.FindByKeyAsync(agent.Key, SystemClock.Instance.GetCurrentInstant()))!;
}

/// <summary>An agent of a simulation, as its terminals know it.</summary>
internal sealed record SimulatedAgent(int AgentId, int Parts, string Key, long DepositQepik);
