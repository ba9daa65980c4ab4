using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using EGovPay.Terminals.Observing;

namespace EGovPay.Tests.Observing;

/// <summary>
/// What one test's own engine measured. Measures are the process's, and other tests run beside this one: a listener here hears only what
/// was measured on the flow that began with it, and gauges only of the scope it is told.
/// </summary>
internal sealed class Heard : IDisposable
{
    private static readonly AsyncLocal<Heard?> Ear = new();

    private readonly MeterListener listener = new();
    private readonly ActivityListener spans;
    private readonly ConcurrentQueue<Measured> taken = new();
    private readonly ConcurrentQueue<Activity> ended = new();

    public Heard()
    {
        Ear.Value = this;
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (Telemetry.Meters.Contains(instrument.Meter.Name))
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
        spans = new ActivityListener
        {
            ShouldListenTo = source => Telemetry.Sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) =>
                Ear.Value == this ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (Ear.Value == this)
                {
                    ended.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(spans);
    }

    public IReadOnlyCollection<Activity> Spans => ended;

    public IReadOnlyCollection<Measured> All => taken;

    /// <summary>The sum of what was measured under a name, with a tag's value where one is given.</summary>
    public double Sum(string name, string? tag = null) => Of(name, tag).Sum(one => one.Value);

    public IEnumerable<Measured> Of(string name, string? tag = null) =>
        taken.Where(one => one.Name == name && (tag is null || one.Tags.Any(own => Equals(own.Value, tag))));

    /// <summary>What the gauges of one meter's scope show now.</summary>
    public static IReadOnlyList<Measured> Look(object scope)
    {
        var shown = new List<Measured>();
        using var look = new MeterListener();
        look.InstrumentPublished = (instrument, listening) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, scope))
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        look.SetMeasurementEventCallback<long>((instrument, value, tags, _) => shown.Add(new(instrument.Name, value, tags.ToArray())));
        look.SetMeasurementEventCallback<int>((instrument, value, tags, _) => shown.Add(new(instrument.Name, value, tags.ToArray())));
        look.SetMeasurementEventCallback<double>((instrument, value, tags, _) => shown.Add(new(instrument.Name, value, tags.ToArray())));
        look.Start();
        look.RecordObservableInstruments();
        return shown;
    }

    public void Dispose()
    {
        listener.Dispose();
        spans.Dispose();
        Ear.Value = null;
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Ear.Value == this)
        {
            taken.Enqueue(new Measured(instrument.Name, value, tags.ToArray()));
        }
    }
}

internal sealed record Measured(string Name, double Value, KeyValuePair<string, object?>[] Tags)
{
    public object? Tag(string name) => Tags.FirstOrDefault(tag => tag.Key == name).Value;
}
