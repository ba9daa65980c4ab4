using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Payments;

/// <summary>Refusals that only the book can give keep their place in the order.</summary>
public sealed class RefusalsOfTheBook(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Account = "012345678901234";

    [Fact]
    public async Task An_inquiry_that_was_used_is_refused_before_anything_that_comes_after_it()
    {
        await using var centre = await SmallCentre.StartAsync(database);
        var quote = await centre.Engine.Inquire.AskAsync(centre.Terminal, "10101", Account, null, CancellationToken.None);
        await PayAsync(centre, SmallCentre.Request("used-1", "10101", Account, 100, inquiry: quote.Sealed));

        foreach (var (amount, total) in new[] { (100L, 100L), (999_999_999L, 999_999_999L), (1L, 1L), (100L, 101L) })
        {
            var request = new PaymentRequest
            {
                Reference = "used-2",
                Service = "10101",
                Account = Account,
                AmountQepik = amount,
                TotalQepik = total,
                Inquiry = quote.Sealed,
                Tender = Tender.Cash,
            };
            var answer = await PayAsync(centre, request);
            answer.Refused!.Value.Why.Should().Be(Refusal.InquiryUsed);
            answer.Refused.Value.Reference.Should().Be("used-1");
        }
    }

    [Fact]
    public async Task A_number_that_nobody_serves_is_malformed_and_not_a_matter_of_time()
    {
        await using var centre = await SmallCentre.StartAsync(database, route: (_, _) => null);
        var answer = await PayAsync(centre, SmallCentre.Request("nobody-1", "20101", "502345678", 500));
        answer.Refused!.Value.Why.Should().Be(Refusal.AccountMalformed);
        answer.Refused.Value.Transient.Should().BeFalse();
        (await centre.Engine.Inquire.AskAsync(centre.Terminal, "20101", "502345678", null, CancellationToken.None))
            .Refused!.Value.Why.Should().Be(Refusal.AccountMalformed);
    }

    [Fact]
    public async Task An_agent_without_funds_is_told_so_before_its_terminals_limit()
    {
        await using var centre = await SmallCentre.StartAsync(database);
        var poor = await SmallCentre.AddTerminalAsync(centre.Engine, 1_000);
        var answer = await centre.Engine.Pay.PayAsync(
            poor with { SingleLimitQepik = 500 }, await QuotedAsync(centre, poor, 2_000), TimeSpan.FromSeconds(20));
        answer.Refused!.Value.Why.Should().Be(Refusal.InsufficientFunds);
        answer = await centre.Engine.Pay.PayAsync(
            poor with { SingleLimitQepik = 500 }, await QuotedAsync(centre, poor, 600), TimeSpan.FromSeconds(20));
        answer.Refused!.Value.Why.Should().Be(Refusal.TerminalLimit);
    }

    [Fact]
    public void Lines_that_repeat_one_are_not_the_lines_that_were_paid()
    {
        var known = new Payment
        {
            AgentId = 16,
            Number = 1,
            Reference = "r",
            TerminalId = 1,
            ServiceCode = 10101,
            Account = Account,
            Fields = [],
            Lines = [new PaidLine("a", 50), new PaidLine("b", 50)],
            AmountQepik = 100,
            FeeQepik = 0,
            Tender = Tender.Cash,
            ProviderId = 1,
            AcceptedAt = Instant.FromUnixTimeSeconds(0),
            State = PaymentState.Confirmed,
            Step = 1,
            Edge = 8,
            At = Instant.FromUnixTimeSeconds(0),
        };
        PaymentRequest Asked(params PaidLine[] lines) => new()
        {
            Reference = "r",
            Service = "10101",
            Account = Account,
            AmountQepik = 100,
            TotalQepik = 100,
            Lines = lines,
            Tender = Tender.Cash,
        };
        var catalogue = EmbeddedCatalogue.Load();
        SameRequest.FirstDifference(Asked(new("b", 50), new("a", 50)), known, catalogue).Should().BeNull("order is no difference");
        SameRequest.FirstDifference(Asked(new("a", 50), new("a", 50)), known, catalogue).Should().Be("lines");
    }

    private static async Task<PaymentRequest> QuotedAsync(SmallCentre centre, Processing.Agents.Terminal terminal, long amountQepik)
    {
        var quote = await centre.Engine.Inquire.AskAsync(terminal, "10101", Account, null, CancellationToken.None);
        return SmallCentre.Request($"poor-{amountQepik}", "10101", Account, amountQepik, inquiry: quote.Sealed);
    }

    private static Task<PayAnswer> PayAsync(SmallCentre centre, PaymentRequest request) =>
        centre.Engine.Pay.PayAsync(centre.Terminal, request, TimeSpan.FromSeconds(20));
}
