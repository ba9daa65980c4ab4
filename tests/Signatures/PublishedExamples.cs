using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.Signatures;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Signatures;

/// <summary>
/// The request and the keys of RFC 9421's appendix B: its signature bases come out to the letter, what it signed is accepted where we
/// speak the algorithm, and what an independent program signs with its key is accepted too.
/// </summary>
public sealed class PublishedExamples
{
    private const string PrivateKey = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIFKbhfNZfpDsW43+0+JjUr9K+bTeuxopu653+hBaXGA7oAoGCCqGSM49
        AwEHoUQDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM
        4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
        -----END EC PRIVATE KEY-----
        """;

    private const string Digest512 =
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

    private static readonly byte[] Body = "{\"hello\": \"world\"}"u8.ToArray();

    /// <summary>The values of the test request's components.</summary>
    private static readonly Dictionary<string, string> Request = new(StringComparer.Ordinal)
    {
        ["@method"] = "POST",
        ["@authority"] = "example.com",
        ["@path"] = "/foo",
        ["@query"] = "?param=Value&Pet=dog",
        ["@target-uri"] = "https://example.com/foo?param=Value&Pet=dog",
        ["date"] = "Tue, 20 Apr 2021 02:07:55 GMT",
        ["content-type"] = "application/json",
        ["content-digest"] = Digest512,
        ["content-length"] = "18",
    };

    [Theory]
    [InlineData(
        "sig-b21=();created=1618884473;keyid=\"test-key-rsa-pss\";nonce=\"b3k2pp5k7z-50gnwp.yemd\"",
        "\"@signature-params\": ();created=1618884473;keyid=\"test-key-rsa-pss\";nonce=\"b3k2pp5k7z-50gnwp.yemd\"")]
    [InlineData(
        "sig-b22=(\"@authority\" \"content-digest\");created=1618884473;keyid=\"test-key-rsa-pss\";tag=\"header-example\"",
        "\"@authority\": example.com\n\"content-digest\": " + Digest512
            + "\n\"@signature-params\": (\"@authority\" \"content-digest\");created=1618884473;keyid=\"test-key-rsa-pss\""
            + ";tag=\"header-example\"")]
    [InlineData(
        "sig-b23=(\"date\" \"@method\" \"@path\" \"@query\" \"@authority\" \"content-type\" \"content-digest\" \"content-length\")"
            + ";created=1618884473;keyid=\"test-key-rsa-pss\"",
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\"@query\": ?param=Value&Pet=dog\n"
            + "\"@authority\": example.com\n\"content-type\": application/json\n\"content-digest\": " + Digest512
            + "\n\"content-length\": 18\n\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@query\" \"@authority\" \"content-type\" "
            + "\"content-digest\" \"content-length\");created=1618884473;keyid=\"test-key-rsa-pss\"")]
    public void The_signature_base_of_a_minimal_a_selective_and_a_full_signature_is_the_published_one(string field, string text)
    {
        SignatureInput.TryParse(field, out var inputs).Should().BeTrue();
        inputs[0].TextToSign(component => Request[component.Name]).Should().Be(text);
    }

    [Fact]
    public void The_private_test_key_signs_what_its_public_half_verifies_in_the_64_bytes_of_the_RFC()
    {
        using var signing = MessageKey.Ecdsa("test-key-ecc-p256", PrivateKey);
        using var pair = ECDsa.Create();
        pair.ImportFromPem(PrivateKey);
        using var checking = MessageKey.Ecdsa("test-key-ecc-p256", pair.ExportSubjectPublicKeyInfoPem());
        var signature = signing.Sign("text"u8);
        signature.Should().HaveCount(64, "r and s, and no DER");
        checking.Verify("text"u8, signature).Should().BeTrue();
        checking.Verify("texts"u8, signature).Should().BeFalse();
        var der = pair.SignData("text"u8.ToArray(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        checking.Verify("text"u8, der).Should().BeFalse("the RFC's form is another");
    }

    [Theory]
    [InlineData("hmac-sha256")]
    [InlineData("ecdsa-p256-sha256")]
    public void A_request_signed_by_hand_from_the_RFCs_text_is_accepted_with_either_digest(string algorithm)
    {
        var secret = Convert.FromBase64String(
            "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==");
        using var pair = ECDsa.Create();
        pair.ImportFromPem(PrivateKey);
        using var key = algorithm == "hmac-sha256"
            ? MessageKey.Shared("test-shared-secret", secret)
            : MessageKey.Ecdsa("test-shared-secret", pair.ExportSubjectPublicKeyInfoPem());
        foreach (var digest in new[] { Digest512, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:" })
        {
            // Another order of components, a tag, and no alg: each as the RFC allows.
            const string parameters = "(\"content-digest\" \"@target-uri\" \"@method\");created=1618884473"
                + ";nonce=\"b3k2pp5k7z-50gnwp.yemd\";keyid=\"test-shared-secret\";tag=\"x\"";
            var text = $"\"content-digest\": {digest}\n\"@target-uri\": {Request["@target-uri"]}\n\"@method\": POST\n"
                + $"\"@signature-params\": {parameters}";
            var signature = algorithm == "hmac-sha256"
                ? HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text))
                : pair.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256);
            var check = new SignedRequest("POST", Request["@target-uri"], digest).Check(
                "sig-x=" + parameters, $"sig-x=:{Convert.ToBase64String(signature)}:", Body, id => id == "test-shared-secret" ? key : null,
                Instant.FromUnixTimeSeconds(1_618_884_500), Duration.FromMinutes(5));
            check.Fault.Should().Be(SignatureFault.None);
            check.Nonce.Should().Be("b3k2pp5k7z-50gnwp.yemd");
        }
    }
}
