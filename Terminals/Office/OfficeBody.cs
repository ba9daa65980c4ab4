using System.Text.Json.Serialization.Metadata;
using EGovPay.Processing.Catalogue;
using EGovPay.Terminals.Api;
using Microsoft.AspNetCore.Http.Features;

namespace EGovPay.Terminals.Office;

/// <summary>Bodies of the finance office's API: JSON of at most 64 KiB, or a file.</summary>
internal static class OfficeBody
{
    /// <summary>What was asked, or why it cannot be read.</summary>
    public static async Task<(T? Value, OfficeProblem? Refused)> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> shape)
        where T : class
    {
        var body = await ReadBody.JsonAsync(http.Request, shape);
        return body.Refused is { } refused
            ? (null, OfficeProblem.Malformed(refused.Why.Field ?? "body", ReasonOf(refused.Why.Field, shape)))
            : (body.Value, null);
    }

    /// <summary>A member that is none is told as that, with those that there are: what was misspelt would else be left out without a word.</summary>
    private static Localised ReasonOf(string? field, JsonTypeInfo shape)
    {
        foreach (var part in field?.Split('.') ?? [])
        {
            var name = part.Split('[')[0];
            if (shape.Kind != JsonTypeInfoKind.Object)
            {
                break;
            }

            if (shape.Properties.FirstOrDefault(one => one.Name == name) is not { } known)
            {
                return name == "Content-Type" ? OfficeReasons.NotTheJson
                    : OfficeReasons.NoMember(name, string.Join(", ", shape.Properties.Select(one => one.Name)));
            }

            shape = shape.Options.GetTypeInfo(known.PropertyType);
            shape = part.Length > name.Length && shape.ElementType is { } element ? shape.Options.GetTypeInfo(element) : shape;
        }

        // Of an object within, the parser does not always say which member.
        return field is not null && shape.Kind == JsonTypeInfoKind.Object
            ? OfficeReasons.AnObjectOf(field, string.Join(", ", shape.Properties.Select(one => one.Name))) : OfficeReasons.NotTheJson;
    }

    /// <summary>A file of ours as the body, of whatever media type.</summary>
    /// <param name="most">Bytes.</param>
    /// <exception cref="BadHttpRequestException">It is too long (413), too slow (408) or wrongly framed (400).</exception>
    public static async Task<byte[]> FileAsync(HttpContext http, int most)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = most;
        }

        using var file = new MemoryStream();
        await http.Request.Body.CopyToAsync(file, http.RequestAborted);
        return file.ToArray();
    }
}
