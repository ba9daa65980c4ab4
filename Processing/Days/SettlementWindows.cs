using EGovPay.Processing.Calendar;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Days;

/// <summary>
/// The settlement windows: for each cut-off group and bank day, the instant at which its takings are handed over. A commit
/// belongs to the first window of its group that closes after it. They are rows, made some weeks ahead from the cut-offs here and the
/// working-day calendar in force on each day; a row may be brought forward, and single days off may be rows too.
/// </summary>
public sealed class SettlementWindows(NpgsqlDataSource database)
{
    private const int DaysAhead = 45;
    private static readonly DateTimeZone Baku = DateTimeZoneProviders.Tzdb["Asia/Baku"];

    /// <summary>Cut-offs on a bank day, Baku time: C1 batch clearing, C2 telecoms, C3 treasury, C4 registers (in the night).</summary>
    private static readonly (short Group, LocalTime Closes)[] CutOffs =
    [
        (1, new LocalTime(14, 0)),
        (2, new LocalTime(16, 0)),
        (3, new LocalTime(13, 30)),
        (4, new LocalTime(2, 0)),
    ];

    private static readonly string LookWindows = Sql.Load("Days/LookWindows.sql");
    private const int ReckonedAtOnce = 1_000;

    private static readonly string ReckonWindow = Sql.Load("Days/ReckonWindow.sql");
    private static readonly string WindowsToReckon = Sql.Load("Days/WindowsToReckon.sql");
    private static readonly string PrepareWindows = Sql.Load("Days/PrepareWindows.sql");

    /// <summary>
    /// Makes the windows of the coming weeks those of the calendar, without touching what is open. Any number of nodes may do it at once.
    /// </summary>
    public async Task PrepareAsync(CancellationToken cancel = default)
    {
        var calendars = await CalendarStore.ReadOrAddOwnAsync(database, cancel);
        var (today, holidays) = await ReadAsync(cancel);
        var groups = new List<short>();
        var closes = new List<DateTime>();
        var days = new List<DateOnly>();
        var off = new List<DateOnly>();
        for (var ahead = 0; ahead <= DaysAhead; ahead++)
        {
            var day = today.PlusDays(ahead);
            if (!calendars.IsBankDay(day) || holidays.Contains(day))
            {
                off.Add(day.ToDateColumn());
                continue;
            }

            foreach (var (group, time) in CutOffs)
            {
                groups.Add(group);
                closes.Add(day.At(time).InZoneLeniently(Baku).ToInstant().ToTimestamp());
                days.Add(day.ToDateColumn());
            }
        }

        NpgsqlParameter[] Parameters() =>
        [
            new NpgsqlParameter<short[]> { TypedValue = [.. groups] },
            new NpgsqlParameter<DateTime[]> { TypedValue = [.. closes] },
            new NpgsqlParameter<DateOnly[]> { TypedValue = [.. days] },
            new NpgsqlParameter<DateOnly[]> { TypedValue = [.. off] },
        ];
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using (var look = new NpgsqlCommand(LookWindows, connection))
        {
            look.Parameters.AddRange(Parameters());
            if (await look.ExecuteScalarAsync(cancel) is not true)
            {
                return;
            }
        }

        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(BusinessDays.HoldDay));
        var prepare = new NpgsqlBatchCommand(PrepareWindows);
        prepare.Parameters.AddRange(Parameters());
        batch.BatchCommands.Add(prepare);
        await batch.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>
    /// The windows on days that are no bank days by now: those that are open, which stay as they are since postings may be in them.
    /// </summary>
    public async Task<IReadOnlyList<(short Group, LocalDate Day)>> StayingAsync(CancellationToken cancel = default)
    {
        var calendars = await CalendarStore.ReadAsync(database, cancel);
        await using var command = database.CreateCommand(
            "select w.cutoff_group, w.bank_day from settlement_window w where w.closes_at > now() order by w.bank_day, w.cutoff_group limit 1000");
        await using var row = await command.ExecuteReaderAsync(cancel);
        var staying = new List<(short, LocalDate)>();
        while (await row.ReadAsync(cancel))
        {
            if (!calendars.IsBankDay(row.GetLocalDate(1)))
            {
                staying.Add((row.GetInt16(0), row.GetLocalDate(1)));
            }
        }

        return staying;
    }

    /// <summary>
    /// Closes the window of a group that is open now, so that its registers can go out; what commits after belongs to the next.
    /// It waits for the commits under way as the day's closer does.
    /// </summary>
    /// <returns>The bank day of the window that was closed, or null where none was open.</returns>
    public async Task<LocalDate?> CloseNowAsync(short cutoffGroup, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(BusinessDays.HoldDay));
        var close = new NpgsqlBatchCommand(
            "with clock as (select greatest(clock_timestamp(), coalesce(d.dated_from, d.opened_at) + interval '1 microsecond') as at "
            + "from business_day d where d.closed_at is null), "
            + "closed as (update settlement_window w set closes_at = c.at from clock c cross join lateral ("
            + "select s.closes_at from settlement_window s where s.cutoff_group = $1 and s.closes_at > c.at "
            + "order by s.closes_at limit 1) o "
            + "where w.cutoff_group = $1 and w.closes_at = o.closes_at returning w.bank_day, w.closes_at), "
            + "dated as (update business_day d set dated_from = c.closes_at from closed c where d.closed_at is null) "
            + "select c.bank_day from closed c");
        close.Parameters.Add(new NpgsqlParameter<short> { TypedValue = cutoffGroup });
        batch.BatchCommands.Add(close);
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.NextResultAsync(cancel);
        LocalDate? closed = await reader.ReadAsync(cancel) ? reader.GetLocalDate(0) : null;
        await reader.NextResultAsync(cancel);
        return closed;
    }

    /// <summary>
    /// Makes the cut-offs that have passed final, before anybody acts on them: whatever the clock shows later, nothing is dated before
    /// them any more. It waits for the commits under way, which may have chosen a window that has closed meanwhile.
    /// </summary>
    public async Task SealAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using (var look = new NpgsqlCommand(
            "select exists (select from settlement_window w join business_day d on d.closed_at is null "
            + "where w.closes_at <= now() and w.closes_at > coalesce(d.dated_from, d.opened_at))", connection))
        {
            if (await look.ExecuteScalarAsync(cancel) is not true)
            {
                return;
            }
        }

        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(BusinessDays.HoldDay));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "update business_day d set dated_from = greatest(d.dated_from, d.opened_at, "
            + "(select max(w.closes_at) from settlement_window w where w.closes_at <= clock_timestamp())) where d.closed_at is null"));
        await batch.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>
    /// Makes the cut-offs that have passed final, and reckons what each window that is closed owes to whom, once and for ever. Any number
    /// of nodes may do so at once.
    /// </summary>
    public async Task ReckonAsync(CancellationToken cancel = default)
    {
        await SealAsync(cancel);
        while (await ToReckonAsync(cancel) is { Count: > 0 } due)
        {
            foreach (var (group, day) in due)
            {
                await using var reckon = database.CreateCommand(ReckonWindow);
                reckon.CommandTimeout = 0;
                reckon.Parameters.Add(new NpgsqlParameter<short> { TypedValue = group });
                reckon.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.ToDateColumn() });
                await reckon.ExecuteNonQueryAsync(cancel);
            }
        }
    }

    private async Task<List<(short Group, LocalDate Day)>> ToReckonAsync(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(WindowsToReckon);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = ReckonedAtOnce });
        await using var row = await command.ExecuteReaderAsync(cancel);
        var due = new List<(short, LocalDate)>();
        while (await row.ReadAsync(cancel))
        {
            due.Add((row.GetInt16(0), row.GetLocalDate(1)));
        }

        return due;
    }

    private async Task<(LocalDate Today, HashSet<LocalDate> Holidays)> ReadAsync(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            // From the last window that was closed, early or in its time: closing early must not use up what lies ahead.
            "select greatest((now() at time zone 'Asia/Baku')::date, (select max(w.bank_day) from settlement_window w "
            + "where w.closes_at <= now())), h.day from (select 1) one left join holiday h on true");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var holidays = new HashSet<LocalDate>();
        var today = default(LocalDate);
        while (await reader.ReadAsync(cancel))
        {
            today = reader.GetLocalDate(0);
            if (reader.GetLocalDateOrNull(1) is { } holiday)
            {
                holidays.Add(holiday);
            }
        }

        return (today, holidays);
    }
}
