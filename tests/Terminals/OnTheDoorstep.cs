using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using EGovPay.Terminals;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>What a full server says before it makes a request of what it is asked.</summary>
public sealed class OnTheDoorstep : IAsyncLifetime
{
    private readonly HttpCentre centre = new(new ServerSettings { MaxRequests = 1 });
    private readonly TcpClient holding = new();

    public async ValueTask InitializeAsync()
    {
        await centre.InitializeAsync();
        await holding.ConnectAsync(centre.Address.Host, centre.Address.Port);
        var begun = "PUT /v1/payments/held-1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
        await holding.GetStream().WriteAsync(Encoding.ASCII.GetBytes(begun));

        var entrance = centre.App.Services.GetRequiredService<Entrance>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (entrance.UnderWay == 0)
        {
            await Task.Delay(1, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        holding.Dispose();
        await centre.DisposeAsync();
    }

    [Theory]
    [InlineData(null, "az", "Sistem həddən artıq yüklənib")]
    [InlineData("en;q=0.5, ru;q=0.9", "ru", "Система перегружена")]
    [InlineData("en", "en", "The system is overloaded")]
    public async Task A_full_server_refuses_in_the_asked_language_with_the_headers_of_every_answer(
        string? asked, string language, string title)
    {
        using var http = new HttpClient { BaseAddress = centre.Address };
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/payments/full-1") { Content = Asking.Json("{}") };
        if (asked is not null)
        {
            request.Headers.AcceptLanguage.ParseAdd(asked);
        }

        using var answer = await http.SendAsync(request);
        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(2));
        answer.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
        answer.Headers.GetValues("Referrer-Policy").Should().Equal("no-referrer");
        answer.Headers.CacheControl!.NoStore.Should().BeTrue();
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        answer.Content.Headers.ContentLanguage.Should().Equal(language);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        ((int)problem["code"]!).Should().Be(900);
        ((int)problem["status"]!).Should().Be(503);
        ((bool)problem["transient"]!).Should().BeTrue();
        ((string)problem["title"]!).Should().Be(title);
        ((string)problem["type"]!).Should().Be("urn:egovpay:refusal:overloaded");
    }

    [Fact]
    public async Task OSMP_is_refused_in_its_own_words_and_health_is_told_all_the_same()
    {
        using var http = new HttpClient { BaseAddress = centre.Address };
        using var osmp = await http.GetAsync(new Uri("/osmp?command=check&txn_id=1", UriKind.Relative));
        osmp.StatusCode.Should().Be(HttpStatusCode.OK);
        var reply = XDocument.Parse(await osmp.Content.ReadAsStringAsync()).Root!;
        reply.Element("result")!.Value.Should().Be("1");
        reply.Element("comment")!.Value.Should().Be("overloaded");
        (await http.GetAsync(new Uri("/health/live", UriKind.Relative))).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task One_connection_is_refused_again_and_again_whatever_body_it_sends_and_served_when_there_is_room()
    {
        using var caller = new TcpClient();
        await caller.ConnectAsync(centre.Address.Host, centre.Address.Port);
        using var reader = new StreamReader(caller.GetStream());
        foreach (var size in new[] { 0, 2, 40_000 })
        {
            (await AskAsync(caller, reader, size)).Should().Be("HTTP/1.1 503 Service Unavailable");
        }

        await holding.GetStream().WriteAsync(Encoding.ASCII.GetBytes("        "));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        string status;
        while ((status = await AskAsync(caller, reader, 2)).StartsWith("HTTP/1.1 503", StringComparison.Ordinal))
        {
            patience.Token.ThrowIfCancellationRequested();
        }

        status.Should().Be("HTTP/1.1 400 Bad Request");
    }

    private static async Task<string> AskAsync(TcpClient caller, StreamReader reader, int size)
    {
        var request = $"PUT /v1/payments/again-1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
            + (size == 0 ? "" : "{}".PadRight(size));
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        var status = (await reader.ReadLineAsync())!;
        var length = 0;
        while (await reader.ReadLineAsync() is { Length: > 0 } header)
        {
            length = header.StartsWith("Content-Length: ", StringComparison.Ordinal)
                ? int.Parse(header.AsSpan(16), CultureInfo.InvariantCulture) : length;
        }

        // Bytes, of which the reader makes letters.
        for (var read = 0; read < length;)
        {
            read += Encoding.UTF8.GetByteCount([(char)reader.Read()]);
        }

        return status;
    }
}
