using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using EGovPay.Processing.People;
using EGovPay.Settlement.Breaks;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Breaks over real HTTP: found by filters, looked at with their evidence, settled by two people.</summary>
public sealed class BreaksOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private const string Breaks = "/v1/settlement/breaks";

    private static int subjects;

    [Fact]
    public async Task A_list_is_read_page_by_page_and_none_is_missed_or_shown_twice()
    {
        using var client = await centre.ClientAsync(Role.Auditor);
        for (var i = 0; i < 7; i++)
        {
            await AddAsync(BreakKind.Duplicate, 100);
        }

        var seen = new List<long>();
        var next = "0";
        do
        {
            var page = (await client.LookAsync($"{Breaks}?kind=Duplicate&limit=3&after={next}")).Json!;
            seen.AddRange(page["items"]!.AsArray().Select(one => (long)one!["id"]!));
            page["items"]!.AsArray().Count.Should().BeLessThanOrEqualTo(3);
            next = (string?)page["next"];
        }
        while (next is not null);

        seen.Should().HaveCount(7).And.BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task A_list_has_only_what_the_filters_let_through()
    {
        using var client = await centre.ClientAsync(Role.Approver);
        var azersu = centre.Engine.Catalogue.Current.Provider("azersu")!.Id;
        var small = await AddAsync(BreakKind.OverAmount, 50, azersu);
        var large = await AddAsync(BreakKind.OverAmount, 5_000, azersu);
        var bank = await AddAsync(BreakKind.OverAmount, 5_000, side: BreakSide.Bank);
        await centre.Database.ExecuteAsync(FormattableString.Invariant($"""
            alter table settlement_break disable trigger settlement_break_is_kept;
            update settlement_break set opened_at = opened_at - interval '10 days' where break_id = {large};
            update settlement_break set settled_at = now(), settled_by = 'test' where break_id = {bank};
            alter table settlement_break enable trigger settlement_break_is_kept
            """));

        async Task<long[]> FoundAsync(string filter) => [..
            (await client.LookAsync($"{Breaks}?kind=OverAmount{filter}")).Json!["items"]!.AsArray().Select(one => (long)one!["id"]!)];
        (await FoundAsync("")).Should().Equal(small, large);
        (await FoundAsync("&state=any")).Should().Equal(small, large, bank);
        (await FoundAsync("&state=settled")).Should().Equal(bank);
        (await FoundAsync("&state=open")).Should().Equal(small, large);
        (await FoundAsync("&state=proposed")).Should().BeEmpty();
        (await FoundAsync("&provider=azersu&minAmountQepik=51")).Should().Equal(large);
        (await FoundAsync("&age=8-30")).Should().Equal(large);
        (await FoundAsync("&age=0-1")).Should().Equal(small);
        (await FoundAsync("&side=bank&state=any")).Should().Equal(bank);
        using var finance = await centre.ClientAsync(Role.Finance);
        ((string)(await finance.PostAsync($"{Breaks}/{bank}/proposals", Body("accept", true))).Json!["reason"]!)
            .Should().Be("Uyğunsuzluq özü həll olunub: tutuşdurma onu daha tapmayıb.");
        (await FoundAsync("&day=2020-01-03")).Should().BeEmpty();

        var summary = (await client.LookAsync(Breaks + "/summary")).Json!;
        var month = summary["ages"]!.AsArray().Single(one => (string)one!["age"]! == "8-30")!;
        month["kinds"]!.AsArray().Single(one => (string)one!["kind"]! == "OverAmount")!["amountAtRiskQepik"]!.GetValue<long>().Should().Be(5_000);
        ((long)summary["amountAtRiskQepik"]!).Should().Be(summary["ages"]!.AsArray().Sum(one => (long)one!["amountAtRiskQepik"]!));
        summary["ages"]!.AsArray().Should().HaveCount(4);
    }

    [Theory]
    [InlineData("?kind=missing", "kind")]
    [InlineData("?side=left", "side")]
    [InlineData("?state=closed", "state")]
    [InlineData("?age=8", "age")]
    [InlineData("?day=22.11.2026", "day")]
    [InlineData("?day=-0044-03-15", "day")]
    [InlineData("?minAmountQepik=-1", "minAmountQepik")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=1001", "limit")]
    [InlineData("?after=x", null)]
    [InlineData("?minAmountQepik=1.5", null)]
    [InlineData("?kind=Duplicate&kind=Duplicate", "kind")]
    [InlineData("?kind=%00", "kind")]
    [InlineData("?day=%F0%9F%92%A9", "day")]
    public async Task A_query_that_cannot_be_read_is_a_problem_that_names_the_field(string query, string? field)
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var answer = await client.LookAsync(Breaks + query);
        answer.Status.Should().Be(HttpStatusCode.BadRequest, answer.Text);
        answer.Response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        if (field is not null)
        {
            ((string?)answer.Json!["field"]).Should().Be(field);
        }
    }

    [Fact]
    public async Task One_break_is_shown_with_what_both_sides_say_and_what_its_payment_went_through()
    {
        var (id, number) = await AboutPaymentAsync();
        using var client = await centre.ClientAsync(Role.Auditor);
        var whole = (await client.LookAsync($"{Breaks}/{id}", ("Accept-Language", "ru"))).Json!;
        var one = whole["break"]!;
        ((string)one["number"]!).Should().Be(number);
        ((string)one["kindText"]!).Should().Be("Нет у них");
        ((string)one["causeText"]!).Should().StartWith("Организация подтвердила");
        ((string)one["state"]!).Should().Be("open");
        whole["ours"]!["amountQepik"]!.GetValue<long>().Should().Be(2_350);
        whole["theirs"].Should().BeNull();
        whole["evidence"]!.AsArray().Select(each => (string)each!["kind"]!).Should().Contain(["event", "posting"]);
        whole["proposals"]!.AsArray().Should().BeEmpty();
        ((string)(await client.LookAsync($"{Breaks}/{id}?lang=az")).Json!["break"]!["kindText"]!).Should().Be("Onlarda yoxdur");
        var none = await client.LookAsync(Breaks + "/999999999");
        none.Status.Should().Be(HttpStatusCode.NotFound);
        ((string)none.Json!["title"]!).Should().Be("Belə bir şey yoxdur");
        (await client.LookAsync(Breaks + "/x")).Status.Should().Be(HttpStatusCode.NotFound);
        (await client.LookAsync(Breaks + "/9223372036854775808")).Status.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task What_one_proposes_about_a_payment_another_approves_and_the_break_is_settled_with_it()
    {
        var (id, number) = await AboutPaymentAsync();
        using var finance = await centre.ClientAsync(Role.Finance);
        using var approver = await centre.ClientAsync(Role.Approver);
        var contradiction = await finance.PostAsync($"{Breaks}/{id}/proposals", Body("decision", "kept"));
        contradiction.Status.Should().Be(HttpStatusCode.Conflict, contradiction.Text);
        ((string)contradiction.Json!["reason"]!).Should().Contain(number).And.Contain("Confirmed");

        var made = await finance.PostAsync($"{Breaks}/{id}/proposals", Body("decision", "absent"));
        made.Status.Should().Be(HttpStatusCode.Created, made.Text);
        ((string)made.Json!["resolution"]!).Should().Be("absent");
        var proposal = await finance.LookAsync(made.Response.Headers.Location!.ToString());
        proposal.Json!["id"]!.GetValue<long>().Should().Be((long)made.Json["id"]!);
        var again = await finance.PostAsync($"{Breaks}/{id}/proposals", Body("accept", true));
        again.Status.Should().Be(HttpStatusCode.Conflict);
        ((string)again.Json!["reason"]!).Should().Contain(((long)made.Json["id"]!).ToString(CultureInfo.InvariantCulture));
        (await approver.LookAsync($"{Breaks}?state=proposed")).Json!["items"]!.AsArray()
            .Should().Contain(one => (long)one!["id"]! == id);
        (await finance.PostAsync($"{made.Response.Headers.Location}/approve")).Status.Should().Be(HttpStatusCode.Forbidden);

        var done = await approver.PostAsync($"{made.Response.Headers.Location}/approve");
        done.Status.Should().Be(HttpStatusCode.OK, done.Text);
        ((string)done.Json!["state"]!).Should().Be("Done");
        var settled = (await finance.LookAsync($"{Breaks}/{id}")).Json!;
        ((string)settled["break"]!["state"]!).Should().Be("settled");
        settled["proposals"]!.AsArray().Should().ContainSingle();
        (await finance.PostAsync($"{Breaks}/{id}/proposals", Body("accept", true))).Status.Should().Be(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_correction_names_accounts_as_the_command_line_does_and_is_posted_when_it_is_approved()
    {
        var id = await AddAsync(BreakKind.UnderAmount, 150, side: BreakSide.Bank);
        using var finance = await centre.ClientAsync(Role.Finance);
        using var approver = await centre.ClientAsync(Role.Approver);
        var (_, terminal) = await centre.AddTerminalAsync();
        var body = Body("postings", new JsonArray(new JsonObject
        {
            ["debit"] = "suspense", ["credit"] = "payable:azersu", ["amountQepik"] = 150,
        }));
        body["group"] = 2;
        var nobody = await finance.PostAsync($"{Breaks}/{id}/proposals", body);
        nobody.Status.Should().Be(HttpStatusCode.BadRequest, "the break is about no agent");
        ((string?)nobody.Json!["field"]).Should().Be("agent");
        body["agent"] = terminal.AgentCode;
        var made = await finance.PostAsync($"{Breaks}/{id}/proposals", body);
        made.Status.Should().Be(HttpStatusCode.Created, made.Text);
        var azersu = centre.Engine.Catalogue.Current.Provider("azersu")!.Id;
        var seen = (await approver.AskAsync(HttpMethod.Get, made.Response.Headers.Location!.OriginalString, null)).Json!["postings"]!.AsArray();
        seen.Should().ContainSingle("who approves has to see what is posted").Which!.ToJsonString().Should().Be(
            $$"""{"agent":"{{terminal.AgentCode}}","debit":"suspense","credit":"payable:{{azersu}}","amountQepik":150,"group":2}""");
        (await approver.PostAsync($"{made.Response.Headers.Location}/approve")).Status.Should().Be(HttpStatusCode.OK);
        (await centre.Database.AskAsync<long>(
            $"select amount_qepik from transfer where debit = 9 and credit = 1000 + {azersu} and agent_id = {terminal.AgentId} and cutoff_group = 2"))
            .Should().Be(150);
    }

    [Theory]
    [InlineData("{}", "decision")]
    [InlineData("""{"decision":"absent","accept":true,"reason":"x"}""", "decision")]
    [InlineData("""{"decision":"stands","reason":"x"}""", "decision")]
    [InlineData("""{"decision":"ABSENT","reason":"x"}""", "decision")]
    [InlineData("""{"accept":true}""", "reason")]
    [InlineData("""{"accept":true,"reason":""}""", "reason")]
    [InlineData("{\"accept\":true,\"reason\":\"a\\u0000b\"}", "reason")]
    [InlineData("""{"accept":true,"reason":"x","group":2}""", "group")]
    [InlineData("""{"accept":true,"reason":"x","group":99999999999}""", "group")]
    [InlineData("""{"postings":[],"reason":"x"}""", "decision")]
    [InlineData("""{"postings":[null],"reason":"x"}""", "postings[0]")]
    [InlineData("""{"postings":[{"debit":"funds","credit":"funds","amountQepik":1}],"reason":"x"}""", "postings[0]")]
    [InlineData("""{"postings":[{"debit":"gold","credit":"funds","amountQepik":1}],"reason":"x"}""", "postings[0]")]
    [InlineData("""{"postings":[{"debit":"bank","credit":"payable:2147483647","amountQepik":1}],"reason":"x"}""", "postings[0]")]
    [InlineData("""{"postings":[{"debit":"bank","credit":"payable:nobody","amountQepik":1}],"reason":"x"}""", "postings[0]")]
    [InlineData("""{"postings":[{"debit":"bank","credit":"funds","amountQepik":0}],"reason":"x"}""", "postings[0].amountQepik")]
    [InlineData("""{"postings":[{"debit":"bank","credit":"funds","amountQepik":9223372036854775807}],"reason":"x"}""", "postings[0].amountQepik")]
    [InlineData("""{"postings":[{"debit":"bank","credit":"funds","amountQepik":1.5}],"reason":"x"}""", "postings[0].amountQepik")]
    [InlineData(
        """{"postings":[{"debit":"funds","credit":"bank","amountQepik":1},{"debit":"funds","credit":"fee","amountQepik":1}],"reason":"x","agent":"a"}""",
        "postings")]
    [InlineData("""{"accept":true,"reason":"x","agent":"no\u0000body"}""", "agent")]
    [InlineData("""{"postings":[{"debit":"bank","credit":"funds","amountQepik":1}],"reason":"x","agent":"nobody"}""", "agent")]
    [InlineData("""{"accept":true,"accept":true,"reason":"x"}""", "accept")]
    [InlineData("[]", "body")]
    [InlineData("", "body")]
    [InlineData("null", "body")]
    public async Task A_proposal_that_cannot_be_read_names_its_field_and_leaves_the_break_open(string body, string field)
    {
        var id = await AddAsync(BreakKind.WrongDay, 0);
        using var client = await centre.ClientAsync(Role.Finance);
        var answer = await client.AskAsync(HttpMethod.Post, $"{Breaks}/{id}/proposals", Asking.Json(body));
        answer.Status.Should().Be(HttpStatusCode.BadRequest, answer.Text);
        ((string?)answer.Json!["field"]).Should().Be(field, answer.Text);
        ((string)(await client.LookAsync($"{Breaks}/{id}")).Json!["break"]!["state"]!).Should().Be("open");
    }

    [Fact]
    public async Task Only_who_may_propose_does_and_nothing_is_proposed_about_a_break_that_is_not_there()
    {
        var id = await AddAsync(BreakKind.WrongDay, 0);
        foreach (var role in new[] { Role.Auditor, Role.Approver, Role.Operator })
        {
            using var other = await centre.ClientAsync(role);
            (await other.PostAsync($"{Breaks}/{id}/proposals", Body("accept", true))).Status.Should().Be(HttpStatusCode.Forbidden);
            (await other.LookAsync($"{Breaks}/{id}")).Status.Should().Be(HttpStatusCode.OK);
        }

        using var teller = await centre.ClientAsync(Role.Teller);
        (await teller.LookAsync($"{Breaks}/{id}")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await centre.Client.LookAsync(Breaks)).Status.Should().Be(HttpStatusCode.Unauthorized, "a terminal is nobody here");
        using var finance = await centre.ClientAsync(Role.Finance);
        (await finance.PostAsync($"{Breaks}/999999999/proposals", Body("accept", true))).Status.Should().Be(HttpStatusCode.NotFound);
        (await finance.LookAsync("/v1/settlement/proposals/999999999")).Status.Should().Be(HttpStatusCode.NotFound);
        (await finance.AskAsync(HttpMethod.Delete, $"{Breaks}/{id}", null)).Status.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    private static JsonObject Body(string way, JsonNode value) => new() { [way] = value, ["reason"] = "letter 44" };

    /// <summary>A break that says that a register has not got a payment which was confirmed.</summary>
    private async Task<(long Id, string Number)> AboutPaymentAsync()
    {
        var (key, terminal) = await centre.AddTerminalAsync();
        using var client = centre.ClientOf(key);
        var reference = HttpCentre.Reference("break");
        await client.PayAsync(reference, HttpCentre.Payment());
        var paid = await centre.FinalAsync(reference, client);
        paid.State.Should().Be("Confirmed");
        var number = (string)paid.Json!["number"]!;
        var id = await AddAsync(
            BreakKind.MissingThere, 2_350, number: long.Parse(number, CultureInfo.InvariantCulture), agentId: terminal.PartFor(reference));
        return (id, number);
    }

    private async Task<long> AddAsync(
        BreakKind kind, long qepik, int? providerId = null, BreakSide side = BreakSide.Register, long? number = null, int? agentId = null)
    {
        var subject = FormattableString.Invariant($"test/{Interlocked.Increment(ref subjects)}");
        await using var connection = await centre.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await OpenBreaks.AddAsync(
            connection,
            [
                new NewBreak(side, kind, subject, new LocalDate(2026, 11, 20), qepik, "confirmed-absent", "ask-then-absent")
                {
                    ProviderId = providerId, Number = number, AgentId = agentId,
                    Ours = FormattableString.Invariant($"{{\"amountQepik\":{qepik}}}"),
                },
            ],
            TestContext.Current.CancellationToken);
        return await centre.Database.AskAsync<long>($"select break_id from settlement_break where subject = '{subject}'");
    }
}
