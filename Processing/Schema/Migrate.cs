using System.Globalization;
using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EGovPay.Processing.Schema;

/// <summary>Where a migration run ended.</summary>
/// <param name="Applied">The numbers applied by this run; empty when there was nothing to do.</param>
/// <param name="SchemaNumber">The schema's number now; 0: an empty schema.</param>
public sealed record MigrationRun(IReadOnlyList<int> Applied, int SchemaNumber);

/// <summary>
/// Brings a database's schema forward to this program's. Forward only, each migration in one transaction together with
/// its record, one node at a time: a second node waits and then finds nothing to do.
/// </summary>
public static class Migrate
{
    // "eGovPay" in ASCII, of this use alone; the journal's locks take the two-number form and so never meet it.
    private const long MigrationLock = 0x65476F76506179;

    private static readonly string SchemaHistorySql = Sql.Load("Schema/SchemaHistory.sql");

    /// <summary>Applies this program's own migrations.</summary>
    /// <inheritdoc cref="RunAsync(string, IReadOnlyList{Migration}, ILogger?, CancellationToken)"/>
    public static Task<MigrationRun> RunAsync(
        string connectionString, ILogger? logger = null, CancellationToken cancellation = default) =>
        RunAsync(connectionString, Migration.Embedded, logger, cancellation);

    /// <summary>Applies the given migrations.</summary>
    /// <param name="connectionString">The database; with several hosts, the primary among them.</param>
    /// <param name="migrations">All that the program knows, in any order, numbers unique and positive.</param>
    /// <param name="logger">Hears of each applied one.</param>
    /// <param name="cancellation">Stops the wait for the lock, or rolls the migration under way back.</param>
    /// <exception cref="PostgreSqlException">
    /// NewerSchema, ChangedMigration or FailedMigration; nothing half-done stays.
    /// </exception>
    public static async Task<MigrationRun> RunAsync(
        string connectionString,
        IReadOnlyList<Migration> migrations,
        ILogger? logger = null,
        CancellationToken cancellation = default)
    {
        var known = migrations.OrderBy(migration => migration.Number).ToList();
        if (known.Exists(migration => migration.Number <= 0) || known.DistinctBy(m => m.Number).Count() < known.Count)
        {
            throw new ArgumentException("Every migration needs a positive number of its own.", nameof(migrations));
        }
        var own = Database.WithDefaults(connectionString, maxPoolSize: 1);
        own.Pooling = false; // the lock ends with the connection, so the connection has to end
        own.CommandTimeout = 0; // another node's long migration, and our own, take what they take
        await using var source = Database.Open(own.ConnectionString);
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await ExecuteAsync(connection, "select pg_advisory_lock($1)", cancellation, MigrationLock);
        await ExecuteAsync(connection, SchemaHistorySql, cancellation);

        var applied = await ReadAppliedAsync(connection, cancellation);
        RefuseOtherHistory(known, applied);
        var done = new List<int>();
        foreach (var migration in known.Skip(applied.Count))
        {
            await ApplyAsync(connection, migration, cancellation);
            Log.MigrationApplied(logger ?? NullLogger.Instance, migration.Number, migration.Name);
            done.Add(migration.Number);
        }
        return new MigrationRun(done, known.Count == 0 ? 0 : known[^1].Number);
    }

    /// <summary>What was applied must be the beginning of what is known, to the letter.</summary>
    private static void RefuseOtherHistory(List<Migration> known, List<AppliedMigration> applied)
    {
        var newest = known.Count == 0 ? 0 : known[^1].Number;
        if (applied.Count > 0 && applied[^1].Number > newest)
        {
            throw new PostgreSqlException(
                PostgreSqlFault.NewerSchema,
                $"The database's schema is at {applied[^1].Number} ({applied[^1].Name}), and this program knows only "
                + $"{newest}. Start a newer program; a schema never goes back.");
        }
        for (var i = 0; i < applied.Count; i++)
        {
            var migration = known[i].Number <= applied[i].Number ? known[i] : null;
            if (migration is null)
            {
                throw new PostgreSqlException(
                    PostgreSqlFault.ChangedMigration,
                    $"Migration {applied[i].Number:0000} ({applied[i].Name}) was applied here, and this program has it "
                    + "no more. Start the program that made this database, or restore the file.");
            }
            if (migration.Number < applied[i].Number)
            {
                throw new PostgreSqlException(
                    PostgreSqlFault.ChangedMigration,
                    $"{Title(migration)} is new, but {applied[i].Number:0000} was already applied here. "
                    + "Give it the next free number.");
            }
            if (migration.Sha256 != applied[i].Sha256)
            {
                throw new PostgreSqlException(
                    PostgreSqlFault.ChangedMigration,
                    $"{Title(migration)} was changed after it was applied here. Restore its text and put the change "
                    + "into a new migration.");
            }
        }
    }

    private static async Task<List<AppliedMigration>> ReadAppliedAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "select number, name, sha256 from schema_migration order by number", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var applied = new List<AppliedMigration>();
        while (await reader.ReadAsync(cancellation))
        {
            applied.Add(new AppliedMigration(reader.GetInt32(0), reader.GetString(1), reader.GetString(2)));
        }
        return applied;
    }

    private static async Task ApplyAsync(
        NpgsqlConnection connection, Migration migration, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        try
        {
            await ExecuteAsync(connection, migration.Sql, cancellation);
        }
        catch (PostgresException refused)
        {
            throw new PostgreSqlException(
                PostgreSqlFault.FailedMigration,
                $"{Title(migration)} failed and was rolled back: {refused.SqlState} {refused.MessageText}"
                + (refused.Position > 0 ? $" (at character {refused.Position})" : ""),
                refused);
        }
        await ExecuteAsync(
            connection,
            "insert into schema_migration (number, name, sha256) values ($1, $2, $3)",
            cancellation,
            migration.Number,
            migration.Name,
            migration.Sha256);
        await transaction.CommitAsync(cancellation);
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static string Title(Migration migration) =>
        string.Create(CultureInfo.InvariantCulture, $"Migration {migration.Number:0000} ({migration.Name})");

    private sealed record AppliedMigration(int Number, string Name, string Sha256);
}
