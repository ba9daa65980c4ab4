using System.Globalization;
using System.Text.RegularExpressions;

namespace EGovPay.Processing.PostgreSql;

/// <summary>The PostgreSQL programs of one version, in one folder.</summary>
internal sealed record PostgresPrograms(string Folder, int MajorVersion)
{
    public string InitDb => Path.Combine(Folder, "initdb");

    public string PgCtl => Path.Combine(Folder, "pg_ctl");

    public string Postgres => Path.Combine(Folder, "postgres");
}

/// <summary>
/// Finds the PostgreSQL programs: where the setting says, else PATH, else the usual places, newest first. With data
/// of a known major version only programs of that version will do.
/// </summary>
internal static partial class FindPostgres
{
    /// <summary>Debian 12's; older ones are not tested.</summary>
    public const int OldestMajorVersion = 15;

    private static readonly string[] Needed = ["initdb", "pg_ctl", "postgres"];

    private static readonly (string Parent, string Pattern, string Below)[] UsualPlaces =
    [
        ("/usr/lib/postgresql", "*", "bin"), // Debian, Ubuntu
        ("/usr", "pgsql-*", "bin"), // the PostgreSQL project's packages on Red Hat
        ("/usr/libexec", "postgresql*", ""), // Alpine
        ("/usr/local", "pgsql*", "bin"), // built from source
    ];

    /// <param name="settings">Where to look.</param>
    /// <param name="dataMajorVersion">The version that made the data; null: any will do, the newest is best.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="PostgreSqlException">ProgramsMissing, or OtherMajorVersion.</exception>
    public static async Task<PostgresPrograms> FindAsync(
        PrivateClusterSettings settings, int? dataMajorVersion, CancellationToken cancellation)
    {
        var found = new List<PostgresPrograms>();
        foreach (var folder in Candidates(settings))
        {
            if (await MajorVersionAsync(folder, cancellation) is not { } version)
            {
                continue;
            }
            if (version == dataMajorVersion || (dataMajorVersion is null && version >= OldestMajorVersion))
            {
                return new PostgresPrograms(folder, version);
            }
            found.Add(new PostgresPrograms(folder, version));
        }
        throw (dataMajorVersion, found) switch
        {
            ({ } made, [_, ..]) => OtherVersion(settings, made, found),
            _ => Missing(settings, found),
        };
    }

    private static IEnumerable<string> Candidates(PrivateClusterSettings settings)
    {
        if (settings.ProgramsFolder is { } said)
        {
            return HasAll(said) ? [said] : [];
        }
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return path.Where(HasAll).Select(RealFolder).Concat(InUsualPlaces()).Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> InUsualPlaces() =>
        UsualPlaces
            .Where(place => Directory.Exists(place.Parent))
            .SelectMany(place => Directory.EnumerateDirectories(place.Parent, place.Pattern)
                .Select(folder => Path.Combine(folder, place.Below)))
            .Where(HasAll)
            .OrderByDescending(folder => int.TryParse(
                Digits().Match(folder).Value, CultureInfo.InvariantCulture, out var version) ? version : 0);

    private static bool HasAll(string folder) => Needed.All(program => File.Exists(Path.Combine(folder, program)));

    // A link in /usr/local/bin is followed, so that initdb finds the libraries and files that lie beside the real one.
    private static string RealFolder(string folder) =>
        Path.GetDirectoryName(new FileInfo(Path.Combine(folder, "initdb"))
            .ResolveLinkTarget(returnFinalTarget: true)?.FullName) ?? folder;

    private static async Task<int?> MajorVersionAsync(string folder, CancellationToken cancellation)
    {
        try
        {
            var end = await RunProgram.ToEndAsync(
                null, "/", Path.Combine(folder, "postgres"), ["--version"], cancellation);
            var said = Digits().Match(end.Output);
            return end.Succeeded && said.Success ? int.Parse(said.Value, CultureInfo.InvariantCulture) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // not executable, or for another processor
        }
    }

    private static PostgreSqlException OtherVersion(
        PrivateClusterSettings settings, int made, List<PostgresPrograms> found)
    {
        var versions = string.Join(", ", found.Select(
            programs => string.Create(CultureInfo.InvariantCulture, $"{programs.MajorVersion} in {programs.Folder}")));
        return new PostgreSqlException(
            PostgreSqlFault.OtherMajorVersion,
            $"The data in {settings.Folder} was made by PostgreSQL {made}, and only {versions} is here. "
            + $"Install postgresql-{made}, or move the data to the new version with pg_upgrade.");
    }

    private static PostgreSqlException Missing(PrivateClusterSettings settings, List<PostgresPrograms> tooOld)
    {
        var where = settings.ProgramsFolder is { } said
            ? $"The PostgreSQL programs ({string.Join(", ", Needed)}) are not in {said}, where "
              + $"{PrivateClusterSettings.ProgramsVariable} points."
            : "The PostgreSQL programs were found neither in PATH nor in the usual places.";
        var old = tooOld.Count == 0 ? "" : $" What is in {tooOld[0].Folder} is older than {OldestMajorVersion}.";
        return new PostgreSqlException(
            PostgreSqlFault.ProgramsMissing,
            $"{where}{old} Install PostgreSQL {OldestMajorVersion} or newer (on Debian and Ubuntu: apt-get install "
            + $"postgresql), or set {PrivateClusterSettings.ProgramsVariable} to the folder of initdb, or set "
            + "EGOVPAY_DATABASE to a server's connection string.");
    }

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Digits();
}
