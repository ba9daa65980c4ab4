using System.Text.Json.Serialization;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Receipts;

/// <summary>
/// A receipt as JSON: the same facts as the printed forms, names in the asked language, amounts in whole qəpik,
/// instants in UTC, dates in Baku.
/// </summary>
public sealed record ReceiptJson
{
    /// <summary>receipt, acceptance (not final yet) or slip (declined, cancelled, reversed: no receipt).</summary>
    public required string Kind { get; init; }
    public required string Title { get; init; }
    public required string Language { get; init; }
    public required IssuerJson Operator { get; init; }
    public required string? Number { get; init; }
    public required string Code { get; init; }
    public required string VerifyUrl { get; init; }
    public required string PaymentNumber { get; init; }
    public required string Reference { get; init; }
    public required string State { get; init; }
    public required string PaidAt { get; init; }
    public required string? ConfirmedAt { get; init; }
    public required string? BusinessDay { get; init; }
    public required string? Payer { get; init; }
    public required IReadOnlyList<FieldJson> Fields { get; init; }
    public required CentreJson Centre { get; init; }
    public required ProviderJson? Provider { get; init; }
    public required ServiceJson? Service { get; init; }
    public required IReadOnlyList<LineJson> Lines { get; init; }
    public required long AmountQepik { get; init; }
    public required long FeeQepik { get; init; }
    public required long TotalQepik { get; init; }
    public required string Currency { get; init; }

    /// <summary>The total in Azerbaijani words.</summary>
    public required string TotalInWords { get; init; }

    /// <summary>The total in words of the asked language, where it is not Azerbaijani.</summary>
    public required string? TotalInWordsTranslated { get; init; }
    public required TenderJson Tender { get; init; }
    public required BudgetJson? Budget { get; init; }
    public required DeclineJson? Decline { get; init; }
    public required CorrectionJson? Correction { get; init; }

    /// <summary>0 for the first print, n for the n-th reprint.</summary>
    public required int Reprint { get; init; }

    public sealed record IssuerJson(string Name, string Voen);

    public sealed record FieldJson(string Name, string Label, string Value);

    public sealed record CentreJson(string AgentCode, string AgentName, string Point, string Terminal, string? Cashier)
    {
        internal static CentreJson Of(ReceiptFacts facts) => new(
            facts.Centre.AgentCode, facts.Centre.AgentName, facts.Centre.Point, facts.Centre.Terminal, facts.Cashier);
    }

    public sealed record ProviderJson(string Name, string? Voen);

    public sealed record ServiceJson(string Code, string Name);

    public sealed record LineJson(string Id, long AmountQepik);

    public sealed record TenderJson(string Form, string? MaskedPan, string? Rrn);

    public sealed record BudgetJson(string? Code, string? Level);

    public sealed record DeclineJson(string? Name, string Title);

    public sealed record CorrectionJson(string At, string From, string To, string? Reason)
    {
        internal static CorrectionJson? Of(Correction? correction) => correction is { } c
            ? new(Utc(c.At), c.From.ToString(), c.To.ToString(), c.Reason)
            : null;
    }

    /// <summary>Sets the facts in a language: az (default), en, ru.</summary>
    public static ReceiptJson Of(ReceiptFacts facts, string? language = null)
    {
        var rows = ReceiptRows.Of(facts, language);
        string In(Localised text) => text.In(rows.Language);
        return new ReceiptJson
        {
            Kind = facts.Kind switch
            {
                ReceiptKind.Receipt => "receipt",
                ReceiptKind.Slip => "slip",
                _ => "acceptance",
            },
            Title = rows.Title,
            Language = rows.Language,
            Operator = new(facts.Issuer.Name, facts.Issuer.Voen),
            Number = facts.Number,
            Code = facts.Code,
            VerifyUrl = facts.VerifyUrl,
            PaymentNumber = facts.PaymentNumber,
            Reference = facts.Reference,
            State = facts.State.ToString(),
            PaidAt = Utc(facts.PaidAt),
            ConfirmedAt = facts.ConfirmedAt is { } confirmed ? Utc(confirmed) : null,
            BusinessDay = facts.BusinessDay is { } day ? LocalDatePattern.Iso.Format(day) : null,
            Payer = facts.Payer,
            Fields = [.. facts.Fields.Select(field => new FieldJson(field.Name, In(field.Label), field.Value))],
            Centre = CentreJson.Of(facts),
            Provider = facts.ProviderName is { } provider ? new(In(provider), facts.ProviderVoen) : null,
            Service = facts.ServiceName is { } service ? new(facts.ServiceCode ?? "", In(service)) : null,
            Lines = [.. facts.Lines.Select(line => new LineJson(line.Id, line.AmountQepik))],
            AmountQepik = facts.Amount.Qepik,
            FeeQepik = facts.Fee.Qepik,
            TotalQepik = facts.Total.Qepik,
            Currency = "AZN",
            TotalInWords = AmountInWords.Of(facts.Total),
            TotalInWordsTranslated = rows.Language == "az" ? null : AmountInWords.Of(facts.Total, rows.Language),
            Tender = facts.Tender == Processing.Payments.Tender.Card
                ? new("card", facts.MaskedPan, facts.Rrn)
                : new(facts.Tender == Processing.Payments.Tender.Account ? "account" : "cash", null, null),
            Budget = facts.BudgetCode is null && facts.BudgetLevel is null
                ? null
                : new(facts.BudgetCode, facts.BudgetLevel),
            Decline = facts.State == Processing.StateMachine.PaymentState.Declined
                ? new(facts.DeclineName, In(facts.DeclineTitle ?? Texts.DeclinedByProvider))
                : null,
            Correction = CorrectionJson.Of(facts.Correction),
            Reprint = facts.Reprint,
        };
    }

    internal static string Utc(Instant instant) => InstantPattern.ExtendedIso.Format(instant);
}

/// <summary>Writes receipts and verification answers; the product's JSON knows no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReceiptJson))]
[JsonSerializable(typeof(VerifyJson))]
public sealed partial class ReceiptJsonContext : JsonSerializerContext;
