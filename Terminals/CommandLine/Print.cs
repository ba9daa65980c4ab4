using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace EGovPay.Terminals.CommandLine;

/// <summary>How commands print: tables for people, one line of JSON for scripts, amounts in manat.</summary>
internal static partial class Print
{
    private const int WidthOfAFile = 240;

    /// <summary>Prints JSON instead of words.</summary>
    public static Option<bool> JsonOption() => new("--json") { Description = "print one line of JSON, for a script" };

    public static string Manat(long qepik) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(qepik < 0 ? "-" : "")}{Math.Abs(qepik / 100)}.{Math.Abs(qepik % 100):00}");

    /// <summary>
    /// Reads an amount as people write it on a command line: manat, a dot, two decimals; nothing else.
    /// </summary>
    public static bool TryReadManat(string text, out long qepik)
    {
        qepik = 0;
        return ManatShape().IsMatch(text)
            && long.TryParse(
                text.Replace(".", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture,
                out qepik);
    }

    /// <summary>An option whose value is an amount in manat, in qəpik here.</summary>
    public static Option<long?> AmountOption(
        string name, string description, bool required = false, bool zero = false) => new(name)
    {
        Description = description,
        HelpName = "MANAT",
        Required = required,
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (TryReadManat(text, out var qepik) && (zero || qepik > 0))
            {
                return qepik;
            }

            result.AddError($"{name} '{text}' is no amount in manat with two decimals, such as 1000.00"
                + (zero ? "." : ", of more than zero."));
            return null;
        },
    };

    /// <summary>One line of JSON on a writer.</summary>
    public static void Json(TextWriter to, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(
            buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        to.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    /// <summary>A table on a writer, as wide as its terminal, or whole where it goes into a file.</summary>
    public static void Table(TextWriter to, string? title, string[] heads, IEnumerable<string[]> rows)
    {
        var table =
            new Table { Border = TableBorder.Simple, Title = title is null ? null
            : new TableTitle(Markup.Escape(title)) };
        foreach (var head in heads)
        {
            var column = new TableColumn(Markup.Escape(head.TrimStart('>')));
            table.AddColumn(head.StartsWith('>') ? column.RightAligned() : column);
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => Markup.Escape(Plain(cell))).ToArray());
        }

        On(to).Write(table);
    }

    /// <summary>What somebody else wrote does not command this terminal: no control character of it gets there.</summary>
    private static string Plain(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(one => char.IsControl(one) ? '\uFFFD' : one)) : text;

    /// <summary>Spectre's console over a writer.</summary>
    public static IAnsiConsole On(TextWriter to)
    {
        var output = new AnsiConsoleOutput(to);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = output, Ansi = output.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        });
        if (!output.IsTerminal)
        {
            console.Profile.Width = WidthOfAFile;
        }

        return console;
    }

    [GeneratedRegex(@"^(0|[1-9][0-9]{0,12})\.[0-9]{2}$", RegexOptions.CultureInvariant)]
    private static partial Regex ManatShape();
}
