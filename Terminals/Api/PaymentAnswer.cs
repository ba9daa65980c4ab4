using System.Buffers;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;

namespace EGovPay.Terminals.Api;

/// <summary>
/// How a payment stands, as the answer to one who pays: 201 where it is new and final, 202 where it is not final yet, 200 where it was there.
/// Its bytes are made before the first is sent, so that it goes out in one piece that says how long it is.
/// </summary>
internal sealed class PaymentAnswer(PaymentJson payment, bool repeat) : IResult, IEndpointMetadataProvider
{
    private const string ContentType = "application/json; charset=utf-8";
    private const string RetrySeconds = "2";

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? bytes;

    [ThreadStatic]
    private static Utf8JsonWriter? writer;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = !payment.Final ? StatusCodes.Status202Accepted : repeat ? StatusCodes.Status200OK : StatusCodes.Status201Created;
        if (response.StatusCode != StatusCodes.Status200OK)
        {
            response.Headers.Location = PaymentCalls.PathOf(payment.Reference);
        }

        if (!payment.Final)
        {
            response.Headers.RetryAfter = RetrySeconds;
        }

        bytes ??= new ArrayBufferWriter<byte>(1_024);
        bytes.ResetWrittenCount();
        writer ??= new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = ApiJson.Letters });
        writer.Reset(bytes);
        JsonSerializer.Serialize(writer, payment, ApiJson.Wire.PaymentJson);
        response.ContentType = ContentType;
        response.ContentLength = bytes.WrittenCount;
        response.BodyWriter.Write(bytes.WrittenSpan);
        return Task.CompletedTask;
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        foreach (var status in new[] { StatusCodes.Status201Created, StatusCodes.Status202Accepted, StatusCodes.Status200OK })
        {
            builder.Metadata.Add(new ProducesResponseTypeMetadata(status, typeof(PaymentJson), ["application/json"]));
        }
    }
}
