using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using Npgsql;

namespace EGovPay.Settlement.Breaks;

/// <summary>
/// What receivers refused of registers, and banks of payouts, becomes breaks to be worked. Whoever looks, and however often, makes each once.
/// </summary>
public sealed class AnsweredBreaks(NpgsqlDataSource database)
{
    private const int AtOnce = 10_000;

    private static readonly string Answered = Sql.Load("Breaks/AnsweredBreaks.sql");
    private static readonly string CloseRepeated = Sql.Load("Breaks/CloseRepeated.sql");

    /// <summary>One look. Returns how many breaks were opened.</summary>
    public async Task<int> RoundAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var found = new List<NewBreak>();
        await using (var command = new NpgsqlCommand(Answered, connection))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AtOnce });
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                found.Add(new NewBreak(
                    reader.GetString(0) == "payout" ? BreakSide.Payout : BreakSide.Acknowledgement,
                    Enum.Parse<BreakKind>(reader.GetString(1)), reader.GetString(2), reader.GetLocalDate(7), reader.GetInt64(8),
                    reader.GetString(11), reader.GetString(12))
                {
                    ProviderId = reader.GetInt32(3),
                    AgentId = reader.IsDBNull(4) ? null : reader.GetInt32(4),
                    Number = reader.IsDBNull(5) ? null : reader.GetInt64(5),
                    PayoutId = reader.IsDBNull(6) ? null : reader.GetInt64(6),
                    Ours = reader.GetString(9),
                    Theirs = reader.GetString(10),
                });
            }
        }

        await OpenBreaks.AddAsync(connection, found, cancel);
        await CloseRepeatedAsync(connection, cancel);
        return found.Count;
    }

    /// <summary>Closes what banks or statements answered since, on this connection. Returns how many.</summary>
    internal static async Task<int> CloseRepeatedAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var close = new NpgsqlCommand(CloseRepeated, connection);
        return await close.ExecuteNonQueryAsync(cancel);
    }
}
