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

    /// <summary>
    /// The most generations of a day. After a restore from backup its receipts are numbered on in the next generation: series 16
    /// further, of which nobody was ever given a number.
    /// </summary>
    public const int MaxGeneration = 61;

    /// <summary>How many digits it has.</summary>
    public const int Length = 16;

    /// <summary>Makes the number of a confirmation.</summary>
    /// <param name="day">The business day of the confirmation, 2000–2099.</param>
    /// <param name="lane">The agent's lane, 0–15.</param>
    /// <param name="counter">
    /// The position in the day's series, 1–9 999 999, and 10 000 000 more for each generation, as the book keeps it.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is out of its range.</exception>
    public ReceiptNumber(LocalDate day, int lane, int counter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(day.Year, 2000, nameof(day));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(day.Year, 2099, nameof(day));
        ArgumentOutOfRangeException.ThrowIfNegative(lane);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(lane, Lanes.Count);
        var (generation, position) = Math.DivRem(counter, MaxCounter + 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(position, 1, nameof(counter));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(generation, MaxGeneration, nameof(counter));
        Day = day;
        Lane = lane;
        Generation = generation;
        Counter = position;
    }

    /// <summary>The business day.</summary>
    public LocalDate Day { get; }

    /// <summary>The lane, 0–15; the printed series is 16 × the generation + the lane + 1.</summary>
    public int Lane { get; }

    /// <summary>How often the day was numbered on after a restore.</summary>
    public int Generation { get; }

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
        var (generation, lane) = Math.DivRem(Digits(text, 5, 3) - 1, Lanes.Count);
        var counter = Digits(text, 8, 7);
        var exists = dayOfYear >= 1 && dayOfYear <= (DateTime.IsLeapYear(year) ? 366 : 365);
        return exists && lane >= 0 && generation <= MaxGeneration && counter >= 1
            ? new ReceiptNumber(new LocalDate(year, 1, 1).PlusDays(dayOfYear - 1), lane, (generation * (MaxCounter + 1)) + counter)
            : null;
    }

    /// <summary>The 16 digits.</summary>
    public override string ToString()
    {
        var body = string.Create(
            CultureInfo.InvariantCulture, $"{Day.Year % 100:00}{Day.DayOfYear:000}{(Generation * Lanes.Count) + Lane + 1:000}{Counter:0000000}");
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
