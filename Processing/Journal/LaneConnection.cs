using Npgsql;

namespace EGovPay.Processing.Journal;

/// <summary>
/// Where the journal's connections come from. There is one in production, PostgreSQL. It is an interface because everything around
/// it decides: what is executed again, who is answered what after which failure. The simulation runs those decisions, as they are,
/// thousands of times against a model of the database that fails at chosen moments, which no server can be made to do; the model
/// is itself compared with PostgreSQL, operation by operation.
/// </summary>
internal interface ILaneDatabase
{
    /// <summary>A connection with the journal's statements prepared.</summary>
    ValueTask<ILaneConnection> OpenAsync(CancellationToken cancel);
}

/// <summary>One connection of the journal; it executes one batch at a time.</summary>
internal interface ILaneConnection : IAsyncDisposable
{
    bool IsOpen { get; }

    /// <summary>
    /// Executes and commits a batch and lets it read its results. When this returns, everything in it is durable, unless the answer is
    /// true: then the server stopped waiting for its standby. When it throws, nothing is told to anyone.
    /// </summary>
    /// <param name="mustWrite">Write something in any case: only a commit that wrote waits for the standby.</param>
    Task<bool> ExecuteAsync(LaneBatch batch, bool mustWrite);
}

/// <summary>The journal's connections to PostgreSQL.</summary>
internal sealed class LaneDatabase(NpgsqlDataSource database) : ILaneDatabase
{
    public async ValueTask<ILaneConnection> OpenAsync(CancellationToken cancel)
    {
        var connection = await database.OpenConnectionAsync(cancel);
        try
        {
            await LaneBatch.PrepareAsync(connection);
            return new LaneConnection(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private sealed class LaneConnection : ILaneConnection
    {
        private readonly NpgsqlConnection connection;
        private bool inDoubt;

        public LaneConnection(NpgsqlConnection connection)
        {
            this.connection = connection;
            connection.Notice += (_, told) => inDoubt |= PostgreSql.Database.SaysUnconfirmed(told.Notice);
        }

        public bool IsOpen => connection.State == System.Data.ConnectionState.Open;

        public async Task<bool> ExecuteAsync(LaneBatch batch, bool mustWrite)
        {
            inDoubt = false;
            await batch.ExecuteAsync(connection, mustWrite);
            return inDoubt;
        }

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
