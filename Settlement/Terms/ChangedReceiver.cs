using System.Text;
using System.Text.Json;

namespace EGovPay.Settlement.Terms;

/// <summary>A receiver whose account new terms change, or who is new in them.</summary>
/// <param name="Provider">By its code.</param>
/// <param name="Before">As terms in force have it; null: they have no such receiver.</param>
public sealed record ChangedReceiver(string Provider, Beneficiary? Before, Beneficiary After)
{
    private static readonly JsonWriterOptions Written = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// What a document changes of the versions that it takes over: of the one in force on its first day, and of those that begin later.
    /// Who is left out is paid nothing, which is nobody's account.
    /// </summary>
    public static IReadOnlyList<ChangedReceiver> Of(SettlementTerms terms, IEnumerable<SettlementTerms> takenOver)
    {
        var changed = new Dictionary<string, ChangedReceiver>(StringComparer.Ordinal);
        foreach (var before in takenOver)
        {
            foreach (var one in terms.Providers)
            {
                var was = before.Provider(one.Code)?.Beneficiary;
                if (was != one.Beneficiary)
                {
                    changed.TryAdd(one.Code, new ChangedReceiver(one.Code, was, one.Beneficiary));
                }
            }
        }

        return [.. changed.Values];
    }

    /// <summary>As JSON that <see cref="Read"/> reads.</summary>
    internal static string Write(IReadOnlyList<ChangedReceiver> receivers)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Written))
        {
            json.WriteStartArray();
            foreach (var one in receivers)
            {
                json.WriteStartObject();
                json.WriteString("provider", one.Provider);
                Write(json, "before", one.Before);
                Write(json, "after", one.After);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>What stands in a proposal.</summary>
    public static IReadOnlyList<ChangedReceiver> Read(string receivers)
    {
        using var document = JsonDocument.Parse(receivers);
        return
        [
            .. document.RootElement.EnumerateArray().Select(one => new ChangedReceiver(
                one.GetProperty("provider").GetString()!, Party(one.GetProperty("before")), Party(one.GetProperty("after"))!)),
        ];
    }

    private static void Write(Utf8JsonWriter json, string name, Beneficiary? party)
    {
        if (party is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("name", party.Name);
        json.WriteString("voen", party.Voen);
        json.WriteString("iban", party.Iban);
        json.WriteString("bic", party.Bic);
        json.WriteString("bankCode", party.BankCode);
        json.WriteEndObject();
    }

    private static Beneficiary? Party(JsonElement party)
    {
        string Text(string name) => party.GetProperty(name).GetString()!;
        return party.ValueKind == JsonValueKind.Null
            ? null : new Beneficiary(Text("name"), Text("voen"), Text("iban"), Text("bic"), Text("bankCode"));
    }
}
