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
        var backend = connection.ProcessID;
        Console.WriteLine(backend);
        foreach (var size in Sizes)
        {
            await MeasureAsync(book, connection, backend, size, Math.Min(commands / size, 2_000), say: size == Sizes[0] ? "" : null);
        }

        foreach (var size in Sizes)
        {
            await MeasureAsync(book, connection, backend, size, Math.Max(20, Math.Min(commands / size, 2_000)), "");
        }

        return 0;
    }

    private static async Task MeasureAsync(BookToFill book, NpgsqlConnection connection, int backend, int size, int batches, string? say)
    {
        var batch = new LaneBatch();
        var (accepting, confirming, entered) = (TimeSpan.Zero, TimeSpan.Zero, 0);
        var (acceptTicks, confirmTicks) = (0L, 0L);
        var edge = Transitions.All.Single(one => one.Id == 8);
        var waiting = new List<List<Acceptance>>();
        var cpu = ProcessorTime.Of(backend);
        for (var i = 0; i < batches; i++)
        {
            batch.Clear();
            var accepted = new List<Acceptance>();
            for (var j = 0; j < size; j++)
            {
                accepted.Add(await book.AcceptanceAsync(Random.Shared.Next(1_000)));
                batch.TryAdd(new AcceptCommand(accepted[^1]));
            }

            var began = Stopwatch.GetTimestamp();
            await batch.ExecuteAsync(connection, mustWrite: false);
            accepting += Stopwatch.GetElapsedTime(began);
            entered += batch.Accepts.Commands.Count(one => one.Result is { Verdict: AcceptVerdict.Entered });
            waiting.Add(accepted);
        }

        acceptTicks = ProcessorTime.Of(backend) - cpu;
        foreach (var accepted in waiting)
        {
            batch.Clear();
            foreach (var one in accepted)
            {
                batch.TryAdd(new RecordCommand(new Happening
                {
                    AgentId = one.AgentId, Number = one.Number, SeenStep = 0, SeenEdge = 2, Edge = edge, NodeId = one.NodeId,
                    ProviderTransaction = "PRV-1234567", ProviderCode = "0",
                }));
            }

            var began = Stopwatch.GetTimestamp();
            await batch.ExecuteAsync(connection, mustWrite: false);
            confirming += Stopwatch.GetElapsedTime(began);
            entered += batch.Records.Commands.Count(one => one.Result.Done);
        }

        confirmTicks = ProcessorTime.Of(backend) - cpu - acceptTicks;
        if (entered != 2 * size * batches)
        {
            throw new InvalidOperationException("A command of the benchmark was not entered.");
        }

        if (say is not null)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{size,4} a batch: accepting {accepting.TotalMicroseconds / batches,8:F0} µs, of PostgreSQL's processor {(double)acceptTicks / batches,8:F0}; confirming {confirming.TotalMicroseconds / batches,8:F0}, {(double)confirmTicks / batches,8:F0}"));
        }
    }
}
