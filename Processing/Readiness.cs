using EGovPay.Processing.Dispatch;
using Npgsql;

namespace EGovPay.Processing;

/// <summary>
/// May work be sent to this node? Each reason against it is one stable word, which an alarm and a runbook page may go by.
/// </summary>
public sealed class Readiness(
    NpgsqlDataSource database, Journal.Journal journal, Node node, Continuity.WatchContinuity continuity)
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

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>What speaks against it, the gravest first; empty: ready.</summary>
    public async Task<IReadOnlyList<string>> ReasonsAsync(CancellationToken cancel = default)
    {
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

        if (!await AnswersAsync(cancel))
        {
            reasons.Add(DatabaseUnavailable);
        }

        return reasons;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            await using var ask = database.CreateCommand("select 1");
            await ask.ExecuteScalarAsync(limit.Token);
            return true;
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException or TimeoutException)
        {
            return false;
        }
    }
}
