using System.Globalization;

namespace EGovPay.Processing.PostgreSql;

/// <summary>
/// How the private server is set up. All of it is given on the command line, which nothing in the data folder
/// overrides: neither an edited file nor ALTER SYSTEM can take the durability away.
/// </summary>
internal static class ServerOptions
{
    private const long MebiByte = 1024 * 1024;

    /// <summary>The options for `pg_ctl -o`, quoted for the shell that pg_ctl asks to start the server.</summary>
    /// <param name="settings">What was asked for.</param>
    /// <param name="socketFolder">Where the socket is made.</param>
    /// <param name="walCompression">`lz4` where the server was built with it, else `on`.</param>
    public static string CommandLine(PrivateClusterSettings settings, string socketFolder, string walCompression)
    {
        var durable = settings.FsyncOff ? "off" : "on";
        (string Name, string Value)[] always =
        [
            ("fsync", durable),
            ("full_page_writes", durable),
            ("synchronous_commit", "on"),
            ("listen_addresses", ""),
            ("port", Number(ClusterFolder.Port)),
            ("unix_socket_directories", socketFolder),
            ("unix_socket_permissions", "0700"),
        ];
        (string Name, string Value)[] ours =
        [
            ("max_connections", Number(settings.MaxConnections)),
            ("shared_buffers", Number(settings.SharedBuffersMebibytes ?? SharedBuffersMebibytes()) + "MB"),
            ("max_wal_size", "8GB"),
            ("checkpoint_timeout", "15min"),
            ("wal_compression", walCompression),
            ("jit", "off"),
            ("timezone", "UTC"),
            ("log_timezone", "UTC"),
            // A week of logs, each day's file overwritten a week later; no DETAIL lines, which quote rows.
            ("logging_collector", "on"),
            ("log_directory", "log"),
            ("log_filename", "postgresql-%a.log"),
            ("log_rotation_age", "1d"),
            ("log_rotation_size", "0"),
            ("log_truncate_on_rotation", "on"),
            ("log_error_verbosity", "terse"),
        ];
        return string.Join(' ', always.Concat(settings.Stock ? [] : ours).Select(option => "-c " + Quote(option.Name + "=" + option.Value)));
    }

    // What the garbage collector sees is the machine's memory, or the container's limit where there is one.
    private static int SharedBuffersMebibytes() =>
        (int)Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MebiByte / 4, 128, 2048);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string word) => "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
