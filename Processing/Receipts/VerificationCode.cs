using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EGovPay.Processing.Receipts;

/// <summary>
/// The code on a receipt by which anyone may ask whether it is real. It says which payment is meant (agent and number,
/// because every row is keyed by agent first) and carries 60 bits of an HMAC-SHA256, so that it cannot be made up: it
/// is decoded and verified, never looked up in an index.
/// <para>
/// Symbols are Crockford's base 32 (no I, L, O, U), so the code fits a URL and a QR code's alphanumeric mode: one
/// symbol of lengths, 2–7 of the agent, 6–13 of the number, 12 of the HMAC, one check symbol; 22–34 in all, 24 as a
/// rule.
/// </para>
/// <para>
/// The check symbol makes the sum of symbol × αⁱ over GF(32) zero. Weights modulo 32 cannot do it: to see every
/// substitution they must all be odd, and then two neighbours that differ by 16 may change places unseen. In a field
/// every substitution of one symbol and every swap of two neighbours shows, and is told from a forgery before a key is
/// tried.
/// </para>
/// </summary>
public sealed class VerificationCode
{
    /// <summary>The longest text that is looked at, with hyphens and spaces; anything longer is not a code.</summary>
    public const int MaxTextLength = 80;

    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int TagSymbols = 12;
    private const int MinNumberSymbols = 6;
    private const int MaxSymbols = 1 + 7 + 13 + TagSymbols + 1;
    private const int MinKeyBytes = 32;

    private static readonly int[] AgentSymbols = [2, 3, 5, 7];

    private readonly byte[][] _keys;

    /// <summary>
    /// Takes the server's keys: the first makes new codes, all of them verify, so that a key can be changed.
    /// </summary>
    /// <param name="keys">At least one key of at least 32 bytes each.</param>
    /// <exception cref="ArgumentException">There is no key, or one is too short.</exception>
    public VerificationCode(IReadOnlyList<byte[]> keys)
    {
        if (keys.Count == 0 || keys.Any(key => key.Length < MinKeyBytes))
        {
            throw new ArgumentException(
                $"Verification codes need at least one key, each of {MinKeyBytes} bytes or more.", nameof(keys));
        }

        _keys = [.. keys.Select(key => key.ToArray())];
    }

    /// <summary>The code of a payment in its canonical form: capitals, no hyphens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The agent or the number is negative.</exception>
    public string Encode(int agentId, long number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(agentId);
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        var (agentIndex, numberIndex) = Sizes(agentId, number);
        Span<byte> symbols = stackalloc byte[MaxSymbols];
        symbols[0] = (byte)((agentIndex << 3) | numberIndex);
        var length = 1;
        length += Write(symbols[length..], agentId, AgentSymbols[agentIndex]);
        length += Write(symbols[length..], number, MinNumberSymbols + numberIndex);
        length += Write(symbols[length..], Tag(_keys[0], agentId, number), TagSymbols);
        symbols[length] = TimesAlpha(Sum(symbols[..length]));
        length++;

        Span<char> text = stackalloc char[MaxSymbols];
        for (var i = 0; i < length; i++)
        {
            text[i] = Alphabet[symbols[i]];
        }

        return new string(text[..length]);
    }

    /// <summary>
    /// The payment that a typed or scanned code names, or null if it is mistyped or not ours. Lower case, hyphens,
    /// spaces, I and L for 1, and O for 0 are forgiven. Every key is tried whichever fits, and bits are compared in
    /// constant time.
    /// </summary>
    public (int AgentId, long Number)? Decode(string? text)
    {
        Span<byte> symbols = stackalloc byte[MaxSymbols];
        if (!TryRead(text, symbols, out var agentId, out var number, out var claimed))
        {
            return null;
        }

        Span<byte> given = stackalloc byte[sizeof(long)];
        Span<byte> expected = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(given, claimed);
        var genuine = false;
        foreach (var key in _keys)
        {
            BinaryPrimitives.WriteInt64BigEndian(expected, Tag(key, agentId, number));
            genuine |= CryptographicOperations.FixedTimeEquals(given, expected);
        }

        return genuine ? (agentId, number) : null;
    }

    /// <summary>
    /// True when the text has the form and the check symbol of a code; says nothing of whether it is genuine. A desk
    /// uses it to tell a typing mistake from a forgery.
    /// </summary>
    public static bool IsWellFormed(string? text)
    {
        Span<byte> symbols = stackalloc byte[MaxSymbols];
        return TryRead(text, symbols, out _, out _, out _);
    }

    /// <summary>A code in groups of four with hyphens, as people read it aloud: <c>0207-9NQX-…</c>.</summary>
    public static string Grouped(string code) =>
        string.Join('-', code.Chunk(4).Select(group => new string(group)));

    private static bool TryRead(string? text, Span<byte> symbols, out int agentId, out long number, out long tag)
    {
        agentId = 0;
        number = 0;
        tag = 0;
        if (text is null || text.Length > MaxTextLength || !TrySymbols(text, symbols, out var length))
        {
            return false;
        }

        symbols = symbols[..length];
        var agentLength = AgentSymbols[symbols[0] >> 3];
        var numberLength = MinNumberSymbols + (symbols[0] & 7);
        if (length != 1 + agentLength + numberLength + TagSymbols + 1 || Sum(symbols) != 0)
        {
            return false;
        }

        var readAgent = Read(symbols.Slice(1, agentLength));
        var readNumber = Read(symbols.Slice(1 + agentLength, numberLength));
        tag = (long)Read(symbols.Slice(1 + agentLength + numberLength, TagSymbols));
        if (readAgent > int.MaxValue || readNumber > long.MaxValue)
        {
            return false;
        }

        agentId = (int)readAgent;
        number = (long)readNumber;
        var (agentIndex, numberIndex) = Sizes(agentId, number);
        return symbols[0] == ((agentIndex << 3) | numberIndex); // one payment has one code: no longer spelling of it
    }

    private static bool TrySymbols(string text, Span<byte> symbols, out int length)
    {
        length = 0;
        foreach (var typed in text)
        {
            if (typed is '-' or ' ')
            {
                continue;
            }

            var symbol = Alphabet.IndexOf(Forgiven(typed), StringComparison.Ordinal);
            if (symbol < 0 || length == MaxSymbols)
            {
                return false;
            }

            symbols[length++] = (byte)symbol;
        }

        return length > 0;
    }

    /// <summary>ASCII only: a Turkic dotless ı or dotted İ is no letter of this alphabet.</summary>
    private static char Forgiven(char typed)
    {
        var upper = typed is >= 'a' and <= 'z' ? (char)(typed - 32) : typed;
        return upper switch { 'I' or 'L' => '1', 'O' => '0', _ => upper };
    }

    private static (int AgentIndex, int NumberIndex) Sizes(int agentId, long number)
    {
        var agentIndex = 0;
        while ((long)agentId >> (5 * AgentSymbols[agentIndex]) != 0)
        {
            agentIndex++;
        }

        var numberIndex = 0;
        while (MinNumberSymbols + numberIndex < 13 && number >> (5 * (MinNumberSymbols + numberIndex)) != 0)
        {
            numberIndex++;
        }

        return (agentIndex, numberIndex);
    }

    private static int Write(Span<byte> symbols, long value, int count)
    {
        for (var i = count - 1; i >= 0; i--)
        {
            symbols[i] = (byte)(value & 31);
            value >>= 5;
        }

        return count;
    }

    private static UInt128 Read(ReadOnlySpan<byte> symbols)
    {
        var value = UInt128.Zero;
        foreach (var symbol in symbols)
        {
            value = (value << 5) | symbol;
        }

        return value;
    }

    /// <summary>The first 60 bits of the HMAC; the label keeps other uses of the same key apart.</summary>
    private static long Tag(byte[] key, int agentId, long number)
    {
        Span<byte> message = stackalloc byte[31];
        "egovpay receipt v1\0"u8.CopyTo(message);
        BinaryPrimitives.WriteInt32BigEndian(message[19..], agentId);
        BinaryPrimitives.WriteInt64BigEndian(message[23..], number);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message, mac);
        return (long)(BinaryPrimitives.ReadUInt64BigEndian(mac) >> 4);
    }

    /// <summary>Horner's sum of symbols over GF(32) = GF(2)[x] / (x⁵ + x² + 1), at α = x.</summary>
    private static byte Sum(ReadOnlySpan<byte> symbols)
    {
        byte sum = 0;
        foreach (var symbol in symbols)
        {
            sum = (byte)(TimesAlpha(sum) ^ symbol);
        }

        return sum;
    }

    private static byte TimesAlpha(byte value) =>
        (byte)((value & 16) == 0 ? value << 1 : (value << 1) ^ 0b10_0101);
}
