using System.Data.Common;
using Npgsql;

namespace EGovPay.Processing.PostgreSql;

/// <summary>Opens the pool of connections to the one store, wherever it is.</summary>
public static class Database
{
    private const int DefaultPoolSize = 32;
    private const int GreetingSeconds = 5;

    internal static readonly string Greet = Sql.Load("PostgreSql/Greet.sql");

    /// <summary>
    /// A pool for a connection string. With several hosts (`Host=a,b,c`) every connection goes to the primary, found
    /// again within a second after a failover. What the string says itself always wins; else: 32 connections, TCP
    /// keep-alive, connecting in 15 s, or in 2 s per host where there are several, application name `egovpay`.
    /// </summary>
    /// <para>
    /// Every new connection begins with a write that waits for the standbys like any other: what this connection can read was
    /// then confirmed by one. (A primary that crashed while commits waited shows them after its restart, and a standby that is
    /// promoted later may not have them.)
    /// </para>
    /// <param name="connectionString">Npgsql's key=value form.</param>
    /// <param name="maxPoolSize">The most connections, when the string does not say; 1 to 200.</param>
    /// <param name="meet">Judges the primary that a new connection met; what it throws ends the connection.</param>
    /// <exception cref="ArgumentException">The string has an unknown key or no host.</exception>
    public static NpgsqlDataSource Open(
        string connectionString, int maxPoolSize = DefaultPoolSize, Func<NpgsqlConnection, PrimaryMet, Task>? meet = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxPoolSize);
        var builder = WithDefaults(connectionString, maxPoolSize);
        var source = new NpgsqlDataSourceBuilder(builder.ConnectionString);
        source.UsePhysicalConnectionInitializer(
            _ => throw new NotSupportedException("Connections are opened asynchronously."),
            async connection =>
            {
                if (await GreetAsync(connection) is { } primary && meet is not null)
                {
                    await meet(connection, primary);
                }
            });
        return HasSeveralHosts(builder)
            ? source.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
            : source.Build();
    }

    /// <summary>
    /// Executes one statement that writes, and returns its value when its commit is sure. A wait for a standby that somebody or a
    /// time limit cut short looks like success but for a notice: here it is a failure.
    /// </summary>
    /// <exception cref="UnconfirmedException">It is committed here, and perhaps on no standby.</exception>
    public static async Task<object?> WriteSurelyAsync(
        this NpgsqlDataSource database, string sql, int timeoutSeconds, params NpgsqlParameter[] parameters)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = timeoutSeconds };
        command.Parameters.AddRange(parameters);
        return await SurelyAsync(connection, command.ExecuteScalarAsync);
    }

    /// <summary>
    /// A transaction that changes something. The server ends it when its client says nothing for three seconds: one that is frozen, or
    /// whose machine is gone, must not hold rows and locks that payments wait for (the record of acts, a terminal's row).
    /// </summary>
    /// <exception cref="PostgresException">25P03 at the next statement or the commit: it was ended, and changed nothing.</exception>
    public static async Task<NpgsqlTransaction> BeginChangeAsync(
        this NpgsqlConnection connection, CancellationToken cancel = default)
    {
        var transaction = await connection.BeginTransactionAsync(cancel);
        try
        {
            await using var brief = new NpgsqlCommand(
                "set local idle_in_transaction_session_timeout = '3s'", connection, transaction);
            await brief.ExecuteNonQueryAsync(cancel);
            return transaction;
        }
        catch
        {
            await transaction.DisposeAsync();
            throw;
        }
    }

    /// <summary>A notice by which the server says that it no longer waits for its standby.</summary>
    internal static bool SaysUnconfirmed(PostgresNotice notice) =>
        notice.SqlState == "01000" && notice.MessageText.Contains("synchronous replication", StringComparison.Ordinal);

    /// <summary>Null: a standby, which can say nothing of what is sure.</summary>
    private static async Task<PrimaryMet?> GreetAsync(NpgsqlConnection connection)
    {
        await using var greet = new NpgsqlCommand(Greet, connection) { CommandTimeout = GreetingSeconds };
        return await SurelyAsync(connection, async () =>
        {
            await using var reader = await greet.ExecuteReaderAsync();
            await reader.ReadAsync();
            var met = reader.IsDBNull(1) ? null : new PrimaryMet(reader.GetInt64(0), reader.GetInt32(1));
            // The commit comes after the row: it is waited for here.
            await reader.NextResultAsync();
            return met;
        });
    }

    private static async Task<T> SurelyAsync<T>(NpgsqlConnection connection, Func<Task<T>> write)
    {
        var cutShort = false;
        void Hear(object sender, NpgsqlNoticeEventArgs told) => cutShort |= SaysUnconfirmed(told.Notice);
        connection.Notice += Hear;
        try
        {
            var written = await write();
            return cutShort ? throw new UnconfirmedException() : written;
        }
        finally
        {
            connection.Notice -= Hear;
        }
    }

    internal static NpgsqlConnectionStringBuilder WithDefaults(string connectionString, int maxPoolSize)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        if (string.IsNullOrWhiteSpace(builder.Host))
        {
            throw new ArgumentException("The connection string names no Host.", nameof(connectionString));
        }
        // Npgsql's own builder cannot tell a default from a value that was given; the plain one can.
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        bool Says(params string[] names) => names.Any(given.ContainsKey);

        if (!Says("Maximum Pool Size", "Max Pool Size", "MaxPoolSize"))
        {
            builder.MaxPoolSize = maxPoolSize;
        }
        if (!Says("Application Name", "ApplicationName"))
        {
            builder.ApplicationName = "egovpay";
        }
        if (!Says("Tcp Keepalive", "TcpKeepAlive"))
        {
            builder.TcpKeepAlive = true;
        }
        if (HasSeveralHosts(builder))
        {
            if (!Says("Host Recheck Seconds", "HostRecheckSeconds"))
            {
                builder.HostRecheckSeconds = 1;
            }
            if (!Says("Timeout"))
            {
                builder.Timeout = 2;
            }
        }
        return builder;
    }

    private static bool HasSeveralHosts(NpgsqlConnectionStringBuilder builder) =>
        builder.Host!.Contains(',', StringComparison.Ordinal);
}

/// <summary>The primary that a connection met.</summary>
/// <param name="SystemIdentifier">The same for a primary and all that was ever copied from it.</param>
/// <param name="Timeline">One more with each promotion, and with each restore to a point in time.</param>
public sealed record PrimaryMet(long SystemIdentifier, int Timeline);

/// <summary>The primary committed, and stopped waiting before a standby had confirmed it.</summary>
public sealed class UnconfirmedException() : NpgsqlException(
    "The primary committed, and no standby has confirmed it: it may be lost in a fail-over.");
