using EGovPay.Processing;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payments;

public sealed class WayOfAPayment(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_payment_goes_from_a_terminal_to_its_provider_and_back_and_the_money_is_posted()
    {
        await using var centre = await SmallCentre.StartAsync(database);
        var quote = await centre.Engine.Inquire.AskAsync(
            centre.Terminal, "10101", "012345678901234", null, CancellationToken.None);
        quote.Refused.Should().BeNull();

        var request = SmallCentre.Request("way-1", "10101", "012345678901234", 2_350, inquiry: quote.Sealed);
        var answer = await centre.Engine.Pay.PayAsync(centre.Terminal, request, TimeSpan.FromSeconds(20));

        answer.Refused.Should().BeNull();
        answer.Payment!.State.Should().Be(PaymentState.Confirmed);
        answer.Payment.ProviderTransaction.Should().NotBeNullOrEmpty();
        answer.Payment.ReceiptCounter.Should().BePositive();
        var stands = await centre.Engine.Book.FindAsync(centre.Terminal.AgentId, "way-1");
        stands.Should().BeEquivalentTo(answer.Payment);

        var again = await centre.Engine.Pay.PayAsync(
            centre.Terminal, SmallCentre.Request("way-1", "10101", "012345678901234", 2_350), TimeSpan.FromSeconds(20));
        again.Repeat.Should().BeTrue();
        again.Payment!.Number.Should().Be(answer.Payment.Number);

        var changed = await centre.Engine.Pay.PayAsync(
            centre.Terminal, SmallCentre.Request("way-1", "10101", "012345678901234", 2_351), TimeSpan.FromSeconds(20));
        changed.Refused!.Value.Why.Should().Be(Refusal.ReferenceUsedDifferently);
        changed.Refused.Value.Field.Should().Be("amountQepik");

        var funds = await centre.Engine.Funds.LookAsync(centre.Terminal.AgentId, 1);
        funds.BalanceQepik.Should().Be(SmallCentre.Deposit - 2_350);
        funds.HeldQepik.Should().Be(0);
    }
}
