using EGovPay.Processing.Receipts;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Receipts;

public sealed class ReceiptNumbers
{
    private static readonly Arbitrary<ReceiptNumber> Any = Arb.From(
        from day in Gen.Choose(0, 36_524)
        from lane in Gen.Choose(0, 15)
        from counter in Gen.Choose(1, ReceiptNumber.MaxCounter)
        select new ReceiptNumber(new LocalDate(2000, 1, 1).PlusDays(day), lane, counter));

    [Theory]
    [InlineData(2026, 11, 22, 0, 42, "2632600100000420")]
    [InlineData(2026, 1, 1, 15, 1, "2600101600000018")]
    [InlineData(2028, 12, 31, 9, 9_999_999, "2836601099999998")]
    public void A_number_is_the_day_the_series_the_counter_and_Luhns_digit(
        int year, int month, int day, int lane, int counter, string text)
    {
        var number = new ReceiptNumber(new LocalDate(year, month, day), lane, counter);
        number.ToString().Should().Be(text);
        ReceiptNumber.Parse(text).Should().Be(number);
    }

    [Fact]
    public void A_number_is_16_digits_and_reads_back() => Prop.ForAll(Any, number =>
        number.ToString() is { Length: ReceiptNumber.Length } text
            && text.All(char.IsAsciiDigit) && ReceiptNumber.Parse(text) == number)
        .QuickCheckThrowOnFailure();

    [Fact]
    public void One_wrong_digit_is_seen() => Prop.ForAll(Any, number =>
    {
        var text = number.ToString();
        for (var at = 0; at < text.Length; at++)
        {
            for (var digit = '0'; digit <= '9'; digit++)
            {
                var typed = text[..at] + digit + text[(at + 1)..];
                (ReceiptNumber.Parse(typed) is not null).Should().Be(digit == text[at], "{0} for {1}", typed, text);
            }
        }
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("263260010000042")]
    [InlineData("26326001000004200")]
    [InlineData("2632600100000421")]
    [InlineData(" 632600100000420")]
    [InlineData("26326001٠0000420")]
    [InlineData("2600000100000019")]
    [InlineData("2636600100000018")]
    [InlineData("2632600000000429")]
    [InlineData("2632601700000020")]
    [InlineData("2632600100000005")]
    public void What_no_confirmation_can_have_had_is_no_number(string? text) =>
        ReceiptNumber.Parse(text).Should().BeNull();

    [Theory]
    [InlineData("26000001", 1)]
    [InlineData("26366001", 1)]
    [InlineData("26326000", 1)]
    [InlineData("26326993", 1)]
    [InlineData("26326001", 0)]
    public void A_day_series_or_counter_out_of_range_is_refused_even_with_a_right_last_digit(string start, int counter)
    {
        var body = start + counter.ToString("0000000", System.Globalization.CultureInfo.InvariantCulture);
        Enumerable.Range(0, 10).Should().NotContain(last => ReceiptNumber.Parse(body + last) != null);
    }

    [Fact]
    public void Parts_out_of_their_range_make_no_number()
    {
        var day = new LocalDate(2026, 11, 22);
        Making(new LocalDate(1999, 12, 31), 0, 1).Should().Throw<ArgumentOutOfRangeException>();
        Making(new LocalDate(2100, 1, 1), 0, 1).Should().Throw<ArgumentOutOfRangeException>();
        Making(day, -1, 1).Should().Throw<ArgumentOutOfRangeException>();
        Making(day, 16, 1).Should().Throw<ArgumentOutOfRangeException>();
        Making(day, 0, 0).Should().Throw<ArgumentOutOfRangeException>();
        Making(day, 0, 10_000_000).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static Func<ReceiptNumber> Making(LocalDate day, int lane, int counter) =>
        () => new ReceiptNumber(day, lane, counter);
}
