using System.Text.RegularExpressions;

namespace EGovPay.Processing.Catalogue;

/// <summary>How the lines of a provider's register are laid out.</summary>
public enum RegisterLayout
{
    /// <summary>OSMP's: number, date, time, account, sum, TAB between.</summary>
    Osmp = 1,

    /// <summary>A table with the columns that the mapping names.</summary>
    Csv,

    /// <summary>One object with the payments as a list.</summary>
    Json,
}

/// <summary>A column of a table.</summary>
/// <param name="Is">One of <see cref="RegisterMapping.Known"/>, or <c>field:</c> and the name of a service's field.</param>
/// <param name="Name">Its head.</param>
public sealed record RegisterColumn(string Is, string Name);

/// <summary>The form of the registers that a provider is sent; data of the provider in the catalogue.</summary>
/// <param name="FileName">With <c>{day}</c> and <c>{group}</c>, so that each window has a name of its own, and perhaps <c>{provider}</c>.</param>
/// <param name="Encoding">utf-8 or windows-1251.</param>
/// <param name="Separator">Between columns of a table.</param>
/// <param name="DecimalSign">A dot or a comma; amounts have two decimals.</param>
/// <param name="Header">A table begins with the columns' names.</param>
/// <param name="Totals">A table ends with a line of count and sum, and before it one for each budget level and code.</param>
/// <param name="Columns">Of a table; empty for the other layouts.</param>
public sealed record RegisterMapping(
    RegisterLayout Layout, string FileName, string Encoding = "utf-8", char Separator = ';', char DecimalSign = '.', bool Header = true,
    bool Totals = true, IReadOnlyList<RegisterColumn>? Columns = null)
{
    /// <summary>What a column can be.</summary>
    public static IReadOnlyList<string> Known { get; } =
        ["number", "date", "time", "account", "amount", "amount-qepik", "service", "budget-level", "budget-code"];
}

/// <summary>Reads the form of a provider's registers and names its faults.</summary>
internal static partial class CheckRegisterMapping
{
    private const int MostColumns = 50;
    private const string FieldPrefix = "field:";

    public static RegisterMapping? Read(JsonWithLines item, CatalogueFaults faults)
    {
        if (ReadObject.From(item, "The register", faults,
            ["layout", "fileName", "encoding", "separator", "decimalSign", "header", "totals", "columns"]) is not { } node)
        {
            return null;
        }

        var layout = node.Word<RegisterLayout>("layout");
        var name = node.Text("fileName", 80);
        if (name is not null && (!FileNameShape().IsMatch(name) || !name.Contains("{day}", StringComparison.Ordinal)
            || !name.Contains("{group}", StringComparison.Ordinal)))
        {
            node.Fault("fileName", "\"fileName\" needs {day} and {group}, and beside these and {provider} only ASCII letters, digits, dots, "
                + "dashes and underscores: each window's file has a name of its own.");
        }

        var encoding = node.Text("encoding", 20, optional: true) ?? "utf-8";
        if (encoding is not ("utf-8" or "windows-1251"))
        {
            node.Fault("encoding", "\"encoding\" may be utf-8 or windows-1251.");
        }

        var separator = One(node, "separator", ";,|\t", ';');
        var decimalSign = One(node, "decimalSign", ".,", '.');
        if (layout == RegisterLayout.Csv && separator == decimalSign)
        {
            node.Fault("separator", "The separator and the decimal sign are the same.");
        }

        var header = node.Flag("header", absent: true) ?? true;
        var totals = node.Flag("totals", absent: true) ?? true;
        var columns = layout == RegisterLayout.Csv ? Columns(node, faults) : [];
        if (layout != RegisterLayout.Csv && node.Value("columns", optional: true) is not null)
        {
            node.Fault("columns", "Only a table (\"layout\": \"csv\") has columns.");
        }

        return layout is { } form && name is not null
            ? new RegisterMapping(form, name, encoding, separator, decimalSign, header, totals, columns) : null;
    }

    private static List<RegisterColumn> Columns(ReadObject node, CatalogueFaults faults)
    {
        var columns = new List<RegisterColumn>();
        foreach (var item in node.Items("columns", MostColumns))
        {
            if (ReadObject.From(item, "A column", faults, ["is", "name"]) is not { } column || column.Text("is", 80) is not { } what)
            {
                continue;
            }

            if (!RegisterMapping.Known.Contains(what, StringComparer.Ordinal)
                && (!what.StartsWith(FieldPrefix, StringComparison.Ordinal) || what.Length == FieldPrefix.Length))
            {
                column.Fault("is", $"A column cannot be \"{CatalogueFaults.Shorten(what)}\"; it may be "
                    + $"{string.Join(", ", RegisterMapping.Known)}, or {FieldPrefix} and a field's name.");
            }

            columns.Add(new RegisterColumn(what, column.Text("name", 80, optional: true) ?? what));
        }

        foreach (var needed in new[] { "number", "account" })
        {
            if (columns.Count > 0 && !columns.Exists(column => column.Is == needed))
            {
                node.Fault("columns", $"No column is the {needed}: the receiver could not say which payment it means.");
            }
        }

        if (columns.Count > 0 && !columns.Exists(column => column.Is is "amount" or "amount-qepik"))
        {
            node.Fault("columns", "No column is the amount.");
        }

        return columns;
    }

    private static char One(ReadObject node, string property, string allowed, char absent)
    {
        var text = node.Text(property, 1, optional: true);
        if (text is null)
        {
            return absent;
        }

        if (text.Length != 1 || !allowed.Contains(text[0], StringComparison.Ordinal))
        {
            node.Fault(property, $"\"{property}\" may be one of: {string.Join(' ', allowed.Select(one => one == '\t' ? "TAB" : one.ToString()))}");
            return absent;
        }

        return text[0];
    }

    [GeneratedRegex(@"\A(?:[A-Za-z0-9_-]|\{day\}|\{group\}|\{provider\})(?:[A-Za-z0-9._-]|\{day\}|\{group\}|\{provider\})*\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex FileNameShape();
}
