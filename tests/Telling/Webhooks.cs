using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Telling;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Telling;

public sealed class Webhooks
{
    [Fact]
    public async Task An_agent_that_subscribed_hears_of_its_payment_with_a_signature_that_its_secret_makes()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        var id = await centre.SubscribeAsync(new Uri(receiver.Address, "/hear?from=egovpay"));
        centre.Tell();
        var payment = await centre.PayAsync("W-1");
        payment.State.Should().Be(PaymentState.Confirmed);

        await receiver.UntilAsync(heard => heard.Count == 1);
        var one = receiver.All[0];
        one.Id.Should().Be($"evt_{payment.Number}_1");
        one.Type.Should().Be("payment.confirmed");
        var secret = SignWebhook.Secret(new byte[32], id, 1);
        secret.Should().StartWith("whsec_");
        var key = Convert.FromBase64String(secret["whsec_".Length..]);
        var signed = Encoding.UTF8.GetBytes($"{one.Id}.{one.Timestamp}.").Concat(one.Body).ToArray();
        one.Signature.Should().Be("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)));
        var data = one.Json["data"]!;
        ((string)data["reference"]!).Should().Be("W-1");
        ((string)data["state"]!).Should().Be("Confirmed");
        ((string)data["account"]!).Should().Be("012345678901234");
        ((int)data["version"]!).Should().Be(1);
        await centre.UntilAsync("select count(*) from told where receiver > 0", 1);
        (await centre.Database.AskAsync<long>("select count(*) from outbox")).Should().Be(0);
        (await centre.Database.AskAsync<long>("select count(*) from delivery")).Should().Be(0);
    }

    [Fact]
    public async Task Who_did_not_subscribe_hears_nothing_and_costs_no_row()
    {
        await using var centre = await TellingCentre.StartAsync();
        await centre.PayAsync("W-1");
        (await centre.Database.AskAsync<long>("select count(*) from outbox")).Should().Be(0);
        (await centre.Database.AskAsync<long>("select count(*) from payment where notify")).Should().Be(0);
    }
}
