using System.Globalization;

namespace EGovPay.Processing.PostgreSql;

/// <summary>
/// The ownership of a cluster's folder: a lock on a file, which the kernel lets go when the process dies in whatever
/// way. The owner's number stands in a second file, because a locked file cannot be read here.
/// </summary>
internal sealed class OwnCluster : IDisposable
{
    private const int WouldBlock = 11; // EWOULDBLOCK, which .NET passes through as the exception's HResult

    private readonly FileStream held;

    private OwnCluster(FileStream held) => this.held = held;

    /// <summary>Takes the folder, or says who has it.</summary>
    /// <exception cref="PostgreSqlException">FolderInUse, or NotWritable.</exception>
    public static OwnCluster Take(ClusterFolder folder)
    {
        var path = Path.Combine(folder.Root, "owner.lock");
        var numberPath = Path.Combine(folder.Root, "owner.pid");
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(numberPath, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
            if (folder.InPlaceOwner is { } owner)
            {
                // Root in a user's folder leaves nothing behind that the user could not open tomorrow.
                Linux.GiveTo(path, owner);
                Linux.GiveTo(numberPath, owner);
            }
            return new OwnCluster(file);
        }
        catch (IOException busy) when (busy.HResult == WouldBlock)
        {
            throw new PostgreSqlException(
                PostgreSqlFault.FolderInUse,
                $"{folder.Root} is in use by process {ReadNumber(numberPath)}. One program owns a cluster at a time: "
                + "stop that process, start in another working folder, or set EGOVPAY_DATABASE to share a server.",
                busy);
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw ClusterFolder.NotWritable(folder.Root, denied);
        }
    }

    /// <summary>Lets the folder go. The files stay: removing a lock file would let two owners lock two files.</summary>
    public void Dispose() => held.Dispose();

    private static string ReadNumber(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return "(number unknown)";
        }
    }
}
