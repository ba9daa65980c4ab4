using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.PostgreSql;

/// <summary>
/// Makes, starts, adopts and stops one cluster's server with PostgreSQL's own programs. Its caller owns the folder.
/// </summary>
internal sealed class ClusterServer(
    PrivateClusterSettings settings, ClusterFolder folder, PostgresPrograms programs, ILogger logger)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LostSocketPatience = TimeSpan.FromSeconds(2);
    private const int StopTimeoutSeconds = 120;
    private const int TailLines = 12;

    public ClusterFolder Folder => folder;

    public string ConnectionString(string databaseName) => ConnectionString(databaseName, folder.SocketFolder);

    /// <summary>The server that lives on our data, or null.</summary>
    public Postmaster? Running() =>
        Postmaster.Read(folder.Data) is { } postmaster && postmaster.IsAliveOn(folder.Data) ? postmaster : null;

    /// <summary>
    /// Makes the cluster beside its place and moves it there whole, so that a half-made one is never taken up.
    /// </summary>
    public async Task MakeAsync(CancellationToken cancellation)
    {
        Log.MakingCluster(logger, programs.MajorVersion, folder.Data);
        folder.PrepareUnfinishedData();
        List<string> arguments =
        [
            "--pgdata", folder.UnfinishedData,
            "--encoding", "UTF8",
            "--locale", "C.UTF-8",
            "--data-checksums",
            "--username", PrivateCluster.RoleName,
            // Whoever can enter the socket's folder (0700) is the owner or root; nobody comes by TCP.
            "--auth-local", "trust",
            "--auth-host", "reject",
        ];
        if (settings.FsyncOff)
        {
            arguments.Add("--no-sync");
        }
        var end = await RunAsync(programs.InitDb, arguments, cancellation);
        if (!end.Succeeded)
        {
            throw Failed($"initdb could not make a cluster in {folder.UnfinishedData}", end.Said);
        }
        Directory.Move(folder.UnfinishedData, folder.Data);
    }

    /// <summary>
    /// Takes over a server that an owner who died left running. False: none runs (any more), and one is to be started.
    /// </summary>
    public async Task<bool> AdoptAsync(CancellationToken cancellation)
    {
        if (Running() is not { } postmaster)
        {
            return false;
        }
        var since = TimeProvider.System.GetTimestamp();
        while (Running() is { } alive)
        {
            var waited = TimeProvider.System.GetElapsedTime(since);
            if (await AskFsyncAsync(alive, cancellation) is { } fsync)
            {
                if (fsync == !settings.FsyncOff && alive.SocketFolder == folder.SocketFolder)
                {
                    Log.ClusterAdopted(logger, alive.ProcessId, folder.Data);
                    return true;
                }
                Log.ClusterRestarted(logger, folder.Data);
                await StopAsync(cancellation);
                return false;
            }
            if (alive.SaysReady && waited > LostSocketPatience)
            {
                // It says that it is ready and cannot be reached: its socket was deleted from /tmp.
                await StopAsync(cancellation);
                return false;
            }
            if (waited > settings.StartTimeout)
            {
                throw Failed(
                    $"The server that runs in {folder.Data} (process {postmaster.ProcessId}) does not get ready", "");
            }
            await Task.Delay(Poll, cancellation);
        }
        return false;
    }

    /// <summary>Starts the server and waits until it takes connections, after a crash until it has recovered.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        folder.PrepareSocketFolder(); // once more: a restart may come days after the first start
        await Postmaster.ClearDeadAsync(folder, cancellation);
        await Postmaster.ClearSocketAsync(folder, cancellation);
        File.Delete(StartLog);
        var options = ServerOptions.CommandLine(
            settings, folder.SocketFolder, await WalCompressionAsync(cancellation));
        var timeout = ((long)settings.StartTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        // pg_ctl gives the server a session of its own, so the terminal's Ctrl-C passes it by.
        var end = await RunAsync(
            programs.PgCtl,
            ["start", "--pgdata", folder.Data, "--wait", "--timeout", timeout, "--log", StartLog, "--options", options],
            cancellation);
        if (!end.Succeeded || Running() is not { } postmaster)
        {
            throw Failed($"PostgreSQL did not start in {folder.Data}", end.Said + "\n" + LogTails());
        }
        Log.ClusterStarted(logger, postmaster.ProcessId, folder.Data);
    }

    /// <summary>Stops the server if it runs: clients are disconnected, what was committed is on disk.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        NpgsqlConnection.ClearPool(new NpgsqlConnection(ConnectionString(PrivateCluster.RoleName)));
        if (Running() is null)
        {
            return;
        }
        var timeout = StopTimeoutSeconds.ToString(CultureInfo.InvariantCulture);
        var end = await RunAsync(
            programs.PgCtl,
            ["stop", "--pgdata", folder.Data, "--mode", "fast", "--wait", "--timeout", timeout],
            cancellation);
        if (!end.Succeeded && Running() is not null)
        {
            throw Failed($"PostgreSQL did not stop in {folder.Data}", end.Said + "\n" + LogTails());
        }
    }

    /// <summary>Creates the database if it is not there.</summary>
    public async Task EnsureDatabaseAsync(string name, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync(cancellation);
        await using var exists = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection);
        exists.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        if (await exists.ExecuteScalarAsync(cancellation) is null)
        {
            await using var create = new NpgsqlCommand($"create database {name}", connection);
            await create.ExecuteNonQueryAsync(cancellation);
        }
    }

    internal static string ConnectionString(string databaseName, string socketFolder) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = socketFolder,
            Port = ClusterFolder.Port,
            Username = PrivateCluster.RoleName,
            Database = databaseName,
            SslMode = SslMode.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,
        }.ConnectionString;

    private string StartLog => Path.Combine(folder.Data, "start.log");

    private Task<ProgramEnd> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellation) =>
        RunProgram.ToEndAsync(folder.RunAs, folder.Root, program, arguments, cancellation);

    // Not every build has lz4, and a value that a build does not know is fatal.
    private async Task<string> WalCompressionAsync(CancellationToken cancellation)
    {
        var end = await RunAsync(
            programs.Postgres, ["-D", folder.Data, "-C", "wal_compression", "-c", "wal_compression=lz4"], cancellation);
        return end.Succeeded ? "lz4" : "on";
    }

    // Null: not reachable, or not taking connections yet.
    private static async Task<bool?> AskFsyncAsync(Postmaster postmaster, CancellationToken cancellation)
    {
        try
        {
            await using var connection = new NpgsqlConnection(
                ConnectionString("postgres", postmaster.SocketFolder) + ";Pooling=false");
            await connection.OpenAsync(cancellation);
            await using var ask = new NpgsqlCommand("show fsync", connection);
            return (string?)await ask.ExecuteScalarAsync(cancellation) == "on";
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    private static PostgreSqlException Failed(string what, string said)
    {
        var full = said.Contains("No space left on device", StringComparison.Ordinal);
        return new PostgreSqlException(
            full || said.Contains("Read-only file system", StringComparison.Ordinal)
                ? PostgreSqlFault.NotWritable
                : PostgreSqlFault.ServerFailed,
            $"{what}.{(full ? " The disk is full: free some of it and start again." : "")}\n{said.Trim()}".TrimEnd());
    }

    private string LogTails()
    {
        var daily = Path.Combine(folder.Data, "log");
        var newest = Directory.Exists(daily)
            ? Directory.EnumerateFiles(daily, "*.log").OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault()
            : null;
        return string.Join('\n', new[] { StartLog, newest }
            .Where(File.Exists)
            .SelectMany(path => File.ReadLines(path!).TakeLast(TailLines)));
    }
}
