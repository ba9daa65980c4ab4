using System.Diagnostics;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Dispatch;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.RegistersIn;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Benchmarks.Reconcile;

/// <summary>The engine's own process: imports the file and compares. It knows nothing of what was planted.</summary>
internal static class EngineSide
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var (connectionString, day) = (arguments[1], LocalDatePattern.Iso.Parse(arguments[4]).Value);
        await using var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = connectionString,
                Secret = new byte[32],
                Connect = _ => new Dictionary<string, IProvider>(StringComparer.Ordinal),
                Route = (_, _) => null,
                Background = false,
            },
            SystemClock.Instance, NullLoggerFactory.Instance);
        // As a node that has been at work for a while: its code is compiled, in the background and in steps, the server knows its statements.
        await CompareAsync(engine, RunReconcile.WarmProvider, arguments[2], day);
        for (var again = 0; again < 3; again++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500));
            await new ReconcileRegister(engine).RunAsync(engine.Catalogue.Current.Provider(RunReconcile.WarmProvider)!, day, "benchmark");
        }

        await Task.Delay(TimeSpan.FromSeconds(1));
        Console.WriteLine("ready");
        await Console.In.ReadLineAsync();
        var began = Stopwatch.GetTimestamp();
        var found = await CompareAsync(engine, RunReconcile.Provider, arguments[3], day);
        Console.WriteLine(Stopwatch.GetElapsedTime(began).TotalSeconds.ToString("F3", CultureInfo.InvariantCulture));
        await Console.Error.WriteLineAsync(found.ToString());
        return 0;
    }

    private static async Task<Reconciled> CompareAsync(Engine engine, string provider, string file, LocalDate day)
    {
        await using var content = File.OpenRead(file);
        var (import, found) = await new ReconcileRegister(engine).ImportAsync(
            new ImportRegisters(engine.Database, []), new IncomingFile(Path.GetFileName(file), content, FileSource.Command, "benchmark"),
            engine.Catalogue.Current.Provider(provider)!, day);
        return found ?? throw new InvalidOperationException(import.ToString());
    }
}
