using System.Security.Cryptography;

namespace EGovPay.Processing.Signatures;

/// <summary>
/// A key that signs or checks messages by RFC 9421: <c>hmac-sha256</c> with a shared secret, or
/// <c>ecdsa-p256-sha256</c>. Safe for use from many threads.
/// </summary>
public sealed class MessageKey : IDisposable
{
    private readonly byte[]? secret;
    private readonly ECDsa? curve;
    private readonly Lock curveInUse = new();

    private MessageKey(string id, byte[]? secret, ECDsa? curve)
    {
        Id = id;
        this.secret = secret;
        this.curve = curve;
    }

    /// <summary>The <c>keyid</c> it is known by.</summary>
    public string Id { get; }

    /// <summary>The registered name of its algorithm.</summary>
    public string Algorithm => secret is not null ? "hmac-sha256" : "ecdsa-p256-sha256";

    /// <summary>A shared secret. RFC 2104 asks for at least the hash's length: 32 bytes.</summary>
    /// <exception cref="ArgumentException">The secret is shorter than 16 bytes.</exception>
    public static MessageKey Shared(string id, ReadOnlySpan<byte> secret)
    {
        if (secret.Length < 16)
        {
            throw new ArgumentException("A shared secret has at least 16 bytes.", nameof(secret));
        }

        return new MessageKey(id, secret.ToArray(), null);
    }

    /// <summary>A P-256 key in PEM: a private one signs and checks, a public one checks.</summary>
    /// <exception cref="ArgumentException">It is no such key, or of another curve.</exception>
    public static MessageKey Ecdsa(string id, string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.KeySize != 256
                || key.ExportParameters(false).Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
            {
                throw new ArgumentException("The key is not of the curve P-256.", nameof(pem));
            }
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new ArgumentException("A P-256 key in PEM is needed.", nameof(pem), fault);
        }

        return new MessageKey(id, null, key);
    }

    /// <summary>Signs; throws <see cref="CryptographicException"/> where the key has no private part.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        if (secret is not null)
        {
            return HMACSHA256.HashData(secret, message);
        }

        lock (curveInUse)
        {
            return curve!.SignData(
                message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    /// <summary>True when the signature is this key's over the message, in constant time for a shared secret.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (secret is not null)
        {
            Span<byte> right = stackalloc byte[HMACSHA256.HashSizeInBytes];
            HMACSHA256.HashData(secret, message, right);
            return CryptographicOperations.FixedTimeEquals(right, signature);
        }

        lock (curveInUse)
        {
            return signature.Length == 64 && curve!.VerifyData(
                message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    public void Dispose()
    {
        curve?.Dispose();
        if (secret is not null)
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
