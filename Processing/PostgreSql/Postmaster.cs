using System.Globalization;

namespace EGovPay.Processing.PostgreSql;

/// <summary>What `postmaster.pid` says of the server that runs, or ran, on a data folder.</summary>
internal sealed record Postmaster(int ProcessId, string SocketFolder, bool SaysReady)
{
    private const string Program = "postgres";
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
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether that process lives and is a PostgreSQL server of this very folder, not a later bearer of its number.</summary>
    public bool IsAliveOn(string dataFolder) => IsServerOf(ProcessId, dataFolder);

    /// <summary>
    /// Clears the way for a start when no postmaster lives: ends back ends that outlived a killed postmaster (they hold
    /// the shared memory, and a long statement would keep them for as long as it runs), and removes a
    /// `postmaster.pid` whose number now belongs to something else, or to a zombie, which PostgreSQL would take for alive.
    /// </summary>
    public static async Task ClearDeadAsync(string dataFolder, CancellationToken cancellation)
    {
        foreach (var orphan in ServersOf(dataFolder))
        {
            await EndAsync(orphan, id => IsServerOf(id, dataFolder), cancellation);
        }
        // A number that nobody bears is left to PostgreSQL, which then also looks whether the shared memory is in use.
        if (Read(dataFolder) is { } dead && Directory.Exists(ProcessFolder(dead.ProcessId)))
        {
            File.Delete(PidFile(dataFolder));
        }
    }

    /// <summary>
    /// Clears the socket's folder of a server whose data folder was deleted under it: it notices by itself only within a
    /// minute, and holds our socket until then.
    /// </summary>
    public static async Task ClearSocketAsync(ClusterFolder folder, CancellationToken cancellation)
    {
        var lockFile = folder.Socket + ".lock";
        if (!File.Exists(lockFile))
        {
            return;
        }
        var lines = await File.ReadAllLinesAsync(lockFile, cancellation);
        if (lines.Length > 1
            && string.Equals(lines[1].Trim(), folder.Data, StringComparison.Ordinal)
            && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId)
            && !IsServerOf(processId, folder.Data))
        {
            if (WorksInDeletedFolder(processId))
            {
                await EndAsync(processId, WorksInDeletedFolder, cancellation);
            }
            File.Delete(folder.Socket);
            File.Delete(lockFile);
        }
    }

    private static string PidFile(string dataFolder) => Path.Combine(dataFolder, "postmaster.pid");

    private static IEnumerable<int> ServersOf(string dataFolder) =>
        Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && IsServerOf(id, dataFolder));

    private static bool IsServerOf(int processId, string dataFolder) =>
        Linux.LivingProgram(processId) == Program
        && Linux.Facts(WorkingFolder(processId)) is { } works
        && Linux.Facts(dataFolder) is { } data
        && works.IsSameFile(data);

    private static bool WorksInDeletedFolder(int processId) =>
        Linux.LivingProgram(processId) == Program
        && new FileInfo(WorkingFolder(processId)).LinkTarget is { } target
        && target.EndsWith(" (deleted)", StringComparison.Ordinal);

    // A server of PostgreSQL, and each of its back ends, works in its data folder.
    private static string WorkingFolder(int processId) => Path.Combine(ProcessFolder(processId), "cwd");

    private static string ProcessFolder(int processId) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}");

    private static async Task EndAsync(int processId, Func<int, bool> lives, CancellationToken cancellation)
    {
        // SIGQUIT is what the postmaster itself sends after a crash, and SIGKILL what it sends five seconds later.
        Linux.Signal(processId, Linux.SigQuit);
        var waited = TimeSpan.Zero;
        while (lives(processId))
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
