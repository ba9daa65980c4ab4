using System.Globalization;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using EGovPay.Processing.StateMachine;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Receipts;

/// <summary>How a row wants to be seen.</summary>
public enum RowKind
{
    Plain,

    /// <summary>Plain, but a form that shows it in large at its head need not repeat it.</summary>
    Head,
    Amount,
    Total,
}

/// <summary>A label and a value in one language, free of control characters and line breaks.</summary>
public sealed record ReceiptRow(string Label, string Value, RowKind Kind = RowKind.Plain);

/// <summary>Rows that belong together.</summary>
public sealed record ReceiptSection(string Heading, IReadOnlyList<ReceiptRow> Rows);

/// <summary>
/// A receipt in one language, before it has a form. The text and the PDF are both set from these rows, so they say the
/// same.
/// </summary>
public sealed record ReceiptRows
{
    private static readonly DateTimeZone Baku = DateTimeZoneProviders.Tzdb["Asia/Baku"];

    private static readonly LocalDateTimePattern Time =
        LocalDateTimePattern.CreateWithInvariantCulture("dd'.'MM'.'uuuu HH':'mm':'ss");

    private static readonly LocalDatePattern Date = LocalDatePattern.CreateWithInvariantCulture("dd'.'MM'.'uuuu");

    public required string Language { get; init; }
    public required string Title { get; init; }

    /// <summary>What must strike the eye before anything else (not a receipt, being clarified), or null.</summary>
    public string? Warning { get; init; }

    /// <summary>What the payer or the cashier has to do, or null.</summary>
    public string? Advice { get; init; }

    /// <summary>The reprint mark, or null on the first print.</summary>
    public string? ReprintMark { get; init; }
    public required IReadOnlyList<ReceiptSection> Sections { get; init; }

    /// <summary>The total in words: Azerbaijani first, then the chosen language where it is another.</summary>
    public required IReadOnlyList<string> TotalInWords { get; init; }

    /// <summary>Sets the facts in <paramref name="language"/> (az, en, ru; anything else is az).</summary>
    public static ReceiptRows Of(ReceiptFacts facts, string? language)
    {
        var lang = Texts.Language(language);
        string In(Localised text) => text.In(lang);
        var final = facts.Kind != ReceiptKind.Acceptance;
        var words = AmountInWords.Sentence(facts.Total);
        ReceiptSection[] sections =
        [
            new(In(Texts.PaymentHeading), PaymentRows(facts, In)),
            new(In(Texts.PayerHeading), PayerRows(facts, In)),
            new(In(Texts.PayeeHeading), PayeeRows(facts, In)),
            new(In(Texts.MoneyHeading), MoneyRows(facts, In)),
            new(In(Texts.CentreHeading), CentreRows(facts, In)),
        ];
        return new ReceiptRows
        {
            Language = lang,
            Title = In(TitleOf(facts)),
            Warning = facts.Kind switch
            {
                ReceiptKind.Acceptance => In(Texts.BeingClarified),
                ReceiptKind.Slip => In(Texts.NotAReceipt),
                _ => null,
            },
            Advice = !final ? In(Texts.AcceptanceAdvice) : facts.Kind == ReceiptKind.Slip && !facts.Total.IsZero
                ? In(Texts.MoneyBackAdvice)
                : null,
            ReprintMark = facts.Reprint > 0
                ? string.Format(CultureInfo.InvariantCulture, In(Texts.Reprint), facts.Reprint)
                : null,
            Sections = [.. sections.Where(section => section.Rows.Count > 0)],
            TotalInWords = lang == "az" ? [words] : [words, AmountInWords.Sentence(facts.Total, lang)],
        };
    }

    /// <summary>An amount as printed: <c>1 876.30 AZN</c>. The sign ₼ is in few fonts, so it is never used.</summary>
    public static string Amount(Money amount)
    {
        var manat = (amount.Qepik / 100).ToString(CultureInfo.InvariantCulture);
        var text = new StringBuilder();
        for (var i = 0; i < manat.Length; i++)
        {
            text.Append(i > 0 && (manat.Length - i) % 3 == 0 ? " " : "").Append(manat[i]);
        }

        return text.Append(CultureInfo.InvariantCulture, $".{amount.Qepik % 100:00} AZN").ToString();
    }

    /// <summary>An instant on Baku's clock: <c>22.11.2026 14:15:30</c>.</summary>
    public static string BakuTime(Instant instant) => Time.Format(instant.InZone(Baku).LocalDateTime);

    /// <summary>One line of ordinary characters: payers and providers must not be able to draw on a receipt.</summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var visible = rune.IsBmp && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
                or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.SpaceSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
            if (visible)
            {
                clean.Append(rune);
            }
            else if (clean.Length > 0 && clean[^1] != ' ')
            {
                clean.Append(' ');
            }
        }

        return clean.Replace("₼", "AZN").ToString().TrimEnd().Normalize(NormalizationForm.FormC);
    }

    /// <summary>The reason of a correction, to be read after its states; nothing where none was written.</summary>
    internal static string Because(Correction correction) => correction.Reason is { } reason ? $": {reason}" : "";

    private static Localised TitleOf(ReceiptFacts facts) => facts.State switch
    {
        PaymentState.Confirmed or PaymentState.Reversing => Texts.Title,
        PaymentState.Declined => Texts.DeclinedTitle,
        PaymentState.Cancelled => Texts.CancelledTitle,
        PaymentState.Reversed => Texts.ReversedTitle,
        _ => Texts.AcceptanceTitle,
    };

    private static List<ReceiptRow> PaymentRows(ReceiptFacts facts, Func<Localised, string> text)
    {
        var rows = new List<ReceiptRow>();
        if (facts.Kind == ReceiptKind.Slip)
        {
            Add(rows, text(Texts.ReversedNumber), facts.Number);
        }
        else
        {
            Add(rows, text(Texts.Number), facts.Number, RowKind.Head);
        }

        Add(rows, text(Texts.PaidAt), BakuTime(facts.PaidAt), RowKind.Head);
        Add(rows, text(Texts.ConfirmedAt), facts.ConfirmedAt is { } at ? BakuTime(at) : null);
        Add(rows, text(Texts.BusinessDay), facts.BusinessDay is { } day ? Date.Format(day) : null);
        Add(rows, text(Texts.State), text(Texts.Of(facts.State)));
        if (facts.State == PaymentState.Declined)
        {
            var title = text(facts.DeclineTitle ?? Texts.DeclinedByProvider);
            Add(rows, text(Texts.DeclineReason), facts.DeclineName is { } name ? $"{title} ({name})" : title);
        }

        if (facts.Correction is { } correction)
        {
            var states = $"{text(Texts.Of(correction.From))} → {text(Texts.Of(correction.To))}";
            Add(rows, text(Texts.Correction), $"{BakuTime(correction.At)}, {states}{Because(correction)}");
        }

        Add(rows, text(Texts.PaymentNumber), facts.PaymentNumber);
        Add(rows, text(Texts.Reference), facts.Reference);
        return rows;
    }

    private static List<ReceiptRow> PayerRows(ReceiptFacts facts, Func<Localised, string> text)
    {
        var rows = new List<ReceiptRow>();
        Add(rows, text(Texts.Payer), facts.Payer);
        foreach (var field in facts.Fields.Where(field => field.Name != ReceiptFacts.BudgetCodeField))
        {
            Add(rows, text(field.Label), field.Value);
        }

        return rows;
    }

    private static List<ReceiptRow> PayeeRows(ReceiptFacts facts, Func<Localised, string> text)
    {
        var rows = new List<ReceiptRow>();
        Add(rows, text(Texts.Provider), facts.ProviderName is { } provider ? text(provider) : null);
        Add(rows, text(Texts.ProviderVoen), facts.ProviderVoen);
        Add(rows, text(Texts.Service), facts.ServiceName is { } name ? $"{facts.ServiceCode} {text(name)}" : null);
        Add(rows, text(Texts.BudgetCode), facts.BudgetCode);
        Add(rows, text(Texts.BudgetLevel), facts.BudgetLevel);
        return rows;
    }

    private static List<ReceiptRow> MoneyRows(ReceiptFacts facts, Func<Localised, string> text)
    {
        var rows = new List<ReceiptRow>();
        foreach (var line in facts.Lines)
        {
            Add(rows, line.Id, Amount(new Money(line.AmountQepik)), RowKind.Amount);
        }

        Add(rows, text(Texts.Amount), Amount(facts.Amount), RowKind.Amount);
        Add(rows, text(Texts.Fee), Amount(facts.Fee), RowKind.Amount);
        Add(rows, text(Texts.Total), Amount(facts.Total), RowKind.Total);
        Add(rows, text(Texts.Tender), text(Texts.Of(facts.Tender)));
        if (facts.Tender == Tender.Card)
        {
            Add(rows, text(Texts.CardNumber), facts.MaskedPan);
            Add(rows, text(Texts.Rrn), facts.Rrn);
        }

        return rows;
    }

    private static List<ReceiptRow> CentreRows(ReceiptFacts facts, Func<Localised, string> text)
    {
        var rows = new List<ReceiptRow>();
        Add(rows, text(Texts.Agent), $"{facts.Centre.AgentCode} {facts.Centre.AgentName}");
        Add(rows, text(Texts.Point), facts.Centre.Point);
        Add(rows, text(Texts.Terminal), facts.Centre.Terminal);
        Add(rows, text(Texts.Cashier), facts.Cashier);
        return rows;
    }

    private static void Add(List<ReceiptRow> rows, string label, string? value, RowKind kind = RowKind.Plain)
    {
        if (value is not null && Clean(value) is { Length: > 0 } clean)
        {
            rows.Add(new ReceiptRow(Clean(label), clean, kind));
        }
    }
}
