using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Schema;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// The database that a command works on: the one it was told, or the private cluster: owned (`serve`, `demo`), used
/// beside its owner, or started for the time of one command.
/// </summary>
internal sealed class Store : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly PrivateCluster? owned;
    private NpgsqlDataSource? database;

    private Store(string connectionString, string home, PrivateCluster? owned)
    {
        ConnectionString = connectionString;
        Home = home;
        this.owned = owned;
    }

    public string ConnectionString { get; }

    /// <summary>
    /// Where files lie that belong to this database: the data folder, or, where the private cluster lies elsewhere (as
    /// root), beside the cluster, so that both live and go together.
    /// </summary>
    public string Home { get; }

    /// <summary>A pool on it, made at its first use; it ends with this.</summary>
    public NpgsqlDataSource Database =>
        database ??= Processing.PostgreSql.Database.Open(ConnectionString, maxPoolSize: 8);

    /// <summary>Opens the database and, where it is private, owns it: two owners of one folder are refused.</summary>
    public static async Task<Store> OwnAsync(Settings settings, ILogger log, CancellationToken cancel)
    {
        if (settings.Database is { } given)
        {
            // A new node beside a given database has no folder yet; its certificate and what it knows lie there.
            Directory.CreateDirectory(settings.Data);
            return Given(given, settings);
        }

        var cluster = await PrivateCluster.StartAsync(ClusterSettings(settings), log, cancel);
        return new Store(cluster.ConnectionString, HomeOf(settings, cluster.Folder), cluster);
    }

    /// <summary>
    /// Opens the database for one command: the server that `serve` runs, else the private cluster started for as long
    /// as the command takes.
    /// </summary>
    /// <param name="migrated">Whether the schema must be this program's; false only for `migrate`.</param>
    public static async Task<Store> UseAsync(Settings settings, CancellationToken cancel, bool migrated = true)
    {
        var store = settings.Database is { } given ? Given(given, settings) : await UsePrivateAsync(settings, cancel);
        try
        {
            if (migrated)
            {
                await store.RefuseOtherSchemaAsync(cancel);
            }

            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (database is not null)
        {
            await database.DisposeAsync();
        }

        if (owned is not null)
        {
            await owned.DisposeAsync();
        }
    }

    private static Store Given(string connectionString, Settings settings)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException wrong)
        {
            throw CommandException.Usage($"EGOVPAY_DATABASE is no connection string of PostgreSQL: {wrong.Message}");
        }

        return new Store(connectionString, settings.Data, owned: null);
    }

    private static async Task<Store> UsePrivateAsync(Settings settings, CancellationToken cancel)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (PrivateCluster.Attach(ClusterSettings(settings)) is { } running
                && await AnswersAsync(running.ConnectionString, cancel))
            {
                return new Store(running.ConnectionString, HomeOf(settings, running.Folder), owned: null);
            }

            try
            {
                var cluster = await PrivateCluster.StartAsync(ClusterSettings(settings), cancellation: cancel);
                return new Store(cluster.ConnectionString, HomeOf(settings, cluster.Folder), cluster);
            }
            catch (PostgreSqlException busy) when (
                busy.Fault == PostgreSqlFault.FolderInUse && TimeProvider.System.GetElapsedTime(since) < Patience)
            {
                // Its owner is starting or stopping it at this moment.
                await Task.Delay(Pause, cancel);
            }
        }
    }

    private static async Task<bool> AnswersAsync(string connectionString, CancellationToken cancel)
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
            await connection.OpenAsync(cancel);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static PrivateClusterSettings ClusterSettings(Settings settings)
    {
        Directory.CreateDirectory(settings.Data);
        return new PrivateClusterSettings { Folder = settings.Data, ProgramsFolder = settings.PostgresBin };
    }

    private static string HomeOf(Settings settings, string clusterFolder) =>
        new DirectoryInfo(Path.Combine(settings.Data, "postgresql")).LinkTarget is null ? settings.Data : clusterFolder;

    private async Task RefuseOtherSchemaAsync(CancellationToken cancel)
    {
        var newest = Migration.Embedded.Max(migration => migration.Number);
        var here = await SchemaNumberAsync(cancel);
        if (here < newest)
        {
            throw new CommandException(
                (here == 0 ? "The database has no schema yet."
                    : $"The database's schema is at {here}, and this program's at {newest}.")
                + " Run `egovpay migrate`, or start `egovpay serve`, which migrates too.");
        }

        if (here > newest)
        {
            throw new CommandException(
                $"The database's schema is at {here}, and this program knows only {newest}. Use a newer program.");
        }
    }

    private async Task<int> SchemaNumberAsync(CancellationToken cancel)
    {
        try
        {
            await using var command = Database.CreateCommand("select coalesce(max(number), 0) from schema_migration");
            return (int)(await command.ExecuteScalarAsync(cancel))!;
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return 0;
        }
    }
}
