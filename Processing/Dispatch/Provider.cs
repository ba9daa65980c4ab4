using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using NodaTime;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// One provider, spoken to in its own wire protocol. There is one implementation for each protocol, in Providers/.
/// No method throws for what a network or a provider can do: that is an answer. Cancellation is the deadline:
/// once a byte may have left, a cancelled call answers Silent.
/// </summary>
public interface IProvider
{
    ProviderSettings Settings { get; }

    /// <summary>Who is the payer and what is owed? Writes nothing at the provider.</summary>
    Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline);

    /// <summary>Delivers a payment, for the first time.</summary>
    Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline);

    /// <summary>
    /// What became of a payment that was perhaps sent? Asked under the same number; where the protocol has no question,
    /// it is sent again under the same number and the provider's de-duplication answers.
    /// </summary>
    Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline);

    /// <summary>
    /// Asks to take a delivered payment back, whole. Asking again under the same numbers is the question what became of it; where
    /// the protocol has a question of its own, that is asked first.
    /// </summary>
    Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline);
}

/// <summary>What a provider is asked before a payment.</summary>
/// <param name="Number">A number of its own from the payments' sequence: some protocols want a transaction number even to ask.</param>
public sealed record InquiryQuestion(
    long Number, Service Service, string Account, IReadOnlyList<FieldValue> Fields, Instant At);

/// <summary>One line that is owed.</summary>
public sealed record DueLine(string Id, string Title, long DueQepik);

/// <summary>What a provider said of an account.</summary>
public enum InquiryResult { Found, NotFound, Inactive, Malformed, Unavailable }

/// <summary>The answer to an inquiry.</summary>
/// <param name="Payer">The payer's name as the provider gave it (masked before it leaves the engine), or null.</param>
/// <param name="MinQepik">The least the provider takes, or null where it does not say.</param>
/// <param name="MaxQepik">The most the provider takes, or null.</param>
/// <param name="ConnectionFailed">With Unavailable: no connection could be made or no answer came; counts against the breaker.</param>
public sealed record InquiryAnswer(
    InquiryResult Result,
    string? Payer = null,
    IReadOnlyList<DueLine>? Lines = null,
    long DueQepik = 0,
    long? MinQepik = null,
    long? MaxQepik = null,
    bool ConnectionFailed = false);

/// <summary>
/// A payment on its way to a provider. Every attempt carries the same values: they are stored with the payment
/// before the first byte leaves.
/// </summary>
/// <param name="Number">Our payment number, the provider's transaction number.</param>
/// <param name="AcceptedAt">The acceptance; the provider's accounting date is this instant in the provider's zone.</param>
/// <param name="PerhapsSentBefore">An earlier attempt may have reached the provider.</param>
public sealed record Delivery(
    long Number,
    int ServiceCode,
    string Account,
    IReadOnlyList<FieldValue> Fields,
    long AmountQepik,
    Instant AcceptedAt,
    bool PerhapsSentBefore)
{
    /// <summary>
    /// The end of the claim by the monotonic clock. Cancellation comes from a timer, and a process that wakes from a long freeze may go
    /// on before its timers do: so it is looked at once more where the first byte leaves. Null: there is no claim.
    /// </summary>
    public SendDeadline? SendBefore { get; init; }
}

/// <summary>What a provider did with a payment.</summary>
public enum DeliveryResult
{
    Confirmed,
    Declined,

    /// <summary>Nothing certain is known after the first byte may have left.</summary>
    Silent,

    /// <summary>Provably nothing left: the connection was never made.</summary>
    NotSent,
}

/// <summary>The answer to a delivery.</summary>
/// <param name="ProviderTransaction">The provider's own number of it, ≤ 64 characters, or null.</param>
/// <param name="DeclineName">With Declined: a stable kebab-case name (<c>account-not-found</c>, <c>number-ported</c>, <c>provider-error</c>).</param>
/// <param name="ProviderCode">The provider's own result code as text, or null.</param>
/// <param name="Transient">With Declined: the payer may try again later with a new reference.</param>
/// <param name="Note">What an operator should know; never an account or a name in full.</param>
/// <param name="CardData">What is to be written on a smart card, or null.</param>
/// <param name="Exchange">The raw exchange, secrets masked; kept for what was not plainly Confirmed.</param>
public sealed record DeliveryAnswer(
    DeliveryResult Result,
    string? ProviderTransaction = null,
    string? DeclineName = null,
    string? ProviderCode = null,
    bool Transient = false,
    string? Note = null,
    string? CardData = null,
    RawExchange? Exchange = null);

/// <summary>A reversal on its way to a provider: the same values in every attempt, stored before the first.</summary>
/// <param name="Delivery">The payment, as it was delivered.</param>
/// <param name="CancelNumber">The reversal's own number, from the payments' sequence.</param>
/// <param name="AskedAt">When it was asked for; the provider's date of it is this instant in the provider's zone.</param>
/// <param name="PerhapsAskedBefore">An earlier attempt may have reached the provider.</param>
public sealed record Reversal(Delivery Delivery, long CancelNumber, Instant AskedAt, bool PerhapsAskedBefore);

/// <summary>What a provider did with a request to take a payment back.</summary>
public enum ReversalResult
{
    /// <summary>The payment is taken back, whole.</summary>
    Reversed,

    /// <summary>It stays: the provider's last word.</summary>
    Kept,

    /// <summary>Nothing certain is known; it is asked again under the same numbers.</summary>
    Silent,

    /// <summary>
    /// Nobody has heard of the payment before its settlement window closes: it is taken back if the window is still open when that
    /// commits, and kept otherwise.
    /// </summary>
    ReversedUnlessHandedOver,
}

/// <summary>The answer to a reversal.</summary>
/// <param name="ProviderCode">The provider's own result code as text, or null.</param>
/// <param name="Note">What an operator should know; never an account or a name in full.</param>
/// <param name="Exchange">The raw exchange, secrets masked.</param>
public sealed record ReversalAnswer(
    ReversalResult Result, string? ProviderCode = null, string? Note = null, RawExchange? Exchange = null);

/// <summary>One request and its answer as they went over the wire, each ≤ 16 KiB, secrets masked.</summary>
public sealed record RawExchange(string Request, string? Answer, int ElapsedMilliseconds);
