using System.Reflection;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Receipts;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Receipts;

public sealed class ReceiptTexts
{
    [Fact]
    public void Every_text_is_there_in_three_languages_and_in_their_letters()
    {
        var texts = typeof(Texts).GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(field => field.FieldType == typeof(Localised))
            .ToDictionary(field => field.Name, field => (Localised)field.GetValue(null)!, StringComparer.Ordinal);
        texts.Count.Should().BeGreaterThan(50);
        foreach (var (name, text) in texts)
        {
            text.Az.Should().NotBeNullOrWhiteSpace(name);
            text.En.Should().NotBeNullOrWhiteSpace(name);
            text.Ru.Any(IsCyrillic).Should().BeTrue("{0} in Russian is {1}", name, text.Ru);
            (text.Az + text.En).Any(IsCyrillic).Should().BeFalse("{0} is {1} and {2}", name, text.Az, text.En);
            text.In("en").Contains("{0}", StringComparison.Ordinal).Should()
                .Be(text.Az.Contains("{0}", StringComparison.Ordinal), name);
        }
    }

    [Fact]
    public void Every_state_and_tender_has_a_name()
    {
        foreach (var state in Enum.GetValues<PaymentState>().Where(state => state != PaymentState.None))
        {
            Texts.Of(state).Az.Should().NotBeEmpty();
        }

        Enum.GetValues<Tender>().Select(tender => Texts.Of(tender).Az).Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("en", "en")]
    [InlineData("ru", "ru")]
    [InlineData("az", "az")]
    [InlineData("tr", "az")]
    [InlineData(null, "az")]
    public void A_language_that_we_do_not_speak_becomes_Azerbaijani(string? asked, string spoken) =>
        Texts.Language(asked).Should().Be(spoken);

    [Fact]
    public void Azerbaijani_capitals_keep_their_dots()
    {
        TextReceipt.Upper("qızıl iş", "az").Should().Be("QIZIL İŞ");
        TextReceipt.Upper("is", "en").Should().Be("IS");
    }

    private static bool IsCyrillic(char letter) => letter is >= '\u0400' and <= '\u04ff';
}
