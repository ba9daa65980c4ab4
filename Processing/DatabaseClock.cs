using NodaTime;

namespace EGovPay.Processing;

/// <summary>
/// The database's time on this node: what the database said at its heartbeats, carried on by the machine's monotonic clock. All
/// nodes judge by it what expires (quotes, signatures, nonces, keys) and what is dated; a node's own wall clock may show anything, and
/// may be set, while nothing changes here. Before the first heartbeat it is the wall's.
/// </summary>
/// <remarks>
/// The database looked at its clock at some moment between the question and the answer, so an answer tells between which two bounds
/// it is ahead of the monotonic clock. Bounds of answers that agree are put together: a slow answer spoils nothing that a prompt one
/// has told, and only what no round trip explains is a step.
/// </remarks>
public sealed class DatabaseClock(TimeProvider? time = null) : IClock
{
    /// <summary>Clocks that are disciplined while nodes run may do this much beyond their drift.</summary>
    private static readonly Duration Jump = Duration.FromMilliseconds(500);

    /// <summary>Two clocks drift apart by at most this part of what passes.</summary>
    private const double Drift = 0.001;

    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly Lock guard = new();
    private volatile Ahead? ahead;
    private long jumpedAt = long.MinValue;

    /// <summary>Now, by the database.</summary>
    public Instant GetCurrentInstant() => ahead is { } known
        ? At(time.GetTimestamp()) + known.Middle
        : Instant.FromDateTimeOffset(time.GetUtcNow());

    /// <summary>The database said what time it is.</summary>
    /// <param name="askedTicks">The monotonic clock before it was asked.</param>
    /// <returns>By how much its clock, or the machine it is on now, moved since it was last asked; zero: it did not.</returns>
    public Duration Told(Instant at, long askedTicks)
    {
        lock (guard)
        {
            var answered = time.GetTimestamp();
            var told = new Ahead(at - At(answered), at - At(askedTicks), answered);
            var before = ahead?.Widened(Drift * time.GetElapsedTime(ahead.Ticks, answered));
            ahead = before is null || told.Apart(before) > Duration.Zero ? told : told.And(before);
            if (before is null || told.Apart(before) <= Jump)
            {
                return Duration.Zero;
            }

            Volatile.Write(ref jumpedAt, answered);
            return told.Middle - before.Middle;
        }
    }

    /// <summary>
    /// True when its clock has gone on evenly for so long as this node knows: what it says of ends of claims and leases is so.
    /// </summary>
    public bool Even(TimeSpan length)
    {
        var jumped = Volatile.Read(ref jumpedAt);
        return jumped == long.MinValue || time.GetElapsedTime(jumped) > length;
    }

    /// <summary>The monotonic clock as if it had begun with the calendar of computers.</summary>
    private Instant At(long ticks) => NodaConstants.UnixEpoch + Duration.FromTimeSpan(time.GetElapsedTime(0, ticks));

    /// <summary>How far the database's clock is ahead of the monotonic one: at least and at most, as known at a moment.</summary>
    private sealed record Ahead(Duration Least, Duration Most, long Ticks)
    {
        public Duration Middle => Least + ((Most - Least) / 2);

        public Ahead Widened(TimeSpan by) => this with { Least = Least - Duration.FromTimeSpan(by), Most = Most + Duration.FromTimeSpan(by) };

        /// <summary>What lies between the two; zero or less: they agree.</summary>
        public Duration Apart(Ahead other) => Duration.Max(Least - other.Most, other.Least - Most);

        public Ahead And(Ahead other) => this with
        {
            Least = Duration.Max(Least, other.Least),
            Most = Duration.Min(Most, other.Most),
        };
    }
}
