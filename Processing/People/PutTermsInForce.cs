using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>Carries out approved settlement terms: the new version and the end of their proposal are one transaction.</summary>
public sealed class PutTermsInForce(NpgsqlDataSource database)
{
    private static readonly string Statement = Sql.Load("People/PutTermsInForce.sql");

    /// <summary>Puts them in force once; again it does nothing.</summary>
    internal async Task PutAsync(Proposal proposal)
    {
        await using var command = database.CreateCommand(Statement);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposal.Id });
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Whether another version came since they were proposed.</summary>
    internal async Task<bool> AreStaleAsync(Proposal proposal)
    {
        await using var command = database.CreateCommand(
            "select exists (select from proposal p join terms_draft d on d.draft_id = p.terms_draft_id "
            + "join settlement_terms s on s.version > d.based_on where p.proposal_id = $1)");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposal.Id });
        return (bool)(await command.ExecuteScalarAsync())!;
    }
}
