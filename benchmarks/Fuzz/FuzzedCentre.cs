using System.Buffers.Text;
using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Schema;
using EGovPay.Processing.Signatures;
using EGovPay.Settlement.Jobs;
using EGovPay.Terminals.Jobs;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>A terminal that the fuzzer asks as.</summary>
/// <param name="Signing">With which it signs; null: it does not.</param>
internal sealed record FuzzedTerminal(string Code, string Key, MessageKey? Signing, bool Shifts);

/// <summary>
/// What is fuzzed: a database, the provider simulator and the server in processes of their own, and terminals of every
/// kind.
/// </summary>
internal sealed class FuzzedCentre : IAsyncDisposable
{
    private const long Deposit = 1_000_000_000_000;

    private static readonly Person Everyone = new("fuzz", "Fuzz", Enum.GetValues<Role>());

    private readonly string folder;
    private readonly PrivateCluster? cluster;
    private readonly string secret;
    private readonly SemaphoreSlim restarting = new(1);
    private ServerProcess? simulator;

    private FuzzedCentre(string folder, PrivateCluster? cluster, string connectionString, string secret)
    {
        this.folder = folder;
        this.cluster = cluster;
        this.secret = secret;
        ConnectionString = connectionString;
        Database = Processing.PostgreSql.Database.Open(connectionString, maxPoolSize: 4);
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource Database { get; }

    public ServerProcess Server { get; private set; } = null!;

    public IReadOnlyList<FuzzedTerminal> Terminals { get; private set; } = [];

    public IReadOnlyList<Service> Services { get; } = [.. EmbeddedCatalogue.Load().Services];

    /// <param name="database">A migrated database that nobody else uses; null: a private cluster for as long as this lives.</param>
    public static async Task<FuzzedCentre> StartAsync(string? database)
    {
        var folder = Directory.CreateTempSubdirectory("egovpay-fuzz-").FullName;
        PrivateCluster? cluster = null;
        if (database is null)
        {
            cluster = await PrivateCluster.StartAsync(
                PrivateClusterSettings.FromEnvironment(folder), NullLogger.Instance, CancellationToken.None);
            database = cluster.ConnectionString;
            await Migrate.RunAsync(database);
        }

        var centre = new FuzzedCentre(
            folder, cluster, database, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));
        centre.Terminals = await centre.AddTerminalsAsync();
        await centre.RestJobsAsync();
        centre.simulator = await ServerProcess.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal),
            "simulate", "--port", "0", "--record", Path.Combine(folder, "simulator.record"), "--late-milliseconds", "1");
        await centre.StartServerAsync();
        return centre;
    }

    /// <summary>Starts the server, again after a crash.</summary>
    public async Task StartServerAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        Server = await ServerProcess.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["EGOVPAY_DATABASE"] = ConnectionString,
                ["EGOVPAY_PROVIDERS"] = simulator!.Address.GetLeftPart(UriPartial.Authority),
                ["EGOVPAY_LISTEN"] = "http://127.0.0.1:0",
                ["EGOVPAY_DATA"] = folder,
                ["EGOVPAY_SECRET"] = secret,
                ["EGOVPAY_NODE"] = "fuzzed",
                ["EGOVPAY_LOG"] = "warning",
            },
            "serve");
    }

    /// <summary>Starts the server again where it has ended; one caller of many does, and says so.</summary>
    public async Task RestartAsync(Action crashed)
    {
        await restarting.WaitAsync();
        try
        {
            if (Server.Ended)
            {
                crashed();
                await Console.Error.WriteLineAsync(Server.Log);
                await StartServerAsync();
            }
        }
        finally
        {
            restarting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        restarting.Dispose();
        foreach (var terminal in Terminals)
        {
            terminal.Signing?.Dispose();
        }

        await Server.DisposeAsync();
        if (simulator is not null)
        {
            await simulator.DisposeAsync();
        }

        await Database.DisposeAsync();
        if (cluster is not null)
        {
            await cluster.StopAndDeleteAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task<IReadOnlyList<FuzzedTerminal>> AddTerminalsAsync()
    {
        await using var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = ConnectionString,
                Secret = new byte[32],
                NodeName = "fuzz",
                Connect = _ => new Dictionary<string, IProvider>(StringComparer.Ordinal),
                Route = (_, _) => null,
                Background = false,
            },
            SystemClock.Instance, NullLoggerFactory.Instance);
        var first = await AddAgentAsync(engine, "fuzz-1");
        var second = await AddAgentAsync(engine, "fuzz-2");
        var terminals = new List<FuzzedTerminal>();
        for (var i = 0; i < 6; i++)
        {
            terminals.Add(await AddTerminalAsync(engine, i % 2 == 0 ? first : second, new($"plain-{i}", "Kassa")));
        }

        terminals.Add(await AddTerminalAsync(engine, first, new("shifts-1", "Masa", ShiftRequired: true)));
        terminals.Add(await AddTerminalAsync(engine, second, new("signed-1", "Kiosk", Signed: true)));
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signing = MessageKey.Ecdsa("signed-2", pair.ExportPkcs8PrivateKeyPem());
        var paired = await AddTerminalAsync(
            engine, first, new("signed-2", "Kiosk", Signed: true, PublicKey: pair.ExportSubjectPublicKeyInfo()));
        terminals.Add(paired with { Signing = signing });
        terminals.Add(await AddTerminalAsync(engine, second, new("narrow-1", "Dar", AllowedServices: ["10101"])));
        terminals.Add(await AddTerminalAsync(engine, second, new("poor-1", "Az", SingleLimitQepik: 500)));
        terminals.Add(await AddTerminalAsync(engine, first, new("gone-1", "Dayandırılıb")));
        await AdministerOf(engine).SuspendTerminalAsync("gone-1", suspended: true);
        return terminals;
    }

    /// <summary>What comes by the hour would be taken for what a refused request wrote.</summary>
    private async Task RestJobsAsync()
    {
        var jobs = JobTable.Of(null);
        await using var schedule = await Schedule.OpenAsync(
            new ScheduleSettings("fuzz", SystemClock.Instance, TimeSpan.FromSeconds(5)), jobs, Database, NullLogger.Instance);
        foreach (var job in jobs)
        {
            await schedule.PauseAsync(Everyone, job.Name, paused: true);
        }
    }

    private static Administer AdministerOf(Engine engine) => new(engine.Database, Everyone);

    private static async Task<int> AddAgentAsync(Engine engine, string code)
    {
        var id = await AdministerOf(engine).AddAgentAsync(code, "Sınaq agenti")
            ?? throw new InvalidOperationException("The database is not new.");
        await AdministerOf(engine).AddPointAsync(id, "p1", "Mərkəz");
        await engine.Funds.TopUpAsync(id, 1, "fuzz", Deposit, "fuzz");
        return id;
    }

    private async Task<FuzzedTerminal> AddTerminalAsync(Engine engine, int agentId, NewTerminal terminal)
    {
        var key = (await AdministerOf(engine).AddTerminalAsync(agentId, 1, terminal))!;
        var made = (await engine.Directory.FindByKeyAsync(key, engine.Clock.GetCurrentInstant()))!;
        var signing = terminal.Signed && terminal.PublicKey is null
            ? MessageKey.Shared(
                terminal.Code,
                Engine.Derive(
                    System.Text.Encoding.UTF8.GetBytes(secret),
                    FormattableString.Invariant($"terminal:{made.TerminalId}:{made.KeyGeneration}")))
            : null;
        return new FuzzedTerminal(terminal.Code, key, signing, terminal.ShiftRequired);
    }
}
