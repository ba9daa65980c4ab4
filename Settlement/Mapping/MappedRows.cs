using System.Globalization;
using System.Text;
using CsvHelper;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Statements;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Settlement.Mapping;

/// <summary>A fault of a file on its way up to where its reading began; it never leaves this project.</summary>
internal sealed class RefusedFileException(FileRefusal refusal) : Exception(refusal.Text)
{
    public FileRefusal Refusal { get; } = refusal;

    public static RefusedFileException At(int line, int column, string where, string text) => new(new FileRefusal(line, column, where, text));
}

/// <summary>
/// The lines of a CSV by its mapping, one at a time; values by the mapping's fields. What cannot be read is thrown as
/// <see cref="RefusedFileException"/> with line, column and reason. What the totals line says is kept for the caller to compare.
/// </summary>
internal sealed class MappedRows : IDisposable
{
    private const int MostLineBytes = 1 << 16;
    private const int MostShown = 40;

    private readonly FileMapping mapping;
    private readonly CsvReader csv;
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private readonly LocalDateTimePattern date;
    private readonly LocalTimePattern time;
    private bool begun;
    private bool ended;

    public MappedRows(Stream file, FileMapping mapping)
    {
        this.mapping = mapping;
        date = LocalDateTimePattern.CreateWithInvariantCulture(mapping.Date);
        time = LocalTimePattern.CreateWithInvariantCulture(mapping.Time);
        var text = new StreamReader(file, mapping.TextEncoding, detectEncodingFromByteOrderMarks: false, 1 << 16, leaveOpen: true);
        csv = CsvReader.Create(text, new CsvReaderOptions
        {
            Separator = mapping.Delimiter[0],
            HasHeader = false,
            MaxRecordSize = MostLineBytes,
            MalformedData = CsvMalformedDataHandling.Throw,
            TrackLineNumbers = true,
            TrimWhitespace = true,
            IncludeValuesInExceptions = false,
        });
    }

    /// <summary>From 1, as an editor counts.</summary>
    public int Line { get; private set; }

    /// <summary>Of lines read so far, without header and totals.</summary>
    public int Count { get; private set; }

    /// <summary>What the last line says; null where it does not, or there is none.</summary>
    public int? SaidCount { get; private set; }

    public long? SaidAmount { get; private set; }

    /// <summary>Goes to the next line; false at the end of the file.</summary>
    public bool Next()
    {
        if (!begun)
        {
            Begin();
        }

        if (!Read())
        {
            return mapping.Totals is not null && !ended
                ? throw RefusedFileException.At(
                    Math.Max(1, Line), 0, "", $"The last line, which begins with {mapping.Totals.Begins}, is missing: the file may be cut off.")
                : false;
        }

        if (ended)
        {
            throw RefusedFileException.At(Line, 0, "", "Something stands after the line of totals.");
        }

        if (mapping.Totals is { } totals && At(0).StartsWith(totals.Begins, StringComparison.OrdinalIgnoreCase))
        {
            TakeTotals(totals);
            return Next();
        }

        Count++;
        return true;
    }

    /// <summary>Whether the file has a column for a field.</summary>
    public bool Has(string field) => places.ContainsKey(field);

    /// <summary>What stands there; empty where nothing does, or there is no such column.</summary>
    public string Text(string field) =>
        places.TryGetValue(field, out var place)
            ? place < csv.FieldCount ? csv.GetString(place) : throw Fault(field, $"The line has {csv.FieldCount} fields, and this is field {place + 1}.")
            : "";

    /// <summary>The same as UTF-8, until the next line.</summary>
    public ReadOnlySpan<byte> Bytes(string field) =>
        places.TryGetValue(field, out var place)
            ? place < csv.FieldCount ? csv.GetSpan(place) : throw Fault(field, $"The line has {csv.FieldCount} fields, and this is field {place + 1}.")
            : [];

    /// <summary>The same, where something must stand.</summary>
    public string Some(string field) => Text(field) is { Length: > 0 } some ? some : throw Fault(field, "Nothing stands there.");

    /// <summary>An amount in minor units, with its sign.</summary>
    public long Amount(string field, string? currency = null) =>
        ReadAmount(Some(field), currency ?? mapping.Currency, out var minor) is { } wrong ? throw Fault(field, wrong) : minor;

    /// <summary>A day, and its time where the column has both.</summary>
    public LocalDateTime Day(string field)
    {
        var some = Some(field);
        var read = date.Parse(some);
        return read.Success && read.Value.Year is > 1990 and < 2200 ? read.Value
            : throw Fault(field, $"'{Shown(some)}' is no date of the form {mapping.Date}.");
    }

    public LocalTime? Time(string field)
    {
        if (Text(field) is not { Length: > 0 } some)
        {
            return null;
        }

        return time.Parse(some) is { Success: true } read ? read.Value : throw Fault(field, $"'{Shown(some)}' is no time of the form {mapping.Time}.");
    }

    public RefusedFileException Fault(string field, string text) =>
        RefusedFileException.At(Line, places.TryGetValue(field, out var place) ? place + 1 : 0, field, text);

    public void Dispose()
    {
        csv.Dispose();
    }

    /// <summary>Whether a file's first line has all the heads that a mapping names; of one without a header nobody can say.</summary>
    public static bool Fits(Stream beginning, FileMapping mapping)
    {
        if (!mapping.Header || mapping.Columns.Values.All(column => column.Name is null))
        {
            return false;
        }

        try
        {
            using var rows = new MappedRows(beginning, mapping);
            rows.Begin();
            return true;
        }
        catch (RefusedFileException)
        {
            return false;
        }
    }

    private void Begin()
    {
        begun = true;
        for (var line = 0; line < mapping.Skip; line++)
        {
            if (!Read())
            {
                throw RefusedFileException.At(Math.Max(1, Line), 0, "", $"The file ends within the {mapping.Skip} lines before its first.");
            }
        }

        if (mapping.Header && !Read())
        {
            throw RefusedFileException.At(1, 0, "", "The file has no header.");
        }

        foreach (var (field, column) in mapping.Columns)
        {
            var place = column.Name is null ? column.Place - 1 : Find(column.Name);
            places[field] = place >= 0 ? place
                : throw RefusedFileException.At(Math.Max(1, Line), 0, field, $"The header has no column '{column.Name}'.");
        }
    }

    private int Find(string head)
    {
        var found = -1;
        for (var place = 0; place < csv.FieldCount; place++)
        {
            if (string.Equals(At(place).Trim('\uFEFF'), head, StringComparison.OrdinalIgnoreCase))
            {
                found = found < 0 ? place
                    : throw RefusedFileException.At(Math.Max(1, Line), place + 1, "", $"The header has the column '{head}' twice.");
            }
        }

        return found;
    }

    private void TakeTotals(MappedTotals totals)
    {
        ended = true;
        if (totals.Count > 0)
        {
            var said = At(totals.Count - 1);
            var digits = new string([.. said.Where(letter => letter != mapping.Thousands && letter != '\u00A0' && letter != ' ')]);
            SaidCount = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count
                : throw RefusedFileException.At(Line, totals.Count, "totals", $"'{Shown(said)}' is no number of lines.");
        }

        if (totals.Amount > 0)
        {
            var said = At(totals.Amount - 1);
            SaidAmount = ReadAmount(said, mapping.Currency, out var minor) is { } wrong
                ? throw RefusedFileException.At(Line, totals.Amount, "totals", wrong) : minor;
        }
    }

    private string At(int place) => place < csv.FieldCount ? csv.GetString(place) : "";

    private bool Read()
    {
        try
        {
            var more = csv.Read();
            Line = more ? checked((int)csv.LineNumber) : Line;
            return more;
        }
        catch (CsvFormatException wrong)
        {
            throw RefusedFileException.At(
                checked((int)Math.Max(wrong.LineNumber, Line + 1)), 0, "",
                $"The line is longer than {MostLineBytes} bytes, or a quotation mark stands where none can.");
        }
        catch (DecoderFallbackException)
        {
            throw RefusedFileException.At(Line + 1, 0, "", $"Soon after this line there are bytes that are no letters of {mapping.EncodingName}.");
        }
    }

    /// <returns>Null if it was read, else why not.</returns>
    private string? ReadAmount(string written, string currency, out long minor)
    {
        minor = 0;
        var digits = written.AsSpan().Trim();
        var negative = digits is ['-', ..] or ['\u2212', ..] or [.., '-'];
        digits = digits is ['-' or '\u2212' or '+', ..] ? digits[1..] : digits is [.., '-'] ? digits[..^1] : digits;
        digits = digits.Trim();
        if (WithoutGroups(digits) is not { } plain)
        {
            return $"'{Shown(written)}' is no amount.";
        }

        string? wrong;
        BankAmount amount = default;
        if (mapping.Unit == AmountUnit.Qepik)
        {
            wrong = plain.Length is > 0 and <= BankAmount.MostDigits
                && long.TryParse(plain, NumberStyles.None, CultureInfo.InvariantCulture, out minor) ? null : "is no whole number";
        }
        else
        {
            wrong = BankAmount.Read(plain, mapping.DecimalSign, currency, out amount);
            minor = amount.Minor;
        }

        minor = negative ? -minor : minor;
        return wrong is null ? null : $"'{Shown(written)}' {wrong}.";
    }

    /// <summary>The digits with the decimal sign, or null where a separator does not stand between groups of three.</summary>
    private string? WithoutGroups(ReadOnlySpan<char> digits)
    {
        if (mapping.Thousands is not { } separator)
        {
            return digits.ToString();
        }

        var sign = digits.IndexOf(mapping.DecimalSign);
        var whole = sign < 0 ? digits : digits[..sign];
        var plain = new StringBuilder(digits.Length);
        for (var at = 0; at < whole.Length; at++)
        {
            if (whole[at] == separator || (separator == ' ' && whole[at] is '\u00A0' or '\u202F'))
            {
                if (at == 0 || (whole.Length - at) % 4 != 0)
                {
                    return null;
                }

                continue;
            }

            plain.Append(whole[at]);
        }

        return plain.Append(sign < 0 ? [] : digits[sign..]).ToString();
    }

    private static string Shown(string text) => text.Length <= MostShown ? text : text[..MostShown] + "…";
}
