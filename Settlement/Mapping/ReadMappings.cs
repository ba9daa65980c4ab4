using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Catalogue;
using NodaTime.Text;

namespace EGovPay.Settlement.Mapping;

/// <summary>Reads the section <c>mappings</c> of the settlement terms, and names every fault by its line.</summary>
internal static class ReadMappings
{
    /// <summary>More than anybody has providers, acquirers and banks.</summary>
    public const int MostMappings = 500;

    private const int MostColumns = 200;
    private const int MostWords = 50;
    private const int MostText = 100;

    private static readonly string[] Properties =
    [
        "name", "for", "encoding", "delimiter", "header", "skip", "columns", "date", "time", "decimal", "thousands", "unit", "currency",
        "account", "totals", "words", "unsigned",
    ];

    private static readonly Dictionary<string, string> Delimiters = new(StringComparer.Ordinal)
    {
        [","] = ",", [";"] = ";", ["|"] = "|", ["tab"] = "\t", ["comma"] = ",", ["semicolon"] = ";",
    };

    private static readonly Dictionary<string, char> Separators = new(StringComparer.Ordinal)
    {
        ["."] = '.', [","] = ',', ["'"] = '\'', ["space"] = ' ',
    };

    /// <param name="items">Each an object.</param>
    public static IReadOnlyList<FileMapping> From(IReadOnlyList<JsonWithLines> items, CatalogueFaults faults)
    {
        var all = new List<FileMapping>();
        foreach (var item in items.Take(MostMappings))
        {
            if (Read(item, faults) is not { } mapping)
            {
                continue;
            }

            if (all.Exists(other => other.Use == mapping.Use && other.Name == mapping.Name))
            {
                faults.Add(item.Line, $"mappings: \"{mapping.Name}\" for {Word(mapping.Use)} is there twice.");
            }

            all.Add(mapping);
        }

        if (items.Count > MostMappings)
        {
            faults.Add(items[MostMappings].Line, $"mappings: there are more than {MostMappings}.");
        }

        return all;
    }

    private static FileMapping? Read(JsonWithLines item, CatalogueFaults faults)
    {
        var before = faults.Count;
        if (ReadObject.From(item, "A mapping", faults, Properties) is not { } one)
        {
            return null;
        }

        var name = one.Text("name", MostText);
        var use = one.Word<MappingUse>("for");
        if (name is null || use is null)
        {
            return null;
        }

        var columns = Columns(one, use.Value, name, faults);
        var header = one.Flag("header", absent: true);
        var mapping = new FileMapping
        {
            Name = name,
            Use = use.Value,
            EncodingName = OneOf(one, "encoding", "utf-8", ["utf-8", "windows-1251", "windows-1254"]),
            Delimiter = Delimiters.GetValueOrDefault(OneOf(one, "delimiter", ",", Delimiters.Keys)) ?? ",",
            Header = header ?? true,
            Skip = one.Value("skip", optional: true) is null ? 0 : one.Whole("skip", 0, 100) ?? 0,
            Columns = columns,
            Date = Pattern(one, "date", "uuuu-MM-dd", text => LocalDateTimePattern.CreateWithInvariantCulture(text).PatternText),
            Time = Pattern(one, "time", "HH:mm:ss", text => LocalTimePattern.CreateWithInvariantCulture(text).PatternText),
            DecimalSign = OneOf(one, "decimal", ".", [".", ","])[0],
            Thousands = one.Value("thousands", optional: true) is null ? null
                : Separators.GetValueOrDefault(OneOf(one, "thousands", "space", Separators.Keys), ' '),
            Unit = one.Word<AmountUnit>("unit", AmountUnit.Manat) ?? AmountUnit.Manat,
            Currency = one.Text("currency", 3, optional: true) ?? "AZN",
            Account = one.Text("account", 34, optional: true),
            Totals = Totals(one, faults),
            Words = Words(one, use.Value, faults),
            Unsigned = one.Flag("unsigned", absent: false) ?? false,
        };
        Check(one, mapping);
        return faults.Count == before ? mapping : null;
    }

    private static void Check(ReadObject one, FileMapping mapping)
    {
        if (mapping.Thousands == mapping.DecimalSign)
        {
            one.Fault("thousands", $"mapping \"{mapping.Name}\": \"thousands\" and \"decimal\" are the same sign.");
        }

        if (!Statements.BankAmount.IsCurrency(mapping.Currency))
        {
            one.Fault("currency", $"mapping \"{mapping.Name}\": \"currency\" is three capital letters, such as AZN.");
        }

        if (!mapping.Header && mapping.Columns.Values.Any(column => column.Name is not null))
        {
            one.Fault("columns", $"mapping \"{mapping.Name}\": without a header columns are numbers, from 1.");
        }

        if (mapping.Use == MappingUse.Statement)
        {
            var (signed, debit, credit) = (Has(mapping, "amount"), Has(mapping, "debit"), Has(mapping, "credit"));
            if (signed == (debit || credit) || debit != credit)
            {
                one.Fault("columns", $"mapping \"{mapping.Name}\": either \"amount\", with its sign, or both \"debit\" and \"credit\".");
            }

            if (!Has(mapping, "account") && mapping.Account is null)
            {
                one.Fault("columns", $"mapping \"{mapping.Name}\": the account is in a column, or given as \"account\".");
            }
        }
    }

    private static bool Has(FileMapping mapping, string field) => mapping.Columns.ContainsKey(field);

    private static Dictionary<string, MappedColumn> Columns(ReadObject one, MappingUse use, string name, CatalogueFaults faults)
    {
        var columns = new Dictionary<string, MappedColumn>(StringComparer.Ordinal);
        if (one.Value("columns") is not { } value)
        {
            return columns;
        }

        var known = FileMapping.FieldsOf(use);
        string[] fields = [.. known.Select(field => field.TrimEnd('*'))];
        if (ReadObject.From(value, $"mapping \"{name}\": \"columns\"", faults, fields) is not { } given)
        {
            return columns;
        }

        foreach (var field in known)
        {
            var plain = field.TrimEnd('*');
            if (given.Value(plain, optional: field == plain) is not { } place)
            {
                continue;
            }

            if (place.Kind == JsonTokenType.Number)
            {
                columns[plain] = new MappedColumn(null, given.Whole(plain, 1, MostColumns) ?? 1);
            }
            else if (given.Text(plain, MostText) is { } head)
            {
                columns[plain] = new MappedColumn(head, 0);
            }
        }

        return columns;
    }

    private static MappedTotals? Totals(ReadObject one, CatalogueFaults faults)
    {
        if (one.Value("totals", optional: true) is not { } value
            || ReadObject.From(value, "\"totals\"", faults, ["begins", "count", "amount"]) is not { } totals)
        {
            return null;
        }

        var count = totals.Value("count", optional: true) is null ? 0 : totals.Whole("count", 1, MostColumns) ?? 0;
        var amount = totals.Value("amount", optional: true) is null ? 0 : totals.Whole("amount", 1, MostColumns) ?? 0;
        if (count == 0 && amount == 0)
        {
            totals.Fault("begins", "\"totals\" says in which field \"count\" or \"amount\" stands.");
        }

        return totals.Text("begins", MostText) is { } begins ? new MappedTotals(begins, count, amount) : null;
    }

    private static Dictionary<string, string> Words(ReadObject one, MappingUse use, CatalogueFaults faults)
    {
        var words = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (one.Value("words", optional: true) is not { } value)
        {
            return words;
        }

        if (value.Kind != JsonTokenType.StartObject || value.Properties.Count > MostWords)
        {
            faults.Add(value.Line, $"\"words\" is an object of at most {MostWords} words, each with what it means.");
            return words;
        }

        string[] meanings = use == MappingUse.Acquirer ? ["sale", "refund", "reversal", "chargeback"] : ["reversal", "payment"];
        foreach (var word in value.Properties)
        {
            if (word.Value.Kind != JsonTokenType.String || !meanings.Contains(word.Value.Text, StringComparer.Ordinal))
            {
                faults.Add(word.Line, $"\"words\": a word means one of {string.Join(", ", meanings)}.");
                continue;
            }

            words[word.Name] = word.Value.Text;
        }

        return words;
    }

    private static string OneOf(ReadObject one, string property, string absent, IEnumerable<string> words)
    {
        if (one.Value(property, optional: true) is not { } value)
        {
            return absent;
        }

        if (value.Kind == JsonTokenType.String && words.Contains(value.Text, StringComparer.Ordinal))
        {
            return value.Text;
        }

        one.Fault(property, $"A mapping: \"{property}\" must be one of: {string.Join(" ", words)}.");
        return absent;
    }

    private static string Pattern(ReadObject one, string property, string absent, Func<string, string> compile)
    {
        if (one.Text(property, 40, optional: true) is not { } text)
        {
            return absent;
        }

        try
        {
            // yyyy is what people write; in a pattern it would ask for an era.
            return compile(text.Replace("yyyy", "uuuu", StringComparison.Ordinal).Replace("yy", "uu", StringComparison.Ordinal));
        }
        catch (InvalidPatternException wrong)
        {
            one.Fault(property, string.Create(CultureInfo.InvariantCulture, $"A mapping: \"{property}\": {wrong.Message}"));
            return absent;
        }
    }

    private static string Word(MappingUse use) => use switch
    {
        MappingUse.Statement => "statement", MappingUse.Register => "register", _ => "acquirer",
    };
}
