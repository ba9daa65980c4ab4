using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Comparisons of a provider come one after the other, on any node; so do those with banks, and who puts back what a bank refused. A connection that
/// breaks gives its turn back by breaking.
/// </summary>
internal sealed class Turn : IAsyncDisposable
{
    /// <summary>The advisory lock; its second key says whose turn it is.</summary>
    public const int Lock = 7317;

    /// <summary>The second key of those who compare with banks; else it is a provider's number.</summary>
    public const int OfBanks = 0;

    private readonly int of;

    private Turn(NpgsqlConnection connection, int of) => (Connection, this.of) = (connection, of);

    public NpgsqlConnection Connection { get; }

    /// <summary>Waits for its turn, however long the others take.</summary>
    public static async Task<Turn> TakeAsync(NpgsqlDataSource database, int of, CancellationToken cancel)
    {
        var connection = await database.OpenConnectionAsync(cancel);
        try
        {
            await using var take = new NpgsqlCommand($"select pg_advisory_lock({Lock}, $1)", connection) { CommandTimeout = 0 };
            take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = of });
            await take.ExecuteNonQueryAsync(cancel);
            return new Turn(connection, of);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Connection.FullState.HasFlag(System.Data.ConnectionState.Open))
        {
            await using var give = new NpgsqlCommand($"select pg_advisory_unlock({Lock}, $1)", Connection);
            give.Parameters.Add(new NpgsqlParameter<int> { TypedValue = of });
            await give.ExecuteNonQueryAsync(CancellationToken.None);
        }

        await Connection.DisposeAsync();
    }
}
