using Microsoft.Net.Http.Headers;

namespace EGovPay.Terminals.Problems;

/// <summary>The language in which somebody asked to be answered: az (default), en, ru.</summary>
public static class AskedLanguage
{
    private const int LongestField = 512;

    /// <summary>By <c>Accept-Language</c>, its weights respected; a weight of 0 rules a language out.</summary>
    public static string Of(HttpRequest request) => Of(request.Headers.AcceptLanguage.ToString());

    /// <summary><c>lang</c> of the query where it is one of the three, else <see cref="Of(HttpRequest)"/>.</summary>
    public static string OfQueryOr(HttpRequest request) =>
        request.Query["lang"].ToString() is var asked && asked is "az" or "en" or "ru" ? asked : Of(request);

    /// <summary>The first of ours by weight; <c>*</c> and everything else reads Azerbaijani.</summary>
    public static string Of(string? acceptLanguage)
    {
        if (acceptLanguage is not { Length: > 0 and <= LongestField }
            || !StringWithQualityHeaderValue.TryParseList([acceptLanguage], out var wanted))
        {
            return "az";
        }

        var best = "az";
        var weight = 0.0;
        foreach (var one in wanted)
        {
            var language = one.Value.ToString().Split('-')[0].ToLowerInvariant();
            if (language is "az" or "en" or "ru" && (one.Quality ?? 1) > weight)
            {
                (best, weight) = (language, one.Quality ?? 1);
            }
        }

        return best;
    }
}
