using EGovPay.Processing.Observing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Journal;

/// <summary>
/// The only writer of payments, holds and postings. Commands queue; a connection takes whatever has queued while its previous
/// commit ran and writes it as one transaction: an idle lane commits one command at once, a busy one spreads the disk's
/// flush over thousands. No timers. A caller is answered only after its commit, and never when the commit is in doubt.
/// </summary>
public sealed class Journal : IAsyncDisposable
{
    private const int FullOnesToSpread = 3;

    private readonly LaneWriter[] writers;
    private readonly int spreadAt;
    private volatile int fullOnes;
    private volatile bool spread;

    public Journal(
        NpgsqlDataSource database, JournalSettings settings, ILogger<Journal> log, TimeProvider? time = null)
        : this(new LaneDatabase(database), settings, log, time ?? TimeProvider.System)
    {
    }

    internal Journal(ILaneDatabase database, JournalSettings settings, ILogger log, TimeProvider time)
    {
        if (settings.Connections is < 1 or > Lanes.Count)
        {
            throw new ArgumentException($"The journal runs on 1–{Lanes.Count} connections.", nameof(settings));
        }

        spreadAt = settings.SpreadAt;
        writers = [.. Enumerable.Range(0, settings.Connections).Select(_ => new LaneWriter(database, settings, Filled, log, time))];
    }

    /// <summary>
    /// A connection string for the journal's own connections: statements stay prepared, plans are made once and never on the
    /// sizes of empty tables (a sequential scan chosen then read 65 million rows later), an abandoned transaction ends by itself.
    /// </summary>
    /// <param name="nodeId">Whose they are; others end them by it when its lease has ended (FenceNodes.sql). 0: nobody's.</param>
    public static string ConnectionString(string database, int nodeId = 0)
    {
        var builder = new NpgsqlConnectionStringBuilder(database)
        {
            // The journal prepares its own statements when it connects. A statement that Npgsql prepared by itself inside a batch
            // that failed is gone from the server and not from Npgsql's memory; so nothing else is ever prepared.
            MaxAutoPrepare = 10, AutoPrepareMinUsages = int.MaxValue,
            CommandTimeout = 0, Enlist = false,
            MaxPoolSize = Lanes.Count + 1,
            ApplicationName = FormattableString.Invariant($"egovpay-journal-{nodeId}"),
        };
        builder.Options = string.Join(' ', [
            builder.Options ?? "", "-c plan_cache_mode=force_generic_plan", "-c enable_seqscan=off", "-c enable_hashjoin=off",
            "-c enable_mergejoin=off", "-c enable_sort=off", "-c enable_memoize=off",
            "-c idle_in_transaction_session_timeout=2s", "-c lock_timeout=5s", "-c jit=off"]).Trim();
        return builder.ConnectionString;
    }

    /// <summary>Commands that wait now.</summary>
    public int Waiting => writers.Sum(writer => writer.Waiting);

    /// <summary>How long the oldest command has been waiting for its commit; zero where none is.</summary>
    public TimeSpan OldestAge => writers.Max(writer => writer.OldestAge);

    /// <summary>
    /// The quickest commit since this was asked last, of the connection that is slowest; null where none ended. For one who asks again
    /// and again: how slow commits are at least, whatever made single ones wait.
    /// </summary>
    public TimeSpan? QuickestCommit() => writers.Max(writer => writer.QuickestCommit());

    /// <summary>Enters a payment. <see cref="AcceptVerdict.Overloaded"/> at once when the queue is full.</summary>
    public Task<Accepted> AcceptAsync(Acceptance acceptance)
    {
        var command = new AcceptCommand(acceptance);
        if (!WriterOf(command).TryEnqueue(command))
        {
            command.RefuseOverloaded();
        }

        return Spans.Wanted ? Spans.CommitAsync("journal accept", command, command.Task) : command.Task;
    }

    /// <summary>Records what happened to a payment. It waits for its place: an outcome is never refused.</summary>
    public async Task<Recorded> RecordAsync(Happening happening)
    {
        var command = new RecordCommand(happening);
        await WriterOf(command).EnqueueAsync(command);
        return await (Spans.Wanted ? Spans.CommitAsync("journal record", command, command.Task) : command.Task);
    }

    /// <summary>Executes a rare command under its agent's lane.</summary>
    internal async Task<TResult> ExecuteAsync<TResult>(SingleCommand<TResult> command)
    {
        await WriterOf(command).EnqueueAsync(command);
        return await command.Task;
    }

    /// <summary>Writes what has queued, then ends. New commands are refused by an exception.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var writer in writers)
        {
            await writer.DisposeAsync();
        }
    }

    /// <summary>
    /// Any connection may write any command: the lanes' locks keep their transactions apart. Which one does is only a matter of speed.
    /// </summary>
    private LaneWriter WriterOf(LaneCommand command) => writers[spread ? command.Lane % writers.Length : 0];

    /// <summary>Hears of each transaction how many commands are in it.</summary>
    private void Filled(int commands)
    {
        // One alone is what piled up behind a slow commit. Two writers may count past each other: it is a guess in any case.
        fullOnes = commands >= spreadAt ? fullOnes + 1 : 0;
        spread = spread ? commands >= spreadAt / 4 : fullOnes >= FullOnesToSpread;
    }
}
