using System.Security.Cryptography;
using System.Text.RegularExpressions;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Receipts;
using NodaTime;

namespace EGovPay.Tests.Receipts;

/// <summary>Payments as the book would show them, for the tests of receipts.</summary>
internal static class Examples
{
    public static readonly VerificationCode Codes = new([SHA256.HashData("the tests' key"u8)]);

    public static readonly ReceiptIssuer Issuer =
        new("Məlumat Hesablama Mərkəzi", "1400057421", "https://odenis.example");

    public static readonly ServiceCentre Centre =
        new("0017", "Şəbəkə xidmət mərkəzi", "Yasamal, İnşaatçılar pr. 12", "T7");

    public static readonly ProviderSettings Azerishiq = Provider(
        "azerishiq", new("Azərişıq ASC", "Azerishiq OJSC", "Азеришыг ОАО"), "1401555071");

    public static readonly Service Electricity = ServiceOf(
        10101, new("Azərişıq (Bakı)", "Azerishiq electricity, Baku", "Азеришыг (Баку)"), "azerishiq",
        Field("abonent_kodu", new("Abonent kodu", "Subscriber code", "Код абонента"), @"^\d{15}$", "012345678901234"));

    public static readonly Service Tax = ServiceOf(
        40401,
        new("Vergi ödənişi (büdcə kodu üzrə)", "Tax by budget code", "Налог по бюджетному коду"),
        "taxes",
        Field("voen", new("VÖEN", "TIN", "ИНН"), @"^\d{9}[12]$", "1400057421"),
        Field(
            "budce_tesnifati_kodu",
            new("Büdcə təsnifatı kodu", "Budget classification code", "Код бюджетной классификации"),
            @"^1\d{5}$",
            "111100"));

    public static readonly ProviderSettings Taxes = Provider(
        "taxes", new("Vergilər Nazirliyi", "Ministry of Taxes", "Министерство налогов"), null);

    /// <summary>A confirmed electricity payment of 23.50 in cash, 22 November 2026, 14:15:30 in Baku.</summary>
    public static Payment Confirmed() => new()
    {
        AgentId = 17,
        Number = 731_000_000_042,
        Reference = "T7-000123",
        TerminalId = 7,
        ServiceCode = 10101,
        Account = "012345678901234",
        Fields = [],
        Lines = [],
        AmountQepik = 2_350,
        FeeQepik = 0,
        Tender = Tender.Cash,
        Cashier = "Aygün",
        Payer = "Ə*** M********",
        ProviderId = 1,
        AcceptedAt = Instant.FromUtc(2026, 11, 22, 10, 15, 30),
        State = PaymentState.Confirmed,
        Step = 2,
        Edge = 8,
        At = Instant.FromUtc(2026, 11, 22, 10, 15, 31),
        BusinessDay = new LocalDate(2026, 11, 22),
        ConfirmedAt = Instant.FromUtc(2026, 11, 22, 10, 15, 31),
        ReceiptCounter = 42,
    };

    /// <summary>The same before it has an outcome, or with another one.</summary>
    public static Payment In(PaymentState state) => Confirmed() with
    {
        State = state,
        BusinessDay = null,
        ConfirmedAt = null,
        ReceiptCounter = null,
        DeclineName = state == PaymentState.Declined ? "account-not-found" : null,
    };

    /// <summary>A tax paid by card with a fee, to a budget code that the payer chose.</summary>
    public static Payment TaxByCard() => Confirmed() with
    {
        ServiceCode = 40401,
        Account = "1400057421",
        Fields = [new FieldValue("budce_tesnifati_kodu", "111100")],
        AmountQepik = 187_630,
        FeeQepik = 281,
        Tender = Tender.Card,
        MaskedPan = "411111******1111",
        Rrn = "632610154211",
        Cashier = null,
        Payer = null,
    };

    public static ReceiptFacts Facts(Payment payment, Service? service = null, ProviderSettings? provider = null) =>
        ReceiptFacts.Of(payment, service ?? Electricity, provider ?? Azerishiq, Centre, Issuer, Codes);

    public static ReceiptFacts TaxFacts() => Facts(TaxByCard(), Tax, Taxes);

    public static ServiceField Field(
        string name, Localised label, string pattern, string example, Normaliser normalise = Normaliser.None) =>
        new(name, label, new Regex(pattern, RegexOptions.NonBacktracking), CheckDigit.None, normalise, example);

    public static Service ServiceOf(int code, Localised name, string provider, params ServiceField[] fields) => new()
    {
        Code = code,
        CodeText = code.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Group = "kommunal",
        Name = name,
        Provider = provider,
        Portable = false,
        BudgetLevel = code / 10_000 == 4 ? "1" : null,
        Fields = fields,
        Rules = [],
    };

    private static ProviderSettings Provider(string code, Localised name, string? voen) =>
        new(1, code, name, voen, "osmp", "/", 1, 10, true, "Asia/Baku");

    /// <summary>A clock that stands still.</summary>
    public sealed class StandingClock(Instant now) : IClock
    {
        public Instant GetCurrentInstant() => now;
    }
}
