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

/// <summary>Reads what registers and acquirers' reports there are.</summary>
public sealed class RegisterBook(NpgsqlDataSource database)
{
    /// <summary>Rows of one page at most.</summary>
    public const int PageLimit = 1_000;

    private static readonly string ListRegisters = Sql.Load("RegistersIn/ListRegisters.sql");

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
}
