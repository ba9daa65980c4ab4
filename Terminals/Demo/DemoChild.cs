using System.Diagnostics;
using EGovPay.Terminals.CommandLine;

namespace EGovPay.Terminals.Demo;

/// <summary>
/// A process of this very program beside the demo. It ends with the demo, however that ends: its standard input is a
/// pipe from here, and it goes when the pipe does.
/// </summary>
internal sealed class DemoChild : IAsyncDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(40);

    private readonly Process process;
    private readonly Task copying;

    private DemoChild(Process process, Uri address, Task copying)
    {
        this.process = process;
        this.copying = copying;
        Address = address;
    }

    /// <summary>Where it listens, as it said itself.</summary>
    public Uri Address { get; }

    /// <summary>Ends when the process does.</summary>
    public Task Ended => process.WaitForExitAsync();

    /// <summary>Starts it and waits until it says where it listens.</summary>
    /// <param name="logFile">Where its log lines go; begun anew.</param>
    /// <exception cref="CommandException">It ended, or did not get ready; the message has the end of its
    /// log.</exception>
    public static async Task<DemoChild> StartAsync(
        string logFile, IEnumerable<KeyValuePair<string, string?>> variables, CancellationToken stop,
        params string[] arguments)
    {
        var process = Process.Start(Describe(variables, arguments))
            ?? throw new InvalidOperationException("The program did not start itself.");
        var log = new FileStream(logFile, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        var copying = CopyAsync(process, log);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(LongestStart);
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (Uri.TryCreate(line[(line.LastIndexOf(' ') + 1)..], UriKind.Absolute, out var address))
                {
                    _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                    return new DemoChild(process, address, copying);
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // It does not get ready: what it logged says why.
        }
        catch
        {
            process.Kill();
            throw;
        }

        await EndAsync(process, copying);
        var said = File.ReadLines(logFile).TakeLast(5);
        throw new CommandException($"`egovpay {arguments[0]}` did not start:\n{string.Join('\n', said)}");
    }

    /// <summary>What `kill -9` does.</summary>
    public void KillHard() => process.Kill();

    /// <summary>Lets it end in order, and by force when it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.StandardInput.Close();
            using var limit = new CancellationTokenSource(LongestStop);
            await process.WaitForExitAsync(limit.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        await EndAsync(process, copying);
        process.Dispose();
    }

    private static ProcessStartInfo Describe(IEnumerable<KeyValuePair<string, string?>> variables, string[] arguments)
    {
        var program = Environment.ProcessPath
            ?? throw new InvalidOperationException("The program does not know its own file.");
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(DemoChild).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // Only what the demo says: whatever else is set was meant for the demo and is handed on by it.
        var given = start.Environment.Keys.Where(name => name.StartsWith("EGOVPAY_", StringComparison.Ordinal));
        foreach (var name in given.ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment[StopSignals.WithParent] = "1";
        // Measuring itself to get faster later costs a short life a third of its processor time.
        start.Environment.TryAdd("DOTNET_TieredPGO", "0");
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static async Task CopyAsync(Process process, FileStream log)
    {
        await using (log)
        {
            await process.StandardError.BaseStream.CopyToAsync(log);
        }
    }

    private static async Task EndAsync(Process process, Task copying)
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        await copying;
    }
}

/// <summary>The demo's server: started again, at the same address, whenever it dies.</summary>
internal sealed class SupervisedServer : IAsyncDisposable
{
    private readonly Func<Uri?, Task<DemoChild>> start;
    private readonly CancellationTokenSource ending = new();
    private DemoChild child;

    private SupervisedServer(Func<Uri?, Task<DemoChild>> start, DemoChild child)
    {
        this.start = start;
        this.child = child;
        Address = child.Address;
    }

    public Uri Address { get; }

    /// <summary>Ends only when it cannot be started again, with the reason.</summary>
    public Task Watching { get; private set; } = Task.CompletedTask;

    /// <summary>How often it was started again.</summary>
    public int Restarts { get; private set; }

    /// <param name="start">Starts it: at an address, or at one of its choice.</param>
    public static async Task<SupervisedServer> StartAsync(Func<Uri?, Task<DemoChild>> start)
    {
        var server = new SupervisedServer(start, await start(null));
        server.Watching = server.WatchAsync();
        return server;
    }

    public void KillHard() => child.KillHard();

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await child.DisposeAsync();
        ending.Dispose();
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            await child.Ended.WaitAsync(ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ending.IsCancellationRequested)
            {
                return;
            }

            await child.DisposeAsync();
            child = await start(Address);
            Restarts++;
        }
    }
}
