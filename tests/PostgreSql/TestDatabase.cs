using EGovPay.Processing.PostgreSql;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.PostgreSql;

/// <summary>
/// A migrated database of a test's own, dropped at its end. As a class fixture (`IClassFixture&lt;TestDatabase&gt;`)
/// one is shared by the tests of a class; otherwise `await using var database = await TestDatabase.CreateAsync()`.
/// </summary>
public sealed class TestDatabase : IAsyncLifetime
{
    /// <summary>Connections in a test's pool; many classes run on one server at once.</summary>
    public const int PoolSize = 8;

    private NpgsqlDataSource? dataSource;
    private bool given;

    /// <summary>For programs and pools of the test's own. Not valid before the fixture is initialised.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>A pool of <see cref="PoolSize"/>.</summary>
    public NpgsqlDataSource DataSource => dataSource
        ?? throw new InvalidOperationException("The database is made by InitializeAsync or CreateAsync.");

    /// <summary>A new database with the whole schema, from the run's template.</summary>
    public static async Task<TestDatabase> CreateAsync()
    {
        var database = new TestDatabase();
        await database.InitializeAsync();
        return database;
    }

    /// <summary>A new database with nothing in it.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync()
    {
        var database = new TestDatabase();
        await database.OpenAsync(migrated: false);
        return database;
    }

    /// <summary>A database that somebody else made, migrated and drops.</summary>
    internal static TestDatabase At(string connectionString) => new()
    {
        ConnectionString = connectionString,
        dataSource = Database.Open(connectionString, PoolSize),
        given = true,
    };

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => given ? ValueTask.CompletedTask : new ValueTask(OpenAsync(migrated: true));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (dataSource is null)
        {
            return;
        }
        await dataSource.DisposeAsync();
        dataSource = null;
        if (given)
        {
            return;
        }

        await (await TestCluster.Started).DropDatabaseAsync(ConnectionString);
    }

    /// <summary>Runs a statement and returns its first value.</summary>
    public async Task<T?> AskAsync<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    /// <summary>Runs statements whose result is of no interest.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task OpenAsync(bool migrated)
    {
        ConnectionString = await (await TestCluster.Started).CreateDatabaseAsync(migrated);
        dataSource = Database.Open(ConnectionString, PoolSize);
    }
}
