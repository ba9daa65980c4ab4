using System.Globalization;
using System.Text;
using QRCoder;

namespace EGovPay.Terminals.Receipts;

/// <summary>An ink or a paper: red, green, blue from 0 to 255.</summary>
internal sealed record PdfInk(byte Red, byte Green, byte Blue);

/// <summary>
/// Pages of A5 that are filled from the top: a receipt printed on its own, or two on one sheet of A4. Knows fonts,
/// inks and where the next line goes, and nothing of receipts. Units are points, 1/72 inch; y grows downwards.
/// </summary>
internal sealed class PdfSheet
{
    public const double PageWidth = 419.53;
    public const double PageHeight = 595.28;
    public const double Left = 36;
    public const double Top = 34;
    public const double Width = 347.5;
    public const double Right = Left + Width;
    public const double Bottom = 558;

    public static readonly PdfInk Ink = new(0x1B, 0x24, 0x30);
    public static readonly PdfInk Soft = new(0x56, 0x63, 0x70);
    public static readonly PdfInk Hairline = new(0xD5, 0xDD, 0xE3);
    public static readonly PdfInk Accent = new(0x0B, 0x4F, 0x6C);

    private readonly PdfFile _file;
    private readonly List<StringBuilder> _pages = [];

    public PdfSheet(PdfFile file)
    {
        _file = file;
        NewPage();
    }

    /// <summary>The top of what is drawn next.</summary>
    public double Y { get; set; }

    public int Pages => _pages.Count;

    /// <summary>The drawing operators of each page.</summary>
    public IReadOnlyList<string> Drawn => [.. _pages.Select(page => page.ToString())];

    /// <summary>Begins a new page unless <paramref name="height"/> still fits on this one.</summary>
    public void Need(double height)
    {
        if (Y + height > Bottom)
        {
            NewPage();
        }
    }

    /// <summary>How wide a text is.</summary>
    public double Measure(string text, double size, bool bold = false) => Face(bold).Measure(text, size);

    /// <summary>
    /// Draws one line with its left, or right, end at <paramref name="x"/> and its top at <paramref name="y"/>.
    /// </summary>
    public void Write(
        string text,
        double x,
        double y,
        double size,
        PdfInk ink,
        bool bold = false,
        bool toTheRight = false,
        int? page = null)
    {
        const double ascent = 0.93; // from the top of a line to where letters stand, as part of the size
        var left = toTheRight ? x - Measure(text, size, bold) : x;
        Draw(
            $"BT {Fill(ink)} /{(bold ? "F2" : "F1")} {N(size)} Tf {N(left)} {Up(y + (ascent * size))} Td "
            + $"{Face(bold).Encode(text)} Tj ET",
            page);
    }

    /// <summary>Breaks at spaces, and inside a word that is wider than the line. Never empty.</summary>
    public List<string> Wrap(string text, double width, double size, bool bold = false)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var longer = line.Length == 0 ? word : $"{line} {word}";
            if (Measure(longer, size, bold) <= width)
            {
                line = longer;
                continue;
            }

            if (line.Length > 0)
            {
                lines.Add(line);
            }

            line = word;
            while (Measure(line, size, bold) > width && line.Length > 1)
            {
                var fits = line.Length - 1;
                while (fits > 1 && Measure(line[..fits], size, bold) > width)
                {
                    fits--;
                }

                lines.Add(line[..fits]);
                line = line[fits..];
            }
        }

        lines.Add(line);
        return lines;
    }

    /// <summary>Writes lines under one another and says how high they are.</summary>
    public double WriteLines(
        List<string> lines,
        double x,
        double y,
        double size,
        double pitch,
        PdfInk ink,
        bool bold = false,
        bool toTheRight = false)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            Write(lines[i], x, y + (i * pitch), size, ink, bold, toTheRight);
        }

        return lines.Count * pitch;
    }

    /// <summary>A thin line over the width, or from <paramref name="from"/> on.</summary>
    public void Rule(double y, PdfInk ink, double thickness, double from = Left) =>
        Draw($"{Stroke(ink)} {N(thickness)} w {N(from)} {Up(y)} m {N(Right)} {Up(y)} l S");

    /// <summary>A tinted box with round corners over the width.</summary>
    public void Box(double y, double height, PdfInk paper)
    {
        const double round = 5, bend = round * 0.4477; // a quarter of a circle as one Bézier curve
        var (top, bottom) = (y, y + height);
        Draw($"{Fill(paper)} {N(Left + round)} {Up(top)} m {N(Right - round)} {Up(top)} l"
            + $" {N(Right - bend)} {Up(top)} {N(Right)} {Up(top + bend)} {N(Right)} {Up(top + round)} c"
            + $" {N(Right)} {Up(bottom - round)} l"
            + $" {N(Right)} {Up(bottom - bend)} {N(Right - bend)} {Up(bottom)} {N(Right - round)} {Up(bottom)} c"
            + $" {N(Left + round)} {Up(bottom)} l"
            + $" {N(Left + bend)} {Up(bottom)} {N(Left)} {Up(bottom - bend)} {N(Left)} {Up(bottom - round)} c"
            + $" {N(Left)} {Up(top + round)} l"
            + $" {N(Left)} {Up(top + bend)} {N(Left + bend)} {Up(top)} {N(Left + round)} {Up(top)} c f");
    }

    /// <summary>
    /// A QR code of vectors, dark modules only; its quiet zone is the paper around it. Runs overlap by a hair, so that
    /// no viewer shows white seams between rows.
    /// </summary>
    public void QrCode(string text, double x, double y, double side)
    {
        const int quiet = 4;
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var modules = code.ModuleMatrix;
        var count = modules.Count - (2 * quiet);
        var step = side / count;
        var runs = new StringBuilder(Fill(Ink));
        for (var row = 0; row < count; row++)
        {
            for (var column = 0; column < count; column++)
            {
                var start = column;
                while (column < count && modules[row + quiet][column + quiet])
                {
                    column++;
                }

                if (column > start)
                {
                    var corner = $"{N(x + (start * step))} {Up(y + ((row + 1.02) * step))}";
                    runs.Append(
                        CultureInfo.InvariantCulture, $" {corner} {N((column - start) * step)} {N(step * 1.02)} re");
                }
            }
        }

        Draw(runs.Append(" f").ToString());
    }

    private void NewPage()
    {
        _pages.Add(new StringBuilder());
        Y = Top;
    }

    private void Draw(string operators, int? page = null) =>
        _pages[page ?? _pages.Count - 1].Append(operators).Append('\n');

    private PdfFace Face(bool bold) => bold ? _file.Bold : _file.Regular;

    private static string Fill(PdfInk ink) => $"{N(ink.Red / 255.0)} {N(ink.Green / 255.0)} {N(ink.Blue / 255.0)} rg";

    private static string Stroke(PdfInk ink) => $"{N(ink.Red / 255.0)} {N(ink.Green / 255.0)} {N(ink.Blue / 255.0)} RG";

    private static string Up(double y) => N(PageHeight - y);

    private static string N(double value) => PdfFile.N(value);
}
