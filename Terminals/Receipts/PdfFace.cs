using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EGovPay.Terminals.Receipts;

/// <summary>A font in one file: hands out numbers to glyphs as they are used, and knows only those.</summary>
internal sealed class PdfFace
{
    private readonly List<int> _glyphs = [0];
    private readonly List<char> _letters = ['\0'];
    private readonly Dictionary<char, int> _numbers = [];

    public PdfFace(TrueTypeFont font) => Font = font;

    public TrueTypeFont Font { get; }

    /// <summary>How wide a text is at a size, points.</summary>
    public double Measure(string text, double size)
    {
        var thousandths = 0;
        foreach (var letter in text)
        {
            thousandths += Font.WidthOf(_glyphs[NumberOf(letter)]);
        }

        return thousandths * size / 1000;
    }

    /// <summary>The text as the operand of a drawing operator.</summary>
    public string Encode(string text)
    {
        var hex = new StringBuilder("<");
        foreach (var letter in text)
        {
            hex.Append(CultureInfo.InvariantCulture, $"{NumberOf(letter):X4}");
        }

        return hex.Append('>').ToString();
    }

    public byte[] Subset() => Font.Subset(_glyphs);

    public IEnumerable<int> Widths() => _glyphs.Select(Font.WidthOf);

    /// <summary>Six capitals that say which subset it is.</summary>
    public string SubsetTag()
    {
        var hash = SHA256.HashData(Encoding.BigEndianUnicode.GetBytes([.. _letters]));
        return string.Concat(hash.Take(6).Select(part => (char)('A' + (part % 26))));
    }

    /// <summary>The map by which a reader copies and searches text.</summary>
    public string ToUnicode()
    {
        var map = new StringBuilder(
            """
            /CIDInit /ProcSet findresource begin 12 dict begin begincmap
            /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
            /CMapName /Adobe-Identity-UCS def /CMapType 2 def
            1 begincodespacerange <0000> <FFFF> endcodespacerange

            """);
        foreach (var chunk in _letters.Select((letter, number) => (letter, number)).Skip(1).Chunk(100))
        {
            map.Append(CultureInfo.InvariantCulture, $"{chunk.Length} beginbfchar\n");
            foreach (var (letter, number) in chunk)
            {
                map.Append(CultureInfo.InvariantCulture, $"<{number:X4}> <{(int)letter:X4}>\n");
            }

            map.Append("endbfchar\n");
        }

        return map.Append("endcmap CMapName currentdict /CMap defineresource pop end end\n").ToString();
    }

    private int NumberOf(char letter)
    {
        if (!_numbers.TryGetValue(letter, out var number))
        {
            number = _glyphs.Count;
            _glyphs.Add(Font.GlyphOf(letter));
            _letters.Add(letter);
            _numbers.Add(letter, number);
        }

        return number;
    }
}
