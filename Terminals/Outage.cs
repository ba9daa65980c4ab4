using System.Threading.Channels;
using Npgsql;

namespace EGovPay.Terminals;

/// <summary>
/// The database is away, or what lies between: nobody's defect, and said once for all requests that meet it. What a request had asked
/// of it is open; the gate says so, with 910 where something may have been written and 900 where nothing was taken.
/// </summary>
internal sealed class Outage(TimeProvider time, ILogger log)
{
    /// <summary>When a caller may come again, seconds.</summary>
    public const int RetrySeconds = 2;

    /// <summary>So long without a failure, and the next one is another outage.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    private readonly Lock guard = new();
    private long? last;

    /// <summary>
    /// True for what broke on the way: no connection, no answer in time, a server that starts, stops, has no room or may not write.
    /// False for what a server said about a statement: that is a defect.
    /// </summary>
    public static bool Is(Exception failure) => failure switch
    {
        PostgresException said => said.IsTransient || said.SqlState[..2] is "08" or "25" or "53" or "55" or "57" or "58",

        // The journal has ended: the server stops.
        NpgsqlException or TimeoutException or ChannelClosedException => true,
        _ => false,
    };

    /// <summary>Says it, unless it was said for this outage.</summary>
    public void Tell(Exception failure)
    {
        lock (guard)
        {
            var said = last is { } before && time.GetElapsedTime(before) < Quiet;
            last = time.GetTimestamp();
            if (said)
            {
                return;
            }
        }

        Log.DatabaseAway(log, failure);
    }
}
