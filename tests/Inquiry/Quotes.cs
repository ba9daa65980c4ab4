using System.Buffers.Text;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Inquiry;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Inquiry;

public sealed class Quotes
{
    private static readonly Instant Now = Instant.FromUtc(2026, 11, 22, 8, 0);
    private static readonly Service Fine = EmbeddedCatalogue.Load().Find("40101")!;
    private static readonly QuoteKey Old = Key(1);
    private static readonly QuoteKey New = Key(2);
    private static readonly SealQuotes Seal = new([Old]);

    [Fact]
    public void A_quote_comes_back_as_it_was_made()
    {
        var quote = Made([new("2026-09", "Sentyabr", 1_000), new("2026-10", "Oktyabr", long.MaxValue)], "Əli Məmmədov");
        var read = Seal.Read(Seal.Seal(quote), Now);
        read.Status.Should().Be(QuoteStatus.Good);
        read.Quote.Should().BeEquivalentTo(quote);
        read.Quote!.Payer.Should().Be("Ə** M*******");
        read.Quote.DueOf("2026-09").Should().Be(1_000);
        read.Quote.DueOf("2026-10").Should().Be(long.MaxValue);
        read.Quote.DueOf("2026-11").Should().BeNull();
        read.Quote.Fee.For(new Money(4_000)).Should().Be(new Money(40));
        read.Quote.ExpiresAt.Should().Be(Now + Duration.FromMinutes(15));
    }

    [Fact]
    public void Two_quotes_of_one_answer_are_two_quotes() => Made([]).Id.Should().NotBe(Made([]).Id);

    [Fact]
    public void No_account_and_no_name_can_be_read_off_the_text()
    {
        var bytes = Base64Url.DecodeFromChars(Seal.Seal(Made([], "Əli Məmmədov")));
        var text = System.Text.Encoding.UTF8.GetString(bytes);
        text.Should().NotContain("AAA0000001").And.NotContain("Məmmədov").And.Contain("Ə** M*******");
    }

    [Fact]
    public void One_changed_bit_anywhere_is_a_forgery()
    {
        var bytes = Base64Url.DecodeFromChars(Seal.Seal(Made([new("a", "A", 4_000)], "Əli")));
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Seal.Read(Base64Url.EncodeToString(bytes), Now).Should().Be(new QuoteReading(QuoteStatus.Forged, null));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Seal.Read(Base64Url.EncodeToString(bytes), Now).Status.Should().Be(QuoteStatus.Good);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("A")]
    [InlineData("AQE")]
    [InlineData("no base64url!")]
    [InlineData("////++++")]
    [InlineData("ə")]
    [InlineData("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Garbage_is_a_forgery(string text) => Seal.Read(text, Now).Status.Should().Be(QuoteStatus.Forged);

    [Fact]
    public void No_text_makes_reading_throw() => Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), text =>
        Seal.Read(text.Get, Now).Status == QuoteStatus.Forged).QuickCheckThrowOnFailure();

    [Fact]
    public void Cut_or_lengthened_texts_are_forgeries()
    {
        var text = Seal.Seal(Made([]));
        for (var length = 0; length < text.Length; length++)
        {
            Seal.Read(text[..length], Now).Status.Should().Be(QuoteStatus.Forged);
        }

        Seal.Read(text + "AAAA", Now).Status.Should().Be(QuoteStatus.Forged);
        Seal.Read(text + new string('A', 1_000_000), Now).Status.Should().Be(QuoteStatus.Forged);
    }

    [Fact]
    public void It_expires_to_the_millisecond()
    {
        var text = Seal.Seal(Made([]));
        Seal.Read(text, Now + Quote.GoodFor - Duration.FromMilliseconds(1)).Status.Should().Be(QuoteStatus.Good);
        Seal.Read(text, Now + Quote.GoodFor).Status.Should().Be(QuoteStatus.Expired);
        Seal.Read(null, Now).Status.Should().Be(QuoteStatus.Absent);
    }

    [Fact]
    public void A_key_is_rotated_without_breaking_quotes_that_are_out()
    {
        var before = Seal.Seal(Made([]));
        var rotated = new SealQuotes([New, Old]);
        rotated.Read(before, Now).Status.Should().Be(QuoteStatus.Good);
        var after = rotated.Seal(Made([]));
        rotated.Read(after, Now).Status.Should().Be(QuoteStatus.Good);
        Seal.Read(after, Now).Status.Should().Be(QuoteStatus.Forged, "the old program does not know the new key");
        new SealQuotes([New]).Read(before, Now).Status.Should().Be(QuoteStatus.Forged, "the old key was taken away");
        new SealQuotes([new QuoteKey(1, New.Secret)]).Read(before, Now).Status
            .Should().Be(QuoteStatus.Forged, "the same id, another key");
    }

    [Fact]
    public void Keys_that_cannot_protect_are_not_taken()
    {
        FluentActions.Invoking(() => new SealQuotes([])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new SealQuotes([new QuoteKey(1, new byte[31])]))
            .Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(5_000)]
    public void However_many_lines_there_are_the_text_stays_below_four_kibibytes(int count)
    {
        var name = string.Join(' ', Enumerable.Repeat("𝔸", 400));
        var quote = Made([.. Enumerable.Range(0, count)
            .Select(i => new DueLine($"line-{i}", "…", long.MaxValue - i))], name);
        var text = Seal.Seal(quote);
        text.Length.Should().BeLessThanOrEqualTo(SealQuotes.MostCharacters);
        var read = Seal.Read(text, Now).Quote!;
        read.Should().BeEquivalentTo(quote);
        (read.Lines is null).Should().Be(count > Quote.MostLines);
    }

    [Fact]
    public void The_binding_tells_service_account_and_each_field_apart()
    {
        Guid[] bindings =
        [
            Quote.BindingOf(10101, "12", []),
            Quote.BindingOf(10102, "12", []),
            Quote.BindingOf(10101, "1", []),
            Quote.BindingOf(10101, "12", [new("a", "b")]),
            Quote.BindingOf(10101, "12", [new("ab", "")]),
            Quote.BindingOf(10101, "12", [new("", "ab")]),
            Quote.BindingOf(10101, "12", [new("a", "b"), new("c", "d")]),
            Quote.BindingOf(10101, "12", [new("c", "d"), new("a", "b")]),
            Quote.BindingOf(10101, "12ab", []),
        ];
        bindings.Should().OnlyHaveUniqueItems();
        Quote.BindingOf(10101, "12", [new("a", "b")]).Should().Be(bindings[3]);
    }

    [Fact]
    public void A_provider_that_answers_nonsense_does_no_harm()
    {
        var quote = Quote.Of(
            7, Fine, Fine.Rules[^1], "AAA0000001", [],
            new InquiryAnswer(
                InquiryResult.Found, " \t", [new("a", "A", -5)], DueQepik: -1, MinQepik: -7, MaxQepik: -8),
            Now);
        quote.DueQepik.Should().Be(0);
        quote.Payer.Should().BeNull();
        quote.DueOf("a").Should().Be(0);
        Seal.Read(Seal.Seal(quote), Now).Quote.Should().BeEquivalentTo(quote);
    }

    [Theory]
    [InlineData("Əli Məmmədov", "Ə** M*******")]
    [InlineData("  Əli   Məmmədov  ", "Ə** M*******")]
    [InlineData("İ", "İ")]
    [InlineData("I\u0307lqar", "İ****")]
    [InlineData("Əliyev-Məmmədova Günel", "Ə*************** G****")]
    [InlineData("Али Мамедов", "А** М******")]
    [InlineData("Ə.\u200bM\u0000Quliyev", "Ə** Q******")]
    [InlineData("𝔸𝔹 C", "𝔸* C")]
    [InlineData("", null)]
    [InlineData("   ", null)]
    [InlineData(null, null)]
    public void A_name_is_masked_to_its_first_letters(string? name, string? masked) =>
        MaskPayer.Mask(name).Should().Be(masked);

    [Fact]
    public void Half_of_a_surrogate_pair_is_masked_like_a_letter() => MaskPayer.Mask("\ud800x").Should().Be("\ufffd*");

    [Fact]
    public void A_masked_name_shows_one_letter_of_a_word_and_is_bounded() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string?>(), name =>
    {
        var masked = MaskPayer.Mask(name);
        return masked is null || (masked.Length > 0
            && masked.EnumerateRunes().Count() <= MaskPayer.MostCharacters
            && masked.Split(' ').All(word => word.EnumerateRunes().Skip(1).All(rune => rune.Value == '*')));
    }).QuickCheckThrowOnFailure();

    private static QuoteKey Key(byte id) => new(id, Enumerable.Range(id, 32).Select(i => (byte)i).ToArray());

    private static Quote Made(IReadOnlyList<DueLine> lines, string? payer = null) => Quote.Of(
        7, Fine, Fine.Rules[^1], "AAA0000001", [], new InquiryAnswer(InquiryResult.Found, payer, lines, 4_000), Now);
}
