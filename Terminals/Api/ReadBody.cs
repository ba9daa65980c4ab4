using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using EGovPay.Processing;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Connections;
using Microsoft.Net.Http.Headers;

namespace EGovPay.Terminals.Api;

/// <summary>A request's body: its bytes as they travelled, for the signature, and what they say.</summary>
/// <param name="Value">What was asked; null only with a refusal.</param>
internal readonly record struct Body<T>(ReadOnlyMemory<byte> Bytes, T? Value, Refuse? Refused)
    where T : class;

/// <summary>Reads bodies: at most 64 KiB, JSON in UTF-8, nothing twice, nothing deeper than 16.</summary>
internal static class ReadBody
{
    /// <summary>Bytes.</summary>
    public const int Limit = 64 * 1024;

    /// <summary>Bytes. What is too long is read over up to here, so that its sender hears why; above it the connection ends.</summary>
    public const int ReadOver = 1024 * 1024;

    /// <summary>Reads and parses. A fault names the field where the parser knows it.</summary>
    public static async Task<Body<T>> JsonAsync<T>(HttpRequest request, JsonTypeInfo<T> shape)
        where T : class
    {
        if (!IsJson(request))
        {
            var unsupported = new Refused(Refusal.MalformedRequest, "Content-Type");
            return new(default, null, new Refuse(unsupported, StatusCodes.Status415UnsupportedMediaType));
        }

        var bytes = await BytesAsync(request);
        if (!Utf8.IsValid(bytes.Span))
        {
            // The parser reads over bytes that are no text where nobody asks for their value; what is kept as it was
            // told would meet them later.
            return new(bytes, null, Refuse.Malformed(null));
        }

        try
        {
            return JsonSerializer.Deserialize(bytes.Span, shape) is { } value
                ? new(bytes, value, null)
                : new(bytes, null, Refuse.Malformed(null));
        }
        catch (JsonException fault)
        {
            return new(bytes, null, Refuse.Malformed(FieldOf(fault.Path)));
        }
    }

    /// <summary>The bytes of any body; none is empty.</summary>
    /// <exception cref="BadHttpRequestException">It is too long (413), too slow (408) or wrongly framed (400).</exception>
    public static async Task<ReadOnlyMemory<byte>> BytesAsync(HttpRequest request)
    {
        try
        {
            return await ReadAsync(request);
        }
        catch (IOException broken) when (broken is not (BadHttpRequestException or ConnectionResetException))
        {
            // A chunk's length beyond all numbers is told as this, and not as a bad request.
            throw new BadHttpRequestException("The body is wrongly framed.", StatusCodes.Status400BadRequest, broken);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request)
    {
        if (request.ContentLength > Limit)
        {
            throw new BadHttpRequestException("The body is too long.", StatusCodes.Status413PayloadTooLarge);
        }

        if (request.ContentLength is { } length)
        {
            var exact = new byte[length];
            await request.Body.ReadExactlyAsync(exact, request.HttpContext.RequestAborted);
            return exact;
        }

        var read = new MemoryStream();
        var buffer = new byte[4_096];
        while (await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted) is > 0 and var more)
        {
            if (read.Length + more > Limit)
            {
                throw new BadHttpRequestException("The body is too long.", StatusCodes.Status413PayloadTooLarge);
            }

            read.Write(buffer, 0, more);
        }

        return read.GetBuffer().AsMemory(0, (int)read.Length);
    }

    private static bool IsJson(HttpRequest request) =>
        request.Headers.ContentEncoding.Count == 0
        && MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// <c>$.lines[0].amountQepik</c> without its root; null for the root, or for a path that repeats what somebody
    /// typed.
    /// </summary>
    private static string? FieldOf(string? path) =>
        path is { Length: > 2 and <= 100 } && path.StartsWith("$.", StringComparison.Ordinal)
            && !path.Contains('\'', StringComparison.Ordinal)
            ? path[2..]
            : null;
}
