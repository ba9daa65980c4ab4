using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Mapping;
using EGovPay.Settlement.Reconciliation;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Statements;

/// <summary>A statement as it was imported.</summary>
/// <param name="Account">Ours as the terms write it, another's as the bank does.</param>
/// <param name="OpeningMinor">Minor units of <paramref name="Currency"/>, negative for a debit; null where the file has none.</param>
/// <param name="DifferenceMinor">The closing balance less what opening and booked entries make; null: there is nothing to compare.</param>
/// <param name="Intraday">Not the bank's last word on its days.</param>
/// <param name="Notes">What is odd; at most 101.</param>
public sealed record ImportedStatement(
    long Id, long FileId, int Position, string Message, string Account, string? Currency, string? Identification, string? Sequence,
    LocalDate? From, LocalDate? To, long? OpeningMinor, long? ClosingMinor, int Entries, long? DifferenceMinor, bool Intraday, bool Ours,
    IReadOnlyList<string> Notes)
{
    /// <summary>Entries that another message had brought before; they do not count again.</summary>
    public int Repeated { get; init; }

    /// <summary>The opening balance less the closing one of the statement before; null: it goes on where that ended, or there is none.</summary>
    public long? GapMinor { get; init; }
}

/// <summary>What came of a statement's file.</summary>
/// <param name="Statements">Of an imported file.</param>
public sealed record StatementImport(FileReceipt Receipt, IReadOnlyList<ImportedStatement> Statements)
{
    public long Entries => Statements.Sum(statement => (long)statement.Entries);
}

/// <summary>
/// Imports banks' statements: a file whole or not at all, once. A booking that another message has brought before (an interim report, a
/// notification, the same statement sent again) is kept, and marked so that it counts once.
/// </summary>
public sealed class ImportStatements(NpgsqlDataSource database, OurAccounts ours, IReadOnlyList<FileMapping>? mappings = null)
{
    private const int Beginning = 4096;
    private const int MarkLock = 7321;

    private static readonly string MarkSame = Sql.Load("Statements/MarkSame.sql");
    private static readonly string MarkPending = Sql.Load("Statements/MarkPending.sql");
    private static readonly string LookMark = Sql.Load("Statements/LookMark.sql");

    /// <summary>From the surest to what is left: by the bank's reference, the payer's, all that is said, and amount and days.</summary>
    private static readonly (int How, bool Referenced)[] Ways =
        [(1, true), (2, false), (2, true), (3, false), (3, true), (4, false), (4, true)];

    /// <summary>
    /// Imports a file: camt.052, 053, 054, MT940 or MT942, which its content says; else a bank's own table, by the mapping of the terms whose
    /// columns it has.
    /// </summary>
    /// <param name="mapping">The name of the mapping; null: the content says.</param>
    /// <exception cref="NpgsqlException">The database is away, or refused: nothing was kept.</exception>
    public async Task<StatementImport> FromAsync(IncomingFile file, string? mapping = null, CancellationToken cancel = default)
    {
        IReadOnlyList<ImportedStatement> statements = [];
        var receipt = await new ReceiveFile(database).TakeAsync(FileKind.Statement, about: "", file, Acts.StatementImport, LoadAsync, cancel);
        return new StatementImport(receipt, receipt.Verdict == FileVerdict.Imported ? statements : []);

        async Task<FileLoaded> LoadAsync(FileLoad load, CancellationToken stop)
        {
            var by = MappingOf(file.Content, mapping, out var none);
            if (none is not null)
            {
                return new FileLoaded(null, none, []);
            }

            var sink = new LoadStatements(load, ours);
            var reading = await (by is null
                ? ReadStatements.From(load.Content, sink, stop) : ReadMappedStatement.From(load.Content, by, sink, stop));
            if (reading.Refusal is { } no)
            {
                var what = no.Reason == StatementRefusalReason.NotRecognised ? HowToMap() : "";
                return new FileLoaded(sink.Format, new FileRefusal(no.Line, no.Column, no.Where, no.Text + what, FaultOf(no.Reason)), []);
            }

            return new FileLoaded(
                sink.Format, null, [("statements", reading.Statements), ("entries", reading.Entries)],
                async last => statements = await MarkAsync(load, sink.Statements, last));
        }
    }

    /// <summary>What to do where a file is nothing that says itself what it is, and no mapping knows its columns.</summary>
    private string HowToMap()
    {
        var known = (mappings ?? []).Where(one => one.Use == MappingUse.Statement).Select(one => one.Name).ToList();
        return " A bank's own table (CSV) is read by a mapping, and "
            + (known.Count == 0 ? "the settlement terms in force have none for statements. "
                : $"none of the terms' mappings for statements has its columns: {string.Join(", ", known)}. ")
            + "Put one into the terms' section mappings, as {\"name\": \"mybank\", \"for\": \"statement\", \"delimiter\": \";\", "
            + "\"columns\": {\"date\": \"DATE\", \"amount\": \"SUM\"}, \"date\": \"dd.MM.yyyy\", \"account\": \"IBAN\"} with the heads of the table's "
            + "columns; apply the terms (egovpay settle apply FILE, or PUT /v1/settlement/terms) and import the file again, naming the mapping "
            + "where several fit (--mapping, ?mapping=).";
    }

    /// <summary>By which mapping a file is read; null with no refusal: it says itself what it is.</summary>
    private FileMapping? MappingOf(Stream content, string? name, out FileRefusal? none)
    {
        none = null;
        var known = (mappings ?? []).Where(one => one.Use == MappingUse.Statement).ToList();
        if (name is not null)
        {
            var named = known.Find(one => one.Name == name);
            none = named is null ? FileRefusal.Whole(NoMapping(name, known), FileFault.NoMapping) : null;
            return named;
        }

        var beginning = new byte[Beginning];
        content.Position = 0;
        var length = content.ReadAtLeast(beginning, Beginning, throwOnEndOfStream: false);
        var fits = ReadStatements.Recognises(beginning.AsSpan(0, length)) ? [] : known.FindAll(one => Fits(content, one));
        content.Position = 0;
        none = fits.Count > 1
            ? FileRefusal.Whole(
                $"The file may be read by several mappings: {string.Join(", ", fits.Select(one => one.Name))}. Say by which.", FileFault.SeveralMappings)
            : null;
        return fits.Count == 1 ? fits[0] : null;
    }

    private static FileFault FaultOf(StatementRefusalReason reason) => reason switch
    {
        StatementRefusalReason.NotRecognised => FileFault.NotRecognised,
        StatementRefusalReason.NotWellFormed or StatementRefusalReason.DocumentType => FileFault.NotWellFormed,
        StatementRefusalReason.NotAStatement => FileFault.Another,
        StatementRefusalReason.Missing or StatementRefusalReason.NoStatement => FileFault.Missing,
        StatementRefusalReason.TooLarge => FileFault.TooLarge,
        _ => FileFault.Malformed,
    };

    private static string NoMapping(string name, List<FileMapping> known) =>
        $"The terms have no mapping '{name}' for statements: "
        + (known.Count == 0 ? "they have none. Put one into their section mappings." : $"they have {string.Join(", ", known.Select(one => one.Name))}.");

    private static bool Fits(Stream content, FileMapping mapping)
    {
        content.Position = 0;
        return MappedRows.Fits(content, mapping);
    }

    /// <summary>
    /// Marks what was known before. One import at a time does, from here to its commit: two that bring the same booking in this moment would
    /// not see each other.
    /// </summary>
    private static async Task<IReadOnlyList<ImportedStatement>> MarkAsync(
        FileLoad load, List<ImportedStatement> statements, CancellationToken cancel)
    {
        await using (var wait = Command(load, "select pg_advisory_xact_lock($1, 0)"))
        {
            wait.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MarkLock });
            await wait.ExecuteNonQueryAsync(cancel);
        }

        // What was copied in this transaction is not in the planner's figures: it would compare each entry with each.
        await using (var plan = Command(load, "set local enable_nestloop = off; set local work_mem = '64MB'"))
        {
            await plan.ExecuteNonQueryAsync(cancel);
        }

        var marked = new List<ImportedStatement>(statements.Count);
        var all = await BankSide.SpellingsAsync(load.Connection, cancel);
        foreach (var statement in statements)
        {
            var repeated = await MarkAsync(load, statement, OurAccounts.SpellingsOf(statement.Account, all), cancel);
            await using var gap = Command(load, "select difference_minor from statement_gap where statement_id = $1");
            gap.Parameters.Add(new NpgsqlParameter<long> { TypedValue = statement.Id });
            marked.Add(statement with { Repeated = repeated, GapMinor = await gap.ExecuteScalarAsync(cancel) as long? });
        }

        return marked;
    }

    private static async Task<int> MarkAsync(
        FileLoad load, ImportedStatement statement, string[] spellings, CancellationToken cancel)
    {
        DateOnly first, last;
        await using (var look = Command(load, LookMark))
        {
            look.Parameters.Add(new NpgsqlParameter<long> { TypedValue = statement.Id });
            look.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = spellings });
            await using var row = await look.ExecuteReaderAsync(cancel);
            if (!await row.ReadAsync(cancel) || row.IsDBNull(0) || !row.GetBoolean(2))
            {
                return 0;
            }

            (first, last) = (row.GetFieldValue<DateOnly>(0), row.GetFieldValue<DateOnly>(1));
        }

        var repeated = 0;
        foreach (var (how, referenced) in Ways)
        {
            await using var mark = Command(load, MarkSame);
            mark.Parameters.Add(new NpgsqlParameter<long> { TypedValue = statement.Id });
            AddRange(mark, spellings, first, last);
            mark.Parameters.Add(new NpgsqlParameter<int> { TypedValue = how });
            mark.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = referenced });
            repeated += await mark.ExecuteNonQueryAsync(cancel);
        }

        for (var how = 1; how <= 3; how++)
        {
            await using var mark = Command(load, MarkPending);
            AddRange(mark, spellings, first, last);
            mark.Parameters.Add(new NpgsqlParameter<int> { TypedValue = how });
            await mark.ExecuteNonQueryAsync(cancel);
        }

        return repeated;
    }

    private static void AddRange(NpgsqlCommand mark, string[] spellings, DateOnly first, DateOnly last)
    {
        mark.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = spellings });
        mark.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = first });
        mark.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = last });
    }

    private static NpgsqlCommand Command(FileLoad load, string sql) => new(sql, load.Connection, load.Transaction) { CommandTimeout = 0 };
}
