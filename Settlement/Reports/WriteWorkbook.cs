using System.Globalization;
using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Spreadsheet;

namespace EGovPay.Settlement.Reports;

/// <summary>A cell: text, or a number written as it is to be read (a dot, no groups), so that no amount passes through a float of ours.</summary>
public readonly record struct SheetCell(string Text, bool IsNumber)
{
    public static SheetCell Of(string text) => new(text, false);

    public static SheetCell Of(long number) => new(number.ToString(CultureInfo.InvariantCulture), true);

    /// <summary>Qəpik as manat with two decimals.</summary>
    public static SheetCell Manat(long qepik) => new(
        (qepik < 0 ? "-" : "") + string.Create(
            CultureInfo.InvariantCulture, $"{Math.Abs((decimal)qepik) / 100:0.00}"), true);
}

/// <summary>
/// Writes a table as a workbook of one sheet (Office Open XML): heads in bold that stay when one scrolls, numbers in groups, columns as wide as
/// what they hold. Texts are texts: none is a formula.
/// </summary>
public static class WriteWorkbook
{
    /// <summary>So many rows say how wide the columns are.</summary>
    private const int Measured = 500;

    private const int Widest = 60;

    // Their places among the cell formats below.
    private const uint Plain = 0;
    private const uint Head = 1;
    private const uint Whole = 2;
    private const uint Decimals = 3;

    // Formats that every spreadsheet program has: 1,234 and 1,234.56 with the signs of its own language.
    private const uint InGroups = 3;
    private const uint InGroupsWithDecimals = 4;

    /// <param name="name">The sheet's, at most 31 characters.</param>
    /// <param name="heads">The first row.</param>
    public static void To(Stream output, string name, IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<SheetCell>> rows)
    {
        using var document = SpreadsheetDocument.Create(output, SpreadsheetDocumentType.Workbook);
        var workbook = document.AddWorkbookPart();
        workbook.AddNewPart<WorkbookStylesPart>().Stylesheet = Styles();
        var sheet = workbook.AddNewPart<WorksheetPart>();
        using var all = rows.GetEnumerator();
        var first = new List<IReadOnlyList<SheetCell>>();
        while (first.Count < Measured && all.MoveNext())
        {
            first.Add(all.Current);
        }

        using (var writer = OpenXmlWriter.Create(sheet))
        {
            writer.WriteStartElement(new Worksheet());
            writer.WriteElement(new SheetViews(new SheetView(
                new Pane { VerticalSplit = 1, TopLeftCell = "A2", ActivePane = PaneValues.BottomLeft, State = PaneStateValues.Frozen })
            {
                WorkbookViewId = 0,
            }));
            writer.WriteElement(new Columns(heads.Select((head, at) => new Column
            {
                Min = (uint)at + 1, Max = (uint)at + 1, CustomWidth = true,
                Width = 3 + Math.Min(Widest, Math.Max(head.Length, first.Select(row => Wide(row[at])).DefaultIfEmpty().Max())),
            })));
            writer.WriteStartElement(new SheetData());
            Row(writer, heads.Select(SheetCell.Of), Head);
            first.ForEach(row => Row(writer, row));
            while (all.MoveNext())
            {
                Row(writer, all.Current);
            }

            writer.WriteEndElement();
            writer.WriteEndElement();
        }

        workbook.Workbook = new Workbook(new Sheets(new Sheet { Name = name, SheetId = 1, Id = workbook.GetIdOfPart(sheet) }));
    }

    /// <summary>Of a number, with the signs between its groups.</summary>
    private static int Wide(SheetCell cell) => cell.IsNumber ? cell.Text.Length + (cell.Text.Length / 3) : cell.Text.Length;

    private static void Row(OpenXmlWriter writer, IEnumerable<SheetCell> cells, uint texts = Plain)
    {
        writer.WriteStartElement(new Row());
        foreach (var cell in cells)
        {
            writer.WriteElement(cell.IsNumber
                ? new Cell
                {
                    DataType = CellValues.Number, CellValue = new CellValue(cell.Text),
                    StyleIndex = cell.Text.Contains('.', StringComparison.Ordinal) ? Decimals : Whole,
                }
                : new Cell { DataType = CellValues.InlineString, InlineString = new InlineString(new Text(cell.Text)), StyleIndex = texts });
        }

        writer.WriteEndElement();
    }

    /// <summary>The least that a workbook's styles are made of: fonts, two fills that must be there, a border, and the formats of cells.</summary>
    private static Stylesheet Styles() => new(
        new Fonts(new Font(), new Font(new Bold())),
        new Fills(
            new Fill(new PatternFill { PatternType = PatternValues.None }), new Fill(new PatternFill { PatternType = PatternValues.Gray125 })),
        new Borders(new Border()),
        new CellStyleFormats(new CellFormat()),
        new CellFormats(
            new CellFormat(),
            new CellFormat { FontId = 1, ApplyFont = true },
            new CellFormat { NumberFormatId = InGroups, ApplyNumberFormat = true },
            new CellFormat { NumberFormatId = InGroupsWithDecimals, ApplyNumberFormat = true }));
}
