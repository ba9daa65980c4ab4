using System.Diagnostics.CodeAnalysis;
using EGovPay.Processing;
using EGovPay.Processing.Calendar;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using Quartz;

namespace EGovPay.Settlement.Jobs;

/// <summary>Where jobs run, and by whose time.</summary>
/// <param name="Node">This node's name, for people.</param>
/// <param name="Clock">The database's time, which all nodes share.</param>
/// <param name="CheckIn">How often a node says that it lives; after about three of these its runs go to another.</param>
public sealed record ScheduleSettings(string Node, IClock Clock, TimeSpan CheckIn);

/// <summary>
/// The jobs' schedule: Quartz with its PostgreSQL store, clustered. Each job stands in it once, over all nodes; a run that died with its
/// node is run again by another; what an outage missed is run once when it is over.
/// </summary>
public sealed class Schedule : IAsyncDisposable
{
    private const string SchedulerName = "egovpay";
    private const string TableKey = "egovpay.jobs";
    private const string AskedBy = "askedBy";
    private const int AtOnce = 4;

    /// <summary>Two nodes that start at once do not make the scheduler's tables at once.</summary>
    private const int StartLock = 7318;

    private static readonly TimeZoneInfo Zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Baku");

    private readonly IScheduler scheduler;
    private readonly IReadOnlyList<Job> jobs;
    private readonly JobRuns runs;
    private readonly NpgsqlDataSource database;

    private Schedule(IScheduler scheduler, IReadOnlyList<Job> jobs, NpgsqlDataSource database)
    {
        this.scheduler = scheduler;
        this.jobs = jobs;
        this.database = database;
        runs = new JobRuns(database);
    }

    /// <summary>Opens the schedule, and enters jobs that are new or have another time; nothing runs before <see cref="StartAsync"/>.</summary>
    public static async Task<Schedule> OpenAsync(
        ScheduleSettings settings, IReadOnlyList<Job> jobs, NpgsqlDataSource database, ILogger log, CancellationToken cancel = default)
    {
        await using var turn = await database.OpenConnectionAsync(cancel);
        await LockAsync(turn, "select pg_advisory_lock($1, 0)", cancel);
        try
        {
            var builder = QuartzSchedulerBuilder.Create(quartz =>
            {
                quartz.ConfigureScheduler(options =>
                {
                    options.InstanceName = SchedulerName;
                    options.InstanceId = FormattableString.Invariant($"{settings.Node}-{Guid.NewGuid():N}");
                    options.DefaultTimeZone = Zone;
                });
                quartz.UseDefaultThreadPool(AtOnce);
                quartz.UseTimeProvider(new ClockTime(settings.Clock));
                quartz.UsePersistentStore(store =>
                {
                    // The pool that finds the primary by itself.
                    store.UsePostgres(options => options.DataSourceFactory = _ => database);
                    store.ConfigureStore(options =>
                    {
                        options.TablePrefix = "quartz.";
                        options.SchemaProvisioning = SchemaProvisioning.CreateIfMissing;
                        options.UseBackgroundThreads = true;
                    });
                    store.UseClustering(cluster => cluster.CheckinInterval = settings.CheckIn);
                });
            });
            var scheduler = await builder.BuildScheduler(cancel);
            var schedule = new Schedule(scheduler, jobs, database);
            scheduler.Context[TableKey] = new Running(schedule, settings, log);
            await schedule.EnterAsync(settings.Clock.GetCurrentInstant(), cancel);
            return schedule;
        }
        finally
        {
            await LockAsync(turn, "select pg_advisory_unlock($1, 0)", CancellationToken.None);
        }
    }

    /// <summary>From now on this node runs what is due.</summary>
    public async Task StartAsync(CancellationToken cancel = default) => await scheduler.Start(cancel);

    /// <summary>
    /// Every job, when it runs next, and what came of it last. It only reads: also where nothing may be written, and where no server has
    /// ever made the scheduler's tables.
    /// </summary>
    public static async Task<IReadOnlyList<JobStatus>> LookAsync(
        IReadOnlyList<Job> jobs, NpgsqlDataSource database, CancellationToken cancel = default)
    {
        var times = new Dictionary<string, (Instant? Next, bool Paused)>(StringComparer.Ordinal);
        await using (var made = database.CreateCommand("select to_regclass('quartz.triggers') is not null"))
        {
            if (await made.ExecuteScalarAsync(cancel) is true)
            {
                await using var look = database.CreateCommand(
                    "select t.trigger_name, t.next_fire_time, t.trigger_state like 'PAUSED%' from quartz.triggers t "
                    + "where t.sched_name = $1 and t.trigger_name = any ($2) limit 1000");
                look.Parameters.Add(new NpgsqlParameter<string> { TypedValue = SchedulerName });
                look.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. jobs.Select(job => job.Name)] });
                await using var row = await look.ExecuteReaderAsync(cancel);
                while (await row.ReadAsync(cancel))
                {
                    // Quartz keeps ticks of UTC.
                    times[row.GetString(0)] = (
                        row.IsDBNull(1) ? null : Instant.FromDateTimeUtc(new DateTime(row.GetInt64(1), DateTimeKind.Utc)), row.GetBoolean(2));
                }
            }
        }

        var last = (await new JobRuns(database).LatestAsync([.. jobs.Select(job => job.Name)], cancel))
            .ToDictionary(run => run.Job, StringComparer.Ordinal);
        var all = new List<JobStatus>();
        foreach (var job in jobs)
        {
            var (next, paused) = times.GetValueOrDefault(job.Name);
            all.Add(new JobStatus(
                job, paused ? null : next, paused ? await PausedByAsync(database, job.Name, cancel) ?? "" : null, last.GetValueOrDefault(job.Name)));
        }

        return all;
    }

    /// <summary>Every job of this schedule, as <see cref="LookAsync"/> sees it.</summary>
    public Task<IReadOnlyList<JobStatus>> ListAsync(CancellationToken cancel = default) => LookAsync(jobs, database, cancel);

    /// <summary>The record of runs.</summary>
    public JobRuns Runs => runs;

    /// <summary>Asks for a run now, by whatever node is there. False: there is no such job.</summary>
    public async Task<bool> AskAsync(Person by, string name, CancellationToken cancel = default)
    {
        by.Require(Acts.JobsRun);
        if (jobs.All(job => job.Name != name))
        {
            return false;
        }

        await RecordAsync(by, Acts.JobsRun, name, cancel);
        await scheduler.TriggerJob(new JobKey(name), new JobDataMap { [AskedBy] = by.Login }, cancel);
        return true;
    }

    /// <summary>Lets a job rest, or go on; asking for a run of it works all the same. False: there is no such job.</summary>
    public async Task<bool> PauseAsync(Person by, string name, bool paused, CancellationToken cancel = default)
    {
        var act = paused ? Acts.JobsPause : Acts.JobsResume;
        by.Require(act);
        if (jobs.All(job => job.Name != name))
        {
            return false;
        }

        await RecordAsync(by, act, name, cancel);
        if (paused)
        {
            await scheduler.PauseTrigger(Trigger(name), cancel);
        }
        else
        {
            await scheduler.ResumeTrigger(Trigger(name), cancel);
        }

        return true;
    }

    /// <summary>Lets what runs end; the rest is other nodes'.</summary>
    public async ValueTask DisposeAsync()
    {
        await scheduler.Shutdown(waitForJobsToComplete: true, CancellationToken.None);
        await scheduler.DisposeAsync();
    }

    private async Task EnterAsync(Instant now, CancellationToken cancel)
    {
        foreach (var job in jobs)
        {
            var detail = JobBuilder.Create<RunFromTable>().WithIdentity(job.Name).WithDescription(job.Purpose)
                .StoreDurably().RequestRecovery().Build();
            await scheduler.AddJob(detail, new AddJobOptions { Replace = true }, cancel);
            var trigger = TriggerBuilder.Create().WithIdentity(Trigger(job.Name)).ForJob(job.Name).StartAt(now.ToDateTimeOffset())
                .WithSchedule(CronScheduleBuilder.Create(job.Schedule).InTimeZone(Zone)
                    .WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
                .Build();
            if (await scheduler.GetTrigger(Trigger(job.Name), cancel) is not { } known)
            {
                await scheduler.ScheduleJob(trigger, cancellationToken: cancel);
            }
            else if (known is ICronTrigger cron && cron.CronExpressionString != job.Schedule)
            {
                // A program with other times: the next one is reckoned anew, and a pause stays one.
                var paused = await scheduler.GetTriggerState(Trigger(job.Name), cancel) == TriggerState.Paused;
                await scheduler.RescheduleJob(Trigger(job.Name), trigger, cancel);
                if (paused)
                {
                    await scheduler.PauseTrigger(Trigger(job.Name), cancel);
                }
            }
        }
    }

    private async Task RecordAsync(Person by, Act act, string name, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginChangeAsync(cancel);
        await ActRecord.AppendAsync(connection, transaction, by.Login, act.Name, $"job {name}", ActRecord.Details());
        await transaction.CommitAsync(cancel);
    }

    private static async Task<string?> PausedByAsync(NpgsqlDataSource database, string name, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select a.who from act a where a.subject = $1 and a.what = $2 order by a.number desc limit 1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"job {name}" });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Acts.JobsPause.Name });
        return (string?)await command.ExecuteScalarAsync(cancel);
    }

    private static async Task LockAsync(NpgsqlConnection connection, string statement, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = StartLock });
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static TriggerKey Trigger(string job) => new(job);

    /// <summary>Runs a job of the table, and writes what came of it.</summary>
    private sealed class Running(Schedule schedule, ScheduleSettings settings, ILogger log)
    {
        public async Task RunAsync(string name, string? askedBy, CancellationToken cancel)
        {
            var job = schedule.jobs.Single(one => one.Name == name);
            var run = await schedule.runs.StartAsync(name, settings.Node, askedBy, cancel);
            try
            {
                if (askedBy is null && job.BankDaysOnly && !await IsBankDayAsync(cancel))
                {
                    await schedule.runs.EndAsync(run, "skipped", "today is no bank day");
                    return;
                }

                var progress = new JobProgress(TimeProvider.System, askedBy, (percent, what) => schedule.runs.TellAsync(run, percent, what));
                await schedule.runs.EndAsync(run, "done", await job.Run(progress, cancel));
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                await schedule.runs.EndAsync(run, "failed", "cut off by the server's end");
            }
            catch (Exception failure)
            {
                // Whatever it is: the next run comes at its time, and this one stands in the record for people to see.
                Log.JobFailed(log, failure, name);
                await schedule.runs.EndAsync(run, "failed", failure.Message);
            }
        }

        private async Task<bool> IsBankDayAsync(CancellationToken cancel) =>
            (await CalendarStore.ReadAsync(schedule.database, cancel)).IsBankDay(Baku.DateOf(settings.Clock.GetCurrentInstant()));
    }

    /// <summary>What Quartz makes for each run.</summary>
    [DisallowConcurrentExecution]
    [SuppressMessage("Performance", "CA1812", Justification = "Quartz makes it.")]
    private sealed class RunFromTable : IJob
    {
        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
            await ((Running)context.Scheduler.Context[TableKey]!).RunAsync(
                context.JobDetail.Key.Name, context.MergedJobDataMap.TryGetValue(AskedBy, out var who) ? who as string : null,
                cancellationToken);
    }

    /// <summary>Quartz goes by the time that the nodes share, too.</summary>
    private sealed class ClockTime(IClock clock) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock.GetCurrentInstant().ToDateTimeOffset();
    }
}
