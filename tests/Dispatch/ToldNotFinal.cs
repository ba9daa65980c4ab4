using EGovPay.Processing;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>A payer whose terminal was told "not final" has left the cash there: it is owed when the provider then says no.</summary>
public sealed class ToldNotFinal
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cash_is_owed_exactly_when_the_terminal_was_told_not_final_before_the_refusal(bool told)
    {
        await using var database = await TestDatabase.CreateAsync();
        var provider = new AnswersWhenTold();
        await using var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = database.ConnectionString,
                Secret = new byte[32],
                Connect = providers => providers.ToDictionary(p => p.Code, IProvider (p) => provider.As(p)),
                Route = (_, _) => "azercell",
            },
            SystemClock.Instance, NullLoggerFactory.Instance);
        var terminal = await Payments.SmallCentre.AddTerminalAsync(engine, 1_000_000);
        var paying = engine.Pay.PayAsync(
            terminal, Payments.SmallCentre.Request("r1", "10101", "012345678901234", 500),
            told ? TimeSpan.FromMilliseconds(300) : TimeSpan.FromSeconds(20));
        if (told)
        {
            (await paying).Payment!.State.Should().Be(PaymentState.Dispatched);
        }

        provider.Answer.SetResult(new DeliveryAnswer(DeliveryResult.Declined, DeclineName: "account-not-found", ProviderCode: "5"));

        var answered = (await paying).Payment!;
        (await engine.Waiting.FinalAsync(answered, TimeSpan.FromSeconds(10))).State.Should().Be(PaymentState.Declined);
        (await database.AskAsync<long>("select count(*) from cash_to_return")).Should().Be(told ? 1 : 0);
        var report = await AuditBooks.RunAsync(database.DataSource, null, TestContext.Current.CancellationToken);
        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
    }

    /// <summary>Answers every payment with what the test says, when it says it.</summary>
    private sealed class AnswersWhenTold
    {
        public TaskCompletionSource<DeliveryAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IProvider As(ProviderSettings settings) => new One(settings, Answer.Task);

        private sealed class One(ProviderSettings settings, Task<DeliveryAnswer> answer) : IProvider
        {
            public ProviderSettings Settings => settings;

            public Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline) =>
                Task.FromResult(new InquiryAnswer(InquiryResult.Found));

            public Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline) => answer.WaitAsync(deadline);

            public Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline) => answer.WaitAsync(deadline);

            public Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline) =>
                Task.FromResult(new ReversalAnswer(ReversalResult.Silent));
        }
    }
}
