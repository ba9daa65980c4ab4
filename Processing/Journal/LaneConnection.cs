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
    /// <param name="before">
    /// The writer's connection before it, which broke: whatever it had sent is carried out by then, or never. Else the server might do so after
    /// the batch was executed again and its refusals told, with money that came back in between. Null: there was none.
    /// </param>
    ValueTask<ILaneConnection> OpenAsync(ILaneConnection? before, CancellationToken cancel);
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
    private static readonly string EndSession = Sql.Load("Journal/EndSession.sql");

    public async ValueTask<ILaneConnection> OpenAsync(ILaneConnection? before, CancellationToken cancel)
    {
        var connection = await database.OpenConnectionAsync(cancel);
        try
        {
            var began = await EndAsync(connection, before as LaneConnection, cancel);
            await LaneBatch.PrepareAsync(connection);
            return new LaneConnection(connection, began);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the session before; says when this one began, by which it is known when its turn comes.</summary>
    /// <exception cref="TimeoutException">It does not end.</exception>
    private static async Task<DateTime> EndAsync(NpgsqlConnection connection, LaneConnection? before, CancellationToken cancel)
    {
        await using var end = new NpgsqlCommand(EndSession, connection);
        end.Parameters.Add(new NpgsqlParameter<int> { TypedValue = before?.Process ?? 0 });
        end.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = before?.Began ?? DateTime.UnixEpoch });
        await using var reader = await end.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return reader.GetBoolean(1)
            ? reader.GetDateTime(0)
            : throw new TimeoutException("The journal's session before this one does not end; what it was sent may still be carried out.");
    }

    private sealed class LaneConnection : ILaneConnection
    {
        private readonly NpgsqlConnection connection;
        private bool inDoubt;

        public LaneConnection(NpgsqlConnection connection, DateTime began)
        {
            this.connection = connection;
            Process = connection.ProcessID;
            Began = began;
            connection.Notice += (_, told) => inDoubt |= PostgreSql.Database.SaysUnconfirmed(told.Notice);
        }

        /// <summary>The server's process, and when it began: a number alone may be another's by now.</summary>
        public int Process { get; }

        public DateTime Began { get; }

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
