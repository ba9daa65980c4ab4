using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using EGovPay.Processing.StateMachine;
using NodaTime;

namespace EGovPay.Terminals.Receipts;

/// <summary>
/// All that the public may learn from a receipt's code. Nothing else of the payment is reachable from here.
/// </summary>
/// <param name="Account">The account, already masked for strangers.</param>
/// <param name="At">When it was paid, as printed on the receipt.</param>
public sealed record VerifyFacts(
    string Code,
    string Service,
    Localised? ServiceName,
    Money Amount,
    Money Fee,
    Instant At,
    PaymentState State,
    Correction? Correction,
    string Account)
{
    /// <summary>What the public may see of a payment.</summary>
    public static VerifyFacts Of(Payment payment, Service? service, VerificationCode codes) => new(
        codes.Encode(payment.AgentId, payment.Number),
        service?.CodeText ?? "",
        service?.Name,
        new Money(payment.AmountQepik),
        new Money(payment.FeeQepik),
        payment.AcceptedAt,
        payment.State,
        payment.Correction,
        Mask.Account(payment.Account));
}

/// <summary>The public answer as JSON. <c>service</c> is the five-digit code, as everywhere in the contract.</summary>
public sealed record VerifyJson(
    bool Genuine,
    string Service,
    long AmountQepik,
    long FeeQepik,
    string At,
    string State,
    ReceiptJson.CorrectionJson? Correction,
    string Account)
{
    public static VerifyJson Of(VerifyFacts facts) => new(
        true,
        facts.Service,
        facts.Amount.Qepik,
        facts.Fee.Qepik,
        ReceiptJson.Utc(facts.At),
        facts.State.ToString(),
        ReceiptJson.CorrectionJson.Of(facts.Correction),
        facts.Account);
}

/// <summary>
/// The public page of <c>/verify/{code}</c>: one document without script, its style in <see cref="Css"/> at
/// <see cref="CssPath"/>, so that the policy of <see cref="ContentSecurityPolicy"/> allows nothing inline.
/// </summary>
public static class VerifyPage
{
    public const string ContentType = "text/html; charset=utf-8";

    public const string CssPath = "/verify.css";

    /// <summary>Goes with the page: only our stylesheet, no script, no frame around it.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>
    /// The stylesheet, served as text/css at <see cref="CssPath"/>. Contrast ≥ 7 : 1, light and dark.
    /// </summary>
    public const string Css =
        """
        :root { color-scheme: light dark; --ink: #1b2430; --soft: #4a5868; --paper: #fff; --page: #f2f5f7;
          --line: #d5dde3; --good: #0b5d3b; --goodPaper: #e4f4ec; --bad: #8c1d18; --badPaper: #fdecea;
          --wait: #6b4300; --waitPaper: #fff4dc; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e9eef3; --soft: #b4c1cd; --paper: #18212b;
          --page: #0f161d; --line: #33414f; --good: #9be3bf; --goodPaper: #12372a; --bad: #ffb9b2;
          --badPaper: #451a18; --wait: #ffd78a; --waitPaper: #3d2c08; } }
        * { box-sizing: border-box; }
        body { margin: 0; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--ink);
          font: 1.0625rem/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
        header, main, footer { max-width: 38rem; margin: 0 auto; }
        nav ul { display: flex; gap: 1rem; justify-content: flex-end; list-style: none; margin: 0; padding: 0; }
        nav a { color: var(--soft); padding: .25rem; }
        nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
        a:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
        h1 { font-size: 1.25rem; font-weight: 600; margin: 1rem 0; }
        .verdict { border-radius: .75rem; padding: 1rem 1.25rem; margin: 0 0 1rem; }
        .verdict p { margin: .25rem 0 0; }
        .verdict strong { font-size: 1.5rem; line-height: 1.25; }
        .good { background: var(--goodPaper); color: var(--good); }
        .bad { background: var(--badPaper); color: var(--bad); }
        .wait { background: var(--waitPaper); color: var(--wait); }
        dl { margin: 0; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem;
          padding: .25rem 1.25rem; }
        dl div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1.5rem; padding: .625rem 0; }
        dl div + div { border-top: 1px solid var(--line); }
        dt { color: var(--soft); }
        dd { margin: 0; font-weight: 600; text-align: right; overflow-wrap: anywhere;
          font-variant-numeric: tabular-nums; }
        footer { color: var(--soft); margin-top: 1rem; overflow-wrap: anywhere; }
        code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
        """;

    /// <summary>Letters of the three languages stay themselves; what HTML could take for its own does not.</summary>
    private static readonly HtmlEncoder Html = HtmlEncoder.Create(
        UnicodeRanges.BasicLatin, UnicodeRanges.Latin1Supplement, UnicodeRanges.LatinExtendedA,
        UnicodeRanges.LatinExtendedB, UnicodeRanges.IpaExtensions, UnicodeRanges.Cyrillic,
        UnicodeRanges.GeneralPunctuation);

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private static readonly (string Code, string Name)[] Languages =
        [("az", "Azərbaycanca"), ("en", "English"), ("ru", "Русский")];

    /// <summary>The page of a genuine code (200).</summary>
    public static string Render(VerifyFacts facts, string? language)
    {
        var lang = Texts.Language(language);
        string In(Localised text) => text.In(lang);
        var rows = new List<(string Label, string Value)>
        {
            (In(Texts.State), In(Texts.Of(facts.State))),
            (In(Texts.Amount), ReceiptRows.Amount(facts.Amount)),
            (In(Texts.Fee), ReceiptRows.Amount(facts.Fee)),
            (In(Texts.PaidAt), ReceiptRows.BakuTime(facts.At)),
        };
        if (facts.ServiceName is { } service)
        {
            rows.Insert(1, (In(Texts.Service), $"{facts.Service} {In(service)}"));
        }

        if (facts.Account.Length > 0)
        {
            rows.Add((In(Texts.Account), facts.Account));
        }

        if (facts.Correction is { } c)
        {
            var states = $"{In(Texts.Of(c.From))} → {In(Texts.Of(c.To))}";
            rows.Add((In(Texts.Correction), $"{ReceiptRows.BakuTime(c.At)}, {states}{ReceiptRows.Because(c)}"));
        }

        var mood = facts.State switch
        {
            PaymentState.Confirmed => "good",
            PaymentState.Declined or PaymentState.Cancelled or PaymentState.Reversed => "bad",
            _ => "wait",
        };
        var verdict = $"{In(Texts.Genuine)}: {In(Texts.Of(facts.State))}";
        return Page(lang, facts.Code, mood, verdict, In(Texts.CompareAdvice), rows);
    }

    /// <summary>
    /// The page of a code that is mistyped, forged or of nothing we know (404). It repeats nothing of what was asked.
    /// </summary>
    public static string RenderNotGenuine(string? language)
    {
        var lang = Texts.Language(language);
        return Page(lang, null, "bad", Texts.NotGenuine.In(lang), Texts.NotGenuineAdvice.In(lang), []);
    }

    private static string Page(
        string lang, string? code, string mood, string verdict, string advice, List<(string Label, string Value)> rows)
    {
        var title = Html.Encode(Texts.VerifyTitle.In(lang));
        var html = new StringBuilder();
        html.Append(Invariant, $"<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append("<meta name=\"robots\" content=\"noindex\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
        html.Append(Invariant, $"<title>{Html.Encode(verdict)} – {title}</title>\n");
        html.Append(Invariant, $"<link rel=\"stylesheet\" href=\"{CssPath}\">\n");
        html.Append("</head>\n<body>\n<header>\n<nav aria-label=\"Dil / Language / Язык\">\n<ul>\n");
        foreach (var (other, name) in Languages)
        {
            var current = other == lang ? " aria-current=\"true\"" : "";
            html.Append(Invariant, $"<li><a href=\"?lang={other}\" lang=\"{other}\"{current}>{name}</a></li>\n");
        }

        html.Append(Invariant, $"</ul>\n</nav>\n</header>\n<main>\n<h1>{title}</h1>\n<div class=\"verdict {mood}\">\n");
        html.Append(Invariant, $"<strong>{Html.Encode(verdict)}</strong>\n<p>{Html.Encode(advice)}</p>\n</div>\n");
        if (rows.Count > 0)
        {
            html.Append("<dl>\n");
            foreach (var (label, value) in rows)
            {
                var clean = Html.Encode(ReceiptRows.Clean(value));
                html.Append(Invariant, $"<div><dt>{Html.Encode(label)}</dt><dd>{clean}</dd></div>\n");
            }

            html.Append("</dl>\n");
        }

        html.Append("</main>\n");
        if (code is not null)
        {
            var label = Html.Encode(Texts.Code.In(lang));
            html.Append(Invariant, $"<footer>{label}: <code>{VerificationCode.Grouped(code)}</code></footer>\n");
        }

        return html.Append("</body>\n</html>\n").ToString();
    }
}
