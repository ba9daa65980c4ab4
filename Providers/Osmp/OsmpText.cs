using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Providers.Osmp;

/// <summary>How OSMP writes sums, numbers and dates, for both directions.</summary>
public static class OsmpText
{
    /// <summary>The greatest sum read: 15 digits of qəpik, far above any limit and far below an overflow.</summary>
    private const int MostWholeDigits = 13;

    private static readonly LocalDateTimePattern DatePattern = LocalDateTimePattern.CreateWithInvariantCulture(
        "uuuuMMddHHmmss");

    /// <summary>Writes qəpik as manat with two decimals and a dot: <c>10.45</c>.</summary>
    public static string Sum(long qepik)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(qepik);
        return string.Create(CultureInfo.InvariantCulture, $"{qepik / 100}.{qepik % 100:00}");
    }

    /// <summary>
    /// Reads a sum to qəpik: digits, and perhaps a dot and one or two decimals (<c>10</c>, <c>10.4</c> and <c>10.45</c>
    /// are seen). No sign, no exponent, no comma, no white space inside; leading zeros are read over.
    /// </summary>
    public static bool TryReadSum(ReadOnlySpan<char> text, out long qepik)
    {
        qepik = 0;
        text = text.Trim(" \t\r\n");
        var dot = text.IndexOf('.');
        var whole = dot < 0 ? text : text[..dot];
        var part = dot < 0 ? default : text[(dot + 1)..];
        if (whole.IsEmpty || whole.Length > MostWholeDigits || whole.ContainsAnyExceptInRange('0', '9')
            || (dot >= 0 && (part.Length is 0 or > 2 || part.ContainsAnyExceptInRange('0', '9'))))
        {
            return false;
        }

        qepik = long.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture) * 100;
        qepik += part.Length switch
        {
            1 => (part[0] - '0') * 10,
            2 => ((part[0] - '0') * 10) + (part[1] - '0'),
            _ => 0,
        };
        return true;
    }

    /// <summary>True for a transaction number: 1–20 decimal digits. It is text: 20 digits overflow 64 bits.</summary>
    public static bool IsTransaction(ReadOnlySpan<char> text) =>
        text.Length is >= 1 and <= 20 && !text.ContainsAnyExceptInRange('0', '9');

    /// <summary>The provider's accounting date: an instant in its zone as <c>yyyyMMddHHmmss</c>.</summary>
    public static string Date(Instant at, DateTimeZone zone) => DatePattern.Format(at.InZone(zone).LocalDateTime);

    /// <summary>Reads <c>yyyyMMddHHmmss</c>.</summary>
    public static bool TryReadDate(string? text, out LocalDateTime at)
    {
        at = default;
        return text is { Length: 14 } && DatePattern.Parse(text).TryGetValue(default, out at);
    }
}
