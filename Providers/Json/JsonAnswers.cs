using System.Text.Json;
using EGovPay.Processing.Dispatch;
using EGovPay.Providers.Wire;

namespace EGovPay.Providers.Json;

/// <summary>The states in which a payment can be at a provider of the JSON protocol.</summary>
internal enum JsonStatus { Accepted, Pending, Rejected }

/// <summary>
/// What a provider says of a reversal; Delivered: the payment stands there as if nobody had asked for one.
/// </summary>
internal enum JsonReversal { Reversed, Kept, Pending, Delivered }

/// <summary>What a provider says of a payment.</summary>
/// <param name="Reason">A kebab-case name with rejected, or null.</param>
internal sealed record JsonPayment(JsonStatus Status, string? Transaction, string? Reason, string? CardData);

/// <summary>
/// Reads answers of the JSON protocol. A name that is there twice, a wrong type, an amount that is no whole number: a
/// fault, never a guess. Unknown members are read over. Never throws.
/// </summary>
internal static class JsonAnswers
{
    private const int MostLines = 100;
    private const int LongestTransaction = 64;
    private const int LongestReason = 64;
    private const long MostQepik = 100_000_000_000_000;

    private static readonly JsonDocumentOptions Strict = new()
    {
        MaxDepth = 8,
        AllowDuplicateProperties = false,
        AllowTrailingCommas = false,
        CommentHandling = JsonCommentHandling.Disallow,
    };

    /// <summary>Reads <c>{status, transaction, reason}</c>; null where it cannot be read.</summary>
    public static JsonPayment? ReadPayment(ReadOnlyMemory<byte> body) => Read<JsonPayment?>(body, null, root =>
    {
        var status = Text(root, "status", 16) switch
        {
            "accepted" => JsonStatus.Accepted,
            "pending" => JsonStatus.Pending,
            "rejected" => JsonStatus.Rejected,
            _ => (JsonStatus?)null,
        };
        return status is null ? null : new JsonPayment(
            status.Value, Text(root, "transaction", LongestTransaction), Text(root, "reason", LongestReason),
            Text(root, "cardData", 8_192));
    });

    /// <summary>Reads the <c>{status}</c> of a payment that was perhaps asked back; null where it cannot be read.</summary>
    public static JsonReversal? ReadReversal(ReadOnlyMemory<byte> body) =>
        Read<JsonReversal?>(body, null, root => Text(root, "status", 16) switch
        {
            "reversed" => JsonReversal.Reversed,
            "kept" => JsonReversal.Kept,
            "pending" => JsonReversal.Pending,
            "accepted" => JsonReversal.Delivered,
            _ => null,
        });

    /// <summary>Reads <c>{payer, lines, dueQepik, minQepik, maxQepik}</c>; null where it cannot be read.</summary>
    public static InquiryAnswer? ReadInquiry(ReadOnlyMemory<byte> body) => Read<InquiryAnswer?>(body, null, root =>
    {
        var lines = new List<DueLine>();
        if (root.TryGetProperty("lines", out var listed) && listed.ValueKind != JsonValueKind.Null)
        {
            foreach (var line in listed.EnumerateArray())
            {
                if (lines.Count == MostLines || Text(line, "id", 64) is not { } id
                    || Qepik(line, "dueQepik") is not { } due)
                {
                    return null;
                }

                lines.Add(new DueLine(id, Text(line, "title", 200) ?? "", due));
            }
        }

        return Qepik(root, "dueQepik") is not { } whole ? null : new InquiryAnswer(
            InquiryResult.Found, Text(root, "payer", 200), lines, whole, Qepik(root, "minQepik"),
                Qepik(root, "maxQepik"));
    });

    /// <summary>Reads the <c>reason</c> of a refused inquiry, or null.</summary>
    public static string? ReadReason(ReadOnlyMemory<byte> body) =>
        Read<string?>(body, null, root => Text(root, "reason", LongestReason));

    private static T Read<T>(ReadOnlyMemory<byte> body, T broken, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(document.RootElement) : broken;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            return broken;
        }
    }

    /// <summary>
    /// A string member, trimmed to nothing is null. One that is too long is a fault of the whole answer.
    /// </summary>
    private static string? Text(JsonElement element, string name, int longest)
    {
        if (!element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var text = value.GetString();
        return text is { Length: var length } && length > longest
            ? throw new FormatException("A text is too long.")
            : CleanText.Of(text, longest);
    }

    private static long? Qepik(JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.GetInt64() is var qepik and >= 0 and <= MostQepik ? qepik
            : throw new FormatException("An amount is out of range.");
    }
}
