using EGovPay.Processing.Catalogue;

namespace EGovPay.Processing.Validation;

/// <summary>
/// Brings what was typed to the one form that is compared, stored and sent. Normalising twice changes nothing, and a
/// value that is in its normal form already is returned as it is, the same object: the usual case allocates nothing.
/// </summary>
public static class NormaliseValue
{
    private const int NationalDigits = 9;

    /// <summary>The normal form of <paramref name="value"/>. It may still not match the field's pattern.</summary>
    public static string Apply(Normaliser normaliser, string value) => normaliser switch
    {
        Normaliser.Phone => Phone(value),
        Normaliser.Fin => Raise(value, zeroForO: true),
        Normaliser.Upper => Raise(value, zeroForO: false),
        _ => Trim(value),
    };

    /// <summary>
    /// An Azerbaijani telephone number as its nine national digits: spaces, dashes, dots and brackets go, then
    /// <c>+994</c>, <c>00994</c>,
    /// <c>994</c> or <c>0</c>, if exactly nine digits are left behind it. What is not a telephone number is only
    /// trimmed.
    /// </summary>
    public static string Phone(string value)
    {
        if (value.Length == NationalDigits && !value.AsSpan().ContainsAnyExceptInRange('0', '9'))
        {
            return value;
        }

        Span<char> digits = stackalloc char[16];
        var count = 0;
        var plus = false;
        foreach (var c in value.AsSpan().Trim())
        {
            if (char.IsAsciiDigit(c) && count < digits.Length)
            {
                digits[count++] = c;
            }
            else if (c == '+' && count == 0 && !plus)
            {
                plus = true;
            }
            else if (c is not (' ' or '\u00a0' or '-' or '.' or '(' or ')'))
            {
                return Trim(value);
            }
        }

        var national = National(digits[..count], plus);
        return national.IsEmpty || value.AsSpan().SequenceEqual(national) ? Trim(value) : new string(national);
    }

    private static ReadOnlySpan<char> National(ReadOnlySpan<char> digits, bool plus)
    {
        ReadOnlySpan<char> rest = [];
        if (digits.StartsWith("994") && digits.Length == NationalDigits + 3)
        {
            rest = digits[3..];
        }
        else if (!plus && digits.StartsWith("00994") && digits.Length == NationalDigits + 5)
        {
            rest = digits[5..];
        }
        else if (!plus && digits.StartsWith("0") && digits.Length == NationalDigits + 1)
        {
            rest = digits[1..];
        }
        else if (!plus && digits.Length == NationalDigits)
        {
            rest = digits;
        }

        return rest;
    }

    private static string Raise(string value, bool zeroForO)
    {
        var trimmed = value.AsSpan().Trim();
        var changes = trimmed.ContainsAnyInRange('a', 'z') || (zeroForO && trimmed.Contains('O'));
        if (!changes)
        {
            return Trim(value);
        }

        return string.Create(trimmed.Length, (value, zeroForO), static (target, state) =>
        {
            var source = state.value.AsSpan().Trim();
            for (var i = 0; i < source.Length; i++)
            {
                // ASCII only: in Azerbaijani "i" would become "İ", and no identifier holds that.
                var raised = char.IsAsciiLetterLower(source[i]) ? (char)(source[i] - 32) : source[i];
                target[i] = state.zeroForO && raised == 'O' ? '0' : raised;
            }
        });
    }

    private static string Trim(string value) =>
        value.Length == 0 || (!char.IsWhiteSpace(value[0]) && !char.IsWhiteSpace(value[^1])) ? value : value.Trim();
}
