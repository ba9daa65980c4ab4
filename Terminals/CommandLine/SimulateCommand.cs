using System.CommandLine;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Simulator;
using NodaTime;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay simulate`: every provider of the catalogue, over real HTTP.</summary>
internal static class SimulateCommand
{
    private static readonly Option<int> Port = new("--port")
    {
        Description = "the port on 127.0.0.1; 0 takes any free one", HelpName = "PORT", DefaultValueFactory = _ => 8090,
    };

    private static readonly Option<string?> Record = new("--record")
    {
        Description =
            "the append-only file of what was asked and credited; default simulator.record in the data folder",
        HelpName = "FILE",
    };

    private static readonly Option<long> Seed = new("--seed")
    {
        Description = "debts, names and lies are drawn from it", HelpName = "NUMBER", DefaultValueFactory = _ => 1,
    };

    private static readonly Option<string[]> Lie = new("--lie")
    {
        Description = "a lie and how often, such as silent-after-credit=0.01; may be given again",
        HelpName = "NAME=RATE",
    };

    private static readonly Option<int> Late = new("--late-milliseconds")
    {
        Description = "how late a late answer is", HelpName = "NUMBER", DefaultValueFactory = _ => 3_000,
    };

    private static readonly Option<string?> Catalogue = new("--catalogue")
    {
        Description = "the catalogue whose providers are played; default: the program's own", HelpName = "FILE",
    };

    private static readonly Option<bool> Fsync = new("--fsync") { Description = "flush the record to the disk itself" };

    public static Verb Build() => new Verb(
        "simulate",
        "Plays every provider of the catalogue over HTTP, each in its own protocol, and keeps its own record of what "
        + "it credited.",
        "egovpay simulate --port 8090 --record /tmp/providers.record --seed 7",
        "egovpay simulate --lie decline=0.02 --lie silent-after-credit=0.01",
        "curl http://127.0.0.1:8090/_sim/ledger")
    {
        Notes = () =>
            "Lies: " + string.Join(", ", Lies.Names.Keys.Where(name => name != "none").Order(StringComparer.Ordinal))
            + ".",
    }.With(Port, Record, Seed, Lie, Late, Catalogue, Fsync).Does(RunAsync);

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var settings = ReadSettings.From(parsed);
        var port = parsed.GetValue(Port);
        if (port is < 0 or > 65_535)
        {
            throw CommandException.Usage($"--port {port} is no port; 0 to 65535.");
        }

        var record = parsed.GetValue(Record) ?? Path.Combine(settings.Data, "simulator.record");
        var simulated = new SimulatorSettings
        {
            Providers = Providers(parsed.GetValue(Catalogue)),
            RecordFile = record,
            Port = port,
            Seed = parsed.GetValue(Seed),
            Fsync = parsed.GetValue(Fsync),
            Lies = ReadLies(parsed.GetValue(Lie) ?? [], parsed.GetValue(Late)),
        };
        try
        {
            await using var simulator = await ProviderSimulator.StartAsync(simulated, SystemClock.Instance, stop);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(
                $"The provider simulator listens on {simulator.Address.GetLeftPart(UriPartial.Authority)}");
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return Exit.Done;
        }
        catch (IOException failed)
        {
            throw new CommandException(
                $"The simulator did not start: {failed.Message} Choose another --port (0 takes a free one) or "
                + $"--record.", inner: failed);
        }
        catch (InvalidDataException damaged)
        {
            throw new CommandException($"{damaged.Message} Give another --record.", inner: damaged);
        }
    }

    private static IReadOnlyList<ProviderSettings> Providers(string? file)
    {
        if (file is null)
        {
            return EmbeddedCatalogue.Load().Providers;
        }

        var check = CheckCatalogue.Run(CatalogueFiles.Read(file), inForce: null);
        return check.Catalogue?.Providers ?? throw new CommandException(
            $"{file} is no good catalogue; `egovpay catalogue check {file}` names its faults. The first: "
            + $"{check.Faults[0]}");
    }

    private static Lies ReadLies(string[] texts, int lateMilliseconds)
    {
        if (lateMilliseconds is < 0 or > 600_000)
        {
            throw CommandException.Usage($"--late-milliseconds {lateMilliseconds}: 0 to 600000.");
        }

        var lies = Lies.None with { LateMilliseconds = lateMilliseconds };
        foreach (var text in texts)
        {
            if (!Lies.TryAdd(lies, text, out lies, out var fault))
            {
                throw CommandException.Usage($"--lie: {fault}.");
            }
        }

        return lies;
    }
}
