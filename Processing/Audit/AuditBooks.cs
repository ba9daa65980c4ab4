using System.Diagnostics;
using Npgsql;

namespace EGovPay.Processing.Audit;

/// <summary>
/// Holds a live database against everything that must always hold (architecture.md, 3). It reads only, beside running nodes,
/// in short snapshots and in memory that does not grow with the book: parts of an agent's payments are judged each in one
/// snapshot; what is a sum over a whole agent is compared as of a cut, a moment at which the agent's lane stood still.
/// </summary>
public static class AuditBooks
{
    /// <summary>Audits the whole database.</summary>
    /// <param name="database">The engine's database, on the schema of this program; one connection of it is used.</param>
    /// <param name="progress">Told after each part, on the audit's own thread; null: nobody listens.</param>
    /// <returns>Every invariant with its counts. What breaks one is a finding, never an exception.</returns>
    public static async Task<AuditReport> RunAsync(
        NpgsqlDataSource database, Action<AuditProgress>? progress = null, CancellationToken cancel = default)
    {
        var began = Stopwatch.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(cancel);
        var snapshots = new Snapshots(connection);
        var findings = new Findings();
        var whole = new AuditWhole(snapshots, findings);
        await whole.StatesAsync(cancel);
        await whole.DaysAsync(cancel);
        await whole.LostIntervalsAsync(cancel);
        await whole.PostingsAsync(cancel);
        await whole.PayoutsAsync(cancel);
        await new AuditRecord(snapshots, findings).RunAsync(cancel);
        await new AuditSeals(snapshots, findings).RunAsync(cancel);
        var agents = await whole.AgentsAsync(cancel);
        var book = new AuditAgent(snapshots, findings);
        var done = 0;
        foreach (var lane in agents.GroupBy(agent => agent.Lane).OrderBy(lane => lane.Key))
        {
            await AuditLane.RunAsync(
                lane.Key, [.. lane], snapshots, findings, book,
                agentDone => progress?.Invoke(new AuditProgress(done += agentDone, agents.Count, book.Payments)), cancel);
        }

        await whole.SeriesOfNoLaneAsync(agents, cancel);
        await whole.InquiriesAsync(agents, cancel);
        await whole.NumbersAsync(agents, cancel);
        return new AuditReport(
            findings.Tell(), book.Payments, book.Transfers, snapshots.Longest, Stopwatch.GetElapsedTime(began));
    }
}

/// <summary>An agent, or a part of one, or what rows take for one.</summary>
internal sealed record AuditedAgent(int Id, int FirstPart, int Parts)
{
    /// <summary>By the number, whatever the agent's row says.</summary>
    public int Lane => Journal.Lanes.Of(Id);
}
