using EGovPay.Processing;
using EGovPay.Processing.Calendar;
using EGovPay.Processing.People;
using EGovPay.Settlement.Jobs;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Jobs;

/// <summary>The schedule on real PostgreSQL: two nodes, pauses, outages, failures, bank days.</summary>
public sealed class Scheduling : IAsyncLifetime
{
    private const string Never = "0 0 0 1 1 ? 2099";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly TestDatabase database = new();
    private int ran;

    public async ValueTask InitializeAsync()
    {
        await database.InitializeAsync();
        await TestPeople.InAsync(database.DataSource);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task A_job_of_two_nodes_runs_once_at_each_of_its_times_and_never_beside_itself()
    {
        int beside = 0, most = 0;
        Job EverySecond() => new("tick", "* * * * * ?", false, "ticks", async (_, cancel) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref beside));
            await Task.Delay(100, cancel);
            Interlocked.Decrement(ref beside);
            return $"run {Interlocked.Increment(ref ran)}";
        });
        await using (var a = await StartAsync("a", EverySecond()))
        await using (var b = await StartAsync("b", EverySecond()))
        {
            await UntilAsync(() => Task.FromResult(ran >= 5));
        }

        most.Should().Be(1);
        var runs = await new JobRuns(database.DataSource).ListAsync("tick", 100);
        runs.Should().HaveCount(ran).And.OnlyContain(run => run.Result == "done" && run.AskedBy == null);
        var seconds = (runs[0].StartedAt - runs[^1].StartedAt).TotalSeconds;
        runs.Should().HaveCountLessThan((int)seconds + 4, "a time is of one node");
    }

    [Fact]
    public async Task A_run_is_asked_for_by_name_and_what_failed_says_why_and_is_tried_at_its_next_time()
    {
        var job = new Job("often-wrong", Never, false, "x", async (progress, _) =>
        {
            await progress.TellAsync(40, "agent 2 of 5");
            return Interlocked.Increment(ref ran) == 1 ? throw new InvalidOperationException("the bank's file is empty") : "good now";
        });
        await using var schedule = await StartAsync("a", job);
        (await schedule.AskAsync(TestPeople.Doer, "no-such-job")).Should().BeFalse();
        var first = await AskAsync(schedule, "often-wrong", 1);
        first.Should().Match<JobRun>(run =>
            run.Result == "failed" && run.Outcome == "the bank's file is empty" && run.AskedBy == TestPeople.Doer.Login
            && run.Percent == 40 && run.Progress == "agent 2 of 5" && run.Node == "a");
        (await AskAsync(schedule, "often-wrong", 2)).Should().Match<JobRun>(
            run => run.Result == "done" && run.Percent == 100 && run.Progress == null, "nothing of it is left to do");
        (await schedule.ListAsync()).Single().Last!.Percent.Should().Be(100);
        (await database.AskAsync<long>("select count(*) from act where what = 'jobs run' and subject = 'job often-wrong'")).Should().Be(2);
        await schedule.Invoking(one => one.AskAsync(TestPeople.Approver, "often-wrong")).Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task A_paused_job_rests_on_every_node_says_by_whom_and_goes_on()
    {
        var job = new Job("tick", "* * * * * ?", false, "ticks", (_, _) => Task.FromResult($"{Interlocked.Increment(ref ran)}"));
        await using var schedule = await OpenAsync("a", job);
        (await schedule.PauseAsync(TestPeople.Doer, "tick", paused: true)).Should().BeTrue();
        await schedule.StartAsync();
        await using var other = await StartAsync("b", job);
        (await schedule.ListAsync()).Single().Should().Match<JobStatus>(one => one.PausedBy == TestPeople.Doer.Login && one.NextAt == null);
        await AskAsync(schedule, "tick", 1);
        ran.Should().Be(1, "asking for a run works all the same, and nothing else ran");

        await schedule.PauseAsync(TestPeople.Doer, "tick", paused: false);
        await UntilAsync(() => Task.FromResult(ran >= 3));
        (await schedule.ListAsync()).Single().PausedBy.Should().BeNull();
    }

    [Fact]
    public async Task What_an_outage_missed_is_run_once_when_it_is_over()
    {
        // Half a day from now, whatever the time is.
        var now = SystemClock.Instance.GetCurrentInstant();
        var hour = (now.InZone(DateTimeZoneProviders.Tzdb["Asia/Baku"]).Hour + 12) % 24;
        var job = new Job("nightly", $"0 30 {hour} * * ?", false, "x", (_, _) => Task.FromResult($"{Interlocked.Increment(ref ran)}"));
        await using (await OpenAsync("a", SystemClock.Instance, job))
        {
        }

        // As it stands when nobody was there for four nights; Quartz keeps ticks.
        await database.ExecuteAsync($"update quartz.triggers set next_fire_time = next_fire_time - {4 * TimeSpan.TicksPerDay}");
        await using var schedule = await OpenAsync("a", SystemClock.Instance, job);
        await schedule.StartAsync();
        await UntilAsync(() => Task.FromResult(ran >= 1));
        (await schedule.ListAsync()).Single().NextAt!.Value.Should().BeInRange(now, now + Duration.FromDays(1));
        (await schedule.Runs.ListAsync("nightly", 10)).Should().ContainSingle();
    }

    [Theory]
    [InlineData("skipped")]
    [InlineData("done")]
    public async Task On_a_day_that_is_no_bank_day_it_is_skipped_and_the_record_says_so(string result)
    {
        // A day to come: Quartz asks the machine's clock as well, and a job of a day that is over waits for the next.
        var calendars = await CalendarStore.ReadOrAddOwnAsync(database.DataSource, TestContext.Current.CancellationToken);
        var day = Baku.DateOf(SystemClock.Instance.GetCurrentInstant()).PlusDays(1);
        while (calendars.IsBankDay(day) != (result == "done"))
        {
            day = day.PlusDays(1);
        }

        var job = new Job("bank", "* * * * * ?", true, "x", (_, _) => Task.FromResult("paid"));
        await using var schedule = await OpenAsync("a", new Moving(day.At(new LocalTime(8, 0)).InUtc().ToInstant()), job);
        await schedule.StartAsync();
        await UntilAsync(async () => (await schedule.Runs.ListAsync("bank", 1)).Count > 0);
        await UntilAsync(async () => (await schedule.Runs.ListAsync("bank", 10)).Any(run => run.Result == result));
    }

    [Fact]
    public async Task Another_time_in_the_program_is_another_time_in_the_schedule_and_a_pause_stays_one()
    {
        await using (var old = await OpenAsync("a", At(Never)))
        {
            await old.PauseAsync(TestPeople.Doer, "x", paused: true);
        }

        await using var now = await OpenAsync("a", At("0 0 4 * * ?"));
        (await now.ListAsync()).Single().PausedBy.Should().Be(TestPeople.Doer.Login);
        await now.PauseAsync(TestPeople.Doer, "x", paused: false);
        (await now.ListAsync()).Single().NextAt!.Value.ToString("HH:mm", null).Should().Be("00:00", "04:00 in Baku");
        static Job At(string when) => new("x", when, false, "x", (_, _) => Task.FromResult(""));
    }

    [Fact]
    public async Task Who_asks_for_a_run_proposes_in_their_own_name_and_so_cannot_approve_it()
    {
        string? heard = null;
        await using var schedule = await StartAsync("a", new Job("proposing", Never, false, "x", (run, _) =>
        {
            heard = run.AskedBy;
            return Task.FromResult("");
        }));
        await AskAsync(schedule, "proposing", 1);
        heard.Should().Be(TestPeople.Doer.Login);
        (await ScheduledPerson.InAsync(database.DataSource, heard))!.Login.Should().Be(TestPeople.Doer.Login);
        (await ScheduledPerson.InAsync(database.DataSource, TestPeople.Approver.Login)).Should().BeNull("finance proposes payouts");
        (await ScheduledPerson.InAsync(database.DataSource, "nobody")).Should().BeNull();
        (await ScheduledPerson.InAsync(database.DataSource, askedBy: null))!.Login.Should().Be(ScheduledPerson.Login);
    }

    [Fact]
    public async Task Jobs_propose_in_a_name_of_their_own_until_somebody_disables_it()
    {
        var by = (await ScheduledPerson.InAsync(database.DataSource))!;
        by.Roles.Should().Equal(Role.Finance);
        (await ScheduledPerson.InAsync(database.DataSource))!.Login.Should().Be(by.Login);
        (await database.AskAsync<long>("select count(*) from act where subject = 'user schedule'")).Should().Be(1);
        await new Users(database.DataSource).DisableAsync(TestPeople.Doer, ScheduledPerson.Login, true);
        (await ScheduledPerson.InAsync(database.DataSource)).Should().BeNull();
    }

    private static Task<Schedule> OpenOn(TestDatabase database, string node, IClock clock, Job[] jobs) => Schedule.OpenAsync(
        new ScheduleSettings(node, clock, TimeSpan.FromSeconds(2)), jobs, database.DataSource, NullLogger.Instance,
        TestContext.Current.CancellationToken);

    private Task<Schedule> OpenAsync(string node, params Job[] jobs) => OpenOn(database, node, SystemClock.Instance, jobs);

    private Task<Schedule> OpenAsync(string node, IClock clock, params Job[] jobs) => OpenOn(database, node, clock, jobs);

    private async Task<Schedule> StartAsync(string node, params Job[] jobs)
    {
        var schedule = await OpenAsync(node, jobs);
        await schedule.StartAsync(TestContext.Current.CancellationToken);
        return schedule;
    }

    private static async Task<JobRun> AskAsync(Schedule schedule, string job, int runs)
    {
        (await schedule.AskAsync(TestPeople.Doer, job)).Should().BeTrue();
        await UntilAsync(async () => (await schedule.Runs.ListAsync(job, 100)).Count(run => run.Result is not null) >= runs);
        return (await schedule.Runs.ListAsync(job, 1))[0];
    }

    private static async Task UntilAsync(Func<Task<bool>> happened)
    {
        using var patience = new CancellationTokenSource(Bound);
        while (!await happened())
        {
            await Task.Delay(50, patience.Token);
        }
    }

    /// <summary>A clock that shows another day and goes on from there.</summary>
    private sealed class Moving(Instant from) : IClock
    {
        private readonly long began = TimeProvider.System.GetTimestamp();

        public Instant GetCurrentInstant() => from + Duration.FromTimeSpan(TimeProvider.System.GetElapsedTime(began));
    }
}
