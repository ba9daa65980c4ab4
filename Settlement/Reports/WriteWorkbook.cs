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

/// <summary>Writes a table as a workbook of one sheet (Office Open XML). Texts are texts: none is a formula.</summary>
public static class WriteWorkbook
{
    /// <param name="name">The sheet's, at most 31 characters.</param>
    /// <param name="heads">The first row.</param>
    public static void To(Stream output, string name, IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<SheetCell>> rows)
    {
        using var document = SpreadsheetDocument.Create(output, SpreadsheetDocumentType.Workbook);
        var workbook = document.AddWorkbookPart();
        var sheet = workbook.AddNewPart<WorksheetPart>();
        using (var writer = OpenXmlWriter.Create(sheet))
        {
            writer.WriteStartElement(new Worksheet());
            writer.WriteStartElement(new SheetData());
            Row(writer, heads.Select(SheetCell.Of));
            foreach (var row in rows)
            {
                Row(writer, row);
            }

            writer.WriteEndElement();
            writer.WriteEndElement();
        }

        workbook.Workbook = new Workbook(new Sheets(new Sheet { Name = name, SheetId = 1, Id = workbook.GetIdOfPart(sheet) }));
    }

    private static void Row(OpenXmlWriter writer, IEnumerable<SheetCell> cells)
    {
        writer.WriteStartElement(new Row());
        foreach (var cell in cells)
        {
            writer.WriteElement(cell.IsNumber
                ? new Cell { DataType = CellValues.Number, CellValue = new CellValue(cell.Text) }
                : new Cell { DataType = CellValues.InlineString, InlineString = new InlineString(new Text(cell.Text)) });
        }

        writer.WriteEndElement();
    }
}
