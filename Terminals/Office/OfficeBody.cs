using System.Text.Json.Serialization.Metadata;
using EGovPay.Terminals.Api;

namespace EGovPay.Terminals.Office;

/// <summary>Bodies of the finance office's API: JSON, at most 64 KiB.</summary>
internal static class OfficeBody
{
    /// <summary>What was asked, or why it cannot be read.</summary>
    public static async Task<(T? Value, OfficeProblem? Refused)> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> shape)
        where T : class
    {
        var body = await ReadBody.JsonAsync(http.Request, shape);
        return body.Refused is { } refused
            ? (null, OfficeProblem.Malformed(refused.Why.Field ?? "body", "The body is not the JSON that is asked for."))
            : (body.Value, null);
    }
}
