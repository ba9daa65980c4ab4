using System.Globalization;
using System.Text;

namespace EGovPay.Processing.Inquiry;

/// <summary>
/// Hides a payer's name so that the payer still recognises it: <c>Əli Məmmədov</c> → <c>Ə** M*******</c>. The first
/// letter of each word stays, a star stands for each other letter.
/// </summary>
public static class MaskPayer
{
    /// <summary>The most characters a masked name has; what is longer is cut.</summary>
    public const int MostCharacters = 100;

    /// <summary>
    /// The masked name; null for a name that is null, or nothing but white space and control characters.
    /// </summary>
    public static string? Mask(string? name)
    {
        if (name is null)
        {
            return null;
        }

        var masked = new StringBuilder(Math.Min(name.Length, MostCharacters));
        var atStart = true;
        var characters = 0;
        foreach (var rune in Composed(name).EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune))
            {
                atStart = true;
                continue;
            }

            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.NonSpacingMark)
            {
                continue;
            }

            if (atStart && masked.Length > 0)
            {
                masked.Append(' ');
                characters++;
            }

            if (++characters > MostCharacters)
            {
                break;
            }

            if (atStart)
            {
                masked.Append(rune);
            }
            else
            {
                masked.Append('*');
            }

            atStart = false;
        }

        return masked.Length == 0 ? null : masked.ToString().TrimEnd();
    }

    /// <summary>Letters that were sent in two pieces (I and a dot above) count as the one letter they are.</summary>
    private static string Composed(string name)
    {
        try
        {
            return name.Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            // Half of a surrogate pair: masked rune by rune, it becomes the replacement character.
            return name;
        }
    }
}
