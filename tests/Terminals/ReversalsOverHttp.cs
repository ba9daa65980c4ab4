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

    [Fact]
    public async Task Cash_is_to_be_returned_and_the_z_report_says_reversed_also_when_the_shift_was_closed()
    {
        var (key, _) = await centre.AddTerminalAsync(plain => plain with { ShiftRequired = true });
        using var client = centre.ClientOf(key);
        await client.PostAsync("/v1/shifts", new JsonObject { ["cashier"] = "Aygün", ["floatQepik"] = 0 });
        var card = HttpCentre.Payment(700);
        (card["tender"], card["rrn"], card["maskedPan"]) = ("card", "123456789012", "416973******1234");
        await client.PayAsync("card", card);
        await client.PayAsync("now", HttpCentre.Payment(500));
        await client.PayAsync("later", HttpCentre.Payment(300));
        foreach (var reference in (string[])["card", "now"])
        {
            await client.PostAsync($"/v1/payments/{reference}/reversal", Reason.DeepClone());
            (await centre.FinalAsync(reference, client)).State.Should().Be("Reversed");
        }

        var current = (await client.LookAsync("/v1/shifts/current")).Json!;
        current["reversed"]!.ToJsonString().Should().Be("""{"count":2,"totalQepik":1200}""");
        current["toReturn"]!.ToJsonString().Should().Be("""["now"]""", "a card's money goes back another way");
        ((long)current["expectedCashQepik"]!).Should().Be(800, "the cash is still in the drawer");
        var closed = await client.PostAsync("/v1/shifts/current/close", new JsonObject { ["countedCashQepik"] = 800 });
        var asked = await client.PostAsync("/v1/payments/later/reversal", Reason.DeepClone());
        asked.Status.Should().Be(HttpStatusCode.Accepted, "no shift is needed to ask");
        (await centre.FinalAsync("later", client)).State.Should().Be("Reversed");

        (await client.LookAsync("/v1/shifts/1")).Text.Should().Be(closed.Text, "a closed shift never changes");
        await client.PostAsync("/v1/shifts", new JsonObject { ["cashier"] = "Aygün", ["floatQepik"] = 1_000 });
        (await client.LookAsync("/v1/shifts/current")).Json!["toReturn"]!.ToJsonString().Should().Be("""["now","later"]""");
        (await client.PostAsync("/v1/payments/later/cash-returned")).Status.Should().Be(HttpStatusCode.OK);
        ((long)(await client.LookAsync("/v1/shifts/current")).Json!["expectedCashQepik"]!).Should().Be(700);
    }

    [Fact]
    public async Task The_receipt_and_the_verification_say_that_it_was_taken_back()
    {
        var reference = HttpCentre.Reference("paper");
        var paid = await centre.Client.PayAsync(reference, HttpCentre.Payment());
        await centre.Client.PostAsync($"/v1/payments/{reference}/reversal", Reason.DeepClone());
        await centre.FinalAsync(reference);

        var verified = await centre.Client.LookAsync((string)paid.Json!["receipt"]!["url"]!, ("Accept", "application/json"));
        verified.State.Should().Be("Reversed");
        var receipt = await centre.Client.LookAsync(
            $"/v1/payments/{reference}/receipt", ("Accept", "text/plain"), ("Accept-Language", "en"));
        receipt.Text.Should().Contain("PAYMENT REVERSED");
    }

    [Fact]
    public async Task Any_of_the_agents_terminals_may_ask_and_nobody_elses_nor_a_suspended_one()
    {
        var (key, terminal) = await centre.AddTerminalAsync();
        var (otherKey, other) = await centre.AddTerminalToAsync(terminal.AgentId, terminal.TerminalCode + "-b");
        using var client = centre.ClientOf(key);
        using var beside = centre.ClientOf(otherKey);
        var (first, second) = (HttpCentre.Reference("mine"), HttpCentre.Reference("mine"));
        await client.PayAsync(first, HttpCentre.Payment());
        await client.PayAsync(second, HttpCentre.Payment());

        (await centre.Client.PostAsync($"/v1/payments/{first}/reversal", Reason.DeepClone())).Code.Should().Be(414);
        (await beside.PostAsync($"/v1/payments/{first}/reversal", Reason.DeepClone())).Status.Should().Be(HttpStatusCode.Accepted);
        await centre.Engine.Administer.SuspendTerminalAsync(other.TerminalCode, true);
        await centre.Engine.Directory.RefreshAsync();
        (await beside.PostAsync($"/v1/payments/{second}/reversal", Reason.DeepClone())).Code.Should().Be(120);
        (await centre.FinalAsync(second, client)).State.Should().Be("Confirmed");
    }

    [Fact]
    public async Task A_refused_reversal_is_refused_for_good_and_says_so()
    {
        var reference = HttpCentre.Reference("kept");
        await centre.Client.PayAsync(reference, HttpCentre.Payment(account: "000000000066630"));
        await centre.Client.PostAsync($"/v1/payments/{reference}/reversal", Reason.DeepClone());
        var kept = await centre.FinalAsync(reference);

        var again = await centre.Client.PostAsync($"/v1/payments/{reference}/reversal", Reason.DeepClone());
        again.Code.Should().Be(411);
        again.State.Should().Be("Confirmed");
        kept.Json!["finalAt"]!.GetValue<string>().Should().NotBe(kept.Json["reversal"]!["outcomeAt"]!.GetValue<string>());
    }
}
