using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.Catalogue;
using NodaTime;

namespace EGovPay.Processing.Inquiry;

/// <summary>One key that quotes are signed with.</summary>
/// <param name="Id">0–255, carried in the text: a hint which keys to try; keys may share one.</param>
/// <param name="Secret">At least 32 random bytes.</param>
public readonly record struct QuoteKey(byte Id, ReadOnlyMemory<byte> Secret);

/// <summary>What a text claiming to be an inquiry turned out to be.</summary>
public enum QuoteStatus
{
    /// <summary>There was no text.</summary>
    Absent,

    /// <summary>Ours, whole and in time.</summary>
    Good,

    /// <summary>Ours and whole, but too late.</summary>
    Expired,

    /// <summary>Not signed by any of our keys: garbage, changed, or another system's.</summary>
    Forged,
}

/// <summary>A text that was read, and the quote in it where it is ours.</summary>
public readonly record struct QuoteReading(QuoteStatus Status, Quote? Quote)
{
    /// <summary>No inquiry was given.</summary>
    public static QuoteReading None => default;
}

/// <summary>
/// Turns quotes into opaque texts and back. The text is base64url of the quote's bytes and the first 16 bytes of their
/// HMAC-SHA256: nobody without the key makes or changes one. The first key signs; all of them verify, so a key is
/// rotated by putting a new one before it.
/// </summary>
public sealed class SealQuotes
{
    /// <summary>The longest text made or read, characters.</summary>
    public const int MostCharacters = 4_096;

    private const byte Format = 1;
    private const int TagBytes = 16;
    private const byte NoLinesKept = 0xff;
    private readonly QuoteKey[] _keys;

    /// <exception cref="ArgumentException">No key, or a key under 32 bytes.</exception>
    public SealQuotes(IReadOnlyList<QuoteKey> keys)
    {
        if (keys.Count == 0 || keys.Any(key => key.Secret.Length < 32))
        {
            throw new ArgumentException(
                "Quotes need at least one key, each of 32 bytes or more.", nameof(keys));
        }

        _keys = [.. keys];
    }

    /// <summary>The text for a quote, at most <see cref="MostCharacters"/>.</summary>
    public string Seal(Quote quote)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        Write(bytes, Format);
        Write(bytes, _keys[0].Id);
        WriteQuote(bytes, quote);
        Span<byte> tag = stackalloc byte[32];
        HMACSHA256.HashData(_keys[0].Secret.Span, bytes.WrittenSpan, tag);
        bytes.Write(tag[..TagBytes]);
        return Base64Url.EncodeToString(bytes.WrittenSpan);
    }

    /// <summary>
    /// Reads a text. Whatever a stranger sends, it answers; it never throws. The time taken does not depend on where a
    /// tag differs.
    /// </summary>
    /// <param name="text">What the terminal brought; null is <see cref="QuoteStatus.Absent"/>.</param>
    public QuoteReading Read(string? text, Instant now)
    {
        if (text is null)
        {
            return QuoteReading.None;
        }

        Span<byte> bytes = stackalloc byte[MostCharacters * 3 / 4];
        if (text.Length > MostCharacters
            || Base64Url.DecodeFromChars(text, bytes, out _, out var count) != OperationStatus.Done
            || count < TagBytes + 2
            || bytes[0] != Format
            || !SignedByOurs(bytes[..(count - TagBytes)], bytes[(count - TagBytes)..count]))
        {
            return new QuoteReading(QuoteStatus.Forged, null);
        }

        var quote = ReadQuote(bytes[2..(count - TagBytes)]);
        return new QuoteReading(now < quote.ExpiresAt ? QuoteStatus.Good : QuoteStatus.Expired, quote);
    }

    private bool SignedByOurs(ReadOnlySpan<byte> body, ReadOnlySpan<byte> tag)
    {
        Span<byte> right = stackalloc byte[32];
        var ours = false;
        foreach (var key in _keys)
        {
            if (key.Id == body[1])
            {
                HMACSHA256.HashData(key.Secret.Span, body, right);
                ours |= CryptographicOperations.FixedTimeEquals(right[..TagBytes], tag);
            }
        }

        return ours;
    }

    private static void WriteQuote(ArrayBufferWriter<byte> bytes, Quote quote)
    {
        Write(bytes, quote.Id);
        Write(bytes, quote.AgentId);
        Write(bytes, quote.ServiceCode);
        Write(bytes, quote.Binding);
        Write(bytes, quote.RuleFingerprint);
        Write(bytes, quote.ExpiresAt.ToUnixTimeMilliseconds());
        Write(bytes, (byte)quote.Fee.Kind);
        Write(bytes, (byte)quote.Fee.PaidBy);
        Write(bytes, quote.Fee.HundredthsOfPercent);
        Write(bytes, quote.Fee.Floor.Qepik);
        Write(bytes, quote.Fee.Cap.Qepik);
        Write(bytes, quote.DueQepik);
        Write(bytes, quote.MinQepik);
        Write(bytes, quote.MaxQepik);
        var payer = Encoding.UTF8.GetBytes(quote.Payer ?? "");
        Write(bytes, (ushort)payer.Length);
        bytes.Write(payer);
        Write(bytes, quote.Lines is null ? NoLinesKept : checked((byte)quote.Lines.Count));
        foreach (var line in quote.Lines ?? [])
        {
            Write(bytes, line.IdDigest);
            WriteShort(bytes, line.DueQepik);
        }
    }

    private static Quote ReadQuote(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        var id = reader.Guid();
        var agentId = reader.Int32();
        var serviceCode = reader.Int32();
        var binding = reader.Guid();
        var fingerprint = reader.Int64();
        var expires = Instant.FromUnixTimeMilliseconds(reader.Int64());
        var kind = (FeeKind)reader.Byte();
        var paidBy = (FeePaidBy)reader.Byte();
        var fee = new FeeRule(kind, reader.Int32(), new Money(reader.Int64()), new Money(reader.Int64()), paidBy);
        var (due, min, max) = (reader.Int64(), reader.Int64(), reader.Int64());
        var payer = reader.Text();
        QuotedLine[]? lines = null;
        if (reader.Byte() is not NoLinesKept and var count)
        {
            lines = new QuotedLine[count];
            for (var i = 0; i < count; i++)
            {
                lines[i] = new QuotedLine(reader.Int64(), reader.ShortInt64());
            }
        }

        return new Quote
        {
            Id = id,
            AgentId = agentId,
            ServiceCode = serviceCode,
            Binding = binding,
            RuleFingerprint = fingerprint,
            Fee = fee,
            DueQepik = due,
            MinQepik = min,
            MaxQepik = max,
            Payer = payer.Length == 0 ? null : payer,
            Lines = lines,
            ExpiresAt = expires,
        };
    }

    private static void Write(ArrayBufferWriter<byte> bytes, byte value) => bytes.Write([value]);

    private static void Write(ArrayBufferWriter<byte> bytes, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes.GetSpan(2), value);
        bytes.Advance(2);
    }

    private static void Write(ArrayBufferWriter<byte> bytes, int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes.GetSpan(4), value);
        bytes.Advance(4);
    }

    private static void Write(ArrayBufferWriter<byte> bytes, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes.GetSpan(8), value);
        bytes.Advance(8);
    }

    private static void Write(ArrayBufferWriter<byte> bytes, Guid value)
    {
        value.TryWriteBytes(bytes.GetSpan(16), bigEndian: true, out _);
        bytes.Advance(16);
    }

    /// <summary>Seven bits a byte, low first: what is owed on a line is small, and the lines are many.</summary>
    private static void WriteShort(ArrayBufferWriter<byte> bytes, long value)
    {
        var rest = (ulong)value;
        while (rest >= 0x80)
        {
            Write(bytes, (byte)((rest & 0x7f) | 0x80));
            rest >>= 7;
        }

        Write(bytes, (byte)rest);
    }

    /// <summary>
    /// Reads what <see cref="WriteQuote"/> wrote. The bytes bear our signature, so they are ours and well-formed.
    /// </summary>
    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public byte Byte() => Take(1)[0];

        public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

        public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

        public Guid Guid() => new(Take(16), bigEndian: true);

        public string Text() => Encoding.UTF8.GetString(Take(BinaryPrimitives.ReadUInt16BigEndian(Take(2))));

        public long ShortInt64()
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var next = Byte();
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return (long)value;
                }
            }
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
