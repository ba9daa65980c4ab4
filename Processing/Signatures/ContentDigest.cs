using System.Security.Cryptography;

namespace EGovPay.Processing.Signatures;

/// <summary>
/// The <c>Content-Digest</c> field of RFC 9530. It speaks of the bytes of the body as they travel and knows nothing of
/// HTTP types. sha-256 and sha-512 are known; other algorithms in the field are read over.
/// </summary>
public static class ContentDigest
{
    /// <summary>The field's value for a body: <c>sha-256=:…:</c>. An empty body has a digest too.</summary>
    public static string Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return $"sha-256=:{Convert.ToBase64String(hash)}:";
    }

    /// <summary>
    /// True when the field is well-formed, holds at least one known algorithm, and every known one in it is right.
    /// A field that cannot be read is never a match.
    /// </summary>
    public static bool Matches(string? field, ReadOnlySpan<byte> content)
    {
        if (field is null || !StructuredField.TryReadByteSequences(field, out var members))
        {
            return false;
        }

        var known = 0;
        Span<byte> hash = stackalloc byte[SHA512.HashSizeInBytes];
        foreach (var (algorithm, claimed) in members)
        {
            var size = algorithm switch
            {
                "sha-256" => SHA256.HashData(content, hash),
                "sha-512" => SHA512.HashData(content, hash),
                _ => 0,
            };
            if (size == 0)
            {
                continue;
            }

            if (!CryptographicOperations.FixedTimeEquals(hash[..size], claimed))
            {
                return false;
            }

            known++;
        }

        return known > 0;
    }
}
