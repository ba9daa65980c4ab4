using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>The finance office's API over real HTTP: who is let in, and what the first operations do.</summary>
public sealed class OfficeOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    [Fact]
    public async Task Nobody_without_a_personal_key_is_let_in_and_a_terminal_is_nobody()
    {
        foreach (var client in new[] { centre.ClientOf(null), centre.Client, centre.ClientOf("aysel.0000000000000000") })
        {
            var answer = await client.GetAsync("/v1/settlement/days", TestContext.Current.CancellationToken);
            answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
            answer.Headers.WwwAuthenticate.ToString().Should().StartWith("Bearer");
            answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
            (await JsonAsync(answer))["type"]!.GetValue<string>().Should().Be("urn:egovpay:office:not-known");
        }
    }

    [Fact]
    public async Task Who_guesses_keys_keeps_strangers_of_the_same_address_out_and_nobody_whose_key_was_good()
    {
        await using var own = new HttpCentre();
        await own.InitializeAsync();
        using var known = await own.ClientAsync(Role.Auditor);
        (await known.LookAsync("/v1/settlement/days")).Status.Should().Be(HttpStatusCode.OK);
        using var guesser = own.ClientOf("aysel.0000000000000000");
        for (var i = 0; i < 15; i++)
        {
            await guesser.LookAsync("/v1/settlement/days");
        }

        var locked = await guesser.LookAsync("/v1/settlement/days");
        locked.Status.Should().Be(HttpStatusCode.TooManyRequests);
        locked.Response.Headers.RetryAfter!.Delta.Should().BePositive();
        (await known.LookAsync("/v1/settlement/days")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("az", "Bu sizin rolunuz deyil")]
    [InlineData("en", "This is not for your role")]
    [InlineData("ru", "Это не для вашей роли")]
    public async Task An_auditor_reads_all_and_changes_nothing(string language, string title)
    {
        var people = new TestPeople(centre.Database.DataSource);
        using var client = centre.ClientOf(await people.AddAsync(new Person("audit-" + language, "A", [Role.Auditor])));
        client.DefaultRequestHeaders.AcceptLanguage.ParseAdd(language);
        (await client.GetAsync("/v1/settlement/days", TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await client.GetAsync("/v1/settlement/proposals", TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.OK);
        foreach (var path in new[] { "days/close", "proposals/1/approve", "proposals/1/reject", "proposals/1/withdraw" })
        {
            var answer = await client.PostAsJsonAsync(
                "/v1/settlement/" + path, new JsonObject { ["day"] = "2026-11-22" }, TestContext.Current.CancellationToken);
            answer.StatusCode.Should().Be(HttpStatusCode.Forbidden, path);
            (await JsonAsync(answer))["title"]!.GetValue<string>().Should().Be(title);
        }
    }

    [Fact]
    public async Task A_day_is_not_closed_before_its_end_unless_asked_and_never_ahead_of_the_calendar()
    {
        var people = new TestPeople(centre.Database.DataSource);
        using var client = centre.ClientOf(await people.AddAsync(new Person("gunu-baglayan", "G", [Role.Finance]))).InEnglish();
        var open = (await JsonAsync(await client.GetAsync("/v1/settlement/days", TestContext.Current.CancellationToken)))
            ["days"]![0]!["day"]!.GetValue<string>();
        var refused = await CloseAsync(client, open, early: false);
        refused.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await JsonAsync(refused))["reason"]!.GetValue<string>().Should().Contain("not over in Baku");

        var closed = await JsonAsync(await CloseAsync(client, open, early: true));
        closed["closed"]!.GetValue<string>().Should().Be(open);
        closed["sealed"]!.GetValue<bool>().Should().BeTrue();
        (await CloseAsync(client, open, early: true)).StatusCode.Should().Be(HttpStatusCode.Conflict, "a repeat closes nothing more");
        var ahead = await CloseAsync(client, closed["opened"]!.GetValue<string>(), early: true);
        (await JsonAsync(ahead))["reason"]!.GetValue<string>().Should().Contain("has not begun");
        (await CloseAsync(client, "22.11.2026", early: true)).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task What_one_person_proposed_another_approves_over_HTTP_and_only_another()
    {
        var people = new TestPeople(centre.Database.DataSource);
        var (_, terminal) = await centre.AddTerminalAsync();
        var both = new Person("ikisi", "İkisi", [Role.Approver, Role.Finance]);
        using var maker = centre.ClientOf(await people.AddAsync(both)).InEnglish();
        var proposed = await centre.Engine.Proposals.ProposeBreakAsync(both, 77, "written off", "a letter", postings:
            [new Posting(terminal.AgentId, Accounts.Suspense, Accounts.Rounding, 3, Posting.Correction, "b77")]);
        var own = await maker.PostAsync($"/v1/settlement/proposals/{proposed.Id}/approve", null, TestContext.Current.CancellationToken);
        own.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await JsonAsync(own))["reason"]!.GetValue<string>().Should().Contain("another person decides");

        using var approver = centre.ClientOf(await people.AddAsync(new Person("tesdiq", "T", [Role.Approver])));
        for (var again = 0; again < 2; again++)
        {
            var done = await JsonAsync(await approver.PostAsync(
                $"/v1/settlement/proposals/{proposed.Id}/approve", null, TestContext.Current.CancellationToken));
            done["state"]!.GetValue<string>().Should().Be("Done");
            done["break"]!.GetValue<long>().Should().Be(77);
        }

        (await centre.Database.AskAsync<long>("select count(*) from movement where kind = 'correction'")).Should().Be(1);
        (await approver.PostAsync("/v1/settlement/proposals/999999/approve", null, TestContext.Current.CancellationToken))
            .StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    private static Task<HttpResponseMessage> CloseAsync(HttpClient client, string day, bool early) => client.PostAsJsonAsync(
        "/v1/settlement/days/close", new JsonObject { ["day"] = day, ["early"] = early }, TestContext.Current.CancellationToken);

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage answer) =>
        JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
}
