using EGovPay.Processing.Observing;
using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging;
using NodaTime;
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

    private const int LeaseSeconds = 5;

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBlockLife = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestClaim = TimeSpan.FromSeconds(65);
    private static readonly TimeSpan Living = TimeSpan.FromSeconds(4);

    private readonly IClusterTables cluster;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Lock guard = new();
    private readonly HashSet<long> underWay = [];
    private readonly Dictionary<long, int> lost = [];
    private readonly SemaphoreSlim taking = new(1);
    private readonly CancellationTokenSource stop = new();
    private Block block;
    private Task beating = Task.CompletedTask;

    private Node(IClusterTables cluster, int id, ILogger log, TimeProvider time, DatabaseClock clock)
    {
        Clock = clock;
        this.cluster = cluster;
        this.time = time;
        this.log = log;
        Id = id;
        block = new Block(time, 0, 0);
    }

    public int Id { get; }

    /// <summary>The database's time, as the heartbeats bring it.</summary>
    public DatabaseClock Clock { get; }

    /// <summary>
    /// The database's clock was not moved while the claims that may be open now were made: what it says of their ends is so.
    /// </summary>
    public bool TimeIsEven => Clock.Even(LongestClaim);

    /// <summary>The lease was renewed lately; false: this node must not begin anything.</summary>
    public bool Alive => LeaseAge < Living;

    /// <summary>How long ago the last heartbeat that reached the database began.</summary>
    public TimeSpan LeaseAge => time.GetElapsedTime(Volatile.Read(ref lastBeat));

    /// <summary>The database took the last heartbeat, and no standby confirmed it: commits wait.</summary>
    public bool StandbyMissing { get; private set; }

    private long lastBeat;

    /// <summary>Registers this process as a node and begins its heartbeat.</summary>
    /// <param name="took">Hears of each block of numbers that it takes, with its own number; null: nobody does.</param>
    public static Task<Node> StartAsync(
        NpgsqlDataSource database, string name, ILogger log, DatabaseClock? clock = null, Action<long, int>? took = null) =>
        StartAsync(new ClusterTables(database, took), name, log, TimeProvider.System, clock);

    /// <summary>Registers a node and begins its heartbeat, on the caller's scheduler.</summary>
    public static async Task<Node> StartAsync(
        IClusterTables cluster, string name, ILogger log, TimeProvider time, DatabaseClock? clock = null)
    {
        var began = time.GetTimestamp();
        var node = new Node(cluster, await cluster.RegisterAsync(name), log, time, clock ?? new DatabaseClock(time));
        node.lastBeat = began;
        // With the first beat the node knows the database's time; its own clock may show anything.
        await node.TryBeatAsync(LeaseSeconds);
        node.beating = Pauses.StartBeside(node.BeatAsync);
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
    /// <returns>False: it is under way here already.</returns>
    public bool TryBegin(long number)
    {
        lock (guard)
        {
            return underWay.Add(number);
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
    public void LoseSight(int agentId, long number)
    {
        lock (guard)
        {
            underWay.Remove(number);
            lost[number] = agentId;
        }
    }

    /// <summary>What this node has lost sight of.</summary>
    public IReadOnlyList<(int AgentId, long Number)> Lost
    {
        get
        {
            lock (guard)
            {
                return [.. lost.Select(one => (one.Value, one.Key))];
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

    /// <summary>
    /// Beats at once, beside its rhythm. True: the database answered, and a step of its clock before this call is known now.
    /// </summary>
    public Task<bool> BeatNowAsync() => TryBeatAsync(LeaseSeconds);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await beating;
        await EndAsync();
        stop.Dispose();
        taking.Dispose();
    }

    /// <summary>
    /// An ordered end. What has nothing left to take over closes itself at once, and nobody misses it: its lease is told to have
    /// ended as long ago as a dead node's, before it is closed. Otherwise the lease ends now, and others take over.
    /// </summary>
    private async Task EndAsync()
    {
        bool left;
        lock (guard)
        {
            left = underWay.Count + lost.Count > 0;
        }

        if (!await TryBeatAsync(left ? 0 : -ClusterTables.ClosedAfterSeconds) || left)
        {
            return;
        }

        try
        {
            await cluster.CloseAsync(Id, CancellationToken.None);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            // Another node closes it with its next look.
            Log.HeartbeatFailed(log, failure);
        }
    }

    private async Task<Block> TakeAsync() => new(time, await cluster.TakeBlockAsync(Id), BlockSize);

    private async Task BeatAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            await TryBeatAsync(LeaseSeconds);
            await time.PauseAsync(Beat, stop.Token);
        }
    }

    /// <summary>The database told its time.</summary>
    private async Task<bool> TryBeatAsync(int leaseSeconds)
    {
        var began = time.GetTimestamp();
        long low;
        lock (guard)
        {
            low = block.Next;
            foreach (var number in underWay.Concat(lost.Keys))
            {
                low = Math.Min(low, number);
            }
        }

        try
        {
            var moved = Clock.Told(await cluster.BeatAsync(Id, leaseSeconds, low), began);
            if (moved != Duration.Zero)
            {
                Log.DatabaseClockMoved(log, moved.TotalSeconds);
            }

            Volatile.Write(ref lastBeat, began);
            StandbyMissing = false;
            return true;
        }
        catch (UnconfirmedException)
        {
            StandbyMissing = true;
            Log.HeartbeatUnconfirmed(log);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            Measures.HeartbeatLost();
            Log.HeartbeatFailed(log, failure);
        }

        return false;
    }

    /// <summary>A run of numbers. Old ones are thrown away so that numbers stay in the order of time.</summary>
    private sealed class Block(TimeProvider time, long first, int count)
    {
        private readonly long takenAt = time.GetTimestamp();
        private readonly long end = first + count;

        public long Next { get; private set; } = first;

        public long? Take() => Next < end && time.GetElapsedTime(takenAt) <= LongestBlockLife ? Next++ : null;
    }
}
