using System.Diagnostics;
using System.Globalization;
using EGovPay.Terminals.Observing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EGovPay.Benchmarks.Observing;

/// <summary>
/// What looking costs: payments a second over HTTP with metrics and traces sent to a collector and scraped, against nobody looking,
/// in turns in one run on one server.
/// <code>dotnet run -c Release --project benchmarks -- observing [--rounds 5] [--seconds 8] [--payers 64]</code>
/// </summary>
internal static class MeasureObserving
{
    private static readonly Way[] Ways = [new("off", null), new("1 % of traces", 0.01), new("all traces", 1)];

    public static async Task<int> RunAsync(string[] arguments)
    {
        var rounds = Math.Max(3, Option(arguments, "--rounds", 5));
        var seconds = Option(arguments, "--seconds", 8);
        var payers = Option(arguments, "--payers", 64);
        await using var centre = await ObservedCentre.StartAsync(payers);
        await using var collector = await Collector.StartAsync();
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address);
        Environment.SetEnvironmentVariable("OTEL_METRIC_EXPORT_INTERVAL", "2000");
        Environment.SetEnvironmentVariable("OTEL_BSP_SCHEDULE_DELAY", "1000");
        // Until everything is compiled for good, the later is the faster, whoever looks.
        await MeasureAsync(centre, Ways[2], 3 * seconds);
        await MeasureAsync(centre, Ways[0], seconds);
        var figures = new List<Figure[]>();
        for (var round = 1; round <= rounds; round++)
        {
            // Every second round the other way about: what grows with the book is not taken for what looking costs.
            var now = new Figure[Ways.Length];
            foreach (var i in round % 2 == 1 ? new[] { 0, 1, 2 } : [2, 1, 0])
            {
                now[i] = await MeasureAsync(centre, Ways[i], seconds);
                await Console.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"round {round}, {Ways[i].Name}: {now[i].PerSecond:F0} payments/s, {now[i].CpuMicroseconds:F0} µs of CPU each"));
            }

            figures.Add(now);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"rounds":{{rounds}},"offPerSecond":{{Median(figures.Select(f => f[0].PerSecond)):F0}}"""
            + $$""","rateRatio":{{Ratio(figures, 1, f => f.PerSecond):F3}},"rateRatioAllTraces":{{Ratio(figures, 2, f => f.PerSecond):F3}}"""
            + $$""","cpuRatio":{{Ratio(figures, 1, f => f.CpuMicroseconds):F3}},"cpuRatioAllTraces":{{Ratio(figures, 2, f => f.CpuMicroseconds):F3}}"""
            + $$""","collectorBytes":{{collector.Bytes}},"collectorPosts":{{collector.Posts}}}"""));
        return collector.Posts > 0 ? 0 : 1;
    }

    private static async Task<Figure> MeasureAsync(ObservedCentre centre, Way way, int seconds)
    {
        using var telemetry = way.Traces is { } ratio ? Telemetry.Open("benchmark", ratio) : null;
        await using var door = way.Traces is null
            ? null
            : await MetricsDoor.OpenAsync(new(System.Net.IPAddress.Loopback, 0), NullLoggerFactory.Instance, CancellationToken.None);
        using var ends = new CancellationTokenSource();
        var scraping = door is null ? Task.CompletedTask : ScrapeAsync(new Uri(door.Address + "/metrics"), ends.Token);
        await centre.PayForAsync(TimeSpan.FromSeconds(2));
        using var own = Process.GetCurrentProcess();
        var (cpu, began) = (own.TotalProcessorTime, Stopwatch.GetTimestamp());
        var paid = await centre.PayForAsync(TimeSpan.FromSeconds(seconds));
        var took = Stopwatch.GetElapsedTime(began);
        own.Refresh();
        var used = own.TotalProcessorTime - cpu;
        await ends.CancelAsync();
        await scraping;
        return new Figure(paid / took.TotalSeconds, used.TotalMicroseconds / paid);
    }

    /// <summary>As Prometheus would, only oftener.</summary>
    private static async Task ScrapeAsync(Uri metrics, CancellationToken ends)
    {
        using var http = new HttpClient();
        while (!ends.IsCancellationRequested)
        {
            if (!(await http.GetStringAsync(metrics, CancellationToken.None)).Contains("egovpay_payments_total", StringComparison.Ordinal))
            {
                await Console.Error.WriteLineAsync("/metrics shows no payments yet.");
            }

            await Task.Delay(TimeSpan.FromSeconds(2), ends).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The median of each round's own ratio: what a neighbour on the machine does falls on neighbours in time.</summary>
    private static double Ratio(List<Figure[]> figures, int way, Func<Figure, double> of) =>
        Median(figures.Select(round => of(round[way]) / of(round[0])));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static int Option(string[] arguments, string name, int otherwise)
    {
        var at = Array.IndexOf(arguments, name);
        return at >= 0 && at + 1 < arguments.Length ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }

    /// <param name="Traces">The part of traces that is sent; null: nobody looks at anything.</param>
    private sealed record Way(string Name, double? Traces);

    /// <param name="CpuMicroseconds">Of this process, a payment: server, payers, collector.</param>
    private sealed record Figure(double PerSecond, double CpuMicroseconds);
}
