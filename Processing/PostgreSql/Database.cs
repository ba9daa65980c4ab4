using System.Data.Common;
using Npgsql;

namespace EGovPay.Processing.PostgreSql;

/// <summary>Opens the pool of connections to the one store, wherever it is.</summary>
public static class Database
{
    private const int DefaultPoolSize = 32;

    /// <summary>
    /// A pool for a connection string. With several hosts (`Host=a,b,c`) every connection goes to the primary, found
    /// again within a second after a failover. What the string says itself always wins; else: 32 connections, TCP
    /// keep-alive, connecting in 15 s, or in 2 s per host where there are several, application name `egovpay`.
    /// </summary>
    /// <param name="connectionString">Npgsql's key=value form.</param>
    /// <param name="maxPoolSize">The most connections, when the string does not say; 1 to 200.</param>
    /// <exception cref="ArgumentException">The string has an unknown key or no host.</exception>
    public static NpgsqlDataSource Open(string connectionString, int maxPoolSize = DefaultPoolSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxPoolSize);
        var builder = WithDefaults(connectionString, maxPoolSize);
        var source = new NpgsqlDataSourceBuilder(builder.ConnectionString);
        return HasSeveralHosts(builder)
            ? source.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
            : source.Build();
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
