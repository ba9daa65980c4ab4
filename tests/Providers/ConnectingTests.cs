using EGovPay.Processing.Dispatch;
using EGovPay.Providers;
using EGovPay.Providers.Osmp;
using FluentAssertions;
using NodaTime;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers;

/// <summary>Which adapter a provider gets, when it is made anew.</summary>
public sealed class ConnectingTests
{
    private static readonly Uri Anywhere = new("http://127.0.0.1:9/");

    private readonly ListeningLog log = new();

    [Fact]
    public void A_provider_whose_settings_did_not_change_keeps_its_connections()
    {
        using var connect = Make(EGovPay.Providers.Simulator.SimulatedAccess.For);
        var first = connect.Connect([Electricity, Gas, Migration]);
        var second = connect.Connect([Electricity, Gas with { TimeoutSeconds = 9 }, Migration]);

        second["azerishiq"].Should().BeSameAs(first["azerishiq"]);
        second["dmx"].Should().BeSameAs(first["dmx"]);
        second["azeriqaz"].Should().NotBeSameAs(first["azeriqaz"]);
        second["azeriqaz"].Settings.TimeoutSeconds.Should().Be(9);
    }

    [Fact]
    public async Task A_provider_without_a_usable_key_is_unavailable_and_the_others_go_on()
    {
        using var connect = Make(_ => ProviderAccess.None);
        var adapters = connect.Connect([Electricity, Migration]);

        (await adapters["dmx"].PayAsync(Delivery(1, "1"), CancellationToken.None)).Result.Should().Be(DeliveryResult.NotSent);
        (await adapters["dmx"].AskAsync(Delivery(1, "1"), CancellationToken.None)).Result.Should().Be(DeliveryResult.Silent);
        (await adapters["dmx"].InquireAsync(Question(1, "1"), CancellationToken.None)).ConnectionFailed.Should().BeTrue();
        adapters["azerishiq"].Should().BeOfType<MeasuredProvider>().Which.Inner.Should().BeOfType<OsmpProvider>();
        log.Lines.Should().ContainSingle(line => line.Event == 2007 && line.Text.Contains("dmx"));
    }

    [Theory]
    [InlineData("ftp://x/y", "json")]
    [InlineData("osmp/a", "soap")]
    public async Task An_address_or_protocol_that_cannot_be_used_makes_that_provider_unavailable(string address, string protocol)
    {
        using var connect = new ConnectProviders(null, _ => ProviderAccess.None, SystemClock.Instance, log);
        var adapter = connect.Connect([Provider(1, "x", protocol, address, false)])["x"];
        (await adapter.PayAsync(Delivery(1, "1"), CancellationToken.None)).Result.Should().Be(DeliveryResult.NotSent);
    }

    private ConnectProviders Make(Func<EGovPay.Processing.Catalogue.ProviderSettings, ProviderAccess> access) =>
        new(Anywhere, access, SystemClock.Instance, log);
}
