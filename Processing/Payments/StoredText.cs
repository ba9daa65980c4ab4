using System.Buffers;
using System.Text;
using System.Text.Json;

namespace EGovPay.Processing.Payments;

/// <summary>
/// How fields and lines are kept in one text column each: compact JSON, in the order given, null when there are none.
/// </summary>
public static class StoredText
{
    private static readonly JsonWriterOptions Plain =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string? Of(IReadOnlyList<FieldValue>? fields)
    {
        if (fields is null || fields.Count == 0)
        {
            return null;
        }

        return Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var field in fields)
            {
                writer.WriteString(field.Name, field.Value);
            }

            writer.WriteEndObject();
        });
    }

    public static string? Of(IReadOnlyList<PaidLine>? lines)
    {
        if (lines is null || lines.Count == 0)
        {
            return null;
        }

        return Write(writer =>
        {
            writer.WriteStartArray();
            foreach (var line in lines)
            {
                writer.WriteStartArray();
                writer.WriteStringValue(line.Id);
                writer.WriteNumberValue(line.AmountQepik);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        });
    }

    public static string? Of(Contact? contact) => contact is null
        ? null
        : Write(writer =>
        {
            writer.WriteStartArray();
            writer.WriteStringValue(contact.Email);
            writer.WriteStringValue(contact.Phone);
            writer.WriteStringValue(contact.Language);
            writer.WriteEndArray();
        });

    public static Contact? Contact(string? stored)
    {
        if (stored is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(stored);
        var contact = document.RootElement;
        return new Contact(contact[0].GetString(), contact[1].GetString(), contact[2].GetString());
    }

    public static IReadOnlyList<FieldValue> Fields(string? stored)
    {
        if (stored is null)
        {
            return [];
        }

        using var document = JsonDocument.Parse(stored);
        return [.. document.RootElement.EnumerateObject().Select(f => new FieldValue(f.Name, f.Value.GetString()!))];
    }

    public static IReadOnlyList<PaidLine> Lines(string? stored)
    {
        if (stored is null)
        {
            return [];
        }

        using var document = JsonDocument.Parse(stored);
        return [.. document.RootElement.EnumerateArray().Select(l => new PaidLine(l[0].GetString()!, l[1].GetInt64()))];
    }

    private static string Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
