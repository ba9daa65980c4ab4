namespace EGovPay.Processing.PostgreSql;

/// <summary>What stands between the program and its database.</summary>
public enum PostgreSqlFault
{
    /// <summary>
    /// The PostgreSQL programs are not on this machine, are too old, or are not where the setting says.
    /// </summary>
    ProgramsMissing,

    /// <summary>Another living process owns the cluster's folder.</summary>
    FolderInUse,

    /// <summary>The socket's path does not fit into a Unix socket address.</summary>
    PathTooLong,

    /// <summary>A folder or the disk cannot be written, or belongs to someone else.</summary>
    NotWritable,

    /// <summary>The data was made by another major version of PostgreSQL than the programs found.</summary>
    OtherMajorVersion,

    /// <summary>PostgreSQL was found and its folder is ours, yet it did not initialise, start or stop.</summary>
    ServerFailed,

    /// <summary>The database has migrations that this program does not know.</summary>
    NewerSchema,

    /// <summary>
    /// A migration that was applied has since been edited, renamed or removed, or one was slipped in late.
    /// </summary>
    ChangedMigration,

    /// <summary>A migration's SQL failed; nothing of it was kept.</summary>
    FailedMigration,
}

/// <summary>
/// The one exception of everything about finding, starting and migrating the database. Its message is for the person at
/// the keyboard: it names the folder, the program or the migration, and says what to do.
/// </summary>
public sealed class PostgreSqlException(PostgreSqlFault fault, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>The kind of fault, for callers and tests that must tell them apart.</summary>
    public PostgreSqlFault Fault { get; } = fault;
}
