using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;

namespace EGovPay.Providers;

/// <summary>
/// Stands where a provider cannot be spoken to because its access is not usable (a key that is missing, a certificate that cannot
/// be read). Nothing leaves: the others go on, and this one is unavailable until it is set right.
/// </summary>
internal sealed class NotConnected(ProviderSettings settings, string why) : IProvider
{
    public ProviderSettings Settings => settings;

    public Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline) =>
        Task.FromResult(new InquiryAnswer(InquiryResult.Unavailable, ConnectionFailed: true));

    public Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline) => Task.FromResult(new DeliveryAnswer(
        delivery.PerhapsSentBefore ? DeliveryResult.Silent : DeliveryResult.NotSent, Note: why));

    public Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline) =>
        Task.FromResult(new DeliveryAnswer(DeliveryResult.Silent, Note: why));

    public Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline) =>
        Task.FromResult(new ReversalAnswer(ReversalResult.Silent, Note: why));
}
