using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Problems;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Api;

/// <summary>A payment as the contract writes it. Members that are not known yet are null.</summary>
public sealed record PaymentJson
{
    public required string Reference { get; init; }

    /// <summary>The payment's number, a decimal string.</summary>
    public required string Number { get; init; }
    public required string State { get; init; }
    public required bool Final { get; init; }

    /// <summary>Five digits; null with a reference that was cancelled before it was ever seen.</summary>
    public required string? Service { get; init; }
    public required string? Account { get; init; }
    public required long AmountQepik { get; init; }
    public required long FeeQepik { get; init; }
    public required long TotalQepik { get; init; }
    public required string Currency { get; init; }
    public required string? Tender { get; init; }
    public required PaidProviderJson? Provider { get; init; }
    public required string? BusinessDay { get; init; }
    public required string AcceptedAt { get; init; }
    public required string? FinalAt { get; init; }
    public required ReceiptMarkJson Receipt { get; init; }
    public required DeclineJson? Decline { get; init; }
    public required ReversalJson? Reversal { get; init; }
    public required CorrectedJson? Correction { get; init; }
    public required string? CardData { get; init; }

    /// <summary>The payment as it stands, in a language.</summary>
    public static PaymentJson Of(Payment payment, Engine engine, string language)
    {
        var unseen = payment.ServiceCode == 0;
        var code = engine.Codes.Encode(payment.AgentId, payment.Number);
        return new PaymentJson
        {
            Reference = payment.Reference,
            Number = payment.Number.ToString(CultureInfo.InvariantCulture),
            State = payment.State.ToString(),
            Final = payment.Final,
            Service = unseen ? null : payment.ServiceCode.ToString(CultureInfo.InvariantCulture),
            Account = unseen ? null : payment.Account,
            AmountQepik = payment.AmountQepik,
            FeeQepik = payment.FeeQepik,
            TotalQepik = payment.TotalQepik,
            Currency = "AZN",
            Tender = unseen ? null : TenderText(payment.Tender),
            Provider = engine.Catalogue.Current.Provider(payment.ProviderId) is { } provider && !unseen
                ? new PaidProviderJson(provider.Code, payment.ProviderTransaction)
                : null,
            BusinessDay = payment.BusinessDay is { } day ? LocalDatePattern.Iso.Format(day) : null,
            AcceptedAt = Utc(payment.AcceptedAt),
            FinalAt = FinalAtOf(payment) is { } final ? Utc(final) : null,
            Receipt = new ReceiptMarkJson(NumberOf(payment), code, "/verify/" + code),
            Decline = payment.State == PaymentState.Declined
                ? DeclineTexts.Describe(payment.DeclineName, payment.DeclineTransient, language)
                : null,
            Reversal = ReversalJson.Of(payment),
            Correction = payment.Correction is { } c
                ? new CorrectedJson(Utc(c.At), c.From.ToString(), c.To.ToString(), c.Reason ?? "")
                : null,
            CardData = payment.State is PaymentState.Confirmed ? payment.CardData : null,
        };
    }

    /// <summary>An instant as the contract writes it: ISO 8601 in UTC.</summary>
    public static string Utc(Instant instant) => InstantPattern.ExtendedIso.Format(instant);

    public static string TenderText(Tender tender) => tender switch
    {
        Processing.Payments.Tender.Card => "card",
        Processing.Payments.Tender.Account => "account",
        _ => "cash",
    };

    /// <summary>What follows a confirmation (a reversal refused, a late truth) does not move the time of it.</summary>
    private static Instant? FinalAtOf(Payment payment) => payment switch
    {
        { State: PaymentState.Confirmed, ConfirmedAt: { } confirmed } => confirmed,
        { Final: true } => payment.At,
        _ => null,
    };

    private static string? NumberOf(Payment payment) => payment is { BusinessDay: { } day, ReceiptCounter: { } counter }
        ? new ReceiptNumber(day, Lanes.Of(payment.AgentId), counter).ToString()
        : null;
}

/// <summary>Who is paid, and the provider's own number of it.</summary>
public sealed record PaidProviderJson(string Code, string? Transaction);

/// <summary>
/// The receipt: its central number (null before the confirmation), its verification code and where that is checked.
/// </summary>
public sealed record ReceiptMarkJson(string? Number, string Code, string Url);

/// <summary>A provider's no.</summary>
public sealed record DeclineJson(string Name, string Title, bool Transient);

/// <summary>An approved correction that changed a final state.</summary>
public sealed record CorrectedJson(string At, string From, string To, string Reason);

/// <summary>How a reversal stands: asked, done, refused.</summary>
public sealed record ReversalJson(string State, string AskedAt, string? OutcomeAt)
{
    internal static ReversalJson? Of(Payment payment)
    {
        if (payment.ReversalAskedAt is not { } asked)
        {
            return null;
        }

        var state = payment.State == PaymentState.Reversing ? "asked"
            : payment.ReversalOutcome == PaymentState.Reversed ? "done"
            : "refused";
        return new ReversalJson(
            state, PaymentJson.Utc(asked),
            state != "asked" && payment.ReversalOutcomeAt is { } outcome ? PaymentJson.Utc(outcome) : null);
    }
}

/// <summary>A page of payments, newest first; <c>next</c> asks for the page after it, null: there is none.</summary>
public sealed record PaymentListJson(IReadOnlyList<PaymentJson> Items, string? Next);

/// <summary>The agent's money with us, qəpik.</summary>
public sealed record FundsJson(long BalanceQepik, long HeldQepik, long AvailableQepik, long CreditLimitQepik);

/// <summary>What a load balancer asks.</summary>
/// <param name="Status">live, ready, or what is missing.</param>
/// <param name="Reasons">Everything that is missing, the gravest first; not there where nothing is.</param>
public sealed record HealthJson(
    string Status,
    [property: System.Text.Json.Serialization.JsonIgnore(
        Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    IReadOnlyList<string>? Reasons = null);
