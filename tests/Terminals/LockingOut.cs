using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using EGovPay.Processing.Signatures;
using EGovPay.Terminals;
using EGovPay.Terminals.Api;
using FluentAssertions;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>Who guesses waits; who has a key is not kept out by those who guess beside them.</summary>
public sealed class LockingOut(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private static int addresses;

    [Fact]
    public async Task After_ten_unknown_keys_an_address_waits_while_good_keys_and_other_addresses_do_not()
    {
        var here = Fresh();
        using var guessing = From(here, "no-such-key-0123456789");
        for (var attempt = 0; attempt < Lockouts.Free; attempt++)
        {
            (await guessing.LookAsync("/v1/account")).Code.Should().Be(110);
        }

        (await guessing.LookAsync("/v1/account")).Code.Should().Be(110, "it is the one that locks");
        var locked = await guessing.LookAsync("/v1/account");
        locked.Status.Should().Be(HttpStatusCode.TooManyRequests);
        locked.Code.Should().Be(130);
        locked.Response.Headers.RetryAfter!.Delta.Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));

        using var colleague = From(here, centre.Key);
        (await colleague.LookAsync("/v1/account")).Status.Should().Be(HttpStatusCode.OK);
        using var elsewhere = From(Fresh(), "no-such-key-0123456789");
        (await elsewhere.LookAsync("/v1/account")).Code.Should().Be(110);
    }

    [Fact]
    public async Task Over_OSMP_a_wrong_key_and_a_wrong_name_count_too()
    {
        var here = Fresh();
        using var client = From(here, null);
        var (key, _) = await centre.AddTerminalAsync();
        string[] passwords = ["guess", key];
        var results = new List<string>();
        for (var attempt = 0; attempt < 13; attempt++)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"nobody:{passwords[attempt % 2]}")));
            results.Add((await client.LookAsync("/osmp?command=check&txn_id=1&account=1&service=10101&sum=1.00")).Text);
        }

        results[..11].Should().OnlyContain(text => text.Contains("<result>10</result>"));
        results[12].Should().Contain("<result>1</result>").And.Contain("too-many-requests");
    }

    [Fact]
    public async Task Wrong_signatures_lock_that_terminal_at_that_address_even_for_a_right_one()
    {
        var here = Fresh();
        var (bearer, terminal) = await centre.AddTerminalAsync(plain => plain with { Signed = true });
        using var client = From(here, bearer);
        for (var attempt = 0; attempt <= Lockouts.Free; attempt++)
        {
            (await client.LookAsync("/v1/account")).Code.Should().Be(111);
        }

        using var key = MessageKey.Shared(terminal.TerminalCode, centre.Engine.Key(
            FormattableString.Invariant($"terminal:{terminal.TerminalId}:{terminal.KeyGeneration}")));
        (await SignedAsync(client, key, centre.Address)).Code.Should().Be(130);
        using var elsewhere = From(Fresh(), bearer);
        (await SignedAsync(elsewhere, key, centre.Address)).Status.Should().Be(HttpStatusCode.OK);
        using var other = From(here, centre.Key);
        (await other.LookAsync("/v1/account")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Made_up_receipt_codes_lock_and_mistyped_ones_do_not()
    {
        using var payer = From(Fresh(), null);
        for (var attempt = 0; attempt < 30; attempt++)
        {
            (await payer.LookAsync("/verify/not-a-code")).Status.Should().Be(HttpStatusCode.NotFound);
        }

        var forged = new Processing.Receipts.VerificationCode([new byte[64]]).Encode(16, 731_000_000_001);
        for (var attempt = 0; attempt <= Lockouts.Free; attempt++)
        {
            (await payer.LookAsync("/verify/" + forged)).Status.Should().Be(HttpStatusCode.NotFound);
        }

        (await payer.LookAsync("/verify/" + forged)).Code.Should().Be(130);
    }

    [Fact]
    public async Task What_a_caller_writes_into_X_Forwarded_For_is_believed_of_our_proxies_alone()
    {
        var here = Fresh();
        using var stranger = From(here, "no-such-key-0123456789");
        for (var attempt = 0; attempt <= Lockouts.Free; attempt++)
        {
            await stranger.LookAsync("/v1/account", ("X-Forwarded-For", $"203.0.113.{attempt}"));
        }

        (await stranger.LookAsync("/v1/account", ("X-Forwarded-For", "203.0.113.99"))).Code.Should().Be(130);

        await using var behind = await AnotherNode.StartAsync(
            centre, settings: new ServerSettings { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")] });
        using var proxy = behind.ClientOf("no-such-key-0123456789");
        for (var attempt = 0; attempt <= Lockouts.Free; attempt++)
        {
            await proxy.LookAsync("/v1/account", ("X-Forwarded-For", "198.51.100.1, 203.0.113.7"));
        }

        (await proxy.LookAsync("/v1/account", ("X-Forwarded-For", "198.51.100.2, 203.0.113.7, 127.0.0.9"))).Code.Should()
            .Be(130, "it is the same one before our proxies, whatever it says of others");
        (await proxy.LookAsync("/v1/account", ("X-Forwarded-For", "203.0.113.8"))).Code.Should().Be(110);
    }

    [Theory]
    [InlineData("", "10.0.0.1")]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("1.1.1.1, 203.0.113.7", "203.0.113.7")]
    [InlineData("203.0.113.7, 10.0.0.2", "203.0.113.7")]
    [InlineData("10.0.0.3, 10.0.0.2", "10.0.0.3")]
    [InlineData("203.0.113.7:4711", "203.0.113.7")]
    [InlineData("[2001:db8::1]:443", "2001:db8::1")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("203.0.113.7, unknown", "10.0.0.1")]
    [InlineData("203.0.113.7, , 10.0.0.2", "203.0.113.7")]
    public void The_caller_is_the_last_one_that_is_not_our_proxy(string told, string caller)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Parse("::ffff:10.0.0.1");
        http.Request.Headers["X-Forwarded-For"] = told;
        http.Request.Headers["Forwarded"] = "for=192.0.2.1";
        CallerAddress.Of(http, [IPNetwork.Parse("10.0.0.0/8")]).Should().Be(IPAddress.Parse(caller));
        CallerAddress.Of(http, []).Should().Be(IPAddress.Parse("10.0.0.1"));
    }

    [Fact]
    public void The_wait_doubles_to_a_quarter_of_an_hour_and_is_forgotten_after_one()
    {
        var time = new ManualTime();
        var lockouts = new Lockouts(time);
        var address = IPAddress.Parse("2001:db8:1:2::1");
        for (var attempt = 0; attempt < Lockouts.Free; attempt++)
        {
            lockouts.Failed(address, 0);
            lockouts.Locked(address, 0).Should().BeNull();
        }

        var waits = new List<int>();
        for (var attempt = 0; attempt < 14; attempt++)
        {
            lockouts.Failed(address, 0);
            waits.Add(lockouts.Locked(address, 0)!.Value);
            time.Move(TimeSpan.FromSeconds(waits[^1]));
            lockouts.Locked(address, 0).Should().BeNull();
        }

        waits.Should().Equal(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900);
        lockouts.Failed(address, 0);
        lockouts.Locked(IPAddress.Parse("2001:db8:1:2:ffff::9"), 0).Should().Be(900, "a caller has all of its network");
        lockouts.Locked(IPAddress.Parse("2001:db8:1:3::1"), 0).Should().BeNull();
        lockouts.Locked(address, 7).Should().BeNull("that is another thing to guess at");
        time.Move(TimeSpan.FromMinutes(31));
        lockouts.Failed(address, 0);
        lockouts.Locked(address, 0).Should().BeNull();
    }

    [Fact]
    public void Who_is_kept_out_now_is_counted_by_what_was_guessed_at_and_no_longer_when_the_wait_is_over()
    {
        var time = new ManualTime();
        var lockouts = new Lockouts(time);
        void Fail(string address, int about, int times)
        {
            for (var i = 0; i < times; i++)
            {
                lockouts.Failed(IPAddress.Parse(address), about);
            }
        }

        lockouts.Now().Should().Equal(("key", 0), ("signature", 0), ("code", 0));
        Fail("203.0.113.1", 0, Lockouts.Free);
        lockouts.Now().Should().OnlyContain(one => one.Callers == 0, "ten cost nothing");
        Fail("203.0.113.1", 0, 1);
        Fail("203.0.113.2", 0, Lockouts.Free + 4);
        Fail("203.0.113.3", 77, Lockouts.Free + 4);
        Fail("203.0.113.4", Lockouts.Codes, Lockouts.Free + 3);
        lockouts.Now().Should().Equal(("key", 2), ("signature", 1), ("code", 1));
        time.Move(TimeSpan.FromSeconds(5));
        lockouts.Now().Should().Equal(("key", 1), ("signature", 1), ("code", 0));
        time.Move(TimeSpan.FromSeconds(5));
        lockouts.Now().Should().Equal(("key", 0), ("signature", 0), ("code", 0));
    }

    [Fact]
    public async Task All_terminals_of_an_agent_share_the_agents_pace()
    {
        await using var own = new HttpCentre(new ServerSettings { AgentRequestsPerSecond = 1, AgentBurst = 3 });
        await own.InitializeAsync();
        var (first, terminal) = await own.AddTerminalAsync();
        var (second, _) = await own.AddTerminalToAsync(terminal.AgentId, "the-second");
        using var one = own.ClientOf(first);
        using var two = own.ClientOf(second);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 3; i++)
        {
            statuses.Add((await one.LookAsync("/v1/account")).Status);
            statuses.Add((await two.LookAsync("/v1/account")).Status);
        }

        statuses[..3].Should().OnlyContain(status => status == HttpStatusCode.OK);
        statuses[3..].Should().Contain(HttpStatusCode.TooManyRequests);
        (await own.Client.LookAsync("/v1/account")).Status.Should().Be(HttpStatusCode.OK, "it is another agent's");
    }

    [Fact]
    public async Task A_signature_for_another_servers_address_is_worth_nothing_whatever_Host_says()
    {
        var (bearer, terminal) = await centre.AddTerminalAsync(plain => plain with { Signed = true });
        using var key = MessageKey.Shared(terminal.TerminalCode, centre.Engine.Key(
            FormattableString.Invariant($"terminal:{terminal.TerminalId}:{terminal.KeyGeneration}")));
        using var client = From(Fresh(), bearer);
        (await SignedAsync(client, key, new Uri("http://other.example/"), "other.example")).Code.Should().Be(111);
        (await SignedAsync(client, key, centre.Address)).Status.Should().Be(HttpStatusCode.OK);
        var byName = $"localhost:{centre.Address.Port}";
        (await SignedAsync(client, key, new Uri($"http://{byName}/"), byName)).Status.Should().Be(HttpStatusCode.OK, "so this machine is called from itself");
    }

    private static async Task<Answered> SignedAsync(HttpClient client, MessageKey key, Uri server, string? host = null)
    {
        var digest = ContentDigest.Of([]);
        var (input, signature) = new SignedRequest("GET", new Uri(server, "/v1/account").AbsoluteUri, digest)
            .Sign(key, NodaTime.SystemClock.Instance.GetCurrentInstant(), Guid.NewGuid().ToString("N"));
        return await client.AskAsync(
            HttpMethod.Get, "/v1/account", null, ("Content-Digest", digest), ("Signature-Input", input), ("Signature", signature),
            ("Host", host ?? server.Authority));
    }

    /// <summary>An address of this machine that no other test asks from.</summary>
    private static IPAddress Fresh() =>
        new([127, 8, (byte)Random.Shared.Next(256), (byte)(1 + Interlocked.Increment(ref addresses) % 250)]);

    private HttpClient From(IPAddress here, string? key)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(here, 0));
                await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = centre.Address,
        };
        if (key is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return client;
    }
}
