using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// CSV for people's spreadsheets: RFC 4180 in UTF-8 with a byte order mark, which spreadsheets take for the encoding. A cell that a
/// spreadsheet would take for a formula gets an apostrophe before it and is text; negative amounts stay numbers. Not for machines:
/// what goes to a provider or a bank is written elsewhere, byte for byte as its format says.
/// </summary>
internal static partial class WriteCsv
{
    /// <summary>Begins a file.</summary>
    public const string Mark = "\uFEFF";

    private const string LineEnd = "\r\n";

    /// <summary>What makes a cell be quoted.</summary>
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",;\t\r\n\"");

    /// <summary>Writes the heads and the rows.</summary>
    public static void To(TextWriter to, IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        to.Write(Mark + Line(heads));
        foreach (var row in rows)
        {
            to.Write(Line(row));
        }
    }

    /// <summary>A cell as it stands in the file.</summary>
    public static string Cell(string text)
    {
        var safe = Safe(text);
        return safe.AsSpan().ContainsAny(Quoted) ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    /// <summary>A row as it stands in the file, with its end.</summary>
    public static string Line(IReadOnlyList<string> cells) => string.Join(',', cells.Select(Cell)) + LineEnd;

    /// <summary>
    /// An apostrophe wherever a formula could begin: at the beginning, and after whatever some spreadsheet takes for the end of a cell.
    /// With the semicolon as its separator it does not see our quotes as we mean them.
    /// </summary>
    private static string Safe(string text)
    {
        if (PlainNumber().IsMatch(text))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 4);
        var begins = true;
        foreach (var one in text)
        {
            var ends = one is ',' or ';' or '\t' or '\r' or '\n' or '|';
            if (begins && (one is '=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠' || (safe.Length == 0 && one is '\t' or '\r')))
            {
                safe.Append('\'');
            }

            safe.Append(char.IsControl(one) && one is not ('\t' or '\r' or '\n') ? '\uFFFD' : one);
            begins = ends || (begins && one is ' ' or '"' or '\u00A0');
        }

        return safe.ToString();
    }

    [GeneratedRegex(@"\A-?[0-9]{1,18}(\.[0-9]{1,9})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainNumber();
}
