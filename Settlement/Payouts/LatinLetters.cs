using System.Globalization;
using System.Text;

namespace EGovPay.Settlement.Payouts;

/// <summary>
/// What interbank messages are written in (SWIFT's character set x): Latin letters, digits and <c>/ - ? : ( ) . , ' +</c>. Azerbaijani letters
/// lose their marks, ə becomes e and ı becomes i: letter for letter, for lines are short.
/// </summary>
public static class LatinLetters
{
    private const string Signs = "/-?:().,'+ ";

    /// <summary>The text in Latin letters, or null where a character has none; <paramref name="strange"/> is that character.</summary>
    public static string? Of(string text, out string? strange)
    {
        strange = null;
        var latin = new StringBuilder(text.Length);
        foreach (var rune in text.Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
            {
                continue;
            }

            var one = rune.Value switch
            {
                'ə' => 'e',
                'Ə' => 'E',
                'ı' => 'i',
                '«' or '»' or '“' or '”' or '„' or '’' or '‘' or '"' => '\'',
                '–' or '—' => '-',
                0xA0 => ' ',
                < 128 => (char)rune.Value,
                _ => '\0',
            };
            if (!Stands(one))
            {
                strange = rune.ToString();
                return null;
            }

            latin.Append(one);
        }

        return latin.ToString();
    }

    /// <summary>Whether a character may stand in such a message as it is.</summary>
    public static bool Stands(char one) => char.IsAsciiLetterOrDigit(one) || Signs.Contains(one, StringComparison.Ordinal);
}
