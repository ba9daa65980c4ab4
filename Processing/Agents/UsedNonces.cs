using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Agents;

/// <summary>
/// Remembers the nonces of signed requests, on all nodes together, until their signatures are too old to be shown
/// again.
/// </summary>
public sealed class UsedNonces(NpgsqlDataSource database)
{
    /// <summary>True the first time a terminal shows a nonce, false ever after.</summary>
    /// <param name="until">When it may be forgotten: the signature is stale then.</param>
    public async Task<bool> TryUseAsync(int terminalId, string nonce, Instant until)
    {
        await using var use = database.CreateCommand(
            "insert into used_nonce (terminal_id, nonce, expires_at) values ($1, $2, $3) on conflict do nothing");
        use.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminalId });
        use.Parameters.Add(new NpgsqlParameter<string> { TypedValue = nonce });
        use.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = until.ToTimestamp() });
        return await use.ExecuteNonQueryAsync() == 1;
    }

    /// <summary>Forgets what has expired; gives the number of rows.</summary>
    public async Task<int> ForgetAsync(Instant now, CancellationToken cancel = default)
    {
        await using var forget = database.CreateCommand("delete from used_nonce where expires_at < $1");
        forget.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.ToTimestamp() });
        return await forget.ExecuteNonQueryAsync(cancel);
    }
}
