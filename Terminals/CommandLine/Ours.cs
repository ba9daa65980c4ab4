using EGovPay.Settlement.Mapping;
using EGovPay.Settlement.Statements;
using EGovPay.Settlement.Terms;
using NodaTime;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>What settlement's terms say of ourselves today, for commands; without terms nothing is ours.</summary>
internal static class Ours
{
    public static async Task<OurAccounts> AccountsAsync(NpgsqlDataSource database, CancellationToken cancel) =>
        OurAccounts.Of(await TermsStore.TodayAsync(database, SystemClock.Instance, cancel));

    public static async Task<IReadOnlyList<FileMapping>> MappingsAsync(NpgsqlDataSource database, CancellationToken cancel) =>
        (await TermsStore.TodayAsync(database, SystemClock.Instance, cancel))?.Mappings ?? [];
}
