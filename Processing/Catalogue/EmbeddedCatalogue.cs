namespace EGovPay.Processing.Catalogue;

/// <summary>
/// The project's own catalogue, <c>catalogue.json</c> beside this file, as built into the program: the first version a
/// new database gets. Later versions are applied as files; this one changes nothing in a database that has a catalogue.
/// </summary>
public static class EmbeddedCatalogue
{
    private const string Resource = "EGovPay.Processing.Catalogue.catalogue.json";

    /// <summary>The file's bytes, UTF-8.</summary>
    public static byte[] Read()
    {
        using var stream = typeof(EmbeddedCatalogue).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The program was built without {Resource}.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>The catalogue it holds, version 0. Parsed anew at each call.</summary>
    public static CatalogueSnapshot Load() => CatalogueSnapshot.Load(Read());
}
