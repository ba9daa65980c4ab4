using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Settlement.Jobs;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Terminals.Jobs;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>A run of a job.</summary>
/// <param name="AskedBy">A login; null: its schedule.</param>
/// <param name="Result">done, skipped, failed or lost (its server died; another run follows); null: it runs.</param>
/// <param name="Outcome">What it did, or why it failed.</param>
/// <param name="Percent">How far it is, where it tells.</param>
public sealed record JobRunJson(
    long Run, string Job, string Node, string? AskedBy, string StartedAt, string? EndedAt, string? Result, string? Outcome, int? Percent,
    string? Progress);

/// <summary>Runs, newest first.</summary>
/// <param name="Next">What <c>before</c> has to be for those that follow; null: there are none.</param>
public sealed record JobRunListJson(IReadOnlyList<JobRunJson> Items, string? Next);

/// <summary>Something that is done by itself.</summary>
/// <param name="Schedule">Cron with seconds, in the zone's time.</param>
/// <param name="BankDaysOnly">True: on other days it is skipped.</param>
/// <param name="NextAt">Null: paused, or no server has scheduled it yet.</param>
/// <param name="PausedBy">A login; null: it is not paused.</param>
/// <param name="Last">Null: it never ran.</param>
public sealed record JobJson(
    string Job, string What, string Schedule, string Zone, bool BankDaysOnly, string? NextAt, string? PausedBy, JobRunJson? Last);

/// <summary>Every job.</summary>
public sealed record JobListJson(IReadOnlyList<JobJson> Jobs);

/// <summary>A run was asked for; some server begins it in a moment.</summary>
/// <param name="After">The run will have a higher number than this.</param>
public sealed record JobAskedJson(string Job, string AskedBy, long After);

/// <summary>What is done by itself: look, ask for a run, let it rest, let it go on.</summary>
internal static class JobCalls
{
    private const int UsualLimit = 50;
    private const string Zone = "Asia/Baku";

    private static readonly Duration CheckIn = Duration.FromSeconds(5);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/jobs", ListAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/jobs/runs", RunsAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/jobs/runs/{id:long}", RunAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/jobs/{job}/run", AskAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/jobs/{job}/pause", PauseAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/jobs/{job}/resume", ResumeAsync).WithTags("settlement");
    }

    private static async Task<Results<Ok<JobListJson>, OfficeProblem>> ListAsync(HttpContext http, OfficeDoor door, Engine engine)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var found = await Schedule.LookAsync(JobTable.Of(null), engine.Database, http.RequestAborted);
        return TypedResults.Ok(new JobListJson([.. found.Select(Of)]));
    }

    private static async Task<Results<Ok<JobRunListJson>, OfficeProblem>> RunsAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? job = null, long? before = null, long? after = null, int? limit = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var most = query.Limit(limit, UsualLimit, JobRuns.ListLimit - 1);
        var only = query.Text("job", job);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        var found = await new JobRuns(engine.Database).ListAsync(
            only, most + 1, before ?? long.MaxValue, after ?? 0, http.RequestAborted);
        return TypedResults.Ok(new JobRunListJson(
            [.. found.Take(most).Select(Of)], found.Count > most ? FormattableString.Invariant($"{found[most - 1].Id}") : null));
    }

    private static async Task<Results<Ok<JobRunJson>, OfficeProblem>> RunAsync(
        HttpContext http, OfficeDoor door, Engine engine, StartReconciliation start, long id)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var runs = new JobRuns(engine.Database);
        var found = await runs.FindAsync(id, http.RequestAborted);
        if (found is { Result: null } && found.Job.StartsWith(StartReconciliation.Prefix, StringComparison.Ordinal))
        {
            // Of a run of a job its next one sees that it died; these have no next one.
            await start.LoseDeadAsync(http.RequestAborted);
            found = await runs.FindAsync(id, http.RequestAborted);
        }

        return found is { } one ? TypedResults.Ok(Of(one)) : new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoSuch(Thing.Run, id));
    }

    private static async Task<Results<Accepted<JobAskedJson>, OfficeProblem>> AskAsync(
        HttpContext http, OfficeDoor door, Engine engine, string job)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.JobsRun);
        if (refused is not null || (refused = Unknown(job)) is not null)
        {
            return refused;
        }

        await using var schedule = await OpenAsync(engine, http.RequestAborted);
        var before = await schedule.Runs.ListAsync(job, 1, cancel: http.RequestAborted);
        var after = before.Count == 0 ? 0 : before[0].Id;
        await schedule.AskAsync(person, job, http.RequestAborted);
        return TypedResults.Accepted(
            FormattableString.Invariant($"/v1/settlement/jobs/runs?job={job}&after={after}"), new JobAskedJson(job, person.Login, after));
    }

    private static Task<Results<Ok<JobJson>, OfficeProblem>> PauseAsync(HttpContext http, OfficeDoor door, Engine engine, string job) =>
        RestAsync(http, door, engine, job, Acts.JobsPause, paused: true);

    private static Task<Results<Ok<JobJson>, OfficeProblem>> ResumeAsync(HttpContext http, OfficeDoor door, Engine engine, string job) =>
        RestAsync(http, door, engine, job, Acts.JobsResume, paused: false);

    private static async Task<Results<Ok<JobJson>, OfficeProblem>> RestAsync(
        HttpContext http, OfficeDoor door, Engine engine, string job, Act act, bool paused)
    {
        var (person, refused) = await door.AdmitAsync(http, act);
        if (refused is not null || (refused = Unknown(job)) is not null)
        {
            return refused;
        }

        await using var schedule = await OpenAsync(engine, http.RequestAborted);
        await schedule.PauseAsync(person, job, paused, http.RequestAborted);
        return TypedResults.Ok(Of((await schedule.ListAsync(http.RequestAborted)).Single(one => one.Job.Name == job)));
    }

    /// <summary>As the command line opens it: it asks, and runs nothing itself.</summary>
    private static Task<Schedule> OpenAsync(Engine engine, CancellationToken cancel) => Schedule.OpenAsync(
        new ScheduleSettings("office", engine.Clock, CheckIn.ToTimeSpan()), JobTable.Of(null), engine.Database,
        Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, cancel);

    private static OfficeProblem? Unknown(string job) =>
        JobTable.Of(null).Any(one => one.Name == job) ? null : new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoJob, "job");

    private static JobJson Of(JobStatus one) => new(
        one.Job.Name, one.Job.Purpose, one.Job.Schedule, Zone, one.Job.BankDaysOnly, At(one.NextAt), one.PausedBy,
        one.Last is { } last ? Of(last) : null);

    internal static JobRunJson Of(JobRun one) => new(
        one.Id, one.Job, one.Node, one.AskedBy, At(one.StartedAt)!, At(one.EndedAt), one.Result, one.Outcome, one.Percent, one.Progress);

    private static string? At(Instant? at) => at is { } some ? InstantPattern.ExtendedIso.Format(some) : null;
}
