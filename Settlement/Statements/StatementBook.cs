using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Statements;

/// <summary>A statement of the book, and the file that brought it.</summary>
public sealed record KeptStatement(ImportedStatement Statement, string FileName, Instant ImportedAt);

/// <summary>An entry of the book.</summary>
/// <param name="AmountMinor">A credit to the account is positive.</param>
/// <param name="Status">booked, pending or info.</param>
/// <param name="SameAs">The entry that counts instead of this one, or null.</param>
public sealed record KeptEntry(
    int Number, int Line, long AmountMinor, string? Currency, LocalDate? BookingDay, LocalDate? ValueDay, string Status, bool Reversal,
    string? BankReference, string? OwnReference, string? EndToEndId, string? CounterpartyName, string? CounterpartyAccount,
    string? Remittance, string? Info, (long Statement, int Entry)? SameAs);

/// <summary>Reads statements that were imported.</summary>
public sealed class StatementBook(NpgsqlDataSource database, OurAccounts ours)
{
    /// <summary>Rows of one page at most.</summary>
    public const int PageLimit = 1_000;

    private static readonly string ListStatements = Sql.Load("Statements/ListStatements.sql");
    private static readonly string ListEntries = Sql.Load("Statements/ListEntries.sql");

    /// <summary>Statements, newest first.</summary>
    /// <param name="before">Only those with a lower number; null: from the newest.</param>
    public async Task<IReadOnlyList<KeptStatement>> ListAsync(
        int limit, long? before = null, string? account = null, long? fileId = null, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageLimit);
        await using var list = database.CreateCommand(ListStatements);
        list.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before ?? long.MaxValue });
        list.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = account });
        list.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = fileId });
        list.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var found = new List<KeptStatement>();
        await using var row = await list.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(Read(row));
        }

        return found;
    }

    /// <summary>One statement, or null.</summary>
    public async Task<KeptStatement?> FindAsync(long id, CancellationToken cancel = default) =>
        (await ListAsync(1, checked(id + 1), cancel: cancel)).FirstOrDefault(one => one.Statement.Id == id);

    /// <summary>Entries of a statement, in its order.</summary>
    /// <param name="after">Only those with a higher number.</param>
    public async Task<IReadOnlyList<KeptEntry>> EntriesAsync(long statementId, int limit, int after = 0, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageLimit);
        await using var list = database.CreateCommand(ListEntries);
        list.Parameters.Add(new NpgsqlParameter<long> { TypedValue = statementId });
        list.Parameters.Add(new NpgsqlParameter<int> { TypedValue = after });
        list.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var found = new List<KeptEntry>();
        await using var row = await list.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(new KeptEntry(
                row.GetInt32(0), row.GetInt32(1), row.GetInt64(2), Text(row, 3), row.GetLocalDateOrNull(4), row.GetLocalDateOrNull(5),
                row.GetString(6), row.GetBoolean(7), Text(row, 8), Text(row, 9), Text(row, 10), Text(row, 11), Text(row, 12), Text(row, 13),
                Text(row, 14), row.IsDBNull(15) ? null : (row.GetInt64(15), row.GetInt32(16))));
        }

        return found;
    }

    private KeptStatement Read(NpgsqlDataReader row) => new(
        new ImportedStatement(
            row.GetInt64(0), row.GetInt64(1), row.GetInt32(2), row.GetString(3), row.GetString(4), Text(row, 5), Text(row, 6), Text(row, 7),
            row.GetLocalDateOrNull(8), row.GetLocalDateOrNull(9), Number(row, 10), Number(row, 11), row.GetInt32(12), Number(row, 13),
            row.GetBoolean(14), ours.Find(row.GetString(4)) is not null, row.GetFieldValue<string[]>(15))
        {
            GapMinor = Number(row, 16),
            Repeated = row.GetInt32(17),
        },
        row.GetString(18), row.GetInstant(19));

    private static string? Text(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : row.GetString(at);

    private static long? Number(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : row.GetInt64(at);
}
