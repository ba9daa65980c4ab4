using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Portability;
using EGovPay.Providers.Register;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>Files that come from outside: catalogues, ported numbers, acknowledgements. Read in this process.</summary>
internal sealed class FuzzFiles
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Random random;
    private readonly Mutations mutate;
    private readonly FuzzTally tally;
    private readonly CatalogueSnapshot inForce = EmbeddedCatalogue.Load();
    private readonly byte[] whole = EmbeddedCatalogue.Read();
    private readonly byte[] small;

    public FuzzFiles(int seed, FuzzTally tally)
    {
        random = new Random(seed);
        mutate = new Mutations(random);
        this.tally = tally;
        small = Small(whole);
    }

    public void Read()
    {
        tally.Asked();
        switch (random.Next(4))
        {
            case 0:
                Judge("file portability", mutate.Bytes(Ported()), bytes =>
                    ImportPortability.Read(new StringReader(Encoding.UTF8.GetString(bytes)), ["azercell", "bakcell"]));
                break;
            case 1:
                Judge("file acknowledgement", mutate.Bytes(Acknowledged()), bytes =>
                    ReadAcknowledgement.Read(new StringReader(Encoding.UTF8.GetString(bytes))));
                break;
            default:
                Judge("file catalogue", Catalogue(), Check);
                break;
        }
    }

    /// <summary>Reads a kept file again.</summary>
    public void Replay(string kind, byte[] bytes) => Judge(kind, bytes, kind switch
    {
        "file portability" => read => ImportPortability.Read(new StringReader(Encoding.UTF8.GetString(read)), ["azercell", "bakcell"]),
        "file acknowledgement" => read => ReadAcknowledgement.Read(new StringReader(Encoding.UTF8.GetString(read))),
        _ => Check,
    });

    private void Check(byte[] bytes)
    {
        var check = CheckCatalogue.Run(bytes, random.Next(2) == 0 ? inForce : null);
        if (check.Good == check.Faults.Count > 0)
        {
            throw new InvalidOperationException("Neither a catalogue nor a fault, or both.");
        }

        foreach (var service in check.Catalogue?.Services ?? [])
        {
            _ = service.Fields[0].Pattern.IsMatch(Nasty.Texts[random.Next(Nasty.Texts.Length)]);
        }
    }

    private void Judge(string kind, byte[] bytes, Action<byte[]> read)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            read(bytes);
        }
        catch (Exception defect)
        {
            tally.Crash(kind, bytes, defect.ToString());
        }

        if (Stopwatch.GetElapsedTime(began) > Patience)
        {
            tally.Hang(kind, bytes);
        }
    }

    private byte[] Catalogue()
    {
        if (random.Next(40) == 0)
        {
            return mutate.Bytes(whole);
        }

        if (random.Next(3) == 0)
        {
            return mutate.Bytes(small);
        }

        // One object somewhere in it, broken as JSON.
        var root = JsonNode.Parse(small)!.AsObject();
        var list = root[random.Next(3) switch { 0 => "groups", 1 => "providers", _ => "services" }]!.AsArray();
        var at = random.Next(list.Count);
        const string mark = "\"\u0001mark\"";
        var broken = Encoding.UTF8.GetString(mutate.Structure(Encoding.UTF8.GetBytes(list[at]!.ToJsonString())));
        list[at] = "\u0001mark";
        return random.Next(10) == 0
            ? mutate.Structure(small)
            : Encoding.UTF8.GetBytes(root.ToJsonString().Replace(
                JsonValue.Create(mark[1..^1])!.ToJsonString(), broken, StringComparison.Ordinal));
    }

    private static byte[] Small(byte[] whole)
    {
        var root = JsonNode.Parse(whole)!.AsObject();
        var services = root["services"]!.AsArray();
        while (services.Count > 6)
        {
            services.RemoveAt(services.Count - 1);
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private byte[] Ported()
    {
        var text = new StringBuilder("number,operator,from\n");
        for (var i = 0; i < 20; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"+99450{random.Next(1_000_000, 9_999_999)},azercell,2026-01-0{random.Next(1, 9)}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private byte[] Acknowledged() => Encoding.UTF8.GetBytes(FormattableString.Invariant(
        $"731000000001\taccepted\n731000000002\trejected\tno such account\nTotal: {random.Next(3)} 10.00 1 5.50\n"));
}
