using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using EGovPay.Processing.StateMachine;
using NodaTime;

namespace EGovPay.Terminals.Receipts;

/// <summary>What kind of paper it is. Only a confirmed payment has a receipt.</summary>
public enum ReceiptKind
{
    /// <summary>Not final yet: taken, being clarified; unnumbered.</summary>
    Acceptance,

    /// <summary>Confirmed (also while a reversal is being asked for): the numbered receipt.</summary>
    Receipt,

    /// <summary>Declined, cancelled or reversed: says so, and that it is no receipt.</summary>
    Slip,
}

/// <summary>The portal's operator, who answers for the receipt.</summary>
/// <param name="Name">Its legal name.</param>
/// <param name="Voen">Its tax number, 10 digits.</param>
/// <param name="PublicAddress">Where the public reaches it, no slash at the end: <c>https://odenis.example</c>.</param>
public sealed record ReceiptIssuer(string Name, string Voen, string PublicAddress);

/// <summary>Where the money was taken.</summary>
/// <param name="AgentCode">The agent's code as printed.</param>
/// <param name="AgentName">The agent's name.</param>
/// <param name="Point">The service point's name or code.</param>
/// <param name="Terminal">The terminal's name or code.</param>
public sealed record ServiceCentre(string AgentCode, string AgentName, string Point, string Terminal);

/// <summary>A label and its value as printed, already masked where it must be.</summary>
public sealed record PrintedField(string Name, Localised Label, string Value);

/// <summary>
/// Everything that a receipt says, in no language and no form yet. What must be masked is masked here, so no form can
/// forget it.
/// </summary>
public sealed record ReceiptFacts
{
    public required ReceiptIssuer Issuer { get; init; }
    public required PaymentState State { get; init; }

    /// <summary>The central number; null before the confirmation. A reversed payment keeps its own.</summary>
    public string? Number { get; init; }

    /// <summary>The verification code in its canonical form.</summary>
    public required string Code { get; init; }

    /// <summary>The payment's number, a decimal string.</summary>
    public required string PaymentNumber { get; init; }
    public required string Reference { get; init; }
    public required Instant PaidAt { get; init; }
    public Instant? ConfirmedAt { get; init; }
    public LocalDate? BusinessDay { get; init; }

    /// <summary>The payer's masked name, or null.</summary>
    public string? Payer { get; init; }

    /// <summary>The account first, then the other fields that were filled in.</summary>
    public required IReadOnlyList<PrintedField> Fields { get; init; }
    public required ServiceCentre Centre { get; init; }
    public string? Cashier { get; init; }

    /// <summary>Who is paid; null with a reference that was cancelled before it was ever seen.</summary>
    public Localised? ProviderName { get; init; }
    public string? ProviderVoen { get; init; }
    public string? ServiceCode { get; init; }
    public Localised? ServiceName { get; init; }
    public required IReadOnlyList<PaidLine> Lines { get; init; }
    public required Money Amount { get; init; }
    public required Money Fee { get; init; }
    public required Tender Tender { get; init; }

    /// <summary>With card: at most the first six and last four digits, or null.</summary>
    public string? MaskedPan { get; init; }
    public string? Rrn { get; init; }

    /// <summary>Six-digit budget classification code, where one is due, or null.</summary>
    public string? BudgetCode { get; init; }
    public string? BudgetLevel { get; init; }
    public string? DeclineName { get; init; }
    public Localised? DeclineTitle { get; init; }
    public Correction? Correction { get; init; }

    /// <summary>0 for the first print, n for the n-th reprint.</summary>
    public int Reprint { get; init; }

    public Money Total => Amount + Fee;

    public string VerifyUrl => $"{Issuer.PublicAddress}/verify/{Code}";

    public ReceiptKind Kind => State switch
    {
        PaymentState.Confirmed or PaymentState.Reversing => ReceiptKind.Receipt,
        PaymentState.Declined or PaymentState.Cancelled or PaymentState.Reversed => ReceiptKind.Slip,
        _ => ReceiptKind.Acceptance,
    };

    /// <summary>Gathers the facts of a payment as the book shows it now.</summary>
    /// <param name="payment">The payment.</param>
    /// <param name="service">Its service, or null where the reference was cancelled unseen.</param>
    /// <param name="provider">The provider that is paid, or null in the same case.</param>
    /// <param name="centre">Where the money was taken.</param>
    /// <param name="issuer">The operator.</param>
    /// <param name="codes">Makes the verification code.</param>
    public static ReceiptFacts Of(
        Payment payment,
        Service? service,
        ProviderSettings? provider,
        ServiceCentre centre,
        ReceiptIssuer issuer,
        VerificationCode codes) => new()
        {
            Issuer = issuer,
            State = payment.State,
            Number = NumberOf(payment),
            Code = codes.Encode(payment.AgentId, payment.Number),
            PaymentNumber = payment.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Reference = payment.Reference,
            PaidAt = payment.AcceptedAt,
            ConfirmedAt = payment.ConfirmedAt,
            BusinessDay = payment.BusinessDay,
            Payer = payment.Payer,
            Fields = FieldsOf(payment, service),
            Centre = centre,
            Cashier = payment.Cashier,
            ProviderName = provider?.Name,
            ProviderVoen = provider?.Voen,
            ServiceCode = service?.CodeText,
            ServiceName = service?.Name,
            Lines = payment.Lines,
            Amount = new Money(payment.AmountQepik),
            Fee = new Money(payment.FeeQepik),
            Tender = payment.Tender,
            MaskedPan = payment.MaskedPan is { } pan ? Mask.Pan(pan) : null,
            Rrn = payment.Rrn,
            BudgetCode = BudgetCodeOf(payment, service),
            BudgetLevel = payment.BudgetLevel ?? service?.BudgetLevel,
            DeclineName = payment.DeclineName,
            Correction = payment.Correction,
        };

    /// <summary>The central number of a confirmed payment, in the series of its agent's lane, or null.</summary>
    public static string? NumberOf(Payment payment) =>
        payment is { BusinessDay: { } day, ReceiptCounter: { } counter }
            ? new ReceiptNumber(day, Lanes.Of(payment.AgentId), counter).ToString()
            : null;

    private static List<PrintedField> FieldsOf(Payment payment, Service? service)
    {
        var printed = new List<PrintedField>();
        if (payment.Account.Length > 0)
        {
            printed.Add(Print(service?.Fields[0], "account", payment.Account));
        }

        foreach (var field in payment.Fields)
        {
            var described = service?.Fields.FirstOrDefault(known => known.Name == field.Name);
            printed.Add(Print(described, field.Name, field.Value));
        }

        return printed;
    }

    private static PrintedField Print(ServiceField? field, string name, string value)
    {
        var masked = (field is null || MayHoldFin(field)) && Mask.LooksLikeFin(value) ? Mask.Fin(value) : value;
        return new PrintedField(field?.Name ?? name, field?.Label ?? Texts.Account, masked);
    }

    /// <summary>
    /// A field is known to hold a FIN by its normaliser or its name; where a document number may stand instead, its
    /// pattern spells out the letters of a FIN. Masking a document number by mistake does less harm than printing a
    /// FIN.
    /// </summary>
    private static bool MayHoldFin(ServiceField field) =>
        field.Normalise == Normaliser.Fin
        || field.Name.Split('_').Contains("fin", StringComparer.Ordinal)
        || field.PatternText.Contains("[0-9A-HJ-NP-Z]{7}", StringComparison.Ordinal);

    /// <summary>As fixed at the acceptance; else what the payer filled in; else the service's own.</summary>
    private static string? BudgetCodeOf(Payment payment, Service? service)
    {
        if (payment.BudgetCode is { } known)
        {
            return known;
        }

        foreach (var field in payment.Fields)
        {
            if (field.Name == BudgetCodeField)
            {
                return field.Value;
            }
        }

        return service?.BudgetCode;
    }

    /// <summary>
    /// The field by which a payer chooses the budget classification code, in services that leave it open.
    /// </summary>
    internal const string BudgetCodeField = "budce_tesnifati_kodu";
}
