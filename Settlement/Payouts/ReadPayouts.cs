using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Payouts;

/// <summary>How a payout stands; reckoned from its proposal, its file and what the bank said.</summary>
public enum PayoutState
{
    /// <summary>It waits for its approval (or to be proposed at all).</summary>
    Proposed = 1,

    /// <summary>Two people want it, and it is posted; no bank was told.</summary>
    Approved,

    /// <summary>It is in a file, and the bank has said nothing that decides.</summary>
    Exported,

    /// <summary>The bank is executing it.</summary>
    Accepted,

    /// <summary>The money has left.</summary>
    Settled,

    /// <summary>The bank refused it, and the money is being put back.</summary>
    Rejected,

    /// <summary>The bank refused it or it was withdrawn, and the money stands in the payables again.</summary>
    Returned,

    /// <summary>It was never approved.</summary>
    Dropped,

    /// <summary>The terms name another receiver now and no bank was told; the money is being put back.</summary>
    Withdrawn,
}

/// <summary>A payout.</summary>
/// <param name="ProposalId">The last proposal about it; null: none yet.</param>
/// <param name="MessageId">Of the file in which it is; null: in none.</param>
/// <param name="BankCode">What the bank said last: <c>ACSP</c>.</param>
/// <param name="BankReason">What it said beside that; of one that was withdrawn, why.</param>
public sealed record Payout(
    long Id, int ProviderId, long AmountQepik, string EndToEndId, LocalDate ExecutionDay, string CreditorName, string CreditorIban,
    BudgetLine? Budget, string Purpose, Instant ProposedAt, string ProposedBy, long? ProposalId, string? ApprovedBy, string? MessageId,
    string? BankCode, string? BankReason, PayoutState State);

/// <summary>A window whose money a payout carries.</summary>
public sealed record PayoutWindow(short Group, LocalDate BankDay, long AmountQepik, bool Released);

/// <summary>Reads payouts.</summary>
public sealed class ReadPayouts(NpgsqlDataSource database)
{
    /// <summary>Payouts of one list at most.</summary>
    public const int Limit = 10_000;

    private static readonly string ListPayouts = Sql.Load("Payouts/ListPayouts.sql");
    private static readonly string PayoutParts = Sql.Load("Payouts/PayoutParts.sql");

    /// <summary>Payouts, newest first.</summary>
    /// <param name="open">Only those that may still change.</param>
    public async Task<IReadOnlyList<Payout>> ListAsync(
        int? providerId, bool open, int limit = Limit, CancellationToken cancel = default) =>
        await ListAsync(null, providerId, open, limit, cancel);

    /// <summary>The payout with this number, or null.</summary>
    public async Task<Payout?> FindAsync(long id, CancellationToken cancel = default) =>
        (await ListAsync(id, null, false, 1, cancel)).FirstOrDefault();

    /// <summary>Its windows, in the order of their days.</summary>
    public async Task<IReadOnlyList<PayoutWindow>> WindowsAsync(long id, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(PayoutParts);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Limit });
        var windows = new List<PayoutWindow>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            windows.Add(new PayoutWindow(reader.GetInt16(0), reader.GetLocalDate(1), reader.GetInt64(2), !reader.IsDBNull(3)));
        }

        return windows;
    }

    private async Task<List<Payout>> ListAsync(long? id, int? providerId, bool open, int limit, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, Limit);
        await using var command = database.CreateCommand(ListPayouts);
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = providerId });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = open });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var payouts = new List<Payout>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            string? Text(int at) => reader.IsDBNull(at) ? null : reader.GetString(at);
            payouts.Add(new Payout(
                reader.GetInt64(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetString(3), reader.GetLocalDate(4),
                reader.GetString(5), reader.GetString(6), Text(7) is { } level ? new BudgetLine(level, reader.GetString(8)) : null,
                reader.GetString(9), reader.GetInstant(10), reader.GetString(11), reader.IsDBNull(12) ? null : reader.GetInt64(12),
                Text(13) is "approved" or "done" ? Text(14) : null, Text(15),
                IsWithdrawn(reader) ? null : Text(16), Text(21) ?? Text(18), State(reader)));
        }

        return payouts;
    }

    private static bool IsWithdrawn(NpgsqlDataReader reader) => !reader.IsDBNull(22) && reader.GetBoolean(22);

    private static PayoutState State(NpgsqlDataReader reader)
    {
        string? Text(int at) => reader.IsDBNull(at) ? null : reader.GetString(at);
        return !reader.IsDBNull(20) ? PayoutState.Returned
            : !reader.IsDBNull(19) || Text(13) is "rejected" or "withdrawn" or "expired" or "void" ? PayoutState.Dropped
            : Text(17) switch
            {
                "settled" => PayoutState.Settled,
                "rejected" => IsWithdrawn(reader) ? PayoutState.Withdrawn : PayoutState.Rejected,
                "accepted" => PayoutState.Accepted,
                _ => Text(15) is not null ? PayoutState.Exported : Text(13) == "done" ? PayoutState.Approved : PayoutState.Proposed,
            };
    }
}
