using EGovPay.Processing.Observing;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Journal;

/// <summary>
/// One transaction of the journal: the locks, the acceptances, the happenings, the rare commands. It is sent as one message
/// without an explicit begin: the server makes the whole pipeline one transaction and commits it at its end.
/// </summary>
internal sealed class LaneBatch
{
    private static readonly string LockStatement = Sql.Load("Journal/Lock.sql");

    private readonly AcceptBatch accepts = new();
    private readonly RecordBatch records = new();
    private readonly List<LaneCommand> singles = [];
    private readonly HashSet<object> met = [];
    private readonly SortedSet<int> lanes = [];

    public AcceptBatch Accepts => accepts;

    public RecordBatch Records => records;

    /// <summary>The rare commands.</summary>
    public IReadOnlyList<LaneCommand> Singles => singles;

    /// <summary>The node's monotonic clock before this execution began.</summary>
    public long StartedTicks { get; set; }

    /// <summary>When the oldest command of the batch came.</summary>
    public long OldestTicks { get; private set; } = long.MaxValue;

    public int Count => accepts.Commands.Count + records.Commands.Count + singles.Count;

    /// <summary>Adds a command, or says that it must wait for the next batch because one of its kind is already here.</summary>
    public bool TryAdd(LaneCommand command)
    {
        if (command.OneInABatch is { } key && !met.Add(key))
        {
            return false;
        }

        if (command is AcceptCommand accept)
        {
            if (accept.InquiryInABatch is { } inquiry && !met.Add(inquiry))
            {
                return false;
            }

            accepts.Add(accept);
            if (accept.InquiryLane is { } beside)
            {
                lanes.Add(beside);
            }
        }
        else if (command is RecordCommand record)
        {
            records.Add(record);
        }
        else
        {
            singles.Add(command);
        }

        lanes.Add(command.Lane);
        OldestTicks = Math.Min(OldestTicks, command.CameTicks);
        return true;
    }

    /// <summary>Prepares the statements of every batch on a new connection.</summary>
    public static async Task PrepareAsync(NpgsqlConnection connection)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Lock([]));
        foreach (var statement in AcceptBatch.Statements)
        {
            batch.BatchCommands.Add(new AcceptBatch().Build(statement));
        }

        foreach (var statement in RecordBatch.Statements)
        {
            batch.BatchCommands.Add(new RecordBatch().Build(statement));
        }

        await batch.PrepareAsync();
    }

    /// <summary>
    /// Executes and commits. When this returns, everything in it is durable; when it throws, nothing is told to anyone.
    /// </summary>
    /// <param name="connection">The lane's connection.</param>
    /// <param name="mustWrite">Write something in any case: only a commit that wrote waits for the standby.</param>
    public async Task ExecuteAsync(NpgsqlConnection connection, bool mustWrite)
    {
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        batch.BatchCommands.Add(Lock([.. lanes]));
        if (mustWrite)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("select pg_logical_emit_message(true, 'egovpay', '')"));
        }

        if (accepts.Commands.Count > 0)
        {
            batch.BatchCommands.Add(accepts.Build());
        }

        if (records.Commands.Count > 0)
        {
            batch.BatchCommands.Add(records.Build());
        }

        foreach (var single in singles)
        {
            batch.BatchCommands.Add(((ISingleCommand)single).Build());
        }

        // Neither a timeout nor a token: a wait for a standby that is cancelled looks like success.
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        if (mustWrite)
        {
            await reader.NextResultAsync();
        }

        if (accepts.Commands.Count > 0)
        {
            await accepts.ReadAsync(reader, StartedTicks);
            await reader.NextResultAsync();
        }

        if (records.Commands.Count > 0)
        {
            await records.ReadAsync(reader, StartedTicks);
            await reader.NextResultAsync();
        }

        foreach (var single in singles)
        {
            await ((ISingleCommand)single).ReadAsync(reader);
            await reader.NextResultAsync();
        }

        // The commit's own error arrives at the very end of the answer: it must be read before anyone is told.
        while (await reader.NextResultAsync())
        {
        }
    }

    /// <summary>An event that this batch wrote, or found written by its earlier execution; null: it wrote none.</summary>
    public Continuity.EventKey? LastWritten()
    {
        for (var i = records.Commands.Count - 1; i >= 0; i--)
        {
            if (records.Commands[i] is { Result.Done: true, Happening: var h })
            {
                return new Continuity.EventKey(h.AgentId, h.Number, (short)(h.SeenStep + 1));
            }
        }

        for (var i = accepts.Commands.Count - 1; i >= 0; i--)
        {
            if (accepts.Commands[i] is { Result.Verdict: AcceptVerdict.Entered, Acceptance: var a })
            {
                return new Continuity.EventKey(a.AgentId, a.Number, 0);
            }
        }

        return null;
    }

    /// <summary>Tells every caller its result; gives back what must be judged again.</summary>
    public void Complete(Queue<LaneCommand> again)
    {
        if (Spans.Wanted)
        {
            All().ForEach(command => command.BatchSize = Count);
        }

        foreach (var accept in accepts.Commands)
        {
            if (accept.Result is null)
            {
                again.Enqueue(accept);
            }
            else
            {
                accept.Complete();
            }
        }

        foreach (var record in records.Commands)
        {
            record.Complete();
        }

        foreach (var single in singles)
        {
            ((ISingleCommand)single).Complete();
        }
    }

    /// <summary>Every command of the batch, in the order of execution.</summary>
    public List<LaneCommand> All() => [.. accepts.Commands, .. records.Commands, .. singles];

    public void Clear()
    {
        accepts.Clear();
        records.Clear();
        singles.Clear();
        met.Clear();
        lanes.Clear();
        OldestTicks = long.MaxValue;
    }

    private static NpgsqlBatchCommand Lock(int[] ascending)
    {
        var command = new NpgsqlBatchCommand(LockStatement);
        command.Parameters.Add(new NpgsqlParameter<int[]>
        {
            TypedValue = ascending,
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer,
        });
        return command;
    }
}
