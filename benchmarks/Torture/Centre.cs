using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Schema;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace EGovPay.Benchmarks.Torture;

/// <summary>A terminal of the run, and the key that lets it in.</summary>
/// <param name="Agent">The agent's code.</param>
internal sealed record Desk(string Agent, string Terminal, string Key);

/// <summary>How big a centre is.</summary>
/// <param name="Divided">Agents with parts, as a portal has; the first ones.</param>
/// <param name="SharedBuffersMebibytes">Null: as the product sets them.</param>
internal sealed record CentreSize(int Agents, int TerminalsEach, int Divided, int? SharedBuffersMebibytes)
{
    public static CentreSize Tortured { get; } = new(12, 4, 2, 256);
}

/// <summary>
/// The payment centre that is tortured: a durable private PostgreSQL in a folder of its own, and agents whose terminals never
/// run out of money. Two of the agents have parts, as a portal has.
/// </summary>
internal sealed class Centre : IAsyncDisposable
{
    /// <summary>What each agent has deposited once, for ever enough.</summary>
    public const long DepositQepik = 500_000_000_000;

    private const int PartsOfDivided = 4;

    private readonly PrivateCluster cluster;
    private readonly NpgsqlDataSource database;

    private Centre(PrivateCluster cluster, IReadOnlyList<Desk> desks)
    {
        this.cluster = cluster;
        Desks = desks;
        database = NpgsqlDataSource.Create(cluster.ConnectionString);
    }

    public IReadOnlyList<Desk> Desks { get; }

    /// <summary>The server itself, past all links.</summary>
    public string ConnectionString => cluster.ConnectionString;

    /// <summary>Connections of whoever judges; no node uses them.</summary>
    public NpgsqlDataSource Database => database;

    /// <summary>The server's socket.</summary>
    public string Socket
    {
        get
        {
            var builder = new NpgsqlConnectionStringBuilder(ConnectionString);
            return Path.Combine(builder.Host!, FormattableString.Invariant($".s.PGSQL.{builder.Port}"));
        }
    }

    /// <summary>How nodes connect: by a link of their own.</summary>
    public string ThroughLink(int port) => new NpgsqlConnectionStringBuilder(ConnectionString)
    {
        Host = "127.0.0.1",
        Port = port,
        SslMode = SslMode.Disable,
    }.ConnectionString;

    public int? ServerProcess => cluster.PostmasterProcessId;

    public static async Task<Centre> StartAsync(string folder, CancellationToken stop, CentreSize? size = null)
    {
        size ??= CentreSize.Tortured;
        var cluster = await PrivateCluster.StartAsync(
            PrivateClusterSettings.FromEnvironment(folder) with
            {
                RootDataParent = Path.Combine(folder, "data"),
                SharedBuffersMebibytes = size.SharedBuffersMebibytes,
            }, NullLogger.Instance, stop);
        try
        {
            await Migrate.RunAsync(cluster.ConnectionString, cancellation: stop);
            return new Centre(cluster, await OpenDesksAsync(cluster.ConnectionString, size, stop));
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        await cluster.DisposeAsync();
    }

    /// <summary>Makes agents with money and terminals in a database that has the schema and nobody serves.</summary>
    public static async Task<IReadOnlyList<Desk>> OpenDesksAsync(string connectionString, CentreSize size, CancellationToken stop)
    {
        var settings = new EngineSettings
        {
            ConnectionString = connectionString,
            Secret = new byte[32],
            NodeName = "torture",
            Connect = _ => new Dictionary<string, IProvider>(StringComparer.Ordinal),
            Route = (_, _) => null,
            Background = false,
        };
        await using var engine = await Engine.StartAsync(settings, SystemClock.Instance, NullLoggerFactory.Instance, stop);
        var administer = new Administer(engine.Database, new Person("torture", "Torture", Enum.GetValues<Role>()));
        var desks = new List<Desk>();
        for (var agent = 1; agent <= size.Agents; agent++)
        {
            var code = FormattableString.Invariant($"agent{agent}");
            var parts = agent <= size.Divided ? PartsOfDivided : 1;
            var id = await administer.AddAgentAsync(code, code, parts: parts, commissionHundredthsPercent: 15)
                ?? throw new InvalidOperationException($"{code} is there already.");
            await engine.Funds.TopUpAsync(id, parts, "deposit", DepositQepik, "torture");
            var point = await administer.AddPointAsync(id, "point", "Point")
                ?? throw new InvalidOperationException("The point is there already.");
            for (var number = 1; number <= size.TerminalsEach; number++)
            {
                var terminal = FormattableString.Invariant($"{code}-{number}");
                var key = await administer.AddTerminalAsync(id, point, new NewTerminal(terminal, terminal));
                desks.Add(new Desk(code, terminal, key!));
            }
        }

        return desks;
    }
}
