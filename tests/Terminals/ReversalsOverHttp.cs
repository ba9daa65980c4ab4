using System.Net;
using System.Text.Json.Nodes;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class ReversalsOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private static readonly JsonObject Reason = new() { ["reason"] = "səhv hesab" };

    [Fact]
    public async Task A_payment_is_taken_back_and_its_money_is_the_agents_again()
    {
        var (key, _) = await centre.AddTerminalAsync();
        using var client = centre.ClientOf(key);
        var before = (await client.LookAsync("/v1/account")).Text;
        var reference = HttpCentre.Reference("back");
        await client.PayAsync(reference, HttpCentre.Payment());

        var asked = await client.PostAsync($"/v1/payments/{reference}/reversal", Reason.DeepClone());
        var done = await client.LookAsync($"/v1/payments/{reference}?wait=10");

        asked.Status.Should().Be(HttpStatusCode.Accepted, asked.Text);
        asked.Response.Headers.Location!.ToString().Should().Be("/v1/payments/" + reference);
        ((string)asked.Json!["reversal"]!["askedAt"]!).Should().NotBeEmpty();
        done.State.Should().Be("Reversed", done.Text);
        ((string)done.Json!["reversal"]!["state"]!).Should().Be("done");
        ((string?)done.Json["reversal"]!["outcomeAt"]).Should().NotBeNull();
        (await client.LookAsync("/v1/account")).Text.Should().Be(before);
        (await centre.CreditedAsync((string)done.Json["number"]!)).Should().Be((1, 1));

        var again = await client.PostAsync($"/v1/payments/{reference}/reversal", Reason.DeepClone());
        again.Status.Should().Be(HttpStatusCode.OK);
        again.State.Should().Be("Reversed");
    }

    [Theory]
    [InlineData(30, "Confirmed", "refused", 0)]
    [InlineData(31, "Reversed", "done", 1)]
    [InlineData(32, "Reversed", "done", 1)]
    [InlineData(33, "Reversed", "done", 1)]
    [InlineData(34, "Reversed", "done", 1)]
    [InlineData(35, "Reversed", "done", 1)]
    [InlineData(36, "Reversed", "done", 1)]
    [InlineData(37, "Reversed", "done", 1)]
    [InlineData(38, "Reversed", "done", 1)]
    [InlineData(39, "Reversed", "done", 1)]
    [InlineData(40, "Reversed", "done", 1)]
    [InlineData(41, "Reversed", "done", 1)]
    [InlineData(42, "Reversed", "done", 1)]
    [InlineData(43, "Reversed", "done", 1)]
    [InlineData(44, "Reversed", "done", 1)]
    [InlineData(45, "Reversed", "done", 1)]
    public async Task Whatever_the_provider_does_the_book_and_its_record_agree(
        int magic, string state, string reversal, int reversed)
    {
        var reference = HttpCentre.Reference("lied");
        await centre.Client.PayAsync(reference, HttpCentre.Payment(account: $"0000000000666{magic}"));

        await centre.Client.PostAsync($"/v1/payments/{reference}/reversal", Reason.DeepClone());
        var done = await centre.FinalAsync(reference);

        done.State.Should().Be(state, done.Text);
        ((string)done.Json!["reversal"]!["state"]!).Should().Be(reversal);
        (await centre.CreditedAsync((string)done.Json["number"]!)).Should().Be((1, reversed));
    }
}
