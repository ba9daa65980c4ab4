using EGovPay.Processing.Dispatch;
using FluentAssertions;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers.Simulator;

public sealed class SimulatorTests
{
    [Theory]
    [InlineData("azerishiq")]
    [InlineData("dmx")]
    [InlineData("bdypi")]
    public async Task A_payment_is_confirmed_and_credited_once_and_its_repeat_gives_the_same_transaction(
        string provider)
    {
        await using var world = await StartAsync();
        var adapter = world.Adapters[provider];
        var delivery = Delivery(731_000_000_042, "012345678901234");

        var paid = await adapter.PayAsync(delivery, CancellationToken.None);
        var asked = await adapter.AskAsync(delivery, CancellationToken.None);

        paid.Result.Should().Be(DeliveryResult.Confirmed);
        paid.ProviderTransaction.Should().NotBeNullOrEmpty();
        asked.Result.Should().Be(DeliveryResult.Confirmed);
        asked.ProviderTransaction.Should().Be(paid.ProviderTransaction);
        (await world.CreditedAsync(731_000_000_042)).Should().Be(1);
    }

    [Theory]
    [InlineData("azerishiq")]
    [InlineData("dmx")]
    public async Task An_inquiry_names_the_payer_and_what_is_owed(string provider)
    {
        await using var world = await StartAsync();

        var answer = await world.Adapters[provider].InquireAsync(
            Question(1, "012345678901234"), CancellationToken.None);

        answer.Result.Should().Be(InquiryResult.Found);
        answer.Payer.Should().NotBeNullOrEmpty();
        answer.Lines.Should().NotBeEmpty();
        answer.DueQepik.Should().Be(answer.Lines!.Sum(line => line.DueQepik)).And.BeInRange(500, 9_500);
    }
}
