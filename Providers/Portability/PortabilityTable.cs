using NodaTime;

namespace EGovPay.Providers.Portability;

/// <summary>
/// Which operator serves a mobile number on a day. An exact number beats its prefix: a prefix names the operator that
/// first issued a number, not the one that serves it now. Immutable; a new import makes a new one. One number is eight
/// bytes, so the whole country's ported numbers fit in a few megabytes.
/// </summary>
public sealed class PortabilityTable
{
    /// <summary>Days are counted from here; numbers were first ported in 2014.</summary>
    internal static readonly LocalDate FirstDay = new(2000, 1, 1);

    private const int LastDay = ushort.MaxValue;

    /// <summary>
    /// The operators of the prefixes, by provider code. Data that belongs to the country and not to a run: 050 051 010
    /// Azercell, 055 099 Bakcell, 070 077 Nar, 060 and 036554 Naxtel, here without the trunk zero.
    /// </summary>
    public static readonly IReadOnlyList<KeyValuePair<string, string>> CountryPrefixes =
    [
        new("50", "azercell"), new("51", "azercell"), new("10", "azercell"),
        new("55", "bakcell"), new("99", "bakcell"),
        new("70", "nar"), new("77", "nar"),
        new("60", "naxtel"), new("36554", "naxtel"),
    ];

    /// <summary>No ported numbers: prefixes alone.</summary>
    public static readonly PortabilityTable Empty = new([], [], CountryPrefixes);

    /// <summary>
    /// number (30 bits) · day since 2000 (16) · operator (8), sorted: the last entry up to a day is the one in force.
    /// </summary>
    private readonly long[] entries;
    private readonly string[] operators;
    private readonly KeyValuePair<string, string>[] prefixes;

    internal PortabilityTable(long[] entries, string[] operators, IReadOnlyList<KeyValuePair<string, string>> prefixes)
    {
        this.entries = entries;
        this.operators = operators;
        this.prefixes = [.. prefixes.OrderByDescending(prefix => prefix.Key.Length)];
    }

    /// <summary>How many rows it holds: a number has one for each time it was ported.</summary>
    public int Count => entries.Length;

    /// <summary>
    /// The code of the provider that serves a number on a Baku day, or null where it is no mobile number.
    /// </summary>
    /// <param name="msisdn9">Nine national digits: <c>502345678</c>.</param>
    public string? Route(ReadOnlySpan<char> msisdn9, LocalDate on)
    {
        if (!TryParse(msisdn9, out var number))
        {
            return null;
        }

        var day = Math.Clamp(Period.DaysBetween(FirstDay, on), -1, LastDay);
        var at = Array.BinarySearch(entries, Pack(number, day, byte.MaxValue));
        at = at >= 0 ? at : ~at - 1;
        if (day >= 0 && at >= 0 && entries[at] >> 24 == number)
        {
            return operators[entries[at] & byte.MaxValue];
        }

        return PrefixOperator(msisdn9);
    }

    /// <summary>The operator that the number was first issued by, or null where the prefix is unknown.</summary>
    public string? PrefixOperator(ReadOnlySpan<char> msisdn9)
    {
        foreach (var (prefix, code) in prefixes)
        {
            if (msisdn9.StartsWith(prefix, StringComparison.Ordinal))
            {
                return code;
            }
        }

        return null;
    }

    internal static long Pack(long number, long day, long code) => (number << 24) | (day << 8) | code;

    internal static bool TryParse(ReadOnlySpan<char> msisdn9, out long number)
    {
        number = 0;
        return msisdn9.Length == 9 && !msisdn9.ContainsAnyExceptInRange('0', '9')
            && long.TryParse(msisdn9, System.Globalization.NumberStyles.None, null, out number);
    }
}
