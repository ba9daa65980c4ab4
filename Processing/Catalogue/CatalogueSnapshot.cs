using System.Collections.Frozen;

namespace EGovPay.Processing.Catalogue;

/// <summary>A group of services: kommunal, rabite, ipoteka, budce, diger.</summary>
public sealed record ServiceGroup(string Code, Localised Name)
{
    /// <summary>The groups that codes can name; the position from 1 is the first digit of a service code.</summary>
    private static readonly string[] Known = ["kommunal", "rabite", "ipoteka", "budce", "diger"];

    /// <summary>The first digit of the group's service codes, 1–5; 0 for a group that does not exist.</summary>
    public static int DigitOf(string code) => Array.IndexOf(Known, code) + 1;
}

/// <summary>
/// One version of the catalogue, whole and immutable: it is swapped, never changed, so a request that took one at its
/// start sees one truth to its end. Look-ups allocate nothing.
/// </summary>
public sealed class CatalogueSnapshot
{
    private readonly FrozenDictionary<int, Service> _services;
    private readonly FrozenDictionary<string, ProviderSettings> _providersByCode;
    private readonly FrozenDictionary<int, ProviderSettings> _providersById;
    private readonly (Service Service, string Folded)[] _searched;

    internal CatalogueSnapshot(
        string sha256,
        IReadOnlyList<ServiceGroup> groups,
        IReadOnlyList<ProviderSettings> providers,
        IReadOnlyList<Service> services)
    {
        Sha256 = sha256;
        Groups = groups;
        Providers = providers;
        Services = services.OrderBy(service => service.Code).ToArray();
        _services = Services.ToFrozenDictionary(service => service.Code);
        _providersByCode = providers.ToFrozenDictionary(provider => provider.Code, StringComparer.Ordinal);
        _providersById = providers.ToFrozenDictionary(provider => provider.Id);
        _searched = Services.Select(service => (service, FoldNames(service))).ToArray();
    }

    /// <summary>The version's number in the database, from 1; 0 for a file that was only checked.</summary>
    public int Version { get; internal init; }

    /// <summary>
    /// The SHA-256 of the file, 64 lower-case hexadecimal digits: two nodes with the same figure serve the same
    /// catalogue.
    /// </summary>
    public string Sha256 { get; }

    /// <summary>The groups, in the file's order.</summary>
    public IReadOnlyList<ServiceGroup> Groups { get; }

    /// <summary>The providers, in the file's order.</summary>
    public IReadOnlyList<ProviderSettings> Providers { get; }

    /// <summary>All services by code, open and closed.</summary>
    public IReadOnlyList<Service> Services { get; }

    /// <summary>Reads a catalogue that is known to be good, such as the embedded one.</summary>
    /// <exception cref="FormatException">It has faults; the message names the first. Use <see cref="CheckCatalogue"/>
    /// for a person's file.</exception>
    public static CatalogueSnapshot Load(ReadOnlySpan<byte> utf8, int version = 0)
    {
        var check = CheckCatalogue.Run(utf8, inForce: null, version);
        return check.Catalogue ?? throw new FormatException($"The catalogue is broken, {check.Faults[0]}");
    }

    /// <summary>The service with this code, or null.</summary>
    public Service? Find(int code) => _services.GetValueOrDefault(code);

    /// <summary>The service with this code as typed: exactly five digits; anything else is null.</summary>
    public Service? Find(ReadOnlySpan<char> code) => TryParseCode(code, out var number) ? Find(number) : null;

    /// <summary>The provider with this code, or null.</summary>
    public ProviderSettings? Provider(string code) => _providersByCode.GetValueOrDefault(code);

    /// <summary>The provider with this number, or null.</summary>
    public ProviderSettings? Provider(int id) => _providersById.GetValueOrDefault(id);

    /// <summary>The provider of a service. There always is one.</summary>
    public ProviderSettings ProviderOf(Service service) => _providersByCode[service.Provider];

    /// <summary>The group with this code, or null.</summary>
    public ServiceGroup? Group(string code) => Groups.FirstOrDefault(group => group.Code == code);

    /// <summary>
    /// The services of a group (null or empty: all) that answer to <paramref name="query"/>: digits find by the
    /// beginning of the code, words by any part of the name in any of the three languages, each word on its own. By
    /// code.
    /// </summary>
    public IEnumerable<Service> Search(string? query, string? group = null)
    {
        var text = query?.Trim() ?? "";
        var digits = text.Length > 0 && text.All(char.IsAsciiDigit);
        var words = digits ? [] : FoldText.Fold(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        foreach (var (service, folded) in _searched)
        {
            if ((string.IsNullOrEmpty(group) || service.Group == group)
                && (!digits || service.CodeText.StartsWith(text, StringComparison.Ordinal))
                && Array.TrueForAll(words, word => folded.Contains(word, StringComparison.Ordinal)))
            {
                yield return service;
            }
        }
    }

    /// <summary>Reads a service code: exactly five ASCII digits, the first not 0.</summary>
    public static bool TryParseCode(ReadOnlySpan<char> text, out int code)
    {
        code = 0;
        if (text.Length != 5 || text[0] == '0')
        {
            return false;
        }

        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit(digit))
            {
                code = 0;
                return false;
            }

            code = (code * 10) + (digit - '0');
        }

        return true;
    }

    private static string FoldNames(Service service) =>
        FoldText.Fold($"{service.Name.Az}\n{service.Name.En}\n{service.Name.Ru}");
}
