using System.Diagnostics;
using System.Globalization;
using EGovPay.Benchmarks.Torture;
using EGovPay.Benchmarks.WholeWay;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using NodaTime;
using Npgsql;

namespace EGovPay.Benchmarks.Growth;

/// <summary>
/// What a payment costs with many others behind it. One centre grows to a tenth of the rows and to all of them; at each size it is measured in
/// turn with a new one that began with ten thousand, since a machine's own speed moves more than what is measured (what is paid meanwhile, to
/// warm it up too, comes to lie behind it). Then payments are looked up by reference, number and receipt's code, and the books are audited.
/// <code>dotnet run -c Release --project benchmarks -- growth [--rows 10000000] [--seconds 60]</code>
/// </summary>
internal static class RunGrowth
{
    public const string Usage = "growth [--rows 10000000] [--seconds 60], rows from 100000 to 30000000, seconds from 9 to 600";

    private const int FewRows = 10_000;
    private const int RowsAtOnce = 500_000;
    private const int Clients = 256;
    private const int WarmSeconds = 25;
    private const int Rounds = 3;
    private const int LookUps = 3_000;
    private const int LookUpsToWarm = 300;
    private static readonly CentreSize Size = new(Agents: 100, TerminalsEach: 10, Divided: 0, SharedBuffersMebibytes: null);

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (Read(arguments) is not var (rows, seconds) || rows is < 100_000 or > 30_000_000 || seconds is < 9 or > 600)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("egovpay-growth-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        try
        {
            return await MeasureAsync(folder, rows, seconds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (int Rows, int Seconds)? Read(string[] arguments)
    {
        var (rows, seconds) = (10_000_000, 60);
        for (var at = 1; at < arguments.Length; at += 2)
        {
            var value = at + 1 < arguments.Length ? arguments[at + 1] : "";
            var read = arguments[at] switch
            {
                "--rows" => int.TryParse(value, CultureInfo.InvariantCulture, out rows),
                "--seconds" => int.TryParse(value, CultureInfo.InvariantCulture, out seconds),
                _ => false,
            };
            if (!read)
            {
                return null;
            }
        }

        return (rows, seconds);
    }

    private static async Task<int> MeasureAsync(string folder, int rows, int seconds)
    {
        await using var grown = await GrownCentre.StartAsync(Path.Combine(folder, "grown"), Size);
        await grown.Day.PayAsync(Clients, WarmSeconds);
        var sizes = new[] { rows / 10, rows };
        var (perSecond, wal, ratio, violations) = (new List<double> { 0 }, new List<double> { 0 }, 0.0, 0L);
        foreach (var size in sizes)
        {
            await using var few = await GrownCentre.StartAsync(Path.Combine(folder, FormattableString.Invariant($"few-{size}")), Size);
            await few.GrowAsync(FewRows);
            await few.Day.PayAsync(Clients, WarmSeconds);
            await grown.GrowAsync(size);
            var pairs = new List<(DayRate Few, DayRate Grown)>();
            for (var round = 0; round < Rounds; round++)
            {
                pairs.Add((await few.Day.PayAsync(Clients, seconds / Rounds), await grown.Day.PayAsync(Clients, seconds / Rounds)));
                RunDay.Say(FormattableString.Invariant($"{FewRows} behind: {pairs[^1].Few}"));
                RunDay.Say(FormattableString.Invariant($"{size} behind: {pairs[^1].Grown}"));
            }

            ratio = Median(pairs.Select(pair => pair.Few.PerSecond / pair.Grown.PerSecond));
            perSecond[0] = Median(pairs.Select(pair => pair.Few.PerSecond));
            wal[0] = Median(pairs.Select(pair => pair.Few.WalBytes));
            perSecond.Add(Median(pairs.Select(pair => pair.Grown.PerSecond)));
            wal.Add(Median(pairs.Select(pair => pair.Grown.WalBytes)));
            violations += await few.EndAsync();
        }

        var lookups = await LookUpAsync(grown);
        violations += await grown.EndAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"rows":[{{FewRows}},{{sizes[0]}},{{sizes[1]}}],"perSecond":[{{Join(perSecond)}}],"costRatio":{{ratio:F2}}"""
            + $$""","lookupP99Ms":{{lookups:F2}},"walBytesPerPayment":[{{Join(wal)}}],"auditViolations":{{violations}}}"""));
        return violations == 0 ? 0 : 1;
    }

    /// <summary>The 99th of a hundred of all look-ups, by three ways in turn, of payments anywhere among all; milliseconds.</summary>
    private static async Task<double> LookUpAsync(GrownCentre grown)
    {
        var book = new PaymentBook(grown.Centre.Database);
        var wanted = await grown.AnyAsync(LookUps + LookUpsToWarm);
        var codes = new VerificationCode([new byte[32]]);
        var took = new List<double>();
        foreach (var (agent, number, reference) in wanted)
        {
            var code = codes.Encode(agent, number);
            Func<Task<Payment?>>[] ways =
            [
                () => book.FindAsync(agent, reference), () => book.FindAsync(agent, number),
                () => codes.Decode(code) is var (byCode, itsNumber) ? book.FindAsync(byCode, itsNumber) : Task.FromResult<Payment?>(null),
            ];
            foreach (var way in ways)
            {
                var began = Stopwatch.GetTimestamp();
                if ((await way())?.Number != number)
                {
                    throw new InvalidOperationException("A payment was not found.");
                }

                took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        took.RemoveRange(0, 3 * LookUpsToWarm);
        took.Sort();
        RunDay.Say(FormattableString.Invariant($"look-ups: p50 {took[took.Count / 2]:F2} ms, p99 {took[took.Count * 99 / 100]:F2} ms"));
        return took[took.Count * 99 / 100];
    }

    private static double Median(IEnumerable<double> numbers) => numbers.Order().ElementAt(Rounds / 2);

    private static string Join(IEnumerable<double> numbers) =>
        string.Join(',', numbers.Select(one => one.ToString("F0", CultureInfo.InvariantCulture)));

    /// <summary>A centre with its server, and what is loaded behind it.</summary>
    private sealed class GrownCentre : IAsyncDisposable
    {
        private readonly string services;
        private long behind;

        private GrownCentre(Centre centre, MeasuredDay day, string services) => (Centre, Day, this.services) = (centre, day, services);

        public Centre Centre { get; }

        public MeasuredDay Day { get; }

        public static async Task<GrownCentre> StartAsync(string folder, CentreSize size)
        {
            Directory.CreateDirectory(folder);
            var centre = await Centre.StartAsync(folder, CancellationToken.None, size);
            var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(centre.Database);
            var today = Baku.DateOf(SystemClock.Instance.GetCurrentInstant());
            var services = new DayBills(catalogue).Services.Select((service, place) => FormattableString.Invariant(
                $"({place}, {service.Code}, {catalogue.ProviderOf(service).Id}, {service.RuleOn(today)!.CutOff[1]}::smallint)"));
            return new GrownCentre(centre, await MeasuredDay.StartAsync(folder, centre), string.Join(", ", services));
        }

        /// <summary>Loads until so many are behind, in transactions of half a million; then all of it is on disk and its statistics are known.</summary>
        public async Task GrowAsync(long rows)
        {
            var began = Stopwatch.GetTimestamp();
            while (behind < rows)
            {
                var some = Math.Min(RowsAtOnce, rows - behind);
                var first = await FirstAsync(some);
                await ExecuteAsync(Sql.Load("Growth/GrowBook.sql")
                    .Replace("{first}", first.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                    .Replace("{payments}", some.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                    .Replace("{services}", services, StringComparison.Ordinal));
                behind += some;
                RunDay.Say(FormattableString.Invariant($"loaded {behind} of {rows}, {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s"));
            }

            await ExecuteAsync("vacuum (analyze) payment, event, transfer, funds");
            await ExecuteAsync("checkpoint");
        }

        /// <summary>Payments anywhere among those loaded.</summary>
        public async Task<List<(int Agent, long Number, string Reference)>> AnyAsync(int count)
        {
            await using var command = Centre.Database.CreateCommand(
                "select p.agent_id, p.number, p.reference from payment p tablesample system (2) "
                + FormattableString.Invariant($"order by random() limit {count}"));
            command.CommandTimeout = 0;
            var any = new List<(int, long, string)>();
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                any.Add((reader.GetInt32(0), reader.GetInt64(1), reader.GetString(2)));
            }

            return any;
        }

        /// <summary>Told and not in the books, and whatever else an audit finds.</summary>
        public async Task<long> EndAsync() => (await Day.EndAsync(withRecord: false)).Violations;

        public async ValueTask DisposeAsync()
        {
            await Day.DisposeAsync();
            await Centre.DisposeAsync();
        }

        /// <summary>Numbers that no node will take: its blocks go on behind them.</summary>
        private async Task<long> FirstAsync(long count)
        {
            await using var command = Centre.Database.CreateCommand(
                "with next as (select nextval('payment_number') as first) select first, setval('payment_number', first + $1) from next");
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (count + 999) / 1000 * 1000 });
            return (long)(await command.ExecuteScalarAsync())!;
        }

        private async Task ExecuteAsync(string sql)
        {
            await using var command = Centre.Database.CreateCommand(sql);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync();
        }
    }
}
