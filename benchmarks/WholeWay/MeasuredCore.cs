using System.Diagnostics;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using EGovPay.Processing.People;
using EGovPay.Processing.Schema;
using EGovPay.Processing.StateMachine;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace EGovPay.Benchmarks.WholeWay;

/// <summary>One run of the engine alone, with the processor time of a payment.</summary>
internal sealed record CoreRate(double PerSecond, double EngineMicroseconds, double PostgresMicroseconds)
{
    public override string ToString() => FormattableString.Invariant(
        $"{PerSecond:F0}/s; µs of processor a payment: engine {EngineMicroseconds:F0}, PostgreSQL {PostgresMicroseconds:F0}");
}

/// <summary>
/// The engine alone: validation, commit 1, a provider in this process that confirms at once, commit 2; neither HTTP nor a network.
/// </summary>
internal static class MeasuredCore
{
    private const int Callers = 1_000;
    private const int Agents = 100;
    private const int BillsKept = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly Person Doer = new("bench", "Bench", [Role.Administrator, Role.Operator]);

    /// <summary>In a database of its own on this server, which is dropped afterwards.</summary>
    /// <param name="postgres">The server's process.</param>
    public static async Task<CoreRate> RunAsync(NpgsqlDataSource server, string connectionString, int postgres, int seconds)
    {
        await ExecuteAsync(server, "create database core");
        var own = new NpgsqlConnectionStringBuilder(connectionString) { Database = "core" }.ConnectionString;
        await Migrate.RunAsync(own);
        try
        {
            return await MeasureAsync(own, postgres, seconds);
        }
        finally
        {
            await ExecuteAsync(server, "drop database core with (force)");
        }
    }

    private static async Task<CoreRate> MeasureAsync(string connectionString, int postgres, int seconds)
    {
        await using var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = connectionString,
                Secret = new byte[32],
                Connect = providers => providers.ToDictionary(
                    one => one.Code, IProvider (one) => new WillingProvider(one), StringComparer.Ordinal),
                Route = (_, _) => "azercell",
            },
            SystemClock.Instance, NullLoggerFactory.Instance);
        var terminals = await TerminalsAsync(engine);
        var bills = new DayBills(engine.Catalogue.Current);
        var kept = Enumerable.Range(0, BillsKept).Select(_ => bills.Next()).ToArray();
        var (done, turns) = (0L, 0L);
        var measuring = false;
        using var ends = new CancellationTokenSource();
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            while (!ends.IsCancellationRequested)
            {
                var turn = Interlocked.Increment(ref turns);
                var bill = kept[turn % kept.Length];
                var answer = await engine.Pay.PayAsync(
                    terminals[caller % terminals.Count],
                    new PaymentRequest
                    {
                        Reference = FormattableString.Invariant($"C{Random.Shared.NextInt64():x16}"), Service = bill.Service.CodeText,
                        Account = bill.Account, Fields = bill.Fields, AmountQepik = bill.AmountQepik, TotalQepik = bill.TotalQepik,
                        Tender = Tender.Cash,
                    },
                    Patience);
                if (answer.Payment is not { State: PaymentState.Confirmed })
                {
                    throw new InvalidOperationException($"A payment of the measurement was not confirmed: {answer.Refused?.Why}");
                }

                if (Volatile.Read(ref measuring))
                {
                    Interlocked.Increment(ref done);
                }
            }
        })).ToList();
        await Task.WhenAny([.. callers, Task.Delay(TimeSpan.FromSeconds(4))]);
        Volatile.Write(ref measuring, true);
        var began = Stopwatch.GetTimestamp();
        var (engineBefore, postgresBefore) = (ProcessorTime.Of(Environment.ProcessId), ProcessorTime.OfFamily(postgres));
        await Task.WhenAny([.. callers, Task.Delay(TimeSpan.FromSeconds(seconds))]);
        Volatile.Write(ref measuring, false);
        var paid = (double)Interlocked.Read(ref done);
        var rate = new CoreRate(
            paid / Stopwatch.GetElapsedTime(began).TotalSeconds, (ProcessorTime.Of(Environment.ProcessId) - engineBefore) / paid,
            (ProcessorTime.OfFamily(postgres) - postgresBefore) / paid);
        await ends.CancelAsync();
        await Task.WhenAll(callers);
        return rate;
    }

    private static async Task<List<Terminal>> TerminalsAsync(Engine engine)
    {
        await new Users(engine.Database).BootstrapAsync(PersonKey.New(Doer.Login), Doer.Login, Doer.Name, Doer.Roles);
        var administer = new Administer(engine.Database, Doer);
        var keys = new List<string>();
        for (var i = 0; i < Agents; i++)
        {
            var code = FormattableString.Invariant($"bank-{i}");
            var agent = (await administer.AddAgentAsync(code, "Bank", commissionHundredthsPercent: 15))!.Value;
            var point = (await administer.AddPointAsync(agent, "p", "Mərkəz"))!.Value;
            keys.Add((await administer.AddTerminalAsync(agent, point, new NewTerminal(code + "-t", "Kassa")))!);
        }

        // Money as no deposit of a day brings it: nobody is to run out.
        await ExecuteAsync(engine.Database, "update funds set credits_posted = 4000000000000000 where credits_posted = 0");
        await engine.Directory.RefreshAsync();
        return [.. keys.Select(key => engine.Directory.FindKnown(key, SystemClock.Instance.GetCurrentInstant())!)];
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
