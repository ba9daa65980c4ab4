using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.StateMachine;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Payments;

/// <summary>
/// Looks payments up. There is one in production, <see cref="PaymentBook"/>; it is an interface because what is decided between two
/// looks is decided anew by whoever moved the payment meanwhile, and the simulation makes that happen, against a model of the database.
/// </summary>
public interface IFindPayments
{
    /// <summary>The payment that a reference names, or null.</summary>
    /// <param name="agentId">The part of the agent that the reference belongs to.</param>
    Task<Payment?> FindAsync(int agentId, string reference, CancellationToken cancel = default);

    /// <summary>The payments with these (agent, number) pairs, those that exist, in any order.</summary>
    Task<IReadOnlyList<Payment>> FindAsync(int[] agentIds, long[] numbers, CancellationToken cancel = default);

    /// <summary>The reference of the payment that used an inquiry, in any part of the agent; null: it is unused.</summary>
    Task<string?> FindUseAsync(int agentId, int parts, Guid inquiryId, CancellationToken cancel = default);

    /// <summary>What one part of an agent may still take now, qəpik.</summary>
    Task<long> AvailableAsync(int agentId, CancellationToken cancel = default);

    /// <summary>The payment with this number, or null.</summary>
    async Task<Payment?> FindAsync(int agentId, long number, CancellationToken cancel = default)
    {
        var found = await FindAsync([agentId], [number], cancel);
        return found.Count == 0 ? null : found[0];
    }
}

/// <summary>Reads payments as they stand now. It writes nothing.</summary>
public sealed class PaymentBook(NpgsqlDataSource database) : IFindPayments
{
    /// <summary>A page of a list holds at most this many payments.</summary>
    public const int PageLimit = 200;

    private static readonly string FindPayment = Sql.Load("Payments/FindPayment.sql");
    private static readonly string FindNumbers = Sql.Load("Payments/FindNumbers.sql");
    private static readonly string ListPayments = Sql.Load("Payments/ListPayments.sql");

    /// <summary>The payment that a reference names, or null.</summary>
    /// <param name="agentId">The part of the agent that the reference belongs to.</param>
    public async Task<Payment?> FindAsync(int agentId, string reference, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(FindPayment);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reference });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? Read(reader) : null;
    }

    /// <summary>The payment with this number, or null.</summary>
    public async Task<Payment?> FindAsync(int agentId, long number, CancellationToken cancel = default)
    {
        var found = await FindAsync([agentId], [number], cancel);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>The payments with these (agent, number) pairs, those that exist, in any order.</summary>
    public async Task<IReadOnlyList<Payment>> FindAsync(int[] agentIds, long[] numbers, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(FindNumbers);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = agentIds });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = numbers });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var payments = new List<Payment>(numbers.Length);
        while (await reader.ReadAsync(cancel))
        {
            payments.Add(Read(reader));
        }

        return payments;
    }

    /// <summary>The reference of the payment that used an inquiry, in any part of the agent; null: it is unused.</summary>
    public async Task<string?> FindUseAsync(int agentId, int parts, Guid inquiryId, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(
            "select p.reference from generate_series($1, $1 + $2 - 1) as a (agent_id) "
            + "join payment p on p.agent_id = a.agent_id and p.inquiry_id = $3 limit 1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = parts });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = inquiryId });
        return await command.ExecuteScalarAsync(cancel) as string;
    }

    /// <summary>What one part of an agent may still take now, qəpik.</summary>
    public async Task<long> AvailableAsync(int agentId, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(
            "select credits_posted + credit_limit - debits_posted - debits_pending from funds where agent_id = $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
        return await command.ExecuteScalarAsync(cancel) as long? ?? 0;
    }

    /// <summary>Finds a payment by its number alone, for an operator: asks each agent's key.</summary>
    public async Task<Payment?> FindAnywhereAsync(long number, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(
            "select p.agent_id from agent a join payment p on p.agent_id = a.agent_id and p.number = $1");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
        return await command.ExecuteScalarAsync(cancel) is int agentId ? await FindAsync(agentId, number, cancel) : null;
    }

    /// <summary>An agent's payments, newest first.</summary>
    /// <param name="agentId">The agent's first part.</param>
    /// <param name="before">Numbers below this one; null from the newest.</param>
    /// <param name="limit">1–<see cref="PageLimit"/>, and one more to see whether there is a next page.</param>
    /// <param name="terminalId">Only this terminal's; null: all.</param>
    public async Task<IReadOnlyList<Payment>> ListAsync(
        int agentId, int parts, Instant from, Instant to, PaymentState? state, long? before, int limit,
        int? terminalId = null, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(ListPayments);
        short[]? edges = state is null ? null : [.. Transitions.All.Where(e => e.To == state).Select(e => e.Id)];
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. Enumerable.Range(agentId, parts)] });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before ?? long.MaxValue });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = from.ToTimestamp() });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = to.ToTimestamp() });
        command.Parameters.Add(new NpgsqlParameter
        {
            Value = (object?)edges ?? DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint,
        });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Math.Clamp(limit, 1, PageLimit + 1) });
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = terminalId });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var payments = new List<Payment>();
        while (await reader.ReadAsync(cancel))
        {
            payments.Add(Read(reader));
        }

        return payments;
    }

    /// <summary>A row of the columns that the statements of this class select, in their order.</summary>
    internal static Payment Read(NpgsqlDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        short? Edge(int column) => row.IsDBNull(column) ? null : row.GetInt16(column);
        var edge = Transitions.Numbered(row.GetInt16(22));
        return new Payment
        {
            AgentId = row.GetInt32(0),
            Number = row.GetInt64(1),
            Reference = row.GetString(2),
            TerminalId = row.GetInt32(3),
            ServiceCode = row.GetInt32(4),
            Account = row.GetString(5),
            Fields = StoredText.Fields(Text(6)),
            Lines = StoredText.Lines(Text(7)),
            AmountQepik = row.GetInt64(8),
            FeeQepik = row.GetInt64(9),
            Tender = (Tender)row.GetInt16(10),
            Rrn = Text(11),
            MaskedPan = Text(12),
            Cashier = Text(13),
            Payer = Text(15),
            ProviderId = row.GetInt32(16),
            ShiftNo = row.IsDBNull(17) ? null : row.GetInt32(17),
            AcceptedAt = row.GetInstant(18),
            BudgetLevel = Text(19),
            BudgetCode = Text(20),
            Step = row.GetInt16(21),
            Edge = edge.Id,
            State = edge.To,
            At = row.GetInstant(23),
            ReceiptCounter = row.IsDBNull(24) ? null : row.GetInt32(24),
            BusinessDay = row.GetLocalDateOrNull(25),
            ConfirmedAt = row.GetInstantOrNull(26),
            ProviderTransaction = Text(27),
            DeclineName = Text(28),
            ProviderCode = Text(29),
            DeclineTransient = !row.IsDBNull(30) && row.GetBoolean(30),
            CardData = Text(31),
            ReversalAskedAt = row.GetInstantOrNull(32),
            ReversalOutcome = Edge(33) is { } outcome ? Transitions.Numbered(outcome).To : null,
            ReversalOutcomeAt = row.GetInstantOrNull(34),
            Correction = Edge(35) is { } corrected
                ? new Correction(
                    row.GetInstant(36), Transitions.Numbered(corrected).From, Transitions.Numbered(corrected).To, Text(37))
                : null,
        };
    }
}
