using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Comparisons that people ask for over HTTP: answered when done, or looked at where the answer says.</summary>
public sealed class ReconcilingOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private const string Reconciliations = "/v1/settlement/reconciliations";

    [Fact]
    public async Task A_small_comparison_is_answered_with_what_it_found_and_stands_in_the_list()
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var reference = HttpCentre.Reference("compared");
        await centre.Client.PayAsync(reference, HttpCentre.Payment());
        var number = (string)(await centre.FinalAsync(reference)).Json!["number"]!;
        var day = Baku.DateOf(SystemClock.Instance.GetCurrentInstant()).ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);
        await ImportAsync(client, "azerishiq", day, $"{number}\t{day}\t09:30\t012345678901234\t23.51\nTotal: 1 23.51\n");
        var done = await client.PostAsync(Reconciliations, Of("azerishiq", day));
        done.Status.Should().Be(HttpStatusCode.OK, done.Text);
        ((long)done.Json!["lines"]!, (long)done.Json["breaks"]!).Should().Be((1, 1));
        ((string)done.Json["day"]!).Should().Be(day);

        await ImportAsync(client, "azerishiq", day, $"{number}\t{day}\t09:30\t012345678901234\t23.50\nTotal: 1 23.50\n");
        var again = await client.PostAsync(Reconciliations, Of("azerishiq", day));
        ((long)again.Json!["matched"]!, (long)again.Json["closed"]!).Should().Be((1, 1));

        using var auditor = await centre.ClientAsync(Role.Auditor);
        var list = (await auditor.LookAsync($"{Reconciliations}?provider=azerishiq&day={day}&kind=register&limit=1")).Json!;
        ((long)list["items"]![0]!["id"]!).Should().Be((long)again.Json["id"]!);
        var rest = (await auditor.LookAsync($"{Reconciliations}?provider=azerishiq&before={list["next"]}")).Json!;
        ((long)rest["items"]![0]!["id"]!).Should().Be((long)done.Json["id"]!);
        rest["next"].Should().BeNull();
        (await auditor.LookAsync($"{Reconciliations}?provider=azerishiq&day=2020-01-01")).Json!["items"]!.AsArray().Should().BeEmpty();
        var one = (await auditor.LookAsync($"{Reconciliations}/{done.Json["id"]}")).Json!;
        ((string)one["runBy"]!).Should().StartWith("office-");
        one["file"]!.GetValue<long>().Should().BePositive();
    }

    [Fact]
    public async Task A_long_one_goes_on_without_its_caller_and_who_asks_meanwhile_is_told_of_the_same_run()
    {
        using var client = await centre.ClientAsync(Role.Finance);
        using var other = await centre.ClientAsync(Role.Operator);
        await ImportAsync(client, "azersu", "2026-11-19", "Total: 0 0.00\n");
        JsonNode run;
        await using (await HoldAsync("azersu"))
        {
            // Whoever waited goes: the comparison does not.
            using var gone = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            var waiting = () => client.PostAsync(
                Reconciliations + "?wait=20", Asking.Json(Of("azersu", "2026-11-19").ToJsonString()), gone.Token);
            await waiting.Should().ThrowAsync<OperationCanceledException>();
            var second = await other.PostAsync(Reconciliations + "?wait=0", Of("azersu", "2026-11-19"));
            second.Status.Should().Be(HttpStatusCode.Accepted, second.Text);
            run = second.Json!;
            run["result"].Should().BeNull();
            ((string)run["askedBy"]!).Should().NotBeEmpty();
            second.Response.Headers.Location!.ToString().Should().Be($"/v1/settlement/jobs/runs/{run["run"]}");
            (await other.LookAsync(second.Response.Headers.Location.ToString())).Json!["result"].Should().BeNull("it is under way");
            (await centre.Database.AskAsync<long>("select count(*) from job_run where job = 'reconcile azersu/2026-11-19'")).Should().Be(1);
        }

        var ended = await EndAsync(other, (long)run["run"]!);
        ((string)ended["result"]!).Should().Be("done", ended.ToJsonString());
        var id = ((string)ended["outcome"]!).Split(' ', ':')[1];
        ((long)(await other.LookAsync($"{Reconciliations}/{id}")).Json!["lines"]!).Should().Be(0);
    }

    [Fact]
    public async Task Only_a_few_are_made_at_once_and_where_nothing_came_nothing_is_compared()
    {
        using var client = (await centre.ClientAsync(Role.Finance)).InEnglish();
        await using (await HoldAsync("bakcell"))
        await using (await HoldAsync("nar"))
        {
            var first = await client.PostAsync(Reconciliations + "?wait=0", Of("bakcell", "2026-11-18"));
            var second = await client.PostAsync(Reconciliations + "?wait=0", Of("nar", "2026-11-18"));
            (first.Status, second.Status).Should().Be((HttpStatusCode.Accepted, HttpStatusCode.Accepted));
            var third = await client.PostAsync(Reconciliations, Of("azercell", "2026-11-18"));
            third.Status.Should().Be(HttpStatusCode.Conflict);
            ((string)third.Json!["reason"]!).Should().Contain("try again");
            _ = (first, second);
        }

        foreach (var run in new[] { "bakcell", "nar" })
        {
            var id = await centre.Database.AskAsync<long>($"select run_id from job_run where job = 'reconcile {run}/2026-11-18'");
            var ended = await EndAsync(client, id);
            ((string)ended["result"]!).Should().Be("failed");
            ((string)ended["outcome"]!).Should().Contain("no register").And.Contain("2026-11-18");
        }

        var nothing = await client.PostAsync(Reconciliations, Of("azercell", "2026-11-18"));
        nothing.Status.Should().Be(HttpStatusCode.Conflict, nothing.Text);
        (await client.PostAsync(Reconciliations, new JsonObject { ["bank"] = true })).Status.Should().Be(
            HttpStatusCode.Conflict, "there are no terms, or no statements");
    }

    [Fact]
    public async Task A_run_whose_process_died_is_told_to_be_lost()
    {
        using var client = await centre.ClientAsync(Role.Auditor);
        var dead = await centre.Database.AskAsync<long>(
            "insert into job_run (job, node, asked_by) values ('reconcile azersu/2020-01-01', 'dead', 'x') returning run_id");
        var looked = (await client.LookAsync($"/v1/settlement/jobs/runs/{dead}")).Json!;
        ((string)looked["result"]!).Should().Be("lost");
    }

    [Fact]
    public async Task A_server_that_stops_ends_what_is_under_way_and_says_so()
    {
        var finance = new Person("stopping", "S", [Role.Finance]);
        var provider = centre.Engine.Catalogue.Current.Provider("azeriqaz")!;
        await using var hold = await HoldAsync("azeriqaz");
        var start = new StartReconciliation(centre.Engine, NullLogger.Instance);
        var started = await start.WithRegisterAsync(finance, provider, new LocalDate(2026, 11, 17), TestContext.Current.CancellationToken);
        started.Mine.Should().BeTrue();
        await start.DisposeAsync();
        (await centre.Database.AskAsync<string>($"select result || ', ' || outcome from job_run where run_id = {started.Run}"))
            .Should().Be("failed, cut off by the server's end");
        (await centre.Database.AskAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and classid = 7319")).Should().Be(0);
    }

    [Theory]
    [InlineData("", "{}", HttpStatusCode.BadRequest, "provider")]
    [InlineData("", """{"provider":"azersu"}""", HttpStatusCode.BadRequest, "day")]
    [InlineData("", """{"day":"2026-11-20"}""", HttpStatusCode.BadRequest, "provider")]
    [InlineData("", """{"provider":"azersu","day":"20.11.2026"}""", HttpStatusCode.BadRequest, "day")]
    [InlineData("", """{"provider":"azersu","day":"2026-11-31"}""", HttpStatusCode.BadRequest, "day")]
    [InlineData("", """{"provider":"azersu","day":"2026-11-20","bank":true}""", HttpStatusCode.BadRequest, "provider")]
    [InlineData("", """{"provider":"nobody","day":"2026-11-20"}""", HttpStatusCode.NotFound, "provider")]
    [InlineData("", """{"provider":"azersu/2026","day":"2026-11-20"}""", HttpStatusCode.NotFound, "provider")]
    [InlineData("", """{"provider":["azersu"],"day":"2026-11-20"}""", HttpStatusCode.BadRequest, "provider")]
    [InlineData("?wait=21", """{"provider":"azersu","day":"2026-11-20"}""", HttpStatusCode.BadRequest, "wait")]
    [InlineData("?wait=-1", """{"provider":"azersu","day":"2026-11-20"}""", HttpStatusCode.BadRequest, "wait")]
    [InlineData("", "x", HttpStatusCode.BadRequest, "body")]
    public async Task What_cannot_be_compared_names_its_field(string query, string body, HttpStatusCode status, string field)
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var answer = await client.AskAsync(HttpMethod.Post, Reconciliations + query, Asking.Json(body));
        answer.Status.Should().Be(status, answer.Text);
        ((string?)answer.Json!["field"]).Should().Be(field, answer.Text);
    }

    [Fact]
    public async Task Who_only_reads_starts_none_and_what_is_not_there_is_not_found()
    {
        foreach (var role in new[] { Role.Auditor, Role.Approver })
        {
            using var client = await centre.ClientAsync(role);
            (await client.PostAsync(Reconciliations, Of("azersu", "2026-11-20"))).Status.Should().Be(HttpStatusCode.Forbidden);
            (await client.LookAsync(Reconciliations + "/999999999")).Status.Should().Be(HttpStatusCode.NotFound);
            (await client.LookAsync(Reconciliations + "?kind=card")).Status.Should().Be(HttpStatusCode.BadRequest);
            (await client.LookAsync(Reconciliations + "?provider=nobody")).Status.Should().Be(HttpStatusCode.NotFound);
            (await client.LookAsync(Reconciliations + "?limit=0")).Status.Should().Be(HttpStatusCode.BadRequest);
        }
    }

    private static JsonObject Of(string provider, string day) => new() { ["provider"] = provider, ["day"] = day };

    /// <summary>As if another comparison of this provider took long.</summary>
    private async Task<NpgsqlConnection> HoldAsync(string provider)
    {
        var hold = new NpgsqlConnection(centre.Database.ConnectionString + ";Pooling=false");
        await hold.OpenAsync(TestContext.Current.CancellationToken);
        await using var take = new NpgsqlCommand(
            $"select pg_advisory_lock({Turn.Lock}, {centre.Engine.Catalogue.Current.Provider(provider)!.Id})", hold);
        await take.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return hold;
    }

    private static async Task ImportAsync(HttpClient client, string provider, string day, string text)
    {
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        var answer = await client.AskAsync(HttpMethod.Post, $"/v1/settlement/registers?provider={provider}&day={day}", body);
        answer.Status.Should().Be(HttpStatusCode.OK, answer.Text);
    }

    private static async Task<JsonNode> EndAsync(HttpClient client, long run)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (; TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1); await Task.Delay(50))
        {
            var looked = (await client.LookAsync($"/v1/settlement/jobs/runs/{run}")).Json!;
            if (looked["result"] is not null)
            {
                return looked;
            }
        }

        throw new TimeoutException("It has not ended within a minute.");
    }
}
