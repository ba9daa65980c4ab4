using System.Text;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Signatures;
using EGovPay.Providers;
using EGovPay.Providers.Json;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using NodaTime;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers.Json;

/// <summary>What a provider of the JSON protocol may send, and what is believed of it.</summary>
public sealed class JsonOverTheWireTests
{
    private const string Account = "MX-00123";

    private static readonly MessageKey Key = MessageKey.Shared("us", "0123456789abcdef0123456789abcdef"u8);

    private readonly ListeningLog log = new();

    [Fact]
    public async Task A_payment_is_a_put_of_its_number_signed_with_the_providers_key()
    {
        await using var server = Answering(200, "{\"status\":\"accepted\",\"transaction\":\"88\"}");
        using var provider = Make(server);
        var answer = await provider.PayAsync(
            Delivery(42, Account, 5_000, 40602, new FieldValue("fin", "7ABCDE2")), CancellationToken.None);

        answer.Should().BeEquivalentTo(new DeliveryAnswer(DeliveryResult.Confirmed, "88", ProviderCode: "accepted"));
        var request = server.Requests.Single();
        var body = request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        request.Should().StartWith("PUT /base/payments/42 HTTP/1.1\r\n");
        body.Should()
            .Be("{\"account\":\"MX-00123\",\"amountQepik\":5000,\"fields\":{\"fin\":\"7ABCDE2\"},\"at\":\"2026-11-22T20:30:15Z\"}");
        Check(server, request, body).Fault.Should().Be(SignatureFault.None);
    }

    [Fact]
    public async Task A_question_is_a_signed_get_and_a_404_sends_the_same_payment_again_under_the_same_number()
    {
        await using var server = RawServer.Scripted(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(request.StartsWith("GET", StringComparison.Ordinal)
                    ? Json(404, "{}")
                    : Json(200, "{\"status\":\"accepted\",\"transaction\":\"88\"}"));
            }
        });
        using var provider = Make(server);
        var delivery = Delivery(42, Account);
        await provider.PayAsync(
            delivery with { AcceptedAt = delivery.AcceptedAt.PlusNanoseconds(123_456_789) }, CancellationToken.None);
        var asked = await provider.AskAsync(Delivery(42, Account), CancellationToken.None);

        asked.Result.Should().Be(DeliveryResult.Confirmed);
        server.Requests.Select(request => request[..request.IndexOf(" HTTP", StringComparison.Ordinal)])
            .Should().Equal("PUT /base/payments/42", "GET /base/payments/42", "PUT /base/payments/42");
        Body(server.Requests[0]).Should().Be(Body(server.Requests[2]));
        Body(server.Requests[0]).Should().Contain("\"at\":\"2026-11-22T20:30:15Z\"");
        Nonce(server.Requests[0]).Should().NotBe(Nonce(server.Requests[2]), "a nonce is good once");
        Check(server, server.Requests[1], "").Fault.Should().Be(SignatureFault.None);
    }

    [Theory]
    [InlineData("pending", DeliveryResult.Silent)]
    [InlineData("rejected", DeliveryResult.Declined)]
    [InlineData("accepted", DeliveryResult.Confirmed)]
    [InlineData("reversed", DeliveryResult.Silent)]
    public async Task The_answer_to_a_question_is_believed(string status, DeliveryResult expected)
    {
        await using var server = Answering(200, $"{{\"status\":\"{status}\"}}");
        using var provider = Make(server);
        (await provider.AskAsync(Delivery(42, Account), CancellationToken.None)).Result.Should().Be(expected);
    }

    [Theory]
    [InlineData(false, DeliveryResult.Silent)]
    [InlineData(true, DeliveryResult.Declined)]
    public async Task A_rejected_re_send_is_believed_only_of_who_deduplicates_first(
        bool deduplicatesFirst, DeliveryResult expected)
    {
        await using var server = RawServer.Scripted(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(request.StartsWith("GET", StringComparison.Ordinal)
                    ? Json(404, "") : Json(200, "{\"status\":\"rejected\",\"reason\":\"account-not-found\"}"));
            }
        });
        using var provider = Make(server, deduplicatesFirst);
        (await provider.PayAsync(Delivery(42, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Declined);
        (await provider.AskAsync(Delivery(42, Account), CancellationToken.None)).Result.Should().Be(expected);
    }

    [Theory]
    [InlineData("account-not-found", "account-not-found", false)]
    [InlineData("account-inactive", "account-inactive", false)]
    [InlineData("amount-too-small", "amount-too-small", false)]
    [InlineData("provider-technical", "provider-technical", true)]
    [InlineData("not-ours", "number-ported", true)]
    [InlineData("because", "provider-error", false)]
    public async Task A_rejection_has_a_stable_name_and_keeps_the_providers_word(
        string reason, string name, bool transient)
    {
        await using var server = Answering(200, $"{{\"status\":\"rejected\",\"reason\":\"{reason}\"}}");
        using var provider = Make(server);
        var answer = await provider.PayAsync(Delivery(42, Account), CancellationToken.None);
        (answer.Result, answer.DeclineName, answer.ProviderCode, answer.Transient)
            .Should().Be((DeliveryResult.Declined, name, reason, transient));
    }

    [Fact]
    public async Task Another_body_under_our_number_is_silence_with_an_alarm()
    {
        await using var server = Answering(409, "{\"status\":\"accepted\"}");
        using var provider = Make(server);
        (await provider.PayAsync(Delivery(42, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Silent);
        log.Lines.Should().ContainSingle(line => line.Level == LogLevel.Critical && line.Event == 2003);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(422)]
    [InlineData(302)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task No_http_status_ever_declines_a_payment(int status)
    {
        await using var server = Answering(status, "{\"status\":\"rejected\",\"reason\":\"account-not-found\"}");
        using var provider = Make(server);
        (await provider.PayAsync(Delivery(42, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Silent);
        (await provider.AskAsync(Delivery(42, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Silent);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"accepted\"")]
    [InlineData("{}")]
    [InlineData("{\"status\":null}")]
    [InlineData("{\"status\":true}")]
    [InlineData("{\"status\":\"ACCEPTED\"}")]
    [InlineData("{\"status\":\"accepted\"")]
    [InlineData("{\"status\":\"accepted\"}}")]
    [InlineData("{\"status\":\"accepted\",}")]
    [InlineData("{\"status\":\"rejected\",\"status\":\"accepted\"}")]
    [InlineData("{\"status\":\"accepted\",\"transaction\":88}")]
    [InlineData("{\"status\":\"accepted\",\"x\":[[[[[[[[[[1]]]]]]]]]]}")]
    [InlineData("<html>accepted</html>")]
    public async Task A_200_whose_body_cannot_be_trusted_is_silence(string body)
    {
        await using var server = Answering(200, body);
        using var provider = Make(server);
        (await provider.PayAsync(Delivery(42, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Silent);
    }

    [Fact]
    public async Task An_inquiry_tells_payer_lines_and_limits()
    {
        await using var server = Answering(
            200, "{\"payer\":\"Nərgiz Əliyeva\",\"lines\":[{\"id\":\"1\",\"title\":\"Rüsum\",\"dueQepik\":3000}],"
            + "\"dueQepik\":3000,\"minQepik\":3000,\"maxQepik\":null,\"more\":{}}");
        using var provider = Make(server);
        var answer = await provider.InquireAsync(Question(5, Account), CancellationToken.None);

        answer.Should().BeEquivalentTo(new InquiryAnswer(
            InquiryResult.Found, "Nərgiz Əliyeva", [new DueLine("1", "Rüsum", 3_000)], 3_000, 3_000));
        server.Requests.Single().Should().StartWith("POST /base/inquiries HTTP/1.1").And
            .EndWith("{\"account\":\"MX-00123\",\"fields\":{}}");
    }

    [Theory]
    [InlineData(404, "", InquiryResult.NotFound, false)]
    [InlineData(410, "", InquiryResult.Inactive, false)]
    [InlineData(422, "{\"reason\":\"account-malformed\"}", InquiryResult.Malformed, false)]
    [InlineData(422, "{\"reason\":\"account-not-found\"}", InquiryResult.NotFound, false)]
    [InlineData(422, "no json", InquiryResult.Malformed, false)]
    [InlineData(401, "", InquiryResult.Unavailable, false)]
    [InlineData(500, "", InquiryResult.Unavailable, true)]
    [InlineData(200, "{\"dueQepik\":-1}", InquiryResult.Unavailable, false)]
    [InlineData(200, "{\"dueQepik\":1.5}", InquiryResult.Unavailable, false)]
    [InlineData(200, "{\"dueQepik\":\"1\"}", InquiryResult.Unavailable, false)]
    [InlineData(200, "{\"dueQepik\":99999999999999999999}", InquiryResult.Unavailable, false)]
    [InlineData(200, "{\"lines\":[{\"id\":\"1\"}],\"dueQepik\":1}", InquiryResult.Unavailable, false)]
    [InlineData(200, "{\"lines\":{},\"dueQepik\":1}", InquiryResult.Unavailable, false)]
    [InlineData(200, "{}", InquiryResult.Unavailable, false)]
    public async Task What_an_inquiry_cannot_tell_is_not_made_up(
        int status, string body, InquiryResult expected, bool failed)
    {
        await using var server = Answering(status, body);
        using var provider = Make(server);
        var answer = await provider.InquireAsync(Question(5, Account), CancellationToken.None);
        (answer.Result, answer.ConnectionFailed).Should().Be((expected, failed));
    }

    [Fact]
    public async Task A_service_has_its_place_in_the_address_where_the_provider_wants_it()
    {
        await using var server = Answering(200, "{\"status\":\"accepted\"}");
        using var provider = new JsonProvider(
            Provider(9, "raw", "json", "x", false), $"{server.Address}base/{{service}}/",
                new ProviderAccess { Key = Key }, SystemClock.Instance, log);
        await provider.PayAsync(Delivery(42, Account, 100, 40104), CancellationToken.None);
        server.Requests.Single().Should().StartWith("PUT /base/40104/payments/42 ");
    }

    [Fact]
    public void Without_a_key_there_is_no_provider() =>
        FluentActions.Invoking(() => new JsonProvider(
            Provider(9, "raw", "json", "x", false), "http://127.0.0.1/", ProviderAccess.None,
                SystemClock.Instance, log))
            .Should().Throw<ArgumentException>().WithMessage("*raw*key*");

    private static RawServer Answering(int status, string body) => RawServer.Scripted(async connection =>
    {
        while (await connection.ReadRequestAsync() is not null)
        {
            await connection.SendAsync(Json(status, body));
        }
    });

    private static byte[] Json(int status, string body) =>
        RawServer.Http(status, Encoding.UTF8.GetBytes(body), "application/json");

    private static string Body(string request) => request[request.IndexOf("\r\n\r\n", StringComparison.Ordinal)..];

    private static string Header(string request, string name) => request.Split("\r\n")
        .First(line => line.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase))[(name.Length + 2)..];

    private static string? Nonce(string request)
    {
        SignatureInput.TryParse(Header(request, "Signature-Input"), out var inputs).Should().BeTrue();
        return inputs[0].Nonce;
    }

    private static SignatureCheck Check(RawServer server, string request, string body)
    {
        var start = request.Split(' ');
        return new SignedRequest(
            start[0], new Uri(server.Address, start[1]).AbsoluteUri, Header(request, "Content-Digest"))
            .Check(Header(request, "Signature-Input"), Header(request, "Signature"), Encoding.UTF8.GetBytes(body),
                id => id == "us" ? Key : null, SystemClock.Instance.GetCurrentInstant(), Duration.FromMinutes(5));
    }

    private JsonProvider Make(RawServer server, bool deduplicatesFirst = false) => new(
        Provider(9, "raw", "json", "/base", deduplicatesFirst, timeoutSeconds: 5),
            new Uri(server.Address, "/base").AbsoluteUri,
        new ProviderAccess { Key = Key }, SystemClock.Instance, log);
}
