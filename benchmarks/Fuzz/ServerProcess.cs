using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>The real program in a process of its own, which ends with this one.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int KeptLogLines = 200;

    private readonly Process process;
    private readonly Queue<string> log = new();

    private ServerProcess(Process process) => this.process = process;

    /// <summary>Where it listens, as it said itself.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public bool Ended => process.HasExited;

    /// <summary>The last lines of its log.</summary>
    public string Log
    {
        get
        {
            lock (log)
            {
                return string.Join('\n', log);
            }
        }
    }

    /// <summary>The program's own memory that is resident now, MiB.</summary>
    public double ResidentMebibytes
    {
        get
        {
            var status = File.ReadAllText(FormattableString.Invariant($"/proc/{process.Id}/status"));
            return double.Parse(Resident().Match(status).Groups[1].Value, CultureInfo.InvariantCulture) / 1024;
        }
    }

    /// <summary>Starts it and waits until it says where it listens.</summary>
    public static async Task<ServerProcess> StartAsync(
        IReadOnlyDictionary<string, string> variables, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "egovpay.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys.Where(IsOurs).ToList())
        {
            start.Environment.Remove(name);
        }

        // Its standard input is a pipe from here: it ends when that does.
        start.Environment["EGOVPAY_STOP_WITH_PARENT"] = "1";
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var started = new ServerProcess(
            Process.Start(start) ?? throw new InvalidOperationException("The program did not start."));
        _ = started.KeepLogAsync();
        while (await started.process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Uri.TryCreate(line[(line.LastIndexOf(' ') + 1)..], UriKind.Absolute, out var address))
            {
                started.Address = address;
                _ = started.process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return started;
            }
        }

        await started.DisposeAsync();
        throw new InvalidOperationException($"`egovpay {arguments[0]}` did not start:\n{started.Log}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.StandardInput.Close();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await process.WaitForExitAsync(limit.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static bool IsOurs(string name) => name.StartsWith("EGOVPAY_", StringComparison.Ordinal);

    private async Task KeepLogAsync()
    {
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            lock (log)
            {
                log.Enqueue(line);
                while (log.Count > KeptLogLines)
                {
                    log.Dequeue();
                }
            }
        }
    }

    [GeneratedRegex(@"VmRSS:\s+([0-9]+) kB", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Resident();
}
