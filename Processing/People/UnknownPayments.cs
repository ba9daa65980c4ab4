using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>A payment whose outcome is not known.</summary>
/// <param name="TotalQepik">Amount and payer's fee, which the agent's funds hold.</param>
/// <param name="Age">Since it became unknown, by database time.</param>
/// <param name="Asks">How often its provider was asked in vain.</param>
/// <param name="HeldBy">The proposal that waits for its approval: nobody asks meanwhile. Null: it is asked about.</param>
public sealed record UnknownPayment(
    int AgentId, long Number, string Reference, string AgentCode, int ProviderId, long TotalQepik, Instant Since, Duration Age,
    int Asks, Instant NextAskAt, long? HeldBy);

/// <summary>What is unknown of one provider.</summary>
/// <param name="Oldest">Age of the oldest, by database time.</param>
/// <param name="Held">Of them, those that people are deciding about.</param>
/// <param name="Alarming">Of them, those as old as the alarm's threshold or older.</param>
public sealed record UnknownAge(int ProviderId, long Payments, long TotalQepik, Duration Oldest, long Held, long Alarming);

/// <summary>The ageing queue as people see it: for ever visible, however long the truth takes.</summary>
public static class UnknownPayments
{
    /// <summary>Payments of one list at most.</summary>
    public const int ListLimit = 10_000;

    private static readonly string ListUnknown = Sql.Load("People/ListUnknown.sql");
    private static readonly string UnknownAges = Sql.Load("People/UnknownAges.sql");

    /// <summary>Unknown payments, oldest first.</summary>
    /// <param name="providerId">Null: of all providers.</param>
    /// <param name="olderThan">Only those at least so old.</param>
    public static async Task<IReadOnlyList<UnknownPayment>> ListAsync(
        NpgsqlDataSource database, int? providerId, Duration olderThan, int limit = ListLimit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ListLimit);
        await using var command = database.CreateCommand(ListUnknown);
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = providerId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = checked((int)olderThan.TotalSeconds) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var payments = new List<UnknownPayment>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            payments.Add(new UnknownPayment(
                row.GetInt32(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetInt32(4), row.GetInt64(5),
                row.GetInstant(6), Duration.FromSeconds(row.GetInt64(7)), row.GetInt32(8), row.GetInstant(9),
                row.IsDBNull(10) ? null : row.GetInt64(10)));
        }

        return payments;
    }

    /// <summary>What is unknown by provider; a provider of which nothing is has no row.</summary>
    /// <param name="alarmAfter">A payment this old is counted as alarming.</param>
    public static async Task<IReadOnlyList<UnknownAge>> AgesAsync(
        NpgsqlDataSource database, Duration alarmAfter, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(UnknownAges);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = checked((int)alarmAfter.TotalSeconds) });
        var ages = new List<UnknownAge>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            ages.Add(new UnknownAge(
                row.GetInt32(0), row.GetInt64(1), row.GetInt64(2), Duration.FromSeconds(row.GetInt64(3)), row.GetInt64(4),
                row.GetInt64(5)));
        }

        return ages;
    }
}
