using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Settlement.Incoming;
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
public sealed class ImportStatements(NpgsqlDataSource database, OurAccounts ours)
{
    private const int MarkLock = 7321;

    private static readonly string MarkSame = Sql.Load("Statements/MarkSame.sql");
    private static readonly string MarkPending = Sql.Load("Statements/MarkPending.sql");
    private static readonly string LookMark = Sql.Load("Statements/LookMark.sql");

    /// <summary>From the surest to what is left: by the bank's reference, the payer's, all that is said, and amount and days.</summary>
    private static readonly (int How, bool Referenced)[] Ways =
        [(1, true), (2, false), (2, true), (3, false), (3, true), (4, false), (4, true)];

    /// <summary>Imports a file: camt.052, 053, 054, MT940 or MT942, which its content says.</summary>
    /// <exception cref="NpgsqlException">The database is away, or refused: nothing was kept.</exception>
    public Task<StatementImport> FromAsync(IncomingFile file, CancellationToken cancel = default) =>
        FromAsync(file, ReadStatements.From, cancel);

    /// <summary>The same by another reader.</summary>
    internal async Task<StatementImport> FromAsync(
        IncomingFile file, Func<Stream, IStatementSink, CancellationToken, Task<StatementReading>> read, CancellationToken cancel)
    {
        IReadOnlyList<ImportedStatement> statements = [];
        var receipt = await new ReceiveFile(database).TakeAsync(FileKind.Statement, file, Acts.StatementImport, LoadAsync, cancel);
        return new StatementImport(receipt, receipt.Verdict == FileVerdict.Imported ? statements : []);

        async Task<FileLoaded> LoadAsync(FileLoad load, CancellationToken stop)
        {
            var sink = new LoadStatements(load, ours);
            var reading = await read(load.Content, sink, stop);
            if (reading.Refusal is { } no)
            {
                return new FileLoaded(sink.Format, new FileRefusal(no.Line, no.Column, no.Where, no.Text), []);
            }

            return new FileLoaded(
                sink.Format, null, [("statements", reading.Statements), ("entries", reading.Entries)],
                async last => statements = await MarkAsync(load, sink.Statements, last));
        }
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

        var marked = new List<ImportedStatement>(statements.Count);
        foreach (var statement in statements)
        {
            var repeated = await MarkAsync(load, statement, cancel);
            await using var gap = Command(load, "select difference_minor from statement_gap where statement_id = $1");
            gap.Parameters.Add(new NpgsqlParameter<long> { TypedValue = statement.Id });
            marked.Add(statement with { Repeated = repeated, GapMinor = await gap.ExecuteScalarAsync(cancel) as long? });
        }

        return marked;
    }

    private static async Task<int> MarkAsync(FileLoad load, ImportedStatement statement, CancellationToken cancel)
    {
        DateOnly first, last;
        await using (var look = Command(load, LookMark))
        {
            look.Parameters.Add(new NpgsqlParameter<long> { TypedValue = statement.Id });
            look.Parameters.Add(new NpgsqlParameter<string> { TypedValue = statement.Account });
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
            AddRange(mark, statement, first, last);
            mark.Parameters.Add(new NpgsqlParameter<int> { TypedValue = how });
            mark.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = referenced });
            repeated += await mark.ExecuteNonQueryAsync(cancel);
        }

        for (var how = 1; how <= 3; how++)
        {
            await using var mark = Command(load, MarkPending);
            AddRange(mark, statement, first, last);
            mark.Parameters.Add(new NpgsqlParameter<int> { TypedValue = how });
            await mark.ExecuteNonQueryAsync(cancel);
        }

        return repeated;
    }

    private static void AddRange(NpgsqlCommand mark, ImportedStatement statement, DateOnly first, DateOnly last)
    {
        mark.Parameters.Add(new NpgsqlParameter<string> { TypedValue = statement.Account });
        mark.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = first });
        mark.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = last });
    }

    private static NpgsqlCommand Command(FileLoad load, string sql) => new(sql, load.Connection, load.Transaction) { CommandTimeout = 0 };
}
