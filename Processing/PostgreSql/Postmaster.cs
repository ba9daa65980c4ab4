using System.Globalization;

namespace EGovPay.Processing.PostgreSql;

/// <summary>What `postmaster.pid` says of the server that runs, or ran, on a data folder.</summary>
internal sealed record Postmaster(int ProcessId, string SocketFolder, bool SaysReady)
{
    private const string Program = "postgres";

    // $0 is the folder.
    private const string ProcessesWorkingIn =
        """cd /proc && for p in [0-9]*; do if [ "$p/cwd" -ef "$0" ]; then echo "$p"; fi; done""";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan QuitPatience = TimeSpan.FromSeconds(5);

    /// <summary>Reads the file; null when there is none, or it is not whole yet.</summary>
    public static Postmaster? Read(string dataFolder)
    {
        try
        {
            // Lines: 1 process, 2 data folder, 3 start, 4 port, 5 socket folder, 6 address, 7 shared memory, 8 status.
            var lines = File.ReadAllLines(PidFile(dataFolder));
            return lines.Length > 4 && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId)
                ? new Postmaster(processId, lines[4].Trim(), lines.Length > 7 && lines[7].Trim() == "ready")
                : null;
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether that process lives and is a PostgreSQL server of this very folder, not a later bearer of its number.
    /// </summary>
    public bool IsAliveOn(string dataFolder) => IsServerOf(ProcessId, dataFolder);

    /// <summary>
    /// Clears the way for a start when no postmaster lives: ends back ends that outlived a killed postmaster (they hold
    /// the shared memory, and a long statement would keep them for as long as it runs), and removes a
    /// `postmaster.pid` whose number now belongs to something else, or to a zombie, which PostgreSQL would take for
    /// alive.
    /// </summary>
    public static async Task ClearDeadAsync(ClusterFolder folder, CancellationToken cancellation)
    {
        // Asked as the servers' own user: in a container even root may not see where another user's process works.
        var end = await RunProgram.ToEndAsync(
            folder.RunAs, folder.Root, "/bin/sh", ["-c", ProcessesWorkingIn, folder.Data], cancellation);
        foreach (var word in end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var orphan = int.Parse(word, CultureInfo.InvariantCulture);
            if (Linux.LivingProgram(orphan) == Program)
            {
                await EndAsync(orphan, cancellation);
            }
        }
        // A number that nobody bears is left to PostgreSQL, which then also looks whether the shared memory is in use.
        if (Read(folder.Data) is { } dead && Directory.Exists(ProcessFolder(dead.ProcessId)))
        {
            File.Delete(PidFile(folder.Data));
        }
    }

    /// <summary>
    /// Clears our socket of whoever holds it when no server of ours lives. That is a server whose data folder was
    /// deleted under it: it notices by itself only within a minute, and would then remove the socket of its
    /// successor.
    /// </summary>
    public static async Task ClearSocketAsync(ClusterFolder folder, CancellationToken cancellation)
    {
        var lockFile = folder.Socket + ".lock";
        if (!File.Exists(lockFile))
        {
            return;
        }
        var lines = await File.ReadAllLinesAsync(lockFile, cancellation);
        if (lines.Length > 0
            && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var stray)
            && Linux.LivingProgram(stray) == Program
            && Linux.Arguments(stray).Contains(folder.Data, StringComparer.Ordinal))
        {
            await EndAsync(stray, cancellation);
        }
        File.Delete(folder.Socket);
        File.Delete(lockFile);
    }

    private static string PidFile(string dataFolder) => Path.Combine(dataFolder, "postmaster.pid");

    // A server of PostgreSQL, and each of its back ends, works in its data folder. Where we may not see that, the
    // command line has to do.
    private static bool IsServerOf(int processId, string dataFolder)
    {
        if (Linux.LivingProgram(processId) != Program)
        {
            return false;
        }
        return Linux.Facts(Path.Combine(ProcessFolder(processId), "cwd")) is { } works
            ? Linux.Facts(dataFolder) is { } data && works.IsSameFile(data)
            : Linux.Arguments(processId).Contains(dataFolder, StringComparer.Ordinal);
    }

    private static string ProcessFolder(int processId) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}");

    private static async Task EndAsync(int processId, CancellationToken cancellation)
    {
        // SIGQUIT is what the postmaster itself sends after a crash, and SIGKILL what it sends five seconds later.
        Linux.Signal(processId, Linux.SigQuit);
        var waited = TimeSpan.Zero;
        while (Linux.LivingProgram(processId) == Program)
        {
            await Task.Delay(Poll, cancellation);
            waited += Poll;
            if (waited > QuitPatience)
            {
                Linux.Signal(processId, Linux.SigKill);
                waited = TimeSpan.Zero;
            }
        }
    }
}
