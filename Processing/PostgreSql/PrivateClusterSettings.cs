namespace EGovPay.Processing.PostgreSql;

/// <summary>How the private cluster is made and run. Only <see cref="Folder"/> has to be said.</summary>
public sealed record PrivateClusterSettings
{
    /// <summary>The environment variable that names the folder of the PostgreSQL programs.</summary>
    public const string ProgramsVariable = "EGOVPAY_POSTGRES_BIN";

    /// <summary>
    /// The program's own folder, `.egovpay` beside the working folder. The cluster lies in `postgresql/` under it; as
    /// root that is a link into <see cref="RootDataParent"/>.
    /// </summary>
    public required string Folder { get; init; }

    /// <summary>
    /// The folder of `initdb`, `pg_ctl` and `postgres`; null: PATH, then the usual places, newest first.
    /// </summary>
    public string? ProgramsFolder { get; init; }

    /// <summary>
    /// Whether the package may be installed when the programs are missing (only as root, only on Debian).
    /// </summary>
    public bool MayInstall { get; init; } = true;

    /// <summary>
    /// Where data lies when the program runs as root, because PostgreSQL does not and may not see root's home.
    /// </summary>
    public string RootDataParent { get; init; } = "/var/lib/egovpay";

    /// <summary>Where the socket's folder is made. Short, because a Unix socket's address holds 107 bytes.</summary>
    public string SocketParent { get; init; } = "/tmp";

    /// <summary>
    /// Tests only: neither fsync nor full page writes. A crash of the machine then loses the cluster. A cluster found
    /// running with the other setting is restarted. There is no setting for `synchronous_commit`: it is always on.
    /// </summary>
    public bool FsyncOff { get; init; }

    /// <summary>Shared buffers in MiB; null: a quarter of the memory, at least 128, at most 2048.</summary>
    public int? SharedBuffersMebibytes { get; init; }

    /// <summary>Benchmarks only: PostgreSQL's own settings instead of ours, but for durability and where it listens.</summary>
    internal bool Stock { get; init; }

    /// <summary>Connections that the server takes. Default 200.</summary>
    public int MaxConnections { get; init; } = 200;

    /// <summary>
    /// How long a start may take; the recovery of a big crashed cluster is counted in minutes. Default 15 minutes.
    /// </summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Whether a postmaster that dies while we own the cluster is started again. Default true.</summary>
    public bool RestartWhenDead { get; init; } = true;

    /// <summary>
    /// The settings of a program that runs in <paramref name="workingFolder"/> with this environment.
    /// </summary>
    public static PrivateClusterSettings FromEnvironment(string workingFolder)
    {
        var programs = Environment.GetEnvironmentVariable(ProgramsVariable);
        return new PrivateClusterSettings
        {
            Folder = Path.Combine(Path.GetFullPath(workingFolder), ".egovpay"),
            ProgramsFolder = string.IsNullOrWhiteSpace(programs) ? null : programs,
        };
    }
}
