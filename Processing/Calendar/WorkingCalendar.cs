using NodaTime;

namespace EGovPay.Processing.Calendar;

/// <summary>What a day is.</summary>
public enum DayKind
{
    Working = 1,

    /// <summary>Saturday or Sunday, and nothing else.</summary>
    Weekend = 2,

    /// <summary>A holiday, on whichever day of the week.</summary>
    Holiday = 3,

    /// <summary>Off because a holiday before it fell on a rest day, or two on one day.</summary>
    MovedHoliday = 4,

    /// <summary>Off by a decision of its own: elections, a bridge between holidays.</summary>
    ExtraOff = 5,

    /// <summary>Worked by a decision, though it would be off: the Saturday that pays for a bridge.</summary>
    Worked = 6,
}

/// <summary>A holiday of every year.</summary>
/// <param name="Moves">On a Saturday or Sunday it moves to the next working day; a day of mourning does not.</param>
/// <param name="Since">The first year in which it is one.</param>
public sealed record FixedHoliday(int Month, int Day, string Name, bool Moves, int Since);

/// <summary>A day that a decree names.</summary>
public sealed record NamedDay(LocalDate Date, string Name);

/// <summary>
/// The working-day calendar: rules, and the decrees that override them. By the rules a holiday on a Saturday or Sunday moves to the next
/// working day, and of two on one day the one that a decree dates does; what is taken already is passed over, also into the next year. What a decree
/// says of a day wins over the rules. Bank days are working days from Monday to Friday.
/// </summary>
public sealed class WorkingCalendar
{
    /// <summary>Years after the last known one for which moves are still reckoned, by the rules alone.</summary>
    private const int YearsAhead = 5;

    /// <summary>No stretch without a working day is as long; <see cref="CheckCalendar"/> sees to it.</summary>
    private const int LongestSearch = 366;

    private readonly IReadOnlyList<FixedHoliday> everyYear;
    private readonly Dictionary<LocalDate, string> byDecree;
    private readonly Dictionary<LocalDate, string> moved = [];
    private readonly Dictionary<LocalDate, string> off;
    private readonly Dictionary<LocalDate, string> worked;

    /// <param name="firstYear">The first year whose decrees are in it.</param>
    /// <param name="lastYear">The last.</param>
    /// <param name="byDecree">Holidays whose dates a decree gives each year.</param>
    public WorkingCalendar(
        int firstYear, int lastYear, IReadOnlyList<FixedHoliday> everyYear, IEnumerable<NamedDay> byDecree,
        IEnumerable<NamedDay> off, IEnumerable<NamedDay> worked)
    {
        (FirstYear, LastYear, this.everyYear) = (firstYear, lastYear, everyYear);
        this.byDecree = byDecree.ToDictionary(day => day.Date, day => day.Name);
        this.off = off.ToDictionary(day => day.Date, day => day.Name);
        this.worked = worked.ToDictionary(day => day.Date, day => day.Name);
        for (var day = new LocalDate(firstYear - 1, 1, 1); day.Year <= lastYear + YearsAhead; day = day.PlusDays(1))
        {
            MoveFrom(day);
        }
    }

    /// <summary>The first year whose decrees are known.</summary>
    public int FirstYear { get; }

    /// <summary>The last year whose decrees are known; later ones go by the rules alone, without holidays of the moon's calendar.</summary>
    public int LastYear { get; }

    /// <summary>The same without what decrees have changed: holidays and their moves only.</summary>
    public WorkingCalendar ByRulesAlone() =>
        new(FirstYear, LastYear, everyYear, byDecree.Select(day => new NamedDay(day.Key, day.Value)), [], []);

    /// <summary>What a day is.</summary>
    public DayKind KindOf(LocalDate day) =>
        worked.ContainsKey(day) ? DayKind.Worked
        : off.ContainsKey(day) ? DayKind.ExtraOff
        : HolidaysOn(day).Any() ? DayKind.Holiday
        : moved.ContainsKey(day) ? DayKind.MovedHoliday
        : IsWeekend(day) ? DayKind.Weekend
        : DayKind.Working;

    /// <summary>Why a day is off, or worked; empty for ordinary days and weekends.</summary>
    public string NameOf(LocalDate day) =>
        worked.GetValueOrDefault(day) ?? off.GetValueOrDefault(day)
        ?? (HolidaysOn(day).Any() ? string.Join(", ", HolidaysOn(day).Select(one => one.Name)) : moved.GetValueOrDefault(day) ?? "");

    public bool IsWorkingDay(LocalDate day) => KindOf(day) is DayKind.Working or DayKind.Worked;

    /// <summary>Monday to Friday that is worked: clearing does not run on worked Saturdays.</summary>
    public bool IsBankDay(LocalDate day) => !IsWeekend(day) && IsWorkingDay(day);

    /// <summary>The first working day after a day.</summary>
    public LocalDate NextWorkingDay(LocalDate day) => Step(day, 1, IsWorkingDay);

    /// <summary>The last working day before a day.</summary>
    public LocalDate PreviousWorkingDay(LocalDate day) => Step(day, -1, IsWorkingDay);

    /// <summary>T+n in working days: T+0 is the day itself, or the next working day where it is none.</summary>
    /// <param name="days">From 0.</param>
    public LocalDate PlusWorkingDays(LocalDate day, int days) => Plus(day, days, IsWorkingDay);

    /// <summary>The first bank day after a day.</summary>
    public LocalDate NextBankDay(LocalDate day) => Step(day, 1, IsBankDay);

    /// <summary>The last bank day before a day.</summary>
    public LocalDate PreviousBankDay(LocalDate day) => Step(day, -1, IsBankDay);

    /// <summary>T+n in bank days: T+0 is the day itself, or the next bank day where it is none.</summary>
    /// <param name="days">From 0.</param>
    public LocalDate PlusBankDays(LocalDate day, int days) => Plus(day, days, IsBankDay);

    /// <summary>The days of a year that differ from Monday-to-Friday, in order: holidays (weekends too), days off, days worked.</summary>
    public IReadOnlyList<(LocalDate Day, DayKind Kind, string Name)> DaysOf(int year)
    {
        var days = new List<(LocalDate, DayKind, string)>();
        for (var day = new LocalDate(year, 1, 1); day.Year == year; day = day.PlusDays(1))
        {
            if (KindOf(day) is not (DayKind.Working or DayKind.Weekend) and var kind)
            {
                days.Add((day, kind, NameOf(day)));
            }
        }

        return days;
    }

    private static LocalDate Plus(LocalDate day, int days, Func<LocalDate, bool> counts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(days);
        var at = counts(day) ? day : Step(day, 1, counts);
        for (var n = 0; n < days; n++)
        {
            at = Step(at, 1, counts);
        }

        return at;
    }

    private static LocalDate Step(LocalDate from, int by, Func<LocalDate, bool> counts)
    {
        for (var days = 1; days <= LongestSearch; days++)
        {
            if (counts(from.PlusDays(by * days)))
            {
                return from.PlusDays(by * days);
            }
        }

        throw new InvalidOperationException($"There is no working day within a year of {from}.");
    }

    private static bool IsWeekend(LocalDate day) => day.DayOfWeek is IsoDayOfWeek.Saturday or IsoDayOfWeek.Sunday;

    private IEnumerable<(string Name, bool Moves, bool Decreed)> HolidaysOn(LocalDate day)
    {
        foreach (var holiday in everyYear)
        {
            if (holiday.Month == day.Month && holiday.Day == day.Day && day.Year >= holiday.Since)
            {
                yield return (holiday.Name, holiday.Moves, false);
            }
        }

        if (byDecree.TryGetValue(day, out var name))
        {
            yield return (name, true, true);
        }
    }

    /// <summary>Each holiday of a day that has to move takes the next day that is free.</summary>
    private void MoveFrom(LocalDate day)
    {
        var here = HolidaysOn(day).ToList();
        foreach (var (name, moves, decreed) in here)
        {
            if (!moves || !(IsWeekend(day) || (decreed && here.Count > 1)))
            {
                continue;
            }

            var to = Step(day, 1, free => !IsWeekend(free) && !moved.ContainsKey(free) && !HolidaysOn(free).Any());
            moved.Add(to, name);
        }
    }
}
