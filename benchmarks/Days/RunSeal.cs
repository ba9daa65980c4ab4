using System.Diagnostics;
using System.Globalization;
using EGovPay.Benchmarks.Journal;
using EGovPay.Benchmarks.Reconcile;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Days;
using EGovPay.Processing.Journal;
using EGovPay.Processing.StateMachine;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EGovPay.Benchmarks.Days;

/// <summary>
/// A day of very many transfers is closed, totalled and sealed by a process of its own, while payments go on; then the seal is reckoned
/// again, as the audit does, and the whole audit is run.
/// <code>dotnet run -c Release --project benchmarks -- seal [--transfers 1000000]</code>
/// </summary>
internal static class RunSeal
{
    private const long First = 720_000_000_000;
    private const int Callers = 64;
    private const double MostMebibytes = 512;
    private const double LongestStallMilliseconds = 2_000;

    private static readonly TimeSpan Before = TimeSpan.FromSeconds(8);

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (Transfers(arguments) is not { } transfers)
        {
            await Console.Error.WriteLineAsync("seal [--transfers 1000000], from 1000 to 20000000");
            return 2;
        }

        await using var book = await BookToFill.StartAsync();
        await FillAsync(book, transfers / 2);
        var connection = new NpgsqlConnectionStringBuilder(book.ConnectionString) { ApplicationName = "reconciling" };
        using var engine = EngineProcess.Start("seal-engine", connection.ConnectionString);
        await engine.StandardOutput.ReadLineAsync();
        var journal = book.OpenJournal(1_000, out var lanes);
        await using var pool = lanes;
        await using var owned = journal;
        var payers = new Payers();
        using var stop = new CancellationTokenSource();
        var paying = Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => payers.PayAsync(book, journal, caller, stop.Token)));
        await Task.Delay(Before);
        var before = payers.Read();
        string told;
        PrivateMemory memory;
        await using (memory = await PrivateMemory.WatchAsync(book.ConnectionString, engine))
        {
            await engine.StandardInput.WriteLineAsync();
            await engine.StandardInput.FlushAsync();
            told = await engine.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The engine's process failed.");
            var during = payers.Read();
            await stop.CancelAsync();
            await paying;
            return await TellAsync(book, told, before, during, memory);
        }
    }

    /// <summary>The engine's own process: closes the open day, and reckons its seal again.</summary>
    public static async Task<int> EngineAsync(string[] arguments)
    {
        await using var database = Processing.PostgreSql.Database.Open(arguments[1]);
        var days = new BusinessDays(database, NullLogger<BusinessDays>.Instance);
        await days.OpenDayAsync();
        Console.WriteLine("ready");
        await Console.In.ReadLineAsync();
        var began = Stopwatch.GetTimestamp();
        var closed = (await days.CloseAsync())!;
        var took = Stopwatch.GetElapsedTime(began);
        began = Stopwatch.GetTimestamp();
        await using var command = database.CreateCommand();
        var (again, _) = await SealDays.ReckonAsync(command, closed.Closed, closed.Seal!.Previous, CancellationToken.None);
        var verified = Stopwatch.GetElapsedTime(began);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{closed.Seal.Transfers} {took.TotalSeconds:F2} {verified.TotalSeconds:F2} {closed.Waited.TotalMilliseconds:F0} "
            + $"{again.Hash.AsSpan().SequenceEqual(closed.Seal.Hash)}"));
        return 0;
    }

    private static async Task<int> TellAsync(
        BookToFill book, string told, (double Rate, double Stall) before, (double Rate, double Stall) during, PrivateMemory memory)
    {
        var words = told.Split(' ');
        var began = Stopwatch.GetTimestamp();
        var report = await AuditBooks.RunAsync(book.Database, null, CancellationToken.None);
        var audit = Stopwatch.GetElapsedTime(began).TotalSeconds;
        // The book was filled past the journal: funds and receipts are not told of. Seals are what is looked at.
        var good = report.Invariants.Where(one => one.Name.Contains("seal", StringComparison.Ordinal)).All(one => one.Violations == 0)
            && words[4] == bool.TrueString;
        var peak = memory.PeakKibibytes / 1024.0;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"transfers":{{words[0]}},"seconds":{{words[1]}},"peakMiB":{{peak:F0}},"verifySeconds":{{words[2]}},"auditSeconds":{{audit:F1}}"""
            + $$""","waitedMs":{{words[3]}},"paidPerSecondBefore":{{before.Rate:F0}},"paidPerSecondDuring":{{during.Rate:F0}}"""
            + $$""","longestStallMsBefore":{{before.Stall:F0}},"longestStallMs":{{during.Stall:F0}},"good":{{(good ? "true" : "false")}}}"""));
        return good && peak <= MostMebibytes && during.Stall <= LongestStallMilliseconds ? 0 : 1;
    }

    private static async Task FillAsync(BookToFill book, int payments)
    {
        var sql = Processing.Sql.Load("Days/FillOpenDay.sql")
            .Replace("{first}", First.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{payments}", payments.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        foreach (var statement in new[] { sql, "vacuum analyze", "checkpoint" })
        {
            await using var command = book.Database.CreateCommand(statement);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync();
        }
    }

    private static int? Transfers(string[] arguments) => arguments switch
    {
        [_] => 1_000_000,
        [_, "--transfers", var value] when int.TryParse(value, CultureInfo.InvariantCulture, out var transfers)
            && transfers is >= 1_000 and <= 20_000_000 => transfers,
        _ => null,
    };

    /// <summary>Callers who pay one payment after the other, accepted and confirmed; and how long nobody got an answer.</summary>
    private sealed class Payers
    {
        private readonly Lock guard = new();
        private long since = Stopwatch.GetTimestamp();
        private long last = Stopwatch.GetTimestamp();
        private TimeSpan stall;
        private int paid;

        public async Task PayAsync(BookToFill book, Processing.Journal.Journal journal, int caller, CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                var acceptance = (await book.AcceptanceAsync(caller)) with { Claim = true };
                await journal.AcceptAsync(acceptance);
                await journal.RecordAsync(new Happening
                {
                    AgentId = acceptance.AgentId, Number = acceptance.Number, SeenStep = 0, SeenEdge = 2,
                    Edge = Transitions.Find(PaymentState.Dispatched, PaymentEvent.ProviderConfirmed)!, NodeId = book.Node.Id,
                });
                lock (guard)
                {
                    paid++;
                    stall = TimeSpan.FromTicks(Math.Max(stall.Ticks, Stopwatch.GetElapsedTime(last).Ticks));
                    last = Stopwatch.GetTimestamp();
                }
            }
        }

        /// <summary>Payments a second since the last reading, and the longest time without any, in milliseconds.</summary>
        public (double Rate, double Stall) Read()
        {
            lock (guard)
            {
                var read = (paid / Stopwatch.GetElapsedTime(since).TotalSeconds, stall.TotalMilliseconds);
                (paid, stall, since) = (0, TimeSpan.Zero, Stopwatch.GetTimestamp());
                return read;
            }
        }
    }
}
