using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.StateMachine;
using EGovPay.Processing.Telling;
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
        one.Signature.Should().Be(Signed(one, SignWebhook.Secret(new byte[32], id, 1)));
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
        await centre.PayAsync("W-1", contact: new Processing.Payments.Contact("a@b.example", null, null));
        (await centre.Database.AskAsync<long>("select count(*) from outbox")).Should().Be(0);
        (await centre.Database.AskAsync<long>("select count(*) from payment where notify")).Should().Be(0);
        (await centre.Database.AskAsync<long>("select count(*) from payer_contact")).Should().Be(
            0, "nobody tells payers here, so no address is kept");
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_alone()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        var id = await centre.SubscribeAsync(receiver.Address);
        (await centre.Endpoints.RotateAsync(id)).Should().Be(2);
        (await centre.Endpoints.RotateAsync(id)).Should().BeNull("the first secret would end before its time");
        centre.Tell();
        await centre.PayAsync("W-1");
        await receiver.UntilAsync(heard => heard.Count == 1);
        var (old, fresh) = (SignWebhook.Secret(new byte[32], id, 1), SignWebhook.Secret(new byte[32], id, 2));
        receiver.All[0].Signature!.Split(' ').Should().Equal(Signed(receiver.All[0], fresh), Signed(receiver.All[0], old));

        await centre.StopTellingAsync();
        await centre.Database.ExecuteAsync("update webhook_endpoint set previous_until = now() - interval '1 second'");
        centre.Tell();
        await centre.PayAsync("W-2");
        await receiver.UntilAsync(heard => heard.Count == 2);
        receiver.All[1].Signature.Should().Be(Signed(receiver.All[1], fresh));
        (await centre.Endpoints.RotateAsync(id)).Should().Be(3);
        (await centre.Endpoints.RotateAsync(id, force: true)).Should().Be(4, "a secret that others have is ended at once");
    }

    [Fact]
    public async Task The_audit_misses_what_one_endpoint_was_not_told_though_the_other_was()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        var first = await centre.SubscribeAsync(new Uri(receiver.Address, "first"));
        var second = await centre.SubscribeAsync(new Uri(receiver.Address, "second"));
        var declines = await centre.SubscribeAsync(new Uri(receiver.Address, "declines"), "payment.declined");
        // Subscribed long enough ago that the audit knows who was to hear.
        await centre.Database.ExecuteAsync("update webhook_endpoint set created_at = created_at - interval '1 hour'");
        centre.Tell();
        var number = (await centre.PayAsync("W-1")).Number;
        await centre.UntilAsync("select count(*) from told", 2);
        await centre.StopTellingAsync();
        (await TellingFaultsAsync(centre)).Should().BeEmpty("the third does not hear of confirmations");

        await centre.Database.ExecuteAsync($"delete from told where receiver = {second}");
        (await TellingFaultsAsync(centre)).Should().ContainSingle().Which.Should()
            .Contain($"endpoint {second}").And.Contain($"{number}").And.NotContain($"endpoint {first}");
        await centre.Endpoints.SwitchOffAsync(second, "gone");
        (await TellingFaultsAsync(centre)).Should().BeEmpty("whether it was off then is not known");
        await centre.Endpoints.SwitchOnAsync(second);
        (await TellingFaultsAsync(centre)).Should().BeEmpty("it may have been off when the event came");
        await centre.Database.ExecuteAsync("delete from told");
        (await TellingFaultsAsync(centre)).Should().ContainSingle().Which.Should().Contain("neither told nor on its way");
        declines.Should().BeGreaterThan(second);
    }

    private static async Task<IEnumerable<string>> TellingFaultsAsync(TellingCentre centre)
    {
        var report = await Processing.Audit.AuditBooks.RunAsync(
            centre.Database.DataSource, null, TestContext.Current.CancellationToken);
        return report.Invariants.Where(one => one.Name == "telling").SelectMany(one => one.Offenders).Select(one => $"{one}");
    }

    [Fact]
    public async Task An_endpoint_hears_only_of_the_events_it_asked_for_and_each_event_says_how_things_stood_then()
    {
        await using var all = await Receiver.StartAsync();
        await using var some = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        await centre.SubscribeAsync(all.Address);
        await centre.SubscribeAsync(some.Address, Announcement.Declined, Announcement.Cancelled);
        await centre.PayAsync("W-1", account: "012345678966601");
        await centre.PayAsync("W-2");
        var silent = await centre.PayAsync("W-3", account: "012345678966612");
        await centre.Engine.Cancel.CancelAsync(centre.Terminal, "W-4");
        silent.State.Should().Be(PaymentState.Unknown);
        await centre.UntilAsync($"select count(*) from event where number = {silent.Number} and edge = 9", 1);
        // Told only now: what is told of the first event is what stood then.
        centre.Tell();
        await all.UntilAsync(heard => heard.Count == 5);
        await some.UntilAsync(heard => heard.Count == 2);
        all.All.Select(one => one.Type).Should().BeEquivalentTo(
            "payment.declined", "payment.confirmed", "payment.unknown", "payment.confirmed", "payment.cancelled");
        some.All.Select(one => one.Type).Should().BeEquivalentTo("payment.declined", "payment.cancelled");
        var unknown = all.All.Single(one => one.Type == "payment.unknown").Json["data"]!;
        ((string)unknown["state"]!).Should().Be("Unknown");
        ((int)unknown["version"]!).Should().Be(1);
        unknown["finalAt"].Should().BeNull();
        var confirmed = all.All.Single(one => one.Id == $"evt_{silent.Number}_2").Json["data"]!;
        ((string)confirmed["state"]!).Should().Be("Confirmed");
        ((int)confirmed["version"]!).Should().Be(2);
        var declined = all.All.Single(one => one.Type == "payment.declined").Json["data"]!;
        ((string)declined["decline"]!["name"]!).Should().Be("account-not-found");
        var cancelled = all.All.Single(one => one.Type == "payment.cancelled").Json["data"]!;
        ((string)cancelled["reference"]!).Should().Be("W-4");
    }

    [Fact]
    public async Task A_provider_that_only_takes_registers_hears_of_each_payment_at_once_and_nothing_of_the_agents_money()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        var catalogue = centre.Engine.Catalogue.Current;
        var provider = catalogue.Providers.First(one => one.Code == "temizsheher");
        var service = catalogue.Services.First(one => one.Provider == provider.Code);
        await centre.SubscribeProviderAsync(provider.Id, receiver.Address);
        centre.Tell();
        await centre.PayAsync("W-0");
        var payment = await centre.PayAsync("W-1", service.CodeText, service.Fields[0].Example);
        await receiver.UntilAsync(heard => heard.Count == 1);
        await centre.UntilAsync("select count(*) from told where receiver > 0", 1);
        var one = receiver.All.Should().ContainSingle().Subject;
        one.Type.Should().Be("payment.confirmed");
        var data = one.Json["data"]!.AsObject();
        ((string)data["number"]!).Should().Be($"{payment.Number}");
        ((string)data["account"]!).Should().Be(payment.Account);
        ((long)data["amountQepik"]!).Should().Be(2_350);
        data.Select(member => member.Key).Should().NotContain(["reference", "feeQepik", "totalQepik", "receipt", "tender"]);
    }

    [Fact]
    public async Task Two_endpoints_with_one_address_and_more_than_eight_are_refused()
    {
        await using var centre = await TellingCentre.StartAsync();
        var first = await centre.SubscribeAsync(new Uri("https://bank.example/0"));
        (await centre.Endpoints.AddAsync(centre.Terminal.AgentId, null, new Uri("https://bank.example/0"), null))
            .Should().Be((EndpointMade.Known, first));
        for (var n = 1; n < Endpoints.MostEach; n++)
        {
            await centre.SubscribeAsync(new Uri($"https://bank.example/{n}"));
        }

        (await centre.Endpoints.AddAsync(centre.Terminal.AgentId, null, new Uri("https://bank.example/x"), null))
            .Made.Should().Be(EndpointMade.TooMany);
        (await centre.Endpoints.RemoveAsync(first)).Should().BeTrue();
        (await centre.Endpoints.RemoveAsync(first)).Should().BeFalse();
        await centre.SubscribeAsync(new Uri("https://bank.example/0"));
    }

    private static string Signed(Heard one, string secret)
    {
        secret.Should().StartWith("whsec_");
        var key = Convert.FromBase64String(secret["whsec_".Length..]);
        var signed = Encoding.UTF8.GetBytes($"{one.Id}.{one.Timestamp}.").Concat(one.Body).ToArray();
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
    }
}
