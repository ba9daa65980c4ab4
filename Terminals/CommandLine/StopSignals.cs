using System.Runtime.InteropServices;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// When this process is to end: SIGTERM, Ctrl-C, or, for a child of the demo, its parent's death. A later signal
/// ends it at once. A child of the demo lets Ctrl-C pass: the terminal sends it to all, and the parent ends its
/// children in order.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>
    /// Set for a child process: it ends when its standard input does, which a dead parent's pipe does in any case.
    /// </summary>
    public const string WithParent = "EGOVPAY_STOP_WITH_PARENT";

    private const int ImpatientAfterMilliseconds = 1_000;

    private readonly CancellationTokenSource stop = new();
    private readonly PosixSignalRegistration[] registrations;
    private long askedAt;

    public StopSignals()
    {
        var withParent = Environment.GetEnvironmentVariable(WithParent) == "1";
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, withParent ? context => context.Cancel = true : Ask),
        ];
        if (withParent)
        {
            _ = WatchParentAsync();
        }
    }

    /// <summary>Cancelled when the process is to end.</summary>
    public CancellationToken Stop => stop.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }
    }

    private void Ask(PosixSignalContext context)
    {
        // Whoever ends a whole group of processes may signal twice in one breath; only a later signal is impatience.
        var first = Interlocked.CompareExchange(ref askedAt, Environment.TickCount64, 0);
        context.Cancel = first == 0 || Environment.TickCount64 - first < ImpatientAfterMilliseconds;
        stop.Cancel();
    }

    private async Task WatchParentAsync()
    {
        var nothing = new byte[64];
        await using var input = Console.OpenStandardInput();
        try
        {
            while (await input.ReadAsync(nothing) > 0)
            {
            }
        }
        catch (IOException)
        {
            // The pipe is gone, and so is who held it.
        }

        await stop.CancelAsync();
    }
}
