using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Inquiry;
using EGovPay.Processing.Signatures;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>Keys and secrets are changed while terminals pay: nobody is refused for it. And nodes know of each other's nonces.</summary>
public sealed class RotatingSecrets(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private static readonly byte[] Old = new byte[32];
    private static readonly byte[] Next = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public async Task The_servers_secret_is_changed_on_two_nodes_while_terminals_pay_and_nobody_is_refused()
    {
        var (bearer, terminal) = await centre.AddTerminalAsync(plain => plain with { Signed = true });
        var purpose = FormattableString.Invariant($"terminal:{terminal.TerminalId}:{terminal.KeyGeneration}");

        // The centre of this class has the old secret alone: a node that nobody has told yet. Then the three steps of a change.
        await using var told = await AnotherNode.StartAsync(centre, Old, null, Next);
        await using var changed = await AnotherNode.StartAsync(centre, Next, null, Old);
        AnotherNode[] nodes = [told, changed];
        byte[][] secrets = [Old, Next];
        var refused = new List<string>();
        var codes = new List<string>();
        for (var round = 0; round < 12; round++)
        {
            using var asking = nodes[round % 2].ClientOf(bearer);
            using var paying = nodes[round / 2 % 2].ClientOf(bearer);
            using var key = MessageKey.Shared(terminal.TerminalCode, Engine.Derive(secrets[round / 4 % 2], purpose));
            var body = new JsonObject { ["service"] = "10101", ["account"] = "012345678901234" };
            var quote = await SendAsync(asking, key, HttpMethod.Post, nodes[round % 2].Address, "/v1/inquiries", body);
            var payment = HttpCentre.Payment((long?)quote.Json?["dueQepik"] ?? 100);
            payment["inquiry"] = (string?)quote.Json?["inquiry"];
            var paid = await SendAsync(
                paying, key, HttpMethod.Put, nodes[round / 2 % 2].Address, "/v1/payments/" + HttpCentre.Reference("rotate"), payment);
            if (paid.Status == HttpStatusCode.Created)
            {
                codes.Add((string)paid.Json!["receipt"]!["code"]!);
            }
            else
            {
                refused.Add($"{quote.Text} {paid.Text}");
            }
        }

        refused.Should().BeEmpty();
        foreach (var node in nodes)
        {
            using var anybody = new HttpClient { BaseAddress = node.Address };
            foreach (var code in codes)
            {
                (await anybody.LookAsync("/verify/" + code)).Status.Should().Be(HttpStatusCode.OK, "every receipt is known everywhere");
            }
        }

        var ofNext = changed.Engine.Codes.Encode(16, 731_000_000_001);
        centre.Engine.Codes.Decode(ofNext).Should().BeNull("the untold node does not know the new secret");
        told.Engine.Codes.Decode(ofNext).Should().NotBeNull();
    }

    [Fact]
    public void A_quote_of_either_secret_is_read_and_of_a_third_is_not()
    {
        var third = RandomNumberGenerator.GetBytes(32);
        SealQuotes Of(params byte[][] secrets) =>
            new([.. secrets.Select(secret => new QuoteKey(1, Engine.Derive(secret, "inquiry")))]);
        var quote = new Quote
        {
            Id = Guid.NewGuid(), AgentId = 16, ServiceCode = 10101, Binding = Guid.NewGuid(), RuleFingerprint = 1,
            Fee = Processing.Catalogue.FeeRule.None, DueQepik = 1, MinQepik = 1, MaxQepik = 1, Lines = null,
            ExpiresAt = NodaTime.Instant.FromUnixTimeSeconds(2_000_000_000),
        };
        var now = NodaTime.Instant.FromUnixTimeSeconds(1_900_000_000);
        Of(Next, Old).Read(Of(Old).Seal(quote), now).Status.Should().Be(QuoteStatus.Good);
        Of(Old, Next).Read(Of(Next).Seal(quote), now).Status.Should().Be(QuoteStatus.Good);
        Of(Old, Next).Read(Of(third).Seal(quote), now).Status.Should().Be(QuoteStatus.Forged);
        Of(Next).Read(Of(Old).Seal(quote), now).Status.Should().Be(QuoteStatus.Forged, "the old secret was taken away");
    }

    [Fact]
    public async Task A_terminals_key_is_changed_while_it_asks_and_no_request_is_refused()
    {
        var (bearer, terminal) = await centre.AddTerminalAsync();
        using var stop = new CancellationTokenSource();
        var current = bearer;
        var answers = new List<HttpStatusCode>();
        var asking = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                // As a terminal does: it goes on with the key it has until it is given the new one.
                using var client = centre.ClientOf(Volatile.Read(ref current));
                answers.Add((await client.LookAsync("/v1/account")).Status);
            }
        });
        var administer = new Administer(centre.Engine.Database, People.TestPeople.Doer);
        for (var change = 0; change < 5; change++)
        {
            var before = answers.Count;
            if (change > 0)
            {
                (await administer.RotateKeyAsync(terminal.TerminalCode, 10)).Should().BeNull("the key before is still good");
                await EndGraceAsync(terminal.TerminalCode);
            }

            var key = (await administer.RotateKeyAsync(terminal.TerminalCode, 10))!;
            while (answers.Count < before + 5)
            {
                await Task.Yield();
            }

            Volatile.Write(ref current, key);
            before = answers.Count;
            while (answers.Count < before + 5)
            {
                await Task.Yield();
            }
        }

        await stop.CancelAsync();
        await asking;
        answers.Should().OnlyContain(status => status == HttpStatusCode.OK);
        using var first = centre.ClientOf(bearer);
        (await first.LookAsync("/v1/account")).Code.Should().Be(110, "only the key before the last is still good");
    }

    private async Task EndGraceAsync(string terminal)
    {
        await using var end = centre.Engine.Database.CreateCommand(
            "update terminal set previous_key_until = now() - interval '1 second' where code = $1");
        end.Parameters.AddWithValue(terminal);
        await end.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task A_nonce_is_good_once_on_all_nodes_together_however_many_ask_at_once()
    {
        var (bearer, terminal) = await centre.AddTerminalAsync(plain => plain with { Signed = true });
        using var key = MessageKey.Shared(terminal.TerminalCode, centre.Engine.Key(
            FormattableString.Invariant($"terminal:{terminal.TerminalId}:{terminal.KeyGeneration}")));
        const string origin = "http://pay.example";
        var settings = new EGovPay.Terminals.ServerSettings { PublicAddress = origin };
        await using var one = await AnotherNode.StartAsync(centre, settings: settings);
        await using var two = await AnotherNode.StartAsync(centre, settings: settings);
        using var first = one.ClientOf(bearer);
        using var second = two.ClientOf(bearer);
        for (var round = 0; round < 5; round++)
        {
            var nonce = Guid.NewGuid().ToString("N");
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i =>
                SendAsync(i % 2 == 0 ? first : second, key, HttpMethod.Get, new Uri(origin), "/v1/account", null, nonce)));
            answers.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(1);
            answers.Where(answer => answer.Status != HttpStatusCode.OK).Should().OnlyContain(answer => answer.Code == 112);
        }
    }

    private static async Task<Answered> SendAsync(
        HttpClient client, MessageKey key, HttpMethod method, Uri server, string path, JsonObject? body, string? nonce = null)
    {
        var text = body?.ToJsonString() ?? "";
        var digest = ContentDigest.Of(Encoding.UTF8.GetBytes(text));
        var (input, signature) = new SignedRequest(method.Method, new Uri(server, path).AbsoluteUri, digest)
            .Sign(key, NodaTime.SystemClock.Instance.GetCurrentInstant(), nonce ?? Guid.NewGuid().ToString("N"));
        return await client.AskAsync(
            method, path, body is null ? null : Asking.Json(text),
            ("Content-Digest", digest), ("Signature-Input", input), ("Signature", signature));
    }
}
