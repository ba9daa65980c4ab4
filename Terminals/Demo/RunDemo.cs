using System.Net;
using System.Net.Sockets;
using EGovPay.Processing;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Days;
using EGovPay.Processing.Schema;
using EGovPay.Terminals.CommandLine;
using NodaTime;
using Npgsql;

namespace EGovPay.Terminals.Demo;

/// <summary>
/// The demo's day: everything started from nothing, payers served, registers delivered, and both sides' books compared.
/// </summary>
internal sealed class RunDemo
{
    /// <summary>For each agent and payment of the day, qəpik: nobody runs dry.</summary>
    private const long DepositEach = 20_000;

    private const int LateMilliseconds = 1_500;

    private static readonly TimeSpan RegisterPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly string RegistersOpen = Sql.Load("Demo/RegistersOpen.sql");

    private readonly DemoOptions options;
    private readonly Settings settings;
    private readonly Store store;
    private readonly string folder;
    private readonly DemoRun run;
    private readonly long from;
    private readonly DemoTally tally = new();

    private RunDemo(DemoOptions options, Settings settings, Store store, string folder, DemoRun run, long from)
    {
        this.options = options;
        this.settings = settings;
        this.store = store;
        this.folder = folder;
        this.run = run;
        this.from = from;
    }

    public static async Task<int> RunAsync(
        DemoOptions options, Settings settings, TextWriter output, CancellationToken stop)
    {
        using var logs = JsonLogs.Open(LogLevel.Error);
        DemoProgress.Say("PostgreSQL and the schema …");
        await using var store = await Store.OwnAsync(settings, logs.CreateLogger(nameof(RunDemo)), stop);
        await Migrate.RunAsync(store.ConnectionString, cancellation: stop);
        _ = ServerSecret.Take(settings, store.Home);
        var folder = Path.Combine(store.Home, "demo");
        Directory.CreateDirectory(folder);
        var run = DemoRun.At(SystemClock.Instance.GetCurrentInstant());
        var demo = new RunDemo(options, settings, store, folder, run, await NextNumberAsync(store.Database, stop));
        return await demo.RunAsync(output, stop);
    }

    private async Task<int> RunAsync(TextWriter output, CancellationToken stop)
    {
        DemoProgress.Say("Catalogue, agents, terminals …");
        var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(store.Database, stop);
        var people = await DemoPeople.ComeAsync(store.Database, folder, stop);
        var desks = await DemoCentre.SetUpAsync(store, people, run.Own, checked(options.Payments * DepositEach), stop);
        await using var subscriber = await DemoSubscriber.StartAsync(store, people, stop);
        var now = SystemClock.Instance.GetCurrentInstant().InZone(Baku.Zone).LocalDateTime;
        var payers = DemoPlan.Draw(catalogue, now, options.Payments, desks.Count, run, options.Seed);
        DemoProgress.Say("The providers and the server, each in a process of its own …");
        await using var simulator = await DemoChild.StartAsync(
            Path.Combine(folder, "simulate.log"), [], stop,
            "simulate", "--port", "0", "--record", await RecordAsync(stop), "--seed", FormattableString.Invariant(
                $"{options.Seed}"),
            "--late-milliseconds", FormattableString.Invariant($"{LateMilliseconds}"));
        await using var server = await SupervisedServer.StartAsync(at => StartServerAsync(simulator.Address, at, stop));
        var seconds = await ServeAsync(desks, payers, server, simulator, stop);
        await DeliverRegistersAsync(catalogue, stop);
        var settled = await DemoSettlement.RunAsync(store, people, simulator.Address, catalogue, from, stop);
        var compared = await CompareBooks.ReadAsync(store.Database, simulator.Address, from, run, tally.Told, stop);
        DemoProgress.Say("The audit …");
        var audit = await AuditBooks.RunAsync(store.Database, cancel: stop);
        var told = await subscriber.CountAsync(store.Database, from, stop);
        var result = new DemoResult(options, tally, compared, settled, audit, told, seconds, server.Restarts);
        result.Show(desks, server.Address, simulator.Address);
        await output.WriteLineAsync(result.Line());
        await output.FlushAsync(CancellationToken.None);
        if (!options.Exit)
        {
            DemoProgress.Say("It keeps serving; Ctrl-C ends it.");
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return result.Good ? Exit.Done : Exit.Failed;
    }

    /// <summary>
    /// Serves all payers by all terminals at once, until every payment is final. Returns the seconds until the last payer
    /// had been attended to: asking about silence goes on at the engine's own pace, however fast the terminals are.
    /// </summary>
    private async Task<double> ServeAsync(
        IReadOnlyList<DemoDesk> desks, IReadOnlyList<Planned> payers, SupervisedServer server, DemoChild simulator,
        CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var byDesk = payers.ToLookup(payer => payer.Terminal);
        var terminals = desks.Select(desk => new DemoTerminal(server.Address, desk, tally, ending.Token)).ToList();
        var attended = MeasureAsync(terminals);
        var serving = Task.WhenAll(terminals.Select((terminal, at) => terminal.ServeAsync([.. byDesk[at]])));
        var killing = options.KillServerAfter is { } after ? KillAsync(server, after, serving) : Task.CompletedTask;
        var watched = WatchAsync(serving, server, simulator);
        try
        {
            await DemoProgress.ShowAsync("Payments", watched, () => tally.Finished, payers.Count);
            await killing;
        }
        finally
        {
            await ending.CancelAsync();
            await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            terminals.ForEach(terminal => terminal.Dispose());
        }

        return await attended;
    }

    private static async Task<double> MeasureAsync(IReadOnlyList<DemoTerminal> terminals)
    {
        var began = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(terminals.Select(terminal => terminal.Attended));
        return TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task WatchAsync(Task serving, SupervisedServer server, DemoChild simulator)
    {
        var first = await Task.WhenAny(serving, server.Watching, simulator.Ended);
        if (first != serving)
        {
            await first;
            throw new CommandException(
                "The simulator or the server ended; their logs lie in the data folder under demo/.");
        }

        await serving;
    }

    private async Task KillAsync(SupervisedServer server, int after, Task serving)
    {
        while (tally.Finished < after && !serving.IsCompleted)
        {
            await Task.Delay(Look);
        }

        DemoProgress.Say("The server is killed …");
        server.KillHard();
    }

    private Task<DemoChild> StartServerAsync(Uri simulator, Uri? at, CancellationToken stop)
    {
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["EGOVPAY_DATABASE"] = store.ConnectionString,
            ["EGOVPAY_PROVIDERS"] = simulator.GetLeftPart(UriPartial.Authority),
            ["EGOVPAY_LISTEN"] = (at ?? FreeOrAny(settings.Listen)).GetLeftPart(UriPartial.Authority),
            ["EGOVPAY_SECRET"] = settings.Secret,
            ["EGOVPAY_SECRET_FILE"] = settings.SecretFile ?? Path.Combine(store.Home, "secret"),
            ["EGOVPAY_DATA"] = settings.Data,
            ["EGOVPAY_REGISTERS"] = Path.Combine(folder, "registers"),
            ["EGOVPAY_NODE"] = "demo",
            ["EGOVPAY_LOG"] = settings.Log.ToString(),
        };
        var log = at is null ? "serve.log" : FormattableString.Invariant($"serve-{Environment.TickCount64}.log");
        return DemoChild.StartAsync(Path.Combine(folder, log), variables, stop, "serve");
    }

    /// <summary>Brings the cut-off of the registers forward, and waits until every one is acknowledged.</summary>
    private async Task DeliverRegistersAsync(CatalogueSnapshot catalogue, CancellationToken stop)
    {
        DemoProgress.Say("The registers …");
        var receivers = catalogue.Providers.Where(provider => provider.Protocol == "register").ToList();
        var groups = catalogue.Services
            .Where(service => receivers.Exists(receiver => receiver.Code == service.Provider))
            .SelectMany(service => service.Rules).Select(rule => (short)(rule.CutOff[1] - '0')).Distinct();
        var windows = new SettlementWindows(store.Database);
        foreach (var group in groups)
        {
            await windows.CloseNowAsync(group, stop);
        }

        var since = TimeProvider.System.GetTimestamp();
        var accounts = receivers.Select(receiver => Processing.Ledger.Accounts.Payable(receiver.Id)).ToArray();
        while (await WaitingForRegistersAsync(accounts, stop) is > 0 and var waiting)
        {
            if (TimeProvider.System.GetElapsedTime(since) > RegisterPatience)
            {
                DemoProgress.Say(FormattableString.Invariant($"{waiting} payments wait for their register in vain."));
                return;
            }

            await Task.Delay(Look, stop);
        }
    }

    private async Task<long> WaitingForRegistersAsync(int[] accounts, CancellationToken stop)
    {
        await using var command = store.Database.CreateCommand(RegistersOpen);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = accounts });
        return (long)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>
    /// The simulator's record for this very database: numbers of another one would mean other payments.
    /// </summary>
    private async Task<string> RecordAsync(CancellationToken stop)
    {
        await using var command = store.Database.CreateCommand(
            "select (select system_identifier from pg_control_system())::text || '-' || oid from pg_database "
            + "where datname = current_database()");
        return Path.Combine(folder, $"providers-{await command.ExecuteScalarAsync(stop)}.record");
    }

    /// <summary>
    /// No payment of this run has a lesser number, and none of an earlier run a greater one: nodes take their numbers in
    /// blocks from the sequence, and the last block taken may have been used up to its end.
    /// </summary>
    private static async Task<long> NextNumberAsync(NpgsqlDataSource database, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            "select last_value + case when is_called then $1 else 0 end from payment_number");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Processing.Dispatch.Node.BlockSize });
        return (long)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>
    /// The address asked for, or any free port where that one is taken: a demo is not refused for a port.
    /// </summary>
    private static Uri FreeOrAny(Uri wanted)
    {
        if (!IPAddress.TryParse(wanted.DnsSafeHost, out var address))
        {
            return wanted;
        }

        try
        {
            using var listener = new TcpListener(address, wanted.Port);
            listener.Start();
            listener.Stop();
            return wanted;
        }
        catch (SocketException)
        {
            return new UriBuilder(wanted) { Port = 0 }.Uri;
        }
    }
}
