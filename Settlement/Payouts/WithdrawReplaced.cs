using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Journal;
using Npgsql;

namespace EGovPay.Settlement.Payouts;

/// <summary>
/// Takes back payouts whose receiver's account changed in the terms before any bank was told: whoever approved them saw the former one. Their
/// windows are proposed anew.
/// </summary>
internal static class WithdrawReplaced
{
    /// <summary>Decisions about payouts are made, and banks are told of them, in the lane of nobody's agent.</summary>
    public static readonly string HoldDecisions =
        string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_xact_lock({Lanes.LaneLock}, {Lanes.Of(0)})");

    private static readonly string Withdraw = Sql.Load("Payouts/WithdrawReplaced.sql");

    /// <summary>One look. Any number may look at once.</summary>
    /// <returns>Payouts that were taken back now.</returns>
    public static async Task<IReadOnlyList<long>> RunAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        var providers = (await CatalogueStore.LatestOrEmbeddedAsync(database, cancel)).Providers;
        await using var connection = await database.OpenConnectionAsync(cancel);
        // One message, whose end commits: payments of this lane wait for no round trip.
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(HoldDecisions));
        var withdraw = new NpgsqlBatchCommand(Withdraw);
        withdraw.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. providers.Select(one => one.Id)] });
        withdraw.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. providers.Select(one => one.Code)] });
        batch.BatchCommands.Add(withdraw);
        var taken = new List<long>();
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            taken.Add(reader.GetInt64(0));
        }

        // What the commit itself says comes at the very end.
        while (await reader.NextResultAsync(cancel))
        {
        }

        return taken;
    }
}
