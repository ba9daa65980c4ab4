using EGovPay.Processing.Payments;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Telling;

/// <summary>Receivers that are no endpoint: all e-mail goes by one relay, all SMS by one gateway.</summary>
public static class Receivers
{
    public const int Email = -1;
    public const int Sms = -2;
}

/// <summary>A delivery, leased by this node: for <see cref="Deliveries.LeaseSeconds"/> nobody else tells it.</summary>
/// <param name="Attempts">This attempt's number, from 1.</param>
public sealed record Leased(int AgentId, long Number, short Step, int Receiver, short Attempts);

/// <summary>A payment as it stood at the step that is told, and where its payer wants to hear of it.</summary>
public sealed record ToldPayment(Payment Payment, Contact? Contact);

/// <summary>What came of an attempt. The numbers are the statement's.</summary>
public enum TellingOutcome : short
{
    /// <summary>The receiver has it.</summary>
    Told = 0,

    /// <summary>Later once more.</summary>
    Again = 1,

    /// <summary>It will never be taken: a dead letter.</summary>
    Dead = 2,

    /// <summary>Not tried after all; it costs no attempt.</summary>
    Untried = 3,
}

/// <summary>What is written down of an attempt.</summary>
/// <param name="Note">What a person is to know; never an address, never the receiver's own words. Null: as it was.</param>
public sealed record Attempted(Leased Delivery, TellingOutcome Outcome, TimeSpan Delay, string? Note);

/// <summary>How telling stands. Counts stop at <see cref="Deliveries.CountLimit"/>.</summary>
/// <param name="Waiting">Events in the outbox that nobody has fanned out.</param>
/// <param name="OnTheWay">Deliveries not told yet.</param>
/// <param name="Dead">Dead letters.</param>
/// <param name="OldestUndelivered">The age of the oldest event that has not reached a receiver; zero: there is none.</param>
public sealed record TellingFigures(long Waiting, long OnTheWay, long Dead, Duration OldestUndelivered);

/// <summary>What was old and is gone.</summary>
/// <param name="Told">Records of what somebody was told.</param>
/// <param name="Contacts">Payers' addresses.</param>
public sealed record Forgotten(long Told, long DeadLetters, long Contacts);

/// <summary>An event that was given up.</summary>
/// <param name="Whose">The agent's code, or <c>provider N</c>; null: the payer.</param>
public sealed record DeadLetter(
    long Number, short Step, int Receiver, string? Type, string? Whose, Instant EventAt, Instant DeadAt, int Attempts, string? Note);

/// <summary>
/// The outbox and what becomes of it: events are fanned out to deliveries, leased by a node, and written down as told, due again or
/// dead. Times are the database's. It tells nobody itself. It has connections of its own, few: however much is to be told, nobody
/// else waits for it.
/// </summary>
public sealed class Deliveries : IAsyncDisposable
{
    /// <summary>How long a node may take for an attempt; after that another node makes the next one.</summary>
    public const int LeaseSeconds = 20;

    /// <summary>Days that a told event is remembered.</summary>
    public const int RecordDays = 8;

    /// <summary>Days that a dead letter is kept.</summary>
    public const int DeadDays = 30;

    /// <summary>Days after the acceptance that a payer's address is kept: reversals and corrections come in that time.</summary>
    public const int ContactDays = 40;

    /// <summary>The highest count that <see cref="FiguresAsync(CancellationToken)"/> tells.</summary>
    public const int CountLimit = 100_000;

    private const int Connections = 4;
    private const int Batch = 1_000;

    private static readonly string FanOutStatement = Sql.Load("Telling/FanOut.sql");
    private static readonly string LeaseStatement = Sql.Load("Telling/LeaseDeliveries.sql");
    private static readonly string ReadStatement = Sql.Load("Telling/ReadTold.sql");
    private static readonly string SettleStatement = Sql.Load("Telling/SettleDeliveries.sql");
    private static readonly string GiveUpStatement = Sql.Load("Telling/GiveUp.sql");
    private static readonly string ForgetToldStatement = Sql.Load("Telling/ForgetTold.sql");
    private static readonly string ForgetDeadStatement = Sql.Load("Telling/ForgetDead.sql");
    private static readonly string ForgetContactsStatement = Sql.Load("Telling/ForgetContacts.sql");
    private static readonly string FiguresStatement = Sql.Load("Telling/TellingFigures.sql");
    private static readonly string DeadStatement = Sql.Load("Telling/DeadLetters.sql");
    private static readonly string ResendStatement = Sql.Load("Telling/Resend.sql");

    private static readonly short[] Edges = [.. Announcement.All.Select(one => one.EdgeId)];
    private static readonly string[] Types = [.. Announcement.All.Select(one => one.Type)];
    private static readonly bool[] ToProvider = [.. Announcement.All.Select(one => one.ToProvider)];
    private static readonly short[] ToPayer = [.. Announcement.All.Select(one => (short)one.ToPayer)];

    private readonly NpgsqlDataSource database;
    private readonly PayerChannels channels;

    public Deliveries(string connectionString, PayerChannels channels)
    {
        this.channels = channels;
        var builder = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxPoolSize = Connections,
            ApplicationName = "egovpay-telling",
        };
        // Plans are made on tables that may be empty then and hold years later.
        builder.Options = $"{builder.Options} -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off".Trim();
        database = Database.Open(builder.ConnectionString);
    }

    /// <summary>Makes deliveries of the oldest events in the outbox. Returns how many events; as many as a batch: there may be more.</summary>
    public async Task<int> FanOutAsync(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FanOutStatement);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = Edges });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Types });
        command.Parameters.Add(new NpgsqlParameter<bool[]> { TypedValue = ToProvider });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = ToPayer });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = channels.Email });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = channels.Sms });
        return (int)(long)(await command.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>Events that one <see cref="FanOutAsync"/> takes at most.</summary>
    public static int FanOutLimit => Batch;

    /// <summary>Leases what is due, as many of each receiver as it has room for.</summary>
    public async Task<IReadOnlyList<Leased>> LeaseAsync(
        IReadOnlyCollection<(int Receiver, int Room)> rooms, CancellationToken cancel)
    {
        if (rooms.Count == 0)
        {
            return [];
        }

        await using var command = database.CreateCommand(LeaseStatement);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. rooms.Select(room => room.Receiver)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. rooms.Select(room => room.Room)] });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = LeaseSeconds });
        await using var row = await command.ExecuteReaderAsync(cancel);
        var leased = new List<Leased>();
        while (await row.ReadAsync(cancel))
        {
            leased.Add(new Leased(row.GetInt32(0), row.GetInt64(1), row.GetInt16(2), row.GetInt32(3), row.GetInt16(4)));
        }

        return leased;
    }

    /// <summary>The payments of deliveries, each as it stood at its step; one that is not in the book is left out.</summary>
    public async Task<IReadOnlyDictionary<(long Number, short Step), ToldPayment>> ReadAsync(
        IReadOnlyCollection<Leased> leased, CancellationToken cancel)
    {
        var wanted = leased.DistinctBy(one => (one.Number, one.Step)).ToList();
        await using var command = database.CreateCommand(ReadStatement);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. wanted.Select(one => one.AgentId)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. wanted.Select(one => one.Number)] });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. wanted.Select(one => one.Step)] });
        await using var row = await command.ExecuteReaderAsync(cancel);
        var payments = new Dictionary<(long, short), ToldPayment>(wanted.Count);
        while (await row.ReadAsync(cancel))
        {
            var payment = PaymentBook.Read(row);
            payments[(payment.Number, payment.Step)] = new ToldPayment(
                payment, StoredText.Contact(row.IsDBNull(38) ? null : row.GetString(38)));
        }

        return payments;
    }

    /// <summary>Writes down what came of attempts, all in one transaction.</summary>
    public async Task SettleAsync(IReadOnlyCollection<Attempted> attempts, CancellationToken cancel)
    {
        // One row once: two nodes that settle the same rows take their locks in the same order.
        var ordered = attempts.OrderBy(one => one.Delivery.AgentId).ThenBy(one => one.Delivery.Number)
            .ThenBy(one => one.Delivery.Step).ThenBy(one => one.Delivery.Receiver).ToList();
        await using var command = database.CreateCommand(SettleStatement);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. ordered.Select(one => one.Delivery.AgentId)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. ordered.Select(one => one.Delivery.Number)] });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. ordered.Select(one => one.Delivery.Step)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. ordered.Select(one => one.Delivery.Receiver)] });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. ordered.Select(one => one.Delivery.Attempts)] });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. ordered.Select(one => (short)one.Outcome)] });
        command.Parameters.Add(new NpgsqlParameter<int[]>
        {
            TypedValue = [.. ordered.Select(one => (int)one.Delay.TotalMilliseconds)],
        });
        command.Parameters.Add(new NpgsqlParameter
        {
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
            Value = ordered.Select(one => one.Note).ToArray(),
        });
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Makes dead letters of what nobody tries any more, in batches, until nothing is left to do. Returns how many.</summary>
    public Task<long> GiveUpAsync(CancellationToken cancel) => UntilDoneAsync(GiveUpStatement, RetrySchedule.GiveUpHours, cancel);

    /// <summary>Forgets what is old, in batches, until nothing is left to do: records, dead letters, payers' addresses.</summary>
    public async Task<Forgotten> ForgetAsync(CancellationToken cancel) => new(
        await UntilDoneAsync(ForgetToldStatement, RecordDays, cancel),
        await UntilDoneAsync(ForgetDeadStatement, DeadDays, cancel),
        await UntilDoneAsync(ForgetContactsStatement, ContactDays, cancel));

    /// <summary>How telling stands now.</summary>
    public async Task<TellingFigures> FiguresAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await FiguresAsync(connection, cancel);
    }

    /// <summary>The same over a connection that the caller has.</summary>
    internal static async Task<TellingFigures> FiguresAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(FiguresStatement, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = CountLimit });
        await using var row = await command.ExecuteReaderAsync(cancel);
        await row.ReadAsync(cancel);
        return new TellingFigures(
            row.GetInt64(0), row.GetInt64(1), row.GetInt64(2),
            row.GetInstantOrNull(3) is { } oldest ? Duration.Max(Duration.Zero, row.GetInstant(4) - oldest) : Duration.Zero);
    }

    /// <summary>Dead letters, newest first.</summary>
    /// <param name="limit">1–1 000.</param>
    /// <param name="receiver">Only this receiver's; null: all.</param>
    public async Task<IReadOnlyList<DeadLetter>> DeadAsync(int limit, int? receiver = null, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(DeadStatement);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Math.Clamp(limit, 1, Batch) });
        command.Parameters.Add(Whole(receiver));
        await using var row = await command.ExecuteReaderAsync(cancel);
        var letters = new List<DeadLetter>();
        while (await row.ReadAsync(cancel))
        {
            letters.Add(new DeadLetter(
                row.GetInt64(1), row.GetInt16(2), row.GetInt32(3),
                row.IsDBNull(8) ? null : Announcement.Of(row.GetInt16(8))?.Type,
                row.IsDBNull(9) ? null : row.GetString(9),
                row.GetInstant(4), row.GetInstant(5), row.GetInt16(6), row.IsDBNull(7) ? null : row.GetString(7)));
        }

        return letters;
    }

    /// <summary>Tries one dead letter again from the beginning. False: there is no such, or its endpoint is off.</summary>
    public async Task<bool> ResendAsync(Person by, long number, short step, int receiver, CancellationToken cancel = default) =>
        await ResendAsync(by, 1, number, step, receiver, cancel) == 1;

    /// <summary>Tries dead letters again, oldest first, as many as <paramref name="limit"/>; returns how many.</summary>
    /// <param name="receiver">Only this receiver's; null: all.</param>
    public async Task<long> ResendAllAsync(Person by, int? receiver, int limit, CancellationToken cancel = default)
    {
        var sent = 0L;
        while (sent < limit)
        {
            var these = await ResendAsync(by, (int)Math.Min(Batch, limit - sent), null, null, receiver, cancel);
            sent += these;
            if (these == 0)
            {
                break;
            }
        }

        return sent;
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task<int> ResendAsync(
        Person by, int limit, long? number, short? step, int? receiver, CancellationToken cancel)
    {
        by.Require(Acts.TellingResend);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginChangeAsync(cancel);
        await using var command = new NpgsqlCommand(ResendStatement, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bigint, Value = (object?)number ?? DBNull.Value });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Smallint, Value = (object?)step ?? DBNull.Value });
        command.Parameters.Add(Whole(receiver));
        var sent = await command.ExecuteNonQueryAsync(cancel);
        if (sent > 0)
        {
            var what = number is null ? "dead letters" : FormattableString.Invariant($"dead letter {number}-{step}");
            await ActRecord.AppendAsync(
                connection, transaction, by.Login, Acts.TellingResend.Name, what,
                ActRecord.Details(("receiver", receiver), ("letters", sent)));
            await transaction.CommitAsync(cancel);
        }

        return sent;
    }

    private async Task<long> UntilDoneAsync(string statement, int bound, CancellationToken cancel)
    {
        var all = 0L;
        int done;
        do
        {
            await using var command = database.CreateCommand(statement);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = bound });
            done = await command.ExecuteNonQueryAsync(cancel);
            all += Math.Max(0, done);
        }
        while (done >= Batch);
        return all;
    }

    private static NpgsqlParameter Whole(int? value) =>
        new() { NpgsqlDbType = NpgsqlDbType.Integer, Value = (object?)value ?? DBNull.Value };
}
