using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.Signatures;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Signatures;

/// <summary>RFC 9421 and RFC 9530 against their own published examples, and against those who would cheat.</summary>
public sealed class SignatureTests
{
    private const string PublicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
        w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
        -----END PUBLIC KEY-----
        """;

    private static readonly Duration FiveMinutes = Duration.FromMinutes(5);
    private static readonly Instant Now = Instant.FromUnixTimeSeconds(1_700_000_000);
    private static readonly MessageKey Key = MessageKey.Shared("terminal-7", "0123456789abcdef0123456789abcdef"u8);

    [Fact]
    public void The_RFCs_example_B_2_5_with_hmac_sha256_comes_out_to_the_byte()
    {
        using var key = MessageKey.Shared("test-shared-secret", Convert.FromBase64String(
            "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="));
        var input = Parsed(
            "sig-b25=(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"");
        var text = input.TextToSign(component => component.Name switch
        {
            "date" => "Tue, 20 Apr 2021 02:07:55 GMT",
            "@authority" => "example.com",
            "content-type" => "application/json",
            _ => null,
        });

        text.Should()
            .Be("\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n\"content-type\": application/json\n"
            + "\"@signature-params\": (\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"");
        Convert.ToBase64String(key.Sign(Encoding.ASCII.GetBytes(text!))).Should()
            .Be("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
    }

    [Fact]
    public void The_RFCs_example_B_2_4_with_ecdsa_p256_verifies_and_no_other()
    {
        using var key = MessageKey.Ecdsa("test-key-ecc-p256", PublicKey);
        var input = Parsed(
            "sig-b24=(\"@status\" \"content-type\" \"content-digest\" \"content-length\");created=1618884473;keyid=\"test-key-ecc-p256\"");
        var text = input.TextToSign(component => component.Name switch
        {
            "@status" => "200",
            "content-type" => "application/json",
            "content-digest" =>
                "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
            "content-length" => "23",
            _ => null,
        })!;
        var signature = SignatureInput.SignatureOf(
            "sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:",
                "sig-b24")!;

        key.Verify(Encoding.ASCII.GetBytes(text), signature).Should().BeTrue();
        key.Verify(Encoding.ASCII.GetBytes(text.Replace("200", "201", StringComparison.Ordinal)), signature)
            .Should().BeFalse();
        key.Invoking(it => it.Sign("x"u8)).Should().Throw<CryptographicException>("a public key does not sign");
    }

    [Theory]
    [InlineData("{\"hello\": \"world\"}", "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:")]
    [InlineData("{\"hello\": \"world\"}\n", "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:")]
    [InlineData("", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")]
    public void The_digest_of_a_body_is_that_of_RFC_9530(string body, string digest)
    {
        ContentDigest.Of(Encoding.UTF8.GetBytes(body)).Should().Be(digest);
        ContentDigest.Matches(digest, Encoding.UTF8.GetBytes(body)).Should().BeTrue();
        ContentDigest.Matches(digest, Encoding.UTF8.GetBytes(body + " ")).Should().BeFalse();
    }

    [Theory]
    [InlineData("sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:", true)]
    [InlineData("md5=:AAAA:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", true)]
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, sha-512=:AAAA:", false)]
    [InlineData("md5=:AAAA:", false)]
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", false)]
    [InlineData("sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=", false)]
    [InlineData("sha-256=: X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", false)]
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:,", false)]
    [InlineData("SHA-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_digest_matches_when_it_is_well_formed_and_every_known_algorithm_in_it_is_right(
        string? field, bool good) =>
        ContentDigest.Matches(field, "{\"hello\": \"world\"}"u8).Should().Be(good);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_signed_is_good_within_five_minutes_and_tells_its_nonce(bool ecdsa)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var ours = ecdsa ? MessageKey.Ecdsa("terminal-7", pair.ExportPkcs8PrivateKeyPem()) : Shared();
        var body = "{\"amountQepik\":1045}"u8.ToArray();
        var request = new SignedRequest("PUT", "https://pay.example/v1/payments/T7-1?x=%20", ContentDigest.Of(body));
        var (input, signature) = request.Sign(ours, Now, "n-1");

        var check = request
            .Check(input, signature, body, id => id == "terminal-7" ? ours : null, Now
                + Duration.FromMinutes(5), FiveMinutes);
        check.Should().Be(new SignatureCheck(SignatureFault.None, "terminal-7", Now, "n-1"));
        request.Check(input, signature, body, _ => ours, Now + Duration.FromSeconds(301), FiveMinutes).Fault.Should()
            .Be(SignatureFault.Stale);
        request.Check(input, signature, body, _ => ours, Now - Duration.FromSeconds(301), FiveMinutes).Fault.Should()
            .Be(SignatureFault.Stale);
        request.Check(input, signature, body, _ => null, Now, FiveMinutes).Fault.Should().Be(SignatureFault.UnknownKey);
    }

    [Fact]
    public void Whatever_is_changed_on_the_way_is_seen()
    {
        var body = "{\"amountQepik\":1045}"u8.ToArray();
        var request = new SignedRequest("PUT", "https://pay.example/v1/payments/T7-1", ContentDigest.Of(body));
        var (input, signature) = request.Sign(Key, Now, "n-1");
        SignatureFault Fault(SignedRequest asked, string? signatureInput = null, byte[]? content = null) =>
            asked.Check(signatureInput ?? input, signature, content ?? body, _ => Key, Now, FiveMinutes).Fault;

        Fault(request).Should().Be(SignatureFault.None);
        Fault(request with { Method = "POST" }).Should().Be(SignatureFault.Wrong);
        Fault(request with { TargetUri = "https://pay.example/v1/payments/T7-2" }).Should().Be(SignatureFault.Wrong);
        Fault(request with { ContentDigest = ContentDigest.Of("{}"u8) }).Should().Be(SignatureFault.Wrong);
        Fault(request with { ContentDigest = null }).Should().Be(SignatureFault.Wrong);
        Fault(request, content: "{\"amountQepik\":1046}"u8.ToArray()).Should().Be(SignatureFault.WrongDigest);
        Fault(request, input.Replace("n-1", "n-2", StringComparison.Ordinal)).Should().Be(SignatureFault.Wrong);
        Fault(request, input.Replace("1700000000", "1700000001", StringComparison.Ordinal)).Should()
            .Be(SignatureFault.Wrong);
        Fault(request, input.Replace("hmac-sha256", "ecdsa-p256-sha256", StringComparison.Ordinal)).Should()
            .Be(SignatureFault.Malformed);
    }

    [Theory]
    [InlineData("sig1=(\"@method\" \"@target-uri\");created=1700000000;nonce=\"n\"")]
    [InlineData("sig1=(\"@method\" \"content-digest\");created=1700000000;nonce=\"n\"")]
    [InlineData("sig1=(\"@target-uri\" \"content-digest\");created=1700000000;nonce=\"n\"")]
    [InlineData("sig1=(\"@method\" \"@target-uri\" \"content-digest\");nonce=\"n\"")]
    [InlineData("sig1=(\"@method\" \"@target-uri\" \"content-digest\");created=1700000000")]
    [InlineData("sig1=(\"@method\" \"@target-uri\" \"content-digest\");created=1700000000;nonce=\"\"")]
    [InlineData("sig1=(\"@method\";req \"@target-uri\" \"content-digest\");created=1700000000;nonce=\"n\"")]
    public void A_signature_that_covers_too_little_is_not_good_though_it_verifies(string field)
    {
        var request = new SignedRequest("GET", "https://pay.example/", ContentDigest.Of([]));
        var signature = Convert.ToBase64String(Key.Sign(Encoding.ASCII.GetBytes(
            Parsed(field).TextToSign(
                one => one.Name switch { "@method" => "GET", "@target-uri" => "https://pay.example/",
                    _ => request.ContentDigest })!)));
        request.Check(field, $"sig1=:{signature}:", [], _ => Key, Now, FiveMinutes).Fault.Should()
            .Be(SignatureFault.CoversTooLittle);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sig1")]
    [InlineData("sig1=")]
    [InlineData("sig1=(")]
    [InlineData("sig1=(\"a\"")]
    [InlineData("sig1=(\"a\"\"b\")")]
    [InlineData("sig1=(\"a\" \"a\")")]
    [InlineData("sig1=(a)")]
    [InlineData("sig1=(\"a\");created=1.5")]
    [InlineData("sig1=(\"a\");created=\"1\"")]
    [InlineData("sig1=(\"a\");created=-1")]
    [InlineData("sig1=(\"a\");created=1;created=2")]
    [InlineData("sig1=(\"a\");created=1234567890123456")]
    [InlineData("sig1=(\"a\");nonce=n")]
    [InlineData("sig1=(\"a\");keyid=\"ə\"")]
    [InlineData("sig1=(\"a\");keyid=\"a")]
    [InlineData("sig1=(\"a\");keyid=\"a\\b\"")]
    [InlineData("sig1=(\"a\"), sig1=(\"b\")")]
    [InlineData("sig1=(\"a\"),")]
    [InlineData("sig1=(\"a\") ")]
    [InlineData(" sig1=(\"a\")")]
    [InlineData("Sig1=(\"a\")")]
    public void A_malformed_signature_input_is_refused_whole(string field) =>
        SignatureInput.TryParse(field, out _).Should().BeFalse();

    [Fact]
    public void Its_canonical_form_does_not_depend_on_spaces()
    {
        Parsed("sig1=( \"a\"   \"b\" ); created=1;  keyid=\"x\\\"y\";flag,\t sig2=()").Canonical
            .Should().Be("(\"a\" \"b\");created=1;keyid=\"x\\\"y\";flag");
    }

    [Fact]
    public void A_line_break_in_a_value_forges_no_line() =>
        Parsed("sig1=(\"a\")").TextToSign(_ => "x\n\"b\": y").Should().BeNull();

    [Fact]
    public void Too_long_or_too_many_is_refused()
    {
        SignatureInput.TryParse($"sig1=(\"{new string('a', 5_000)}\")", out _).Should().BeFalse();
        SignatureInput.TryParse($"sig1=({string.Join(' ', Enumerable.Range(0, 33).Select(i => $"\"a{i}\""))})", out _)
            .Should().BeFalse();
        SignatureInput.TryParse(string.Join(", ", Enumerable.Range(0, 9).Select(i => $"s{i}=()")), out _)
            .Should().BeFalse();
        SignatureInput.TryParse($"s=(){string.Concat(Enumerable.Range(0, 17).Select(i => $";p{i}"))}", out _)
            .Should().BeFalse();
    }

    [Fact]
    public void No_text_makes_a_parser_throw() => Prop.ForAll(
        Arb.From(Gen.Elements(
            "sig1", "=", "(", ")", "\"", "\\", ";", ",", " ", ":", "created", "1", "?", "AAAA", "*", "a", "-",
                "\t", "ə")
            .ListOf().Select(parts => string.Concat(parts))),
        text =>
        {
            var read = SignatureInput.TryParse(text, out var inputs);
            _ = SignatureInput.SignatureOf(text, "sig1");
            return read == inputs.Count > 0 && !ContentDigest.Matches(text, "x"u8);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void A_key_of_another_curve_or_a_short_secret_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        FluentActions.Invoking(() => MessageKey.Ecdsa("k", other.ExportSubjectPublicKeyInfoPem()))
            .Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => MessageKey.Ecdsa("k", "no pem")).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => MessageKey.Shared("k", "short"u8)).Should().Throw<ArgumentException>();
    }

    private static MessageKey Shared() => MessageKey.Shared("terminal-7", "0123456789abcdef0123456789abcdef"u8);

    private static SignatureInput Parsed(string field)
    {
        SignatureInput.TryParse(field, out var inputs).Should().BeTrue();
        return inputs[0];
    }
}
