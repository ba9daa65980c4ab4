using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EGovPay.Processing.PostgreSql;

/// <summary>A private cluster that somebody else runs.</summary>
/// <param name="Folder">The cluster's folder, links resolved.</param>
public sealed record AttachedCluster(string ConnectionString, string Folder)
{
    /// <summary>Never prints how it is reached.</summary>
    public override string ToString() => Folder;
}

/// <summary>
/// The engine's own PostgreSQL server, for when no other is given: made, started, adopted, watched and stopped by this
/// process, reached over a socket that only its user can enter. The server outlives us: it runs in a session of its
/// own, so neither Ctrl-C nor `kill -9` of this process ends it, and the next owner adopts it with all it holds.
/// </summary>
public sealed class PrivateCluster : IAsyncDisposable
{
    /// <summary>The superuser's role, and the name of the engine's database.</summary>
    public const string RoleName = "egovpay";

    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(30);

    private readonly OwnCluster owned;
    private readonly ClusterServer server;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private Task watching = Task.CompletedTask;
    private bool released;

    private PrivateCluster(OwnCluster owned, ClusterServer server, ILogger logger)
    {
        this.owned = owned;
        this.server = server;
        this.logger = logger;
    }

    /// <summary>
    /// Where to connect, as the superuser, to the engine's database. It stays the same over restarts.
    /// </summary>
    public string ConnectionString => server.ConnectionString(RoleName);

    /// <summary>The cluster's folder, links resolved.</summary>
    public string Folder => server.Folder.Root;

    /// <summary>Whether the server was found running, left by an owner that died.</summary>
    public bool Adopted { get; private init; }

    /// <summary>The server's process number, or null when it does not run.</summary>
    public int? PostmasterProcessId => server.Running()?.ProcessId;

    /// <summary>
    /// Takes the folder, makes the cluster if there is none, adopts the server that runs there or starts one, and
    /// returns when it takes connections and the engine's database exists.
    /// </summary>
    /// <exception cref="PostgreSqlException">
    /// Every fault but those of the schema; the message says what to do.
    /// </exception>
    public static async Task<PrivateCluster> StartAsync(
        PrivateClusterSettings settings, ILogger? logger = null, CancellationToken cancellation = default)
    {
        var log = logger ?? NullLogger.Instance;
        var folder = ClusterFolder.Prepare(settings);
        var ownership = OwnCluster.Take(folder);
        try
        {
            var programs = await FindOrInstallAsync(settings, folder, log, cancellation);
            // Installing may have made the user postgres; a cluster that is only now made belongs to that user.
            folder = folder.HasData ? folder : ClusterFolder.Prepare(settings);
            var clusterServer = new ClusterServer(settings, folder, programs, log);
            folder.PrepareSocketFolder();
            if (!folder.HasData)
            {
                await clusterServer.MakeAsync(cancellation);
            }
            var adopted = await clusterServer.AdoptAsync(cancellation);
            if (!adopted)
            {
                await clusterServer.StartAsync(cancellation);
            }
            await clusterServer.EnsureDatabaseAsync(RoleName, cancellation);
            var cluster = new PrivateCluster(ownership, clusterServer, log) { Adopted = adopted };
            if (settings.RestartWhenDead)
            {
                cluster.watching = cluster.WatchAsync();
            }
            return cluster;
        }
        catch (Exception failed)
        {
            folder.RemoveSocketFolder();
            ownership.Dispose();
            if (failed is IOException or UnauthorizedAccessException)
            {
                throw ClusterFolder.NotWritable(folder.Root, failed);
            }
            throw;
        }
    }

    /// <summary>
    /// The server that runs on the folder now, whoever owns it, for a command that works beside `serve`: nothing is started,
    /// owned or stopped. Null where none runs.
    /// </summary>
    /// <exception cref="PostgreSqlException">NotWritable, or PathTooLong.</exception>
    public static AttachedCluster? Attach(PrivateClusterSettings settings)
    {
        var folder = ClusterFolder.Prepare(settings);
        return Postmaster.Read(folder.Data) is { SaysReady: true } postmaster && postmaster.IsAliveOn(folder.Data)
            ? new AttachedCluster(ClusterServer.ConnectionString(RoleName, postmaster.SocketFolder), folder.Root)
            : null;
    }

    /// <summary>
    /// Stops the server (fast: transactions under way are rolled back) and lets the folder go. Once is enough.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellation = default)
    {
        if (released)
        {
            return;
        }
        await EndWatchAsync();
        await server.StopAsync(cancellation);
        server.Folder.RemoveSocketFolder();
        Log.ClusterStopped(logger, Folder);
        Release();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
    }

    /// <summary>Does to the folder what `kill -9` of this process would do: the lock goes, the server stays.</summary>
    internal async Task AbandonAsync()
    {
        await EndWatchAsync();
        Release();
    }

    /// <summary>
    /// For tests and benchmarks: stops the server and deletes the cluster while the folder is still ours; as root it lies elsewhere, and is
    /// not deleted with the folder.
    /// </summary>
    internal async Task StopAndDeleteAsync()
    {
        await EndWatchAsync();
        await server.StopAsync(CancellationToken.None);
        server.Folder.RemoveSocketFolder();
        server.Folder.Delete();
        Release();
    }

    private static async Task<PostgresPrograms> FindOrInstallAsync(
        PrivateClusterSettings settings, ClusterFolder folder, ILogger logger, CancellationToken cancellation)
    {
        int? dataVersion = folder.HasData ? folder.DataMajorVersion() : null;
        try
        {
            return await FindPostgres.FindAsync(settings, dataVersion, cancellation);
        }
        catch (PostgreSqlException missing)
            when (missing.Fault == PostgreSqlFault.ProgramsMissing && InstallPostgres.IsPossible(settings))
        {
            await InstallPostgres.InstallAsync(logger, cancellation);
            return await FindPostgres.FindAsync(settings, dataVersion, cancellation);
        }
    }

    private async Task EndWatchAsync()
    {
        await stopping.CancelAsync();
        await watching;
    }

    private void Release()
    {
        released = true;
        owned.Dispose();
    }

    private async Task WatchAsync()
    {
        var delay = WatchEvery;
        try
        {
            while (true)
            {
                await Task.Delay(delay, stopping.Token);
                delay = WatchEvery;
                try
                {
                    if (server.Running() is null)
                    {
                        Log.ClusterDied(logger, Folder);
                        await server.StartAsync(stopping.Token);
                    }
                }
                catch (Exception failed) when (failed is not OperationCanceledException)
                {
                    delay = RestartDelay;
                    Log.RestartFailed(logger, failed, delay.TotalSeconds);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The owner stops or abandons the cluster.
        }
    }
}
