using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Breaks;

/// <summary>Where a break stands.</summary>
public enum BreakState
{
    Open = 1,

    /// <summary>Somebody has proposed how it is settled; a second person is to approve.</summary>
    Proposed,
    Settled,
}

/// <summary>How long a break has been open, in days of Baku.</summary>
public enum AgeBand
{
    /// <summary>0 or 1.</summary>
    Fresh,

    /// <summary>2 to 7.</summary>
    Week,

    /// <summary>8 to 30.</summary>
    Month,

    /// <summary>More than 30.</summary>
    Old,
}

/// <summary>A break as it stands.</summary>
/// <param name="FileName">With FileId: the name it came under.</param>
/// <param name="OpenSince">When it was last opened.</param>
/// <param name="AgeDays">Days of Baku since then.</param>
/// <param name="Ours">JSON; null: we say nothing of it.</param>
/// <param name="Theirs">JSON; null: they say nothing of it.</param>
/// <param name="ProposalId">With Proposed, and with Settled where people settled it.</param>
public sealed record SettlementBreak(
    long Id, BreakSide Side, BreakKind Kind, string Subject, int? ProviderId, int? AgentId, long? Number, long? FileId, string? FileName,
    int? Line, long? StatementId, int? EntryNo, long? PayoutId, LocalDate Day, Instant OpenedAt, Instant OpenSince,
    long AmountAtRiskQepik, string? Ours, string? Theirs, string Cause, string Step, string? Suggestion, int Reopened, BreakState State,
    Instant? SettledAt, string? SettledBy, long? ProposalId, string? Resolution, int AgeDays)
{
    public AgeBand Band => AgeDays switch { <= 1 => AgeBand.Fresh, <= 7 => AgeBand.Week, <= 30 => AgeBand.Month, _ => AgeBand.Old };

    internal static SettlementBreak Read(NpgsqlDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        int? Int(int column) => row.IsDBNull(column) ? null : row.GetInt32(column);
        long? Long(int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
        return new SettlementBreak(
            row.GetInt64(0), Enum.Parse<BreakSide>(row.GetString(1), ignoreCase: true), Enum.Parse<BreakKind>(row.GetString(2)),
            row.GetString(3), Int(4), Int(5), Long(6), Long(7), Text(8), Int(9), Long(10), Int(11), Long(12), row.GetLocalDate(13),
            row.GetInstant(14), row.GetInstant(15), row.GetInt64(16), Text(17), Text(18), row.GetString(19), row.GetString(20), Text(21),
            row.GetInt32(22), Enum.Parse<BreakState>(row.GetString(23), ignoreCase: true), row.GetInstantOrNull(24), Text(25), Long(26),
            Text(27), row.GetInt32(28));
    }
}

/// <summary>Which breaks are asked for; null: of any.</summary>
/// <param name="After">Only those with a higher number.</param>
public sealed record BreakFilter(
    bool SettledToo = false, BreakSide? Side = null, BreakKind? Kind = null, int? ProviderId = null, LocalDate? Day = null, long After = 0)
{
    /// <summary>Only in this state; null: in any that SettledToo allows.</summary>
    public BreakState? State { get; init; }

    public AgeBand? Band { get; init; }

    /// <summary>Only with so much at risk, or more.</summary>
    public long MinAtRiskQepik { get; init; }

    /// <summary>Days of a band, its first and its last; no last: all that are older.</summary>
    internal static (int First, int? Last) DaysOf(AgeBand? band) => band switch
    {
        null => (int.MinValue, null),
        AgeBand.Fresh => (int.MinValue, 1),
        AgeBand.Week => (2, 7),
        AgeBand.Month => (8, 30),
        _ => (31, null),
    };
}

/// <summary>Open breaks of an age and kind.</summary>
/// <param name="OldestDays">Days that the oldest of them is open.</param>
public sealed record BreakTotal(AgeBand Band, BreakKind Kind, long Breaks, long AtRiskQepik, int OldestDays);

/// <summary>Reads breaks; it writes nothing.</summary>
public sealed class BreakBook(NpgsqlDataSource database)
{
    /// <summary>Breaks of one list at most.</summary>
    public const int ListLimit = 10_000;

    private static readonly string ListBreaks = Sql.Load("Breaks/ListBreaks.sql");
    private static readonly string OpenByAge = Sql.Load("Breaks/OpenByAge.sql");

    /// <summary>Breaks, oldest first.</summary>
    public Task<IReadOnlyList<SettlementBreak>> ListAsync(BreakFilter filter, int limit = ListLimit, CancellationToken cancel = default) =>
        ListAsync(null, filter, limit, cancel);

    /// <summary>The break with this number, or null.</summary>
    public async Task<SettlementBreak?> FindAsync(long id, CancellationToken cancel = default)
    {
        var found = await ListAsync(id, new BreakFilter(SettledToo: true), 1, cancel);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>What is open, by age and kind.</summary>
    /// <param name="filter">Only what fits side, kind, provider and day of it; null: all.</param>
    public async Task<IReadOnlyList<BreakTotal>> TotalsAsync(BreakFilter? filter = null, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(OpenByAge);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter?.Side is { } side ? OpenBreaks.TextOf(side) : null });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter?.Kind?.ToString() });
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = filter?.ProviderId });
        command.Parameters.Add(new NpgsqlParameter
        {
            Value = (object?)filter?.Day?.ToDateColumn() ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Date,
        });
        var totals = new List<BreakTotal>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            totals.Add(new BreakTotal(
                (AgeBand)row.GetInt32(0), Enum.Parse<BreakKind>(row.GetString(1)), row.GetInt64(2), row.GetInt64(3), row.GetInt32(4)));
        }

        return totals;
    }

    private async Task<IReadOnlyList<SettlementBreak>> ListAsync(long? id, BreakFilter filter, int limit, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ListLimit);
        await using var command = database.CreateCommand(ListBreaks);
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = filter.SettledToo || filter.State == BreakState.Settled });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.Side is { } side ? OpenBreaks.TextOf(side) : null });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.Kind?.ToString() });
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = filter.ProviderId });
        command.Parameters.Add(new NpgsqlParameter
        {
            Value = (object?)filter.Day?.ToDateColumn() ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Date,
        });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = filter.After });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.State?.ToString().ToLowerInvariant() });
        var (first, last) = BreakFilter.DaysOf(filter.Band);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = first });
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = last });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = filter.MinAtRiskQepik });
        var found = new List<SettlementBreak>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(SettlementBreak.Read(row));
        }

        return found;
    }
}
