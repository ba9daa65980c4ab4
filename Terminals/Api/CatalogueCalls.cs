using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Inquiry;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using NodaTime.Text;

namespace EGovPay.Terminals.Api;

/// <summary>What can be paid, and what somebody owes.</summary>
internal static class CatalogueCalls
{
    private const int LongestQuery = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var services = routes.MapGroup("/v1/services").WithTags("services");
        services.MapGet("/", ListAsync);
        services.MapGet("/{code}", GetAsync);
        routes.MapPost("/v1/inquiries", InquireAsync).WithTags("inquiries").Accepts<InquiryAsked>("application/json");
    }

    private static async Task<Results<Ok<ServiceListJson>, StatusCodeHttpResult, Refuse>> ListAsync(
        HttpContext http, Door door, Engine engine, string? group = null, string? q = null, string? lang = null)
    {
        if (q is { Length: > LongestQuery } || (q is not null && !Plain.IsPlain(q)))
        {
            return Refuse.Malformed("q");
        }

        if (lang is not (null or "az" or "en" or "ru"))
        {
            return Refuse.Malformed("lang");
        }

        var admission = await door.AdmitAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var current = engine.Catalogue.Current;
        var language = AskedLanguage.OfQueryOr(http.Request);
        if (IsKnown(http, engine, current, language))
        {
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        }

        var today = Baku.DateOf(engine.Clock.GetCurrentInstant());
        return TypedResults.Ok(new ServiceListJson(
            current.Version,
            [.. current.Search(q, group)
                .Select(one => ServiceJson.Of(one, current, today, language))
                .OfType<ServiceJson>()]));
    }

    private static async Task<Results<Ok<ServiceJson>, StatusCodeHttpResult, Refuse>> GetAsync(
        string code, HttpContext http, Door door, Engine engine)
    {
        var admission = await door.AdmitAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var current = engine.Catalogue.Current;
        var today = Baku.DateOf(engine.Clock.GetCurrentInstant());
        var language = AskedLanguage.OfQueryOr(http.Request);
        if (current.Find(code) is not { } service || ServiceJson.Of(service, current, today, language) is not { } json)
        {
            return (Refuse)Refusal.NotFound;
        }

        return IsKnown(http, engine, current, language)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(json);
    }

    private static async Task<Results<Ok<InquiryJson>, Refuse>> InquireAsync(HttpContext http, Door door, Engine engine)
    {
        var body = await ReadBody.JsonAsync(http.Request, ApiJson.Wire.InquiryAsked);
        if (body.Refused is { } unreadable)
        {
            return unreadable;
        }

        var asked = body.Value!;
        var fields = asked.Read(out var malformed);
        if (malformed is not null)
        {
            return malformed;
        }

        var admission = await door.AdmitAsync(http, body.Bytes, asked.Service);
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var reply = await engine.Inquire.AskAsync(
            admission.Terminal, asked.Service!, asked.Account!, fields, http.RequestAborted);
        return reply.Refused is { } no ? (Refuse)no : TypedResults.Ok(InquiryJson.Of(reply));
    }

    /// <summary>
    /// Sets the entity tag and says whether the caller has that version. It is made of the catalogue, the Baku date
    /// (a rule may begin today) and the language; what was searched for is in the address.
    /// </summary>
    private static bool IsKnown(HttpContext http, Engine engine, CatalogueSnapshot current, string language)
    {
        var today = Baku.DateOf(engine.Clock.GetCurrentInstant());
        var tag = new EntityTagHeaderValue(
            $"\"{current.Sha256[..16]}-{LocalDatePattern.Iso.Format(today)}-{language}\"");
        var headers = http.Response.GetTypedHeaders();
        headers.ETag = tag;
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers.Vary = "Accept-Language, Authorization";
        foreach (var known in http.Request.GetTypedHeaders().IfNoneMatch)
        {
            if (known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What an inquiry says; <c>inquiry</c> goes back with the payment.</summary>
/// <param name="Inquiry">Opaque, signed, good for 15 minutes and for one payment.</param>
/// <param name="Payer">The payer's name, masked, or null.</param>
/// <param name="FeeQepik">The payer's fee for paying <paramref name="DueQepik"/>.</param>
public sealed record InquiryJson(
    string Inquiry, string Service, string Account, string? Payer, IReadOnlyList<DueLineJson> Lines, long DueQepik,
    long MinQepik, long MaxQepik, long FeeQepik, string ExpiresAt)
{
    internal static InquiryJson Of(InquiryReply reply)
    {
        var quote = reply.Quote!;
        return new InquiryJson(
            reply.Sealed!,
            quote.ServiceCode.ToString(System.Globalization.CultureInfo.InvariantCulture),
            reply.Account!,
            quote.Payer,
            [.. (reply.Lines ?? []).Select(line => new DueLineJson(line.Id, line.Title, line.DueQepik))],
            quote.DueQepik,
            quote.MinQepik,
            quote.MaxQepik,
            quote.PayerFeeFor(new Money(quote.DueQepik)).Qepik,
            PaymentJson.Utc(quote.ExpiresAt));
    }
}

/// <summary>One line of what is owed.</summary>
public sealed record DueLineJson(string Id, string Title, long DueQepik);
