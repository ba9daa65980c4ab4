using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Incoming;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.Statements;

/// <summary>
/// Puts what is read of a file into its transaction, some thousand rows at a time. What no statement may be without is refused here: an
/// account, and the closing balance of an MT940, which nothing else ends.
/// </summary>
internal sealed class LoadStatements(FileLoad load, OurAccounts ours) : IStatementSink
{
    private const int RowsAtOnce = 5_000;
    private const int MostNotes = 100;

    /// <summary>Statements that are told one by one; the rest is only counted.</summary>
    private const int MostTold = 10_000;

    private static readonly string AddStatement = Sql.Load("Statements/AddStatement.sql");

    private readonly List<StatementEntry> entries = [];
    private readonly List<string> notes = [];
    private StatementHead? head;
    private long statementId;
    private int position;
    private int notesLeftOut;
    private int transactions;
    private string account = "";
    private string? currency;
    private LocalDate? firstDay;
    private LocalDate? lastDay;

    /// <summary>In the file's order.</summary>
    public List<ImportedStatement> Statements { get; } = [];

    public string? Format { get; private set; }

    public async ValueTask Opened(StatementHead opened)
    {
        head = opened;
        position++;
        notes.Clear();
        notesLeftOut = 0;
        firstDay = lastDay = null;
        Format ??= MessageOf(opened);
        account = opened.Account is { Id.Length: > 0 } named ? ReceiveFile.Storable(named.Id) : "";
        currency = opened.Account?.Currency;
        await using var take = new NpgsqlCommand(
            "select nextval(pg_get_serial_sequence('statement', 'statement_id'))", load.Connection, load.Transaction);
        statementId = (long)(await take.ExecuteScalarAsync())!;
        if (account.Length == 0)
        {
            throw WithoutAccount(opened.Line);
        }

        if (ours.Find(account) is { } own)
        {
            account = own;
        }
        else
        {
            notes.Add("The account is not one of ours: the statement is kept, and nothing is matched with it.");
        }
    }

    public ValueTask Entered(StatementEntry entry)
    {
        currency ??= entry.Amount.Currency;
        if (entry is { Status: EntryStatus.Booked, BookingDate: null, ValueDate: null })
        {
            entry = entry with { BookingDate = DayOfDateless(entry.Line) };
        }

        var day = entry.BookingDate ?? entry.ValueDate;
        if (day is { } known && (known.Year is < 1 or > 9990))
        {
            throw RefusedStatementException.Of(
                StatementRefusalReason.Malformed, entry.Line, 0, "date", "The year is none that anything is booked in.");
        }

        firstDay = day < firstDay || firstDay is null ? day ?? firstDay : firstDay;
        lastDay = day > lastDay || lastDay is null ? day ?? lastDay : lastDay;
        entries.Add(entry);
        transactions += entry.Transactions.Count;
        return entries.Count + transactions < RowsAtOnce ? ValueTask.CompletedTask : new ValueTask(WriteAsync());
    }

    public ValueTask Noted(StatementNote note)
    {
        if (note.Kind == NoteKind.AccountMissing)
        {
            throw WithoutAccount(note.Line);
        }

        if (note.Kind == NoteKind.ClosingMissing)
        {
            throw RefusedStatementException.Of(StatementRefusalReason.Missing, note.Line, 0, note.Where, note.Text);
        }

        Add(note.Line, note.Where, note.Text);
        return ValueTask.CompletedTask;
    }

    /// <summary>What is booked on no day would be compared with nothing, ever.</summary>
    private LocalDate DayOfDateless(int line)
    {
        if ((Day(head!.To) ?? head.ClosingDay) is not { } last)
        {
            throw RefusedStatementException.Of(
                StatementRefusalReason.Missing, line, 0, "Ntry", "The entry is booked and has no day, and its statement has none either.");
        }

        Add(line, "Ntry", "The entry has neither a booking nor a value day; it is taken as of the statement's last day.");
        return last;
    }

    private void Add(int line, string where, string text)
    {
        if (notes.Count < MostNotes)
        {
            notes.Add(ReceiveFile.Storable(string.Create(CultureInfo.InvariantCulture, $"line {line}, {where}: {text}")));
        }
        else
        {
            notesLeftOut++;
        }
    }

    public async ValueTask Closed(StatementFoot foot)
    {
        await WriteAsync();
        var from = head!;
        var opening = foot.Balances.LastOrDefault(one => one.Kind == "OPBD") ?? foot.Balances.LastOrDefault(one => one.Kind == "PRCD");
        var closing = foot.Balances.LastOrDefault(one => one.Kind == "CLBD");
        currency ??= closing?.Amount.Currency ?? opening?.Amount.Currency;
        if (notesLeftOut > 0)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"and {notesLeftOut} more notes"));
        }

        var statement = new ImportedStatement(
            statementId, load.FileId, position, MessageOf(from), account, currency, Stored(from.Id), Stored(Sequence(from)),
            Day(from.From) ?? opening?.Date ?? firstDay, Day(from.To) ?? closing?.Date ?? lastDay, opening?.SignedMinor, closing?.SignedMinor,
            checked((int)foot.Entries), Difference(from, foot, opening, closing), IsIntraday(from.Format), ours.Find(account) is not null,
            [.. notes]);
        if (Statements.Count == MostTold)
        {
            throw RefusedStatementException.Of(
                StatementRefusalReason.TooLarge, from.Line, 0, "", $"There are more than {MostTold} statements in one file.");
        }

        await AddAsync(statement);
        Statements.Add(statement);
        head = null;
    }

    /// <summary>Stated less reckoned; null where there is nothing to compare.</summary>
    private long? Difference(StatementHead from, StatementFoot foot, StatementBalance? opening, StatementBalance? closing)
    {
        if (opening is null || closing is null || opening.Amount.Currency != closing.Amount.Currency
            || closing.Amount.Currency != currency)
        {
            return null;
        }

        var difference = closing.SignedMinor - (opening.SignedMinor + foot.BookedMinor);
        return difference >= long.MinValue && difference <= long.MaxValue ? (long)difference : throw RefusedStatementException.Of(
            StatementRefusalReason.TooLarge, from.Line, 0, "", "The amounts of the statement are larger than any money.");
    }

    private static RefusedStatementException WithoutAccount(int line) => RefusedStatementException.Of(
        StatementRefusalReason.Missing, line, 0, "", "The statement does not name its account; there is nothing to enter it under.");

    private static string MessageOf(StatementHead head) => head.Format switch
    {
        StatementFormat.Camt052 => "camt.052" + Version(head),
        StatementFormat.Camt053 => "camt.053" + Version(head),
        StatementFormat.Camt054 => "camt.054" + Version(head),
        StatementFormat.Mt940 => "MT940",
        StatementFormat.Mt942 => "MT942",
        _ => "csv",
    };

    private static string Version(StatementHead head) => head.Version is { } version ? ".001." + version : "";

    private static bool IsIntraday(StatementFormat format) =>
        format is StatementFormat.Camt052 or StatementFormat.Camt054 or StatementFormat.Mt942;

    private static string? Sequence(StatementHead head) => (head.Number, head.Sequence ?? head.Page) switch
    {
        (null, null) => null,
        ({ } number, null) => number,
        (var number, { } part) => $"{number}/{part}",
    };

    /// <summary>The day of what a camt writes as a date and time, as written.</summary>
    private static LocalDate? Day(string? text) =>
        text is { Length: >= 10 } && LocalDatePattern.Iso.Parse(text[..10]) is { Success: true } day ? day.Value : null;

    private static string? Stored(string? text) => text is null ? null : ReceiveFile.Storable(text);

    private async Task AddAsync(ImportedStatement statement)
    {
        await using var add = new NpgsqlCommand(AddStatement, load.Connection, load.Transaction);
        add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = statement.Id });
        add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = statement.FileId });
        add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = statement.Position });
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = statement.Message });
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = statement.Account });
        add.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = statement.Currency });
        add.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = statement.Identification });
        add.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = statement.Sequence });
        add.Parameters.Add(new NpgsqlParameter<DateOnly?> { TypedValue = statement.From?.ToDateColumn() });
        add.Parameters.Add(new NpgsqlParameter<DateOnly?> { TypedValue = statement.To?.ToDateColumn() });
        add.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = statement.OpeningMinor });
        add.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = statement.ClosingMinor });
        add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = statement.Entries });
        add.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = statement.DifferenceMinor });
        add.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = statement.Intraday });
        add.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. statement.Notes] });
        await add.ExecuteNonQueryAsync();
    }

    private async Task WriteAsync()
    {
        if (entries.Count == 0)
        {
            return;
        }

        await WriteEntries.WriteAsync(load.Connection, statementId, account, entries);
        entries.Clear();
        transactions = 0;
    }
}
