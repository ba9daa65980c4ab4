namespace EGovPay.Settlement.Jobs;

/// <summary>Something that is done by itself, at its times.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Schedule">Cron with seconds, in Baku time: <c>0 30 8 * * ?</c>.</param>
/// <param name="BankDaysOnly">True: on other days it is skipped, by the working calendar.</param>
/// <param name="Purpose">For people.</param>
/// <param name="Run">
/// Does what is due, and says what it did. Run twice, or by two nodes at once, it does its work once; cut off in the middle, the next run
/// goes on.
/// </param>
public sealed record Job(
    string Name, string Schedule, bool BankDaysOnly, string Purpose, Func<JobProgress, CancellationToken, Task<string>> Run);

/// <summary>A run as its method sees it: who asked for it, and how far it is. Told often, that is written once a second at most, and
/// beyond that with each step of a twentieth: what takes long is seen though it began a moment after the step before.</summary>
/// <param name="askedBy">A login; null: its schedule.</param>
public sealed class JobProgress(TimeProvider time, string? askedBy, Func<int, string, Task> write)
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private const int Step = 5;
    private long? written;
    private int at;

    /// <summary>A login; null: its schedule.</summary>
    public string? AskedBy => askedBy;

    /// <param name="percent">0 to 100.</param>
    /// <param name="what">For people: <c>agent 3 of 40</c>.</param>
    public async Task TellAsync(int percent, string what)
    {
        var now = Math.Clamp(percent, 0, 100);
        if (written is { } last && time.GetElapsedTime(last) < Pace && now < at + Step)
        {
            return;
        }

        (written, at) = (time.GetTimestamp(), now);
        await write(now, what);
    }
}

/// <summary>A run of a job.</summary>
/// <param name="AskedBy">A login; null: its schedule.</param>
/// <param name="Result">done, skipped, failed or lost; null: it runs.</param>
/// <param name="Percent">How far it is, or was when it failed; 100 of what is done. Null: it told nothing.</param>
/// <param name="Progress">What it is at, or was at when it failed.</param>
public sealed record JobRun(
    long Id, string Job, string Node, string? AskedBy, NodaTime.Instant StartedAt, NodaTime.Instant? EndedAt, string? Result,
    string? Outcome, int? Percent, string? Progress);

/// <summary>A job as it stands.</summary>
/// <param name="NextAt">Null: paused, or no server has scheduled it yet.</param>
/// <param name="PausedBy">Null: it is not paused.</param>
public sealed record JobStatus(Job Job, NodaTime.Instant? NextAt, string? PausedBy, JobRun? Last);
