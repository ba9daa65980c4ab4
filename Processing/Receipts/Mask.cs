using System.Text.RegularExpressions;

namespace EGovPay.Processing.Receipts;

/// <summary>
/// What of a payer's identifiers may be seen by whom. Masks keep the length, so that the owner can compare.
/// </summary>
public static partial class Mask
{
    /// <summary>
    /// An account as strangers may see it: from 12 characters on the first and last four, from 8 the first and last
    /// two, from 5 the first and last one, shorter nothing. At least a third is always hidden.
    /// </summary>
    public static string Account(string account) => account.Length switch
    {
        >= 12 => Keep(account, 4, 4),
        >= 8 => Keep(account, 2, 2),
        >= 5 => Keep(account, 1, 1),
        _ => Keep(account, 0, 0),
    };

    /// <summary>A FIN as it may be printed: first and last character, five stars.</summary>
    public static string Fin(string fin) => fin.Length >= 5 ? Keep(fin, 1, 1) : Keep(fin, 0, 0);

    /// <summary>True for the shape of a FIN: 7 capitals and digits, no I and no O. It has no check digit.</summary>
    public static bool LooksLikeFin(string value) => FinShape().IsMatch(value);

    /// <summary>
    /// True for a card number that is masked enough to be kept and printed: 8–19 characters, at most the first six and
    /// the last four are digits, at least three between them are <c>*</c>, <c>X</c> or <c>x</c>.
    /// </summary>
    public static bool IsMaskedPan(string? pan) => pan is { Length: >= 8 and <= 19 } && MaskedPan().IsMatch(pan);

    /// <summary>
    /// A card number as it may be printed. What <see cref="IsMaskedPan"/> accepts stays; anything else keeps its last
    /// four only.
    /// </summary>
    public static string Pan(string pan) =>
        IsMaskedPan(pan) ? pan : pan.Length > 8 ? Keep(pan, 0, 4) : Keep(pan, 0, 0);

    private static string Keep(string text, int first, int last) =>
        string.Concat(
            text.AsSpan(0, first), new string('*', text.Length - first - last), text.AsSpan(text.Length - last));

    [GeneratedRegex(@"\A[0-9A-HJ-NP-Z]{7}\z", RegexOptions.CultureInvariant)]
    private static partial Regex FinShape();

    [GeneratedRegex(@"\A[0-9]{0,6}[*Xx]{3,19}[0-9]{0,4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex MaskedPan();
}
