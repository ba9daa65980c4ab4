using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using Npgsql;

namespace EGovPay.Processing.Ledger;

/// <summary>An agent's money with us, all parts together, qəpik.</summary>
/// <param name="BalanceQepik">Deposits less what was posted; negative while the credit limit is in use.</param>
/// <param name="HeldQepik">Amount and fee of payments that are not final.</param>
/// <param name="AvailableQepik">What may still be taken: balance + limit - held.</param>
public sealed record FundsNow(long BalanceQepik, long HeldQepik, long AvailableQepik, long CreditLimitQepik);

/// <summary>Deposits, limits and the look at an agent's funds.</summary>
public sealed class AgentFunds(NpgsqlDataSource database, Journal.Journal journal, Node node)
{
    /// <summary>
    /// Books a deposit: bank → funds, evenly over the agent's parts. The same reference again does nothing.
    /// </summary>
    /// <param name="agentId">The agent's first part.</param>
    /// <param name="reference">The deposit's own name (a bank's document number); names one deposit for ever.</param>
    /// <param name="amountQepik">At least a qəpik for each part: each has a row by which another amount is recognised.</param>
    /// <returns>True when the deposit stands with this amount; false when the reference names another amount.</returns>
    /// <remarks>Carries out what two people decided (<see cref="People.Proposals"/>); nobody else books a deposit.</remarks>
    internal async Task<bool> TopUpAsync(
        int agentId, int parts, string reference, long amountQepik, string madeBy, string? note = null, string? approvedBy = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(amountQepik, parts);
        for (var part = 0; part < parts; part++)
        {
            var share = checked((amountQepik / parts) + (part < amountQepik % parts ? 1 : 0));
            var number = await node.NextNumberAsync();
            try
            {
                if (!await journal.ExecuteAsync(new MoneyIn(
                    agentId + part, number, reference, share, madeBy, note, "top-up", Accounts.Bank, approvedBy)))
                {
                    // Another amount has this name: whoever was first at this part goes on, nobody books beside it.
                    return false;
                }
            }
            finally
            {
                node.Done(number);
            }
        }

        return true;
    }

    /// <summary>
    /// Sets the credit limit, evenly over the parts. False: a part already uses more; then the limit is as it was. False as well,
    /// and nothing is written, where the proposal is not approved any more: somebody else has carried it out, and a later one
    /// may stand since.
    /// </summary>
    /// <param name="before">The limit that stood when the change was proposed: it is set back to where a part refuses.</param>
    /// <param name="proposalId">The approved proposal that is carried out.</param>
    /// <remarks>Carries out what two people decided (<see cref="People.Proposals"/>).</remarks>
    internal async Task<bool> SetLimitAsync(int agentId, int parts, long limitQepik, long before, long proposalId)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limitQepik);
        for (var part = 0; part < parts; part++)
        {
            if (!await journal.ExecuteAsync(new SetLimit(agentId + part, Share(limitQepik, part, parts), proposalId)))
            {
                for (var changed = 0; changed < part; changed++)
                {
                    await journal.ExecuteAsync(new SetLimit(agentId + changed, Share(before, changed, parts), proposalId));
                }

                return false;
            }
        }

        return true;
    }

    private static long Share(long amountQepik, int part, int parts) =>
        checked((amountQepik / parts) + (part < amountQepik % parts ? 1 : 0));

    /// <summary>The agent's funds now.</summary>
    public async Task<FundsNow> LookAsync(int agentId, int parts, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(
            "select sum(credits_posted - debits_posted)::bigint, sum(debits_pending)::bigint, sum(credit_limit)::bigint "
            + "from funds where agent_id between $1 and $1 + $2 - 1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = parts });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var (balance, held, limit) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        return new FundsNow(balance, held, checked(balance + limit - held), limit);
    }

    private sealed class SetLimit(int agentId, long limitQepik, long proposalId) : SingleCommand<bool>(agentId)
    {
        private static readonly string Statement = Sql.Load("Ledger/SetLimit.sql");

        public override object OneInABatch => (AgentId, "limit");

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AgentId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limitQepik });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposalId });
            return command;
        }

        protected override async ValueTask<bool> ReadAsync(NpgsqlDataReader reader) => await reader.ReadAsync();
    }
}

/// <summary>Money that comes into an agent's funds, once for each reference and kind.</summary>
internal sealed class MoneyIn(
    int agentId, long number, string reference, long amountQepik, string madeBy, string? note, string kind, int comesFrom,
    string? approvedBy = null)
    : SingleCommand<bool>(agentId)
{
    private static readonly string Statement = Sql.Load("Ledger/TopUp.sql");

    public override object OneInABatch => (AgentId, kind, reference);

    public override NpgsqlBatchCommand Build()
    {
        var command = new NpgsqlBatchCommand(Statement);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AgentId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reference });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = amountQepik });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = madeBy });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = note });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = kind });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = comesFrom });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = approvedBy });
        return command;
    }

    protected override async ValueTask<bool> ReadAsync(NpgsqlDataReader reader)
    {
        await reader.ReadAsync();
        return reader.GetInt64(1) == amountQepik;
    }
}
