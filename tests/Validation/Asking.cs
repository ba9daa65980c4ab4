using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Inquiry;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Validation;
using NodaTime;

namespace EGovPay.Tests.Validation;

/// <summary>Requests that are good, for tests to spoil.</summary>
internal static class Asking
{
    public const int Agent = 7;
    public static readonly CatalogueSnapshot Catalogue = EmbeddedCatalogue.Load();

    /// <summary>22 November 2026, noon in Baku.</summary>
    public static readonly Instant Now = Instant.FromUtc(2026, 11, 22, 8, 0);

    public static readonly SealQuotes Seal =
        new([new QuoteKey(1, Enumerable.Range(1, 32).Select(i => (byte)i).ToArray())]);

    /// <summary>
    /// A good payment for a service: its examples, an amount within its limits, an inquiry where it needs one.
    /// </summary>
    public static PaymentRequest GoodFor(string code, CatalogueSnapshot? catalogue = null)
    {
        var service = (catalogue ?? Catalogue).Find(code)!;
        var rule = service.RuleOn(Baku.DateOf(Now))!;
        var amount = rule.Choices is { } choices ? choices[0] : rule.Min;
        var fee = rule.Fee.PaidBy == FeePaidBy.Payer ? rule.Fee.For(amount) : Money.Zero;
        return new PaymentRequest
        {
            Reference = "T7-000123",
            Service = code,
            Account = service.Fields[0].Example,
            Fields = [.. service.Fields.Skip(1).Select(field => new FieldValue(field.Name, field.Example))],
            AmountQepik = amount.Qepik,
            TotalQepik = (amount + fee).Qepik,
            Tender = Tender.Cash,
            Inquiry = rule.Inquiry == InquiryNeed.Required
                ? InquiryFor(code, amount.Qepik, catalogue: catalogue)
                : null,
        };
    }

    /// <summary>An inquiry that fits <see cref="GoodFor"/>.</summary>
    public static string InquiryFor(
        string code, long dueQepik, Instant? at = null, int agent = Agent, string? account = null,
        IReadOnlyList<DueLine>? lines = null, CatalogueSnapshot? catalogue = null)
    {
        var service = (catalogue ?? Catalogue).Find(code)!;
        var when = at ?? Now;
        var fields = service.Fields.Skip(1).Select(field => new FieldValue(field.Name, field.Example)).ToArray();
        return Seal.Seal(Quote.Of(
            agent, service, service.RuleOn(Baku.DateOf(when))!, account ?? service.Fields[0].Example, fields,
            new InquiryAnswer(InquiryResult.Found, "Əli Məmmədov", lines, dueQepik), when));
    }

    public static ValidatedPayment Check(
        PaymentRequest request,
        CatalogueSnapshot? catalogue = null,
        AllowedServices allowed = default,
        Instant? now = null) =>
        ValidatePayment.Check(
            request, catalogue ?? Catalogue, now ?? Now, Agent, allowed, Seal.Read(request.Inquiry, now ?? Now));

    /// <summary>A catalogue of one service with other rules.</summary>
    public static CatalogueSnapshot CatalogueWith(Service service, params ServiceRule[] rules) => new(
        Catalogue.Sha256,
        Catalogue.Groups,
        Catalogue.Providers,
        [
            new Service
            {
                Code = service.Code,
                CodeText = service.CodeText,
                Group = service.Group,
                Name = service.Name,
                Provider = service.Provider,
                Portable = service.Portable,
                Fields = service.Fields,
                Rules = rules,
            },
        ]);

    /// <summary>The same request with some of it changed.</summary>
    public static PaymentRequest With(
        this PaymentRequest from,
        string? service = null,
        string? account = null,
        FieldValue[]? fields = null,
        long? amountQepik = null,
        long? totalQepik = null,
        string? inquiry = null,
        bool withoutInquiry = false,
        PaidLine[]? lines = null) => new()
    {
        Reference = from.Reference,
        Service = service ?? from.Service,
        Account = account ?? from.Account,
        Fields = fields ?? from.Fields?.ToArray(),
        AmountQepik = amountQepik ?? from.AmountQepik,
        TotalQepik = totalQepik ?? from.TotalQepik,
        Tender = from.Tender,
        Inquiry = withoutInquiry ? null : inquiry ?? from.Inquiry,
        Lines = lines ?? from.Lines,
    };
}
