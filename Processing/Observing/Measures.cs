using System.Diagnostics.Metrics;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;

namespace EGovPay.Processing.Observing;

/// <summary>
/// What the engine counts and times as it happens. Whoever listens does so through System.Diagnostics.Metrics; while nobody does, a
/// call here is a look at a flag. Names follow OpenTelemetry's conventions, units are UCUM's. Tags have few values: a state, a result;
/// never a reference, an account, a terminal.
/// </summary>
public static class Measures
{
    /// <summary>The name of the meter and of the source of spans.</summary>
    public const string Name = "EGovPay.Processing";

    public const string StateTag = "egovpay.state";
    public const string ResultTag = "egovpay.result";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Payments = Meter.CreateCounter<long>(
        "egovpay.payments", "{payment}", "Payments that entered a state on this node.");

    private static readonly Histogram<double> PaymentDuration = Meter.CreateHistogram<double>(
        "egovpay.payment.duration", "s", "From a payment's acceptance to its final state.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 300, 3_600, 86_400],
        });

    private static readonly Counter<long> Receipts = Meter.CreateCounter<long>(
        "egovpay.receipts", "{receipt}", "Receipt numbers given out by this node.");

    private static readonly Histogram<double> CommitDuration = Meter.CreateHistogram<double>(
        "egovpay.journal.commit.duration", "s", "One transaction of the journal, from sending to its commit.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        });

    private static readonly Histogram<int> BatchSize = Meter.CreateHistogram<int>(
        "egovpay.journal.batch.size", "{command}", "Commands in one committed transaction of the journal.",
        advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000] });

    private static readonly Counter<long> Doubts = Meter.CreateCounter<long>(
        "egovpay.journal.doubts", "{commit}", "Commits whose standby did not confirm them; executed again.");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>(
        "egovpay.journal.failures", "{commit}", "Commits that failed for the moment; executed again.");

    private static readonly Counter<long> Bisections = Meter.CreateCounter<long>(
        "egovpay.journal.bisections", "{batch}", "Batches that were halved to find a command at fault.");

    private static readonly Counter<long> NoRooms = Meter.CreateCounter<long>(
        "egovpay.journal.no_room", "{batch}", "Batches that the database had no room for.");

    private static readonly Counter<long> TakeOvers = Meter.CreateCounter<long>(
        "egovpay.takeovers", "{payment}", "Payments taken over from a node that ended, or found again by their own.");

    private static readonly Counter<long> LateTruths = Meter.CreateCounter<long>(
        "egovpay.late_truths", "{payment}", "Answers that contradict a final state.");

    private static readonly Counter<long> LostHeartbeats = Meter.CreateCounter<long>(
        "egovpay.node.heartbeat.failures", "{heartbeat}", "Heartbeats that did not reach the database.");

    /// <summary>
    /// Shows counters of what rarely happens at zero: a series that begins at one is no increase to an alarm.
    /// </summary>
    internal static void Begin()
    {
        foreach (var counter in new[] { Doubts, Failures, Bisections, NoRooms, TakeOvers, LateTruths, LostHeartbeats })
        {
            counter.Add(0);
        }
    }

    /// <summary>The journal committed a batch.</summary>
    internal static void Committed(int commands, TimeSpan took)
    {
        BatchSize.Record(commands);
        CommitDuration.Record(took.TotalSeconds);
    }

    internal static void CommitDoubted() => Doubts.Add(1);

    internal static void CommitFailed() => Failures.Add(1);

    internal static void Bisected() => Bisections.Add(1);

    internal static void NoRoom() => NoRooms.Add(1);

    /// <summary>One was taken over by this very node: of several that try, the one whose event stands.</summary>
    internal static void TakenOver() => TakeOvers.Add(1);

    internal static void LateTruth() => LateTruths.Add(1);

    internal static void HeartbeatLost() => LostHeartbeats.Add(1);

    /// <summary>A payment entered a state by an edge of the table; one that leads back to its own state enters none.</summary>
    internal static void Entered(Edge edge)
    {
        if (Payments.Enabled && edge.From != edge.To)
        {
            Entered(edge.To);
        }
    }

    internal static void Entered(PaymentState state)
    {
        if (Payments.Enabled)
        {
            Payments.Add(1, new KeyValuePair<string, object?>(StateTag, NameOf(state)));
        }
    }

    /// <summary>An answer was recorded: how long the payment took where it is final now, and whether it got a receipt by it.</summary>
    internal static void Concluded(Payment before, Payment now)
    {
        if (now.ReceiptCounter is not null && before.ReceiptCounter is null)
        {
            Receipts.Add(1);
        }

        if (PaymentDuration.Enabled && now.Final && !before.Final)
        {
            PaymentDuration.Record(
                (now.At - now.AcceptedAt).TotalSeconds, new KeyValuePair<string, object?>(StateTag, NameOf(now.State)));
        }
    }

    /// <summary>A state's name; the same string every time.</summary>
    private static string NameOf(PaymentState state) => state.ToString();
}
