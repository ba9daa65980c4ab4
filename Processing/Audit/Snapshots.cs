using System.Data;
using System.Diagnostics;
using Npgsql;

namespace EGovPay.Processing.Audit;

/// <summary>
/// An audit's one connection. Everything is read in short snapshots: a long one would stop PostgreSQL from pruning what the
/// payments of the meantime leave behind.
/// </summary>
internal sealed class Snapshots(NpgsqlConnection connection)
{
    /// <summary>The planner must not gamble on statistics: the book is walked by its keys, and parts of it are joined by hashing.</summary>
    private const string Joining =
        "set transaction read only; set local jit = off; set local enable_seqscan = off; set local enable_nestloop = off; "
        + "set local work_mem = '32MB'";

    private const string Walking =
        "set transaction read only; set local jit = off; set local enable_seqscan = off; set local work_mem = '32MB'";

    public NpgsqlConnection Connection => connection;

    /// <summary>The longest snapshot so far.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Reads in one snapshot that joins sets.</summary>
    public Task<TimeSpan> JoinAsync(Func<Task> read, CancellationToken cancel) => TakeAsync(Joining, read, cancel);

    /// <summary>Reads in one snapshot that walks from key to key.</summary>
    public Task<TimeSpan> WalkAsync(Func<Task> read, CancellationToken cancel) => TakeAsync(Walking, read, cancel);

    /// <summary>
    /// Reads in a snapshot that was taken while nothing could be written on a lane: what happened up to the returned moment, and
    /// nothing else, is in it. The lane is held for the moment only.
    /// </summary>
    public async Task CutAsync(int lane, Func<DateTime, Task> read, CancellationToken cancel)
    {
        var at = await HoldAsync(lane, cancel);
        try
        {
            var began = Stopwatch.GetTimestamp();
            await ExecuteAsync(Walking, cancel);
            await read(at);
            Longest = Max(Longest, Stopwatch.GetElapsedTime(began));
        }
        finally
        {
            if (connection.State == ConnectionState.Open)
            {
                await ExecuteAsync("rollback", CancellationToken.None);
            }
        }
    }

    /// <summary>A statement with these parameters.</summary>
    public NpgsqlCommand Command(string statement, params ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 120 };
        foreach (var value in values)
        {
            command.Parameters.Add(value switch
            {
                null => throw new ArgumentException("A null has no type; give a typed parameter.", nameof(values)),
                NpgsqlParameter typed => typed,
                _ => new NpgsqlParameter { Value = value },
            });
        }

        return command;
    }

    /// <summary>
    /// Holds the day, as the journal does (a close that is not committed yet would be seen by some snapshots of a cut only), then the
    /// lane, for the moment in which a transaction begins. All of it is one message of statements that each stand alone: whoever is
    /// frozen in between has sent the end too, and stops nobody.
    /// </summary>
    private async Task<DateTime> HoldAsync(int lane, CancellationToken cancel)
    {
        try
        {
            await using var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = true };
            foreach (var statement in new[]
            {
                $"select pg_advisory_lock_shared({Journal.Lanes.DayLock}, 0)",
                $"select pg_advisory_lock({Journal.Lanes.LaneLock}, {lane})",
                "begin isolation level repeatable read",
                "select clock_timestamp()",
                $"select pg_advisory_unlock({Journal.Lanes.LaneLock}, {lane})",
                $"select pg_advisory_unlock_shared({Journal.Lanes.DayLock}, 0)",
            })
            {
                batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
            }

            await using var reader = await batch.ExecuteReaderAsync(cancel);
            for (var result = 0; result < 2; result++)
            {
                await reader.NextResultAsync(cancel);
            }

            await reader.ReadAsync(cancel);
            var at = reader.GetDateTime(0);
            while (await reader.NextResultAsync(cancel))
            {
            }

            return at;
        }
        catch (Exception) when (connection.State == ConnectionState.Open)
        {
            // Each statement ran, whatever became of the one before it.
            await ExecuteAsync("rollback", CancellationToken.None);
            await ExecuteAsync("select pg_advisory_unlock_all()", CancellationToken.None);
            throw;
        }
    }

    private async Task<TimeSpan> TakeAsync(string settings, Func<Task> read, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
        await ExecuteAsync(settings, cancel);
        await read();
        await transaction.RollbackAsync(cancel);
        var took = Stopwatch.GetElapsedTime(began);
        Longest = Max(Longest, took);
        return took;
    }

    private async Task ExecuteAsync(string statement, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
