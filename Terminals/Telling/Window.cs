using System.Diagnostics;

namespace EGovPay.Terminals.Telling;

/// <summary>
/// How much of one receiver may be under way from this node: its own room, that nobody shares. A receiver that keeps failing gets one
/// attempt at a time, with growing pauses, until one is taken: it costs nearly nothing, whatever waits for it.
/// </summary>
/// <param name="longestPause">Between attempts to reach one that keeps failing.</param>
internal sealed class Window(int limit, TimeSpan longestPause)
{
    private const int FailuresUntilIll = 5;

    private readonly Lock gate = new();
    private int underWay;
    private int failures;
    private long pausedUntil;

    /// <summary>Attempts under way.</summary>
    public int UnderWay
    {
        get
        {
            lock (gate)
            {
                return underWay;
            }
        }
    }

    /// <summary>Attempts that may begin now.</summary>
    public int Room
    {
        get
        {
            lock (gate)
            {
                return failures < FailuresUntilIll ? limit - underWay
                    : Stopwatch.GetTimestamp() < pausedUntil ? 0
                    : Math.Max(0, 1 - underWay);
            }
        }
    }

    public void Begin()
    {
        lock (gate)
        {
            underWay++;
        }
    }

    /// <summary>An attempt has ended.</summary>
    /// <param name="well">The receiver answered as one that works; null: it was not asked.</param>
    public void End(bool? well)
    {
        lock (gate)
        {
            underWay--;
            if (well is null)
            {
                return;
            }

            failures = well.Value ? 0 : Math.Min(failures + 1, 30);
            if (failures >= FailuresUntilIll)
            {
                var seconds = Math.Min(longestPause.TotalSeconds, 0.5 * Math.Pow(2, failures - FailuresUntilIll));
                pausedUntil = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
            }
        }
    }
}
