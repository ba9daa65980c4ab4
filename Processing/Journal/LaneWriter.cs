using System.Threading.Channels;
using EGovPay.Processing.Observing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Journal;

/// <summary>One connection and the queue of the lanes that it serves.</summary>
internal sealed class LaneWriter : IAsyncDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AbandonPatience = TimeSpan.FromMilliseconds(500);

    private readonly Channel<LaneCommand> queue;
    private readonly ILaneDatabase database;
    private readonly JournalSettings settings;
    private readonly Action<int> filled;
    private readonly ILogger log;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource abandon = new();
    private readonly Task running;
    private readonly LaneBatch batch = new();
    private readonly Queue<LaneCommand> first = new();
    private ILaneConnection? connection;

    /// <summary>The last one that was open, whatever became of it.</summary>
    private ILaneConnection? last;
    private long executingSince;
    private long quickestCommit = long.MaxValue;

    /// <summary>An execution ended without the server's last word; until one does not, nothing is refused and each one writes.</summary>
    private bool perhapsCommitted;

    /// <param name="filled">Hears of each transaction how many commands are in it.</param>
    public LaneWriter(ILaneDatabase database, JournalSettings settings, Action<int> filled, ILogger log, TimeProvider time)
    {
        this.filled = filled;
        this.time = time;
        this.database = database;
        this.settings = settings;
        this.log = log;
        queue = Channel.CreateBounded<LaneCommand>(
            new BoundedChannelOptions(settings.QueueLimit) { SingleReader = true, AllowSynchronousContinuations = false });
        running = Pauses.StartBeside(RunAsync);
    }

    public int Waiting => queue.Reader.Count;

    public TimeSpan OldestAge
    {
        get
        {
            // What is executed came before what queues, but for a batch that was refused a place: that is never far behind.
            var since = Volatile.Read(ref executingSince);
            since = since == 0 && queue.Reader.TryPeek(out var head) ? head.CameTicks : since;
            return since == 0 ? TimeSpan.Zero : time.GetElapsedTime(since);
        }
    }

    /// <summary>Since this was asked last.</summary>
    public TimeSpan? QuickestCommit() =>
        Interlocked.Exchange(ref quickestCommit, long.MaxValue) is var ticks and not long.MaxValue ? TimeSpan.FromTicks(ticks) : null;

    public bool TryEnqueue(LaneCommand command)
    {
        command.CameTicks = time.GetTimestamp();
        return queue.Writer.TryWrite(command);
    }

    public ValueTask EnqueueAsync(LaneCommand command)
    {
        command.CameTicks = time.GetTimestamp();
        return queue.Writer.WriteAsync(command);
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        if (await Task.WhenAny(running, Task.Delay(settings.StopPatience, time)) != running)
        {
            await abandon.CancelAsync();
            if (await Task.WhenAny(running, Task.Delay(AbandonPatience, time)) != running)
            {
                // It waits for a standby, and a commit cannot be called back. Nobody is told anything: all of it is open.
                Log.CommitAbandoned(log, batch.Count + first.Count + queue.Reader.Count);
                FailRest();
                return;
            }
        }

        if (connection is not null)
        {
            await connection.DisposeAsync();
        }

        abandon.Dispose();
    }

    private async Task RunAsync()
    {
        while (first.Count > 0 || await queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            Fill();
            filled(batch.Count);
            Volatile.Write(ref executingSince, batch.OldestTicks);
            await CommitAsync();
            Volatile.Write(ref executingSince, 0);
        }
    }

    /// <summary>Takes whatever has queued; what must not meet in one batch waits for the next, in order.</summary>
    private void Fill()
    {
        for (var waiting = first.Count; waiting > 0; waiting--)
        {
            var command = first.Dequeue();
            if (batch.Count >= settings.BatchLimit || !batch.TryAdd(command))
            {
                first.Enqueue(command);
            }
        }

        while (batch.Count + first.Count < settings.BatchLimit && queue.Reader.TryRead(out var command))
        {
            if (!batch.TryAdd(command))
            {
                first.Enqueue(command);
            }
        }
    }

    private async Task CommitAsync()
    {
        var failures = 0;
        while (true)
        {
            var executing = false;
            try
            {
                var open = await OpenAsync();
                executing = true;
                batch.StartedTicks = time.GetTimestamp();
                if (await open.ExecuteAsync(batch, perhapsCommitted))
                {
                    // The server stopped waiting for its standby: what it called success may be lost. Execute again until it is not.
                    Log.CommitInDoubt(log, batch.Count);
                    Measures.CommitDoubted();
                    perhapsCommitted = true;
                    continue;
                }

                Tell();
                return;
            }
            catch (PostgresException refused) when (executing && ServerSaid.CommandsFault(refused))
            {
                await BisectAsync(refused);
                return;
            }
            catch (PostgresException full) when (
                !perhapsCommitted && full.SqlState.StartsWith("53", StringComparison.Ordinal))
            {
                RefuseAcceptances(full);
                await PauseAsync(++failures);
            }
            catch (Exception failure) when (failure is NpgsqlException or IOException or TimeoutException)
            {
                Log.CommitFailed(log, failure, batch.Count);
                Measures.CommitFailed();
                // Without the server's word for the opposite it may have committed: no refusal may be told from here on, and an
                // execution that only finds its own rows must still wait for the standby.
                perhapsCommitted |= executing && !ServerSaid.Aborted(failure);
                if (abandon.IsCancellationRequested)
                {
                    FailAll(failure);
                    return;
                }

                await CloseAsync();
                await PauseAsync(++failures);
            }
            catch (Exception defect)
            {
                Log.CommitDefect(log, defect, batch.Count);
                perhapsCommitted |= executing;
                await CloseAsync();
                await BisectAsync(defect);
                return;
            }
        }
    }

    /// <summary>Everything in the batch is durable, on a standby too where there are any.</summary>
    private void Tell()
    {
        perhapsCommitted = false;
        var took = time.GetElapsedTime(batch.StartedTicks);
        quickestCommit = Math.Min(Volatile.Read(ref quickestCommit), took.Ticks);
        Measures.Committed(batch.Count, took);
        if (settings.Saw is { } saw && batch.LastWritten() is { } written)
        {
            saw(written);
        }

        batch.Complete(first);
    }

    /// <summary>Halves the batch until the culprit stands alone; only it fails.</summary>
    private async Task BisectAsync(Exception cause)
    {
        var commands = batch.All();
        if (commands.Count == 1)
        {
            Log.CommandRefused(log, cause, commands[0].GetType().Name);
            commands[0].Fail(cause);
            return;
        }

        Measures.Bisected();
        for (var half = 0; half < 2; half++)
        {
            batch.Clear();
            foreach (var command in half == 0 ? commands.Take(commands.Count / 2) : commands.Skip(commands.Count / 2))
            {
                if (!batch.TryAdd(command))
                {
                    first.Enqueue(command);
                }
            }

            if (batch.Count > 0)
            {
                await CommitAsync();
            }
        }
    }

    /// <summary>The server has no room (disk, memory, connections): acceptances are refused, outcomes wait.</summary>
    private void RefuseAcceptances(PostgresException full)
    {
        Log.DatabaseFull(log, full);
        Measures.NoRoom();
        var commands = batch.All();
        batch.Clear();
        foreach (var command in commands)
        {
            if (command is AcceptCommand accept)
            {
                accept.RefuseOverloaded();
            }
            else
            {
                batch.TryAdd(command);
            }
        }
    }

    private void FailRest()
    {
        var stopped = new TimeoutException("The server stopped before the database answered; the outcome is open.");
        foreach (var command in batch.All().Concat(first))
        {
            command.Fail(stopped);
        }

        while (queue.Reader.TryRead(out var command))
        {
            command.Fail(stopped);
        }
    }

    private void FailAll(Exception failure)
    {
        foreach (var command in batch.All())
        {
            command.Fail(failure);
        }
    }

    private async ValueTask<ILaneConnection> OpenAsync()
    {
        if (connection is { IsOpen: true })
        {
            return connection;
        }

        await CloseAsync();
        return connection = last = await database.OpenAsync(last, abandon.Token);
    }

    private async Task CloseAsync()
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
            connection = null;
        }
    }

    private async Task PauseAsync(int failures)
    {
        var pause = TimeSpan.FromMilliseconds(Math.Min(LongestPause.TotalMilliseconds, 20 * failures));
        await time.PauseAsync(pause, abandon.Token);
    }
}
