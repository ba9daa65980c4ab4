namespace EGovPay.Processing.Journal;

/// <summary>How the journal runs.</summary>
/// <param name="Connections">Connections that serve the lanes, 1–16. The others work only while one is not enough.</param>
/// <param name="QueueLimit">Commands that may wait for one connection; more are refused.</param>
/// <param name="BatchLimit">Commands in one transaction at most.</param>
public sealed record JournalSettings(int Connections = 2, int QueueLimit = 20_000, int BatchLimit = 2_000)
{
    /// <summary>
    /// Commands in one transaction from which on the lanes are spread over all connections, until a transaction has a quarter of it.
    /// Below it one transaction of all lanes costs the database less than two of half of them; far above it one connection of the
    /// database works on one processor only, and others stand idle. Default 192.
    /// </summary>
    public int SpreadAt { get; init; } = 192;

    /// <summary>How long the end waits for commits under way before they are left open. Default 5 s.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(5);
    /// <summary>Hears of one event, the last, of each batch that is committed for sure; null: nobody does.</summary>
    public Action<Continuity.EventKey>? Saw { get; init; }
}
