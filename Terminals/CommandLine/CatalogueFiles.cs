using EGovPay.Processing.Catalogue;

namespace EGovPay.Terminals.CommandLine;

/// <summary>Reads a catalogue file that a person named.</summary>
internal static class CatalogueFiles
{
    /// <exception cref="CommandException">It is not there, cannot be read or is too big.</exception>
    public static byte[] Read(string file)
    {
        GivenFile.NoFolder(file);
        try
        {
            var length = new FileInfo(file).Length;
            return length <= CheckCatalogue.MostBytes ? File.ReadAllBytes(file) : throw new CommandException(
                $"{file} has {length} bytes; a catalogue has at most {CheckCatalogue.MostBytes}.");
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file} cannot be read: {failed.Message}", inner: failed);
        }
    }
}
