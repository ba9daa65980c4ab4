using System.Runtime.InteropServices;
using Npgsql;

namespace EGovPay.Benchmarks.Torture;

/// <summary>One event of a payment, as it stands in the table.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct BookedEvent(short Step, short Edge, int? Receipt, DateOnly? Day, string? ApprovedBy);

/// <summary>One transfer, as it stands in the table.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct BookedTransfer(short Step, short Leg, int Debit, int Credit, long AmountQepik);

/// <summary>One payment of the database, with everything that hangs on it.</summary>
internal sealed class BookedPayment
{
    public required int AgentId { get; init; }
    public required long Number { get; init; }
    public required string Reference { get; init; }
    public required long AmountQepik { get; init; }
    public required long FeeQepik { get; init; }
    public required long CommissionQepik { get; init; }
    public required long ProviderFeeQepik { get; init; }
    public required int ProviderId { get; init; }
    public required string Account { get; init; }
    public required string Service { get; init; }
    public List<BookedEvent> Events { get; } = [];
    public List<BookedTransfer> Transfers { get; } = [];

    /// <summary>The state that its last event led to, by the auditor's own table.</summary>
    public string State { get; set; } = "";
}

/// <summary>What an agent's row of money says.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct BookedFunds(long Pending, long DebitsPosted, long CreditsPosted, long CreditLimit);

/// <summary>
/// The second book: the database, read table by table with plain statements. Nothing here asks the engine what its rows mean.
/// </summary>
internal sealed class EngineBook
{
    private const string ReadAgents = "select agent_id, coalesce(part_of, agent_id), code, lane from agent order by agent_id";
    private const string ReadFunds = "select agent_id, debits_pending, debits_posted, credits_posted, credit_limit from funds";
    private const string ReadPayments = "select agent_id, number, reference, amount_qepik, fee_qepik, commission_qepik, "
        + "provider_fee_qepik, provider_id, account, service_code from payment";
    private const string ReadEvents =
        "select number, step, edge, receipt_counter, business_day, approved_by, agent_id from event order by agent_id, number, step";
    private const string ReadTransfers =
        "select agent_id, number, step, leg, debit, credit, amount_qepik from transfer order by agent_id, number, step, leg";
    private const string ReadSeries = "select business_day, series, last from receipt_series";
    private const string ReadQueue = "select agent_id, number from unknown_payment";
    private const string ReadMovements = "select agent_id, number, kind, amount_qepik from movement";
    private const string ReadOwed = "select agent_id, number from cash_to_return";

    /// <summary>By number; numbers are given out once over all agents.</summary>
    public Dictionary<long, BookedPayment> Payments { get; } = [];

    /// <summary>Code of the undivided agent, and lane, by the number of the agent or its part.</summary>
    public Dictionary<int, (string Code, short Lane)> Agents { get; } = [];

    public Dictionary<int, BookedFunds> Funds { get; } = [];

    /// <summary>What all transfers, a payment's or not, take out of and bring into an agent's funds.</summary>
    public Dictionary<int, (long Debits, long Credits)> OfFunds { get; } = [];

    public Dictionary<(DateOnly Day, short Series), int> Series { get; } = [];

    public HashSet<long> Queue { get; } = [];

    /// <summary>Payments whose cash somebody owes their payer, or has given back.</summary>
    public HashSet<long> CashToReturn { get; } = [];

    /// <summary>Money that moved without a payment, by the number of the movement.</summary>
    public Dictionary<long, (int AgentId, string Kind, long AmountQepik)> Movements { get; } = [];

    /// <summary>Rows that name nothing.</summary>
    public List<string> Orphans { get; } = [];

    /// <summary>Reads everything in one snapshot.</summary>
    public static async Task<EngineBook> ReadAsync(NpgsqlDataSource database, CancellationToken stop)
    {
        var book = new EngineBook();
        // PostgreSQL may have been stopped since: what the pool kept from before is dead.
        database.Clear();
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, stop);
        var codes = new Dictionary<int, string>();
        await RowsAsync(connection, ReadAgents, row =>
        {
            codes[row.GetInt32(0)] = row.GetString(2);
            book.Agents[row.GetInt32(0)] = (codes[row.GetInt32(1)], row.GetInt16(3));
        }, stop);
        await RowsAsync(connection, ReadFunds, row => book.Funds[row.GetInt32(0)] =
            new(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)), stop);
        await RowsAsync(connection, ReadMovements, row => book.Movements[row.GetInt64(1)] =
            (row.GetInt32(0), row.GetString(2), row.GetInt64(3)), stop);
        await RowsAsync(connection, ReadPayments, book.TakePayment, stop);
        await RowsAsync(connection, ReadEvents, book.TakeEvent, stop);
        await RowsAsync(connection, ReadTransfers, book.TakeTransfer, stop);
        await RowsAsync(connection, ReadSeries, row =>
            book.Series[(row.GetFieldValue<DateOnly>(0), row.GetInt16(1))] = row.GetInt32(2), stop);
        await RowsAsync(connection, ReadQueue, row => book.TakeMark(row, book.Queue, "the queue of the unknown"), stop);
        await RowsAsync(connection, ReadOwed, row => book.TakeMark(row, book.CashToReturn, "the cash to return"), stop);
        return book;
    }

    private void TakePayment(NpgsqlDataReader row)
    {
        var payment = new BookedPayment
        {
            AgentId = row.GetInt32(0),
            Number = row.GetInt64(1),
            Reference = row.GetString(2),
            AmountQepik = row.GetInt64(3),
            FeeQepik = row.GetInt64(4),
            CommissionQepik = row.GetInt64(5),
            ProviderFeeQepik = row.GetInt64(6),
            ProviderId = row.GetInt32(7),
            Account = row.GetString(8),
            Service = row.GetInt32(9).ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (!Payments.TryAdd(payment.Number, payment))
        {
            Orphans.Add(FormattableString.Invariant($"number {payment.Number} names two payments"));
        }
    }

    private void TakeEvent(NpgsqlDataReader row)
    {
        if (Payments.TryGetValue(row.GetInt64(0), out var payment) && payment.AgentId == row.GetInt32(6))
        {
            payment.Events.Add(new(
                row.GetInt16(1), row.GetInt16(2), row.IsDBNull(3) ? null : row.GetInt32(3),
                row.IsDBNull(4) ? null : row.GetFieldValue<DateOnly>(4), row.IsDBNull(5) ? null : row.GetString(5)));
        }
        else
        {
            Orphans.Add(FormattableString.Invariant($"an event of {row.GetInt64(0)}, which is no payment of agent {row.GetInt32(6)}"));
        }
    }

    private void TakeTransfer(NpgsqlDataReader row)
    {
        var (agent, number) = (row.GetInt32(0), row.GetInt64(1));
        var (debit, credit, amount) = (row.GetInt32(4), row.GetInt32(5), row.GetInt64(6));
        var (debits, credits) = OfFunds.GetValueOrDefault(agent);
        OfFunds[agent] = (debits + (debit == 1 ? amount : 0), credits + (credit == 1 ? amount : 0));
        if (Payments.TryGetValue(number, out var payment) && payment.AgentId == agent)
        {
            payment.Transfers.Add(new(row.GetInt16(2), row.GetInt16(3), debit, credit, amount));
        }
        else if (!Movements.TryGetValue(number, out var movement) || movement.AgentId != agent || movement.AmountQepik != amount)
        {
            Orphans.Add(FormattableString.Invariant($"a transfer of {amount} under {number}, which agent {agent} has not"));
        }
    }

    /// <summary>A row that only says something of a payment.</summary>
    private void TakeMark(NpgsqlDataReader row, HashSet<long> marks, string where)
    {
        var (agent, number) = (row.GetInt32(0), row.GetInt64(1));
        marks.Add(number);
        if (!Payments.TryGetValue(number, out var payment) || payment.AgentId != agent)
        {
            Orphans.Add(FormattableString.Invariant($"{number} stands in {where}, and agent {agent} has no such payment"));
        }
    }

    private static async Task RowsAsync(
        NpgsqlConnection connection, string sql, Action<NpgsqlDataReader> take, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            take(reader);
        }
    }
}
