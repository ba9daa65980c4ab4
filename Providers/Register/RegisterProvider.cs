using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;

namespace EGovPay.Providers.Register;

/// <summary>
/// A receiver without an online service. Nothing goes over a network: a payment is Confirmed at once, for it is in its
/// window's register the moment the confirming commit lands; the register delivers it at the cut-off.
/// </summary>
public sealed class RegisterProvider(ProviderSettings settings) : IProvider
{
    private static readonly DeliveryAnswer Confirmed = new(DeliveryResult.Confirmed);

    public ProviderSettings Settings => settings;

    /// <summary>
    /// There is nobody to ask: the account's form is all that is known, and nothing is said of a payer or a debt.
    /// </summary>
    public Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline) =>
        Task.FromResult(new InquiryAnswer(InquiryResult.Found));

    public Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline) => Task.FromResult(Confirmed);

    public Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline) => Task.FromResult(Confirmed);

    /// <summary>What is in no register yet was told to nobody; the commit that takes it back looks once more.</summary>
    public Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline) =>
        Task.FromResult(new ReversalAnswer(ReversalResult.ReversedUnlessHandedOver));
}
