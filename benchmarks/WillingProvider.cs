using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;

namespace EGovPay.Benchmarks;

/// <summary>Confirms whatever it gets, at once and without a network: what is measured is the engine.</summary>
internal sealed class WillingProvider(ProviderSettings settings) : IProvider
{
    public ProviderSettings Settings { get; } = settings with { ConcurrencyLimit = 1_000 };

    public Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline) =>
        Task.FromResult(new InquiryAnswer(InquiryResult.Found, "ƏLİYEV ELÇİN", [], 0));

    public Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline) =>
        Task.FromResult(new DeliveryAnswer(DeliveryResult.Confirmed, "T-1"));

    public Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline) => PayAsync(delivery, deadline);

    public Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline) =>
        Task.FromResult(new ReversalAnswer(ReversalResult.Reversed));
}
