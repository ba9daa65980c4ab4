using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Continuity;

/// <summary>What a restore lost, as a break that people work.</summary>
/// <param name="Epoch">By which it is named: the second in which somebody owned up to the restore.</param>
/// <param name="To">When that was; until then what was committed since <paramref name="From"/> is perhaps lost.</param>
/// <param name="FromNumber">Payments that the book does not know have numbers from here…</param>
/// <param name="NextNumber">…to below here.</param>
/// <param name="Known">What a node remembered and the database did not know; null: no node did.</param>
/// <param name="SettledAt">Null: it is open.</param>
/// <param name="ProposalId">By which it was settled, or that waits to settle it; null: nobody has proposed it.</param>
public sealed record LostBreak(
    long Epoch, Instant From, Instant To, Duration Age, long FromNumber, long NextNumber, string? Known, string OpenedBy,
    Instant? SettledAt, string? SettledBy, long? ProposalId);

/// <summary>
/// Breaks to work after restores. One is opened by `egovpay restored`, and settled by what two people decide
/// (<see cref="People.Proposals.ProposeLostAsync"/>); nothing else ends it.
/// </summary>
public static class LostBreaks
{
    /// <summary>Breaks of one list at most.</summary>
    public const int ListLimit = 1_000;

    private static readonly string ListLost = Sql.Load("Continuity/ListLost.sql");

    /// <summary>Breaks, oldest first.</summary>
    /// <param name="settledToo">Also those that were settled.</param>
    public static async Task<IReadOnlyList<LostBreak>> ListAsync(
        NpgsqlDataSource database, bool settledToo, int limit = ListLimit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ListLimit);
        await using var command = database.CreateCommand(ListLost);
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = settledToo });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var found = new List<LostBreak>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(new LostBreak(
                row.GetInt64(0), row.GetInstant(1), row.GetInstant(2), Duration.FromSeconds(row.GetInt64(3)), row.GetInt64(4),
                row.GetInt64(5), row.IsDBNull(6) ? null : row.GetString(6), row.GetString(7), row.GetInstantOrNull(8),
                row.IsDBNull(9) ? null : row.GetString(9), row.IsDBNull(10) ? null : row.GetInt64(10)));
        }

        return found;
    }
}
