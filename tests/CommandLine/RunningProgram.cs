using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EGovPay.Tests.CommandLine;

/// <summary>What a run of the program left: its exit code and what it printed.</summary>
internal sealed record ProgramRun(int ExitCode, string Output, string Errors)
{
    public string LastLine => Output.TrimEnd('\n').Split('\n')[^1];
}

/// <summary>The real program in a process of its own, in a folder of its own.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private const int StopSignal = 19;
    private const int ContinueSignal = 18;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    private readonly Process process;
    private readonly BlockingCollection<string> lines = [];
    private readonly Task<string> errors;
    private readonly Task reading;
    private readonly List<string> output = [];

    private RunningProgram(Process process)
    {
        this.process = process;
        errors = process.StandardError.ReadToEndAsync();
        reading = ReadAsync();
    }

    public int Id => process.Id;

    /// <summary>Starts `dotnet egovpay.dll …` with a clean set of the program's variables.</summary>
    public static RunningProgram Start(
        string folder, IReadOnlyDictionary<string, string>? variables, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
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

        var given = start.Environment.Keys.Where(name => name.StartsWith("EGOVPAY_", StringComparison.Ordinal));
        foreach (var name in given.ToList())
        {
            if (name != "EGOVPAY_POSTGRES_BIN")
            {
                start.Environment.Remove(name);
            }
        }

        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new RunningProgram(Process.Start(start)!);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<ProgramRun> RunAsync(
        string folder, IReadOnlyDictionary<string, string>? variables, params string[] arguments)
    {
        await using var program = Start(folder, variables, arguments);
        return await program.EndAsync();
    }

    /// <summary>The next line that it prints, which must come within the time and hold the text.</summary>
    public async Task<string> LineAsync(string with)
    {
        using var limit = new CancellationTokenSource(Longest);
        return await Task.Run(() =>
        {
            foreach (var line in lines.GetConsumingEnumerable(limit.Token))
            {
                if (line.Contains(with, StringComparison.Ordinal))
                {
                    return line;
                }
            }

            throw new InvalidOperationException(
                $"It ended without saying '{with}': {errors.GetAwaiter().GetResult()}");
        });
    }

    public void Signal(PosixSignal signal) => _ = Kill(process.Id, signal switch
    {
        PosixSignal.SIGTERM => 15,
        PosixSignal.SIGINT => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(signal)),
    });

    public void KillHard() => process.Kill();

    /// <summary>It does nothing, and its connections stay open, until <see cref="Thaw"/>.</summary>
    public void Freeze() => _ = Kill(process.Id, StopSignal);

    public void Thaw() => _ = Kill(process.Id, ContinueSignal);

    public async Task<ProgramRun> EndAsync()
    {
        using var limit = new CancellationTokenSource(Longest);
        await process.WaitForExitAsync(limit.Token);
        await reading;
        return new ProgramRun(process.ExitCode, string.Join('\n', output), await errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            // Its standard input ends first: a demo's children go by that.
            process.Kill();
        }

        await process.WaitForExitAsync();
        process.Dispose();
        lines.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            output.Add(line);
            lines.Add(line);
        }

        lines.CompleteAdding();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}

/// <summary>A folder that goes with its test.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("egovpay-cli-").FullName;

    public string File(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public void Dispose()
    {
        // As root the private cluster lies elsewhere and is only linked from here.
        var link = new DirectoryInfo(System.IO.Path.Combine(Path, ".egovpay", "postgresql"));
        if (link.LinkTarget is { } target && Directory.Exists(target))
        {
            Directory.Delete(target, recursive: true);
        }

        Directory.Delete(Path, recursive: true);
    }
}
