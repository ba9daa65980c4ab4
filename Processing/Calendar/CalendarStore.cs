using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Calendar;

/// <summary>A version of the calendar, and from which day on it is in force.</summary>
/// <param name="Version">From 1; 0: the program's own, in a database without any.</param>
public sealed record CalendarVersion(int Version, LocalDate ValidFrom, string Sha256, WorkingCalendar Calendar);

/// <summary>A day that another version makes another.</summary>
public sealed record ChangedDay(LocalDate Day, DayKind Before, DayKind After, string Name);

/// <summary>All versions; of each day the newest that is valid from it, or from a day before it, is in force.</summary>
/// <param name="Versions">Newest first; at least one.</param>
public sealed record Calendars(IReadOnlyList<CalendarVersion> Versions)
{
    /// <summary>The version that is in force on a day; the oldest for days before all of them.</summary>
    public CalendarVersion Of(LocalDate day) => Versions.FirstOrDefault(one => one.ValidFrom <= day) ?? Versions[^1];

    /// <summary>What a day is, by the version in force on it.</summary>
    public DayKind KindOf(LocalDate day) => Of(day).Calendar.KindOf(day);

    /// <summary>Monday to Friday that is worked, by the version in force on it.</summary>
    public bool IsBankDay(LocalDate day) => Of(day).Calendar.IsBankDay(day);

    /// <summary>The days that would be others under a new calendar, up to the end of its last year.</summary>
    /// <param name="from">The first day on which it would be in force.</param>
    public IReadOnlyList<ChangedDay> ChangesBy(WorkingCalendar calendar, LocalDate from)
    {
        var changes = new List<ChangedDay>();
        for (var day = from; day.Year <= calendar.LastYear; day = day.PlusDays(1))
        {
            var (before, after) = (KindOf(day), calendar.KindOf(day));
            if (before != after)
            {
                var name = calendar.NameOf(day);
                changes.Add(new ChangedDay(day, before, after, name.Length > 0 ? name : Of(day).Calendar.NameOf(day)));
            }
        }

        return changes;
    }
}

/// <summary>What came of applying a calendar file.</summary>
/// <param name="Version">The version that was added; null: none was.</param>
/// <param name="Changes">The days that are others by it.</param>
/// <param name="Faults">What is wrong with the file; then nothing was written.</param>
/// <param name="Refused">Why a good file was not applied; null: it was, or would be.</param>
public sealed record CalendarApplication(
    int? Version, IReadOnlyList<ChangedDay> Changes, IReadOnlyList<CatalogueFault> Faults, string? Refused = null);

/// <summary>The calendar's versions in the database: added, never changed.</summary>
public static class CalendarStore
{
    private static readonly string ReadCalendars = Sql.Load("Calendar/ReadCalendars.sql");
    private static readonly string AddCalendar = Sql.Load("Calendar/AddCalendar.sql");

    /// <summary>All versions; the program's own in a database without any.</summary>
    /// <exception cref="FormatException">A stored version has faults: a program of another age wrote it.</exception>
    public static async Task<Calendars> ReadAsync(NpgsqlDataSource database, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await ReadAsync(connection, cancel);
    }

    /// <summary>Adds the program's own calendar to a database without any.</summary>
    public static async Task<Calendars> ReadOrAddOwnAsync(NpgsqlDataSource database, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var calendars = await ReadAsync(connection, cancel);
        if (calendars.Versions[0].Version > 0)
        {
            return calendars;
        }

        await using (var add = Add(connection, null, 1, calendars.Versions[0].ValidFrom, "engine", EmbeddedCalendar.Read()))
        {
            await add.ExecuteNonQueryAsync(cancel);
        }

        return await ReadAsync(connection, cancel);
    }

    /// <summary>Puts a file in force from a day on, as the next version; or says what it would change.</summary>
    /// <param name="utf8">The file, JSON in UTF-8.</param>
    /// <param name="from">Not before today in Baku: what was is not rewritten.</param>
    /// <param name="today">Today in Baku.</param>
    /// <param name="by">Who does it; null: nobody, it is only looked at.</param>
    public static async Task<CalendarApplication> ApplyAsync(
        NpgsqlDataSource database, byte[] utf8, LocalDate from, LocalDate today, Person? by, CancellationToken cancel = default)
    {
        by?.Require(Acts.CalendarApply);
        var check = CheckCalendar.Run(utf8);
        if (check.Calendar is not { } calendar)
        {
            return new CalendarApplication(null, [], check.Faults);
        }

        await ReadOrAddOwnAsync(database, cancel);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginChangeAsync(cancel);
        var now = await ReadAsync(connection, cancel);
        var changes = now.ChangesBy(calendar, from);
        if (from < today)
        {
            return new CalendarApplication(null, changes, [], "A calendar is in force from today on or later; what was is not rewritten.");
        }

        if (by is null || now.Of(from).Sha256 == Hash(utf8))
        {
            return new CalendarApplication(null, changes, []);
        }

        var version = now.Versions[0].Version + 1;
        await using (var add = Add(connection, transaction, version, from, by.Login, utf8))
        {
            if (await add.ExecuteNonQueryAsync(cancel) == 0)
            {
                return new CalendarApplication(null, changes, [], "Somebody else applied a calendar in this moment. Look at it, and try again.");
            }
        }

        await ActRecord.AppendAsync(
            connection, transaction, by.Login, Acts.CalendarApply.Name, FormattableString.Invariant($"calendar {version}"),
            ActRecord.Details(
                ("validFrom", NodaTime.Text.LocalDatePattern.Iso.Format(from)), ("sha256", Hash(utf8)), ("changedDays", changes.Count)));
        await transaction.CommitAsync(cancel);
        return new CalendarApplication(version, changes, []);
    }

    private static async Task<Calendars> ReadAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var versions = new List<CalendarVersion>();
        await using var read = new NpgsqlCommand(ReadCalendars, connection);
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var check = CheckCalendar.Run(Encoding.UTF8.GetBytes(row.GetString(3)));
            versions.Add(new CalendarVersion(
                row.GetInt32(0), row.GetLocalDate(1), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(2)),
                check.Calendar ?? throw new FormatException($"Calendar version {row.GetInt32(0)} has faults: {check.Faults[0]}")));
        }

        if (versions.Count == 0)
        {
            var own = EmbeddedCalendar.Load();
            versions.Add(new CalendarVersion(0, new LocalDate(own.FirstYear, 1, 1), Hash(EmbeddedCalendar.Read()), own));
        }

        return new Calendars(versions);
    }

    private static NpgsqlCommand Add(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int version, LocalDate from, string who, byte[] utf8)
    {
        var file = utf8.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? utf8.AsSpan(Encoding.UTF8.Preamble.Length) : utf8.AsSpan();
        var add = new NpgsqlCommand(AddCalendar, connection, transaction);
        add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
        add.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from.ToDateColumn() });
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = who });
        add.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Convert.FromHexString(Hash(utf8)) });
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Encoding.UTF8.GetString(file) });
        return add;
    }

    /// <summary>The mark that some editors put before UTF-8 is no part of the file.</summary>
    private static string Hash(byte[] utf8) => Convert.ToHexStringLower(SHA256.HashData(
        utf8.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? utf8.AsSpan(Encoding.UTF8.Preamble.Length) : utf8));
}
