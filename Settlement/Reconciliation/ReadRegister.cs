using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.RegistersIn;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>What is compared: a provider's day.</summary>
internal sealed record RegisterDay(int ProviderId, LocalDate Day, Instant From, Instant To);

/// <summary>How our side is read. Whatever it is, what is found is the same.</summary>
/// <param name="Payments">Held at once; a larger day is read in parts.</param>
/// <param name="ByKey">The events of so few payments are looked up by their keys.</param>
/// <param name="Around">
/// So long before and after the day its payments are taken to be confirmed; whoever was confirmed later seems to be under way, and is
/// looked at closely.
/// </param>
internal sealed record ReadingLimits(int Payments, int ByKey, Duration Around)
{
    public static ReadingLimits Usual { get; } = new(3_000_000, 10_000, Duration.FromHours(1));

    /// <summary>Lines that are none of ours, or say it once more, that are kept at most; of more, none is, and the register is not ours.</summary>
    public int Strangers { get; init; } = 2_000_000;

    /// <summary>So many of them may be what a day really is, whatever else stands in its register.</summary>
    public int FewStrangers { get; init; } = 10_000;
}

/// <summary>
/// Holds our payments of a provider's day against the lines of its register, as they come from the file or from what was kept of it, and
/// tells what simply agrees from what has to be looked at. Memory is that of the payments of one part of the numbers.
/// </summary>
internal sealed class ReadRegister : IRegisterSink
{
    /// <summary>By it most payments are confirmed, at once: of these the numbers alone are read.</summary>
    private static readonly short Confirms = Transitions.Find(PaymentState.Dispatched, PaymentEvent.ProviderConfirmed)!.Id;

    private static readonly string OurPayments = Sql.Load("Reconciliation/OurPayments.sql");
    private static readonly string OurEvents = Sql.Load("Reconciliation/OurEvents.sql");
    private static readonly string OurFewEvents = Sql.Load("Reconciliation/OurFewEvents.sql");
    private static readonly string TheirLines = Sql.Load("Reconciliation/TheirLines.sql");

    private readonly Dictionary<long, List<RegisterLineIn>> aside = [];
    private readonly RegisterDay of;
    private readonly ReadingLimits limits;
    private readonly int parts;
    private readonly int part;
    private long otherNumbers, unnumbered;

    private ReadRegister(RegisterDay of, ReadingLimits limits, int parts, int part) =>
        (this.of, this.limits, this.parts, this.part) = (of, limits, parts, part);

    public OurBook Book { get; } = new();

    /// <summary>Lines with a number that do not simply agree, or repeat one that does.</summary>
    public IReadOnlyDictionary<long, List<RegisterLineIn>> Aside => aside;

    /// <summary>Lines without a number of ours.</summary>
    public List<RegisterLineIn> Unnumbered { get; } = [];

    public long Lines { get; private set; }

    /// <summary>Lines that are none of ours, or say it once more.</summary>
    public long Strangers { get; private set; }

    /// <summary>There are more of them than are kept, and none is.</summary>
    public bool IsTooMuch => Strangers > limits.Strangers;

    /// <summary>
    /// Lines that speak for another register: with numbers that are none of the day's, or more than can be tied by reference without a
    /// number. What says a payment of ours once more speaks for none.
    /// </summary>
    public long Foreign => otherNumbers + (unnumbered > SuggestPayments.Most ? unnumbered : 0);

    /// <summary>Most of it is nothing of this day's.</summary>
    public bool IsOfStrangers => Foreign > limits.FewStrangers && Foreign > Lines / 2;

    /// <summary>Reads our side, in one snapshot. Null: it is more than is held at once, and more parts are needed.</summary>
    /// <param name="parts">Into so many parts the numbers are divided.</param>
    public static async Task<ReadRegister?> BeginAsync(
        NpgsqlDataSource database, RegisterDay of, ReadingLimits limits, int parts, int part, CancellationToken cancel)
    {
        var read = new ReadRegister(of, limits, parts, part);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
        await read.NarrowAsync(connection, fileId: 0, cancel);
        var name = await AskAsync(connection, "select pg_export_snapshot()", cancel);
        // Events are read beside the payments: neither waits for the other, and the server's two sessions have a processor each.
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var events = Task.Run(() => read.EventsAsync(database, name, enough.Token), CancellationToken.None);
        var whole = false;
        try
        {
            whole = await read.PaymentsAsync(connection, cancel);
        }
        finally
        {
            if (!whole || read.Book.Count <= limits.ByKey)
            {
                await enough.CancelAsync();
                await events.ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default);
            }
        }

        if (!whole)
        {
            return null;
        }

        await (read.Book.Count <= limits.ByKey ? read.FewEventsAsync(connection, cancel) : TellAsync(events, read.Book));
        await snapshot.CommitAsync(cancel);
        return read;
    }

    /// <summary>Takes the lines that were kept of a register.</summary>
    public async Task LinesAsync(NpgsqlDataSource database, long fileId, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var reading = await connection.BeginTransactionAsync(cancel);
        await NarrowAsync(connection, fileId, cancel);
        await using (var rows = await CopiedRows.OpenAsync(connection, TheirLines, cancel))
        {
            await Task.Run(() => TakeLines(rows, cancel), cancel);
        }

        await reading.CommitAsync(cancel);
    }

    /// <summary>Takes a line: it agrees, or is put aside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(in RegisterLine line)
    {
        Lines++;
        if (RegisterText.NumberOf(line.Txn) is not { } number)
        {
            unnumbered++;
            if (IsKept())
            {
                Unnumbered.Add(Keep(line, null));
            }

            return;
        }

        var index = Book.Find(number);
        var repeats = false;
        if (index >= 0)
        {
            if (!Book[index].Agreed && Agrees(line, index))
            {
                Book[index].Agreed = true;
                return;
            }

            repeats = Book[index].Agreed || Book[index].Suspect;
            Book[index].Suspect = true;
        }
        else
        {
            otherNumbers++;
        }

        // The first word about a payment is kept whatever it is: there are no more of these than payments.
        if ((index < 0 || repeats) && !IsKept())
        {
            return;
        }

        if (!aside.TryGetValue(number, out var lines))
        {
            aside.Add(number, lines = []);
        }

        lines.Add(Keep(line, number));
    }

    private bool IsKept()
    {
        if (++Strangers <= limits.Strangers)
        {
            return true;
        }

        aside.Clear();
        Unnumbered.Clear();
        return false;
    }

    public ValueTask FlushAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    private async Task NarrowAsync(NpgsqlConnection connection, long fileId, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "select set_config('egovpay.provider', $1::text, true), set_config('egovpay.from', $2::timestamptz::text, true), "
            + "set_config('egovpay.to', $3::timestamptz::text, true), set_config('egovpay.parts', $4::text, true), "
            + "set_config('egovpay.part', $5::text, true), set_config('egovpay.file', $6::text, true)", connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = of.ProviderId });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = of.From.ToTimestamp() });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = of.To.ToTimestamp() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = parts });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = part });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = fileId });
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static async Task<string> AskAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync(cancel))!;
    }

    private async Task<bool> PaymentsAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var rows = await CopiedRows.OpenAsync(connection, OurPayments, cancel);
        return await Task.Run(() => TakePayments(rows, cancel), cancel);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TakePayments(CopiedRows rows, CancellationToken cancel)
    {
        while (rows.Next())
        {
            if (Book.Count == limits.Payments)
            {
                return false;
            }

            Look(Book.Count, cancel);
            Book.Add(rows.Long(0), rows.Int(1), rows.Long(2), rows.Bytes(3));
        }

        return true;
    }

    private async Task<Happenings> EventsAsync(NpgsqlDataSource database, string snapshot, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var reading = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
        await using (var set = new NpgsqlCommand($"set transaction snapshot '{snapshot}'", connection))
        {
            await set.ExecuteNonQueryAsync(cancel);
        }

        var happened = new Happenings();
        await using (var command = new NpgsqlCommand(OurEvents, connection) { CommandTimeout = 0 })
        {
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = (of.From - limits.Around).ToTimestamp() });
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = (of.To + limits.Around).ToTimestamp() });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = parts });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = part });
            command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = Confirms });
            await using var row = await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, cancel);
            await row.ReadAsync(cancel);
            await TakeAsync(row, 0, sizeof(long), happened.Confirm, cancel);
            await TakeAsync(row, 1, sizeof(long) + (2 * sizeof(short)), happened.Add, cancel);
        }

        await reading.CommitAsync(cancel);
        return happened;
    }

    /// <summary>Takes what lies packed in a column, piece by piece.</summary>
    private static async Task TakeAsync(NpgsqlDataReader row, int column, int each, Action<ReadOnlySpan<byte>> take, CancellationToken cancel)
    {
        if (await row.IsDBNullAsync(column, cancel))
        {
            return;
        }

        await using var packed = await row.GetStreamAsync(column, cancel);
        var piece = new byte[each * 4_096];
        int filled;
        while ((filled = await packed.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancel)) > 0)
        {
            take(piece.AsSpan(0, filled));
        }
    }

    private static async Task TellAsync(Task<Happenings> events, OurBook book) => (await events).TellTo(book);

    private async Task FewEventsAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var (agents, numbers) = (new int[Book.Count], new long[Book.Count]);
        for (var index = 0; index < Book.Count; index++)
        {
            (agents[index], numbers[index]) = (Book[index].AgentId, Book[index].Number);
        }

        await using var command = new NpgsqlCommand(OurFewEvents, connection);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = agents });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = numbers });
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            Book.Happened(row.GetInt64(0), row.GetInt16(1), row.GetInt16(2));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeLines(CopiedRows row, CancellationToken cancel)
    {
        var (dayNumber, day) = (CopiedRows.DayNumber(of.Day), of.Day);
        while (row.Next())
        {
            Look(Lines, cancel);
            if (row.Int(4) != dayNumber)
            {
                (dayNumber, day) = (row.Int(4), row.Date(4));
            }

            Add(new RegisterLine
            {
                Line = row.Int(0), Txn = row.Bytes(6), AmountQepik = row.Long(1), Currency = row.Bytes(2), Account = row.Bytes(3), Day = day,
                Reversal = row.Boolean(5), ProviderTransaction = row.Bytes(7),
            });
        }
    }

    /// <summary>Whoever stops it need not wait for a million rows.</summary>
    private static void Look(long count, CancellationToken cancel)
    {
        if ((count & 0xFFFF) == 0)
        {
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Everything that the line says is what we say, and we say that it was delivered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Agrees(in RegisterLine line, int index) =>
        Book[index].State == PaymentState.Confirmed
        && line.AmountQepik == Book[index].AmountQepik
        && (line.Currency.IsEmpty || line.Currency.SequenceEqual("AZN"u8) || line.Currency.SequenceEqual("944"u8))
        && line.Account.SequenceEqual(Book.AccountOf(index))
        && line.Day == of.Day
        && !line.Reversal;

    private static RegisterLineIn Keep(in RegisterLine line, long? number) => new(
        line.Line, Text(line.Txn)!, number, line.AmountQepik, Text(line.Currency), Text(line.Account)!, line.Day, line.Reversal,
        Text(line.ProviderTransaction));

    private static string? Text(ReadOnlySpan<byte> text) => text.IsEmpty ? null : Encoding.UTF8.GetString(text);

    /// <summary>Events, until the payments are there.</summary>
    private sealed class Happenings
    {
        private readonly List<(long Number, short Step, short Edge)> others = [];
        private long[] confirmed = new long[1 << 12];
        private int count;

        public void Confirm(ReadOnlySpan<byte> numbers)
        {
            if (count + (numbers.Length / sizeof(long)) > confirmed.Length)
            {
                Array.Resize(ref confirmed, checked(Math.Max(confirmed.Length * 2, count + (numbers.Length / sizeof(long)))));
            }

            for (; numbers.Length > 0; numbers = numbers[sizeof(long)..])
            {
                confirmed[count++] = BinaryPrimitives.ReadInt64BigEndian(numbers);
            }
        }

        public void Add(ReadOnlySpan<byte> events)
        {
            for (; events.Length > 0; events = events[(sizeof(long) + (2 * sizeof(short)))..])
            {
                others.Add((BinaryPrimitives.ReadInt64BigEndian(events), BinaryPrimitives.ReadInt16BigEndian(events[sizeof(long)..]),
                    BinaryPrimitives.ReadInt16BigEndian(events[(sizeof(long) + sizeof(short))..])));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void TellTo(OurBook book)
        {
            foreach (var number in confirmed.AsSpan(0, count))
            {
                book.Happened(number, 1, Confirms);
            }

            foreach (var (number, step, edge) in others)
            {
                book.Happened(number, step, edge);
            }
        }
    }
}
