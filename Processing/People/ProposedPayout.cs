using System.Text.Json;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>What whoever approves a payout has to see of it.</summary>
/// <param name="CreditorBic">Null where the bank's code alone is known.</param>
/// <param name="BudgetLevel">With budget money, as the code is.</param>
/// <param name="LastPayoutId">The last payout to this provider that a bank carried out; null: none was.</param>
/// <param name="LastIban">Where that one went.</param>
public sealed record ProposedPayout(
    int ProviderId, long AmountQepik, string CreditorName, string CreditorIban, string? CreditorBic, string? BudgetLevel,
    string? BudgetCode, LocalDate ExecutionDay, string Purpose, long? LastPayoutId, string? LastIban)
{
    /// <summary>Whether it goes to another account than the last one; null: there is none to hold it against.</summary>
    public bool? AccountChanged => LastIban is null ? null : LastIban != CreditorIban;

    internal static ProposedPayout? Read(NpgsqlDataReader row, int at)
    {
        string? Text(int column) => row.IsDBNull(at + column) ? null : row.GetString(at + column);
        return row.IsDBNull(at) ? null : new ProposedPayout(
            row.GetInt32(at), row.GetInt64(at + 1), row.GetString(at + 2), row.GetString(at + 3), Text(4), Text(5), Text(6),
            row.GetLocalDate(at + 7), row.GetString(at + 8), row.IsDBNull(at + 9) ? null : row.GetInt64(at + 9), Text(10));
    }
}

/// <summary>The receivers of proposed payouts: whether the terms still name them.</summary>
internal sealed class ProposedReceivers(NpgsqlDataSource database, CatalogueInForce catalogue)
{
    /// <summary>Why a payout does not go where the terms in force say; null: it does, or a bank was told of it already.</summary>
    public async Task<string?> ReplacedAsync(Proposal proposal)
    {
        var providers = catalogue.Current.Providers;
        await using var command = database.CreateCommand("select r.why from replaced_payouts($1, $2) r where r.payout_id = $3");
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. providers.Select(one => one.Id)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. providers.Select(one => one.Code)] });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposal.PayoutId!.Value });
        return await command.ExecuteScalarAsync() as string;
    }
}

/// <summary>What whoever approves terms has to see of them.</summary>
/// <param name="ValidFrom">In force from this day on, or from the day of the approval if that is later.</param>
/// <param name="Sha256">Of the document.</param>
/// <param name="Receivers">JSON: the receivers whose accounts it changes, before and after.</param>
public sealed record ProposedTerms(long DraftId, LocalDate ValidFrom, string Sha256, string Receivers)
{
    internal static ProposedTerms? Read(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : new ProposedTerms(
        row.GetInt64(at), row.GetLocalDate(at + 1), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(at + 2)), row.GetString(at + 3));
}

/// <summary>A correction as its proposal would post it.</summary>
/// <param name="Agent">The code of the agent whose accounts they are.</param>
/// <param name="Group">1 to 4: it is paid out with that group's next window; 0: with none.</param>
public sealed record ProposedPosting(string Agent, int Debit, int Credit, long AmountQepik, int Group)
{
    /// <summary>From the list of ListProposals.sql; null: it posts nothing by itself.</summary>
    internal static IReadOnlyList<ProposedPosting>? Read(string? listed)
    {
        if (listed is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(listed);
        return [.. document.RootElement.EnumerateArray().Select(one => new ProposedPosting(
            one.GetProperty("agent").GetString()!, one.GetProperty("debit").GetInt32(), one.GetProperty("credit").GetInt32(),
            one.GetProperty("qepik").GetInt64(), one.GetProperty("group").GetInt32()))];
    }
}
