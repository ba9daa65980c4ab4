using System.Text;

namespace EGovPay.Settlement.Mapping;

/// <summary>What a mapping reads.</summary>
public enum MappingUse
{
    Statement,
    Register,
    Acquirer,
}

/// <summary>In what an amount is written.</summary>
public enum AmountUnit
{
    /// <summary>Manat, or the currency's own unit, with its decimals behind the decimal sign.</summary>
    Manat,

    /// <summary>Whole qəpik, or the currency's minor units.</summary>
    Qepik,
}

/// <summary>Where a value stands: under a head, or in a place.</summary>
/// <param name="Name">The head's text; null: by <paramref name="Place"/>.</param>
/// <param name="Place">From 1; 0: by name.</param>
public sealed record MappedColumn(string? Name, int Place);

/// <summary>The last line of a file, which says what the file holds.</summary>
/// <param name="Begins">What the line's first field begins with.</param>
/// <param name="Count">In which field, from 1, the number of lines stands; 0: nowhere.</param>
/// <param name="Amount">In which field the sum stands; 0: nowhere.</param>
public sealed record MappedTotals(string Begins, int Count, int Amount);

/// <summary>
/// How somebody's CSV is read: which column is what, and how it is written. Data of the settlement terms, section <c>mappings</c>.
/// </summary>
public sealed record FileMapping
{
    /// <summary>Of a register the provider's code, of an acquirer its name, of a statement any.</summary>
    public required string Name { get; init; }

    public required MappingUse Use { get; init; }

    /// <summary>utf-8, windows-1251 or windows-1254. Bytes that are none of its letters are refused.</summary>
    public string EncodingName { get; init; } = "utf-8";

    public string Delimiter { get; init; } = ",";

    /// <summary>The first line that is not skipped says what the columns are.</summary>
    public bool Header { get; init; } = true;

    /// <summary>Lines before the header or the first line, 0 to 100.</summary>
    public int Skip { get; init; }

    /// <summary>By the fields of <see cref="FieldsOf"/>.</summary>
    public required IReadOnlyDictionary<string, MappedColumn> Columns { get; init; }

    /// <summary>As NodaTime writes patterns; a date column that also has the time, with its time.</summary>
    public string Date { get; init; } = "uuuu-MM-dd";

    public string Time { get; init; } = "HH:mm:ss";

    public char DecimalSign { get; init; } = '.';

    /// <summary>Between groups of three digits; null: nothing may stand there.</summary>
    public char? Thousands { get; init; }

    public AmountUnit Unit { get; init; } = AmountUnit.Manat;

    /// <summary>Where no column says it.</summary>
    public string Currency { get; init; } = "AZN";

    /// <summary>Of a statement: the account, where no column says it.</summary>
    public string? Account { get; init; }

    /// <summary>Null: the file has no last line of its own.</summary>
    public MappedTotals? Totals { get; init; }

    /// <summary>Words of the column <c>reversal</c> that mean one (register), by word; or the kind of a line (acquirer).</summary>
    public IReadOnlyDictionary<string, string> Words { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>An acquirer's refunds, reversals and chargebacks are written without a sign: they are taken as negative.</summary>
    public bool Unsigned { get; init; }

    /// <summary>Fields that a mapping of a use may name; those with a star it must.</summary>
    public static IReadOnlyList<string> FieldsOf(MappingUse use) => use switch
    {
        MappingUse.Statement =>
        [
            "date*", "valueDate", "amount", "debit", "credit", "currency", "account", "bankReference", "ownReference", "endToEndId",
            "counterpartyName", "counterpartyAccount", "text",
        ],
        MappingUse.Register => ["txn*", "date*", "time", "account*", "amount*", "currency", "providerTransaction", "reversal"],
        _ => ["date*", "gross*", "fee*", "net*", "kind", "rrn", "approval", "pan"],
    };

    internal Encoding TextEncoding => EncodingName switch
    {
        "windows-1251" => CodePage(1251),
        "windows-1254" => CodePage(1254),
        // The mark that some editors put before UTF-8 is no part of the first field.
        _ => new UTF8Encoding(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true),
    };

    private static Encoding CodePage(int page)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        return Encoding.GetEncoding(page, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
    }
}
