using System.Runtime.CompilerServices;

namespace EGovPay.Processing;

/// <summary>Pauses of background work, on whatever clock it runs.</summary>
internal static class Pauses
{
    /// <summary>
    /// Waits for so long, or until it is stopped, without throwing. It goes on where it was called from: a simulation runs everything
    /// that a node does on a scheduler of its own.
    /// </summary>
    public static ConfiguredTaskAwaitable PauseAsync(this TimeProvider time, TimeSpan pause, CancellationToken stop) =>
        Task.Delay(pause, time, stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    /// <summary>
    /// Waits for so long, until somebody completes <paramref name="woken"/>, or until it is stopped. Only that one task is waited for,
    /// and the others complete it: a wait for whichever of several comes first would go on wherever its winner was completed.
    /// </summary>
    public static async Task PauseAsync(this TimeProvider time, TimeSpan pause, TaskCompletionSource woken, CancellationToken stop)
    {
        await using var bell = time.CreateTimer(Wake, woken, pause, Timeout.InfiniteTimeSpan);
        await using var stopped = stop.UnsafeRegister(Wake, woken);
        await woken.Task;

        static void Wake(object? sleeper) => ((TaskCompletionSource)sleeper!).TrySetResult();
    }

    /// <summary>Starts work beside the caller, on the caller's scheduler: the thread pool, or a simulation's.</summary>
    public static Task StartBeside(Func<Task> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();
}
