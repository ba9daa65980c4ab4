using BenchmarkDotNet.Attributes;
using EGovPay.Processing.Journal;
using Npgsql;

namespace EGovPay.Benchmarks.Journal;

/// <summary>
/// What does a payment's acceptance cost by the size of the batch that commits it? Full rows, 1 000 callers, a durable server;
/// the baseline is the same statements with one round trip and one commit a payment.
/// </summary>
[MemoryDiagnoser]
public class JournalByBatchSize
{
    private const int Callers = 1_000;

    private BookToFill book = null!;
    private NpgsqlDataSource lanes = null!;
    private Processing.Journal.Journal journal = null!;
    private NpgsqlConnection one = null!;

    [Params(1, 10, 100, 1_000)]
    public int BatchLimit { get; set; }

    [GlobalSetup]
    public async Task StartAsync()
    {
        book = await BookToFill.StartAsync();
        journal = book.OpenJournal(BatchLimit, out lanes);
        one = await lanes.OpenConnectionAsync();
        await LaneBatch.PrepareAsync(one);
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        await one.DisposeAsync();
        await journal.DisposeAsync();
        await lanes.DisposeAsync();
        await book.DisposeAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = 100)]
    public async Task OneCommitAPayment()
    {
        var batch = new LaneBatch();
        for (var i = 0; i < 100; i++)
        {
            batch.Clear();
            batch.TryAdd(new AcceptCommand(await book.AcceptanceAsync(i)));
            await batch.ExecuteAsync(one, mustWrite: false);
        }
    }

    [Benchmark(OperationsPerInvoke = Callers)]
    public Task GroupCommit() => Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        await journal.AcceptAsync(await book.AcceptanceAsync(caller))));
}
