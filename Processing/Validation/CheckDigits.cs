using EGovPay.Processing.Catalogue;

namespace EGovPay.Processing.Validation;

/// <summary>
/// The check digit rules. Each takes a value in its normal form and says whether its check digits fit; none allocates,
/// none throws.
/// </summary>
public static class CheckDigits
{
    /// <summary>Does <paramref name="value"/> satisfy the rule? True for <see cref="CheckDigit.None"/>.</summary>
    public static bool Satisfies(CheckDigit rule, ReadOnlySpan<char> value) => rule switch
    {
        CheckDigit.Luhn => Luhn(value),
        CheckDigit.Mod97 => Mod97(value),
        CheckDigit.Mod11 => Mod11(value),
        CheckDigit.Voen => VoenWhereOne(value),
        _ => true,
    };

    /// <summary>
    /// Luhn (ISO/IEC 7812-1, annex B): every second digit from the right but one doubled, digits of the products
    /// summed, the sum a multiple of ten. IMEIs, card numbers, our receipt numbers.
    /// </summary>
    public static bool Luhn(ReadOnlySpan<char> value)
    {
        var sum = 0;
        var doubled = false;
        for (var i = value.Length - 1; i >= 0; i--)
        {
            var digit = DigitAt(value, i);
            if (digit < 0)
            {
                return false;
            }

            sum += !doubled ? digit : digit < 5 ? digit * 2 : (digit * 2) - 9;
            doubled = !doubled;
        }

        return value.Length > 1 && sum % 10 == 0;
    }

    /// <summary>
    /// ISO 7064 mod 97-10: the value as a number leaves 1 on division by 97. A value that begins like an IBAN, with two
    /// letters and two digits, is read with these four at its end (ISO 13616, ISO 11649); A–Z are 10–35.
    /// </summary>
    public static bool Mod97(ReadOnlySpan<char> value)
    {
        if (value.Length < 3)
        {
            return false;
        }

        var iban = value.Length > 4 && char.IsAsciiLetterUpper(value[0]) && char.IsAsciiLetterUpper(value[1])
            && char.IsAsciiDigit(value[2]) && char.IsAsciiDigit(value[3]);
        var remainder = Remainder97(iban ? value[4..] : value, 0);
        return (iban ? Remainder97(value[..4], remainder) : remainder) == 1;
    }

    /// <summary>
    /// Weighted mod 11: from the right the check character has weight 1, the digits before it 2, 3, … 10, 2, 3, …; the
    /// weighted sum is a multiple of 11. <c>X</c> as the check character is 10. (An ISBN-10 is one of these.)
    /// </summary>
    public static bool Mod11(ReadOnlySpan<char> value)
    {
        if (value.Length < 2)
        {
            return false;
        }

        var sum = value[^1] == 'X' ? 10 : DigitAt(value, value.Length - 1);
        if (sum < 0)
        {
            return false;
        }

        var weight = 2;
        for (var i = value.Length - 2; i >= 0; i--)
        {
            var digit = DigitAt(value, i);
            if (digit < 0)
            {
                return false;
            }

            sum += digit * weight;
            weight = weight == 10 ? 2 : weight + 1;
        }

        return sum % 11 == 0;
    }

    /// <summary>
    /// VÖEN, the Azerbaijani tax number: ten digits; the ninth is the sum of the first eight weighted 4 1 8 6 2 7 5 3,
    /// mod 11 (10 does not occur); the tenth is 1 for a legal and 2 for a natural person.
    /// </summary>
    public static bool Voen(ReadOnlySpan<char> value)
    {
        if (value.Length != 10 || value[9] is not ('1' or '2'))
        {
            return false;
        }

        ReadOnlySpan<byte> weights = [4, 1, 8, 6, 2, 7, 5, 3];
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            var digit = DigitAt(value, i);
            if (digit < 0)
            {
                return false;
            }

            sum += digit * weights[i];
        }

        return sum % 11 == value[8] - '0';
    }

    /// <summary>
    /// A field may take a VÖEN or a FİN: the rule speaks of values of ten digits, the pattern of the others.
    /// </summary>
    private static bool VoenWhereOne(ReadOnlySpan<char> value) =>
        value.Length != 10 || value.ContainsAnyExceptInRange('0', '9') || Voen(value);

    /// <summary>The digit, or -1 where there is another character.</summary>
    private static int DigitAt(ReadOnlySpan<char> value, int at) => char.IsAsciiDigit(value[at]) ? value[at] - '0' : -1;

    private static int Remainder97(ReadOnlySpan<char> value, int remainder)
    {
        if (remainder < 0)
        {
            return -1;
        }

        foreach (var c in value)
        {
            if (char.IsAsciiDigit(c))
            {
                remainder = ((remainder * 10) + (c - '0')) % 97;
            }
            else if (char.IsAsciiLetterUpper(c))
            {
                remainder = ((remainder * 100) + (c - 'A' + 10)) % 97;
            }
            else
            {
                return -1;
            }
        }

        return remainder;
    }
}
