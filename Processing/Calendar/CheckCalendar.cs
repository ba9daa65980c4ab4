using EGovPay.Processing.Catalogue;
using NodaTime;

namespace EGovPay.Processing.Calendar;

/// <summary>A calendar, or everything that is wrong with its file.</summary>
/// <param name="Calendar">Null if there is any fault.</param>
/// <param name="Faults">Every fault by line; empty if there is none.</param>
public sealed record CalendarCheck(WorkingCalendar? Calendar, IReadOnlyList<CatalogueFault> Faults);

/// <summary>Reads a calendar file and names every fault with its line; a file with one fault is no calendar.</summary>
public static class CheckCalendar
{
    /// <summary>The largest file that is read, bytes.</summary>
    public const int MostBytes = 1024 * 1024;

    private const int EarliestYear = 2000;
    private const int LatestYear = 2100;
    private const int MostFixed = 60;
    private const int MostDays = 3_000;
    private const int MostNameCharacters = 100;

    /// <summary>Fewer working days in a year are a mistake in the file.</summary>
    private const int FewestWorkingDays = 200;

    /// <summary>Checks a file.</summary>
    /// <param name="utf8">The file, JSON in UTF-8.</param>
    public static CalendarCheck Run(ReadOnlySpan<byte> utf8)
    {
        var faults = new CatalogueFaults();
        if (utf8.Length > MostBytes)
        {
            faults.Add(1, $"The file has {utf8.Length} bytes; at most {MostBytes} are read.");
            return new CalendarCheck(null, faults.InOrder());
        }

        var calendar = JsonWithLines.Read(utf8, faults) is { } root ? Read(root, faults) : null;
        return faults.Count == 0 ? new CalendarCheck(calendar, []) : new CalendarCheck(null, faults.InOrder());
    }

    private static WorkingCalendar? Read(JsonWithLines root, CatalogueFaults faults)
    {
        if (ReadObject.From(
            root, "The calendar", faults, ["format", "firstYear", "lastYear", "everyYear", "byDecree", "off", "worked"]) is not { } file)
        {
            return null;
        }

        file.Whole("format", 1, 1);
        var first = file.Whole("firstYear", EarliestYear, LatestYear);
        var last = file.Whole("lastYear", EarliestYear, LatestYear);
        if (first > last)
        {
            file.Fault("lastYear", "The calendar: \"lastYear\" is before \"firstYear\".");
        }

        var everyYear = Fixed(file, faults);
        var byDecree = Days(file, "byDecree", first, last, faults);
        var off = Days(file, "off", first, last, faults);
        var worked = Days(file, "worked", first, last, faults);
        if (faults.Count > 0)
        {
            return null;
        }

        var rules = new WorkingCalendar(first!.Value, last!.Value, everyYear, byDecree.Select(day => day.Day), [], []);
        foreach (var (day, line) in off.Where(one => !rules.IsWorkingDay(one.Day.Date)))
        {
            faults.Add(line, $"off: {day.Date:uuuu-MM-dd} is no working day anyway.");
        }

        foreach (var (day, line) in worked.Where(one => rules.IsWorkingDay(one.Day.Date)))
        {
            faults.Add(line, $"worked: {day.Date:uuuu-MM-dd} is a working day anyway.");
        }

        var calendar = new WorkingCalendar(
            first.Value, last.Value, everyYear, byDecree.Select(day => day.Day), off.Select(day => day.Day),
            worked.Select(day => day.Day));
        for (var year = first.Value; year <= last; year++)
        {
            var days = WorkingDaysOf(calendar, year);
            if (days < FewestWorkingDays)
            {
                faults.Add(1, $"{year} would have {days} working days; a year has {FewestWorkingDays} at least.");
            }
        }

        return calendar;
    }

    private static int WorkingDaysOf(WorkingCalendar calendar, int year) =>
        Enumerable.Range(0, 366).Select(new LocalDate(year, 1, 1).PlusDays).Count(day => day.Year == year && calendar.IsWorkingDay(day));

    private static List<FixedHoliday> Fixed(ReadObject file, CatalogueFaults faults)
    {
        var all = new List<FixedHoliday>();
        foreach (var item in file.Items("everyYear", MostFixed))
        {
            if (ReadObject.From(item, "everyYear", faults, ["month", "day", "name", "moves", "since"]) is not { } one)
            {
                continue;
            }

            var month = one.Whole("month", 1, 12);
            // The 29th of February is not of every year.
            var day = one.Whole("day", 1, month is { } known ? DateTime.DaysInMonth(2001, known) : 31);
            var name = one.Text("name", MostNameCharacters);
            var moves = one.Flag("moves", absent: true);
            var since = one.Value("since", optional: true) is null ? 0 : one.Whole("since", 1900, LatestYear);
            if (month is null || day is null || name is null || moves is null || since is null)
            {
                continue;
            }

            if (all.Exists(other => other.Month == month && other.Day == day))
            {
                faults.Add(one.Line, $"everyYear: {month}-{day} is there twice.");
            }

            all.Add(new FixedHoliday(month.Value, day.Value, name, moves.Value, since.Value));
        }

        return all;
    }

    private static List<(NamedDay Day, int Line)> Days(
        ReadObject file, string property, int? first, int? last, CatalogueFaults faults)
    {
        var all = new List<(NamedDay, int)>();
        var met = new HashSet<LocalDate>();
        foreach (var item in file.Items(property, MostDays))
        {
            if (ReadObject.From(item, property, faults, ["date", "name"]) is not { } one)
            {
                continue;
            }

            var (date, name) = (one.Date("date"), one.Text("name", MostNameCharacters));
            if (date is not { } day || name is null)
            {
                continue;
            }

            if (day.Year < first || day.Year > last)
            {
                one.Fault("date", $"{property}: {day:uuuu-MM-dd} is not between \"firstYear\" and \"lastYear\".");
            }

            if (!met.Add(day))
            {
                one.Fault("date", $"{property}: {day:uuuu-MM-dd} is there twice.");
                continue;
            }

            all.Add((new NamedDay(day, name), one.Line));
        }

        return all;
    }
}
