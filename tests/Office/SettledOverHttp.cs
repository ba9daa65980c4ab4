using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing;
using EGovPay.Processing.Calendar;
using EGovPay.Processing.People;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Terms, calendar and late agents over real HTTP.</summary>
public sealed class SettledOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private const string Terms = "/v1/settlement/terms";
    private const string Calendar = "/v1/settlement/calendar";

    [Fact]
    public async Task Terms_are_looked_at_put_in_force_as_versions_and_refused_line_by_line()
    {
        using var client = await centre.ClientAsync(Role.Finance);
        (await client.LookAsync(Terms)).Status.Should().Be(HttpStatusCode.NotFound, "none are in force");
        var example = Encoding.UTF8.GetString(ExampleTerms.Read());
        var looked = await PutAsync(client, Terms + "?dryRun=true", example);
        looked.Status.Should().Be(HttpStatusCode.OK, looked.Text);
        ((bool)looked.Json!["applied"]!).Should().BeFalse();
        (await client.LookAsync(Terms + "/versions")).Json!["versions"]!.AsArray().Should().BeEmpty();

        var applied = await PutAsync(client, Terms, example);
        ((bool)applied.Json!["applied"]!, (int)applied.Json["version"]!).Should().Be((true, 1));
        ((bool)(await PutAsync(client, Terms, example)).Json!["applied"]!).Should().BeFalse("they are in force already");
        var later = Day(Today().PlusDays(30));
        var waiting = await PutAsync(client, $"{Terms}?from={later}", Agent("gec", "afterwards"));
        waiting.Status.Should().Be(HttpStatusCode.Accepted, "it changes a receiver's account");
        using (var approver = await centre.ClientAsync(Role.Approver))
        {
            var approved = await approver.PostAsync($"/v1/settlement/proposals/{waiting.Json!["proposal"]}/approve");
            ((string)approved.Json!["outcome"]!).Should().Be($"version 2 is in force from {later}");
        }

        using var auditor = await centre.ClientAsync(Role.Auditor);
        var now = (await auditor.LookAsync(Terms)).Json!;
        ((int)now["version"]!["version"]!).Should().Be(1);
        JsonNode.DeepEquals(now["document"], JsonNode.Parse(example)).Should().BeTrue("the document is what was applied");
        var versions = (await auditor.LookAsync(Terms + "/versions")).Json!["versions"]!.AsArray();
        versions.Select(one => ((int)one!["version"]!, (bool)one["inForce"]!)).Should().Equal((2, false), (1, true));
        ((string)versions[0]!["validFrom"]!).Should().Be(later);
        ((string)versions[0]!["appliedBy"]!).Should().StartWith("office-");
        ((string)(await auditor.LookAsync(Terms + "/versions/2")).Json!["document"]!["agents"]![0]!["code"]!).Should().Be("gec");
        (await auditor.LookAsync(Terms + "/versions/3")).Status.Should().Be(HttpStatusCode.NotFound);
        (await PutAsync(auditor, Terms, example)).Status.Should().Be(HttpStatusCode.Forbidden);

        var bad = await PutAsync(client, Terms, example.Replace("\"format\": 1", "\"format\": 2,\n \"colour\": 1", StringComparison.Ordinal));
        bad.Status.Should().Be(HttpStatusCode.UnprocessableEntity, bad.Text);
        bad.Response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        var faults = bad.Json!["faults"]!.AsArray();
        faults.Count.Should().BeGreaterThanOrEqualTo(2);
        faults.Should().OnlyContain(one => (int)one!["line"]! >= 1 && ((string)one["message"]!).Length > 0);
        ((string)bad.Json["reason"]!).Should().Contain("line ");
        var past = await PutAsync(client, $"{Terms}?from={Day(Today().PlusDays(-1))}", example);
        past.Status.Should().Be(HttpStatusCode.Conflict, past.Text);
        (await centre.Database.AskAsync<long>("select count(*) from settlement_terms")).Should().Be(2);
    }

    [Theory]
    [InlineData("", "", HttpStatusCode.UnprocessableEntity)]
    [InlineData("", "{", HttpStatusCode.UnprocessableEntity)]
    [InlineData("", "\u0000", HttpStatusCode.UnprocessableEntity)]
    [InlineData("?from=tomorrow", "{}", HttpStatusCode.BadRequest)]
    [InlineData("?from=0001-01-01", "{}", HttpStatusCode.BadRequest)]
    [InlineData("?dryRun=perhaps", "{}", HttpStatusCode.BadRequest)]
    public async Task What_is_no_file_of_ours_is_a_problem_and_changes_nothing(string query, string body, HttpStatusCode status)
    {
        using var client = await centre.ClientAsync(Role.Operator);
        foreach (var path in new[] { Terms, Calendar })
        {
            await client.ExpectAsync("PUT", path + query, Asking.Json(body), status);
        }

        var notText = await client.AskAsync(HttpMethod.Put, Terms, new ByteArrayContent([0x7B, 0xFF, 0xFE, 0x7D]));
        notText.Status.Should().Be(HttpStatusCode.UnprocessableEntity, notText.Text);
    }

    [Fact]
    public async Task A_file_that_is_far_too_long_is_not_read()
    {
        using var client = await centre.ClientAsync(Role.Finance);
        using var body = new ByteArrayContent(new byte[CheckTerms.MostBytes + 1]);
        (await client.AskAsync(HttpMethod.Put, Terms, body, ("Expect", "100-continue"))).Status.Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_year_is_shown_and_a_calendar_previewed_then_put_in_force()
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var year = (await client.LookAsync(Calendar + "?year=2026")).Json!;
        ((bool)year["decreed"]!).Should().BeTrue();
        year["days"]!.AsArray().Single(day => (string)day!["day"]! == "2026-01-01")!["kind"]!.GetValue<string>().Should().Be("holiday");
        ((bool)(await client.LookAsync(Calendar + "?year=2099")).Json!["decreed"]!).Should().BeFalse();
        foreach (var wrong in new[] { "1999", "2101", "x", "99999999999" })
        {
            (await client.LookAsync($"{Calendar}?year={wrong}")).Status.Should().Be(HttpStatusCode.BadRequest, wrong);
        }

        var file = JsonNode.Parse(EmbeddedCalendar.Read())!.AsObject();
        var same = await PutAsync(client, Calendar, Encoding.UTF8.GetString(EmbeddedCalendar.Read()));
        ((bool)same.Json!["applied"]!).Should().BeFalse(same.Text);
        var text = file.ToJsonString();
        var looked = await PutAsync(client, Calendar + "?dryRun=true", text);
        looked.Status.Should().Be(HttpStatusCode.OK, looked.Text);
        ((bool)looked.Json!["applied"]!).Should().BeFalse();
        var applied = await PutAsync(client, Calendar, text);
        ((bool)applied.Json!["applied"]!).Should().BeTrue(applied.Text);
        var versions = (await client.LookAsync(Calendar)).Json!["versions"]!.AsArray();
        ((int)versions[0]!["version"]!).Should().Be((int)applied.Json["version"]!);
        using var approver = await centre.ClientAsync(Role.Approver);
        (await PutAsync(approver, Calendar, text)).Status.Should().Be(HttpStatusCode.Forbidden);
    }

    private static Task<Answered> PutAsync(HttpClient client, string path, string text) =>
        client.AskAsync(HttpMethod.Put, path, Asking.Json(text));

    private static string Agent(string code, string settles) => OfficePeople.Terms(
        $", \"agents\": [{{\"code\": \"{code}\", \"settles\": \"{settles}\", \"dueBankDays\": 1}}]");

    private static LocalDate Today() => Baku.DateOf(SystemClock.Instance.GetCurrentInstant());

    private static string Day(LocalDate day) => LocalDatePattern.Iso.Format(day);
}
