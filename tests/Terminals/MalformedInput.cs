using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class MalformedInput(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private const string Good =
        """{"service":"10101","account":"012345678901234","amountQepik":100,"totalQepik":100,"tender":"cash"}""";

    /// <summary>A body, and the field that is named; null where the parser cannot know one.</summary>
    public static TheoryData<string, string?> Bodies() => new()
    {
        { "", null },
        { "null", null },
        { "[]", null },
        { "\"text\"", null },
        { "{", null },
        { "{}", "service" },
        { Good + Good, null },
        { Good.Replace("\"cash\"", "\"cash\",", StringComparison.Ordinal), null },
        { "/* no comments */" + Good, null },
        { With("service", "10101"), "service" },
        { With("service", "null"), "service" },
        { With("service", "\"\""), "service" },
        { With("service", "\"12345678901234567\""), "service" },
        { With("account", "null"), "account" },
        { With("account", "7"), "account" },
        { With("account", "\"1\\u00002\""), "account" },
        { With("account", "\"1\\n2\""), "account" },
        { With("account", $"\"{new string('1', 201)}\""), "account" },
        { With("account", "\"\\ud800\""), "account" },
        { With("amountQepik", "\"100\""), "amountQepik" },
        { With("amountQepik", "100.5"), "amountQepik" },
        { With("amountQepik", "100.0"), "amountQepik" },
        { With("amountQepik", "1e2"), "amountQepik" },
        { With("amountQepik", "9223372036854775808"), "amountQepik" },
        { With("amountQepik", "null"), "amountQepik" },
        { With("amountQepik", "true"), "amountQepik" },
        { With("totalQepik", "null"), "totalQepik" },
        { With("tender", "\"Cash\""), "tender" },
        { With("tender", "\"gold\""), "tender" },
        { With("tender", "null"), "tender" },
        { With("tender", "0"), "tender" },
        { With("tender", "\"card\""), "rrn" },
        { With("tender", "\"card\",\"rrn\":\"123456789012\""), "maskedPan" },
        { With("tender", "\"card\",\"rrn\":\"123456789012\",\"maskedPan\":\"4169738800001234\""), "maskedPan" },
        { With("tender", "\"card\",\"rrn\":\"12 34\",\"maskedPan\":\"416973******1234\""), "rrn" },
        { With("tender", "\"cash\",\"rrn\":\"123456789012\""), "rrn" },
        { With("tender", "\"account\",\"maskedPan\":\"416973******1234\""), "maskedPan" },
        { With("tender", "\"cash\",\"lines\":{}"), "lines" },
        { With("tender", "\"cash\",\"lines\":[null]"), "lines[0]" },
        { With("tender", "\"cash\",\"lines\":[{\"id\":\"a\"}]"), "lines[0].amountQepik" },
        { With("tender", "\"cash\",\"lines\":[{\"amountQepik\":100}]"), "lines[0].id" },
        { With("tender", "\"cash\",\"lines\":[{\"id\":\"a\",\"amountQepik\":\"100\"}]"), "lines[0].amountQepik" },
        { With("tender", "\"cash\",\"fields\":[]"), "fields" },
        { With("tender", "\"cash\",\"fields\":{\"voen\":1}"), "fields.voen" },
        { With("tender", "\"cash\",\"fields\":{\"\":\"1\"}"), "fields" },
        { With("tender", "\"cash\",\"fields\":{\"voen\":\"\\u0007\"}"), "fields.voen" },
        { With("tender", "\"cash\",\"contact\":{\"email\":\"nobody\"}"), "contact.email" },
        { With("tender", "\"cash\",\"contact\":{\"phone\":\"call me\"}"), "contact.phone" },
        { With("tender", "\"cash\",\"contact\":{\"lang\":\"de\"}"), "contact.lang" },
        { With("tender", "\"cash\",\"contact\":\"x\""), "contact" },
        { With("tender", $"\"cash\",\"cashier\":\"{new string('c', 101)}\""), "cashier" },
        { With("tender", "\"cash\",\"inquiry\":7"), "inquiry" },
        { With("tender", "\"cash\",\"tender\":\"cash\""), "tender" },
        { With("tender", $"\"cash\",\"deep\":{new string('[', 17)}{new string(']', 17)}"), null },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_malformed_body_is_refused_and_names_the_field_where_one_is_at_fault(string body, string? field)
    {
        var answer = await centre.Client.AskAsync(HttpMethod.Put, "/v1/payments/malformed", Asking.Json(body));
        answer.Status.Should().Be(HttpStatusCode.BadRequest, "{0}", answer.Text);
        answer.Code.Should().Be(100);
        if (field is not null)
        {
            ((string?)answer.Json!["field"]).Should().Be(field);
        }
    }

    [Fact]
    public async Task What_we_do_not_know_is_read_over_and_bytes_that_are_no_text_are_not()
    {
        var known = await centre.Client.AskAsync(
            HttpMethod.Put, "/v1/payments/" + HttpCentre.Reference("more"),
            Asking.Json(With("tender", "\"cash\",\"colour\":{\"of\":[\"money\"]}")));
        known.Status.Should().Be(HttpStatusCode.Created);

        var bytes = Encoding.UTF8.GetBytes(Good.Replace("012345678901234", "\u00ff2345678901234", StringComparison.Ordinal));
        bytes[Array.IndexOf(bytes, (byte)0xc3)] = 0xff;
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new("application/json");
        (await centre.Client.AskAsync(HttpMethod.Put, "/v1/payments/bytes", content)).Code.Should().Be(100);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_malformed_also_where_what_is_told_is_kept_as_it_is()
    {
        byte[] bytes = [.. "{\"bagNumber\":\"b-1\",\"notes\":{\""u8, 0xc0, .. "50\":3}}"u8];
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new("application/json");
        var answer = await centre.Client.AskAsync(HttpMethod.Post, "/v1/terminal/collections", content);
        answer.Status.Should().Be(HttpStatusCode.BadRequest, answer.Text);
        answer.Code.Should().Be(100);
    }

    [Fact]
    public async Task A_chunk_longer_than_any_number_is_malformed()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(centre.Address.Host, centre.Address.Port);
        var request = $"PUT /v1/payments/chunk-1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {centre.Key}\r\n"
            + $"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{Good}\r\n0\r\n\r\n";
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(socket.GetStream());
        (await reader.ReadLineAsync()).Should().Be("HTTP/1.1 400 Bad Request");
    }

    [Theory]
    [InlineData("/openapi/v1.json")]
    [InlineData("/v1/services")]
    public async Task A_host_that_is_no_name_is_malformed(string path)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(centre.Address.Host, centre.Address.Port);
        var request = $"GET {path} HTTP/1.1\r\nHost: 127.0.{new string('x', 300)}\r\nAuthorization: Bearer {centre.Key}\r\n\r\n";
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(socket.GetStream());
        (await reader.ReadLineAsync()).Should().Be("HTTP/1.1 400 Bad Request");
    }

    [Theory]
    [InlineData("/v1/payments/a%20b")]
    [InlineData("/v1/payments/a%00b")]
    [InlineData("/v1/payments/%C9%99")]
    [InlineData("/v1/payments/a%2Fb")]
    [InlineData("/v1/payments/a'or'1")]
    public async Task A_reference_of_other_letters_is_malformed(string path)
    {
        var put = await centre.Client.AskAsync(HttpMethod.Put, path, Asking.Json(Good));
        put.Status.Should().Be(HttpStatusCode.BadRequest);
        (await centre.Client.LookAsync(path)).Status.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_reference_has_64_letters_at_most_and_the_OSMP_prefix_is_reserved()
    {
        var longest = new string('r', 64);
        (await centre.Client.PayAsync(longest, HttpCentre.Payment())).Status.Should().Be(HttpStatusCode.Created);
        (await centre.Client.PayAsync(longest + "r", HttpCentre.Payment())).Code.Should().Be(100);
        var reserved = await centre.Client.PayAsync("osmp.77", HttpCentre.Payment());
        reserved.Code.Should().Be(100);
        ((string)reserved.Json!["field"]!).Should().Be("reference");
    }

    [Theory]
    [InlineData("wait=-1", "wait")]
    [InlineData("wait=soon", "wait")]
    [InlineData("wait=1.5", "wait")]
    [InlineData("wait=99999999999", "wait")]
    public async Task A_wait_is_a_whole_number(string query, string field)
    {
        var answer = await centre.Client.LookAsync("/v1/payments/any?" + query);
        answer.Code.Should().Be(100);
        ((string)answer.Json!["field"]!).Should().Be(field);
    }

    [Theory]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=2026-02-30", "from")]
    [InlineData("from=2026-03-02&to=2026-03-01", "from")]
    [InlineData("to=31.12.2026", "to")]
    [InlineData("state=confirmed", "state")]
    [InlineData("state=None", "state")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("after=x", "after")]
    [InlineData("after=AAAAAAAAAAA", "after")]
    [InlineData("after=AAAAAAAAAE=", "after")]
    [InlineData("after=AAAAAAAAAE%26", "after")]
    [InlineData("after=AAAA%20AAAAAA", "after")]
    public async Task A_lists_filters_are_strict(string query, string field)
    {
        var answer = await centre.Client.LookAsync("/v1/payments?" + query);
        answer.Code.Should().Be(100);
        ((string)answer.Json!["field"]!).Should().Be(field);
    }

    [Fact]
    public async Task The_frameworks_own_refusals_have_the_same_form()
    {
        var missing = await centre.Client.LookAsync("/v2/payments");
        missing.Status.Should().Be(HttpStatusCode.NotFound);
        missing.Code.Should().Be(414);

        var method = await centre.Client.AskAsync(HttpMethod.Delete, "/v1/payments/x", null);
        method.Status.Should().Be(HttpStatusCode.MethodNotAllowed);
        method.Code.Should().Be(100);
        ((int)method.Json!["status"]!).Should().Be(405);

        var form = await centre.Client.AskAsync(
            HttpMethod.Put, "/v1/payments/x", new FormUrlEncodedContent([new("service", "10101")]));
        form.Status.Should().Be(HttpStatusCode.UnsupportedMediaType);
        form.Code.Should().Be(100);

        var bare = new ByteArrayContent(Encoding.UTF8.GetBytes(Good));
        (await centre.Client.AskAsync(HttpMethod.Put, "/v1/payments/x", bare)).Status
            .Should().Be(HttpStatusCode.UnsupportedMediaType);

        var latin = new StringContent(Good, Encoding.Latin1, "application/json");
        (await centre.Client.AskAsync(HttpMethod.Put, "/v1/payments/x", latin)).Status
            .Should().Be(HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_above_64_KiB_is_refused_whether_its_length_is_told_or_not(bool told)
    {
        var text = With("tender", $"\"cash\",\"padding\":\"{new string('x', 400_000)}\"");
        // Its sender may still be sending; it hears why all the same, each time.
        for (var attempt = 0; attempt < 20; attempt++)
        {
            HttpContent content = told
                ? Asking.Json(text)
                : new StreamContent(new Untold(Encoding.UTF8.GetBytes(text)));
            content.Headers.ContentType = new("application/json");
            var answer = await centre.Client.AskAsync(HttpMethod.Put, "/v1/payments/long", content);
            answer.Status.Should().Be(HttpStatusCode.RequestEntityTooLarge);
            answer.Code.Should().Be(100);
        }
    }

    [Theory]
    [InlineData("Authorization: Bearer")]
    [InlineData("Authorization: Basic Zm9vOmJhcg==")]
    [InlineData("Authorization: Bearer a b c")]
    [InlineData("X-Nothing: 1")]
    public async Task Without_a_key_that_is_known_nothing_is_told(string header)
    {
        using var nobody = centre.ClientOf(null);
        var parts = header.Split(": ");
        var answer = await nobody.LookAsync("/v1/account", (parts[0], parts.Length > 1 ? parts[1] : ""));
        answer.Status.Should().Be(HttpStatusCode.Unauthorized);
        answer.Code.Should().Be(110);
        answer.Response.Headers.WwwAuthenticate.ToString().Should().StartWith("Bearer");
    }

    [Fact]
    public async Task Every_answer_carries_the_headers_that_protect_it()
    {
        foreach (var path in new[] { "/v1/account", "/v1/nothing", "/health/live", "/verify/x" })
        {
            var headers = (await centre.Client.LookAsync(path)).Response.Headers;
            headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
            headers.GetValues("X-Frame-Options").Should().Equal("DENY");
            headers.GetValues("Referrer-Policy").Should().Equal("no-referrer");
            headers.GetValues("Content-Security-Policy").Single().Should().Contain("default-src 'none'");
            headers.Contains("Server").Should().BeFalse();
        }
    }

    [Fact]
    public async Task A_request_that_is_no_HTTP_does_not_hurt_the_next()
    {
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(centre.Address.Host, centre.Address.Port);
            await socket.GetStream().WriteAsync("\u0016\u0003\u0001 what?\r\n\r\n"u8.ToArray());
            var buffer = new byte[256];
            var read = await socket.GetStream().ReadAsync(buffer);
            Encoding.ASCII.GetString(buffer, 0, read).Should().NotContain("500");
        }

        (await centre.Client.LookAsync("/health/live")).Status.Should().Be(HttpStatusCode.OK);
    }

    private static string With(string field, string json)
    {
        var good = JsonNode.Parse(Good)!.AsObject();
        return "{" + string.Join(",", good.Select(pair =>
            $"\"{pair.Key}\":{(pair.Key == field ? json : pair.Value!.ToJsonString())}")) + "}";
    }

    /// <summary>A stream that does not tell its length, so that the body travels in chunks.</summary>
    private sealed class Untold(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
