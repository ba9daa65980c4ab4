using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Signatures;
using EGovPay.Providers.Wire;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Providers.Json;

/// <summary>
/// Makes the requests of the JSON protocol, each signed by RFC 9421 with the provider's key. The body of a payment is
/// the same bytes in every attempt; its signature is not, for a nonce is good once.
/// </summary>
internal sealed class JsonRequests(string address, MessageKey key, IClock clock)
{
    private static readonly JsonWriterOptions Plain = new() { SkipValidation = false };

    public WireRequest Inquiry(InquiryQuestion question)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body, Plain))
        {
            json.WriteStartObject();
            json.WriteString("account"u8, question.Account);
            WriteFields(json, question.Fields);
            json.WriteEndObject();
        }

        return Signed(HttpMethod.Post, Target(question.Service.Code, "inquiries"), body.WrittenMemory);
    }

    public WireRequest Put(Delivery delivery)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body, Plain))
        {
            json.WriteStartObject();
            json.WriteString("account"u8, delivery.Account);
            json.WriteNumber("amountQepik"u8, delivery.AmountQepik);
            WriteFields(json, delivery.Fields);

            // Whole seconds: an instant that has been through the database has lost its nanoseconds, and the body must not differ.
            json.WriteString("at"u8, InstantPattern.General.Format(delivery.AcceptedAt));
            json.WriteEndObject();
        }

        return Signed(HttpMethod.Put, Payment(delivery), body.WrittenMemory) with { SendBefore = delivery.SendBefore };
    }

    public WireRequest Get(Delivery delivery) => Signed(HttpMethod.Get, Payment(delivery), null);

    public WireRequest Delete(Delivery delivery) => Signed(HttpMethod.Delete, Payment(delivery), null) with { SendBefore = delivery.SendBefore };

    private Uri Payment(Delivery delivery) => Target(
        delivery.ServiceCode, $"payments/{delivery.Number.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>
    /// A provider with several services may want the service in its address: <c>{service}</c> there is the code.
    /// </summary>
    private Uri Target(int service, string rest)
    {
        var code = service.ToString(CultureInfo.InvariantCulture);
        return new Uri(
            $"{address.Replace("{service}", code, StringComparison.Ordinal).TrimEnd('/')}/{rest}", UriKind.Absolute);
    }

    private WireRequest Signed(HttpMethod method, Uri target, ReadOnlyMemory<byte>? body)
    {
        var digest = ContentDigest.Of(body is null ? default : body.Value.Span);
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        var (input, signature) = new SignedRequest(method.Method, target.AbsoluteUri, digest)
            .Sign(key, clock.GetCurrentInstant(), Convert.ToHexStringLower(random));
        return new(method, target, body, body is null ? null : "application/json",
        [
            new("Accept", "application/json"),
            new("Content-Digest", digest),
            new("Signature-Input", input),
            new("Signature", signature),
        ]);
    }

    private static void WriteFields(Utf8JsonWriter json, IReadOnlyList<FieldValue> fields)
    {
        json.WriteStartObject("fields"u8);
        foreach (var (name, value) in fields)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }
}
