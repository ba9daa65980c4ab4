using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace EGovPay.Processing.Observing;

/// <summary>
/// The engine's gauges: what can only be looked at. Queues, doors and the lease are read where they are; what stands in the database is
/// read every ten seconds while somebody looks, and never because somebody looked.
/// </summary>
internal sealed class WatchEngine : IAsyncDisposable
{
    private const string ProviderTag = "egovpay.provider";

    /// <summary>How often the database is asked at most.</summary>
    internal static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly Engine engine;
    private readonly Meter meter;
    private readonly LookedAt<CentreNow> looked;
    private IReadOnlyList<string>? unready;

    /// <summary>Makes the gauges. The meter's scope is the engine: a process may hold several.</summary>
    public WatchEngine(Engine engine, ReadBook book, ILogger log)
    {
        this.engine = engine;
        looked = new LookedAt<CentreNow>(
            async cancel =>
            {
                // First, and kept where the book cannot be read: that is when it matters.
                unready = await engine.Readiness.ReasonsAsync(cancel);
                return await book.ReadAsync(cancel);
            },
            Every, log);
        meter = new Meter(new MeterOptions(Measures.Name) { Scope = engine });
        Measures.Begin();
        MakeOwn();
        MakeOfReadiness();
        MakeOfProviders();
        MakeOfBook();
        MakeOfTelling();
    }

    /// <summary>Ends the gauges and the reading.</summary>
    public async ValueTask DisposeAsync()
    {
        meter.Dispose();
        await looked.DisposeAsync();
    }

    /// <summary>Reads the book now; what the gauges of the database show from here on.</summary>
    internal Task ReadAsync(CancellationToken cancel) => looked.ReadAsync(cancel);

    private void MakeOwn()
    {
        Gauge("egovpay.journal.queue.length", "{command}", "Commands that wait for the journal.", () => engine.Journal.Waiting);
        meter.CreateObservableGauge(
            "egovpay.journal.queue.age", () => engine.Journal.OldestAge.TotalSeconds, "s",
            "How long the journal's oldest command has waited for its commit.");
        Gauge(
            "egovpay.payments.under_way", "{payment}", "Payments that this node is busy with.", () => engine.Node.UnderWay);
        meter.CreateObservableGauge(
            "egovpay.node.lease.age", () => engine.Node.LeaseAge.TotalSeconds, "s",
            "Since the last heartbeat that reached the database.");
    }

    /// <summary>As /health/ready says it, judged with the book's figures.</summary>
    private void MakeOfReadiness()
    {
        meter.CreateObservableGauge(
            "egovpay.ready", () => Judged(), "{state}",
            "1: work may be sent to this node; 0: it may not.");
        meter.CreateObservableGauge(
            "egovpay.unready", () => (unready ?? []).Select(why => new Measurement<int>(1, Tag("egovpay.reason", why))), "{state}",
            "Why no work may be sent to this node.");
    }

    private void MakeOfProviders()
    {
        meter.CreateObservableGauge(
            "egovpay.provider.breaker",
            () => engine.Gates.All.Select(gate => Of(gate.BreakerState, gate.Settings.Code)), "{state}",
            "The provider's circuit breaker: 0 closed, 1 half open, 2 open.");
        meter.CreateObservableGauge(
            "egovpay.provider.permits.used",
            () => engine.Gates.All.SelectMany(gate => new[]
            {
                Of(gate.InUse.Payments, gate.Settings.Code, "pay"),
                Of(gate.InUse.Inquiries, gate.Settings.Code, "inquire"),
                Of(gate.InUse.Questions, gate.Settings.Code, "ask"),
            }),
            "{permit}", "Requests under way at the provider.");
        meter.CreateObservableGauge(
            "egovpay.provider.permits.limit",
            () => engine.Gates.All.Select(gate => Of(gate.Settings.ConcurrencyLimit, gate.Settings.Code)), "{permit}",
            "Payments that may be under way at the provider at once.");
    }

    private void MakeOfBook()
    {
        meter.CreateObservableGauge(
            "egovpay.unknown.payments", () => Unknown(one => one.Payments), "{payment}", "Payments whose outcome is not known.");
        meter.CreateObservableGauge(
            "egovpay.unknown.age", () => Unknown(one => one.OldestSeconds), "s", "How long the oldest has been unknown.");
        meter.CreateObservableGauge(
            "egovpay.unknown.amount", () => Unknown(one => one.AmountQepik), "{qepik}", "Money of unknown payments.");
        meter.CreateObservableGauge(
            "egovpay.nodes",
            () => looked.Look() is { } now
                ? new[]
                {
                    new Measurement<long>(now.NodesAlive, Tag("egovpay.node.state", "alive")),
                    new Measurement<long>(now.NodesLost, Tag("egovpay.node.state", "lost")),
                }
                : [],
            "{node}", "Nodes with a lease, and nodes whose lease ended with payments to take over.");
        Figure("egovpay.day.age", "s", "How long the business day has been open.", now => now.DaySeconds);
        Figure("egovpay.day.lag", "d", "Days that the open business day is behind Baku's calendar.", now => now.DayLag);
        Figure(
            "egovpay.registers.open", "{register}", "Registers that nobody acknowledged.", now => now.RegistersOpen);
        Figure(
            "egovpay.registers.age", "s", "How long ago the oldest of them was written.", now => now.RegistersOldestSeconds);
        Figure(
            "egovpay.reversals.open", "{payment}", "Reversals without the provider's last word.", now => now.ReversalsOpen);
        Figure("egovpay.reversals.age", "s", "How long ago the oldest of them was asked for.", now => now.ReversalsOldestSeconds);
        Figure(
            "egovpay.contradictions.open", "{payment}", "Contradictions that nobody has worked.", now => now.ContradictionsOpen);
        Figure(
            "egovpay.contradictions.age", "s", "How long the oldest of them is open.", now => now.ContradictionsOldestSeconds);
        Figure("egovpay.lost.open", "{interval}", "What restores lost and nobody has settled.", now => now.LostOpen);
        Figure("egovpay.lost.age", "s", "How long the oldest of them is open.", now => now.LostOldestSeconds);
        Figure(
            "egovpay.proposals.stuck", "{proposal}", "Proposals that were approved a minute ago and are not carried out.",
            now => now.ProposalsStuck);
        Figure("egovpay.proposals.age", "s", "How long ago the oldest of them was approved.", now => now.ProposalsOldestSeconds);
        Figure(
            "egovpay.clock.offset", "s", "This machine's clock less the database's.", now => now.ClockOffsetSeconds);
        Figure(
            "egovpay.book.age", "s", "How old the figures are that were read from the database.",
            _ => looked.Age.TotalSeconds);
    }

    private void MakeOfTelling()
    {
        Figure(
            "egovpay.telling.waiting", "{event}", "Events in the outbox.", now => now.Telling.Waiting);
        Figure(
            "egovpay.telling.on_the_way", "{delivery}", "Deliveries that are being tried.", now => now.Telling.OnTheWay);
        Figure(
            "egovpay.telling.dead", "{delivery}", "Deliveries that were given up: dead letters.", now => now.Telling.Dead);
        Figure(
            "egovpay.telling.age", "s", "How long ago the oldest event happened that has not reached a receiver.",
            now => now.Telling.OldestUndelivered.TotalSeconds);
    }

    private void Gauge(string name, string unit, string what, Func<long> value) =>
        meter.CreateObservableGauge(name, value, unit, what);

    private void Figure(string name, string unit, string what, Func<CentreNow, double> value) =>
        meter.CreateObservableGauge(
            name, () => looked.Look() is { } now ? [new Measurement<double>(value(now))] : Array.Empty<Measurement<double>>(), unit, what);

    private IEnumerable<Measurement<T>> Unknown<T>(Func<UnknownNow, T> value)
        where T : struct =>
        looked.Look() is { } now
            ? now.Unknown.Select(one => new Measurement<T>(
                value(one), Tag(ProviderTag, engine.Gates.Find(one.ProviderId)?.Settings.Code ?? "unconnected")))
            : [];

    private Measurement<int>[] Judged()
    {
        looked.Look();
        return unready is { } reasons ? [new Measurement<int>(reasons.Count == 0 ? 1 : 0)] : [];
    }

    private static Measurement<int> Of(int value, string provider) => new(value, Tag(ProviderTag, provider));

    private static Measurement<int> Of(int value, string provider, string call) =>
        new(value, Tag(ProviderTag, provider), Tag("egovpay.call", call));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
