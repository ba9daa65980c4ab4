using Npgsql;

namespace EGovPay.Processing.Journal;

/// <summary>
/// Something to be written under an agent's lane. It is executed in a batch with whatever else has queued, may be executed
/// again after a failure whose outcome is not known, and must therefore recognise its own first execution.
/// </summary>
internal abstract class LaneCommand(int agentId)
{
    public int AgentId { get; } = agentId;

    public short Lane { get; } = Lanes.Of(agentId);

    /// <summary>When it came, on this machine's monotonic clock.</summary>
    public long CameTicks { get; set; }

    /// <summary>How many were committed with it; told only to those who trace.</summary>
    public int BatchSize { get; set; }

    /// <summary>Ends the command with a defect or a database that refused it; the caller sees the exception.</summary>
    public abstract void Fail(Exception exception);

    /// <summary>Commands with an equal key must not meet in one batch; null meets anything.</summary>
    public abstract object? OneInABatch { get; }
}

/// <summary>
/// A rare command that brings its own single statement: a cancel, a top-up, a shift. The statement must be idempotent.
/// </summary>
internal abstract class SingleCommand<TResult>(int agentId) : LaneCommand(agentId), ISingleCommand
{
    private readonly TaskCompletionSource<TResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TResult? result;

    public Task<TResult> Task => completion.Task;

    /// <summary>What the statement gave; told to the caller after the commit.</summary>
    public TResult? Result { get => result; set => result = value; }

    public abstract NpgsqlBatchCommand Build();

    /// <summary>Reads the statement's rows; nothing is told to the caller before the commit.</summary>
    protected abstract ValueTask<TResult> ReadAsync(NpgsqlDataReader reader);

    async ValueTask ISingleCommand.ReadAsync(NpgsqlDataReader reader) => result = await ReadAsync(reader);

    void ISingleCommand.Complete() => completion.TrySetResult(result!);

    public override void Fail(Exception exception) => completion.TrySetException(exception);
}

/// <summary>What the batch needs of a rare command, whatever its result is.</summary>
internal interface ISingleCommand
{
    NpgsqlBatchCommand Build();

    ValueTask ReadAsync(NpgsqlDataReader reader);

    void Complete();
}
