using System.Globalization;
using System.Runtime.InteropServices;
using EGovPay.Processing.Catalogue;

namespace EGovPay.Benchmarks.Torture;

/// <summary>
/// Two nodes, a simulator of providers and a PostgreSQL are killed, frozen, cut off and lied to while terminals pay; after each
/// round three books are compared.
/// <code>dotnet run -c Release --project benchmarks -- torture --rounds 30 --seed 1</code>
/// </summary>
internal sealed class RunTorture : IDisposable
{
    private const int OffendersShown = 4;
    private static readonly TimeSpan AuditLimit = TimeSpan.FromMinutes(5);

    private readonly TortureOptions options;
    private readonly string folder;
    private readonly Dictionary<string, Counter> counters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> agents = new(StringComparer.Ordinal);
    private readonly UnderWay underWay = new();
    private readonly ToldBook told = new();
    private readonly Verdict verdict = new();
    private int rounds;
    private int payments;

    private RunTorture(TortureOptions options, string folder)
    {
        this.options = options;
        this.folder = folder;
    }

    /// <summary>0: all figures are zero, and the run did what it was told.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (TortureOptions.Read(arguments.AsSpan(1), Console.Error) is not { } options)
        {
            return 2;
        }

        using var stopping = new CancellationTokenSource();
        void Ask(PosixSignalContext context)
        {
            context.Cancel = true;
            stopping.Cancel();
        }

        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        var folder = Path.Combine(Path.GetTempPath(), $"egovpay-torture-{Environment.ProcessId}");
        Directory.CreateDirectory(Path.Combine(folder, "told"));
        Directory.CreateDirectory(Path.Combine(folder, "egovpay"));
        var good = false;
        try
        {
            using var run = new RunTorture(options, folder);
            good = await run.RunAsync(stopping.Token);
            return good ? 0 : 1;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            Say("Stopped.");
            good = true;
            return 130;
        }
        finally
        {
            if (good && !options.Keep)
            {
                Directory.Delete(folder, recursive: true);
            }
            else
            {
                Say($"Everything lies in {folder}.");
            }
        }
    }

    public void Dispose()
    {
        foreach (var counter in counters.Values)
        {
            counter.Log.Dispose();
            counter.Dispose();
        }
    }

    private async Task<bool> RunAsync(CancellationToken stop)
    {
        Say($"Seed {options.Seed}; PostgreSQL, the simulator and two nodes …");
        await using var scene = await Scene.StartAsync(options, folder, Say, stop);
        foreach (var desk in scene.Centre.Desks)
        {
            var log = new ToldLog(Path.Combine(folder, "told", desk.Terminal + ".log"));
            counters[desk.Terminal] = new Counter(desk, scene.ToNodes, log, underWay);
            agents[desk.Terminal] = desk.Agent;
        }

        while (rounds < options.Rounds && verdict.Good)
        {
            rounds++;
            var began = TimeProvider.System.GetTimestamp();
            await new PlayRound(options, rounds, scene, counters, underWay, Say).RunAsync(stop);
            var settled = TimeProvider.System.GetElapsedTime(began);
            var book = await CompareAsync(scene, stop);
            var all = TimeProvider.System.GetElapsedTime(began);
            Say(string.Create(
                CultureInfo.InvariantCulture,
                $"round {rounds}: {settled.TotalSeconds:0} s + {(all - settled).TotalSeconds:0.0} s of audit; {States(book)}; "
                + $"{scene.Kills} kills, {scene.KillsInFlight} in flight, {scene.Stops} stops of PostgreSQL"));
        }

        await AuditAsync(scene, stop);
        await ShowOffendersAsync(scene, stop);
        var line = Line(scene);
        Console.Out.WriteLine(line);
        await Console.Out.FlushAsync(CancellationToken.None);
        return verdict.Good && rounds == options.Rounds && scene.Crashes == 0;
    }

    private string Line(Scene scene) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"rounds\":{rounds},\"kills\":{scene.Kills},\"killsInFlight\":{scene.KillsInFlight},"
        + $"\"payments\":{payments},\"lost\":{verdict.Count(Wrong.Lost)},\"doubled\":{verdict.Count(Wrong.Doubled)},"
        + $"\"untold\":{verdict.Count(Wrong.Untold)},\"unbalanced\":{verdict.Count(Wrong.Unbalanced)},"
        + $"\"unfinished\":{verdict.Count(Wrong.Unfinished)}}}");

    private async Task<EngineBook> CompareAsync(Scene scene, CancellationToken stop)
    {
        told.Read(Path.Combine(folder, "told"), AgentOf);
        var book = await EngineBook.ReadAsync(scene.Centre.Database, stop);
        payments = book.Payments.Count;
        var providers = EmbeddedCatalogue.Load().Providers.ToDictionary(provider => provider.Id, provider => provider.Code);
        CompareThreeBooks.Run(told, book, ProviderBook.Read(scene.RecordFile), providers, verdict);
        return book;
    }

    private static string States(EngineBook book) => string.Join(
        ", ", book.Payments.Values.CountBy(payment => payment.State).OrderBy(state => state.Key, StringComparer.Ordinal)
            .Select(state => $"{state.Value} {state.Key}"));

    /// <summary>The engine's own audit of its database, as an operator runs it.</summary>
    private async Task AuditAsync(Scene scene, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(AuditLimit);
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["EGOVPAY_DATABASE"] = scene.Centre.ConnectionString,
            ["EGOVPAY_DATA"] = Path.Combine(folder, "egovpay"),
        };
        var (exitCode, output) = await Child.RunAsync(
            options.Program, Path.Combine(folder, "audit.log"), variables, limit.Token, "audit");
        if (exitCode != 0)
        {
            verdict.Add(Wrong.Unbalanced, "egovpay audit", "violations, or it failed:\n" + output);
        }
        else
        {
            Say("egovpay audit: " + output.TrimEnd().Split('\n')[^1]);
        }
    }

    /// <summary>For the first few: everything that is known of them, from all three books.</summary>
    private async Task ShowOffendersAsync(Scene scene, CancellationToken stop)
    {
        if (verdict.Good)
        {
            return;
        }

        Say($"FAILED: seed {options.Seed}, round {rounds}.");
        var book = await EngineBook.ReadAsync(scene.Centre.Database, stop);
        foreach (var (kind, offender, what) in verdict.First(OffendersShown))
        {
            Say($"{kind}: {offender}: {what}");
            var name = offender.Split('/');
            var number = offender.StartsWith("number ", StringComparison.Ordinal)
                ? long.Parse(offender["number ".Length..], CultureInfo.InvariantCulture) : 0;
            foreach (var payment in book.Payments.Values.Where(payment => payment.Number == number
                || (name.Length == 2 && payment.Reference == name[1] && book.Agents[payment.AgentId].Code == name[0])))
            {
                number = payment.Number;
                name = [book.Agents[payment.AgentId].Code, payment.Reference];
                Say(FormattableString.Invariant(
                    $"  book: {payment.Number} {payment.AmountQepik}+{payment.FeeQepik} provider {payment.ProviderId}: ")
                    + string.Join(" ", payment.Events) + " " + string.Join(" ", payment.Transfers));
            }

            foreach (var line in number == 0 ? [] : ProviderBook.Lines(scene.RecordFile, number))
            {
                Say("  provider: " + line);
            }

            foreach (var line in name.Length == 2
                ? ToldBook.Lines(Path.Combine(folder, "told"), name[0], name[1], AgentOf) : [])
            {
                Say("  told: " + line);
            }
        }
    }

    private string AgentOf(string terminal) => agents[terminal];

    private static void Say(string what) => Console.Error.WriteLine(what);
}
