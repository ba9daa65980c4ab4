using System.Security.Cryptography;

namespace EGovPay.Processing.Catalogue;

/// <summary>What came of checking a catalogue file: a catalogue, or everything that is wrong with it.</summary>
/// <param name="Catalogue">The catalogue; null if there is any fault.</param>
/// <param name="Faults">Every fault by line; empty if there is none.</param>
public sealed record CatalogueCheck(CatalogueSnapshot? Catalogue, IReadOnlyList<CatalogueFault> Faults)
{
    /// <summary>True when the file may be applied.</summary>
    public bool Good => Catalogue is not null;
}

/// <summary>
/// Reads a catalogue file and names every fault with its line, not only the first: whoever wrote it mends it in one go.
/// All or nothing: a file with one fault is no catalogue.
/// </summary>
public static class CheckCatalogue
{
    /// <summary>The largest file that is read, bytes.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    /// <summary>The most services in a catalogue.</summary>
    public const int MostServices = 10_000;

    internal const int MostProviders = 5_000;
    internal const int MostNameCharacters = 200;

    /// <summary>Checks a file.</summary>
    /// <param name="utf8">The file, JSON in UTF-8.</param>
    /// <param name="inForce">The catalogue in force, to which it must be a successor; null when there is none.</param>
    /// <param name="version">The number the catalogue will carry.</param>
    public static CatalogueCheck Run(ReadOnlySpan<byte> utf8, CatalogueSnapshot? inForce, int version = 0)
    {
        var faults = new CatalogueFaults();
        if (utf8.Length > MostBytes)
        {
            faults.Add(1, $"The file has {utf8.Length} bytes; at most {MostBytes} are read.");
            return new CatalogueCheck(null, faults.InOrder());
        }

        var catalogue = JsonWithLines.Read(utf8, faults) is { } root
            ? Read(root, utf8, inForce, version, faults)
            : null;
        return faults.Count == 0
            ? new CatalogueCheck(catalogue, [])
            : new CatalogueCheck(null, faults.InOrder());
    }

    private static CatalogueSnapshot? Read(
        JsonWithLines root, ReadOnlySpan<byte> utf8, CatalogueSnapshot? inForce, int version, CatalogueFaults faults)
    {
        if (ReadObject.From(root, "The catalogue", faults, ["format", "groups", "providers", "services"])
            is not { } file)
        {
            return null;
        }

        file.Whole("format", 1, 1);
        var groups = ReadGroups(file, faults);
        var providers = CheckProviders.Read(file, faults);
        var services = ReadServices(file, groups, providers, faults);
        if (inForce is not null && root.Complete)
        {
            CompareWith(inForce, file, providers, services);
        }

        return faults.Count > 0
            ? null
            : new CatalogueSnapshot(
                Convert.ToHexStringLower(SHA256.HashData(utf8)),
                [.. groups.Values],
                [.. providers.Values.Select(provider => provider.Settings!)],
                [.. services.Values.Select(service => service.Service!)])
            {
                Version = version,
            };
    }

    private static Dictionary<string, ServiceGroup> ReadGroups(ReadObject file, CatalogueFaults faults)
    {
        var groups = new Dictionary<string, ServiceGroup>(StringComparer.Ordinal);
        foreach (var item in file.Items("groups", 9))
        {
            if (ReadObject.From(item, "The group", faults, ["code", "name"]) is not { } group)
            {
                continue;
            }

            var code = group.Text("code", 32);
            var name = group.InThreeLanguages("name", MostNameCharacters);
            if (code is null)
            {
                continue;
            }

            if (ServiceGroup.DigitOf(code) == 0)
            {
                group.Fault("code", $"The group \"{CatalogueFaults.Shorten(code)}\" is unknown; "
                    + "the groups are kommunal, rabite, ipoteka, budce, diger.");
            }
            else if (!groups.TryAdd(code, new ServiceGroup(code, name ?? new Localised("", "", ""))))
            {
                group.Fault("code", $"The group \"{code}\" is here twice; keep one.");
            }
        }

        return groups;
    }

    private static Dictionary<string, ReadService> ReadServices(
        ReadObject file,
        Dictionary<string, ServiceGroup> groups,
        Dictionary<string, ReadProvider> providers,
        CatalogueFaults faults)
    {
        var services = new Dictionary<string, ReadService>(StringComparer.Ordinal);
        var check = new CheckService(groups, providers, faults);
        foreach (var item in file.Items("services", MostServices))
        {
            if (check.Read(item) is not { Code: { } code } read)
            {
                continue;
            }

            if (services.TryGetValue(code, out var first))
            {
                faults.Add(read.CodeLine, $"The service {code} is here twice (first on line {first.CodeLine}); "
                    + "keep one, or give this one a code of its own.");
            }
            else
            {
                services.Add(code, read);
            }
        }

        return services;
    }

    /// <summary>
    /// A code or number keeps its meaning for ever: payments, receipts and the ledger name services and providers by
    /// them.
    /// </summary>
    private static void CompareWith(
        CatalogueSnapshot inForce,
        ReadObject file,
        Dictionary<string, ReadProvider> providers,
        Dictionary<string, ReadService> services)
    {
        foreach (var known in inForce.Providers)
        {
            if (!providers.TryGetValue(known.Code, out var kept))
            {
                file.Fault("providers", $"The provider \"{known.Code}\" ({known.Id}) of the catalogue in force "
                    + $"is missing; "
                    + "keep it, the ledger has its accounts: only its services may close.");
            }
            else if (kept.Id is { } id && id != known.Id)
            {
                kept.Node.Fault("id", $"The provider \"{known.Code}\" has the id {known.Id} in the catalogue in force; "
                    + $"write {known.Id} again: an id never changes its meaning.");
            }
        }

        foreach (var provider in providers.Values)
        {
            if (provider.Id is { } id && inForce.Provider(id) is { } owner && owner.Code != provider.Code)
            {
                provider.Node.Fault("id", $"The id {id} belongs to \"{owner.Code}\" in the catalogue in force; "
                    + $"give \"{provider.Code}\" a number that was never used.");
            }
        }

        foreach (var known in inForce.Services)
        {
            if (!services.ContainsKey(known.CodeText))
            {
                file.Fault("services", $"The service {known.CodeText} ({known.Name.En}) of the catalogue in "
                    + $"force is missing; "
                    + "keep it, receipts name it: close it by a rule with \"open\": false.");
            }
        }
    }
}
