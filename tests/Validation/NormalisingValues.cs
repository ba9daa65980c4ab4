using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Validation;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Validation;

public sealed class NormalisingValues
{
    [Theory]
    [InlineData("502345678", "502345678")]
    [InlineData("0502345678", "502345678")]
    [InlineData("994502345678", "502345678")]
    [InlineData("+994502345678", "502345678")]
    [InlineData("00994502345678", "502345678")]
    [InlineData("+994 (50) 234-56-78", "502345678")]
    [InlineData(" 050 234 56 78 ", "502345678")]
    [InlineData("050.234.56.78", "502345678")]
    [InlineData("050\u00a0234\u00a05678", "502345678")]
    [InlineData("994123456", "994123456")]
    [InlineData("(012) 412-34-56", "124123456")]
    [InlineData("+905023456789", "+905023456789")]
    [InlineData("+502345678", "+502345678")]
    [InlineData("50234567", "50234567")]
    [InlineData("5023456789", "5023456789")]
    [InlineData("994994502345678", "994994502345678")]
    [InlineData("++994502345678", "++994502345678")]
    [InlineData("50234567x", "50234567x")]
    [InlineData("ali.valiyev", "ali.valiyev")]
    [InlineData("", "")]
    [InlineData("-", "-")]
    [InlineData("99999999999999999999999999", "99999999999999999999999999")]
    public void A_telephone_number_becomes_nine_national_digits(string typed, string normal) =>
        NormaliseValue.Apply(Normaliser.Phone, typed).Should().Be(normal);

    [Theory]
    [InlineData("7abcde2", "7ABCDE2")]
    [InlineData(" 7ABCDE2\t", "7ABCDE2")]
    [InlineData("7ABOoE2", "7AB00E2")]
    [InlineData("7ABıİE2", "7ABıİE2")]
    [InlineData("", "")]
    public void A_FİN_has_capitals_and_no_letter_O(string typed, string normal) =>
        NormaliseValue.Apply(Normaliser.Fin, typed).Should().Be(normal);

    [Theory]
    [InlineData("aaa0000001 ", "AAA0000001")]
    [InlineData("doo-1", "DOO-1")]
    [InlineData("iI", "II")]
    public void A_protocol_number_has_capitals_and_keeps_its_letter_O(string typed, string normal) =>
        NormaliseValue.Apply(Normaliser.Upper, typed).Should().Be(normal);

    [Theory]
    [InlineData("  01 2 ", "01 2")]
    [InlineData("aBc", "aBc")]
    public void Without_a_normaliser_only_the_ends_are_trimmed(string typed, string normal) =>
        NormaliseValue.Apply(Normaliser.None, typed).Should().Be(normal);

    [Fact]
    public void Normalising_twice_changes_nothing_and_makes_nothing() => Prop.ForAll(Typed, text =>
    {
        foreach (var normaliser in Enum.GetValues<Normaliser>())
        {
            var once = NormaliseValue.Apply(normaliser, text);
            NormaliseValue.Apply(normaliser, once).Should().BeSameAs(once, "{0} of \"{1}\"", normaliser, text);
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void However_a_number_is_written_it_is_one_number() => Prop.ForAll(
        Arb.From(Gen.Choose(200_000_000, 999_999_999)), Arb.From(Gen.Elements("", "0", "994", "+994", "00994")),
        Arb.From(Gen.ArrayOf(Gen.Elements("", " ", "-", "(", ")"), 9)),
        (number, prefix, gaps) =>
        {
            var digits = $"{number}";
            return NormaliseValue.Phone(prefix + string.Concat(digits.Zip(gaps, (d, gap) => gap + d))) == digits;
        })
        .QuickCheckThrowOnFailure();

    private static Arbitrary<string> Typed => Arb.From(Gen.OneOf(
        Gen.Choose(0, 18).SelectMany(
            length => Gen.ArrayOf(Gen.Elements("0123456789994+ -().aozOZ\t\u00a0İı".ToCharArray()), length),
            (_, chars) => new string(chars)),
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get)));
}
