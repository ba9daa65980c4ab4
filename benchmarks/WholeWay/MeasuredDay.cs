using System.Globalization;
using EGovPay.Benchmarks.Overload;
using EGovPay.Benchmarks.Torture;
using EGovPay.Processing.Catalogue;
using Npgsql;

namespace EGovPay.Benchmarks.WholeWay;

/// <summary>One run of the whole way: how many a second, how long each took, and what it cost, a payment.</summary>
/// <param name="WalBytes">Of write-ahead log.</param>
/// <param name="Commits">Of all transactions on the server; two of each payment are shared with others.</param>
/// <param name="Microseconds">Of processor time, by process.</param>
internal sealed record DayRate(
    double PerSecond, double P50, double P99, double WalBytes, double Commits, IReadOnlyList<(string Of, double Each)> Microseconds)
{
    public override string ToString() =>
        FormattableString.Invariant($"{PerSecond:F0}/s, p50 {P50:F1} ms, p99 {P99:F1} ms, {WalBytes:F0} bytes of WAL, {Commits:F2} commits; ")
        + "µs of processor a payment: "
        + string.Join(", ", Microseconds.Select(one => FormattableString.Invariant($"{one.Of} {one.Each:F0}")));
}

/// <summary>One or several servers on one database, a simulator and the terminals of a day, with everything on.</summary>
internal sealed class MeasuredDay : IAsyncDisposable
{
    private const int BillsOfATerminal = 10;

    private readonly string folder;
    private readonly Centre centre;
    private readonly Child simulator;
    private readonly IReadOnlyList<Child> servers;
    private readonly DayBills bills;
    private readonly List<Crowd> crowds = [];
    private readonly Crowd crowd;

    private MeasuredDay(string folder, Centre centre, Child simulator, IReadOnlyList<Child> servers, DayBills bills)
    {
        (this.folder, this.centre, this.simulator, this.servers, this.bills) = (folder, centre, simulator, servers, bills);
        crowd = CrowdOf(centre.Desks);
    }

    /// <summary>The most memory that the server ever held, MiB.</summary>
    public long PeakMebibytes { get; private set; }

    private string Record => RecordIn(folder);

    private static string RecordIn(string folder) => Path.Combine(folder, "providers.record");

    public static async Task<MeasuredDay> StartAsync(string folder, Centre centre, int nodes = 1)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "egovpay.dll");
        // They live for minutes, as servers do: what is learned in the first seconds pays.
        var live = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_TieredPGO"] = "1" };
        var simulator = await Child.StartedAsync(
            program, Path.Combine(folder, "simulator.log"), live, "simulate", "--port", "0", "--record", RecordIn(folder));
        var servers = new List<Child>();
        for (var node = 1; node <= nodes; node++)
        {
            servers.Add(await Child.StartedAsync(
                program, Path.Combine(folder, FormattableString.Invariant($"server-{node}.log")),
                new(live, StringComparer.Ordinal)
                {
                    ["EGOVPAY_DATABASE"] = centre.ConnectionString,
                    ["EGOVPAY_SECRET"] = "the secret of a measurement is worth nothing",
                    ["EGOVPAY_DATA"] = Path.Combine(folder, FormattableString.Invariant($"server-{node}")),
                    ["EGOVPAY_PROVIDERS"] = simulator.Address.GetLeftPart(UriPartial.Authority),
                    ["EGOVPAY_LOG"] = "warning",
                },
                "serve", "--listen", "http://127.0.0.1:0", "--terminal-requests", "0", "--address-requests", "0"));
        }

        return new MeasuredDay(folder, centre, simulator, servers, new DayBills(await CatalogueStore.LatestOrEmbeddedAsync(centre.Database)));
    }

    /// <summary>The terminals of some desks, at one of the servers.</summary>
    public Crowd CrowdOf(IEnumerable<Desk> desks, int node = 0, CrowdAsks asks = CrowdAsks.Payments)
    {
        var made = new Crowd(
            servers[node].Address, [.. desks.Select(desk => desk.Key)],
            _ => Enumerable.Range(0, BillsOfATerminal).Select(_ => asks == CrowdAsks.Payments ? bills.Next().Body() : bills.Next().InquiryBody()),
            asks);
        crowds.Add(made);
        return made;
    }

    /// <summary>So many connections, each asking again when it was answered, and a checkpoint in the middle.</summary>
    public Task<DayRate> PayAsync(int clients, int seconds) => PayAsync(clients, seconds, crowd);

    /// <summary>The same with the connections spread evenly over crowds. Times are those of the slowest crowd.</summary>
    public async Task<DayRate> PayAsync(int clients, int seconds, params Crowd[] spread)
    {
        var (times, (wal, commits)) = (Times(), await WrittenAsync());
        var paying = Task.WhenAll(spread.Select(one => one.ClosedAsync(clients / spread.Length, seconds)));
        await CheckpointAsync(seconds / 2.0);
        var all = await paying;
        foreach (var met in all)
        {
            Refuse(met);
        }

        var paid = Math.Max(1, all.Sum(met => met.Accepted));
        var used = Times().Zip(times, (after, before) => (after.Of, Each: (double)(after.Used - before.Used) / paid));
        var (walNow, commitsNow) = await WrittenAsync();
        return new DayRate(
            all.Sum(met => met.Accepted / met.Seconds), all.Max(met => met.P50), all.Max(met => met.P99), (walNow - wal) / paid,
            (commitsNow - commits) / paid, [.. used]);
    }

    /// <summary>So many a second, whoever waits; each time counts from when it was due.</summary>
    public async Task<CrowdMet> HalfAsync(double perSecond, int seconds)
    {
        var paying = crowd.OpenAsync(perSecond, seconds);
        await CheckpointAsync(seconds / 2.0);
        return await paying;
    }

    /// <summary>The settings that decide how durable it is, and how fast.</summary>
    public async Task<string> SettingsAsync()
    {
        await using var command = centre.Database.CreateCommand(
            "select version() || '; ' || string_agg(name || ' ' || current_setting(name), ', ' order by name) from pg_settings where name in "
            + "('fsync', 'full_page_writes', 'synchronous_commit', 'shared_buffers', 'max_wal_size', 'checkpoint_timeout', 'wal_compression', "
            + "'data_checksums', 'jit')");
        return (string)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>
    /// Stops, and holds what terminals were told against the books, the books against the simulator's record, and the books against what
    /// must always hold. How many told payments stand there, and how much is wrong.
    /// </summary>
    /// <param name="withRecord">False where payments were loaded that no simulator has heard of.</param>
    public async Task<(long Counted, long Violations)> EndAsync(bool withRecord = true)
    {
        PeakMebibytes = servers.Max(server => RunOverload.PeakMebibytes(server.Id));
        await StopAsync();
        var told = crowds.SelectMany(one => one.ToldReferences).ToList();
        var counted = await CountAsync(told);
        var (auditCode, audit) = await Child.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "egovpay.dll"), Path.Combine(folder, "audit.log"),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["EGOVPAY_DATABASE"] = centre.ConnectionString }, CancellationToken.None,
            "audit");
        RunDay.Say(audit.TrimEnd().Split('\n')[^1]);
        var unlike = withRecord ? await UnlikeAsync() : 0;
        RunDay.Say(string.Create(
            CultureInfo.InvariantCulture, $"told {told.Count}, in the books {counted}; {unlike} differ from the simulator's record"));
        return (counted, told.Count - counted + unlike + (auditCode == 0 ? 0 : 1));
    }

    public async ValueTask DisposeAsync()
    {
        crowds.ForEach(one => one.Dispose());
        await StopAsync();
    }

    private async Task StopAsync()
    {
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }

        await simulator.DisposeAsync();
    }

    /// <summary>Whoever is refused or surprised measures something else.</summary>
    private static void Refuse(CrowdMet met)
    {
        if (met.Refused + met.Strange > 0)
        {
            RunDay.Say(string.Create(CultureInfo.InvariantCulture, $"  {met.Refused} refused, {met.Strange} strange: they do not count"));
        }
    }

    private List<(string Of, long Used)> Times() =>
    [
        ("server", servers.Sum(server => ProcessorTime.Of(server.Id))), ("PostgreSQL", ProcessorTime.OfFamily(centre.ServerProcess!.Value)),
        ("simulator", ProcessorTime.Of(simulator.Id)), ("load", ProcessorTime.Of(Environment.ProcessId)),
    ];

    private async Task<(double Wal, double Commits)> WrittenAsync()
    {
        await using var command = centre.Database.CreateCommand(
            "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8, sum(xact_commit)::float8 from pg_stat_database");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetDouble(0), reader.GetDouble(1));
    }

    private async Task CheckpointAsync(double after)
    {
        await Task.Delay(TimeSpan.FromSeconds(after));
        await using var command = centre.Database.CreateCommand("checkpoint");
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    private async Task<long> CountAsync(List<string> told)
    {
        await using var connection = await centre.Database.OpenConnectionAsync();
        await using (var make = new NpgsqlCommand("create temporary table told (reference text)", connection))
        {
            await make.ExecuteNonQueryAsync();
        }

        await using (var copy = await connection.BeginBinaryImportAsync("copy told from stdin (format binary)"))
        {
            foreach (var reference in told)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(reference);
            }

            await copy.CompleteAsync();
        }

        await using var count = new NpgsqlCommand(
            "select count(distinct t.reference) from told t join payment p using (reference) join event e using (agent_id, number) "
            + "where e.edge in (8, 9)", connection) { CommandTimeout = 0 };
        return (long)(await count.ExecuteScalarAsync())!;
    }

    /// <summary>Payments that are confirmed and were not credited once at their provider, for their amount, and the other way round.</summary>
    private async Task<long> UnlikeAsync()
    {
        var credited = ProviderBook.Read(Record).Transactions;
        await using var command = centre.Database.CreateCommand(
            "select p.number, p.amount_qepik from payment p join event e using (agent_id, number) where e.edge in (8, 9)");
        command.CommandTimeout = 0;
        var (confirmed, unlike) = (0L, 0L);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            confirmed++;
            unlike += credited.TryGetValue(reader.GetInt64(0), out var one) && one is { Credits: 1, Reversals: 0, Even: true }
                && one.AmountQepik == reader.GetInt64(1) ? 0 : 1;
        }

        return unlike + Math.Abs(credited.Values.Count(one => one.Credits > 0) - confirmed);
    }
}
