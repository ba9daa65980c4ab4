using System.Net;
using System.Text.Json.Nodes;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class PayingOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    [Fact]
    public async Task A_payment_goes_its_whole_way_and_its_repeat_gets_the_same_answer()
    {
        var inquiry = await centre.Client.PostAsync(
            "/v1/inquiries", new JsonObject { ["service"] = "10101", ["account"] = "012345678901234" });
        inquiry.Status.Should().Be(HttpStatusCode.OK);
        inquiry.Json!["payer"]!.ToString().Should().Contain("*");

        var reference = HttpCentre.Reference("pay");
        var asked = HttpCentre.Payment();
        asked["inquiry"] = inquiry.Json["inquiry"]!.DeepClone();
        var first = await centre.Client.PayAsync(reference, asked);

        first.Status.Should().Be(HttpStatusCode.Created);
        first.Response.Headers.Location!.ToString().Should().Be("/v1/payments/" + reference);
        first.State.Should().Be("Confirmed");
        ((bool)first.Json!["final"]!).Should().BeTrue();
        ((string)first.Json["number"]!).Should().MatchRegex("^731[0-9]{9}$");
        ((string)first.Json["receipt"]!["number"]!).Should().MatchRegex("^[0-9]{16}$");
        ((string)first.Json["receipt"]!["url"]!).Should().Be("/verify/" + (string)first.Json["receipt"]!["code"]!);
        ((string)first.Json["provider"]!["code"]!).Should().Be("azerishiq");
        ((string)first.Json["provider"]!["transaction"]!).Should().NotBeEmpty();
        foreach (var absent in (string[])["decline", "reversal", "correction", "cardData"])
        {
            first.Json.AsObject().ContainsKey(absent).Should().BeTrue("the contract writes {0}", absent);
            first.Json[absent].Should().BeNull();
        }

        asked.Remove("inquiry");
        var again = await centre.Client.PayAsync(reference, asked);
        again.Status.Should().Be(HttpStatusCode.OK);
        again.Text.Should().Be(first.Text);

        var looked = await centre.Client.LookAsync("/v1/payments/" + reference);
        looked.Status.Should().Be(HttpStatusCode.OK);
        looked.Text.Should().Be(first.Text);
    }

    [Fact]
    public async Task The_same_reference_with_another_amount_is_refused_and_names_the_amount()
    {
        var reference = HttpCentre.Reference("changed");
        await centre.Client.PayAsync(reference, HttpCentre.Payment());

        var changed = await centre.Client.PayAsync(reference, HttpCentre.Payment(2_351));

        changed.Status.Should().Be(HttpStatusCode.Conflict);
        changed.Response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        changed.Code.Should().Be(140);
        ((string)changed.Json!["type"]!).Should().Be("urn:egovpay:refusal:reference-used-differently");
        ((string)changed.Json["field"]!).Should().Be("amountQepik");
        ((bool)changed.Json["transient"]!).Should().BeFalse();
    }

    [Fact]
    public async Task Fifty_same_requests_at_once_are_one_payment()
    {
        var reference = HttpCentre.Reference("crowd");
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => centre.Client.PayAsync(reference, HttpCentre.Payment())));

        answers.Should().OnlyContain(
            answer => answer.Status == HttpStatusCode.Created || answer.Status == HttpStatusCode.OK);
        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);
        answers.Select(answer => (string)answer.Json!["number"]!)
            .Distinct(StringComparer.Ordinal).Should().ContainSingle();
        var rows = await centre.Database.AskAsync<long>(
            $"select count(*) from payment where reference = '{reference}'");
        rows.Should().Be(1);
    }

    [Fact]
    public async Task A_provider_that_is_silent_gives_202_and_the_truth_is_found_by_waiting()
    {
        var reference = HttpCentre.Reference("silent");
        var asked = HttpCentre.Payment(account: "012345678966614");

        var first = await centre.Client.PayAsync(reference, asked);
        first.Status.Should().Be(HttpStatusCode.Accepted);
        first.Response.Headers.Location!.ToString().Should().Be("/v1/payments/" + reference);
        first.Response.Headers.RetryAfter!.Delta.Should().NotBeNull();
        first.State.Should().Be("Unknown");
        first.Json!["finalAt"].Should().BeNull();
        first.Json["receipt"]!["number"].Should().BeNull();
        ((string)first.Json["receipt"]!["code"]!).Should().NotBeEmpty();

        var waited = await centre.Client.LookAsync($"/v1/payments/{reference}?wait=20");
        waited.State.Should().Be("Confirmed");
    }

    [Fact]
    public async Task A_providers_no_is_a_recorded_payment_that_says_why_in_the_asked_language()
    {
        var reference = HttpCentre.Reference("no");
        var declined = await centre.Client.PayAsync(reference, HttpCentre.Payment(account: "012345678966601"));

        declined.Status.Should().Be(HttpStatusCode.Created);
        declined.State.Should().Be("Declined");
        ((string)declined.Json!["decline"]!["name"]!).Should().Be("account-not-found");
        ((string)declined.Json["decline"]!["title"]!).Should().Be("Hesab təşkilatda tapılmadı");
        ((bool)declined.Json["decline"]!["transient"]!).Should().BeFalse();
        ((bool)declined.Json["final"]!).Should().BeTrue();

        var english = await centre.Client.LookAsync("/v1/payments/" + reference, ("Accept-Language", "en"));
        ((string)english.Json!["decline"]!["title"]!).Should().Be("The organisation does not know this account");
    }

    [Fact]
    public async Task An_unseen_reference_is_cancelled_for_ever_and_a_late_payment_gets_that()
    {
        var reference = HttpCentre.Reference("late");
        var cancelled = await centre.Client.PostAsync($"/v1/payments/{reference}/cancel");
        cancelled.Status.Should().Be(HttpStatusCode.OK);
        cancelled.State.Should().Be("Cancelled");
        cancelled.Json!["service"].Should().BeNull();

        var late = await centre.Client.PayAsync(reference, HttpCentre.Payment());
        late.Status.Should().Be(HttpStatusCode.OK);
        late.State.Should().Be("Cancelled");
        var again = await centre.Client.PostAsync($"/v1/payments/{reference}/cancel");
        again.Text.Should().Be(cancelled.Text);
    }

    [Fact]
    public async Task A_confirmed_payment_is_too_late_to_cancel()
    {
        var reference = HttpCentre.Reference("done");
        await centre.Client.PayAsync(reference, HttpCentre.Payment());

        var cancelled = await centre.Client.PostAsync($"/v1/payments/{reference}/cancel");

        cancelled.Status.Should().Be(HttpStatusCode.Conflict);
        cancelled.Code.Should().Be(413);
        cancelled.State.Should().Be("Confirmed");
    }

    [Fact]
    public async Task Another_agents_payment_is_not_found_by_any_way()
    {
        var reference = HttpCentre.Reference("mine");
        await centre.Client.PayAsync(reference, HttpCentre.Payment());
        var (key, _) = await centre.AddTerminalAsync();
        using var stranger = centre.ClientOf(key);

        (await stranger.LookAsync("/v1/payments/" + reference)).Code.Should().Be(414);
        (await stranger.LookAsync("/v1/payments")).Json!["items"]!.AsArray().Should().BeEmpty();
        var own = await stranger.PayAsync(reference, HttpCentre.Payment(1_000));
        own.Status.Should().Be(HttpStatusCode.Created);
        var mine = await centre.Client.LookAsync("/v1/payments/" + reference);
        ((long)mine.Json!["amountQepik"]!).Should().Be(2_350);
    }

    [Fact]
    public async Task The_account_shows_the_funds_after_a_payment()
    {
        var (key, _) = await centre.AddTerminalAsync(depositQepik: 10_000);
        using var client = centre.ClientOf(key);
        await client.PayAsync(HttpCentre.Reference("funds"), HttpCentre.Payment(4_000));

        var funds = await client.LookAsync("/v1/account");
        funds.Text.Should().Be(
            "{\"balanceQepik\":6000,\"heldQepik\":0,\"availableQepik\":6000,\"creditLimitQepik\":0}");

        var poor = await client.PayAsync(HttpCentre.Reference("poor"), HttpCentre.Payment(6_001));
        poor.Status.Should().Be(HttpStatusCode.PaymentRequired);
        poor.Code.Should().Be(300);
        ((bool)poor.Json!["transient"]!).Should().BeTrue();
    }
}
