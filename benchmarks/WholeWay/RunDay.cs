using System.Globalization;
using EGovPay.Benchmarks.Torture;
using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;

namespace EGovPay.Benchmarks.WholeWay;

/// <summary>What is measured, and for how long.</summary>
/// <param name="Rounds">Each with all parts; the medians count.</param>
/// <param name="Only">One part of it, for who looks for where the time goes: <c>whole</c> or <c>core</c>; null: all of it.</param>
internal sealed record DayOptions(int Seconds, IReadOnlyList<int> Clients, int Rounds, string? Only)
{
    public const string Usage =
        "day [--seconds 60] [--clients 64,256] [--rounds 3] [--only whole|core], seconds from 6 to 600, clients from 1 to 2000, rounds from 1 to 9";

    public static DayOptions? Read(string[] arguments)
    {
        var (seconds, clients, rounds, only) = (60, new List<int> { 64, 256 }, 3, (string?)null);
        for (var at = 1; at < arguments.Length; at += 2)
        {
            var value = at + 1 < arguments.Length ? arguments[at + 1] : "";
            var read = arguments[at] switch
            {
                "--seconds" => int.TryParse(value, CultureInfo.InvariantCulture, out seconds) && seconds is >= 6 and <= 600,
                "--clients" => (clients = Numbers(value)).Count > 0,
                "--rounds" => int.TryParse(value, CultureInfo.InvariantCulture, out rounds) && rounds is >= 1 and <= 9,
                "--only" => (only = value) is "whole" or "core",
                _ => false,
            };
            if (!read)
            {
                return null;
            }
        }

        return new DayOptions(seconds, clients, rounds, only);
    }

    private static List<int> Numbers(string text)
    {
        var numbers = text.Split(',').Select(
            one => int.TryParse(one, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 2_000 ? number : 0).ToList();
        return numbers.Contains(0) ? [] : numbers;
    }
}

/// <summary>
/// The whole way of a payment beside pgbench, on one machine in one run: a real server, simulator and load generator as processes of their own on
/// a durable PostgreSQL with the product's settings, three times in turn with pgbench on that server and on one with PostgreSQL's own settings;
/// then what was told is looked for in the books, the simulator's record is compared, and the books are audited.
/// <code>dotnet run -c Release --project benchmarks -- day [--seconds 60] [--clients 64,256]</code>
/// </summary>
internal static class RunDay
{
    private static readonly CentreSize Size = new(Agents: 100, TerminalsEach: 10, Divided: 0, SharedBuffersMebibytes: null);

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (DayOptions.Read(arguments) is not { } options)
        {
            await Console.Error.WriteLineAsync(DayOptions.Usage);
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("egovpay-day-").FullName;
        // A private PostgreSQL may run as another user, who must come in.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        try
        {
            await using var stock = await StockAsync(folder);
            await using var centre = await Centre.StartAsync(folder, CancellationToken.None, Size);
            return await RunAsync(folder, options, stock.ConnectionString, centre);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<PrivateCluster> StockAsync(string folder) => PrivateCluster.StartAsync(
        PrivateClusterSettings.FromEnvironment(Path.Combine(folder, "stock")) with
        {
            RootDataParent = Path.Combine(folder, "stock-data"), Stock = true,
        }, NullLogger.Instance);

    private static async Task<int> RunAsync(string folder, DayOptions options, string stock, Centre centre)
    {
        await using var day = await MeasuredDay.StartAsync(folder, centre);
        Say("PostgreSQL: " + await day.SettingsAsync());
        var yardstick = new List<double>();
        var core = new List<double>();
        var whole = options.Clients.ToDictionary(clients => clients, _ => new List<DayRate>());
        await day.PayAsync(options.Clients[^1], Math.Max(10, options.Seconds / 3));
        for (var round = 1; round <= options.Rounds; round++)
        {
            var part = Math.Max(3, options.Seconds / 6);
            foreach (var (name, server) in options.Only is not null ? [] : new[] { ("stock", stock), ("product", centre.ConnectionString) })
            {
                var rates = await Pgbench.MeasureAsync(server, part);
                yardstick.Add(rates.Max(one => one.PerSecond));
                var told = rates.Select(one => FormattableString.Invariant($"{one.Clients} clients {one.PerSecond:F0}/s"));
                Say(string.Create(CultureInfo.InvariantCulture, $"round {round}: pgbench, {name} settings: {string.Join(", ", told)}"));
            }

            foreach (var clients in options.Only == "core" ? [] : options.Clients)
            {
                var rate = await day.PayAsync(clients, options.Seconds);
                whole[clients].Add(rate);
                Say(string.Create(CultureInfo.InvariantCulture, $"round {round}: whole way, {clients} clients: {rate}"));
            }

            if (options.Only != "whole")
            {
                var rate = await MeasuredCore.RunAsync(
                    centre.Database, centre.ConnectionString, centre.ServerProcess!.Value, Math.Max(6, options.Seconds / 3));
                core.Add(rate.PerSecond);
                Say(string.Create(CultureInfo.InvariantCulture, $"round {round}: core: {rate}"));
            }
        }

        if (options.Only == "core")
        {
            return 0;
        }

        // The best of its settings and clients, in the middle of the rounds.
        var pgbench = Median(yardstick.Chunk(2).Select(pair => pair.Max()));
        var best = whole.Values.Select(rates => rates.OrderBy(one => one.PerSecond).ElementAt(rates.Count / 2)).MaxBy(one => one.PerSecond)!;
        var half = await day.HalfAsync(best.PerSecond / 2, options.Seconds);
        Say($"half load: {half}");
        var (counted, violations) = await day.EndAsync();
        var corePerSecond = Median(core);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"pgbenchTps":{{pgbench:F0}},"wholeWayPerSecond":{{best.PerSecond:F0}},"wholeWayRatio":{{best.PerSecond / pgbench:F2}}"""
            + $$""","corePerSecond":{{corePerSecond:F0}},"coreRatio":{{corePerSecond / pgbench:F2}},"p50Ms":{{best.P50:F1}},"p99Ms":{{best.P99:F1}}"""
            + $$""","halfLoadP99Ms":{{half.P99:F1}},"peakNodeMiB":{{day.PeakMebibytes}},"walBytesPerPayment":{{best.WalBytes:F0}}"""
            + $$""","counted":{{counted}},"auditViolations":{{violations}}}"""));
        return violations == 0 ? 0 : 1;
    }

    private static double Median(IEnumerable<double> numbers) => numbers.Order().ToList() is { Count: > 0 } sorted ? sorted[sorted.Count / 2] : 0;

    internal static void Say(string what) => Console.Error.WriteLine(what);
}
