using System.Globalization;
using System.Runtime.InteropServices;
using EGovPay.Processing.Journal;
using NodaTime;

namespace EGovPay.Processing.Receipts;

/// <summary>
/// The central number of a receipt, 16 digits: <c>YYDDD</c> (business day: last two digits of the year, day of the
/// year), the series (3 digits, one per lane: lane 0 is 001), the counter within the day's series (7 digits, from 1,
/// no gap), and Luhn's digit. It is not secret and proves nothing: that is the verification code's work.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ReceiptNumber
{
    /// <summary>The last number of a series in one day.</summary>
    public const int MaxCounter = 9_999_999;

    /// <summary>How many digits it has.</summary>
    public const int Length = 16;

    /// <summary>Makes the number of a confirmation.</summary>
    /// <param name="day">The business day of the confirmation, 2000–2099.</param>
    /// <param name="lane">The agent's lane, 0–15.</param>
    /// <param name="counter">The position in the day's series, 1–9 999 999.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is out of its range.</exception>
    public ReceiptNumber(LocalDate day, int lane, int counter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(day.Year, 2000, nameof(day));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(day.Year, 2099, nameof(day));
        ArgumentOutOfRangeException.ThrowIfNegative(lane);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(lane, Lanes.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(counter, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(counter, MaxCounter);
        Day = day;
        Lane = lane;
        Counter = counter;
    }

    /// <summary>The business day.</summary>
    public LocalDate Day { get; }

    /// <summary>The lane, 0–15; the printed series is one more.</summary>
    public int Lane { get; }

    /// <summary>The position in the day's series, from 1.</summary>
    public int Counter { get; }

    /// <summary>
    /// Reads 16 digits; null unless the day exists, series and counter are in range and Luhn's digit fits.
    /// </summary>
    public static ReceiptNumber? Parse(string? text)
    {
        if (text is not { Length: Length }
            || !text.All(char.IsAsciiDigit)
            || LuhnDigit(text.AsSpan(0, 15)) != text[15] - '0')
        {
            return null;
        }

        var year = 2000 + Digits(text, 0, 2);
        var dayOfYear = Digits(text, 2, 3);
        var lane = Digits(text, 5, 3) - 1;
        var counter = Digits(text, 8, 7);
        var exists = dayOfYear >= 1 && dayOfYear <= (DateTime.IsLeapYear(year) ? 366 : 365);
        return exists && lane is >= 0 and < Lanes.Count && counter >= 1
            ? new ReceiptNumber(new LocalDate(year, 1, 1).PlusDays(dayOfYear - 1), lane, counter)
            : null;
    }

    /// <summary>The 16 digits.</summary>
    public override string ToString()
    {
        var body = string.Create(
            CultureInfo.InvariantCulture, $"{Day.Year % 100:00}{Day.DayOfYear:000}{Lane + 1:000}{Counter:0000000}");
        return body + (char)('0' + LuhnDigit(body));
    }

    private static int Digits(string text, int start, int length) =>
        int.Parse(text.AsSpan(start, length), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The digit that Luhn's rule appends to the body.</summary>
    private static int LuhnDigit(ReadOnlySpan<char> body)
    {
        var sum = 0;
        for (var i = 0; i < body.Length; i++)
        {
            var digit = body[body.Length - 1 - i] - '0';
            var weighed = i % 2 == 0 ? digit * 2 : digit;
            sum += weighed > 9 ? weighed - 9 : weighed;
        }

        return (10 - (sum % 10)) % 10;
    }
}
