using System.Buffers;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Terminals.Api;
using NodaTime;

namespace EGovPay.Terminals.Telling;

/// <summary>
/// What a webhook carries: <c>{type, timestamp, data}</c>. It says how the payment stood when the event happened and is the same in
/// every attempt. <c>data.version</c> grows with each event of a payment: the highest is the newest, in whatever order they come.
/// </summary>
internal static class WebhookBody
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = ApiJson.Letters };

    /// <summary>For the payment's agent: the payment as its own GET shows it, but for what is written on a smart card.</summary>
    public static byte[] ForAgent(Telling telling, Engine engine)
    {
        var payment = telling.Told.Payment;
        var json = PaymentJson.Of(payment, engine, "az") with { CardData = null };
        var data = JsonSerializer.SerializeToNode(json, ApiJson.Wire.PaymentJson)!.AsObject();
        data["version"] = (int)payment.Step;
        return Write(telling.What.Type, payment.At, data.WriteTo);
    }

    /// <summary>For the provider: what it needs to credit its customer, and nothing of the agent's money.</summary>
    public static byte[] ForProvider(Telling telling)
    {
        var payment = telling.Told.Payment;
        return Write(telling.What.Type, payment.At, (json, _) =>
        {
            json.WriteStartObject();
            json.WriteString("number", payment.Number.ToString(CultureInfo.InvariantCulture));
            json.WriteString("state", payment.State.ToString());
            json.WriteString("service", payment.ServiceCode.ToString(CultureInfo.InvariantCulture));
            json.WriteString("account", payment.Account);
            json.WriteStartObject("fields");
            foreach (var field in payment.Fields)
            {
                json.WriteString(field.Name, field.Value);
            }

            json.WriteEndObject();
            json.WriteStartArray("lines");
            foreach (var line in payment.Lines)
            {
                json.WriteStartObject();
                json.WriteString("id", line.Id);
                json.WriteNumber("amountQepik", line.AmountQepik);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("amountQepik", payment.AmountQepik);
            json.WriteString("currency", "AZN");
            json.WriteString("transaction", payment.ProviderTransaction);
            json.WriteString("budgetLevel", payment.BudgetLevel);
            json.WriteString("budgetCode", payment.BudgetCode);
            json.WriteString("acceptedAt", PaymentJson.Utc(payment.AcceptedAt));
            json.WriteString("confirmedAt", payment.ConfirmedAt is { } at ? PaymentJson.Utc(at) : null);
            json.WriteNumber("version", payment.Step);
            json.WriteEndObject();
        });
    }

    /// <summary>A trial of an endpoint: it speaks of no payment.</summary>
    public static byte[] ForTest(Instant now) => Write("webhook.test", now, (json, _) =>
    {
        json.WriteStartObject();
        json.WriteEndObject();
    });

    private static byte[] Write(string type, Instant at, Action<Utf8JsonWriter, JsonSerializerOptions?> data)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteString("timestamp", PaymentJson.Utc(at));
            json.WritePropertyName("data");
            data(json, null);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
