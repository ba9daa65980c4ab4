using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// How a command shows a list: a table, a line of JSON for each, or CSV for a spreadsheet. A list has a limit, and says on stderr when
/// there is more.
/// </summary>
internal sealed class Listing
{
    private static readonly string[] Forms = ["table", "json", "csv"];

    private readonly Option<bool> json = Print.JsonOption();
    private readonly Option<string> format;
    private readonly Option<int> limit;
    private readonly int most;

    /// <param name="most">The highest limit.</param>
    /// <param name="usual">The limit where none is given.</param>
    public Listing(int most, int usual)
    {
        this.most = most;
        format = new Option<string>("--format")
        {
            Description = $"how it is printed: {string.Join(", ", Forms)}; csv for a spreadsheet, with formulas made harmless",
            HelpName = "FORMAT",
            DefaultValueFactory = _ => Forms[0],
        };
        limit = new Option<int>("--limit")
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"how many at most, 1 to {most}"), HelpName = "NUMBER",
            DefaultValueFactory = _ => usual,
        };
    }

    public IReadOnlyList<Option> Options => [limit, format, json];

    /// <summary>How many are asked of the database: one more than is shown, to see whether there is more.</summary>
    public int Ask(ParseResult parsed) => Math.Min(Limit(parsed) + 1, most);

    public bool Json(ParseResult parsed) => FormOf(parsed) == "json";

    public bool Csv(ParseResult parsed) => FormOf(parsed) == "csv";

    /// <summary>Shows what was found.</summary>
    /// <param name="found">At most <see cref="Ask"/> of them.</param>
    /// <param name="heads">Of table and CSV; what begins with &gt; is a number.</param>
    /// <param name="write">One as JSON.</param>
    /// <param name="onward">What leads to those that are not shown, after the last one that is; null: a higher limit.</param>
    public int Show<T>(
        ParseResult parsed, IReadOnlyList<T> found, string[] heads, Func<T, string[]> cells, Action<Utf8JsonWriter, T> write,
        Func<T, string>? onward = null)
    {
        var shown = Shown(parsed, found, onward);
        var output = parsed.InvocationConfiguration.Output;
        switch (FormOf(parsed))
        {
            case "json":
                foreach (var one in shown)
                {
                    Print.Json(output, line => write(line, one));
                }

                break;
            case "csv":
                WriteCsv.To(output, [.. heads.Select(head => head.TrimStart('>'))], shown.Select(cells));
                break;
            default:
                Print.Table(output, null, heads, shown.Select(cells));
                break;
        }

        return Exit.Done;
    }

    /// <summary>Those within the limit; what is left out is said on stderr.</summary>
    public IReadOnlyList<T> Shown<T>(ParseResult parsed, IReadOnlyList<T> found, Func<T, string>? onward = null)
    {
        var shown = found.Count > Limit(parsed) ? [.. found.Take(Limit(parsed))] : found;
        if (shown.Count < found.Count || found.Count == most)
        {
            parsed.InvocationConfiguration.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"egovpay: there may be more than these {shown.Count}: {onward?.Invoke(shown[^1]) ?? $"--limit, up to {most}"}"));
        }

        return shown;
    }

    private int Limit(ParseResult parsed) => parsed.GetValue(limit) is var given && given >= 1 && given <= most
        ? given
        : throw CommandException.Usage(string.Create(CultureInfo.InvariantCulture, $"--limit: 1 to {most}."));

    private string FormOf(ParseResult parsed)
    {
        var form = parsed.GetValue(format)!;
        if (!Forms.Contains(form, StringComparer.Ordinal))
        {
            throw CommandException.Usage($"--format: one of {string.Join(", ", Forms)}.");
        }

        return parsed.GetValue(json) ? "json" : form;
    }
}
