using System.Globalization;
using System.Text;
using NodaTime;

namespace EGovPay.Processing.Signatures;

/// <summary>A request as its signature sees it. No HTTP type: both sides of the wire fill it from their own.</summary>
/// <param name="Method">In capitals, <c>PUT</c>.</param>
/// <param name="TargetUri">The absolute URI without a fragment, exactly as asked.</param>
/// <param name="ContentDigest">The field's value, or null where there is none.</param>
public readonly record struct SignedRequest(string Method, string TargetUri, string? ContentDigest)
{
    private string? ValueOf(CoveredComponent component) =>
        component.Parameters.Length > 0 ? null : component.Name switch
        {
            "@method" => Method,
            "@target-uri" => TargetUri,
            "content-digest" => ContentDigest,
            _ => null,
        };

    /// <summary>
    /// Signs method, target and digest with <c>created</c>, <c>nonce</c> and <c>keyid</c>: the two fields' values.
    /// </summary>
    /// <param name="nonce">Printable ASCII, used once.</param>
    /// <exception cref="ArgumentException">There is no digest, or the nonce or key's id cannot be written.</exception>
    public (string SignatureInput, string Signature) Sign(MessageKey key, Instant created, string nonce)
    {
        var seconds = created.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var canonical = $"(\"@method\" \"@target-uri\" \"content-digest\");created={seconds};nonce="
            + $"{StructuredField.Quote(nonce)};keyid={StructuredField.Quote(key.Id)};alg=\"{key.Algorithm}\"";
        var input = new SignatureInput
        {
            Label = "sig1",
            Components = Covered,
            Canonical = canonical,
        };
        var text = input.TextToSign(ValueOf)
            ?? throw new ArgumentException("A request is signed with its content's digest.", nameof(nonce));
        return ($"sig1={canonical}", $"sig1=:{Convert.ToBase64String(key.Sign(Encoding.ASCII.GetBytes(text)))}:");
    }

    private static readonly CoveredComponent[] Covered = [new("@method"), new("@target-uri"), new("content-digest")];

    /// <summary>
    /// Is the request signed, whole and fresh? It does not remember nonces: the caller refuses one that it has seen
    /// within twice <paramref name="tolerance"/>.
    /// </summary>
    /// <param name="signatureInput">The <c>Signature-Input</c> field, or null.</param>
    /// <param name="signature">The <c>Signature</c> field, or null.</param>
    /// <param name="body">The body's bytes; empty where there is none.</param>
    /// <param name="keyOf">
    /// The key for a <c>keyid</c> (null where the signature names none), or null for an unknown one.
    /// </param>
    /// <param name="tolerance">
    /// How far <c>created</c> may lie from <paramref name="now"/>, either way: five minutes by contract.
    /// </param>
    public SignatureCheck Check(
        string? signatureInput,
        string? signature,
        ReadOnlySpan<byte> body,
        Func<string?, MessageKey?> keyOf,
        Instant now,
        Duration tolerance)
    {
        if (signatureInput is null || signature is null)
        {
            return new(SignatureFault.Missing);
        }

        if (!Signatures.SignatureInput.TryParse(signatureInput, out var inputs))
        {
            return new(SignatureFault.Malformed);
        }

        foreach (var input in inputs)
        {
            if (keyOf(input.KeyId) is { } key)
            {
                return CheckOne(input, signature, body, key, now, tolerance);
            }
        }

        return new(SignatureFault.UnknownKey);
    }

    private SignatureCheck CheckOne(
        SignatureInput input,
        string signatures,
        ReadOnlySpan<byte> body,
        MessageKey key,
        Instant now,
        Duration tolerance)
    {
        if (Signatures.SignatureInput.SignatureOf(signatures, input.Label) is not { } signature
            || (input.Algorithm is { } algorithm && algorithm != key.Algorithm))
        {
            return new(SignatureFault.Malformed);
        }

        if (!input.Covers("@method") || !input.Covers("@target-uri") || !input.Covers("content-digest")
            || input.Created is not { } created || string.IsNullOrEmpty(input.Nonce))
        {
            return new(SignatureFault.CoversTooLittle);
        }

        if (input.TextToSign(ValueOf) is not { } text || !key.Verify(Encoding.ASCII.GetBytes(text), signature))
        {
            return new(SignatureFault.Wrong);
        }

        if (!Signatures.ContentDigest.Matches(ContentDigest, body))
        {
            return new(SignatureFault.WrongDigest);
        }

        var away = now.ToUnixTimeSeconds() - created;
        if (Math.Abs(away) > (long)tolerance.TotalSeconds
            || (input.Expires is { } expires && expires < now.ToUnixTimeSeconds()))
        {
            return new(SignatureFault.Stale);
        }

        return new(SignatureFault.None, input.KeyId ?? key.Id, Instant.FromUnixTimeSeconds(created), input.Nonce);
    }
}

/// <summary>What is wrong with a signature.</summary>
public enum SignatureFault { None, Missing, Malformed, UnknownKey, CoversTooLittle, Wrong, WrongDigest, Stale }

/// <summary>The outcome of a check; key, time and nonce only where nothing is wrong.</summary>
public readonly record struct SignatureCheck(
    SignatureFault Fault, string? KeyId = null, Instant Created = default, string? Nonce = null)
{
    public bool Good => Fault == SignatureFault.None;
}
