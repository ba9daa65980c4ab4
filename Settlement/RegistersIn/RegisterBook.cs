using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.RegistersIn;

/// <summary>A register or an acquirer's report that was imported.</summary>
/// <param name="ProviderId">Null: an acquirer's.</param>
/// <param name="Acquirer">Null: a provider's.</param>
/// <param name="TotalQepik">Of an acquirer, net.</param>
public sealed record KeptRegister(
    long FileId, string FileName, string? Format, int? ProviderId, string? Acquirer, LocalDate? Day, int Lines, long TotalQepik,
    Instant ImportedAt, string ImportedBy);

/// <summary>A line of a provider's register.</summary>
/// <param name="Transaction">As it stands there.</param>
/// <param name="Number">The same as a number, where it has the shape of one of ours.</param>
/// <param name="Currency">Null: manat.</param>
public sealed record KeptRegisterLine(
    int Line, string Transaction, long? Number, long AmountQepik, string? Currency, string Account, LocalDate Day, LocalTime? Time,
    string? ProviderTransaction, bool Reversal);

/// <summary>A line of an acquirer's report; what is taken from us is negative.</summary>
/// <param name="Kind">sale, refund, reversal or chargeback.</param>
public sealed record KeptAcquirerLine(
    int Line, string Kind, string? Rrn, string? Approval, string? MaskedPan, long GrossQepik, long FeeQepik, long NetQepik, LocalDate Day);

/// <summary>Reads what registers and acquirers' reports there are.</summary>
public sealed class RegisterBook(NpgsqlDataSource database)
{
    /// <summary>Rows of one page at most.</summary>
    public const int PageLimit = 1_000;

    private static readonly string ListRegisters = Sql.Load("RegistersIn/ListRegisters.sql");
    private static readonly string ListLines = Sql.Load("RegistersIn/ListLines.sql");
    private static readonly string ListAcquirerLines = Sql.Load("RegistersIn/ListAcquirerLines.sql");

    /// <summary>Newest first.</summary>
    /// <param name="before">Only files with a lower number; null: from the newest.</param>
    /// <param name="providerId">Only this provider's; null: all, and acquirers'.</param>
    public async Task<IReadOnlyList<KeptRegister>> ListAsync(
        int limit, long? before = null, int? providerId = null, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageLimit);
        await using var list = database.CreateCommand(ListRegisters);
        list.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before ?? long.MaxValue });
        list.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = providerId });
        list.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var found = new List<KeptRegister>();
        await using var row = await list.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(new KeptRegister(
                row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.IsDBNull(3) ? null : row.GetInt32(3),
                row.IsDBNull(4) ? null : row.GetString(4), row.GetLocalDateOrNull(5), row.GetInt32(6), row.GetInt64(7), row.GetInstant(8),
                row.GetString(9)));
        }

        return found;
    }

    /// <summary>The register or report of this file, or null.</summary>
    public async Task<KeptRegister?> FindAsync(long fileId, CancellationToken cancel = default) =>
        (await ListAsync(1, checked(fileId + 1), cancel: cancel)).FirstOrDefault(one => one.FileId == fileId);

    /// <summary>Lines of a provider's register, in its order.</summary>
    /// <param name="after">Only those with a higher number.</param>
    public Task<IReadOnlyList<KeptRegisterLine>> LinesAsync(long fileId, int limit, int after = 0, CancellationToken cancel = default) =>
        EachAsync(
            ListLines, fileId, limit, after,
            row => new KeptRegisterLine(
                row.GetInt32(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetInt64(2), row.GetInt64(3), Text(row, 4), row.GetString(5),
                row.GetLocalDate(6), row.IsDBNull(7) ? null : LocalTime.FromTimeOnly(row.GetFieldValue<TimeOnly>(7)), Text(row, 8),
                row.GetBoolean(9)),
            cancel);

    /// <summary>Lines of an acquirer's report, in its order.</summary>
    /// <param name="after">Only those with a higher number.</param>
    public Task<IReadOnlyList<KeptAcquirerLine>> AcquirerLinesAsync(
        long fileId, int limit, int after = 0, CancellationToken cancel = default) =>
        EachAsync(
            ListAcquirerLines, fileId, limit, after,
            row => new KeptAcquirerLine(
                row.GetInt32(0), row.GetString(1), Text(row, 2), Text(row, 3), Text(row, 4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7),
                row.GetLocalDate(8)),
            cancel);

    private async Task<IReadOnlyList<T>> EachAsync<T>(
        string statement, long fileId, int limit, int after, Func<NpgsqlDataReader, T> read, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageLimit);
        await using var list = database.CreateCommand(statement);
        list.Parameters.Add(new NpgsqlParameter<long> { TypedValue = fileId });
        list.Parameters.Add(new NpgsqlParameter<int> { TypedValue = after });
        list.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var found = new List<T>();
        await using var row = await list.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(read(row));
        }

        return found;
    }

    private static string? Text(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : row.GetString(at);
}
