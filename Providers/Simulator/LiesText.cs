using System.Text.Json;

namespace EGovPay.Providers.Simulator;

/// <summary>
/// The lies as JSON: <c>{rates: {"silent-after-credit": 0.01}, provider, lateMilliseconds, silenceMilliseconds,
/// temporaryAsks, attempts, deduplicates, magicAccounts}</c>. What is not named has its default: an empty object is no
/// lies.
/// </summary>
internal static class LiesText
{
    public static bool TryRead(ReadOnlyMemory<byte> body, out Lies lies, out string? fault)
    {
        lies = Lies.None;
        fault = null;
        try
        {
            using var document = JsonDocument
                .Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            foreach (var member in document.RootElement.EnumerateObject())
            {
                var value = member.Value;
                switch (member.Name)
                {
                    case "rates":
                        foreach (var rate in value.EnumerateObject())
                        {
                            if (!Lies.TryAdd(lies, $"{rate.Name}={rate.Value.GetRawText()}", out lies, out fault))
                            {
                                return false;
                            }
                        }

                        break;
                    case "provider":
                        lies = lies with { Provider = value.GetString() };
                        break;
                    case "lateMilliseconds":
                        lies = lies with { LateMilliseconds = Count(value, 600_000) };
                        break;
                    case "silenceMilliseconds":
                        lies = lies with { SilenceMilliseconds = Count(value, 600_000) };
                        break;
                    case "temporaryAsks":
                        lies = lies with { TemporaryAsks = Count(value, 1_000) };
                        break;
                    case "attempts":
                        lies = lies with { Attempts = Count(value, 1_000) };
                        break;
                    case "deduplicates":
                        lies = lies with { Deduplicates = value.GetBoolean() };
                        break;
                    case "magicAccounts":
                        lies = lies with { MagicAccounts = value.GetBoolean() };
                        break;
                    default:
                        fault = $"'{member.Name}' is not known";
                        return false;
                }
            }

            return true;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or FormatException)
        {
            fault = "lies are a JSON object";
            return false;
        }
    }

    public static void Write(Utf8JsonWriter json, Lies lies)
    {
        json.WriteStartObject("rates"u8);
        foreach (var (lie, rate) in lies.Rates)
        {
            json.WriteNumber(Lies.Name(lie), rate / 1_000_000m);
        }

        json.WriteEndObject();
        json.WriteString("provider"u8, lies.Provider);
        json.WriteNumber("lateMilliseconds"u8, lies.LateMilliseconds);
        json.WriteNumber("silenceMilliseconds"u8, lies.SilenceMilliseconds);
        json.WriteNumber("temporaryAsks"u8, lies.TemporaryAsks);
        json.WriteNumber("attempts"u8, lies.Attempts);
        json.WriteBoolean("deduplicates"u8, lies.Deduplicates);
        json.WriteBoolean("magicAccounts"u8, lies.MagicAccounts);
    }

    private static int Count(JsonElement value, int most) =>
        value.GetInt32() is var count && count >= 0 && count <= most ? count : throw new FormatException();
}
