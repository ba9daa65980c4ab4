using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Continuity;

/// <summary>
/// Watches that the database stays the one that this node knows. Each new connection is judged; once a second the node counts in
/// the database and remembers the count outside. Where the database is not the continuation, nothing is begun or written.
/// </summary>
public sealed class WatchContinuity : IDisposable
{
    private const int CountSeconds = 3;

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <summary>A count alone, without anything that this node saw committed, is written down so often.</summary>
    private static readonly Duration Idle = Duration.FromSeconds(5);
    private static readonly string Look = Sql.Load("Continuity/Look.sql");
    private static readonly string Witness = Sql.Load("Continuity/Witness.sql");
    private static readonly string BeginEpoch = Sql.Load("Continuity/BeginEpoch.sql");
    private static readonly string Doubt = Sql.Load("Continuity/Doubt.sql");

    private readonly string? file;
    private readonly string name;
    private readonly ILogger log;
    private readonly Guid place = Guid.NewGuid();
    private readonly CancellationTokenSource broken = new();
    private readonly TaskCompletionSource sure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider time;
    private volatile Marker? remembered;
    private volatile EventKey? lastEvent;
    private volatile NumbersHeld? numbers;
    private volatile PrimaryMet? primary;
    private Marker? kept;
    private long epoch;
    private int verdict = (int)Verdict.NobodyVouches;

    /// <param name="file">Where the node's memory lies outside the database; null: it has none but its own life.</param>
    /// <exception cref="InvalidDataException">The file cannot be read.</exception>
    public WatchContinuity(string? file, string name, TimeProvider time, ILogger log)
    {
        this.file = file;
        this.name = name;
        this.time = time;
        this.log = log;
        remembered = file is null ? null : Marker.Read(file);
    }

    /// <summary>What the database is, as judged last.</summary>
    public Verdict Verdict => (Verdict)Volatile.Read(ref verdict);

    /// <summary>It is the one that is known: work may go on.</summary>
    public bool Sure => Verdict is Verdict.First or Verdict.Continues or Verdict.Promoted && !broken.IsCancellationRequested;

    /// <summary>Ends when the database turns out to be another one under this node, which is then to start again.</summary>
    public CancellationToken Broken => broken.Token;

    /// <summary>
    /// Ends when somebody has owned up to a restore under this process: the database is to be worked on again, by a process that is
    /// started now. This one holds numbers, and commands in its journal, of what was lost.
    /// </summary>
    public Task CutOff => cut.Task;

    /// <summary>Ends when the database is known to be the right one.</summary>
    public Task SureAsync(CancellationToken cancel) => sure.Task.WaitAsync(cancel);

    /// <summary>An event of which the server said, and a standby confirmed, that it is committed.</summary>
    public void Saw(EventKey committed) => lastEvent = committed;

    /// <summary>
    /// Payment numbers of which a standby confirmed that they are this node's: a database that does not know them would give them to
    /// others too, and nobody would look for payments under them.
    /// </summary>
    public void Took(long first, int nodeId) => numbers = new NumbersHeld(first, nodeId);

    /// <summary>Judges what a new connection met.</summary>
    /// <exception cref="NpgsqlException">An old primary: look for another.</exception>
    public async Task MeetAsync(NpgsqlConnection connection, PrimaryMet met)
    {
        var memory = remembered is { } before && lastEvent is { } seen ? before with { Event = seen } : remembered;
        // What this process was sure of in its life: a memory from the file may be older.
        var living = Volatile.Read(ref epoch);
        var held = numbers;
        var past = await LookAsync(connection, memory, living, held);
        var judged = JudgeContinuity.Of(memory, met, past);
        switch (judged)
        {
            case Verdict.OldPrimary:
                Log.OldPrimary(log, met.Timeline, memory!.Timeline);
                throw new NpgsqlException(
                    "This primary was left behind by a promotion; it must not take anything. Is the other one reachable?");
            case Verdict.First or Verdict.Promoted:
                await BeginAsync(connection, met, judged);
                past = await LookAsync(connection, memory, living, held);
                break;
            case Verdict.Lost:
                if (past.Epoch is null)
                {
                    await BeginAsync(connection, met, Verdict.First);
                }

                await DoubtAsync(connection, memory, held);
                break;
            default:
                break;
        }

        Say(judged, met, past);
        if (past.RestoredSince && judged != Verdict.Cut)
        {
            remembered = null;
        }

        if (broken.IsCancellationRequested)
        {
            // Its number among the nodes may be another's here: not even a heartbeat may come through.
            throw new NpgsqlException("The database is not the one that this server worked on; the server is to be started again.");
        }
    }

    /// <summary>The same, for connections that write: on a database that is not the right one there are none.</summary>
    /// <exception cref="NpgsqlException">The database is not the continuation of what is known.</exception>
    public async Task MeetToWriteAsync(NpgsqlConnection connection, PrimaryMet met)
    {
        await MeetAsync(connection, met);
        if (!Sure)
        {
            throw new NpgsqlException("The database was restored; nothing is written until `egovpay restored` was run.");
        }
    }

    /// <summary>Counts until stopped, and waits while the database is not the right one.</summary>
    public async Task RunAsync(NpgsqlDataSource database, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (Sure)
                {
                    await CountAsync(database);
                }
                else if (!broken.IsCancellationRequested)
                {
                    await LookAgainAsync(database, stop);
                }
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException or IOException or UnauthorizedAccessException)
            {
                Log.BackgroundFailed(log, failure, "counting in the database");
            }

            await Task.Delay(Beat, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The last thing that this node saw, kept for its next life.</summary>
    public void Keep()
    {
        if (Sure && file is not null && remembered is { } before && before.Place == place)
        {
            try
            {
                (before with { Event = lastEvent ?? before.Event }).Write(file);
            }
            catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
            {
                // What was written down before stands; it says less.
                Log.BackgroundFailed(log, unwritable, "remembering the database");
            }
        }
    }

    public void Dispose() => broken.Dispose();

    private async Task CountAsync(NpgsqlDataSource database)
    {
        // What was seen before the count is before it in the log: a database that knows the count knows the event.
        var seen = lastEvent ?? remembered?.Event;
        var met = primary!;
        var mark = remembered is { } before && before.Place == place ? before.Mark + 1 : 1;
        var at = (DateTime)(await database.WriteSurelyAsync(
            Witness, CountSeconds,
            new NpgsqlParameter<Guid> { TypedValue = place },
            new NpgsqlParameter<long> { TypedValue = mark },
            new NpgsqlParameter<string> { TypedValue = name }))!;
        var now = new Marker(
            place, Volatile.Read(ref epoch), met.SystemIdentifier, met.Timeline, mark, Instant.FromDateTimeUtc(at), seen);
        remembered = now;
        if (file is not null && (kept is not { } last || last.Event != now.Event || last.Epoch != now.Epoch || last.Place != now.Place
            || now.At < last.At || now.At - last.At >= Idle))
        {
            now.Write(file);
            kept = now;
        }
    }

    private async Task LookAgainAsync(NpgsqlDataSource database, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        if (primary is { } met)
        {
            await MeetAsync(connection, met);
        }
    }

    private void Say(Verdict judged, PrimaryMet met, PastSeen past)
    {
        var before = (Verdict)Interlocked.Exchange(ref verdict, (int)judged);
        primary = met;
        if (judged is Verdict.First or Verdict.Continues or Verdict.Promoted)
        {
            Volatile.Write(ref epoch, past.Epoch ?? 0);
            if (!broken.IsCancellationRequested)
            {
                sure.TrySetResult();
            }
        }
        else
        {
            if (before != judged)
            {
                Log.NotTheContinuation(log, judged.ToString());
            }

            if (sure.Task.IsCompleted)
            {
                // It was the right one, and no longer is: what this process holds in memory is of another past.
                broken.Cancel();
            }

            if (judged == Verdict.Cut && cut.TrySetResult())
            {
                Log.RestoredUnderThisNode(log);
            }
        }
    }

    private static async Task BeginAsync(NpgsqlConnection connection, PrimaryMet met, Verdict judged)
    {
        await using var begin = new NpgsqlCommand(BeginEpoch, connection) { CommandTimeout = CountSeconds };
        begin.Parameters.Add(new NpgsqlParameter<long> { TypedValue = met.SystemIdentifier });
        begin.Parameters.Add(new NpgsqlParameter<int> { TypedValue = met.Timeline });
        begin.Parameters.Add(new NpgsqlParameter<string> { TypedValue = judged == Verdict.First ? "first" : "promoted" });
        await begin.ExecuteNonQueryAsync();
    }

    private async Task DoubtAsync(NpgsqlConnection connection, Marker? memory, NumbersHeld? held)
    {
        await using var doubt = new NpgsqlCommand(Doubt, connection) { CommandTimeout = CountSeconds };
        var what = string.Join(", ", new[] { memory?.Text, held is null ? null : $"payment numbers from {held.First}" }.OfType<string>());
        doubt.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{name} remembers: {what}" });
        await doubt.ExecuteNonQueryAsync();
    }

    private static async Task<PastSeen> LookAsync(
        NpgsqlConnection connection, Marker? memory, long living, NumbersHeld? held)
    {
        await using var look = new NpgsqlCommand(Look, connection) { CommandTimeout = CountSeconds };
        look.Parameters.Add(new NpgsqlParameter<Guid?> { TypedValue = memory?.Place });
        look.Parameters.Add(new NpgsqlParameter<long> { TypedValue = memory?.Epoch ?? 0 });
        look.Parameters.Add(new NpgsqlParameter<int> { TypedValue = memory?.Event?.AgentId ?? 0 });
        look.Parameters.Add(new NpgsqlParameter<long> { TypedValue = memory?.Event?.Number ?? 0 });
        look.Parameters.Add(new NpgsqlParameter<short> { TypedValue = memory?.Event?.Step ?? 0 });
        look.Parameters.Add(new NpgsqlParameter<long> { TypedValue = living });
        look.Parameters.Add(new NpgsqlParameter<long> { TypedValue = held?.First ?? 0 });
        look.Parameters.Add(new NpgsqlParameter<int> { TypedValue = held?.NodeId ?? 0 });
        await using var row = await look.ExecuteReaderAsync();
        await row.ReadAsync();
        var known = !row.IsDBNull(0);
        return new PastSeen(
            known ? row.GetInt64(0) : null, known ? row.GetInt64(1) : 0, known ? row.GetInt32(2) : 0,
            row.GetBoolean(3), row.GetBoolean(4), row.GetBoolean(5), row.GetInt64(6), row.GetBoolean(7), row.GetInstantOrNull(8), row.GetBoolean(9),
            row.GetBoolean(10));
    }

    /// <summary>The run of payment numbers that was taken last; each one before it is older in the log.</summary>
    private sealed record NumbersHeld(long First, int NodeId);
}
