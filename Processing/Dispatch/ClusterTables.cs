using System.Runtime.InteropServices;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Dispatch;

/// <summary>A node of the cluster whose payments may have to be looked after.</summary>
/// <param name="LeaseEnded">Its lease ended by database time; this node itself is never given as ended.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NodeSeen(int NodeId, bool LeaseEnded);

/// <summary>A payment whose node may have ended.</summary>
/// <param name="ClaimEnded">
/// It was claimed, and nothing of that claim is sent any more, by database time. A payment is claimed once; what was not claimed yet when it
/// was looked at says nothing of a claim that it has now.
/// </param>
/// <param name="Owner">The node that claimed it last.</param>
public sealed record LostPayment(int AgentId, long Number, bool ClaimEnded, int Owner, bool OwnerEnded);

/// <summary>An unknown payment that is due to be asked about, leased to this node.</summary>
/// <param name="Asks">How often it was asked about.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DueQuestion(int AgentId, long Number, int Asks);

/// <summary>A reversal that is due to be asked for, leased to this node.</summary>
/// <param name="CancelNumber">Its own number at the provider.</param>
/// <param name="AskedAt">When somebody wanted it; its date at the provider.</param>
/// <param name="Asks">How often it was leased before: above zero the provider may have heard of it.</param>
public sealed record DueReversal(int AgentId, long Number, long CancelNumber, Instant AskedAt, int Asks);

/// <summary>
/// What nodes tell each other through the database: who is alive, whose payments nobody looks after, what is due to be asked.
/// There is one in production, PostgreSQL. It is an interface because recovery is decided between these round trips, and the
/// simulation runs those decisions, as they are, thousands of times against a model with nodes that die, freeze and wake in the worst
/// order; the model is itself compared with PostgreSQL, operation by operation.
/// </summary>
public interface IClusterTables
{
    /// <summary>Enters a node with a lease of five seconds; gives its number.</summary>
    Task<int> RegisterAsync(string name);

    /// <summary>The first of the next <see cref="Node.BlockSize"/> payment numbers.</summary>
    Task<long> TakeBlockAsync(int nodeId);

    /// <summary>
    /// This node is alive, for so many seconds, and has nothing unfinished below a number; 0: it does not know. Gives the database's time.
    /// </summary>
    /// <param name="leaseSeconds">0: it ends now; below: it ended so long ago, and may be closed the sooner.</param>
    Task<Instant> BeatAsync(int nodeId, int leaseSeconds, long lowNumber);

    /// <summary>
    /// The node itself, and those whose lease has ended and who are not yet closed. What they left open in the database is ended
    /// first: a frozen node, or one whose machine is gone, would hold its lanes against everybody.
    /// </summary>
    Task<IReadOnlyList<NodeSeen>> NodesAsync(int nodeId, CancellationToken cancel);

    /// <summary>
    /// What a node accepted, under numbers of its own blocks, and nobody has finished: in the order of the numbers, at most
    /// <see cref="ClusterTables.FindLimit"/>.
    /// </summary>
    /// <param name="after">Only numbers above this one.</param>
    Task<IReadOnlyList<LostPayment>> LostAsync(int nodeId, long after, CancellationToken cancel);

    /// <summary>Those of these payments that nobody has finished, whoever began or claimed them.</summary>
    Task<IReadOnlyList<LostPayment>> UnfinishedAsync(int[] agentIds, long[] numbers, CancellationToken cancel);

    /// <summary>Nothing of a dead node is left; a node whose lease ended less than a minute ago stays.</summary>
    Task CloseAsync(int nodeId, CancellationToken cancel);

    /// <summary>Takes what is due, as many of each provider as it has room for, away from other nodes for so many seconds.</summary>
    Task<IReadOnlyList<DueQuestion>> LeaseDueAsync(
        int[] providerIds, int[] room, int leaseSeconds, CancellationToken cancel);

    /// <summary>Takes the reversals that are due as <see cref="LeaseDueAsync"/> takes questions; the lease is each provider's.</summary>
    Task<IReadOnlyList<DueReversal>> LeaseReversalsAsync(
        int[] providerIds, int[] room, int[] leaseSeconds, CancellationToken cancel);
}

/// <summary>The tables of the cluster in PostgreSQL.</summary>
/// <param name="took">Hears of each block: its first number, and whose it is; null: nobody does.</param>
public sealed class ClusterTables(NpgsqlDataSource database, Action<long, int>? took = null) : IClusterTables
{
    /// <summary>As in FindLost.sql.</summary>
    public const int FindLimit = 5_000;

    /// <summary>How long after the end of its lease a node may be closed; as in CloseNode.sql.</summary>
    public const int ClosedAfterSeconds = 60;

    private const int TakeSeconds = 20;
    private const int BeatSeconds = 3;

    private static readonly string TakeBlock = Sql.Load("Dispatch/TakeBlock.sql");
    private static readonly string Heartbeat = Sql.Load("Dispatch/Heartbeat.sql");
    private static readonly string FindLost = Sql.Load("Dispatch/FindLost.sql");
    private static readonly string FindUnfinished = Sql.Load("Dispatch/FindUnfinished.sql");
    private static readonly string CloseNode = Sql.Load("Dispatch/CloseNode.sql");
    private static readonly string FenceNodes = Sql.Load("Dispatch/FenceNodes.sql");
    private static readonly string LeaseDue = Sql.Load("Dispatch/LeaseDue.sql");
    private static readonly string LeaseReversals = Sql.Load("Dispatch/LeaseReversals.sql");

    public async Task<int> RegisterAsync(string name)
    {
        await using var register = database.CreateCommand(
            "insert into node (name, lease_until, low_number) "
            + "select $1, now() + interval '5 seconds', s.last_value from payment_number s returning node_id");
        register.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        return (int)(await register.ExecuteScalarAsync())!;
    }

    public async Task<long> TakeBlockAsync(int nodeId)
    {
        // A block that a promoted standby does not know of would be given out again, to somebody else.
        var first = (long)(await database.WriteSurelyAsync(
            TakeBlock, TakeSeconds, new NpgsqlParameter<int> { TypedValue = nodeId }))!;
        took?.Invoke(first, nodeId);
        return first;
    }

    public async Task<Instant> BeatAsync(int nodeId, int leaseSeconds, long lowNumber)
    {
        var now = await database.WriteSurelyAsync(
            Heartbeat, BeatSeconds,
            new NpgsqlParameter<int> { TypedValue = nodeId },
            new NpgsqlParameter<int> { TypedValue = leaseSeconds },
            new NpgsqlParameter<long> { TypedValue = lowNumber });
        return Instant.FromDateTimeUtc((DateTime)now!);
    }

    public async Task<IReadOnlyList<NodeSeen>> NodesAsync(int nodeId, CancellationToken cancel)
    {
        await using (var fence = database.CreateCommand(FenceNodes))
        {
            fence.Parameters.Add(new NpgsqlParameter<int> { TypedValue = nodeId });
            await fence.ExecuteNonQueryAsync(cancel);
        }

        await using var command = database.CreateCommand(
            "select node_id, lease_until < now() and node_id <> $1 from node "
            + "where recovered_at is null and (lease_until < now() or node_id = $1) order by node_id");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = nodeId });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var nodes = new List<NodeSeen>();
        while (await reader.ReadAsync(cancel))
        {
            nodes.Add(new NodeSeen(reader.GetInt32(0), reader.GetBoolean(1)));
        }

        return nodes;
    }

    public async Task<IReadOnlyList<LostPayment>> LostAsync(int nodeId, long after, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindLost);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = nodeId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Node.BlockSize });
        return await ReadLostAsync(command, cancel);
    }

    public async Task<IReadOnlyList<LostPayment>> UnfinishedAsync(int[] agentIds, long[] numbers, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindUnfinished);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = agentIds });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = numbers });
        return await ReadLostAsync(command, cancel);
    }

    public async Task CloseAsync(int nodeId, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(CloseNode);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = nodeId });
        await command.ExecuteNonQueryAsync(cancel);
    }

    public async Task<IReadOnlyList<DueQuestion>> LeaseDueAsync(
        int[] providerIds, int[] room, int leaseSeconds, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(LeaseDue);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = providerIds });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = room });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = leaseSeconds });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var due = new List<DueQuestion>();
        while (await reader.ReadAsync(cancel))
        {
            due.Add(new DueQuestion(reader.GetInt32(0), reader.GetInt64(1), reader.GetInt32(2)));
        }

        return due;
    }

    public async Task<IReadOnlyList<DueReversal>> LeaseReversalsAsync(
        int[] providerIds, int[] room, int[] leaseSeconds, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(LeaseReversals);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = providerIds });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = room });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = leaseSeconds });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var due = new List<DueReversal>();
        while (await reader.ReadAsync(cancel))
        {
            due.Add(new DueReversal(
                reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInstant(3), reader.GetInt32(4)));
        }

        return due;
    }

    private static async Task<IReadOnlyList<LostPayment>> ReadLostAsync(NpgsqlCommand command, CancellationToken cancel)
    {
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var lost = new List<LostPayment>();
        while (await reader.ReadAsync(cancel))
        {
            lost.Add(new LostPayment(
                reader.GetInt32(0), reader.GetInt64(1), reader.GetBoolean(2), reader.GetInt32(3), reader.GetBoolean(4)));
        }

        return lost;
    }
}
