
namespace EGovPay.Terminals.CommandLine;

/// <summary>A file that somebody names on the command line to be imported.</summary>
internal static class GivenFile
{
    /// <exception cref="CommandException">It is not there, or cannot be read.</exception>
    public static FileStream Open(string path)
    {
        NoFolder(path);
        try
        {
            return new FileStream(path, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 1 << 16 });
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be read: {failed.Message}", inner: failed);
        }
    }

    /// <exception cref="CommandException">It is a folder, of which the system only says that it is denied, or not found.</exception>
    public static void NoFolder(string path)
    {
        if (Directory.Exists(path))
        {
            throw new CommandException($"{path} cannot be read: it is a folder. Name the file in it.");
        }
    }
}
