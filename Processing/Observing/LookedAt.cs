using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Observing;

/// <summary>
/// What gauges of the database show: read now and then while somebody looks, and never because somebody looked. Nobody has looked for five
/// minutes: it is not read any more.
/// </summary>
/// <param name="read">Reads it.</param>
/// <param name="every">How often at most.</param>
internal sealed class LookedAt<T>(Func<CancellationToken, Task<T>> read, TimeSpan every, ILogger log) : IAsyncDisposable
    where T : class
{
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource stop = new();
    private readonly Lock guard = new();
    private Task reading = Task.CompletedTask;
    private T? last;
    private long lookedTicks;
    private long readTicks;

    /// <summary>How old it is that <see cref="Look"/> shows.</summary>
    public TimeSpan Age => TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref readTicks));

    /// <summary>What was read last, and the beginning of reading where somebody looks for the first time. Null: nothing was read yet.</summary>
    public T? Look()
    {
        Volatile.Write(ref lookedTicks, Environment.TickCount64);
        lock (guard)
        {
            if (reading.IsCompleted && !stop.IsCancellationRequested)
            {
                reading = Task.Run(ReadWhileLookedAtAsync);
            }
        }

        return last;
    }

    /// <summary>Reads it now.</summary>
    public async Task ReadAsync(CancellationToken cancel)
    {
        last = await read(cancel);
        Volatile.Write(ref readTicks, Environment.TickCount64);
    }

    /// <summary>Ends the reading.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await reading;
        stop.Dispose();
    }

    private async Task ReadWhileLookedAtAsync()
    {
        while (!stop.IsCancellationRequested
            && Environment.TickCount64 - Volatile.Read(ref lookedTicks) < Forgotten.TotalMilliseconds)
        {
            try
            {
                await ReadAsync(stop.Token);
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException or OperationCanceledException
                or ObjectDisposedException)
            {
                if (!stop.IsCancellationRequested)
                {
                    Log.BookNotRead(log, failure);
                }
            }

            await TimeProvider.System.PauseAsync(every, stop.Token);
        }
    }
}
