namespace EGovPay.Settlement.Statements;

/// <summary>
/// An amount in minor units of any currency, never negative: a statement's sign is a word beside it. Not the engine's <c>Money</c>, which is
/// qəpik alone.
/// </summary>
/// <param name="Minor">From 0; at most 18 digits.</param>
/// <param name="Currency">Three capital letters; null where a fragment names none.</param>
/// <param name="Decimals">Digits that are minor units: 2 for AZN, 0 for JPY, 3 for KWD; as written where the currency is not known.</param>
public readonly record struct BankAmount(long Minor, string? Currency, int Decimals)
{
    /// <summary>More digits than any currency's amounts have, and few enough for a long.</summary>
    public const int MostDigits = 18;

    /// <summary>Digits after the point that a currency has by ISO 4217; 2 for what is not listed.</summary>
    public static int DecimalsOf(string? currency) => currency switch
    {
        "BIF" or "CLP" or "DJF" or "GNF" or "ISK" or "JPY" or "KMF" or "KRW" or "PYG" or "RWF" or "UGX" or "UYI" or "VND" or "VUV"
            or "XAF" or "XOF" or "XPF" => 0,
        "BHD" or "IQD" or "JOD" or "KWD" or "LYD" or "OMR" or "TND" => 3,
        "CLF" or "UYW" => 4,
        _ => 2,
    };

    /// <summary>Whether it could be a currency: three capital letters.</summary>
    public static bool IsCurrency(ReadOnlySpan<char> text) =>
        text.Length == 3 && char.IsAsciiLetterUpper(text[0]) && char.IsAsciiLetterUpper(text[1]) && char.IsAsciiLetterUpper(text[2]);

    /// <summary>
    /// Reads digits with at most one separator. Zeros beyond the currency's digits are nothing; anything else there is refused, since rounding
    /// would change money.
    /// </summary>
    /// <param name="text">Without spaces around.</param>
    /// <param name="separator">A point in a camt, a comma in an MT.</param>
    /// <param name="amount">What was read, or nothing.</param>
    /// <returns>Null if it was read, else why not.</returns>
    public static string? Read(ReadOnlySpan<char> text, char separator, string? currency, out BankAmount amount)
    {
        amount = default;
        var point = text.IndexOf(separator);
        var whole = point < 0 ? text : text[..point];
        var part = point < 0 ? [] : text[(point + 1)..];
        if (whole.Length + part.Length == 0 || whole.ContainsAnyExceptInRange('0', '9') || part.ContainsAnyExceptInRange('0', '9'))
        {
            return "is no amount";
        }

        var decimals = currency is null ? Math.Min(part.Length, 5) : DecimalsOf(currency);
        if (part.Length > decimals && part[decimals..].ContainsAnyExcept('0'))
        {
            return $"has more than the {decimals} decimals of its currency";
        }

        whole = whole.TrimStart('0');
        if (whole.Length + decimals > MostDigits)
        {
            return "is too large";
        }

        var minor = 0L;
        foreach (var digit in whole)
        {
            minor = minor * 10 + (digit - '0');
        }

        for (var i = 0; i < decimals; i++)
        {
            minor = minor * 10 + (i < part.Length ? part[i] - '0' : 0);
        }

        amount = new BankAmount(minor, currency, decimals);
        return null;
    }
}
