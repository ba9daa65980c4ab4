using System.Diagnostics;
using System.Globalization;
using EGovPay.Benchmarks.WholeWay;
using EGovPay.Processing.Journal;
using EGovPay.Processing.StateMachine;
using Npgsql;

namespace EGovPay.Benchmarks.Journal;

/// <summary>
/// What one transaction of the journal costs, by how many commands are in it: acceptances, then the confirmations of the same payments.
/// Two sizes tell what a batch costs however full it is, and what each command adds.
/// <code>dotnet run -c Release --project benchmarks -- batches [--commands 20000]</code>
/// </summary>
internal static class MeasureBatches
{
    private static readonly int[] Sizes = [1, 8, 32, 128, 512];

    public static async Task<int> RunAsync(string[] arguments)
    {
        var at = Array.IndexOf(arguments, "--commands");
        var commands = at >= 0 && at + 1 < arguments.Length ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) : 20_000;
        await using var book = await BookToFill.StartAsync();
        await using var lanes = Processing.PostgreSql.Database.Open(
            Processing.Journal.Journal.ConnectionString(book.ConnectionString));
        await using var connection = await lanes.OpenConnectionAsync();
        await LaneBatch.PrepareAsync(connection);
        foreach (var warm in new[] { true, false })
        {
            foreach (var size in Sizes)
            {
                var batches = Math.Clamp(commands / size, 20, 2_000);
                var (accepting, payments) = await AcceptAsync(book, connection, size, batches);
                var confirming = await ConfirmAsync(connection, payments);
                if (!warm)
                {
                    Console.WriteLine(
                        string.Create(CultureInfo.InvariantCulture, $"{size,4} a batch: accepting {accepting}; confirming {confirming}"));
                }
            }
        }

        return 0;
    }

    private static async Task<(Cost Cost, List<List<Acceptance>> Payments)> AcceptAsync(
        BookToFill book, NpgsqlConnection connection, int size, int batches)
    {
        var payments = new List<List<Acceptance>>();
        var cost = new Cost(connection);
        var batch = new LaneBatch();
        for (var i = 0; i < batches; i++)
        {
            batch.Clear();
            payments.Add([]);
            for (var j = 0; j < size; j++)
            {
                payments[^1].Add(await book.AcceptanceAsync(Random.Shared.Next(1_000)));
                batch.TryAdd(new AcceptCommand(payments[^1][^1]));
            }

            await cost.ExecuteAsync(batch);
        }

        return (cost, payments);
    }

    private static async Task<Cost> ConfirmAsync(NpgsqlConnection connection, List<List<Acceptance>> payments)
    {
        var edge = Transitions.Find(PaymentState.Dispatched, PaymentEvent.ProviderConfirmed)!;
        var cost = new Cost(connection);
        var batch = new LaneBatch();
        foreach (var some in payments)
        {
            batch.Clear();
            foreach (var one in some)
            {
                batch.TryAdd(new RecordCommand(new Happening
                {
                    AgentId = one.AgentId, Number = one.Number, SeenStep = 0, SeenEdge = 2, Edge = edge, NodeId = one.NodeId,
                    ProviderTransaction = "PRV-1234567", ProviderCode = "0",
                }));
            }

            await cost.ExecuteAsync(batch);
        }

        return cost;
    }

    /// <summary>What so many transactions took of the clock and of the database's processor; a tick of the latter is 10 ms.</summary>
    private sealed class Cost(NpgsqlConnection connection)
    {
        private readonly long before = ProcessorTime.Of(connection.ProcessID);
        private TimeSpan took;
        private long used;
        private int batches;

        public async Task ExecuteAsync(LaneBatch batch)
        {
            var began = Stopwatch.GetTimestamp();
            await batch.ExecuteAsync(connection, mustWrite: false);
            took += Stopwatch.GetElapsedTime(began);
            used = ProcessorTime.Of(connection.ProcessID) - before;
            batches++;
            if (batch.LastWritten() is null)
            {
                throw new InvalidOperationException("A transaction of the benchmark wrote nothing.");
            }
        }

        public override string ToString() => FormattableString.Invariant(
            $"{took.TotalMicroseconds / batches,6:F0} µs, {(double)used / batches,6:F0} of PostgreSQL's processor");
    }
}
