using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using EGovPay.Benchmarks.Days;
using EGovPay.Benchmarks.Fuzz;
using EGovPay.Benchmarks.Growth;
using EGovPay.Benchmarks.Journal;
using EGovPay.Benchmarks.Overload;
using EGovPay.Benchmarks.Observing;
using EGovPay.Benchmarks.Reconcile;
using EGovPay.Benchmarks.Torture;
using EGovPay.Benchmarks.WholeWay;

namespace EGovPay.Benchmarks;

/// <summary>
/// The long runs are sub-commands; anything else is BenchmarkDotNet's: <c>--filter '*Validation*'</c>, <c>--list
/// flat</c>.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        switch (arguments is [var command, ..] ? command : "")
        {
            case "journal":
                return await MeasureJournal.RunAsync(arguments);
            case "batches":
                return await MeasureBatches.RunAsync(arguments);
            case "observing":
                return await MeasureObserving.RunAsync(arguments);
            case "torture":
                return await RunTorture.RunAsync(arguments);
            case "fuzz":
                return await RunFuzz.MainAsync(arguments);
            case "overload":
                return await RunOverload.RunAsync(arguments);
            case "reconcile":
                return await RunReconcile.RunAsync(arguments);
            case "reconcile-engine":
                return await EngineSide.RunAsync(arguments);
            case "seal":
                return await RunSeal.RunAsync(arguments);
            case "seal-engine":
                return await RunSeal.EngineAsync(arguments);
            case "close":
                return await RunClose.RunAsync(arguments);
            case "day":
                return await RunDay.RunAsync(arguments);
            case "cold":
                return await RunCold.RunAsync(arguments);
            case "shapes":
                return await RunShapes.RunAsync(arguments);
            case "growth":
                return await RunGrowth.RunAsync(arguments);
            default:
                // In this process: a project that BenchmarkDotNet generates would inherit our analyzers, and restore
                // packages again.
                var config = ManualConfig.Create(DefaultConfig.Instance)
                    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "egovpay-benchmarks"))
                    .AddJob(Job.ShortRun.WithWarmupCount(5).WithIterationCount(8)
                        .WithToolchain(InProcessEmitToolchain.Instance));
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments, config);
                return 0;
        }
    }
}
