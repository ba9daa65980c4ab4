using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Payments;

/// <summary>
/// What happened to a payment's paper and card after it was confirmed: how often its receipt was printed, whether its
/// smart card was written. It has no effect on state or money.
/// </summary>
public sealed class PaperAndCards(NpgsqlDataSource database)
{
    /// <summary>Counts one more print of a receipt; gives how many there are now, from 1.</summary>
    public async Task<int> CountPrintAsync(Payment payment)
    {
        await using var count = database.CreateCommand(
            "insert into receipt_print (agent_id, number, prints) values ($1, $2, 1) "
            + "on conflict (agent_id, number) do update set prints = receipt_print.prints + 1 returning prints");
        return (int)(await AskAsync(count, payment))!;
    }

    /// <summary>How often a receipt was printed.</summary>
    public async Task<int> PrintsAsync(Payment payment)
    {
        await using var look = database.CreateCommand(
            "select prints from receipt_print where agent_id = $1 and number = $2");
        return await AskAsync(look, payment) as int? ?? 0;
    }

    /// <summary>Records that the card was written; the first time counts.</summary>
    public async Task WriteCardAsync(Payment payment)
    {
        await using var write = database.CreateCommand(
            "insert into card_written (agent_id, number, at) values ($1, $2, clock_timestamp()) "
            + "on conflict do nothing");
        await AskAsync(write, payment);
    }

    /// <summary>When the card was written, or null.</summary>
    public async Task<Instant?> CardWrittenAsync(Payment payment)
    {
        await using var look = database.CreateCommand(
            "select at from card_written where agent_id = $1 and number = $2");
        look.Parameters.Add(new NpgsqlParameter<int> { TypedValue = payment.AgentId });
        look.Parameters.Add(new NpgsqlParameter<long> { TypedValue = payment.Number });
        await using var row = await look.ExecuteReaderAsync();
        return await row.ReadAsync() ? row.GetInstant(0) : null;
    }

    private static Task<object?> AskAsync(NpgsqlCommand command, Payment payment)
    {
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = payment.AgentId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = payment.Number });
        return command.ExecuteScalarAsync();
    }
}
