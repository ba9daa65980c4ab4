using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EGovPay.Processing.PostgreSql;

/// <summary>
/// Where a cluster's files lie and who owns them:
/// <code>
/// .egovpay/postgresql/            as root a link to /var/lib/egovpay/HASH/
///     owner.lock, owner.pid       who runs this cluster
///     data/                       PostgreSQL's own, 0700
/// /tmp/egovpay-UID-HASH/          the socket, 0700
/// </code>
/// </summary>
internal sealed class ClusterFolder
{
    /// <summary>The port that names the socket's file; nothing listens on TCP.</summary>
    public const int Port = 5432;

    /// <summary>What fits into sockaddr_un.sun_path, less its closing zero.</summary>
    private const int MaxSocketPathBytes = 107;

    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Enterable = OwnerOnly
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string visible;

    private ClusterFolder(string visiblePath, string root, RunAs? runAs, RunAs? inPlaceOwner, string socketParent)
    {
        visible = visiblePath;
        Root = root;
        RunAs = runAs;
        InPlaceOwner = inPlaceOwner;
        var uid = runAs?.Uid ?? Linux.EffectiveUid;
        SocketFolder = Path.Combine(
            socketParent, string.Create(CultureInfo.InvariantCulture, $"egovpay-{uid}-{Hash(root)}"));
    }

    /// <summary>The cluster's folder itself, links resolved.</summary>
    public string Root { get; }

    /// <summary>PostgreSQL's data folder.</summary>
    public string Data => Path.Combine(Root, "data");

    /// <summary>Where a half-made data folder stands until it is whole.</summary>
    public string UnfinishedData => Path.Combine(Root, "data.unfinished");

    /// <summary>The folder of the socket.</summary>
    public string SocketFolder { get; }

    /// <summary>The socket's file.</summary>
    public string Socket => Path.Combine(SocketFolder, SocketName);

    /// <summary>The user as whom PostgreSQL runs; null: ourselves.</summary>
    public RunAs? RunAs { get; }

    /// <summary>The ordinary user in whose folder root runs a cluster that this user made; else null.</summary>
    public RunAs? InPlaceOwner { get; }

    /// <summary>Whether a whole cluster lies here.</summary>
    public bool HasData => File.Exists(Path.Combine(Data, "PG_VERSION"));

    private static string SocketName => string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{Port}");

    /// <summary>The major version that made the data; only when <see cref="HasData"/>.</summary>
    public int DataMajorVersion() =>
        int.Parse(
            File.ReadAllText(Path.Combine(Data, "PG_VERSION")).Trim().Split('.')[0], CultureInfo.InvariantCulture);

    /// <summary>Finds or makes the folder. Touches nothing of an existing cluster.</summary>
    /// <exception cref="PostgreSqlException">NotWritable, or PathTooLong.</exception>
    public static ClusterFolder Prepare(PrivateClusterSettings settings)
    {
        var visiblePath = Path.Combine(Path.GetFullPath(settings.Folder), "postgresql");
        try
        {
            Directory.CreateDirectory(settings.Folder);
            var folder = Linux.IsRoot ? PrepareAsRoot(visiblePath, settings) : PrepareAsUser(visiblePath, settings);
            RefuseLongPath(folder.Socket);
            return folder;
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            throw NotWritable(visiblePath, denied);
        }
    }

    /// <summary>
    /// Makes the socket's folder, or checks that the one there is ours: in a folder that everyone may write to, another
    /// user could have made it first and wait for our connections.
    /// </summary>
    public void PrepareSocketFolder()
    {
        var owner = RunAs?.Uid ?? Linux.EffectiveUid;
        if (Linux.Facts(SocketFolder, followLink: false) is null)
        {
            Directory.CreateDirectory(SocketFolder, OwnerOnly);
            if (RunAs is { } user)
            {
                Linux.GiveTo(SocketFolder, user);
            }
        }
        if (Linux.Facts(SocketFolder, followLink: false) is not { IsFolder: true } facts || facts.Uid != owner)
        {
            throw new PostgreSqlException(
                PostgreSqlFault.NotWritable,
                $"{SocketFolder} is not a folder of the user {Linux.NameOf(owner)}. Somebody else made it: remove it.");
        }
        File.SetUnixFileMode(SocketFolder, OwnerOnly);
    }

    /// <summary>Removes the socket's folder after a clean stop, if nothing is left in it.</summary>
    public void RemoveSocketFolder()
    {
        if (Directory.Exists(SocketFolder) && !Directory.EnumerateFileSystemEntries(SocketFolder).Any())
        {
            Directory.Delete(SocketFolder);
        }
    }

    /// <summary>For tests: deletes the cluster, and the link to it.</summary>
    public void Delete()
    {
        Directory.Delete(Root, recursive: true);
        if (new DirectoryInfo(visible).LinkTarget is not null)
        {
            File.Delete(visible);
        }
    }

    /// <summary>Makes the empty folder that initdb fills.</summary>
    public void PrepareUnfinishedData()
    {
        if (Directory.Exists(UnfinishedData))
        {
            Directory.Delete(UnfinishedData, recursive: true);
        }
        Directory.CreateDirectory(UnfinishedData, OwnerOnly);
        if (RunAs is { } user)
        {
            Linux.GiveTo(UnfinishedData, user);
        }
    }

    /// <summary>The error for a place that cannot be written, with what to do.</summary>
    public static PostgreSqlException NotWritable(string path, Exception cause)
    {
        var seen = path;
        while (Linux.Facts(seen) is null && Path.GetDirectoryName(seen) is { } above)
        {
            seen = above;
        }
        var owner = Linux.Facts(seen) is { } facts ? $" {seen} belongs to the user {Linux.NameOf(facts.Uid)}." : "";
        return new PostgreSqlException(
            PostgreSqlFault.NotWritable,
            $"{path} cannot be written: {cause.Message}{owner} Free the disk or grant the right, start as the user who "
            + "owns it, or start in another working folder.",
            cause);
    }

    private static ClusterFolder PrepareAsUser(string visiblePath, PrivateClusterSettings settings)
    {
        var root = ResolveLink(visiblePath);
        if (!Directory.Exists(root))
        {
            Directory.CreateDirectory(root, OwnerOnly);
        }
        return new ClusterFolder(visiblePath, root, runAs: null, inPlaceOwner: null, settings.SocketParent);
    }

    private static ClusterFolder PrepareAsRoot(string visiblePath, PrivateClusterSettings settings)
    {
        var isLink = new DirectoryInfo(visiblePath).LinkTarget is not null;
        if (!isLink && Linux.Facts(Path.Combine(visiblePath, "data")) is { Uid: not 0 } made)
        {
            // A user made this cluster here before: run it as that user, where it lies.
            var owner = new RunAs(made.Uid, made.Gid, Linux.NameOf(made.Uid));
            return new ClusterFolder(visiblePath, visiblePath, owner, owner, settings.SocketParent);
        }
        var user = Linux.UserNamed("postgres") ?? Linux.UserNamed("nobody") ?? throw new PostgreSqlException(
            PostgreSqlFault.ProgramsMissing,
            "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it as. "
            + "Install the package postgresql, or start this program as an ordinary user.");
        var root = isLink ? ResolveLink(visiblePath) : Path.Combine(settings.RootDataParent, Hash(visiblePath));
        MakeEnterable(settings.RootDataParent);
        MakeEnterable(root);
        if (!isLink)
        {
            if (Directory.Exists(visiblePath))
            {
                Directory.Delete(visiblePath); // an empty one; what is not empty and no cluster is refused here
            }
            Directory.CreateSymbolicLink(visiblePath, root);
        }
        var dataOwner = Linux.Facts(Path.Combine(root, "data")) is { Uid: not 0 } data
            ? new RunAs(data.Uid, data.Gid, Linux.NameOf(data.Uid))
            : user;
        return new ClusterFolder(visiblePath, root, dataOwner, inPlaceOwner: null, settings.SocketParent);
    }

    private static void MakeEnterable(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, Enterable); // whatever root's umask says, the server's user has to pass
        }
    }

    private static string ResolveLink(string path) =>
        Linux.Facts(path, followLink: false) is null
            ? path
            : new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;

    private static void RefuseLongPath(string socket)
    {
        var bytes = Encoding.UTF8.GetByteCount(socket);
        if (bytes > MaxSocketPathBytes)
        {
            throw new PostgreSqlException(
                PostgreSqlFault.PathTooLong,
                $"The socket's path {socket} has {bytes} bytes, and {MaxSocketPathBytes} are the most that Linux "
                + "takes. Choose a shorter folder for the socket.");
        }
    }

    private static string Hash(string path) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..12];
}
