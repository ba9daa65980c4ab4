using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace EGovPay.Terminals.Receipts;

/// <summary>What a PDF says of itself.</summary>
internal sealed record PdfDescription(
    string Title, string Author, string Subject, string Language, Instant CreatedAt, string Reason, string Contact);

/// <summary>
/// Writes a PDF 1.7: pages of drawing operators, subset fonts, and one signature field whose signature covers every
/// byte of the file but itself. The same pages give the same bytes outside the signature and its time.
/// <para>
/// Our own writer, because the library planned for it asks every program that uses it to come under the AGPL or a
/// bought licence, and what a receipt needs of the format is small: text, lines, boxes.
/// </para>
/// </summary>
internal sealed class PdfFile(ReceiptFonts fonts) : IDisposable
{
    private const string ByteRangeBlank = "[0 0000000000 0000000000 0000000000]";

    private readonly MemoryStream _file = new();
    private readonly List<long> _offsets = [];

    /// <summary>The regular face, as far as it is used.</summary>
    public PdfFace Regular { get; } = new(fonts.Regular);

    /// <summary>The bold face, as far as it is used.</summary>
    public PdfFace Bold { get; } = new(fonts.Bold);

    /// <summary>Writes and signs the whole file. To be called once.</summary>
    /// <param name="pages">The drawing operators of each page.</param>
    /// <param name="width">The pages' width in points.</param>
    /// <param name="height">The pages' height in points.</param>
    public byte[] Write(
        IReadOnlyList<string> pages, double width, double height, PdfDescription about, OperatorSignature signature)
    {
        const int catalog = 1, tree = 2, info = 3, field = 4, seal = 5, regular = 6, bold = 11, first = 16;
        Raw("%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n");
        Object(catalog, $"<< /Type /Catalog /Pages {tree} 0 R /Lang {Text(about.Language)}"
            + " /ViewerPreferences << /DisplayDocTitle true >>"
            + $" /AcroForm << /Fields [{field} 0 R] /SigFlags 3 >> >>");
        var kids = string.Join(' ', pages.Select((_, i) => $"{first + (2 * i)} 0 R"));
        Object(tree, $"<< /Type /Pages /Count {pages.Count} /Kids [{kids}] /MediaBox [0 0 {N(width)} {N(height)}]"
            + $" /Resources << /Font << /F1 {regular} 0 R /F2 {bold} 0 R >> >> >>");
        Object(info, $"<< /Title {Text(about.Title)} /Author {Text(about.Author)} /Subject {Text(about.Subject)}"
            + $" /Creator {Text("eGovPay")} /Producer {Text("eGovPay")} /CreationDate {Date(about.CreatedAt)} >>");
        Object(field, $"<< /Type /Annot /Subtype /Widget /FT /Sig /T {Text("Elektron imza")} /F 132 /Rect [0 0 0 0]"
            + $" /P {first} 0 R /V {seal} 0 R >>");
        Font(regular, Regular);
        Font(bold, Bold);
        for (var i = 0; i < pages.Count; i++)
        {
            var page = first + (2 * i);
            var annotations = i == 0 ? $" /Annots [{field} 0 R]" : "";
            Object(page, $"<< /Type /Page /Parent {tree} 0 R /Contents {page + 1} 0 R{annotations} >>");
            Stream(page + 1, "", Encoding.ASCII.GetBytes(pages[i]));
        }

        // The signature is the last object, so that all that is seen comes before it.
        var identity = Convert.ToHexString(SHA256.HashData(_file.ToArray())[..16]);
        var (rangeAt, contentsAt, contentsLength) = Seal(seal, about, signature);
        End(catalog, info, identity);
        return Sign(rangeAt, contentsAt, contentsLength, signature);
    }

    public void Dispose() => _file.Dispose();

    private (long RangeAt, long ContentsAt, int Length) Seal(
        int number, PdfDescription about, OperatorSignature signature)
    {
        Begin(number);
        Raw("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached"
            + $" /Name {Text(signature.CertificateName)} /Reason {Text(about.Reason)} /Location {Text("Bakı")}"
            + $" /ContactInfo {Text(about.Contact)} /M {Date(signature.Now())} /ByteRange ");
        var rangeAt = _file.Length;
        Raw(ByteRangeBlank + " /Contents ");
        var contentsAt = _file.Length;
        var contents = $"<{new string('0', 2 * signature.Size)}>";
        Raw(contents + " >>\nendobj\n");
        return (rangeAt, contentsAt, contents.Length);
    }

    private byte[] Sign(long rangeAt, long contentsAt, int contentsLength, OperatorSignature signature)
    {
        var whole = _file.ToArray();
        var after = (int)contentsAt + contentsLength;
        var range = $"[0 {contentsAt} {after} {whole.Length - after}]".PadRight(ByteRangeBlank.Length);
        Encoding.ASCII.GetBytes(range).CopyTo(whole.AsSpan((int)rangeAt));
        byte[] signed = [.. whole.AsSpan(0, (int)contentsAt), .. whole.AsSpan(after)];
        var cms = signature.Sign(signed);
        if (cms.Length > signature.Size)
        {
            throw new InvalidOperationException("The signature is larger than the room that was left for it.");
        }

        Encoding.ASCII.GetBytes(Convert.ToHexString(cms)).CopyTo(whole.AsSpan((int)contentsAt + 1));
        return whole;
    }

    private void Font(int number, PdfFace face)
    {
        var font = face.Font;
        var name = $"{face.SubsetTag()}+{font.Name}";
        Object(number, $"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H"
            + $" /DescendantFonts [{number + 1} 0 R] /ToUnicode {number + 4} 0 R >>");
        Object(number + 1, $"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDToGIDMap /Identity"
            + " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
            + $" /FontDescriptor {number + 2} 0 R /W [0 [{string.Join(' ', face.Widths())}]] >>");
        Object(number + 2, $"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /ItalicAngle 0 /StemV 80"
            + $" /Ascent {font.Ascent} /Descent {font.Descent} /CapHeight {font.Ascent}"
            + $" /FontBBox [{string.Join(' ', font.Box)}] /FontFile2 {number + 3} 0 R >>");
        var subset = face.Subset();
        Stream(number + 3, $" /Length1 {subset.Length}", subset);
        Stream(number + 4, "", Encoding.ASCII.GetBytes(face.ToUnicode()));
    }

    private void Stream(int number, string entries, byte[] content)
    {
        using var packed = new MemoryStream();
        using (var deflate = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write(content);
        }

        Begin(number);
        Raw($"<< /Length {packed.Length} /Filter /FlateDecode{entries} >>\nstream\n");
        packed.WriteTo(_file);
        Raw("\nendstream\nendobj\n");
    }

    private void Object(int number, string content)
    {
        Begin(number);
        Raw(content + "\nendobj\n");
    }

    private void Begin(int number)
    {
        while (_offsets.Count < number)
        {
            _offsets.Add(0);
        }

        _offsets[number - 1] = _file.Length;
        Raw($"{number} 0 obj\n");
    }

    private void End(int catalog, int info, string identity)
    {
        var start = _file.Length;
        Raw($"xref\n0 {_offsets.Count + 1}\n0000000000 65535 f \n");
        foreach (var offset in _offsets)
        {
            Raw(offset.ToString("0000000000", CultureInfo.InvariantCulture) + " 00000 n \n");
        }

        Raw($"trailer\n<< /Size {_offsets.Count + 1} /Root {catalog} 0 R /Info {info} 0 R"
            + $" /ID [<{identity}> <{identity}>] >>\nstartxref\n{start}\n%%EOF\n");
    }

    private void Raw(string latin) => _file.Write(Encoding.Latin1.GetBytes(latin));

    /// <summary>A text of any letters: UTF-16 with its mark, in hexadecimal.</summary>
    private static string Text(string text) => $"<FEFF{Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(text))}>";

    private static string Date(Instant instant) =>
        instant.ToDateTimeUtc().ToString("'(D:'yyyyMMddHHmmss'Z)'", CultureInfo.InvariantCulture);

    internal static string N(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
