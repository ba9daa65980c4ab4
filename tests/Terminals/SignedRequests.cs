using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Signatures;
using EGovPay.Terminals;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class SignedRequests(HttpCentre centre) : IClassFixture<HttpCentre>
{
    [Fact]
    public async Task A_signed_request_passes_once_and_its_replay_is_refused()
    {
        var (client, key) = await SharedAsync();
        var nonce = Guid.NewGuid().ToString("N");
        var first = await PutAsync(client, key, "signed-1", HttpCentre.Payment(), nonce);
        first.Status.Should().Be(HttpStatusCode.Created);

        var replay = await PutAsync(client, key, "signed-1", HttpCentre.Payment(), nonce);
        replay.Status.Should().Be(HttpStatusCode.Unauthorized);
        replay.Code.Should().Be(112);
        (await PutAsync(client, key, "signed-1", HttpCentre.Payment())).Status.Should().Be(HttpStatusCode.OK);
        client.Dispose();
        key.Dispose();
    }

    [Fact]
    public async Task A_terminal_with_a_key_pair_signs_with_its_private_half()
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (bearer, terminal) = await centre.AddTerminalAsync(
            plain => plain with { Signed = true, PublicKey = pair.ExportSubjectPublicKeyInfo() });
        using var client = centre.ClientOf(bearer);
        using var key = MessageKey.Ecdsa(terminal.TerminalCode, pair.ExportPkcs8PrivateKeyPem());
        (await PutAsync(client, key, "ec-1", HttpCentre.Payment())).Status.Should().Be(HttpStatusCode.Created);

        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var wrong = MessageKey.Ecdsa(terminal.TerminalCode, other.ExportPkcs8PrivateKeyPem());
        (await PutAsync(client, wrong, "ec-2", HttpCentre.Payment())).Code.Should().Be(111);
    }

    [Fact]
    public async Task Whatever_is_changed_after_signing_is_noticed()
    {
        var (client, key) = await SharedAsync();
        var address = new Uri(centre.Address, "/v1/payments/tamper");
        var body = HttpCentre.Payment().ToJsonString();
        var digest = ContentDigest.Of(Encoding.UTF8.GetBytes(body));
        var now = centre.Engine.Clock.GetCurrentInstant();

        (string, string)[] Signed(string method, Uri target, Instant created, string nonce)
        {
            var (input, signature) = new SignedRequest(method, target.AbsoluteUri, digest).Sign(key, created, nonce);
            return [("Content-Digest", digest), ("Signature-Input", input), ("Signature", signature)];
        }

        async Task<int> Ask((string, string)[] headers, string text) =>
            (await client.AskAsync(HttpMethod.Put, address.AbsolutePath, Asking.Json(text), headers)).Code;

        var good = Signed("PUT", address, now, "n-1");
        (await Ask([], body)).Should().Be(111, "it is not signed at all");
        (await Ask(good, HttpCentre.Payment(2_351).ToJsonString())).Should().Be(111, "the body was changed");
        (await Ask(Signed("POST", address, now, "n-2"), body)).Should().Be(111, "the method was changed");
        (await Ask(Signed("PUT", new Uri(address + "x"), now, "n-3"), body)).Should().Be(111, "the address was changed");
        (await Ask(Signed("PUT", address, now - Duration.FromMinutes(6), "n-4"), body)).Should().Be(111, "it is old");
        (await Ask(Signed("PUT", address, now + Duration.FromMinutes(6), "n-5"), body)).Should().Be(111, "it is not yet");
        (await Ask(Signed("PUT", address, now, new string('n', 129)), body)).Should().Be(111, "the nonce is too long");
        (await Ask([good[0], good[1], ("Signature", "sig1=:AAAA:")], body)).Should().Be(111, "it is another signature");
        (await Ask([good[0], (good[1].Item1, good[1].Item2.Replace("n-1", "n-6", StringComparison.Ordinal)), good[2]], body))
            .Should().Be(111, "the nonce was changed");
        client.Dispose();
        key.Dispose();
    }

    [Fact]
    public async Task After_a_change_of_key_both_generations_sign_until_the_old_one_ends()
    {
        var (client, key) = await SharedAsync();
        var code = key.Id;
        var newKey = (await centre.Engine.Administer.RotateKeyAsync(code, graceMinutes: 10))!;
        await centre.Engine.Directory.RefreshAsync();
        (await PutAsync(client, key, "old-key", HttpCentre.Payment())).Status.Should().Be(HttpStatusCode.Created);

        var terminal = centre.Engine.Directory.FindByCode(code)!;
        using var fresh = KeyOf(terminal);
        using var freshClient = centre.ClientOf(newKey);
        (await PutAsync(freshClient, fresh, "new-key", HttpCentre.Payment())).Status.Should().Be(HttpStatusCode.Created);
        (await PutAsync(freshClient, key, "mixed", HttpCentre.Payment())).Code.Should().Be(111);
        client.Dispose();
        key.Dispose();
    }

    [Fact]
    public async Task Used_nonces_are_forgotten_when_their_signatures_are_stale()
    {
        var now = centre.Engine.Clock.GetCurrentInstant();
        (await centre.Engine.Nonces.TryUseAsync(1_000_000, "once", now - Duration.FromSeconds(1))).Should().BeTrue();
        (await centre.Engine.Nonces.TryUseAsync(1_000_000, "twice", now + Duration.FromHours(1))).Should().BeTrue();
        (await centre.Engine.Nonces.TryUseAsync(1_000_000, "twice", now + Duration.FromHours(1))).Should().BeFalse();
        (await centre.Engine.Nonces.ForgetAsync(now)).Should().BeGreaterThan(0);
        (await centre.Engine.Nonces.TryUseAsync(1_000_000, "once", now)).Should().BeTrue();
        (await centre.Engine.Nonces.TryUseAsync(1_000_000, "twice", now)).Should().BeFalse();
    }

    [Fact]
    public async Task A_terminal_that_asks_too_often_uses_up_no_nonce()
    {
        await using var own = new HttpCentre(new ServerSettings { TerminalRequestsPerSecond = 1, TerminalBurst = 1 });
        await own.InitializeAsync();
        var (bearer, terminal) = await own.AddTerminalAsync(plain => plain with { Signed = true });
        using var client = own.ClientOf(bearer);
        using var key = KeyOf(own, terminal);
        var answers = new List<Answered>();
        for (var i = 0; i < 10; i++)
        {
            answers.Add(await PutAsync(own, client, key, "often", HttpCentre.Payment()));
        }

        var refused = answers.Where(answer => answer.Status == HttpStatusCode.TooManyRequests).ToList();
        refused.Should().NotBeEmpty().And.OnlyContain(answer => answer.Code == 130);
        (await own.Database.AskAsync<long>("select count(*) from used_nonce")).Should().Be(10 - refused.Count);
    }

    private async Task<(HttpClient Client, MessageKey Key)> SharedAsync()
    {
        var (bearer, terminal) = await centre.AddTerminalAsync(plain => plain with { Signed = true });
        return (centre.ClientOf(bearer), KeyOf(terminal));
    }

    private MessageKey KeyOf(Terminal terminal) => KeyOf(centre, terminal);

    internal static MessageKey KeyOf(HttpCentre centre, Terminal terminal) => MessageKey.Shared(
        terminal.TerminalCode,
        centre.Engine.Key(FormattableString.Invariant($"terminal:{terminal.TerminalId}:{terminal.KeyGeneration}")));

    private Task<Answered> PutAsync(
        HttpClient client, MessageKey key, string reference, JsonNode body, string? nonce = null) =>
        PutAsync(centre, client, key, reference, body, nonce);

    internal static async Task<Answered> PutAsync(
        HttpCentre centre, HttpClient client, MessageKey key, string reference, JsonNode body, string? nonce = null)
    {
        var text = body.ToJsonString();
        var digest = ContentDigest.Of(Encoding.UTF8.GetBytes(text));
        var address = new Uri(centre.Address, "/v1/payments/" + reference);
        var (input, signature) = new SignedRequest("PUT", address.AbsoluteUri, digest)
            .Sign(key, centre.Engine.Clock.GetCurrentInstant(), nonce ?? Guid.NewGuid().ToString("N"));
        return await client.AskAsync(
            HttpMethod.Put, address.AbsolutePath, Asking.Json(text),
            ("Content-Digest", digest), ("Signature-Input", input), ("Signature", signature));
    }
}
