using EGovPay.Processing.PostgreSql;
using Npgsql;

namespace EGovPay.Tests.PostgreSql;

/// <summary>
/// A cluster of a test's own in a folder of its own, with fsync only where durability is the question; all of it goes
/// at the end.
/// </summary>
public sealed class ScratchCluster : IAsyncDisposable
{
    private readonly string place = Directory.CreateTempSubdirectory("egovpay-scratch-").FullName;
    private PrivateCluster? cluster;

    public ScratchCluster(bool durable = false)
    {
        // The server's user has to get here when we are root.
        File.SetUnixFileMode(place, (UnixFileMode)0b111_101_101);
        Settings = new PrivateClusterSettings
        {
            Folder = Path.Combine(place, ".egovpay"),
            RootDataParent = Path.Combine(place, "data-of-root"),
            MayInstall = false,
            FsyncOff = !durable,
            SharedBuffersMebibytes = 128,
        };
    }

    public string Place => place;

    public PrivateClusterSettings Settings { get; set; }

    public string Data => Path.Combine(ClusterFolder.Prepare(Settings).Root, "data");

    public async Task<PrivateCluster> StartAsync()
    {
        cluster = await PrivateCluster.StartAsync(Settings);
        return cluster;
    }

    /// <summary>What `kill -9` of the owner does: the lock goes and the server stays.</summary>
    public async Task AbandonAsync()
    {
        await cluster!.AbandonAsync();
        NpgsqlConnection.ClearAllPools();
    }

    public async Task<PostgreSqlException> RefusedAsync() => await RefusedAsync(Settings);

    public static async Task<PostgreSqlException> RefusedAsync(PrivateClusterSettings settings)
    {
        try
        {
            await using var started = await PrivateCluster.StartAsync(settings);
        }
        catch (PostgreSqlException refused)
        {
            return refused;
        }
        throw new InvalidOperationException("The cluster started, and was to be refused.");
    }

    public static async Task<T?> AskAsync<T>(PrivateCluster cluster, string sql)
    {
        await using var connection = await OpenAsync(cluster);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    public static Task ExecuteAsync(PrivateCluster cluster, string sql) => AskAsync<object>(cluster, sql);

    public static async Task<NpgsqlConnection> OpenAsync(PrivateCluster cluster)
    {
        var connection = new NpgsqlConnection(cluster.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }
        if (File.Exists(Path.Combine(ClusterFolder.Prepare(Settings).Data, "postmaster.pid")))
        {
            // An abandoned one is adopted in order to be stopped.
            await using var left = await PrivateCluster.StartAsync(Settings);
        }
        Directory.Delete(place, recursive: true);
    }
}
