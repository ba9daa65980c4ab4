namespace EGovPay.Terminals.Receipts;

/// <summary>
/// The fonts of printed receipts. They need the letters ə ı ğ ş ç ö ü İ and Cyrillic; none is shipped with the
/// product, so a configured file is used, else one that the machine has. Read once; safe to share between threads.
/// </summary>
public sealed class ReceiptFonts
{
    /// <summary>What to tell the person who starts the program where no font is found.</summary>
    public const string NoFont =
        "No font with Azerbaijani letters was found, so receipts cannot be printed as PDF. Install DejaVu "
        + "(Debian: apt-get install fonts-dejavu-core) or set a .ttf file for the receipts' font.";

    private const string Letters = "AZaz09əƏıİğĞşŞçÇöÖüÜЖяё№«–";

    /// <summary>Regular and bold of families that have all letters, where Debian, Fedora and macOS keep them.</summary>
    private static readonly (string Regular, string Bold)[] Known =
    [
        ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"),
        ("/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf", "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf"),
        ("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf"),
        ("/System/Library/Fonts/Supplemental/Arial.ttf", "/System/Library/Fonts/Supplemental/Arial Bold.ttf"),
    ];

    private ReceiptFonts(TrueTypeFont regular, TrueTypeFont bold)
    {
        Regular = regular;
        Bold = bold;
    }

    internal TrueTypeFont Regular { get; }

    internal TrueTypeFont Bold { get; }

    /// <summary>
    /// Finds the fonts; null where there is none (tell <see cref="NoFont"/>). Without a bold file the regular one is
    /// used.
    /// </summary>
    /// <param name="regular">A configured .ttf file, or null for the machine's own.</param>
    /// <param name="bold">Its bold companion, or null.</param>
    /// <exception cref="InvalidDataException">
    /// The configured file is not there, is no TrueType font, or lacks a letter. A wrong setting is not papered over.
    /// </exception>
    public static ReceiptFonts? Find(string? regular = null, string? bold = null) =>
        regular is not null ? Open(regular, bold) : FindAmong(Known);

    internal static ReceiptFonts? FindAmong(IEnumerable<(string Regular, string Bold)> candidates)
    {
        foreach (var (regular, bold) in candidates)
        {
            if (File.Exists(regular))
            {
                return Open(regular, File.Exists(bold) ? bold : null);
            }
        }

        return null;
    }

    private static ReceiptFonts Open(string regular, string? bold)
    {
        var opened = Read(regular);
        return new ReceiptFonts(opened, bold is null ? opened : Read(bold));
    }

    private static TrueTypeFont Read(string file)
    {
        try
        {
            var font = new TrueTypeFont(File.ReadAllBytes(file));
            var missing = string.Concat(Letters.Where(letter => font.GlyphOf(letter) == 0));
            return missing.Length == 0 ? font : throw new InvalidDataException($"the font has no letters {missing}");
        }
        catch (Exception wrong) when (wrong
            is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            throw new InvalidDataException($"The receipts' font {file} cannot be used: {wrong.Message}", wrong);
        }
    }
}
