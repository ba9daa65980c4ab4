using NodaTime;

namespace EGovPay.Processing;

/// <summary>
/// The database's time on this node: what the database said at the last heartbeat, carried on by the machine's monotonic clock. All
/// nodes judge by it what expires (quotes, signatures, nonces, keys) and what is dated; a node's own wall clock may show anything, and
/// may be set, while nothing changes here. Before the first heartbeat it is the wall's.
/// </summary>
public sealed class DatabaseClock(TimeProvider? time = null) : IClock
{
    /// <summary>A greater difference than a round trip explains, and than two clocks drift between two heartbeats.</summary>
    private static readonly Duration Jump = Duration.FromMilliseconds(500);

    private readonly TimeProvider time = time ?? TimeProvider.System;
    private volatile Reading? last;
    private long jumpedAt = long.MinValue;

    /// <summary>Now, by the database.</summary>
    public Instant GetCurrentInstant() => last is { } reading
        ? reading.At + Since(reading.Ticks)
        : Instant.FromDateTimeOffset(time.GetUtcNow());

    /// <summary>The database said what time it is.</summary>
    /// <param name="askedTicks">The monotonic clock before it was asked.</param>
    /// <returns>By how much its clock, or the machine it is on now, moved since it was last asked; zero: it did not.</returns>
    public Duration Told(Instant at, long askedTicks)
    {
        var now = time.GetTimestamp();
        var trip = Duration.FromTimeSpan(time.GetElapsedTime(askedTicks, now));
        var before = last;
        last = new Reading(at, askedTicks + ((now - askedTicks) / 2));
        if (before is null)
        {
            return Duration.Zero;
        }

        var moved = at - (before.At + Duration.FromTimeSpan(time.GetElapsedTime(before.Ticks, askedTicks + ((now - askedTicks) / 2))));
        var size = moved < Duration.Zero ? -moved : moved;
        if (size <= Jump + trip)
        {
            return Duration.Zero;
        }

        Volatile.Write(ref jumpedAt, now);
        return moved;
    }

    /// <summary>
    /// True when its clock has gone on evenly for so long as this node knows: what it says of ends of claims and leases is so.
    /// </summary>
    public bool Even(TimeSpan length)
    {
        var jumped = Volatile.Read(ref jumpedAt);
        return jumped == long.MinValue || time.GetElapsedTime(jumped) > length;
    }

    private Duration Since(long ticks) => Duration.FromTimeSpan(time.GetElapsedTime(ticks));

    private sealed record Reading(Instant At, long Ticks);
}
