using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// This process among the nodes of the cluster: its number, its lease by database time, the payment numbers it gives out, and
/// which of its payments are under way. Below the number that its heartbeat tells, it has nothing unfinished; so whoever takes
/// over after its death looks only above it.
/// </summary>
public sealed class Node : IAsyncDisposable
{
    /// <summary>Payment numbers taken from the database at once.</summary>
    public const int BlockSize = 1_000;

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBlockLife = TimeSpan.FromMinutes(5);
    private static readonly string TakeBlock = Sql.Load("Dispatch/TakeBlock.sql");
    private static readonly string Heartbeat = Sql.Load("Dispatch/Heartbeat.sql");

    private readonly NpgsqlDataSource database;
    private readonly ILogger log;
    private readonly Lock guard = new();
    private readonly HashSet<long> underWay = [];
    private readonly HashSet<long> lost = [];
    private readonly SemaphoreSlim taking = new(1);
    private readonly CancellationTokenSource stop = new();
    private Block block = new(0, 0, 0);
    private Task beating = Task.CompletedTask;

    private Node(NpgsqlDataSource database, int id, ILogger log)
    {
        this.database = database;
        this.log = log;
        Id = id;
    }

    public int Id { get; }

    /// <summary>The lease was renewed lately; false: this node must not begin anything.</summary>
    public bool Alive => Environment.TickCount64 - Volatile.Read(ref lastBeat) < 4_000;

    private long lastBeat;

    /// <summary>Registers this process as a node and begins its heartbeat.</summary>
    public static async Task<Node> StartAsync(NpgsqlDataSource database, string name, ILogger log)
    {
        await using var register = database.CreateCommand(
            "insert into node (name, lease_until, low_number) "
            + "select $1, now() + interval '5 seconds', s.last_value from payment_number s returning node_id");
        register.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        var node = new Node(database, (int)(await register.ExecuteScalarAsync())!, log);
        node.lastBeat = Environment.TickCount64;
        node.beating = Task.Run(node.BeatAsync);
        return node;
    }

    /// <summary>A new payment number, under way until <see cref="Done"/> is told.</summary>
    public async ValueTask<long> NextNumberAsync()
    {
        while (true)
        {
            Block current;
            lock (guard)
            {
                // Taken and known as under way in one step: the heartbeat must never count it as finished in between.
                current = block;
                if (current.Take() is { } number)
                {
                    underWay.Add(number);
                    return number;
                }
            }

            await taking.WaitAsync();
            try
            {
                if (ReferenceEquals(current, block))
                {
                    var next = await TakeAsync();
                    lock (guard)
                    {
                        block = next;
                    }
                }
            }
            finally
            {
                taking.Release();
            }
        }
    }

    /// <summary>This node takes over a payment that another began: it is under way until <see cref="Done"/> is told.</summary>
    public void Begin(long number)
    {
        lock (guard)
        {
            underWay.Add(number);
        }
    }

    /// <summary>The payment is final, or stands in the queue of the unknown, or never was.</summary>
    public void Done(long number)
    {
        lock (guard)
        {
            underWay.Remove(number);
            lost.Remove(number);
        }
    }

    /// <summary>
    /// Its way here was broken off, and how it stands is only in the book: nobody is busy with it, and it is not finished either.
    /// Recovery looks for it until <see cref="Done"/> is told.
    /// </summary>
    public void LoseSight(long number)
    {
        lock (guard)
        {
            underWay.Remove(number);
            lost.Add(number);
        }
    }

    /// <summary>What this node has lost sight of.</summary>
    public IReadOnlyList<long> Lost
    {
        get
        {
            lock (guard)
            {
                return [.. lost];
            }
        }
    }

    public bool IsUnderWay(long number)
    {
        lock (guard)
        {
            return underWay.Contains(number);
        }
    }

    public int UnderWay
    {
        get
        {
            lock (guard)
            {
                return underWay.Count;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await beating;
        await TryBeatAsync(0);
        stop.Dispose();
        taking.Dispose();
    }

    private async Task<Block> TakeAsync()
    {
        await using var command = database.CreateCommand(TakeBlock);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Id });
        var first = (long)(await command.ExecuteScalarAsync())!;
        return new Block(first, first + BlockSize, Environment.TickCount64 + (long)LongestBlockLife.TotalMilliseconds);
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(Beat);
        while (!stop.IsCancellationRequested)
        {
            await TryBeatAsync(5);
            try
            {
                await timer.WaitForNextTickAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task TryBeatAsync(int leaseSeconds)
    {
        var began = Environment.TickCount64;
        long low;
        lock (guard)
        {
            low = block.Next;
            foreach (var number in underWay.Concat(lost))
            {
                low = Math.Min(low, number);
            }
        }

        try
        {
            await using var command = database.CreateCommand(Heartbeat);
            command.CommandTimeout = 3;
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Id });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = leaseSeconds });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = low });
            await command.ExecuteNonQueryAsync();
            Volatile.Write(ref lastBeat, began);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            Log.HeartbeatFailed(log, failure);
        }
    }

    /// <summary>A run of numbers. Old ones are thrown away so that numbers stay in the order of time.</summary>
    private sealed class Block(long first, long end, long bestBefore)
    {
        public long Next { get; private set; } = first;

        public long? Take() => Next < end && Environment.TickCount64 <= bestBefore ? Next++ : null;
    }
}
