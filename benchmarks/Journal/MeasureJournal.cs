using System.Diagnostics;
using System.Globalization;
using EGovPay.Processing.Journal;
using Npgsql;

namespace EGovPay.Benchmarks.Journal;

/// <summary>
/// How fast the journal takes payments, by batch size, beside two yardsticks in the same run on the same durable server:
/// the same statements with one commit and one round trip a payment, and pgbench's TPC-B.
/// <code>dotnet run -c Release --project benchmarks -- journal [--seconds 8] [--callers 1000]</code>
/// </summary>
internal static class MeasureJournal
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var seconds = Option(arguments, "--seconds", 8);
        var callers = Option(arguments, "--callers", 1_000);
        await using var book = await BookToFill.StartAsync();
        var pgbench = (await Pgbench.MeasureAsync(book.ConnectionString, seconds)).Max(one => one.PerSecond);
        var one = await BaselineAsync(book, 1, seconds);
        var sixteen = await BaselineAsync(book, 16, seconds);
        Console.Error.WriteLine(
            $"pgbench TPC-B best {pgbench:F0}/s; one commit a payment: 1 connection {one:F0}/s, 16 connections {sixteen:F0}/s");
        var best = 0.0;
        foreach (var batch in new[] { 1, 10, 100, 1_000 })
        {
            var rate = await JournalAsync(book, batch, callers, seconds);
            best = rate;
            Console.Error.WriteLine($"journal, batches of at most {batch}, {callers} callers: {rate:F0} payments/s");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"pgbenchTps":{{pgbench:F0}},"baselinePerSecond":{{one:F0}},"baseline16PerSecond":{{sixteen:F0}}"""
            + $$""","journalPerSecond":{{best:F0}},"baselineRatio":{{best / one:F2}},"pgbenchRatio":{{best / pgbench:F2}}}"""));
        return 0;
    }

    /// <summary>Accepts until the time is up; every caller waits for its own commit before it asks again.</summary>
    private static async Task<double> JournalAsync(BookToFill book, int batchLimit, int callers, int seconds)
    {
        var journal = book.OpenJournal(batchLimit, out var lanes);
        await using var pool = lanes;
        await using var owned = journal;
        return await RateAsync(callers, seconds, async caller =>
        {
            var accepted = await journal.AcceptAsync(await book.AcceptanceAsync(caller));
            return accepted.Verdict == AcceptVerdict.Entered;
        });
    }

    /// <summary>The naive way: the same locks and statement, prepared, one payment a round trip and a commit.</summary>
    private static async Task<double> BaselineAsync(BookToFill book, int connections, int seconds)
    {
        await using var lanes = Processing.PostgreSql.Database.Open(
            Processing.Journal.Journal.ConnectionString(book.ConnectionString));
        var open = new List<(NpgsqlConnection Connection, LaneBatch Batch)>();
        for (var i = 0; i < connections; i++)
        {
            var connection = await lanes.OpenConnectionAsync();
            await LaneBatch.PrepareAsync(connection);
            open.Add((connection, new LaneBatch()));
        }

        var rate = await RateAsync(connections, seconds, async caller =>
        {
            var (connection, batch) = open[caller];
            batch.Clear();
            batch.TryAdd(new AcceptCommand(await book.AcceptanceAsync(caller)));
            await batch.ExecuteAsync(connection, mustWrite: false);
            return true;
        });
        foreach (var (connection, _) in open)
        {
            await connection.DisposeAsync();
        }

        return rate;
    }

    private static async Task<double> RateAsync(int callers, int seconds, Func<int, Task<bool>> pay)
    {
        var done = 0L;
        var measuring = false;
        using var ends = new CancellationTokenSource();
        var running = Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            while (!ends.IsCancellationRequested)
            {
                if (!await pay(caller))
                {
                    throw new InvalidOperationException("A payment of the benchmark was not entered.");
                }

                if (Volatile.Read(ref measuring))
                {
                    Interlocked.Increment(ref done);
                }
            }
        })).ToList();
        await Task.Delay(TimeSpan.FromSeconds(2));
        Volatile.Write(ref measuring, true);
        var began = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        Volatile.Write(ref measuring, false);
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var rate = Interlocked.Read(ref done) / took;
        await ends.CancelAsync();
        await Task.WhenAll(running);
        return rate;
    }

    private static int Option(string[] arguments, string name, int otherwise)
    {
        var at = Array.IndexOf(arguments, name);
        return at >= 0 && at + 1 < arguments.Length ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }
}
