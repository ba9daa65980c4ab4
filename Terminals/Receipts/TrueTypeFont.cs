using System.Buffers.Binary;
using System.Text;

namespace EGovPay.Terminals.Receipts;

/// <summary>
/// A TrueType file as far as a PDF needs it: which glyph a letter has, how wide it is, and a subset that holds only the
/// glyphs that were used, so that a receipt weighs some tens of kilobytes. Immutable; safe to share between threads.
/// It reads no collections (.ttc) and no PostScript outlines (.otf).
/// </summary>
internal sealed class TrueTypeFont
{
    private readonly byte[] _file;
    private readonly Dictionary<string, Range> _tables = new(StringComparer.Ordinal);
    private readonly int _longMetrics;
    private readonly bool _longOffsets;
    private readonly int _characterMap;

    /// <summary>Reads a file's bytes.</summary>
    /// <exception cref="InvalidDataException">It is no TrueType font, is damaged, or may not be embedded.</exception>
    public TrueTypeFont(byte[] file)
    {
        _file = file;
        try
        {
            ReadTables();
            var head = Table("head");
            UnitsPerEm = U16(head, 18);
            Box = [Scaled(I16(head, 36)), Scaled(I16(head, 38)), Scaled(I16(head, 40)), Scaled(I16(head, 42))];
            _longOffsets = I16(head, 50) == 1;
            Ascent = Scaled(I16(Table("hhea"), 4));
            Descent = Scaled(I16(Table("hhea"), 6));
            _longMetrics = U16(Table("hhea"), 34);
            GlyphCount = U16(Table("maxp"), 4);
            _characterMap = FindCharacterMap();
            Name = ReadName();
            if (_tables.ContainsKey("OS/2") && (U16(Table("OS/2"), 8) & 0xF) == 2)
            {
                throw new InvalidDataException("the font's licence forbids embedding it");
            }
        }
        catch (Exception wrong) when (wrong is ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("the font file is damaged or cut short", wrong);
        }
    }

    public int UnitsPerEm { get; }

    /// <summary>The box around all glyphs, thousandths of the size: left, bottom, right, top.</summary>
    public int[] Box { get; }

    public int Ascent { get; }

    public int Descent { get; }

    public int GlyphCount { get; }

    /// <summary>The PostScript name, letters, digits and hyphens only.</summary>
    public string Name { get; }

    /// <summary>The glyph of a letter; 0, the empty box, where the font has none.</summary>
    public int GlyphOf(char letter)
    {
        var map = _file.AsSpan(_characterMap);
        var segments = U16(map, 6) / 2;
        for (var i = 0; i < segments; i++)
        {
            if (U16(map, 14 + (2 * i)) < letter)
            {
                continue;
            }

            var start = U16(map, 16 + (2 * (segments + i)));
            if (start > letter)
            {
                return 0;
            }

            var delta = U16(map, 16 + (2 * ((2 * segments) + i)));
            var rangeAt = 16 + (2 * ((3 * segments) + i));
            var range = U16(map, rangeAt);
            var glyph = range == 0 ? letter : U16(map, rangeAt + range + (2 * (letter - start)));
            return glyph == 0 ? 0 : (glyph + delta) & 0xFFFF;
        }

        return 0;
    }

    /// <summary>How far a glyph moves the pen, thousandths of the size.</summary>
    public int WidthOf(int glyph) => Scaled(U16(Table("hmtx"), 4 * Math.Min(glyph, _longMetrics - 1)));

    /// <summary>
    /// A font file with the given glyphs as its glyphs 0, 1, 2…, and after them the parts that they are composed of.
    /// Hinting programs are left out: printers and readers draw receipts without them.
    /// </summary>
    public byte[] Subset(IReadOnlyList<int> glyphs)
    {
        var all = new List<int>(glyphs);
        var numbers = new Dictionary<int, int>();
        for (var i = 0; i < all.Count; i++)
        {
            numbers[all[i]] = i;
        }

        using var outlines = new MemoryStream();
        var offsets = new List<byte>();
        var metrics = new List<byte>();
        for (var i = 0; i < all.Count; i++) // grows while parts of glyphs are found
        {
            Add32(offsets, (uint)outlines.Length);
            outlines.Write(Outline(all[i], all, numbers));
            outlines.Write(new byte[(4 - (outlines.Length % 4)) % 4]);
            var metric = 4 * Math.Min(all[i], _longMetrics - 1);
            metrics.AddRange(Table("hmtx").Slice(metric, 2));
            var bearing = all[i] < _longMetrics
                ? metric + 2
                : (4 * _longMetrics) + (2 * (all[i] - _longMetrics));
            metrics.AddRange(Table("hmtx").Slice(bearing, 2));
        }

        Add32(offsets, (uint)outlines.Length);
        var head = Table("head").ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(8), 0);
        BinaryPrimitives.WriteInt16BigEndian(head.AsSpan(50), 1);
        var hhea = Table("hhea").ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(hhea.AsSpan(34), (ushort)all.Count);
        var maxp = Table("maxp").ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(maxp.AsSpan(4), (ushort)all.Count);
        return Assemble(
            ("glyf", outlines.ToArray()),
            ("head", head),
            ("hhea", hhea),
            ("hmtx", [.. metrics]),
            ("loca", [.. offsets]),
            ("maxp", maxp));
    }

    private byte[] Outline(int glyph, List<int> all, Dictionary<int, int> numbers)
    {
        var at = OffsetOf(glyph);
        var outline = Table("glyf")[at..OffsetOf(glyph + 1)].ToArray();
        if (outline.Length == 0)
        {
            return outline;
        }

        var contours = I16(outline, 0);
        if (contours >= 0)
        {
            var hints = 10 + (2 * contours);
            var length = U16(outline, hints);
            return [.. outline[..hints], 0, 0, .. outline[(hints + 2 + length)..]];
        }

        const int words = 0x1, scale = 0x8, more = 0x20, twoScales = 0x40, matrix = 0x80, hinted = 0x100;
        var part = 10;
        int flags;
        do
        {
            flags = U16(outline, part);
            var component = U16(outline, part + 2);
            if (!numbers.TryGetValue(component, out var number))
            {
                number = all.Count;
                numbers.Add(component, number);
                all.Add(component);
            }

            BinaryPrimitives.WriteUInt16BigEndian(outline.AsSpan(part), (ushort)(flags & ~hinted));
            BinaryPrimitives.WriteUInt16BigEndian(outline.AsSpan(part + 2), (ushort)number);
            part += 4 + ((flags & words) != 0 ? 4 : 2);
            part += (flags & scale) != 0 ? 2 : (flags & twoScales) != 0 ? 4 : (flags & matrix) != 0 ? 8 : 0;
        }
        while ((flags & more) != 0);
        return outline[..part];
    }

    private int OffsetOf(int glyph) => _longOffsets
        ? (int)BinaryPrimitives.ReadUInt32BigEndian(Table("loca")[(4 * glyph)..])
        : 2 * U16(Table("loca"), 2 * glyph);

    private static byte[] Assemble(params (string Tag, byte[] Content)[] tables)
    {
        var file = new List<byte>();
        Add32(file, 0x0001_0000);
        var power = (int)Math.Pow(2, Math.Floor(Math.Log2(tables.Length)));
        Add16(file, tables.Length);
        Add16(file, power * 16);
        Add16(file, (int)Math.Log2(power));
        Add16(file, (tables.Length - power) * 16);
        var at = 12 + (16 * tables.Length);
        foreach (var (tag, content) in tables)
        {
            file.AddRange(Encoding.ASCII.GetBytes(tag));
            Add32(file, Checksum(content));
            Add32(file, (uint)at);
            Add32(file, (uint)content.Length);
            at += (content.Length + 3) & ~3;
        }

        var head = 0;
        foreach (var (tag, content) in tables)
        {
            head = tag == "head" ? file.Count : head;
            file.AddRange(content);
            file.AddRange(new byte[(4 - (content.Length % 4)) % 4]);
        }

        var whole = file.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(whole.AsSpan(head + 8), unchecked(0xB1B0_AFBA - Checksum(whole)));
        return whole;
    }

    private static uint Checksum(ReadOnlySpan<byte> content)
    {
        var sum = 0u;
        for (var i = 0; i < content.Length; i++)
        {
            sum = unchecked(sum + ((uint)content[i] << (24 - (8 * (i % 4)))));
        }

        return sum;
    }

    private void ReadTables()
    {
        if (_file.Length < 12 || BinaryPrimitives.ReadUInt32BigEndian(_file) is not (0x0001_0000 or 0x7472_7565))
        {
            throw new InvalidDataException("the file is not a TrueType font (.ttf)");
        }

        for (var i = 0; i < U16(_file, 4); i++)
        {
            var entry = _file.AsSpan(12 + (16 * i), 16);
            var start = (int)BinaryPrimitives.ReadUInt32BigEndian(entry[8..]);
            var length = (int)BinaryPrimitives.ReadUInt32BigEndian(entry[12..]);
            if (start + length > _file.Length)
            {
                throw new InvalidDataException("the font file is cut short");
            }

            _tables[Encoding.ASCII.GetString(entry[..4])] = start..(start + length);
        }

        foreach (var needed in new[] { "head", "hhea", "hmtx", "maxp", "cmap", "loca", "glyf", "name" })
        {
            if (!_tables.ContainsKey(needed))
            {
                throw new InvalidDataException($"the font has no table {needed}");
            }
        }
    }

    /// <summary>The map of Unicode's first plane (format 4), which every font with outlines has.</summary>
    private int FindCharacterMap()
    {
        var map = Table("cmap");
        for (var i = 0; i < U16(map, 2); i++)
        {
            var entry = 4 + (8 * i);
            var offset = (int)BinaryPrimitives.ReadUInt32BigEndian(map[(entry + 4)..]);
            var unicode = (U16(map, entry), U16(map, entry + 2)) is (3, 1) or (0, _);
            if (unicode && U16(map, offset) == 4)
            {
                return _tables["cmap"].Start.Value + offset;
            }
        }

        throw new InvalidDataException("the font has no map of Unicode letters");
    }

    private string ReadName()
    {
        const int postScriptName = 6;
        var names = Table("name");
        var texts = U16(names, 4);
        for (var i = 0; i < U16(names, 2); i++)
        {
            var entry = names.Slice(6 + (12 * i), 12);
            if (U16(entry, 0) == 3 && U16(entry, 6) == postScriptName)
            {
                var text = Encoding.BigEndianUnicode.GetString(names.Slice(texts + U16(entry, 10), U16(entry, 8)));
                return string.Concat(text.Where(c => char.IsAsciiLetterOrDigit(c) || c == '-'));
            }
        }

        return "Font";
    }

    private ReadOnlySpan<byte> Table(string tag) => _file.AsSpan(_tables[tag]);

    private int Scaled(int units) => (int)Math.Round(units * 1000m / UnitsPerEm, MidpointRounding.AwayFromZero);

    private static int U16(ReadOnlySpan<byte> from, int at) => BinaryPrimitives.ReadUInt16BigEndian(from[at..]);

    private static int I16(ReadOnlySpan<byte> from, int at) => BinaryPrimitives.ReadInt16BigEndian(from[at..]);

    private static void Add16(List<byte> to, int value) => to.AddRange([(byte)(value >> 8), (byte)(value & 0xFF)]);

    private static void Add32(List<byte> to, uint value)
    {
        Add16(to, (int)(value >> 16));
        Add16(to, (int)(value & 0xFFFF));
    }
}
