using System.Buffers.Text;
using System.Text;
using EGovPay.Settlement.Mapping;
using NodaTime;

namespace EGovPay.Settlement.RegistersIn;

/// <summary>
/// One line of a provider's register. Texts are UTF-8 in the reader's own buffer and good until the sink returns: a million lines make no
/// million strings.
/// </summary>
internal readonly ref struct RegisterLine
{
    /// <summary>Of the file, from 1; of JSON the place in the list.</summary>
    public required int Line { get; init; }

    /// <summary>As it stands there, 1 to 64 bytes.</summary>
    public required ReadOnlySpan<byte> Txn { get; init; }

    /// <summary>From 0; in qəpik, or the currency's minor units.</summary>
    public required long AmountQepik { get; init; }

    /// <summary>Three letters; empty: manat.</summary>
    public ReadOnlySpan<byte> Currency { get; init; }

    /// <summary>1 to 200 bytes.</summary>
    public required ReadOnlySpan<byte> Account { get; init; }

    public required LocalDate Day { get; init; }

    /// <summary>Microseconds of the day; negative: the line has none.</summary>
    public long TimeMicroseconds { get; init; } = -1;

    /// <summary>Empty: the line has none.</summary>
    public ReadOnlySpan<byte> ProviderTransaction { get; init; }

    public bool Reversal { get; init; }

    public RegisterLine()
    {
    }
}

/// <summary>Takes the lines of a register.</summary>
internal interface IRegisterSink
{
    void Add(in RegisterLine line);

    /// <summary>Called between parts of the file, so that what was added may go where it has to.</summary>
    ValueTask FlushAsync(CancellationToken cancel);
}

/// <summary>What a register says of itself; null where it does not.</summary>
internal sealed record RegisterTotals(string Format, int Lines, long TotalQepik, int? SaidLines, long? SaidTotalQepik);

/// <summary>What the readers of registers have in common: limits, and texts as bytes.</summary>
internal static class RegisterText
{
    public const int MostTxn = 64;
    public const int MostAccount = 200;

    /// <summary>More than any provider has in a day.</summary>
    public const int MostLines = 50_000_000;

    /// <summary>Of one line, in qəpik: with as many lines as there may be, the sum is still a long.</summary>
    public const long MostQepik = 99_999_999_999;

    private const int MostWholeDigits = 16;

    /// <summary>An amount of manat with at most two decimals, a dot between; 10 and 10.4 are seen.</summary>
    public static bool TryReadManat(ReadOnlySpan<byte> text, out long qepik)
    {
        qepik = 0;
        var point = text.IndexOf((byte)'.');
        var whole = point < 0 ? text : text[..point];
        var part = point < 0 ? [] : text[(point + 1)..];
        if (whole.Length is 0 or > MostWholeDigits || part.Length > 2 || (point >= 0 && part.Length == 0))
        {
            return false;
        }

        foreach (var digit in whole)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            qepik = qepik * 10 + (digit - '0');
        }

        for (var i = 0; i < 2; i++)
        {
            var digit = i < part.Length ? part[i] : (byte)'0';
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            qepik = qepik * 10 + (digit - '0');
        }

        return true;
    }

    /// <summary>A transaction's number where it has the shape of one of ours: decimal, without a zero before it.</summary>
    public static long? NumberOf(ReadOnlySpan<byte> txn) =>
        txn.Length is > 0 and <= 19 && txn[0] is >= (byte)'1' and <= (byte)'9'
        && Utf8Parser.TryParse(txn, out long number, out var used) && used == txn.Length ? number : null;

    /// <summary>yyyy-MM-dd, dd.MM.yyyy or yyyyMMdd.</summary>
    public static bool TryReadDay(ReadOnlySpan<byte> text, out LocalDate day)
    {
        day = default;
        int year, month, of;
        if (text.Length == 10 && text[4] == '-' && text[7] == '-')
        {
            (year, month, of) = (Digits(text[..4]), Digits(text[5..7]), Digits(text[8..]));
        }
        else if (text.Length == 10 && text[2] == '.' && text[5] == '.')
        {
            (year, month, of) = (Digits(text[6..]), Digits(text[3..5]), Digits(text[..2]));
        }
        else if (text.Length == 8)
        {
            (year, month, of) = (Digits(text[..4]), Digits(text[4..6]), Digits(text[6..]));
        }
        else
        {
            return false;
        }

        if (year is < 1990 or > 2199 || month is < 1 or > 12 || of < 1 || of > CalendarSystem.Iso.GetDaysInMonth(year, month))
        {
            return false;
        }

        day = new LocalDate(year, month, of);
        return true;
    }

    /// <summary>HH:mm:ss, HH:mm or HHmmss.</summary>
    public static bool TryReadTime(ReadOnlySpan<byte> text, out long microseconds)
    {
        var (hour, minute, second) = text.Length switch
        {
            8 when text[2] == ':' && text[5] == ':' => (Digits(text[..2]), Digits(text[3..5]), Digits(text[6..])),
            5 when text[2] == ':' => (Digits(text[..2]), Digits(text[3..]), 0),
            6 => (Digits(text[..2]), Digits(text[2..4]), Digits(text[4..])),
            _ => (-1, -1, -1),
        };
        microseconds = ((hour * 60L + minute) * 60 + second) * 1_000_000;
        return hour is >= 0 and < 24 && minute is >= 0 and < 60 && second is >= 0 and < 60;
    }

    /// <summary>Refuses a text that is empty, too long or not to be shown.</summary>
    public static void Check(ReadOnlySpan<byte> text, int most, int line, int column, string field)
    {
        if (Fault(text, most) is { } wrong)
        {
            throw RefusedFileException.At(line, column, field, wrong);
        }
    }

    /// <returns>Null: nothing is wrong with it.</returns>
    public static string? Fault(ReadOnlySpan<byte> text, int most) =>
        text.Length == 0 ? "Nothing stands there."
        : text.Length > most ? $"It is longer than {most} bytes."
        : text.ContainsAnyInRange((byte)0, (byte)0x1F) || text.Contains((byte)0x7F) ? "A control character stands there."
        : null;

    /// <summary>For a message: short, and readable whatever the bytes are.</summary>
    public static string Shown(ReadOnlySpan<byte> text) => Encoding.Latin1.GetString(text.Length <= 40 ? text : text[..40])
        .Replace('\0', ' ');

    private static int Digits(ReadOnlySpan<byte> text)
    {
        var value = 0;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return -1_000_000;
            }

            value = value * 10 + (digit - '0');
        }

        return value;
    }
}
