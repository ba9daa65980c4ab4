using System.Collections.Frozen;
using EGovPay.Processing.Catalogue;

namespace EGovPay.Processing.Validation;

/// <summary>
/// Which services a terminal may sell: all (the default), or those of the named codes and groups. It is judged by the
/// typed code alone, because the permission is checked before anybody looks whether the service exists, and before a
/// repeat is answered from the book.
/// </summary>
public readonly struct AllowedServices
{
    private readonly FrozenSet<int>? _codes;
    private readonly int _groupDigits;

    private AllowedServices(FrozenSet<int> codes, int groupDigits)
    {
        _codes = codes;
        _groupDigits = groupDigits;
    }

    /// <summary>Every service, those of later catalogues too.</summary>
    public static AllowedServices All => default;

    /// <summary>
    /// The services named: five-digit codes (<c>10101</c>) and group codes (<c>kommunal</c>). Null means all; an empty
    /// list means none.
    /// </summary>
    /// <exception cref="FormatException">An entry is neither a code nor a group.</exception>
    public static AllowedServices Of(IEnumerable<string>? codesAndGroups)
    {
        if (codesAndGroups is null)
        {
            return All;
        }

        var codes = new HashSet<int>();
        var digits = 0;
        foreach (var entry in codesAndGroups)
        {
            if (CatalogueSnapshot.TryParseCode(entry, out var code))
            {
                codes.Add(code);
            }
            else if (ServiceGroup.DigitOf(entry) is > 0 and var digit)
            {
                digits |= 1 << digit;
            }
            else
            {
                throw new FormatException($"\"{entry}\" is neither a five-digit service code nor a group of services.");
            }
        }

        return new AllowedServices(codes.ToFrozenSet(), digits);
    }

    /// <summary>May this service be sold? A text that is no service code is allowed only where everything is.</summary>
    public bool Allows(ReadOnlySpan<char> code) =>
        _codes is null || (CatalogueSnapshot.TryParseCode(code, out var number) && Allows(number));

    /// <summary>May the service with this code be sold?</summary>
    public bool Allows(int code) =>
        _codes is null || (_groupDigits & (1 << (code / 10_000))) != 0 || _codes.Contains(code);
}
