using System.Security.Cryptography;
using EGovPay.Processing.Receipts;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Receipts;

public sealed class VerificationCodes
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private static readonly byte[] OldKey = SHA256.HashData("an old key"u8);
    private static readonly byte[] NewKey = SHA256.HashData("a new key"u8);
    private static readonly VerificationCode Codes = new([NewKey]);

    private static readonly Arbitrary<(int Agent, long Number)> Payments = Arb.From(
        from agentBits in Gen.Choose(0, 31)
        from agent in Gen.Choose(0, int.MaxValue)
        from numberBits in Gen.Choose(0, 63)
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(int.MinValue, int.MaxValue)
        let number = ((long)high << 32) | unchecked((uint)low)
        select ((int)(agent & ((1L << agentBits) - 1)), number & (long)((1UL << numberBits) - 1)));

    [Fact]
    public void A_code_names_the_payment_it_was_made_for() => Prop.ForAll(Payments, payment =>
    {
        var code = Codes.Encode(payment.Agent, payment.Number);
        return Codes.Decode(code) == payment && Codes.Decode(VerificationCode.Grouped(code)) == payment;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, 0L, 22)]
    [InlineData(17, 731_000_000_042L, 24)]
    [InlineData(1_023, 1L, 22)]
    [InlineData(1_024, 1L, 23)]
    [InlineData(int.MaxValue, long.MaxValue, 34)]
    public void A_code_is_as_long_as_its_numbers_need(int agent, long number, int length)
    {
        var code = Codes.Encode(agent, number);
        code.Should().HaveLength(length);
        Codes.Decode(code).Should().Be((agent, number));
    }

    [Fact]
    public void A_code_uses_only_symbols_that_suit_a_URL_and_a_QR_code() => Prop.ForAll(Payments, payment =>
        Codes.Encode(payment.Agent, payment.Number).All(symbol => Alphabet.Contains(symbol, StringComparison.Ordinal)))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void One_wrong_symbol_is_seen_before_any_key_is_tried() => Prop.ForAll(Payments, payment =>
    {
        var code = Codes.Encode(payment.Agent, payment.Number);
        for (var at = 0; at < code.Length; at++)
        {
            foreach (var other in Alphabet)
            {
                var typed = code[..at] + other + code[(at + 1)..];
                VerificationCode.IsWellFormed(typed).Should().Be(other == code[at], "{0} for {1}", typed, code);
            }
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void Two_neighbours_that_changed_places_are_seen_before_a_key_is_tried() => Prop.ForAll(Payments, payment =>
    {
        var code = Codes.Encode(payment.Agent, payment.Number);
        for (var at = 0; at + 1 < code.Length; at++)
        {
            if (code[at] != code[at + 1])
            {
                var typed = code[..at] + code[at + 1] + code[at] + code[(at + 2)..];
                VerificationCode.IsWellFormed(typed).Should().BeFalse("{0} for {1}", typed, code);
            }
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_code_may_be_typed_in_small_letters_with_hyphens_spaces_and_look_alikes()
    {
        // A payment whose code has both a 0 and a 1 to be mistaken.
        var number = Enumerable.Range(1, 1_000)
            .First(n => Codes.Encode(17, n)[10..] is var end && end.Contains('0') && end.Contains('1'));
        var code = Codes.Encode(17, number);
        var typed = " " + VerificationCode.Grouped(code).ToLowerInvariant().Replace('0', 'o') + " ";
        Codes.Decode(typed).Should().Be((17, (long)number));
        Codes.Decode(typed.Replace('1', 'i')).Should().Be((17, (long)number));
        Codes.Decode(typed.Replace('1', 'l')).Should().Be((17, (long)number));
        Codes.Decode(typed.Replace('1', 'I')).Should().Be((17, (long)number));
        Codes.Decode(typed.Replace('1', 'L')).Should().Be((17, (long)number));
        Codes.Decode(typed.Replace('o', 'O')).Should().Be((17, (long)number));
        Codes.Decode(typed.Replace('1', 'ı')).Should().BeNull("the dotless ı is a letter of another alphabet");
    }

    [Fact]
    public void A_code_made_with_a_key_that_we_do_not_have_is_not_genuine_though_well_formed()
    {
        var forged = new VerificationCode([OldKey]).Encode(17, 42);
        VerificationCode.IsWellFormed(forged).Should().BeTrue();
        Codes.Decode(forged).Should().BeNull();
    }

    [Fact]
    public void After_a_change_of_keys_old_receipts_still_verify_and_new_ones_use_the_new_key()
    {
        var before = new VerificationCode([OldKey]);
        var changed = new VerificationCode([NewKey, OldKey]);
        changed.Decode(before.Encode(17, 42)).Should().Be((17, 42L));
        before.Decode(changed.Encode(17, 42)).Should().BeNull();
        changed.Encode(17, 42).Should().Be(Codes.Encode(17, 42));
    }

    [Fact]
    public void A_code_moved_to_another_payment_is_not_genuine()
    {
        // The body of one payment with the tag of another, check symbol repaired by trying all.
        var one = Codes.Encode(17, 731_000_000_042);
        var other = Codes.Encode(17, 731_000_000_043);
        var spliced = one[..11] + other[11..23];
        var repaired = Alphabet.Select(check => spliced + check).Single(VerificationCode.IsWellFormed);
        Codes.Decode(repaired).Should().BeNull();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("----")]
    [InlineData("0")]
    [InlineData("0000000000000000000000")]
    [InlineData("U207U207U207U207U207U2")]
    [InlineData("7K3M…")]
    [InlineData("'; drop table payments; --")]
    [InlineData("ƏŞĞÜÖÇİ")]
    [InlineData("ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ")]
    public void What_is_no_code_is_not_genuine(string? text) => Codes.Decode(text).Should().BeNull();

    [Fact]
    public void A_text_of_any_kind_is_refused_without_an_exception() => Prop.ForAll(
        ArbMap.Default.ArbFor<string>(), text => Codes.Decode(text) is null).QuickCheckThrowOnFailure();

    [Fact]
    public void A_longer_spelling_of_the_same_payment_is_refused()
    {
        // Head says 3 symbols for an agent that needs 2: with a right check symbol it is still no code of ours.
        var code = Codes.Encode(17, 42);
        var head = Alphabet[Alphabet.IndexOf(code[0]) + 8];
        var longer = head + "0" + code[1..^1];
        Alphabet.Select(check => longer + check).Should().NotContain(text => VerificationCode.IsWellFormed(text));
    }

    [Fact]
    public void A_text_longer_than_the_limit_is_refused_even_if_it_is_all_hyphens_around_a_code()
    {
        var code = Codes.Encode(17, 42);
        Codes.Decode(code + new string('-', VerificationCode.MaxTextLength - code.Length)).Should().NotBeNull();
        Codes.Decode(code + new string('-', VerificationCode.MaxTextLength - code.Length + 1)).Should().BeNull();
    }

    [Fact]
    public void No_key_and_a_short_key_are_refused_at_the_start()
    {
        FluentActions.Invoking(() => new VerificationCode([])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new VerificationCode([NewKey, new byte[31]])).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Negative_numbers_have_no_code()
    {
        FluentActions.Invoking(() => Codes.Encode(-1, 1)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Codes.Encode(1, -1)).Should().Throw<ArgumentOutOfRangeException>();
    }
}
