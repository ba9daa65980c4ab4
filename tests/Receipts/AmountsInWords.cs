using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Receipts;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Receipts;

public sealed class AmountsInWords
{
    private static readonly Arbitrary<Money> Amounts = Arb.From(
        from bits in Gen.Choose(1, 47)
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(int.MinValue, int.MaxValue)
        let cut = (((long)high << 32) | unchecked((uint)low)) & ((1L << bits) - 1)
        select new Money(Math.Min(cut, AmountInWords.Max.Qepik)));

    [Theory]
    [InlineData(0, "sıfır manat sıfır qəpik")]
    [InlineData(1, "sıfır manat bir qəpik")]
    [InlineData(40, "sıfır manat qırx qəpik")]
    [InlineData(100, "bir manat sıfır qəpik")]
    [InlineData(1_011, "on manat on bir qəpik")]
    [InlineData(2_350, "iyirmi üç manat əlli qəpik")]
    [InlineData(9_999, "doxsan doqquz manat doxsan doqquz qəpik")]
    [InlineData(10_000, "yüz manat sıfır qəpik")]
    [InlineData(10_100, "yüz bir manat sıfır qəpik")]
    [InlineData(27_465, "iki yüz yetmiş dörd manat altmış beş qəpik")]
    [InlineData(100_000, "min manat sıfır qəpik")]
    [InlineData(100_100, "min bir manat sıfır qəpik")]
    [InlineData(187_630, "min səkkiz yüz yetmiş altı manat otuz qəpik")]
    [InlineData(200_000, "iki min manat sıfır qəpik")]
    [InlineData(2_100_000, "iyirmi bir min manat sıfır qəpik")]
    [InlineData(10_000_000, "yüz min manat sıfır qəpik")]
    [InlineData(10_100_000, "yüz bir min manat sıfır qəpik")]
    [InlineData(100_000_000, "bir milyon manat sıfır qəpik")]
    [InlineData(100_100_000, "bir milyon min manat sıfır qəpik")]
    [InlineData(100_000_000_000, "bir milyard manat sıfır qəpik")]
    [InlineData(99_999_999_999_999, "doqquz yüz doxsan doqquz milyard doqquz yüz doxsan doqquz milyon "
        + "doqquz yüz doxsan doqquz min doqquz yüz doxsan doqquz manat doxsan doqquz qəpik")]
    public void Azerbaijani(long qepik, string words) => AmountInWords.Of(new Money(qepik)).Should().Be(words);

    [Theory]
    [InlineData(0, "zero manat zero qəpik")]
    [InlineData(101, "one manat one qəpik")]
    [InlineData(1_319, "thirteen manat nineteen qəpik")]
    [InlineData(2_350, "twenty-three manat fifty qəpik")]
    [InlineData(12_040, "one hundred twenty manat forty qəpik")]
    [InlineData(100_500, "one thousand five manat zero qəpik")]
    [InlineData(187_630, "one thousand eight hundred seventy-six manat thirty qəpik")]
    [InlineData(111_111_111_111, "one billion one hundred eleven million one hundred eleven thousand "
        + "one hundred eleven manat eleven qəpik")]
    public void English(long qepik, string words) => AmountInWords.Of(new Money(qepik), "en").Should().Be(words);

    [Theory]
    [InlineData(0, "ноль манатов ноль гяпиков")]
    [InlineData(101, "один манат один гяпик")]
    [InlineData(202, "два маната два гяпика")]
    [InlineData(505, "пять манатов пять гяпиков")]
    [InlineData(1_111, "одиннадцать манатов одиннадцать гяпиков")]
    [InlineData(1_414, "четырнадцать манатов четырнадцать гяпиков")]
    [InlineData(2_121, "двадцать один манат двадцать один гяпик")]
    [InlineData(2_350, "двадцать три маната пятьдесят гяпиков")]
    [InlineData(11_112, "сто одиннадцать манатов двенадцать гяпиков")]
    [InlineData(100_000, "одна тысяча манатов ноль гяпиков")]
    [InlineData(200_100, "две тысячи один манат ноль гяпиков")]
    [InlineData(500_000, "пять тысяч манатов ноль гяпиков")]
    [InlineData(1_200_000, "двенадцать тысяч манатов ноль гяпиков")]
    [InlineData(2_200_000, "двадцать две тысячи манатов ноль гяпиков")]
    [InlineData(187_634, "одна тысяча восемьсот семьдесят шесть манатов тридцать четыре гяпика")]
    [InlineData(200_000_000, "два миллиона манатов ноль гяпиков")]
    [InlineData(2_100_000_000, "двадцать один миллион манатов ноль гяпиков")]
    [InlineData(1_100_000_000_000, "одиннадцать миллиардов манатов ноль гяпиков")]
    public void Russian(long qepik, string words) => AmountInWords.Of(new Money(qepik), "ru").Should().Be(words);

    [Fact]
    public void A_sentence_begins_with_a_capital_and_Azerbaijani_i_becomes_a_dotted_one()
    {
        AmountInWords.Sentence(new Money(2_350)).Should().Be("İyirmi üç manat əlli qəpik");
        AmountInWords.Sentence(new Money(300)).Should().Be("Üç manat sıfır qəpik");
        AmountInWords.Sentence(new Money(5_000)).Should().Be("Əlli manat sıfır qəpik");
        AmountInWords.Sentence(new Money(2_350), "en").Should().Be("Twenty-three manat fifty qəpik");
        AmountInWords.Sentence(new Money(2_350), "ru").Should().Be("Двадцать три маната пятьдесят гяпиков");
    }

    [Theory]
    [InlineData("az")]
    [InlineData("en")]
    [InlineData("ru")]
    public void Every_amount_up_to_twenty_thousand_manat_reads_differently(string language)
    {
        var manats = Enumerable.Range(0, 20_000).Select(manat => AmountInWords.Of(new Money(manat * 100L), language));
        var qepiks = Enumerable.Range(0, 100).Select(qepik => AmountInWords.Of(new Money(qepik), language));
        manats.Should().OnlyHaveUniqueItems();
        qepiks.Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("az")]
    [InlineData("en")]
    [InlineData("ru")]
    public void Two_different_amounts_never_read_alike(string language) => Prop.ForAll(Amounts, Amounts, (one, other) =>
        one == other || AmountInWords.Of(one, language) != AmountInWords.Of(other, language))
        .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("az")]
    [InlineData("en")]
    [InlineData("ru")]
    public void Words_stand_one_space_apart_and_no_part_is_empty(string language) => Prop.ForAll(Amounts, amount =>
        AmountInWords.Of(amount, language).Split(' ').All(word => word.Length > 0)).QuickCheckThrowOnFailure();

    [Fact]
    public void Words_read_back_as_the_amount_they_say() => Prop.ForAll(Amounts, amount =>
        ReadBack(AmountInWords.Of(amount)) == amount.Qepik).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void An_amount_beyond_the_greatest_has_no_words() =>
        FluentActions.Invoking(() => AmountInWords.Of(new Money(AmountInWords.Max.Qepik + 1)))
            .Should().Throw<ArgumentOutOfRangeException>();

    /// <summary>A reader of Azerbaijani numerals, written apart from the writer.</summary>
    private static long ReadBack(string words)
    {
        var values = new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["sıfır"] = 0, ["bir"] = 1, ["iki"] = 2, ["üç"] = 3, ["dörd"] = 4, ["beş"] = 5, ["altı"] = 6, ["yeddi"] = 7,
            ["səkkiz"] = 8, ["doqquz"] = 9, ["on"] = 10, ["iyirmi"] = 20, ["otuz"] = 30, ["qırx"] = 40, ["əlli"] = 50,
            ["altmış"] = 60, ["yetmiş"] = 70, ["səksən"] = 80, ["doxsan"] = 90,
        };
        long total = 0, group = 0, manat = 0;
        foreach (var word in words.Split(' '))
        {
            switch (word)
            {
                case "yüz": group = Math.Max(group, 1) * 100; break;
                case "min": total += Math.Max(group, 1) * 1_000; group = 0; break;
                case "milyon": total += group * 1_000_000; group = 0; break;
                case "milyard": total += group * 1_000_000_000; group = 0; break;
                case "manat": manat = total + group; total = group = 0; break;
                case "qəpik": return (manat * 100) + total + group;
                default: group += values[word]; break;
            }
        }

        throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"no qəpik in: {words}"));
    }
}
