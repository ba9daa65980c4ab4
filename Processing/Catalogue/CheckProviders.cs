using System.Text.RegularExpressions;
using EGovPay.Processing.Validation;
using NodaTime;

namespace EGovPay.Processing.Catalogue;

/// <summary>A provider as far as it could be read: what was faulty is null.</summary>
/// <param name="KeepsAll">The file says that it takes nothing back; saying nothing is not the same.</param>
internal sealed record ReadProvider(
    ReadObject Node, string Code, int? Id, string? Protocol, ProviderSettings? Settings, bool KeepsAll = false);

/// <summary>Reads the providers of a catalogue file.</summary>
internal static partial class CheckProviders
{
    private const int HighestId = 30_000;
    private static readonly string[] Protocols = ["osmp", "json", "register"];

    /// <summary>The providers that have a code, by code.</summary>
    public static Dictionary<string, ReadProvider> Read(ReadObject file, CatalogueFaults faults)
    {
        var providers = new Dictionary<string, ReadProvider>(StringComparer.Ordinal);
        var linesById = new Dictionary<int, int>();
        foreach (var item in file.Items("providers", CheckCatalogue.MostProviders))
        {
            if (ReadOne(item, faults) is not { } read)
            {
                continue;
            }

            if (read.Id is { } id && !linesById.TryAdd(id, read.Node.LineOf("id")))
            {
                read.Node.Fault("id", $"The provider id {id} is here twice (first on line {linesById[id]}); "
                    + "give this provider a number that was never used.");
            }

            if (!providers.TryAdd(read.Code, read))
            {
                read.Node.Fault("code", $"The provider \"{read.Code}\" is here twice "
                    + $"(first on line {providers[read.Code].Node.LineOf("code")}); keep one.");
            }
        }

        return providers;
    }

    private static ReadProvider? ReadOne(JsonWithLines item, CatalogueFaults faults)
    {
        if (ReadObject.From(item, "The provider", faults,
            ["id", "code", "name", "voen", "protocol", "address", "concurrencyLimit", "timeoutSeconds",
                "deduplicatesFirst", "zone", "reversals", "register"])
            is not { } node)
        {
            return null;
        }

        var id = node.Whole("id", 1, HighestId);
        var code = Matching(node, "code", CodeShape(),
            "lower-case ASCII letters, digits and dashes, 1 to 32, a letter first");
        var name = node.InThreeLanguages("name", CheckCatalogue.MostNameCharacters);
        var voen = ReadVoen(node);
        var protocol = ReadProtocol(node);
        var address = ReadAddress(node);
        var concurrency = node.Whole("concurrencyLimit", 1, 10_000);
        var timeout = node.Whole("timeoutSeconds", 1, 60);
        var deduplicates = node.Flag("deduplicatesFirst");
        var zone = ReadZone(node);
        var reversals = node.Value("reversals", optional: true) is null ? null : node.Flag("reversals");
        var register = node.Value("register", optional: true) is { } form ? CheckRegisterMapping.Read(form, faults) : null;
        if (code is null)
        {
            return null;
        }

        var settings = id is { } number && name is not null && protocol is not null && address is not null
            && zone is not null
            ? new ProviderSettings(
                number, code, name, voen, protocol, address,
                concurrency ?? 1, timeout ?? 1, deduplicates ?? false, zone, reversals ?? false, register)
            : null;
        return new ReadProvider(node, code, id, protocol, settings, reversals is false);
    }

    private static string? ReadVoen(ReadObject node)
    {
        var voen = node.Text("voen", 10, optional: true);
        if (voen is not null && !CheckDigits.Voen(voen))
        {
            node.Fault("voen", $"{CatalogueFaults.Shorten(voen)} is no VÖEN: its check digit is wrong. Correct "
                + $"it, or write null.");
        }

        return voen;
    }

    private static string? ReadProtocol(ReadObject node)
    {
        var protocol = node.Text("protocol", 32);
        if (protocol is not null && !Protocols.Contains(protocol, StringComparer.Ordinal))
        {
            node.Fault("protocol", $"The protocol \"{CatalogueFaults.Shorten(protocol)}\" is unknown; "
                + $"it may be: {string.Join(", ", Protocols)}.");
            return null;
        }

        return protocol;
    }

    private static string? ReadAddress(ReadObject node)
    {
        var address = node.Text("address", 200);
        if (address is null || RelativeAddress().IsMatch(address))
        {
            return address;
        }

        if (Uri.TryCreate(address, UriKind.Absolute, out var uri)
            && uri.Scheme is ("http" or "https") && uri.UserInfo.Length == 0 && uri.Query.Length == 0
            && uri.Fragment.Length == 0)
        {
            return address;
        }

        node.Fault("address", "The address must be relative, such as \"osmp/some-provider\", or an http or https address "
            + "without a password, a query or a fragment: secrets do not belong in this file.");
        return null;
    }

    private static string? ReadZone(ReadObject node)
    {
        var zone = node.Text("zone", 64);
        if (zone is not null && DateTimeZoneProviders.Tzdb.GetZoneOrNull(zone) is null)
        {
            node.Fault("zone", $"The time zone \"{CatalogueFaults.Shorten(zone)}\" is unknown; "
                + "write a name of the tz database, such as \"Asia/Baku\".");
            return null;
        }

        return zone;
    }

    private static string? Matching(ReadObject node, string property, Regex shape, string expected)
    {
        var text = node.Text(property, 200);
        if (text is not null && !shape.IsMatch(text))
        {
            node.Fault(property, $"\"{property}\" must be {expected} (it is \"{CatalogueFaults.Shorten(text)}\").");
            return null;
        }

        return text;
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,31}\z", RegexOptions.CultureInvariant)]
    private static partial Regex CodeShape();

    [GeneratedRegex(
        @"\A[A-Za-z0-9_-]+(/([A-Za-z0-9_-]+|\{service\}))*\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex RelativeAddress();
}
