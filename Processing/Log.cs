using Microsoft.Extensions.Logging;

namespace EGovPay.Processing;

/// <summary>
/// Every log line of this project. Event ids: 1000–1099 the private cluster and the schema. Never a body, a name, an
/// account in full, a key.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information, "Installing the package postgresql, without a system cluster")]
    public static partial void InstallingPostgreSql(ILogger logger);

    [LoggerMessage(1001, LogLevel.Information, "Making a PostgreSQL {MajorVersion} cluster in {Folder}")]
    public static partial void MakingCluster(ILogger logger, int majorVersion, string folder);

    [LoggerMessage(1002, LogLevel.Information, "PostgreSQL started: process {ProcessId}, data in {Folder}")]
    public static partial void ClusterStarted(ILogger logger, int processId, string folder);

    [LoggerMessage(1003, LogLevel.Information, "PostgreSQL adopted from an earlier run: process {ProcessId}, data in {Folder}")]
    public static partial void ClusterAdopted(ILogger logger, int processId, string folder);

    [LoggerMessage(1004, LogLevel.Information, "PostgreSQL stopped: data in {Folder}")]
    public static partial void ClusterStopped(ILogger logger, string folder);

    [LoggerMessage(1005, LogLevel.Error, "PostgreSQL died and is being started again: data in {Folder}")]
    public static partial void ClusterDied(ILogger logger, string folder);

    [LoggerMessage(1006, LogLevel.Error, "PostgreSQL could not be started again; another attempt in {DelaySeconds} s")]
    public static partial void RestartFailed(ILogger logger, Exception error, double delaySeconds);

    [LoggerMessage(1007, LogLevel.Warning, "PostgreSQL runs with other durability than set, and is restarted: {Folder}")]
    public static partial void ClusterRestarted(ILogger logger, string folder);

    [LoggerMessage(1020, LogLevel.Information, "Migration {Number} {Name} applied")]
    public static partial void MigrationApplied(ILogger logger, int number, string name);
}
