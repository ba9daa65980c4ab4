using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Schema;
using EGovPay.Providers;
using EGovPay.Providers.Portability;
using EGovPay.Providers.Register;
using EGovPay.Settlement.Jobs;
using EGovPay.Settlement.Observing;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.Jobs;
using EGovPay.Terminals.Observing;
using EGovPay.Terminals.Telling;
using NodaTime;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay serve`: the engine with its HTTP side, until told to stop.</summary>
internal static class ServeCommand
{
    /// <summary>
    /// How long requests under way may take to end when the server stops. With two seconds for last answers, one for what tells and
    /// delivers, and what the engine takes to end (three for providers, three for a database that does not answer, three for the
    /// rest), the whole stays under twenty.
    /// </summary>
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(1);

    /// <summary>How often a node tells the others that its jobs live.</summary>
    private static readonly TimeSpan JobCheckIn = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whatever still waits then (a network that swallows, a collector of traces) is left as a killed process leaves it: open, and
    /// recovered by others.
    /// </summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(18_500);

    public static Verb Build()
    {
        var verb = new Verb(
            "serve",
            "Runs the payment centre: migrates the database, delivers payments, serves terminals over HTTP until it "
            + "is told to stop.",
            "egovpay serve",
            "egovpay serve --listen http://0.0.0.0:8080 --providers http://127.0.0.1:8090",
            "EGOVPAY_DATABASE='Host=db;Username=egovpay;Database=egovpay' EGOVPAY_SECRET_FILE=/run/secrets/egovpay "
            + "egovpay serve")
        {
            Notes = SettingsTable.Plain,
        };
        foreach (var setting in SettingsTable.OfServe)
        {
            if (setting.Option is { } option)
            {
                verb.Add(option);
            }
        }

        return verb.Does((parsed, stop) => RunAsync(
            ReadSettings.From(parsed), parsed.InvocationConfiguration.Output, stop));
    }

    private static async Task<int> RunAsync(Settings settings, TextWriter output, CancellationToken signal)
    {
        using var logs = JsonLogs.Open(settings.Log);
        var log = logs.CreateLogger(nameof(ServeCommand));
        await using var last = new Timer(_ => CutShort(log));
        using var stopping = new CancellationTokenSource();
        // Beside, and the time first: who is told may wait long where it is told (a statement is cancelled over the network).
        await using var bound = signal.Register(() =>
        {
            last.Change(Longest, Timeout.InfiniteTimeSpan);
            _ = stopping.CancelAsync();
        });
        return await ServeAsync(settings, output, logs, log, stopping.Token);
    }

    private static async Task<int> ServeAsync(
        Settings settings, TextWriter output, ILoggerFactory logs, ILogger log, CancellationToken stop)
    {
        var listen = Endpoint(settings.Listen);
        var access = ReadAccess.From(settings.AccessFile, settings.ProviderCa);
        using var telemetry = Telemetry.Open(settings.Node, settings.Traces);
        await using var metrics = await OpenMetricsAsync(settings, logs, stop);
        await using var store = await Store.OwnAsync(settings, log, stop);
        await Migrate.RunAsync(store.ConnectionString, log, stop);
        if (settings.Providers is null)
        {
            Log.ProvidersNotSet(log);
        }

        // What the engine judges and its signatures say goes by the database's time, whatever this machine's clock shows.
        var clock = new DatabaseClock();
        using var connect = new ConnectProviders(settings.Providers, access, clock, logs);
        var portability = Portability(settings);
        var engine = await StartEngineAsync(settings, store, connect, portability, clock, logs, stop);
        await using (engine)
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var folder = new RegisterFolder(settings.Registers);
            using var handOver = new HandOverRegister(settings.Providers, folder, log, access);
            var registers = new DeliverRegisters(
                engine.Database, () => engine.Catalogue.Current, folder, handOver, logs.CreateLogger<DeliverRegisters>());
            var jobs = Task.CompletedTask;
            try
            {
                using var receipts = OperatorOfReceipts.Open(settings, store.Home, log);
                var certificate = Certificate(settings, logs);
                await using var app = await OpenDoorsAsync(settings, listen, engine, registers, receipts, certificate, logs, stop);
                using var host = new WatchHost(
                    store.Home, clock, () => Ends(receipts, certificate), app.Services.GetRequiredService<Lockouts>().Now);
                await using var settlement = new WatchSettlement(
                    engine, JobTable.Of(null), settings.Limits, logs.CreateLogger<WatchSettlement>());
                await output.WriteLineAsync($"eGovPay listens on {app.Urls.First()}");
                await output.FlushAsync(CancellationToken.None);
                using var telling = new TellEveryone(
                    engine, TellingSetting.From(settings, app.Urls.First()), logs.CreateLogger<TellEveryone>());
                var told = WhenSureAsync(engine, telling.RunAsync, stop);
                var tools = new JobTools(engine, registers, telling, settings.Incoming, settings.JobDays);
                jobs = WhenSureAsync(engine, stopped => RunJobsAsync(settings.Node, tools, logs, stopped), ending.Token);
                await engine.Continuity.CutOff.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await Server.StopAsync(app, Drain);
                await ending.CancelAsync();
                await EndsAsync(Task.WhenAll(told, jobs));
            }
            finally
            {
                await ending.CancelAsync();
                await EndsAsync(jobs);
            }
        }

        return !engine.Continuity.CutOff.IsCompleted ? Exit.Done : throw new CommandException(
            "The database was restored while this server ran, and somebody said `egovpay restored`: what this server held belongs to "
            + "what is lost. Start it again; it goes on by itself.");
    }

    /// <summary>Runs what is due by itself, with the other nodes, until this one stops.</summary>
    private static async Task RunJobsAsync(
        string node, JobTools tools, ILoggerFactory logs, CancellationToken stop)
    {
        var log = logs.CreateLogger<Schedule>();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var schedule = await Schedule.OpenAsync(
                    new ScheduleSettings(node, tools.Engine.Clock, JobCheckIn), JobTable.Of(tools), tools.Engine.Database, log, stop);
                await schedule.StartAsync(stop);
                await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception failure)
            {
                // Payments are served without a schedule; it is opened again in a moment. What the end cut off is done by whoever comes next.
                if (!stop.IsCancellationRequested)
                {
                    Log.JobsNotScheduled(log, failure);
                }

                await Task.Delay(JobCheckIn, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static async Task<MetricsDoor?> OpenMetricsAsync(Settings settings, ILoggerFactory logs, CancellationToken stop)
    {
        try
        {
            return await MetricsDoor.OpenAsync(settings.Metrics is null ? null : Endpoint(settings.Metrics), logs, stop);
        }
        catch (Exception taken) when (taken is IOException or SocketException)
        {
            throw new CommandException(
                $"Metrics cannot be shown on {settings.Metrics!.GetLeftPart(UriPartial.Authority)}: {taken.Message} "
                + "Choose another address with --metrics, or none.", inner: taken);
        }
    }

    /// <summary>It has been told to end; what waits for the network longer than a moment is left to itself.</summary>
    private static async Task EndsAsync(Task work)
    {
        await Task.WhenAny(work, Task.Delay(LastPatience, CancellationToken.None));
        if (work.IsCompleted)
        {
            await work;
        }
    }

    private static void CutShort(ILogger log)
    {
        Log.StopCutShort(log, Longest.TotalSeconds);
        Environment.Exit(Exit.Done);
    }

    /// <summary>Nothing leaves the house while it is not known whether the database is the right one.</summary>
    private static async Task WhenSureAsync(Engine engine, Func<CancellationToken, Task> run, CancellationToken stop)
    {
        using var going = CancellationTokenSource.CreateLinkedTokenSource(stop, engine.Continuity.Broken);
        await engine.Continuity.SureAsync(going.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!going.IsCancellationRequested)
        {
            await run(going.Token);
        }
    }

    private static async Task<Engine> StartEngineAsync(
        Settings settings, Store store, ConnectProviders connect, PortabilityInForce portability, DatabaseClock clock,
        ILoggerFactory logs, CancellationToken stop)
    {
        var start = new EngineSettings
        {
            ConnectionString = store.ConnectionString,
            Secret = ServerSecret.Take(settings, store.Home),
            OtherSecrets = ServerSecret.Others(settings),
            NodeName = settings.Node,
            StopPatience = TimeSpan.FromSeconds(3),
            Journal = new JournalSettings { StopPatience = TimeSpan.FromSeconds(3) },
            MemoryFile = Path.Combine(store.Home, "remembered"),
            Connect = connect.Connect,
            Route = portability.Route,
            Payers = TellingSetting.Channels(settings),
        };
        try
        {
            return await Engine.StartAsync(start, clock, logs, stop);
        }
        catch (InvalidDataException unreadable)
        {
            throw new CommandException(unreadable.Message, inner: unreadable);
        }
    }

    private static async Task<WebApplication> OpenDoorsAsync(
        Settings settings, IPEndPoint listen, Engine engine, DeliverRegisters registers, OperatorOfReceipts receipts,
        ServerCertificate? certificate, ILoggerFactory logs, CancellationToken stop)
    {
        try
        {
            return await Server.StartAsync(
                new ServerSettings
                {
                    Listen = listen,
                    PublicAddress = settings.PublicAddress?.AbsoluteUri.TrimEnd('/'),
                    OperatorName = receipts.Name,
                    OperatorVoen = receipts.Voen,
                    Pdf = receipts.Pdf,
                    Registers = registers,
                    Certificate = certificate,
                    TrustedProxies = settings.TrustedProxies,
                    MaxConnections = settings.MaxConnections,
                    MaxRequests = settings.MaxRequests,
                    TerminalRequestsPerSecond = settings.TerminalRequests.PerSecond,
                    TerminalBurst = settings.TerminalRequests.Burst,
                    AgentRequestsPerSecond = settings.AgentRequests.PerSecond,
                    AgentBurst = settings.AgentRequests.Burst,
                    AddressRequestsPerSecond = settings.AddressRequests.PerSecond,
                    AddressBurst = settings.AddressRequests.Burst,
                },
                engine, logs, stop);
        }
        catch (IOException taken)
        {
            throw new CommandException(
                $"The server cannot listen on {settings.Listen.GetLeftPart(UriPartial.Authority)}: {taken.Message} "
                + "Choose another address: --listen http://127.0.0.1:0 takes any free port.", inner: taken);
        }
    }

    /// <summary>By use, when the certificates end that we show.</summary>
    private static IEnumerable<(string Use, Instant Ends)> Ends(OperatorOfReceipts receipts, ServerCertificate? server)
    {
        if (receipts.Ends is { } ends)
        {
            yield return ("receipts", ends);
        }

        if (server is not null)
        {
            yield return ("server", server.Ends);
        }
    }

    private static ServerCertificate? Certificate(Settings settings, ILoggerFactory logs)
    {
        try
        {
            return settings.TlsCertificate is not { } file ? null : ServerCertificate.Open(
                file, settings.TlsKey, settings.TlsPassword, TimeProvider.System, logs.CreateLogger<ServerCertificate>());
        }
        catch (Exception unreadable) when (
            unreadable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw CommandException.Usage($"The server's certificate cannot be used: {unreadable.Message}");
        }
    }

    private static IPEndPoint Endpoint(Uri listen)
    {
        var host = listen.DnsSafeHost;
        if (IPAddress.TryParse(host, out var address))
        {
            return new IPEndPoint(address, listen.Port);
        }

        return host == "localhost" ? new IPEndPoint(IPAddress.Loopback, listen.Port) : throw CommandException.Usage(
            $"'{host}' is no address to listen on. Give an IP address of this machine, such as 127.0.0.1 or 0.0.0.0.");
    }

    private static PortabilityInForce Portability(Settings settings)
    {
        var portability = new PortabilityInForce();
        if (settings.Portability is not { } file)
        {
            return portability;
        }

        try
        {
            var operators = EmbeddedCatalogue.Load().Providers.Select(provider => provider.Code).ToList();
            var import = portability.Load(file, operators);
            return import.Faults is [var first, ..]
                ? throw CommandException.Usage(
                    $"The portability table {file} has {import.Faults.Count} faults, the first: {first}")
                : portability;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Usage($"The portability table cannot be read: {unreadable.Message}");
        }
    }
}
