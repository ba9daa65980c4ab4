namespace EGovPay.Processing.Journal;

/// <summary>
/// The 16 lanes of the whole cluster. An agent (or one part of it) is always on the same lane; whoever holds the lane's
/// advisory lock is the only writer of its payments, holds and postings. The number of lanes never changes.
/// </summary>
public static class Lanes
{
    public const int Count = 16;

    /// <summary>First key of the advisory lock that every posting shares and the day's closer takes alone.</summary>
    public const int DayLock = 7301;

    /// <summary>First key of the lanes' advisory locks; the second is the lane.</summary>
    public const int LaneLock = 7302;

    /// <summary>First key of the lock around an agent's administration.</summary>
    public const int AgentLock = 7303;

    /// <summary>The lane of an agent or a part: Fibonacci hashing of its number, so that neighbours spread.</summary>
    public static short Of(int agentId) => (short)(unchecked((uint)agentId * 2654435769u) >> 28);

    /// <summary>
    /// Which part of an agent a reference belongs to: FNV-1a over its ASCII text, modulo the number of parts.
    /// It never changes: a reference must always be looked for where it was written.
    /// </summary>
    public static int Part(ReadOnlySpan<char> reference, int parts)
    {
        if (parts <= 1)
        {
            return 0;
        }

        var hash = 2166136261u;
        foreach (var letter in reference)
        {
            hash = unchecked((hash ^ letter) * 16777619u);
        }

        return (int)(hash % (uint)parts);
    }
}
