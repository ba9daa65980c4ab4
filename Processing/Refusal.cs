namespace EGovPay.Processing;

/// <summary>
/// Why a request was not done. The number is the wire's <c>code</c>; lower numbers are judged first.
/// A refusal speaks of one request only: it recorded nothing and took nothing. Success is not a member.
/// </summary>
public enum Refusal
{
    MalformedRequest = 100,
    NotAuthenticated = 110,
    SignatureInvalid = 111,
    Replayed = 112,
    TerminalSuspended = 120,
    ServiceNotAllowed = 121,
    TooManyRequests = 130,
    ReferenceUsedDifferently = 140,
    UnknownService = 200,
    ServiceSuspended = 201,
    ServiceClosedNow = 202,
    AccountMalformed = 210,
    AccountCheckDigit = 211,
    FieldMissing = 212,
    FieldMalformed = 213,
    InquiryRequired = 220,
    InquiryExpired = 221,
    InquiryMismatch = 222,
    InquiryUsed = 223,
    AmountTooSmall = 230,
    AmountTooLarge = 231,
    AmountNotExact = 232,
    TotalDiffers = 233,
    LinesDiffer = 234,
    AccountNotFound = 240,
    AccountInactive = 241,
    InsufficientFunds = 300,
    TerminalLimit = 301,
    ProviderUnavailable = 400,
    ShiftNotOpen = 410,
    NotReversible = 411,
    NotFinal = 412,
    TooLate = 413,
    NotFound = 414,
    ShiftAlreadyOpen = 415,
    Overloaded = 900,
    OutcomeNotKnown = 910,
    Internal = 911,
}

/// <summary>
/// A refusal with what the person who reads it needs: the field at fault, the right figures, the reference that stands in the way.
/// A value, made on the stack: a refused request allocates nothing in the engine.
/// </summary>
/// <param name="Why">The numbered reason.</param>
/// <param name="Field">The request's field at fault, in the wire's spelling (<c>amountQepik</c>), or null.</param>
/// <param name="FeeQepik">With <see cref="Refusal.TotalDiffers"/>: the right fee, qəpik.</param>
/// <param name="TotalQepik">With <see cref="Refusal.TotalDiffers"/>: the right total, qəpik.</param>
/// <param name="Reference">With <see cref="Refusal.InquiryUsed"/>: the payment that used the inquiry.</param>
/// <param name="RetryAfterSeconds">With 130, 400 and 900: when to try again, seconds.</param>
public readonly record struct Refused(
    Refusal Why,
    string? Field = null,
    long? FeeQepik = null,
    long? TotalQepik = null,
    string? Reference = null,
    int? RetryAfterSeconds = null)
{
    /// <summary>May the same request succeed later?</summary>
    public bool Transient => Why is Refusal.TooManyRequests or Refusal.ServiceSuspended or Refusal.ServiceClosedNow
        or Refusal.InsufficientFunds or Refusal.TerminalLimit or Refusal.ProviderUnavailable
        or Refusal.Overloaded or Refusal.OutcomeNotKnown or Refusal.Internal;
}
