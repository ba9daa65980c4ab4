
namespace EGovPay.Terminals.CommandLine;

/// <summary>A file that somebody names on the command line to be imported.</summary>
internal static class GivenFile
{
    /// <exception cref="CommandException">It is not there, or cannot be read.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 1 << 16 });
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be read: {failed.Message}", inner: failed);
        }
    }
}
