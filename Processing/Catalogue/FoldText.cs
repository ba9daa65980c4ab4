using System.Globalization;
using System.Text;

namespace EGovPay.Processing.Catalogue;

/// <summary>
/// Brings a name to the form in which it is searched: lower case, without diacritics, whatever keyboard it was typed
/// on.
/// <c>AZƏRİŞIQ</c>, <c>Azərişıq</c> and <c>azerisiq</c> are one text; so are <c>счётчик</c> and <c>счетчик</c>.
/// </summary>
public static class FoldText
{
    /// <summary>The folded form of <paramref name="text"/>. Folding a folded text changes nothing.</summary>
    public static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
            {
                continue;
            }

            folded.Append(rune.Value switch
            {
                // ə in both cases, and the Cyrillic letters that look like it; dotless ı
                'Ə' or 'ə' or 'Ә' or 'ә' => new Rune('e'),
                'ı' or 'I' => new Rune('i'),
                _ => Rune.ToLowerInvariant(rune),
            });
        }

        return folded.ToString();
    }
}
