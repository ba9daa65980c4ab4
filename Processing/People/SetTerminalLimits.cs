using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>Carries out an approved change of a terminal's limits: the change and the end of its proposal are one transaction.</summary>
public sealed class SetTerminalLimits(NpgsqlDataSource database)
{
    private static readonly string Statement = Sql.Load("People/SetTerminalLimits.sql");

    /// <summary>Sets the limits once; again it does nothing.</summary>
    internal async Task SetAsync(Proposal proposal)
    {
        await using var command = database.CreateCommand(Statement);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposal.Id });
        await command.ExecuteNonQueryAsync();
    }
}
