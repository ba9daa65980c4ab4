using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.StateMachine;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>A provider said late of a payment what its state denies.</summary>
/// <param name="State">The state that is denied.</param>
/// <param name="TotalQepik">Amount and payer's fee: what is in question.</param>
/// <param name="ProposalId">By which it was closed; null: it is open.</param>
public sealed record Contradiction(
    int AgentId, long Number, string Reference, string AgentCode, int ProviderId, long TotalQepik, PaymentState State,
    Instant OpenedAt, Duration Age, Instant? ClosedAt, long? ProposalId);

/// <summary>
/// Contradictions to work. One is opened by the commit of the late truth itself, and closed by what two people decide: the other
/// state (`--delivered`, `--absent`), or that the payment stands. Nothing is ever applied by itself.
/// </summary>
public static class Contradictions
{
    /// <summary>Contradictions of one list at most.</summary>
    public const int ListLimit = 10_000;

    private static readonly string ListContradictions = Sql.Load("People/ListContradictions.sql");

    /// <summary>Contradictions, oldest first.</summary>
    /// <param name="closedToo">Also those that were decided.</param>
    public static async Task<IReadOnlyList<Contradiction>> ListAsync(
        NpgsqlDataSource database, bool closedToo, int limit = ListLimit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ListLimit);
        await using var command = database.CreateCommand(ListContradictions);
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = closedToo });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var found = new List<Contradiction>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(new Contradiction(
                row.GetInt32(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetInt32(4), row.GetInt64(5),
                Transitions.Numbered(row.GetInt16(6)).From, row.GetInstant(7), Duration.FromSeconds(row.GetInt64(8)),
                row.GetInstantOrNull(9), row.IsDBNull(10) ? null : row.GetInt64(10)));
        }

        return found;
    }
}
