using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EGovPay.Providers;

/// <summary>How providers answer: one histogram, whose count is how often each was asked what, and a span for each request.</summary>
public static class Measures
{
    /// <summary>The name of the meter and of the source of spans.</summary>
    public const string Name = "EGovPay.Providers";

    internal static readonly ActivitySource Spans = new(Name);

    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> Requests = Meter.CreateHistogram<double>(
        "egovpay.provider.request.duration", "s", "One question to a provider, from asking to its answer or the end of patience.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60],
        });

    /// <summary>Somebody listens; while nobody does, nothing is timed.</summary>
    internal static bool Wanted => Requests.Enabled || Spans.HasListeners();

    /// <summary>A provider was asked and this came of it.</summary>
    internal static void Asked(string provider, string protocol, string call, string result, TimeSpan took)
    {
        var tags = new TagList
        {
            { "egovpay.provider", provider },
            { "egovpay.protocol", protocol },
            { "egovpay.call", call },
            { "egovpay.result", result },
        };
        Requests.Record(took.TotalSeconds, tags);
    }
}
