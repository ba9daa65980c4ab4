using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Validation;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Validation;

public sealed class CheckDigitRules
{
    private static readonly Arbitrary<string> DigitStrings = Arb.From(
        Gen.Choose(1, 24).SelectMany(length => Gen.ArrayOf(Gen.Choose(0, 9), length), (_, digits) =>
            string.Concat(digits)));

    [Theory]
    [InlineData("490154203237518", true)]
    [InlineData("490154203237519", false)]
    [InlineData("79927398713", true)]
    [InlineData("4111111111111111", true)]
    [InlineData("4111111111111112", false)]
    [InlineData("0", false)]
    [InlineData("", false)]
    [InlineData("49015420323751A", false)]
    [InlineData("٤٩٠١٥٤٢٠٣٢٣٧٥١٨", false)]
    public void Luhn(string value, bool right) => CheckDigits.Luhn(value).Should().Be(right);

    [Theory]
    [InlineData("AZ17CTRE00000000000002117131", true)]
    [InlineData("AZ17CTRE00000000000002117132", false)]
    [InlineData("AZ71CTRE00000000000002117131", false)]
    [InlineData("AZ21NABZ00000000137010001944", true)]
    [InlineData("GB29NWBK60161331926819", true)]
    [InlineData("RF18539007547034", true)]
    [InlineData("79444", true)]
    [InlineData("79445", false)]
    [InlineData("az17CTRE00000000000002117131", false)]
    [InlineData("", false)]
    [InlineData("1", false)]
    [InlineData("AZ17", false)]
    [InlineData("AZ17 CTRE", false)]
    public void Modulus_97(string value, bool right) => CheckDigits.Mod97(value).Should().Be(right);

    [Theory]
    [InlineData("0306406152", true)]
    [InlineData("0306406151", false)]
    [InlineData("080442957X", true)]
    [InlineData("0804429570", false)]
    [InlineData("08044295X7", false)]
    [InlineData("080442957:", false)]
    [InlineData("X", false)]
    [InlineData("", false)]
    public void Modulus_11(string value, bool right) => CheckDigits.Mod11(value).Should().Be(right);

    [Theory]
    [InlineData("1400057421", true)]
    [InlineData("1401555071", true)]
    [InlineData("1400057422", true)]
    [InlineData("1400057424", false)]
    [InlineData("1400057420", false)]
    [InlineData("1234567890", false)]
    [InlineData("1234567891", false)]
    [InlineData("140005742", false)]
    [InlineData("14000574211", false)]
    [InlineData("14000574X1", false)]
    [InlineData("", false)]
    public void VÖEN(string value, bool right) => CheckDigits.Voen(value).Should().Be(right);

    [Fact]
    public void A_field_for_a_FİN_or_a_VÖEN_judges_the_check_digit_of_VÖENs_only()
    {
        CheckDigits.Satisfies(CheckDigit.Voen, "7ABCDE2").Should().BeTrue();
        CheckDigits.Satisfies(CheckDigit.Voen, "1400057421").Should().BeTrue();
        CheckDigits.Satisfies(CheckDigit.Voen, "1400057411").Should().BeFalse();
    }

    [Fact]
    public void One_wrong_digit_is_seen_by_Luhn() =>
        OneWrongDigitIsSeen(CheckDigits.Luhn, digits => Complete(digits, CheckDigits.Luhn, "0123456789"));

    [Fact]
    public void One_wrong_digit_is_seen_by_modulus_11() =>
        OneWrongDigitIsSeen(CheckDigits.Mod11, digits => Complete(digits, CheckDigits.Mod11, "0123456789X"));

    [Fact]
    public void One_wrong_digit_is_seen_by_modulus_97() => OneWrongDigitIsSeen(CheckDigits.Mod97, digits =>
        Enumerable.Range(0, 97).Select(check => $"{digits}{check:00}")
            .FirstOrDefault(value => CheckDigits.Mod97(value)));

    [Fact]
    public void One_wrong_digit_of_the_first_nine_is_seen_by_the_VÖEN_rule() => OneWrongDigitIsSeen(
        value => CheckDigits.Voen(value),
        digits => Enumerable.Range(0, 10).Select(check => $"{digits.PadLeft(8, '4')[..8]}{check}1")
            .FirstOrDefault(value => CheckDigits.Voen(value)),
        lastDigitsUnseen: 1);

    [Fact]
    public void No_text_makes_a_rule_throw() => Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text =>
    {
        foreach (var rule in Enum.GetValues<CheckDigit>())
        {
            CheckDigits.Satisfies(rule, text);
        }
    }).QuickCheckThrowOnFailure();

    private delegate bool Rule(ReadOnlySpan<char> value);

    private static string? Complete(string digits, Rule rule, string symbols)
    {
        foreach (var symbol in symbols)
        {
            if (rule(digits + symbol))
            {
                return digits + symbol;
            }
        }

        return null;
    }

    private static void OneWrongDigitIsSeen(Rule rule, Func<string, string?> complete, int lastDigitsUnseen = 0) =>
        Prop.ForAll(DigitStrings, digits =>
        {
            if (complete(digits) is not { } value)
            {
                return; // the remainder 10 of a VÖEN does not occur: no such number is given out
            }

            for (var at = 0; at < value.Length - lastDigitsUnseen; at++)
            {
                for (var digit = '0'; digit <= '9'; digit++)
                {
                    var typed = value[..at] + digit + value[(at + 1)..];
                    rule(typed).Should().Be(digit == value[at], "{0} for {1}", typed, value);
                }
            }
        }).QuickCheckThrowOnFailure();
}
