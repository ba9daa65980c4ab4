namespace EGovPay.Providers.Wire;

/// <summary>Makes a provider's text fit to be kept and shown.</summary>
internal static class CleanText
{
    /// <summary>Control characters become spaces, what is too long is cut, nothing is null.</summary>
    public static string? Of(string? text, int longest)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        var clean = string.Create(Math.Min(text.Length, longest), text, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) ? ' ' : from[i];
            }
        }).Trim();
        return clean.Length == 0 ? null : clean;
    }

    /// <summary>
    /// The text where it is short enough and has no control characters, else null: a part of an identifier is another
    /// one.
    /// </summary>
    public static string? WholeOrNone(string? text, int longest) =>
        text is { Length: > 0 } && text.Length <= longest
            && !text.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter))
            ? text : null;
}
