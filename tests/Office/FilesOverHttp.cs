using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing.People;
using EGovPay.Tests.Statements;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Statements, registers and reports as bodies of real requests.</summary>
public sealed class FilesOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private static int people;

    [Fact]
    public async Task A_statement_is_imported_once_and_listed()
    {
        using var client = await ClientAsync(Role.Finance);
        var text = Bank.Camt("053", "HTTP-1", 0, 2_00, new Booking(1_00, Reference: "H1"));
        var first = await PostAsync(client, "statements?name=a.xml", text);
        first.Status.Should().Be(HttpStatusCode.OK, first.Json.ToJsonString());
        first.Json["verdict"]!.GetValue<string>().Should().Be("imported");
        first.Json["statements"]![0]!["differenceMinor"]!.GetValue<long>().Should().Be(1_00);
        var again = await PostAsync(client, "statements", text);
        again.Json["verdict"]!.GetValue<string>().Should().Be("known");
        again.Json["file"]!.GetValue<long>().Should().Be(first.Json["file"]!.GetValue<long>());
        await PostAsync(client, "statements", Bank.Camt("053", "HTTP-2", 2_00, 3_00, new Booking(1_00, "2026-11-21", "H2")));

        using var reader = await ClientAsync(Role.Auditor);
        var list = await GetAsync(reader, "statements?limit=1");
        list["items"]!.AsArray().Should().ContainSingle();
        var rest = await GetAsync(reader, "statements?limit=5&before=" + list["next"]!.GetValue<string>());
        rest["items"]![0]!["identification"]!.GetValue<string>().Should().Be("HTTP-1");
        (await centre.Database.AskAsync<string>($"select name || ' ' || source || ' ' || imported_by from settlement_file where file_id = {first.Json["file"]}"))
            .Should().StartWith("a.xml http ");
    }

    [Fact]
    public async Task A_register_is_imported_by_its_name_or_as_is_said_and_listed()
    {
        using var client = await ClientAsync(Role.Operator);
        var said = await PostAsync(client, "registers?provider=azersu&day=2026-11-20", "731\t2026-11-20\t09:30\t7\t1.00\nTotal: 1 1.00\n");
        said.Json["lines"]!.GetValue<int>().Should().Be(1);
        var named = await PostAsync(client, "registers?name=azeriqaz_20261120.json", "[{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"7\",\"amountQepik\":5}]");
        named.Json["totalQepik"]!.GetValue<long>().Should().Be(5);
        var list = await GetAsync(client, "registers?provider=azersu");
        list["items"]!.AsArray().Should().ContainSingle().Which!["day"]!.GetValue<string>().Should().Be("2026-11-20");
    }

    [Fact]
    public async Task What_stands_in_a_statement_a_register_and_a_report_is_read_page_by_page()
    {
        using var client = await ClientAsync(Role.Finance);
        var statement = await PostAsync(client, "statements", Bank.Camt(
            "053", "PAGES-1", 0, 3_00, new Booking(1_00, Reference: "P1"), new Booking(1_00, Reference: "P2"), new Booking(1_00, Reference: "P3")));
        var id = (long)statement.Json["statements"]![0]!["statement"]!;
        var register = await PostAsync(
            client, "registers?provider=bakcell&day=2026-11-20",
            "731000000001\t2026-11-20\t09:30\t501\t1.00\nx2\t2026-11-20\t09:31:07\t502\t2.00\n73\t2026-11-20\t09:32\t503\t3.00\nTotal: 3 6.00\n");
        register.Status.Should().Be(HttpStatusCode.OK, register.Json.ToJsonString());
        var today = EGovPay.Processing.Baku.DateOf(NodaTime.SystemClock.Instance.GetCurrentInstant());
        var terms = OfficePeople.Terms("""
            , "mappings": [{"name":"millikart","for":"acquirer","words":{"S":"sale","R":"refund"},
              "columns":{"date":"date","kind":"kind","rrn":"rrn","gross":"gross","fee":"fee","net":"net"}}]
            """);
        var applied = await EGovPay.Settlement.Terms.TermsStore.ApplyAsync(
            centre.Database.DataSource, Encoding.UTF8.GetBytes(terms), today, today, TestPeople.Doer, TestContext.Current.CancellationToken);
        applied.Faults.Should().BeEmpty();
        var report = await PostAsync(
            client, "registers?acquirer=millikart",
            "date,kind,rrn,gross,fee,net\n2026-11-20,S,500000000001,100.00,1.50,98.50\n2026-11-20,R,500000000002,-40.00,-0.60,-39.40\n"
            + "2026-11-20,S,500000000003,1.00,0.00,1.00\n");
        report.Status.Should().Be(HttpStatusCode.OK, report.Json.ToJsonString());

        using var reader = await ClientAsync(Role.Auditor);
        foreach (var (path, items, key, first) in new[]
        {
            ($"statements/{id}/entries", "items", "bankReference", "P1"), ($"registers/{register.Json["file"]}/lines", "items", "transaction", "731000000001"),
            ($"registers/{report.Json["file"]}/lines", "acquirerItems", "rrn", "500000000001"),
        })
        {
            var seen = new List<string>();
            string? next = null;
            do
            {
                var page = await GetAsync(reader, $"{path}?limit=2" + (next is null ? "" : $"&after={next}"));
                seen.AddRange(page[items]!.AsArray().Select(one => one![key]!.GetValue<string>()));
                next = (string?)page["next"];
            }
            while (next is not null);

            seen.Should().HaveCount(3, path).And.OnlyHaveUniqueItems();
            seen[0].Should().Be(first);
        }

        (await GetAsync(reader, $"registers/{register.Json["file"]}/lines"))["items"]![1]!["time"]!.GetValue<string>().Should().Be("09:31:07");
        foreach (var missing in new[] { "statements/999999/entries", "statements/9223372036854775807/entries", "registers/0/lines", $"registers/{id + 1_000_000}/lines" })
        {
            (await reader.GetAsync("/v1/settlement/" + missing, TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.NotFound, missing);
        }
    }

    [Theory]
    [InlineData("statements", "nothing", HttpStatusCode.UnprocessableEntity, "line 1")]
    [InlineData("statements", "", HttpStatusCode.UnprocessableEntity, "empty")]
    [InlineData("statements?mapping=none", "x", HttpStatusCode.UnprocessableEntity, "no mapping")]
    [InlineData("registers?provider=azersu&day=2026-11-20", "Total: 1 0.00", HttpStatusCode.UnprocessableEntity, "counts 1 lines, there are 0")]
    [InlineData("registers?provider=nobody&day=2026-11-20", "Total: 0 0.00", HttpStatusCode.BadRequest, "no provider")]
    [InlineData("registers?provider=azersu", "Total: 0 0.00", HttpStatusCode.BadRequest, "day")]
    [InlineData("registers?provider=azersu&day=20.11.2026", "Total: 0 0.00", HttpStatusCode.BadRequest, "2026-11-20")]
    [InlineData("registers", "Total: 0 0.00", HttpStatusCode.BadRequest, "name does not say")]
    [InlineData("registers?acquirer=none", "x", HttpStatusCode.UnprocessableEntity, "no mapping")]
    [InlineData("statements?name=%00", "x", HttpStatusCode.BadRequest, "control characters")]
    [InlineData("statements?mapping=%00", "x", HttpStatusCode.BadRequest, "control characters")]
    [InlineData("registers?acquirer=%0a", "x", HttpStatusCode.BadRequest, "control characters")]
    [InlineData("registers?provider=azersu&day=2026-11-20", "731\t2026-11-20\t09:30\t7\0\t1.00\nTotal: 1 1.00\n", HttpStatusCode.UnprocessableEntity, "line 1")]
    [InlineData("payouts/status?name=%00", "x", HttpStatusCode.BadRequest, "control characters")]
    [InlineData("payouts/status", "", HttpStatusCode.UnprocessableEntity, "line 1")]
    [InlineData("payouts/status", "<Document/>", HttpStatusCode.UnprocessableEntity, "line 1")]
    [InlineData("payouts/status", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", HttpStatusCode.UnprocessableEntity, "line 1")]
    public async Task What_is_refused_is_a_problem_with_its_reason_and_leaves_nothing(string path, string body, HttpStatusCode status, string why)
    {
        using var client = await ClientAsync(Role.Finance);
        var (was, json) = await PostAsync(client, path, body);
        was.Should().Be(status);
        json["reason"]!.GetValue<string>().Should().Contain(why);
        json["type"]!.GetValue<string>().Should().StartWith("urn:egovpay:office:");
    }

    [Fact]
    public async Task Nobody_uploads_without_the_role_and_nothing_of_the_body_is_kept()
    {
        using var auditor = await ClientAsync(Role.Auditor);
        (await PostAsync(auditor, "statements", Bank.Mt("99", 0, 0))).Status.Should().Be(HttpStatusCode.Forbidden);
        (await PostAsync(centre.ClientOf(null), "registers?provider=azersu&day=2026-11-20", "Total: 0 0.00\n")).Status.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_body_larger_than_other_bodies_may_be_is_taken()
    {
        using var client = await ClientAsync(Role.Finance);
        var text = Bank.Mt("77", 0, 40_000, [.. Enumerable.Range(0, 40_000).Select(n => new Booking(1, Reference: $"BIG{n}"))]);
        Encoding.UTF8.GetByteCount(text).Should().BeGreaterThan(2 << 20);
        var (status, json) = await PostAsync(client, "statements", text);
        status.Should().Be(HttpStatusCode.OK, json.ToJsonString());
        json["entries"]!.GetValue<long>().Should().Be(40_000);
    }

    private async Task<HttpClient> ClientAsync(Role role)
    {
        var login = $"files-{Interlocked.Increment(ref people)}";
        return centre.ClientOf(await new TestPeople(centre.Database.DataSource).AddAsync(new Person(login, "F", [role]))).InEnglish();
    }

    private static async Task<(HttpStatusCode Status, JsonNode Json)> PostAsync(HttpClient client, string path, string text)
    {
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var answer = await client.PostAsync("/v1/settlement/" + path, body, TestContext.Current.CancellationToken);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    private static async Task<JsonNode> GetAsync(HttpClient client, string path) =>
        JsonNode.Parse(await client.GetStringAsync("/v1/settlement/" + path, TestContext.Current.CancellationToken))!;
}
