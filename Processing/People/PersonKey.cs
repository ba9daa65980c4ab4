using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace EGovPay.Processing.People;

/// <summary>
/// A personal key: the login, a dot, and 32 random bytes as base64url. The login in it is what wrong keys are counted by; the
/// random part is the secret. It is shown once; only the SHA-256 of the random part is kept.
/// </summary>
/// <param name="Text">What the person keeps: never logged, never stored.</param>
public sealed record PersonKey(string Text)
{
    /// <summary>Random bytes in a key: 256 bits.</summary>
    public const int SecretBytes = 32;

    private const int LongestLogin = 32;
    private static readonly int SecretLetters = Base64Url.GetEncodedLength(SecretBytes);

    /// <summary>A new key for a login.</summary>
    public static PersonKey New(string login) =>
        new($"{login}.{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes))}");

    /// <summary>The login that a key names, and the hash of its secret; null: it has not the form of a key.</summary>
    public static (string Login, byte[] Hash)? Read(string text)
    {
        var dot = text.LastIndexOf('.');
        return dot is > 0 and <= LongestLogin && text.Length == dot + 1 + SecretLetters
            ? (text[..dot], SHA256.HashData(Encoding.ASCII.GetBytes(text[(dot + 1)..])))
            : null;
    }

    /// <summary>The hash that is kept of this key.</summary>
    public byte[] Hash => Read(Text)!.Value.Hash;

    /// <summary>Never prints what it holds.</summary>
    public override string ToString() => nameof(PersonKey);
}
