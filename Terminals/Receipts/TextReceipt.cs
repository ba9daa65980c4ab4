using System.Text;
using EGovPay.Processing.Receipts;

namespace EGovPay.Terminals.Receipts;

/// <summary>
/// A receipt as plain text for a roll printer: at most 42 columns, real letters (UTF-8, one column each), lines end in
/// LF.
/// </summary>
public static class TextReceipt
{
    /// <summary>The printer's width in characters.</summary>
    public const int Columns = 42;

    private const int Indent = 2;

    /// <summary>Sets the facts in a language: az (default), en, ru.</summary>
    public static string Render(ReceiptFacts facts, string? language = null)
    {
        var rows = ReceiptRows.Of(facts, language);
        var text = new StringBuilder();
        Centre(text, facts.Issuer.Name);
        Centre(text, $"{Texts.Voen.In(rows.Language)} {facts.Issuer.Voen}");
        Line(text, new string('=', Columns));
        Centre(text, Upper(rows.Title, rows.Language));
        if (rows.Warning is not null)
        {
            Centre(text, $"*** {rows.Warning} ***");
        }

        if (rows.ReprintMark is not null)
        {
            Centre(text, rows.ReprintMark);
        }

        foreach (var section in rows.Sections)
        {
            Line(text, new string('-', Columns));
            Line(text, Upper(section.Heading, rows.Language));
            foreach (var row in section.Rows)
            {
                Row(text, row, rows.Language);
                if (row.Kind == RowKind.Total)
                {
                    InWords(text, rows);
                }
            }
        }

        Closing(text, facts, rows);
        return text.ToString();
    }

    private static void Closing(StringBuilder text, ReceiptFacts facts, ReceiptRows rows)
    {
        Line(text, new string('=', Columns));
        if (rows.Advice is not null)
        {
            Block(text, rows.Advice, 0);
            Line(text, new string('-', Columns));
        }

        Centre(text, Texts.Code.In(rows.Language));
        Centre(text, VerificationCode.Grouped(facts.Code));
        Address(text, facts.VerifyUrl);
        if (rows.Warning is not null)
        {
            // Torn off at the top, the end must still say what it is.
            Centre(text, $"*** {rows.Warning} ***");
        }
    }

    private static void InWords(StringBuilder text, ReceiptRows rows)
    {
        foreach (var words in rows.TotalInWords)
        {
            Block(text, words, Indent);
        }
    }

    /// <summary>An address that is too wide breaks before its last part, so that the code stays in one piece.</summary>
    private static void Address(StringBuilder text, string address)
    {
        var last = address.LastIndexOf('/') + 1;
        Block(text, address.Length <= Columns ? address : address.Insert(last, " "), 0);
    }

    /// <summary>Label left and value right where both fit on one line; else the value below its label.</summary>
    private static void Row(StringBuilder text, ReceiptRow row, string language)
    {
        var label = row.Kind == RowKind.Total ? Upper(row.Label, language) : row.Label;
        if (label.Length + 1 + row.Value.Length <= Columns)
        {
            Line(text, label + row.Value.PadLeft(Columns - label.Length));
            return;
        }

        var lines = Wrap(label, Columns);
        if (row.Kind is RowKind.Plain or RowKind.Head)
        {
            Block(text, label + ":", 0);
            Block(text, row.Value, Indent);
            return;
        }

        foreach (var line in lines.SkipLast(1))
        {
            Line(text, line);
        }

        var last = lines[^1];
        if (last.Length + 1 + row.Value.Length > Columns)
        {
            Line(text, last);
            last = "";
        }

        Line(text, last + row.Value.PadLeft(Columns - last.Length));
    }

    private static void Centre(StringBuilder text, string words)
    {
        foreach (var line in Wrap(ReceiptRows.Clean(words), Columns))
        {
            Line(text, new string(' ', (Columns - line.Length) / 2) + line);
        }
    }

    private static void Block(StringBuilder text, string words, int indent)
    {
        foreach (var line in Wrap(words, Columns - indent))
        {
            Line(text, new string(' ', indent) + line);
        }
    }

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');

    /// <summary>Breaks at spaces; a word wider than the line is broken where the line ends. Never empty.</summary>
    internal static List<string> Wrap(string words, int width)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length <= width)
            {
                line += " " + word;
                continue;
            }

            if (line.Length > 0)
            {
                lines.Add(line);
            }

            line = word;
            while (line.Length > width)
            {
                lines.Add(line[..width]);
                line = line[width..];
            }
        }

        lines.Add(line);
        return lines;
    }

    /// <summary>Capitals by the language's own rule: Azerbaijani i is İ, ı is I.</summary>
    internal static string Upper(string text, string language) =>
        language == "az"
            ? text.Replace('i', 'İ').Replace('ı', 'I').ToUpperInvariant()
            : text.ToUpperInvariant();
}
