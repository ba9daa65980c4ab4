using System.Net;
using EGovPay.Processing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace EGovPay.Terminals.Receipts;

/// <summary>Receipts for terminals in the form they ask for, and the public's question whether one is real.</summary>
internal static class ReceiptCalls
{
    private const string Json = "application/json";
    private const string Pdf = "application/pdf";
    private const string Text = "text/plain";
    private const string Html = "text/html";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/payments/{reference}/receipt", GetAsync).WithTags("receipts")
            .Produces<ReceiptJson>(StatusCodes.Status200OK, Json, Pdf, Text);
        routes.MapGet("/verify/{code}", VerifyAsync).WithTags("receipts")
            .Produces<VerifyJson>(StatusCodes.Status200OK, Json, Html);
        routes.MapGet(VerifyPage.CssPath, Css).ExcludeFromDescription();
    }

    private static async
        Task<Results<JsonHttpResult<ReceiptJson>, ContentHttpResult, FileContentHttpResult, Refuse>> GetAsync(
        string reference, HttpContext http, Door door, Engine engine, ServerSettings settings)
    {
        if (!Plain.IsReference(reference))
        {
            return Refuse.Malformed("reference");
        }

        string[] forms = settings.Pdf is null ? [Json, Text] : [Json, Pdf, Text];
        var (payment, refused) = await PaymentCalls.FindAsync(reference, http, door, engine);
        if (payment is null)
        {
            return refused!;
        }

        http.Response.Headers.Vary = "Accept, Accept-Language, Authorization";
        if (Preferred(http.Request, forms) is not { } form)
        {
            return new Refuse(new Refused(Refusal.MalformedRequest, "Accept"), StatusCodes.Status406NotAcceptable);
        }

        var language = AskedLanguage.OfQueryOr(http.Request);
        http.Response.Headers.ContentLanguage = language;
        var facts = FactsOf(payment, http, engine, settings, language);
        facts = facts with { Reprint = await ReprintAsync(facts, payment, engine, printed: form != Json) };
        return form switch
        {
            Pdf => TypedResults.File(settings.Pdf!.Render(facts, language), Pdf),
            Text => TypedResults.Text(TextReceipt.Render(facts, language), Text, System.Text.Encoding.UTF8),
            _ => TypedResults.Json(ReceiptJson.Of(facts, language), ApiJson.Receipts.ReceiptJson),
        };
    }

    /// <summary>
    /// Paper counts: from the second print of a receipt on each says that it is one. JSON is looked at and says how
    /// many there are; a slip is no receipt and may be printed as often as anyone likes.
    /// </summary>
    private static async Task<int> ReprintAsync(ReceiptFacts facts, Payment payment, Engine engine, bool printed)
    {
        if (facts.Kind != ReceiptKind.Receipt)
        {
            return 0;
        }

        var prints = printed
            ? await engine.PaperAndCards.CountPrintAsync(payment)
            : await engine.PaperAndCards.PrintsAsync(payment);
        return Math.Max(0, prints - 1);
    }

    private static ReceiptFacts FactsOf(
        Payment payment, HttpContext http, Engine engine, ServerSettings settings, string language)
    {
        var current = engine.Catalogue.Current;
        var terminal = engine.Directory.Find(payment.TerminalId);
        var centre = new ServiceCentre(
            terminal?.AgentCode ?? "", terminal?.AgentName ?? "", terminal?.PointName ?? "",
            terminal?.TerminalCode ?? "");
        var address = settings.PublicAddress?.TrimEnd('/') ?? OwnAddress(http);
        var facts = ReceiptFacts.Of(
            payment, current.Find(payment.ServiceCode), current.Provider(payment.ProviderId), centre,
            new ReceiptIssuer(settings.OperatorName, settings.OperatorVoen, address), engine.Codes);
        return payment.DeclineName is null
            ? facts
            : facts with { DeclineTitle = DeclineTexts.All.GetValueOrDefault(payment.DeclineName, DeclineTexts.Other) };
    }

    /// <summary>
    /// Where this request reached the server, by its own end of the connection. Never the Host field: its caller
    /// writes that, and the operator would sign a receipt that leads wherever the caller likes.
    /// </summary>
    private static string OwnAddress(HttpContext http)
    {
        var connection = http.Connection;
        var address = connection.LocalIpAddress ?? IPAddress.Loopback;
        var own = new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, connection.LocalPort);
        return http.Request.Scheme + "://" + own;
    }

    /// <summary>Is this receipt real? Anyone may ask, and learns what the receipt says, its account masked.</summary>
    private static async Task<Results<JsonHttpResult<VerifyJson>, ContentHttpResult, Refuse>> VerifyAsync(
        string code, HttpContext http, Engine engine, Lockouts lockouts)
    {
        var address = http.Connection.RemoteIpAddress;
        if (lockouts.Locked(address, Lockouts.Codes) is { } seconds)
        {
            return (Refuse)new Refused(Refusal.TooManyRequests, RetryAfterSeconds: seconds);
        }

        http.Response.Headers.Vary = "Accept, Accept-Language";
        if (Preferred(http.Request, [Json, Html]) is not { } form)
        {
            return new Refuse(new Refused(Refusal.MalformedRequest, "Accept"), StatusCodes.Status406NotAcceptable);
        }

        var language = AskedLanguage.OfQueryOr(http.Request);
        http.Response.Headers.ContentLanguage = language;
        var named = engine.Codes.Decode(code);
        var payment = named is var (agentId, number)
            ? await engine.Book.FindAsync(agentId, number, http.RequestAborted)
            : null;
        if (named is null && VerificationCode.IsWellFormed(code))
        {
            // Mistyped codes are told by their check symbol; this one was made up.
            lockouts.Failed(address, Lockouts.Codes);
        }

        if (form == Html)
        {
            http.Response.Headers.ContentSecurityPolicy = VerifyPage.ContentSecurityPolicy;
        }

        if (payment is null or { ServiceCode: 0 })
        {
            return form == Html
                ? TypedResults.Content(
                    VerifyPage.RenderNotGenuine(language), VerifyPage.ContentType,
                    statusCode: StatusCodes.Status404NotFound)
                : (Refuse)Refusal.NotFound;
        }

        var facts = VerifyFacts.Of(payment, engine.Catalogue.Current.Find(payment.ServiceCode), engine.Codes);
        return form == Html
            ? TypedResults.Content(VerifyPage.Render(facts, language), VerifyPage.ContentType)
            : TypedResults.Json(VerifyJson.Of(facts), ApiJson.Receipts.VerifyJson);
    }

    private static ContentHttpResult Css(HttpContext http)
    {
        http.Response.Headers.CacheControl = "public, max-age=86400";
        return TypedResults.Content(VerifyPage.Css, "text/css; charset=utf-8");
    }

    /// <summary>
    /// The first of the forms that <c>Accept</c> likes best; without one, or with a bare wildcard, the first. Null:
    /// it likes none.
    /// </summary>
    internal static string? Preferred(HttpRequest request, string[] forms)
    {
        var field = request.Headers.Accept.ToString();
        if (field.Length == 0)
        {
            return forms[0];
        }

        if (field.Length > 1_000 || !MediaTypeHeaderValue.TryParseList([field], out var wanted))
        {
            return null;
        }

        string? best = null;
        var weight = 0.0;
        foreach (var form in forms)
        {
            // The most exact range that covers a form speaks for it: text/html;q=0 rules it out beside */*.
            var type = new MediaTypeHeaderValue(form);
            var speaks = wanted.Where(type.IsSubsetOf)
                .MaxBy(one => one.MatchesAllTypes ? 0 : one.MatchesAllSubTypes ? 1 : 2);
            if (speaks is not null && (speaks.Quality ?? 1) > weight)
            {
                (best, weight) = (form, speaks.Quality ?? 1);
            }
        }

        return best;
    }
}
