using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace EGovPay.Terminals.Observing;

/// <summary>
/// The measures as Prometheus reads them: text, version 0.0.4. Names are translated as OpenTelemetry's collector does it
/// (<c>egovpay.payments</c> becomes <c>egovpay_payments_total</c>), so the same alarms hold either way.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Combinations of tags that one measure may have; more are not counted.</summary>
    private const int SeriesLimit = 2_000;

    /// <summary>OpenTelemetry's own, for histograms that say nothing.</summary>
    private static readonly double[] UsualBounds =
        [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly MeterListener listener = new();
    private readonly Lock looking = new();
    private readonly Lock guard = new();
    private readonly List<Family> families = [];

    public PrometheusText(IEnumerable<string> meters)
    {
        var wanted = meters.ToHashSet(StringComparer.Ordinal);
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (wanted.Contains(instrument.Meter.Name))
            {
                listening.EnableMeasurementEvents(instrument, Add(instrument));
            }
        };
        listener.MeasurementsCompleted = (_, state) => Remove(state as Family);
        listener.SetMeasurementEventCallback<long>((_, value, tags, state) => ((Family)state!).Take(value, tags));
        listener.SetMeasurementEventCallback<int>((_, value, tags, state) => ((Family)state!).Take(value, tags));
        listener.SetMeasurementEventCallback<double>((_, value, tags, state) => ((Family)state!).Take(value, tags));
        listener.Start();
    }

    public void Dispose() => listener.Dispose();

    /// <summary>Everything as it stands now.</summary>
    public string Render()
    {
        // Two that look at once would each see half of what was looked at.
        lock (looking)
        {
            return RenderAlone();
        }
    }

    private string RenderAlone()
    {
        lock (guard)
        {
            families.ForEach(family => family.Forget());
        }

        listener.RecordObservableInstruments();
        var text = new StringBuilder(64 * 1024);
        lock (guard)
        {
            foreach (var same in families.GroupBy(family => family.Name, StringComparer.Ordinal)
                .OrderBy(same => same.Key, StringComparer.Ordinal))
            {
                var first = same.First();
                text.Append(CultureInfo.InvariantCulture, $"# HELP {first.Name} {first.Help}\n");
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {first.Name} {first.Kind}\n");
                foreach (var family in same)
                {
                    family.Write(text);
                }
            }
        }

        return text.ToString();
    }

    /// <summary>A measure's name as Prometheus knows it.</summary>
    internal static string NameOf(string name, string? unit, string kind)
    {
        var suffix = unit switch
        {
            "s" => "_seconds",
            "d" => "_days",
            "By" => "_bytes",
            "%" => "_percent",
            _ => "",
        };
        var plain = name.Replace('.', '_');
        plain = plain.EndsWith(suffix, StringComparison.Ordinal) ? plain : plain + suffix;
        return kind == "counter" ? plain + "_total" : plain;
    }

    private Family Add(Instrument instrument)
    {
        var family = new Family(instrument);
        lock (guard)
        {
            families.Add(family);
        }

        return family;
    }

    private void Remove(Family? family)
    {
        lock (guard)
        {
            families.RemoveAll(one => ReferenceEquals(one, family));
        }
    }

    /// <summary>One measure and its series.</summary>
    private sealed class Family
    {
        private readonly Dictionary<int, Series> series = [];
        private readonly bool observed;
        private readonly bool sums;
        private readonly double[]? bounds;
        private int count;

        public Family(Instrument instrument)
        {
            var generic = instrument.GetType().GetGenericTypeDefinition();
            observed = instrument.IsObservable;
            bounds = generic == typeof(Histogram<>) ? BoundsOf(instrument) : null;
            sums = generic == typeof(Counter<>) || generic == typeof(UpDownCounter<>);
            Kind = bounds is not null ? "histogram"
                : generic == typeof(Counter<>) || generic == typeof(ObservableCounter<>) ? "counter"
                : "gauge";
            Name = NameOf(instrument.Name, instrument.Unit, Kind);
            Help = (instrument.Description ?? "").Replace('\n', ' ').Replace("\\", "\\\\", StringComparison.Ordinal);
        }

        public string Name { get; }

        public string Kind { get; }

        public string Help { get; }

        public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (series)
            {
                if (Find(tags) is { } found)
                {
                    found.Take(value, sums, bounds);
                }
            }
        }

        /// <summary>What is looked at is looked at anew; what is no longer there must not be shown.</summary>
        public void Forget()
        {
            lock (series)
            {
                if (observed)
                {
                    series.Clear();
                    count = 0;
                }
            }
        }

        public void Write(StringBuilder text)
        {
            lock (series)
            {
                foreach (var head in series.Values)
                {
                    for (var one = head; one is not null; one = one.Next)
                    {
                        one.Write(text, Name, bounds);
                    }
                }
            }
        }

        private static double[] BoundsOf(Instrument instrument) => instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } said } => [.. said],
            Histogram<int> { Advice.HistogramBucketBoundaries: { } said } => [.. said.Select(bound => (double)bound)],
            Histogram<long> { Advice.HistogramBucketBoundaries: { } said } => [.. said.Select(bound => (double)bound)],
            _ => UsualBounds,
        };

        /// <summary>Allocates only for a combination of tags that was never seen.</summary>
        private Series? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var hash = default(HashCode);
            foreach (var tag in tags)
            {
                hash.Add(tag.Value);
            }

            var key = hash.ToHashCode();
            var head = series.GetValueOrDefault(key);
            for (var one = head; one is not null; one = one.Next)
            {
                if (one.Is(tags))
                {
                    return one;
                }
            }

            return ++count > SeriesLimit ? null : series[key] = new Series(tags.ToArray(), head, bounds?.Length ?? 0);
        }
    }

    private sealed class Series(KeyValuePair<string, object?>[] tags, Series? next, int buckets)
    {
        private readonly long[] counts = new long[buckets + 1];
        private readonly string labels = string.Join(',', tags.Select(tag => $"{tag.Key.Replace('.', '_')}=\"{Escape(tag.Value)}\""));
        private double value;

        public Series? Next => next;

        public bool Is(ReadOnlySpan<KeyValuePair<string, object?>> others)
        {
            if (others.Length != tags.Length)
            {
                return false;
            }

            for (var i = 0; i < tags.Length; i++)
            {
                if (tags[i].Key != others[i].Key || !Equals(tags[i].Value, others[i].Value))
                {
                    return false;
                }
            }

            return true;
        }

        public void Take(double more, bool sums, double[]? bounds)
        {
            value = sums || bounds is not null ? value + more : more;
            if (bounds is not null)
            {
                var place = Array.BinarySearch(bounds, more);
                counts[place < 0 ? ~place : place]++;
            }
        }

        public void Write(StringBuilder text, string name, double[]? bounds)
        {
            if (bounds is null)
            {
                Line(text, name, labels, value);
                return;
            }

            var below = 0L;
            var comma = labels.Length == 0 ? "" : ",";
            for (var i = 0; i < counts.Length; i++)
            {
                below += counts[i];
                var bound = i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                Line(text, name + "_bucket", $"{labels}{comma}le=\"{bound}\"", below);
            }

            Line(text, name + "_sum", labels, value);
            Line(text, name + "_count", labels, below);
        }

        private static void Line(StringBuilder text, string name, string labels, double value) => text.Append(
            CultureInfo.InvariantCulture, $"{name}{(labels.Length == 0 ? "" : $"{{{labels}}}")} {value:R}\n");

        private static string Escape(object? tag) => (Convert.ToString(tag, CultureInfo.InvariantCulture) ?? "")
            .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
    }
}
