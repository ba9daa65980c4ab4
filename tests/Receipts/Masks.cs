using EGovPay.Processing.Receipts;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Receipts;

public sealed class Masks
{
    [Theory]
    [InlineData("012345678901234", "0123*******1234")]
    [InlineData("012345678901", "0123****8901")]
    [InlineData("01234567890", "01*******90")]
    [InlineData("501234567", "50*****67")]
    [InlineData("01234567", "01****67")]
    [InlineData("5ABC12Z", "5*****Z")]
    [InlineData("12345", "1***5")]
    [InlineData("1234", "****")]
    [InlineData("1", "*")]
    [InlineData("", "")]
    public void An_account_shows_less_the_shorter_it_is(string account, string masked) =>
        Mask.Account(account).Should().Be(masked);

    [Fact]
    public void An_account_keeps_its_length_and_hides_at_least_a_third() => Prop.ForAll(
        Arb.From(Gen.Choose(0, 40).Select(length => new string('7', length))),
        account => Mask.Account(account) is var masked
            && masked.Length == account.Length
            && masked.Count(c => c == '*') * 3 >= account.Length).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("5ABC12Z", "5*****Z")]
    [InlineData("ABC", "***")]
    public void A_FIN_shows_its_ends_only(string fin, string masked) => Mask.Fin(fin).Should().Be(masked);

    [Theory]
    [InlineData("5ABC12Z", true)]
    [InlineData("5ABC12", false)]
    [InlineData("5ABC12ZZ", false)]
    [InlineData("5ABC1OZ", false)]
    [InlineData("5ABC1IZ", false)]
    [InlineData("5abc12z", false)]
    [InlineData("5ABC12Z\n", false)]
    public void A_FIN_is_seven_capitals_and_digits_without_O_and_I(string value, bool fin) =>
        Mask.LooksLikeFin(value).Should().Be(fin);

    [Theory]
    [InlineData("411111******1111", true)]
    [InlineData("4111XXXXXXXX1111", true)]
    [InlineData("****1111", true)]
    [InlineData("411111***1111", true)]
    [InlineData("4111111*****1111", false)]
    [InlineData("411111*****11111", false)]
    [InlineData("4111111111111111", false)]
    [InlineData("411111**1111", false)]
    [InlineData("***1111", false)]
    [InlineData("411111**********1111", false)]
    [InlineData("411111***9**1111", false)]
    [InlineData("411111******111١", false)]
    [InlineData("411111******1111\n", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_card_number_shows_at_most_its_first_six_and_last_four(string? pan, bool accepted) =>
        Mask.IsMaskedPan(pan).Should().Be(accepted);

    [Theory]
    [InlineData("411111******1111", "411111******1111")]
    [InlineData("4111111111111111", "************1111")]
    [InlineData("41111111", "********")]
    public void A_card_number_that_came_unmasked_is_masked_before_it_is_printed(string pan, string printed) =>
        Mask.Pan(pan).Should().Be(printed);
}
