using System.Net;
using System.Text.Json.Nodes;
using EGovPay.Processing.People;
using EGovPay.Settlement.Jobs;
using EGovPay.Terminals.Jobs;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Jobs over real HTTP: looked at, asked for, let rest and let go on.</summary>
public sealed class JobsOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private const string Jobs = "/v1/settlement/jobs";

    [Fact]
    public async Task A_run_that_is_asked_for_is_begun_by_a_server_and_seen_where_the_answer_says()
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var first = await client.PostAsync($"{Jobs}/overdue-agents/run");
        first.Status.Should().Be(HttpStatusCode.Accepted, first.Text);
        var place = first.Response.Headers.Location!.ToString();
        (await client.LookAsync(place)).Json!["items"]!.AsArray().Should().BeEmpty("no server runs jobs here yet");

        await using var server = await ServeAsync();
        var run = await EndAsync(client, place);
        ((string)run["result"]!).Should().Be("done");
        ((string)run["askedBy"]!).Should().Be((string)first.Json!["askedBy"]!);
        ((string)run["outcome"]!).Should().Be("0 suspended, 0 let go on");
        ((string)run["node"]!).Should().Be("test");
        ((long)run["run"]!).Should().BeGreaterThan((long)first.Json["after"]!);
        (await client.LookAsync($"{Jobs}/runs/{run["run"]}")).Json!["job"]!.GetValue<string>().Should().Be("overdue-agents");

        var second = await client.PostAsync($"{Jobs}/overdue-agents/run");
        await EndAsync(client, second.Response.Headers.Location!.ToString());
        var page = (await client.LookAsync($"{Jobs}/runs?job=overdue-agents&limit=1")).Json!;
        var rest = (await client.LookAsync($"{Jobs}/runs?job=overdue-agents&limit=1&before={page["next"]}")).Json!;
        ((long)rest["items"]![0]!["run"]!).Should().Be((long)run["run"]!);
        rest["next"].Should().BeNull();
        (await centre.Database.AskAsync<long>("select count(*) from act where what = 'jobs run' and subject = 'job overdue-agents'")).Should().Be(2);
    }

    [Fact]
    public async Task How_far_a_run_is_and_at_what_is_seen_while_it_runs()
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var told = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var job = JobTable.Of(null).Single(one => one.Name == "import-files") with
        {
            Run = async (run, cancel) =>
            {
                await run.TellAsync(40, "file 3 of 5, statements, 7 KiB");
                told.TrySetResult();
                await go.Task.WaitAsync(cancel);
                return "5 read";
            },
        };
        await using var schedule = await ServeAsync(job);
        var place = (await client.PostAsync($"{Jobs}/import-files/run")).Response.Headers.Location!.ToString();
        await told.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        var last = (await FindAsync(client, "import-files"))["last"]!;
        ((int)last["percent"]!, (string)last["progress"]!).Should().Be((40, "file 3 of 5, statements, 7 KiB"));
        last["result"].Should().BeNull();
        ((int)(await client.LookAsync($"{Jobs}/runs/{last["run"]}")).Json!["percent"]!).Should().Be(40);
        ((int)(await client.LookAsync($"{Jobs}/runs?job=import-files")).Json!["items"]![0]!["percent"]!).Should().Be(40);
        go.SetResult();
        ((string)(await EndAsync(client, place))["outcome"]!).Should().Be("5 read");
    }

    [Fact]
    public async Task A_job_rests_by_somebody_until_it_is_let_go_on_and_both_are_on_the_record()
    {
        using var auditor = await centre.ClientAsync(Role.Auditor);
        using var client = await centre.ClientAsync(Role.Operator);
        (await client.PostAsync($"{Jobs}/propose-payouts/pause")).Status.Should().Be(HttpStatusCode.OK);
        var job = await FindAsync(auditor, "propose-payouts");
        ((string)job["pausedBy"]!).Should().StartWith("office-");
        job["nextAt"].Should().BeNull();
        ((string)job["zone"]!).Should().Be("Asia/Baku");
        ((bool)job["bankDaysOnly"]!).Should().BeTrue();

        var going = await client.PostAsync($"{Jobs}/propose-payouts/resume");
        going.Json!["pausedBy"].Should().BeNull();
        going.Json["nextAt"].Should().NotBeNull();
        ((string)(await FindAsync(auditor, "propose-payouts"))["nextAt"]!).Should().Be((string)going.Json["nextAt"]!);
        (await centre.Database.AskAsync<string>(
            "select string_agg(what, ', ' order by number) from act where subject = 'job propose-payouts'")).Should().Be("jobs pause, jobs resume");
    }

    [Fact]
    public async Task Each_may_do_with_jobs_what_the_table_of_acts_says_and_no_more()
    {
        foreach (var (role, run, rest) in new[] { (Role.Finance, true, true), (Role.Operator, true, true), (Role.Approver, false, false), (Role.Auditor, false, false) })
        {
            using var client = await centre.ClientAsync(role);
            (await client.LookAsync(Jobs)).Json!["jobs"]!.AsArray().Count.Should().Be(JobTable.Of(null).Count);
            (await client.PostAsync($"{Jobs}/close-days/run")).Status.Should().Be(run ? HttpStatusCode.Accepted : HttpStatusCode.Forbidden);
            (await client.PostAsync($"{Jobs}/close-days/pause")).Status.Should().Be(rest ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
            (await client.PostAsync($"{Jobs}/close-days/resume")).Status.Should().Be(rest ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
        }
    }

    [Theory]
    [InlineData("POST", "/no-such/run", HttpStatusCode.NotFound)]
    [InlineData("POST", "/no-such/pause", HttpStatusCode.NotFound)]
    [InlineData("POST", "/close-days%2F..%2Faudit/run", HttpStatusCode.NotFound)]
    [InlineData("GET", "/runs/999999999", HttpStatusCode.NotFound)]
    [InlineData("GET", "/runs/-1", HttpStatusCode.NotFound)]
    [InlineData("GET", "/runs/9223372036854775807", HttpStatusCode.NotFound)]
    [InlineData("GET", "/runs?job=%00", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/runs?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/runs?limit=1000", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/runs?before=soon", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/runs?before=-9223372036854775808&after=9223372036854775807", HttpStatusCode.OK)]
    [InlineData("GET", "/close-days/run", HttpStatusCode.MethodNotAllowed)]
    public async Task What_is_not_there_or_cannot_be_read_is_a_problem(string method, string path, HttpStatusCode status)
    {
        using var client = await centre.ClientAsync(Role.Operator);
        await client.ExpectAsync(method, Jobs + path, null, status);
    }

    /// <summary>A server's schedule with the jobs that need nothing but the engine.</summary>
    private async Task<Schedule> ServeAsync(Job? only = null)
    {
        var jobs = only is not null ? [only] : JobTable.Of(new JobTools(centre.Engine, null!, null!, "nowhere", 1))
            .Where(job => job.Name is "overdue-agents" or "close-days").ToList();
        var schedule = await Schedule.OpenAsync(
            new ScheduleSettings("test", SystemClock.Instance, TimeSpan.FromSeconds(1)), jobs, centre.Database.DataSource, NullLogger.Instance);
        await schedule.StartAsync(TestContext.Current.CancellationToken);
        return schedule;
    }

    private static async Task<JsonNode> EndAsync(HttpClient client, string place)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (; TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1); await Task.Delay(100))
        {
            var runs = (await client.LookAsync(place)).Json!["items"]!.AsArray();
            if (runs.FirstOrDefault(one => one!["askedBy"] is not null && one["result"] is not null) is { } ended)
            {
                return ended;
            }
        }

        throw new TimeoutException("No server has run it within a minute.");
    }

    private static async Task<JsonNode> FindAsync(HttpClient client, string job) =>
        (await client.LookAsync(Jobs)).Json!["jobs"]!.AsArray().Single(one => (string)one!["job"]! == job)!;
}
