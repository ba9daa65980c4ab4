using System.Net;
using System.Net.Sockets;
using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Providers;
using EGovPay.Providers.Osmp;
using FluentAssertions;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers.Osmp;

/// <summary>What the network may do between us and an OSMP provider: what is silence, and what was provably not sent.</summary>
public sealed class OsmpOverABadLineTests
{
    private const long Number = 1_234_567;
    private const string Account = "0057835959";
    private const string Ok = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><response><osmp_txn_id>1234567</osmp_txn_id>"
        + "<prv_txn>2016</prv_txn><sum>10.45</sum><result>0</result><comment>OK</comment></response>";

    private readonly ListeningLog log = new();

    [Fact]
    public async Task A_body_without_end_is_given_up_at_64_KiB()
    {
        var sent = 0L;
        await using var server = RawServer.Scripted(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<response>");
            var noise = Encoding.ASCII.GetBytes(new string(' ', 64 * 1024));
            for (; sent < 100_000_000; sent += noise.Length)
            {
                await connection.SendAsync(noise);
            }
        });
        (await PayAsync(server)).Result.Should().Be(DeliveryResult.Silent);
        await server.DisposeAsync();
        sent.Should().BeLessThan(20_000_000, "the line is cut as soon as the body is too long");
    }

    [Fact]
    public async Task A_body_that_says_it_is_too_long_is_not_read()
    {
        await using var server = RawServer.Answering(
            Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n{Ok}"));
        var answer = await PayAsync(server);
        answer.Result.Should().Be(DeliveryResult.Silent);
        answer.Note.Should().Contain("64 KiB");
    }

    [Fact]
    public async Task A_body_that_is_shorter_than_promised_is_silence()
    {
        var bytes = Encoding.UTF8.GetBytes(Ok);
        await using var server = RawServer.Answering(
            [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {bytes.Length + 5}\r\n\r\n"), .. bytes]);
        (await PayAsync(server)).Result.Should().Be(DeliveryResult.Silent);
    }

    [Fact]
    public async Task An_answer_that_drips_past_the_deadline_is_silence()
    {
        using var deadline = new CancellationTokenSource();
        await using var server = RawServer.Scripted(async connection =>
        {
            await connection.ReadRequestAsync();
            deadline.CancelAfter(200);
            foreach (var letter in $"HTTP/1.1 200 OK\r\nContent-Length: {Ok.Length}\r\n\r\n{Ok}")
            {
                await connection.SendAsync($"{letter}");
                await Task.Delay(20, connection.Stop);
            }
        });
        using var provider = Make(server.Address, settings => settings with { TimeoutSeconds = 60 });
        var answer = await provider.PayAsync(Delivery(Number, Account), deadline.Token);
        answer.Result.Should().Be(DeliveryResult.Silent);
    }

    [Fact]
    public async Task A_connection_that_is_reset_after_the_request_is_silence()
    {
        await using var server = RawServer.Scripted(async connection =>
        {
            await connection.ReadRequestAsync();
            connection.Reset();
        });
        (await PayAsync(server)).Result.Should().Be(DeliveryResult.Silent);
        server.Requests.Should().ContainSingle("nothing is sent a second time by itself");
    }

    [Fact]
    public async Task A_provider_that_never_answers_is_silence_after_its_own_timeout()
    {
        await using var server = RawServer.Scripted(async connection =>
        {
            await connection.ReadRequestAsync();
            await Task.Delay(Timeout.Infinite, connection.Stop);
        });
        using var provider = Make(server.Address, settings => settings with { TimeoutSeconds = 1 });
        var answer = await provider.PayAsync(Delivery(Number, Account), CancellationToken.None);
        answer.Result.Should().Be(DeliveryResult.Silent);
        answer.Exchange!.ElapsedMilliseconds.Should().BeInRange(900, 55_000, "a second is its limit, a minute anyone's");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reused_connection_that_closes_unanswered_is_silence_and_the_payment_was_sent_once(bool byGet)
    {
        await using var server = RawServer.Scripted(async connection =>
        {
            var request = await connection.ReadRequestAsync();
            if (request?.Contains("txn_id=7654321") is not false)
            {
                return;
            }

            await connection.SendAsync(RawServer.Http(200, Encoding.UTF8.GetBytes(Ok)));

            // Takes the next request on this connection and closes without a word.
            await connection.ReadRequestAsync();
        });
        using var provider = Make(
            server.Address, access: new ProviderAccess { Osmp = new OsmpDialect { ByGet = byGet } });
        (await provider.PayAsync(Delivery(Number, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Confirmed);
        var second = await provider.PayAsync(Delivery(7_654_321, Account), CancellationToken.None);

        second.Result.Should().Be(DeliveryResult.Silent);
        server.Requests.Count(request => request.Contains("txn_id=7654321")).Should().Be(1);
        if (!byGet)
        {
            server.Connections.Should().Be(1, "the second payment went over the first one's connection");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_listening_is_provably_not_sent_on_a_first_attempt_and_silence_on_a_later_one(bool byGet)
    {
        var dialect = new ProviderAccess { Osmp = new OsmpDialect { ByGet = byGet } };
        using var refused = Make(ClosedPort(), access: dialect);
        using var unnamed = Make(new Uri("http://no-such-provider.invalid"), access: dialect);

        (await refused.PayAsync(Delivery(Number, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.NotSent);
        (await unnamed.PayAsync(Delivery(Number, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.NotSent);
        (await refused.AskAsync(Delivery(Number, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Silent);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_already_sends_nothing()
    {
        await using var server = RawServer.AnsweringXml(Ok);
        using var provider = Make(server.Address);
        var answer = await provider.PayAsync(Delivery(Number, Account), new CancellationToken(canceled: true));
        answer.Result.Should().Be(DeliveryResult.NotSent);
        server.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task A_payment_that_waits_for_a_free_connection_till_its_deadline_was_not_sent()
    {
        var held = new TaskCompletionSource();
        await using var server = RawServer.Scripted(async connection =>
        {
            await connection.ReadRequestAsync();
            held.TrySetResult();
            await Task.Delay(Timeout.Infinite, connection.Stop);
        });
        using var provider = Make(server.Address, settings => settings with { ConcurrencyLimit = 1 });
        var first = provider.PayAsync(Delivery(Number, Account), CancellationToken.None);
        await held.Task;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var second = await provider.PayAsync(Delivery(7_654_321, Account), deadline.Token);

        second.Result.Should().Be(DeliveryResult.NotSent);
        (await first).Result.Should().Be(DeliveryResult.Silent);
        server.Requests.Should().ContainSingle(request => request.Contains("txn_id=1234567"));
    }

    [Fact]
    public async Task A_server_that_does_not_speak_tls_gets_no_byte_of_the_payment()
    {
        await using var server = RawServer.Scripted(async connection =>
        {
            await connection.Socket.ReceiveAsync(new byte[4_096], connection.Stop);
            await connection.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n");
        });
        using var provider = Make(new UriBuilder(server.Address) { Scheme = "https" }.Uri);
        (await provider.PayAsync(Delivery(Number, Account), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.NotSent);
    }

    private static Uri ClosedPort()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new Uri($"http://127.0.0.1:{((IPEndPoint)taken.LocalEndPoint!).Port}");
    }

    private async Task<DeliveryAnswer> PayAsync(RawServer server)
    {
        using var provider = Make(server.Address);
        return await provider.PayAsync(Delivery(Number, Account), CancellationToken.None);
    }

    private OsmpProvider Make(
        Uri address, Func<ProviderSettings, ProviderSettings>? change = null, ProviderAccess? access = null)
    {
        var settings = Provider(9, "raw", "osmp", "/pay", deduplicatesFirst: false, timeoutSeconds: 5);
        return new OsmpProvider(
            change?.Invoke(settings) ?? settings, new Uri(address, "/pay"), access ?? ProviderAccess.None, log);
    }
}
