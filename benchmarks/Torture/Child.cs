using System.Diagnostics;

namespace EGovPay.Benchmarks.Torture;

/// <summary>
/// A process of the tortured program. It ends with this one, however that ends: its standard input is a pipe from here, and
/// it goes when the pipe does.
/// </summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(40);

    private readonly Process process;
    private readonly Task copying;
    private bool disposed;

    private Child(Process process, Uri address, Task copying)
    {
        this.process = process;
        this.copying = copying;
        Address = address;
    }

    /// <summary>Where it listens, as it said itself.</summary>
    public Uri Address { get; }

    public int Id => process.Id;

    public bool HasEnded => process.HasExited;

    public Task EndedAsync(CancellationToken stop) => process.WaitForExitAsync(stop);

    /// <summary>Starts it and waits until it says where it listens; null: it ended, or did not get ready.</summary>
    public static async Task<Child?> StartAsync(
        string program, string logFile, IReadOnlyDictionary<string, string> variables, CancellationToken stop,
        params string[] arguments)
    {
        var process = Process.Start(Describe(program, variables, arguments))
            ?? throw new InvalidOperationException("dotnet did not start.");
        var copying = CopyAsync(process.StandardError.BaseStream, logFile);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LongestStart);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (Uri.TryCreate(line[(line.LastIndexOf(' ') + 1)..], UriKind.Absolute, out var address)
                    && address.Scheme == "http")
                {
                    _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                    return new Child(process, address, copying);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It does not get ready, or is not needed any more; what it logged says more.
        }

        await EndAsync(process, copying);
        stop.ThrowIfCancellationRequested();
        return null;
    }

    /// <summary>The same, for a run that cannot go on without it.</summary>
    /// <exception cref="InvalidOperationException">It did not start; what it logged is in the message.</exception>
    public static async Task<Child> StartedAsync(
        string program, string logFile, Dictionary<string, string> variables, params string[] arguments) =>
        await StartAsync(program, logFile, variables, CancellationToken.None, arguments)
            ?? throw new InvalidOperationException("It did not start: " + await File.ReadAllTextAsync(logFile));

    /// <summary>Runs it to its end; its exit code and what it printed.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string program, string logFile, IReadOnlyDictionary<string, string> variables, CancellationToken stop,
        params string[] arguments)
    {
        using var process = Process.Start(Describe(program, variables, arguments))
            ?? throw new InvalidOperationException("dotnet did not start.");
        var copying = CopyAsync(process.StandardError.BaseStream, logFile);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(stop);
            await process.WaitForExitAsync(stop);
            return (process.ExitCode, output);
        }
        finally
        {
            await EndAsync(process, copying);
        }
    }

    /// <summary>What `kill -9` does.</summary>
    public void KillHard()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }
    }

    /// <summary>
    /// SIGSTOP, and SIGCONT after so many seconds. A shell does both, so that nobody stays frozen when this process dies.
    /// </summary>
    public async Task FreezeAsync(double seconds)
    {
        var pause = seconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture);
        using var shell = Process.Start(
            "/bin/sh", ["-c", $"kill -STOP {process.Id} && sleep {pause}; kill -CONT {process.Id} 2>/dev/null; true"]);
        await shell.WaitForExitAsync();
    }

    /// <summary>Lets it end in order, and by force when it does not; once is enough.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        if (!process.HasExited)
        {
            process.StandardInput.Close();
            using var limit = new CancellationTokenSource(LongestStop);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await EndAsync(process, copying);
        process.Dispose();
    }

    private static ProcessStartInfo Describe(
        string program, IReadOnlyDictionary<string, string> variables, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys
            .Where(name => name.StartsWith("EGOVPAY_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["EGOVPAY_STOP_WITH_PARENT"] = "1";
        // Measuring itself to get faster later costs a short life a third of its processor time.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static async Task CopyAsync(Stream errors, string logFile)
    {
        await using var log = new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 1);
        await errors.CopyToAsync(log);
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
