using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>A comparison that was made.</summary>
/// <param name="Provider">The code; null: with banks.</param>
/// <param name="Day">The provider's day; of banks, the last that was looked at.</param>
/// <param name="FileId">The register it was with; null: with banks, or not kept.</param>
/// <param name="Statements">Of our accounts, when it began; null: with a register, or not kept.</param>
public sealed record KeptReconciliation(
    long Id, string? Provider, LocalDate Day, Instant StartedAt, Instant EndedAt, Reconciled Found, string RunBy, long? FileId,
    long? Statements);

/// <summary>Which comparisons are asked for; null: any.</summary>
/// <param name="Bank">True: with banks; false: with registers.</param>
/// <param name="Provider">A code; only comparisons with registers have one.</param>
public sealed record ReconciliationFilter(bool? Bank = null, string? Provider = null, LocalDate? Day = null);

/// <summary>Reads the record of comparisons; it writes nothing.</summary>
public sealed class ReconciliationBook(NpgsqlDataSource database)
{
    /// <summary>Comparisons of one list at most.</summary>
    public const int ListLimit = 1_000;

    private static readonly string ListReconciliations = Sql.Load("Reconciliation/ListReconciliations.sql");

    /// <summary>Comparisons, newest first.</summary>
    /// <param name="before">Only those with a lower number.</param>
    public Task<IReadOnlyList<KeptReconciliation>> ListAsync(
        ReconciliationFilter filter, int limit, long before = long.MaxValue, CancellationToken cancel = default) =>
        ListAsync(filter, limit, before, 0, cancel);

    /// <summary>The comparison with this number, or null.</summary>
    public async Task<KeptReconciliation?> FindAsync(long id, CancellationToken cancel = default)
    {
        var found = id is < 1 or long.MaxValue ? [] : await ListAsync(new ReconciliationFilter(), 1, id + 1, id - 1, cancel);
        return found.Count == 0 ? null : found[0];
    }

    private async Task<IReadOnlyList<KeptReconciliation>> ListAsync(
        ReconciliationFilter filter, int limit, long before, long after, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ListLimit);
        await using var command = database.CreateCommand(ListReconciliations);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.Bank is { } bank ? bank ? "bank" : "register" : null });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.Provider is { } code ? code + "/" : null });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.Day is { } day ? LocalDatePattern.Iso.Format(day) : null });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var kept = new List<KeptReconciliation>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            // Of a register azercell/2026-11-21, of banks 2026-11-21.
            var subject = row.GetString(2);
            var found = new Reconciled(
                row.GetInt64(0), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), row.GetInt64(10));
            kept.Add(new KeptReconciliation(
                found.Id, row.GetString(1) == "bank" ? null : subject[..^11], LocalDatePattern.Iso.Parse(subject[^10..]).Value,
                row.GetInstant(3), row.GetInstant(4), found, row.GetString(11), row.IsDBNull(12) ? null : row.GetInt64(12),
                row.IsDBNull(13) ? null : row.GetInt64(13)));
        }

        return kept;
    }
}
