using EGovPay.Processing;
using Npgsql;

namespace EGovPay.Settlement.Payouts;

/// <summary>A fact about a payout that stands in a statement.</summary>
/// <param name="GivenBack">True: the bank returned it; false: it booked it as it was told.</param>
/// <param name="Code">The bank's own, or BOOK or RTRN.</param>
/// <param name="Place">Which booking it is, for people.</param>
internal sealed record StatementFact(long PayoutId, long FileId, bool GivenBack, string Code, string Place);

/// <summary>Enters what statements say of payouts beside what banks answered (pain.002).</summary>
internal static class EnterBookings
{
    private static readonly string Enter = Sql.Load("Payouts/EnterBookings.sql");

    /// <summary>Enters what is not known yet, in the caller's transaction. True: a payout was given back of which no statement had said so.</summary>
    public static async Task<bool> RunAsync(NpgsqlConnection connection, IReadOnlyList<StatementFact> facts, CancellationToken cancel)
    {
        var once = facts.DistinctBy(one => (one.PayoutId, one.GivenBack)).ToList();
        await using var command = new NpgsqlCommand(Enter, connection);
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. once.Select(one => one.PayoutId)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. once.Select(one => one.FileId)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. once.Select(one => one.Code)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. once.Select(one => one.GivenBack ? "rejected" : "settled")] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. once.Select(one => one.Place)] });
        var back = false;
        await using var entered = await command.ExecuteReaderAsync(cancel);
        while (await entered.ReadAsync(cancel))
        {
            back |= entered.GetString(0) == "rejected";
        }

        return back;
    }
}
