using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.People;
using EGovPay.Settlement.Jobs;
using EGovPay.Terminals.Jobs;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay jobs …`: what is done by itself.</summary>
internal static class JobCommands
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    public static Verb Build() => new Verb("jobs", "What is done by itself: closing, registers, payouts, reconciling, the audit.").With(
        List(), History(), Run(),
        Pause(Acts.JobsPause, "pause", true, "Lets a job rest until it is resumed; asking for a run works all the same."),
        Pause(Acts.JobsResume, "resume", false, "Lets a paused job go on at its times."));

    private static Verb List()
    {
        var listing = new Listing(100, 100);
        return new Verb(
                "list", "Shows every job: its schedule (Baku time), when it runs next and what came of it last (UTC).",
                "egovpay jobs list", "egovpay jobs list --json")
            .With([.. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                return listing.Show(
                    parsed, await Schedule.LookAsync(JobTable.Of(null), store.Database, cancel),
                    ["job", "schedule", "bank days", "next (UTC)", "last (UTC)", "result", ">seconds", "outcome", "what"],
                    one =>
                    [
                        one.Job.Name, one.Job.Schedule, one.Job.BankDaysOnly ? "only" : "",
                        one.PausedBy is { } by ? $"paused by {by}" : Text(one.NextAt), Text(one.Last?.StartedAt), State(one.Last),
                        Seconds(one.Last), one.Last?.Outcome ?? one.Last?.Progress ?? "", one.Job.Purpose,
                    ],
                    (line, one) =>
                    {
                        line.WriteString("job", one.Job.Name);
                        line.WriteString("schedule", one.Job.Schedule);
                        line.WriteString("zone", "Asia/Baku");
                        line.WriteBoolean("bankDaysOnly", one.Job.BankDaysOnly);
                        line.WriteString("nextAt", one.NextAt is { } next ? InstantPattern.ExtendedIso.Format(next) : null);
                        line.WriteString("pausedBy", one.PausedBy);
                        line.WriteString("lastResult", one.Last is null ? null : State(one.Last));
                        line.WriteString("lastOutcome", one.Last?.Outcome);
                        Write(line, one.Last?.Percent, one.Last?.Progress);
                        line.WriteString("what", one.Job.Purpose);
                    });
            });
    }

    private static Verb History()
    {
        var name = new Argument<string?>("job") { Description = "only of this job", Arity = ArgumentArity.ZeroOrOne };
        var listing = new Listing(JobRuns.ListLimit, 50);
        return new Verb(
                "history", "Shows the latest runs, newest first: on which node, asked by whom, how long, what came of it.",
                "egovpay jobs history", "egovpay jobs history audit --format csv")
            .With(name)
            .With([.. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var only = parsed.GetValue(name);
                var runs = await new JobRuns(store.Database).ListAsync(only, most, cancel: cancel);
                if (only is not null && runs.Count == 0 && JobTable.Of(null).All(job => job.Name != only))
                {
                    throw NoSuch(only);
                }

                return listing.Show(
                    parsed, runs, [">run", "job", "node", "asked by", "started (UTC)", "result", ">seconds", "outcome"],
                    run =>
                    [
                        run.Id.ToString(CultureInfo.InvariantCulture), run.Job, run.Node, run.AskedBy ?? "", Text(run.StartedAt), State(run),
                        Seconds(run), run.Outcome ?? run.Progress ?? "",
                    ],
                    Write);
            });
    }

    private static Verb Run()
    {
        var name = new Argument<string>("job") { Description = "as `egovpay jobs list` shows it" };
        var wait = new Option<int>("--wait")
        {
            Description = "wait so long for its end, 0 to 3600; 0: only ask", HelpName = "SECONDS", DefaultValueFactory = _ => 60,
        };
        var json = Print.JsonOption();
        return new Verb(
                "run", "Asks for a run now, on whatever server is there, and waits for its end.", "egovpay jobs run audit",
                "egovpay jobs run send-registers --wait 0")
            .With(name, wait, json)
            .Does(Acts.JobsRun, async (parsed, cancel) =>
            {
                var job = parsed.GetValue(name)!;
                var seconds = parsed.GetValue(wait);
                if (seconds is < 0 or > 3600)
                {
                    throw CommandException.Usage("--wait: 0 to 3600 seconds.");
                }

                await using var desk = await Desk.OpenAsync(parsed, cancel);
                await using var schedule = await OpenAsync(desk.Store, parsed, cancel);
                var before = await schedule.Runs.ListAsync(job, 1, cancel: cancel);
                if (!await schedule.AskAsync(desk.Person, job, cancel))
                {
                    throw NoSuch(job);
                }

                return await EndAsync(parsed, json, schedule, job, before.Count == 0 ? 0 : before[0].Id, seconds, cancel);
            });
    }

    private static async Task<int> EndAsync(
        ParseResult parsed, Option<bool> json, Schedule schedule, string job, long after, int seconds, CancellationToken cancel)
    {
        var until = TimeProvider.System.GetTimestamp();
        JobRun? run = null;
        while (seconds > 0 && TimeProvider.System.GetElapsedTime(until) < TimeSpan.FromSeconds(seconds))
        {
            run = (await schedule.Runs.ListAsync(job, 10, cancel: cancel)).LastOrDefault(one => one.Id > after && one.AskedBy is not null);
            if (run?.Result is not (null or "lost"))
            {
                break;
            }

            await Task.Delay(Look, cancel);
        }

        await AgentCommands.SayAsync(
            parsed, json,
            run is null
                ? FormattableString.Invariant($"Asked for. No server has begun it within {seconds} s; whichever comes first will.")
                : FormattableString.Invariant($"{job}: {State(run)}, {Seconds(run)} s, on {run.Node}: {run.Outcome ?? run.Progress}"),
            line =>
            {
                line.WriteString("job", job);
                line.WriteString("result", run is null ? "asked" : State(run));
                line.WriteString("outcome", run?.Outcome);
            });
        return run?.Result == "failed" || (run is null && seconds > 0) ? Exit.Failed : Exit.Done;
    }

    private static Verb Pause(Act act, string verb, bool paused, string description)
    {
        var name = new Argument<string>("job") { Description = "as `egovpay jobs list` shows it" };
        var json = Print.JsonOption();
        return new Verb(verb, description, $"egovpay jobs {verb} send-registers").With(name, json).Does(act, async (parsed, cancel) =>
        {
            await using var desk = await Desk.OpenAsync(parsed, cancel);
            await using var schedule = await OpenAsync(desk.Store, parsed, cancel);
            var job = parsed.GetValue(name)!;
            if (!await schedule.PauseAsync(desk.Person, job, paused, cancel))
            {
                throw NoSuch(job);
            }

            await AgentCommands.SayAsync(
                parsed, json, paused ? $"{job} rests until `egovpay jobs resume {job}`." : $"{job} goes on at its times.",
                line =>
                {
                    line.WriteString("job", job);
                    line.WriteBoolean("paused", paused);
                });
            return Exit.Done;
        });
    }

    private static Task<Schedule> OpenAsync(Store store, ParseResult parsed, CancellationToken cancel) => Schedule.OpenAsync(
        new ScheduleSettings(
            $"{ReadSettings.From(parsed).Node} command line", SystemClock.Instance, TimeSpan.FromSeconds(5)),
        JobTable.Of(null), store.Database, NullLogger.Instance, cancel);

    private static CommandException NoSuch(string job) => new($"There is no job '{job}'. `egovpay jobs list` shows them.");

    private static string State(JobRun? run) => run is null ? "" : run.Result ?? FormattableString.Invariant($"running, {run.Percent ?? 0} %");

    private static string Seconds(JobRun? run) => run?.EndedAt is { } ended
        ? (ended - run.StartedAt).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) : "";

    private static string Text(Instant? at) => at is { } some ? InstantPattern.General.Format(some) : "";

    private static void Write(System.Text.Json.Utf8JsonWriter line, JobRun run)
    {
        line.WriteNumber("run", run.Id);
        line.WriteString("job", run.Job);
        line.WriteString("node", run.Node);
        line.WriteString("askedBy", run.AskedBy);
        line.WriteString("startedAt", InstantPattern.ExtendedIso.Format(run.StartedAt));
        line.WriteString("endedAt", run.EndedAt is { } ended ? InstantPattern.ExtendedIso.Format(ended) : null);
        line.WriteString("result", run.Result);
        line.WriteString("outcome", run.Outcome);
        Write(line, run.Percent, run.Progress);
    }

    private static void Write(System.Text.Json.Utf8JsonWriter line, int? percent, string? progress)
    {
        line.WritePropertyName("percent");
        if (percent is { } told)
        {
            line.WriteNumberValue(told);
        }
        else
        {
            line.WriteNullValue();
        }

        line.WriteString("progress", progress);
    }
}
