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

    /// <summary>Starts work beside the caller, on the caller's scheduler: the thread pool, or a simulation's.</summary>
    public static Task StartBeside(Func<Task> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();
}
