using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Days;

/// <summary>What a close did.</summary>
/// <param name="Waited">How long the closer waited for the postings under way.</param>
/// <param name="Seal">The closed day's seal; null only where a seal before it was removed, which the audit finds.</param>
public sealed record DayClose(LocalDate Closed, LocalDate Opened, TimeSpan Waited, DaySeal? Seal);

/// <summary>
/// The business day: the Baku calendar day, fixed by the commit that confirms. Exactly one is open. Closing waits for the
/// commits under way by a lock and not by sleeping, and opens the next in the same moment; payments go on meanwhile.
/// </summary>
public sealed class BusinessDays(NpgsqlDataSource database, ILogger<BusinessDays> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    /// <summary>Alone in the day: every posting shares it. Only ever sent with what it is held for, in one batch.</summary>
    internal static readonly string HoldDay =
        FormattableString.Invariant($"select pg_advisory_xact_lock({Journal.Lanes.DayLock}, 0)");

    private static readonly string CloseDay = Sql.Load("Days/CloseDay.sql");
    private static readonly string DaysLeft = Sql.Load("Days/DaysLeft.sql");
    private static readonly string TotalDay = Sql.Load("Days/TotalDay.sql");

    /// <summary>A closer has so long to total and seal what it closed before others do it.</summary>
    private static readonly TimeSpan ToTheCloser = TimeSpan.FromMinutes(1);

    private readonly SettlementWindows windows = new(database);
    private readonly SealDays seals = new(database, log);

    /// <summary>Opens the first day of a new database, and keeps the settlement windows of the next weeks ready.</summary>
    public async Task PrepareAsync(CancellationToken cancel = default)
    {
        await using var open = database.CreateCommand(
            "insert into business_day (day, opened_at) select (now() at time zone 'Asia/Baku')::date, now() "
            + "where not exists (select from business_day where closed_at is null) on conflict do nothing");
        await open.ExecuteNonQueryAsync(cancel);
        await windows.PrepareAsync(cancel);
    }

    /// <summary>The open day.</summary>
    public async Task<LocalDate> OpenDayAsync(CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand("select day from business_day where closed_at is null");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? reader.GetLocalDate(0)
            : throw new InvalidOperationException("No business day is open.");
    }

    /// <summary>
    /// Why somebody may not close this day now; null: they may. A day that is not over is closed only on purpose, and one that has not
    /// begun in Baku never: nobody is to run ahead of the calendar.
    /// </summary>
    /// <param name="early">Although it is not over.</param>
    public async Task<Localised?> RefusesAsync(LocalDate? day, bool early, CancellationToken cancel = default)
    {
        await using var look = database.CreateCommand(
            "select day, day > (clock_timestamp() at time zone 'Asia/Baku')::date, day = (clock_timestamp() at time zone 'Asia/Baku')::date "
            + "from business_day where closed_at is null");
        await using var row = await look.ExecuteReaderAsync(cancel);
        if (!await row.ReadAsync(cancel))
        {
            throw new InvalidOperationException("No business day is open.");
        }

        var open = row.GetLocalDate(0);
        return day is { } asked && asked != open ? new(
                $"{Text(asked)} açıq deyil; açıq gün {Text(open)} günüdür. Heç nə bağlanmayıb.",
                $"{Text(asked)} is not open; the open day is {Text(open)}. Nothing was closed.",
                $"{Text(asked)} не открыт; открыт {Text(open)}. Ничего не закрыто.")
            : row.GetBoolean(1) ? new(
                $"{Text(open)} Bakıda hələ başlamayıb: onu bağlamaq olmaz. Heç nə bağlanmayıb.",
                $"{Text(open)} has not begun in Baku: it cannot be closed. Nothing was closed.",
                $"{Text(open)} в Баку ещё не начался: закрыть его нельзя. Ничего не закрыто.")
            : row.GetBoolean(2) && !early ? new(
                $"{Text(open)} Bakıda hələ bitməyib; gecəyarısı özü bağlanır. Vaxtından əvvəl bitməlidirsə, bunu yazın.",
                $"{Text(open)} is not over in Baku; it is closed by itself at midnight. Say so if it is to end early.",
                $"{Text(open)} в Баку ещё не закончился; в полночь он закроется сам. Если его нужно закрыть раньше, укажите это.")
            : null;
    }

    /// <summary>Closes the open day and opens the day after it, or today where that is later. Idempotent by the day's name.</summary>
    /// <param name="day">The day to close; null: whichever is open. A day that is already closed: null comes back.</param>
    /// <param name="by">Who closes it; null: the engine, at midnight.</param>
    public async Task<DayClose?> CloseAsync(LocalDate? day = null, Person? by = null, CancellationToken cancel = default)
    {
        by?.Require(Acts.DayClose);
        LocalDate open, next;
        TimeSpan waited;
        await using (var connection = await database.OpenConnectionAsync(cancel))
        await using (var batch = new NpgsqlBatch(connection))
        {
            // One message, and its end commits: whoever freezes has sent all of it or nothing, and never holds the day meanwhile.
            batch.BatchCommands.Add(new NpgsqlBatchCommand(HoldDay));
            var close = new NpgsqlBatchCommand(CloseDay);
            close.Parameters.Add(new NpgsqlParameter
            {
                NpgsqlDbType = NpgsqlDbType.Date,
                Value = (object?)day?.ToDateColumn() ?? DBNull.Value,
            });
            close.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by?.Login ?? "engine" });
            close.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Acts.DayClose.Name });
            batch.BatchCommands.Add(close);
            await using var reader = await batch.ExecuteReaderAsync(cancel);
            await reader.NextResultAsync(cancel);
            if (!await reader.ReadAsync(cancel))
            {
                return null;
            }

            open = reader.GetLocalDate(0);
            next = reader.GetLocalDate(1);
            waited = TimeSpan.FromSeconds(reader.GetDouble(2));
            // The commit's own error comes at the very end.
            await reader.NextResultAsync(cancel);
        }

        Log.DayRolled(log, Text(open), Text(next), (long)waited.TotalMilliseconds);
        await TotalAsync(open, cancel);
        await seals.SealDueAsync(int.MaxValue, TimeSpan.Zero, by?.Login ?? "engine", cancel);
        return new DayClose(open, next, waited, await seals.FindAsync(open, cancel));
    }

    /// <summary>The seal of a day; null: it is not sealed, or not yet.</summary>
    public Task<DaySeal?> SealOfAsync(LocalDate day, CancellationToken cancel = default) => seals.FindAsync(day, cancel);

    /// <summary>Rolls the day at midnight in Baku, and finishes totals and seals that a crash left out, until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(stop);
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
            {
                Log.BackgroundFailed(log, failure, "rolling the business day");
            }

            await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Closes what is over, and totals and seals what is left. Any number of nodes may do so at once.</summary>
    public Task RoundAsync(CancellationToken cancel) => RoundAsync(null, cancel);

    private async Task RoundAsync(TellProgress? tell, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select day, closed_at is null from business_day "
            + "where (closed_at is null and day < (now() at time zone 'Asia/Baku')::date) "
            + "or (closed_at is not null and totalled_at is null and closed_at < now() - interval '1 minute') order by day");
        var due = new List<(LocalDate Day, bool Open)>();
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                due.Add((reader.GetLocalDate(0), reader.GetBoolean(1)));
            }
        }

        for (var i = 0; i < due.Count; i++)
        {
            var (day, open) = due[i];
            await (tell?.Invoke(60 * i / due.Count, $"{(open ? "closing" : "totalling")} {Text(day)}") ?? Task.CompletedTask);
            if (open)
            {
                await windows.PrepareAsync(cancel);
                await CloseAsync(day, cancel: cancel);
            }
            else
            {
                await TotalAsync(day, cancel);
            }
        }

        // One a round: a long catching-up must not keep the next day from being opened.
        await seals.SealDueAsync(1, ToTheCloser, "engine", cancel);
    }

    /// <summary>
    /// Does what a round does, for all days at once, and looks whether it is done. The engine's own rounds do it promptly; this is for whoever
    /// wants to be sure.
    /// </summary>
    /// <returns>Days that should be closed, totalled and sealed and are not.</returns>
    public Task<IReadOnlyList<LocalDate>> CatchUpAsync(CancellationToken cancel = default) => CatchUpAsync(null, cancel);

    /// <summary>The same, and tells how far it is.</summary>
    public async Task<IReadOnlyList<LocalDate>> CatchUpAsync(TellProgress? tell, CancellationToken cancel = default)
    {
        await RoundAsync(tell, cancel);
        await seals.SealDueAsync(
            int.MaxValue, ToTheCloser, "engine", day => tell?.Invoke(60, $"sealing {Text(day)}") ?? Task.CompletedTask, cancel);
        await using var command = database.CreateCommand(DaysLeft);
        await using var row = await command.ExecuteReaderAsync(cancel);
        var left = new List<LocalDate>();
        while (await row.ReadAsync(cancel))
        {
            left.Add(row.GetLocalDate(0));
        }

        return left;
    }

    private async Task TotalAsync(LocalDate day, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(TotalDay);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.ToDateColumn() });
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static string Text(LocalDate day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
