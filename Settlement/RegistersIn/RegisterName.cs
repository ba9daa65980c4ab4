using EGovPay.Processing.Catalogue;
using NodaTime;

namespace EGovPay.Settlement.RegistersIn;

/// <summary>What is not known of a register.</summary>
public enum RegisterUnknown
{
    None,
    NoSuchProvider,
    Provider,
    Day,

    /// <summary>The name begins with another provider's code than was said.</summary>
    AnotherProvider,
}

/// <summary>Whose register a file is, and of which day: as somebody says, or as a name such as <c>azersu_20261120.txt</c> does.</summary>
public static class RegisterName
{
    private const int DayDigits = 8;

    /// <param name="provider">What was said; null: the name says it.</param>
    /// <param name="day">What was said; null: the name says it.</param>
    /// <param name="why">What is not known, where nothing is returned.</param>
    public static RegisterOf? Of(CatalogueSnapshot catalogue, string name, string? provider, LocalDate? day, out string why)
    {
        var of = Find(catalogue, name, provider, day, out var unknown);
        why = unknown switch
        {
            RegisterUnknown.None => "",
            RegisterUnknown.NoSuchProvider => $"The catalogue has no provider '{provider}'.",
            RegisterUnknown.AnotherProvider => $"{name} is said to be {provider}'s, and its name says {NamedIn(catalogue, name)!.Code}. "
                + "Give the provider whose register it is; if the name is wrong, rename the file.",
            RegisterUnknown.Provider => $"Whose register {name} is, its name does not say: give --provider.",
            _ => $"Of which day {name} is, its name does not say: give --day.",
        };
        return of;
    }

    /// <summary>The same, for whoever has words of their own.</summary>
    public static RegisterOf? Find(CatalogueSnapshot catalogue, string name, string? provider, LocalDate? day, out RegisterUnknown why)
    {
        why = RegisterUnknown.None;
        var named = NamedIn(catalogue, name);
        var known = provider is not null ? catalogue.Provider(provider) : named;
        if (known is null)
        {
            why = provider is not null ? RegisterUnknown.NoSuchProvider : RegisterUnknown.Provider;
            return null;
        }

        if (named is not null && named.Id != known.Id)
        {
            // A register compared with another's payments would open a break for each of its lines.
            why = RegisterUnknown.AnotherProvider;
            return null;
        }

        var of = day ?? DayIn(name);
        why = of is null ? RegisterUnknown.Day : RegisterUnknown.None;
        return of is { } found ? new RegisterOf(known.Id, known.Code, found) : null;
    }

    /// <summary>Of several codes that a name begins with, the longest: one may begin with another.</summary>
    private static ProviderSettings? NamedIn(CatalogueSnapshot catalogue, string name) =>
        catalogue.Providers.Where(one => Named(name, one.Code)).MaxBy(one => one.Code.Length);

    private static bool Named(string name, string code) =>
        name.StartsWith(code, StringComparison.OrdinalIgnoreCase) && (name.Length == code.Length || name[code.Length] is '_' or '-' or '.');

    /// <summary>The first eight digits together that are a date, also with hyphens between.</summary>
    private static LocalDate? DayIn(string name)
    {
        var plain = name.Replace("-", "", StringComparison.Ordinal);
        for (var at = 0; at + DayDigits <= plain.Length; at++)
        {
            var digits = plain.AsSpan(at, DayDigits);
            if (!digits.ContainsAnyExceptInRange('0', '9')
                && (at == 0 || !char.IsAsciiDigit(plain[at - 1]))
                && RegisterText.TryReadDay(System.Text.Encoding.ASCII.GetBytes(plain, at, DayDigits), out var day))
            {
                return day;
            }
        }

        return null;
    }
}
