using System.Net;

namespace EGovPay.Benchmarks.Torture;

/// <summary>
/// A process that is started again whenever it ends, at whatever address it gets: the links to it follow. While it is away
/// its links refuse, or take connections that lead nowhere; both happen to real machines.
/// </summary>
internal sealed class Kept : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private const int MostFailedStarts = 60;

    private readonly Func<CancellationToken, Task<Child?>> start;
    private readonly IReadOnlyList<TcpLink> links;
    private readonly CancellationTokenSource ending = new();
    private readonly Action<string> say;
    private Task keeping = Task.CompletedTask;
    private volatile Child? child;
    private volatile int downMilliseconds;
    private volatile bool killed;

    private Kept(
        string name, IReadOnlyList<TcpLink> links, Func<CancellationToken, Task<Child?>> start, Action<string> say)
    {
        Name = name;
        this.links = links;
        this.start = start;
        this.say = say;
    }

    public string Name { get; }

    /// <summary>It runs and said that it is ready.</summary>
    public bool Up => child is { HasEnded: false };

    public Uri? Address => child?.Address;

    /// <summary>How often it ended by itself.</summary>
    public int Crashes { get; private set; }

    /// <summary>Ends only when it cannot be started any more, with the reason.</summary>
    public Task Keeping => keeping;

    public static async Task<Kept> StartAsync(
        string name, IReadOnlyList<TcpLink> links, Func<CancellationToken, Task<Child?>> start, Action<string> say,
        CancellationToken stop)
    {
        var kept = new Kept(name, links, start, say);
        await kept.UpAsync(stop);
        kept.keeping = kept.KeepAsync();
        return kept;
    }

    /// <summary>Kills it; false when there is nothing to kill just now.</summary>
    /// <param name="downFor">How long it stays away, milliseconds.</param>
    /// <param name="deaf">While it is away, connections to it are refused.</param>
    public bool TryKill(int downFor, bool deaf)
    {
        if (child is not { HasEnded: false } victim)
        {
            return false;
        }

        downMilliseconds = downFor;
        killed = true;
        foreach (var link in links)
        {
            link.Target = null;
            if (deaf)
            {
                link.Deafen();
            }
        }

        victim.KillHard();
        return true;
    }

    public Task FreezeAsync(double seconds) => child is { HasEnded: false } victim ? victim.FreezeAsync(seconds) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (child is { } last)
        {
            await last.DisposeAsync();
        }

        ending.Dispose();
    }

    private async Task KeepAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            await child!.EndedAsync(ending.Token);
            if (!killed)
            {
                Crashes++;
                say($"{Name} ended by itself; it is started again.");
            }

            var gone = child;
            child = null;
            await gone.DisposeAsync();
            await Task.Delay(downMilliseconds, ending.Token);
            killed = false;
            downMilliseconds = 0;
            await UpAsync(ending.Token);
        }
    }

    private async Task UpAsync(CancellationToken stop)
    {
        for (var failed = 0; failed < MostFailedStarts; failed++)
        {
            if (await start(stop) is { } started)
            {
                child = started;
                foreach (var link in links)
                {
                    link.Target = new IPEndPoint(IPAddress.Loopback, started.Address.Port);
                    link.Hear();
                }

                return;
            }

            await Task.Delay(Pause, stop);
        }

        throw new InvalidOperationException($"{Name} did not start {MostFailedStarts} times; its log lies in the folder.");
    }
}
