using Microsoft.Extensions.Logging;

namespace EGovPay.Processing.PostgreSql;

/// <summary>
/// Installs the package on a Debian where we are root, and only the programs: no cluster of the system's own.
/// </summary>
internal static class InstallPostgres
{
    private const string NoSystemCluster = "/etc/postgresql-common/createcluster.d/egovpay.conf";

    /// <summary>Whether this machine and these settings let us install.</summary>
    public static bool IsPossible(PrivateClusterSettings settings) =>
        settings is { MayInstall: true, ProgramsFolder: null }
        && Linux.IsRoot
        && File.Exists("/etc/debian_version")
        && RunProgram.Find("apt-get") is not null;

    /// <exception cref="PostgreSqlException">ProgramsMissing, with what apt-get said.</exception>
    public static async Task InstallAsync(ILogger logger, CancellationToken cancellation)
    {
        Log.InstallingPostgreSql(logger);
        // Read by the package's own script at the end of its installation, so it has to be here before.
        if (!File.Exists(NoSystemCluster))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(NoSystemCluster)!);
            await File.WriteAllTextAsync(NoSystemCluster, "create_main_cluster = false\n", cancellation);
        }
        await AptGetAsync(["update", "-qq"], cancellation);
        await AptGetAsync(["install", "-y", "-qq", "--no-install-recommends", "postgresql"], cancellation);
    }

    private static async Task AptGetAsync(string[] arguments, CancellationToken cancellation)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DEBIAN_FRONTEND"] = "noninteractive",
        };
        var end = await RunProgram.ToEndAsync(
            null, "/", RunProgram.Find("apt-get")!, arguments, cancellation, environment);
        if (!end.Succeeded)
        {
            throw new PostgreSqlException(
                PostgreSqlFault.ProgramsMissing,
                $"PostgreSQL is not here, and `apt-get {string.Join(' ', arguments)}` failed: {end.Said}\n"
                + "Install the package postgresql by hand, or set EGOVPAY_DATABASE to a server's connection string.");
        }
    }
}
