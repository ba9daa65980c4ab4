using EGovPay.Settlement.Statements;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>What settlement's terms say of ourselves, for commands.</summary>
internal static class Ours
{
    public static Task<OurAccounts> AccountsAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        _ = (database, cancel);
        return Task.FromResult(OurAccounts.None);
    }
}
