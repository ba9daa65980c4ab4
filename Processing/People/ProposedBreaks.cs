using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>The breaks that proposals are about: whether they are still what was proposed about.</summary>
internal sealed class ProposedBreaks(NpgsqlDataSource database)
{
    /// <summary>Whether the break that a proposal is about is gone, has come back, or says something else since it was proposed.</summary>
    public async Task<bool> IsGoneAsync(Proposal proposal)
    {
        await using var command = database.CreateCommand(
            "select exists (select from settlement_break b join proposal p on p.break_id = b.break_id "
            + "where p.proposal_id = $1 and break_moved_on(b.settled_at, b.evidence, b.reopened_at, p.break_evidence, p.made_at))");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposal.Id });
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Waits, holding nothing up, until nobody is changing it. False: that took longer than a person waits.</summary>
    public async Task<bool> AwaitAsync(Proposal proposal)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select set_config('lock_timeout', '3s', true)"));
        var look = new NpgsqlBatchCommand("select b.break_id from settlement_break b where b.break_id = $1 for share");
        look.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposal.BreakId!.Value });
        batch.BatchCommands.Add(look);
        try
        {
            await batch.ExecuteNonQueryAsync();
            return true;
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return false;
        }
    }
}
