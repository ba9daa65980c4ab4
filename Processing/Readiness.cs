using EGovPay.Processing.Dispatch;
using Npgsql;

namespace EGovPay.Processing;

/// <summary>
/// May work be sent to this node? Each reason against it is one stable word, which an alarm and a runbook page may go by.
/// Anybody may ask, as often as they like: it is reckoned four times a second at most, by one asker on one connection of its own, and
/// whoever asks meanwhile gets that answer.
/// </summary>
/// <param name="database">A pool of one connection, which ends with this.</param>
public sealed class Readiness(
    NpgsqlDataSource database, Journal.Journal journal, Node node, Continuity.WatchContinuity continuity, TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>The database is not the continuation of what is known; nothing is taken until `egovpay restored`.</summary>
    public const string Restored = "restored";

    /// <summary>No standby confirms what the primary commits; commits wait.</summary>
    public const string StandbyMissing = "standby-missing";

    /// <summary>The lease was not renewed for four seconds: this node begins nothing.</summary>
    public const string LeaseLost = "lease-lost";

    /// <summary>The journal's oldest command has waited for <see cref="LongestQueue"/>: the queue does not move.</summary>
    public const string JournalStalled = "journal-stalled";

    /// <summary>The database does not answer a question within two seconds.</summary>
    public const string DatabaseUnavailable = "database-unavailable";

    /// <summary>Above it the journal counts as standing still: a commit takes milliseconds.</summary>
    public static readonly TimeSpan LongestQueue = TimeSpan.FromSeconds(5);

    private const int PatienceSeconds = 2;

    /// <summary>An answer this old is good for others too.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(250);

    private readonly Lock guard = new();
    private Task<IReadOnlyList<string>>? reckoned;
    private Task<bool> asked = Task.FromResult(false);
    private long reckonedAt;

    /// <summary>What speaks against it, the gravest first; empty: ready. At most 250 ms old, or as old as the database is slow.</summary>
    public Task<IReadOnlyList<string>> ReasonsAsync(CancellationToken cancel = default)
    {
        lock (guard)
        {
            if (reckoned is null || (reckoned.IsCompleted && time.GetElapsedTime(reckonedAt) >= Fresh))
            {
                reckonedAt = time.GetTimestamp();
                reckoned = ReckonAsync();
            }

            return reckoned.WaitAsync(cancel);
        }
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task<IReadOnlyList<string>> ReckonAsync()
    {
        // First: the rest is then as new as the answer.
        var answers = await AnswersAsync();
        var reasons = new List<string>();
        if (!continuity.Sure)
        {
            reasons.Add(Restored);
        }

        if (node.StandbyMissing)
        {
            reasons.Add(StandbyMissing);
        }

        if (!node.Alive)
        {
            reasons.Add(LeaseLost);
        }

        if (journal.OldestAge > LongestQueue)
        {
            reasons.Add(JournalStalled);
        }

        if (!answers)
        {
            reasons.Add(DatabaseUnavailable);
        }

        return reasons;
    }

    /// <summary>A question that was given up may still be on its way: the next one waits for it, and there are never two.</summary>
    private async Task<bool> AnswersAsync()
    {
        if (asked.IsCompleted)
        {
            asked = AskAsync();
        }

        try
        {
            return await asked.WaitAsync(TimeSpan.FromSeconds(PatienceSeconds), time);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task<bool> AskAsync()
    {
        try
        {
            await using var ask = database.CreateCommand("select 1");
            ask.CommandTimeout = PatienceSeconds;
            await ask.ExecuteScalarAsync();
            return true;
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException or ObjectDisposedException)
        {
            return false;
        }
    }
}
