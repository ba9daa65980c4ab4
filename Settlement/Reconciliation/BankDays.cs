using EGovPay.Processing.Calendar;
using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>Counts the days on which banks book: between Novruz and the next bank day lie a dozen others, and nobody is late by them.</summary>
/// <param name="calendars">Null: every day is a bank day.</param>
internal sealed class BankDays(Calendars? calendars)
{
    private readonly Dictionary<(LocalDate Day, int Days), LocalDate> counted = [];

    /// <summary>Counts each day.</summary>
    public static BankDays Every => new(null);

    public bool Is(LocalDate day) => calendars?.IsBankDay(day) ?? true;

    /// <summary>T+n: T+0 is the day itself, or the next bank day where it is none.</summary>
    /// <param name="days">From 0.</param>
    public LocalDate Plus(LocalDate day, int days) => Count(day, days, 1);

    /// <summary>T-n: T-0 is the day itself, or the last bank day before where it is none.</summary>
    /// <param name="days">From 0.</param>
    public LocalDate Minus(LocalDate day, int days) => Count(day, -days, -1);

    /// <summary>Whether two days, in either order, lie so many bank days apart or fewer.</summary>
    public bool Within(LocalDate one, LocalDate other, int days) =>
        one <= other ? other <= Plus(one, days) : one <= Plus(other, days);

    private LocalDate Count(LocalDate from, int days, int step)
    {
        if (counted.TryGetValue((from, days == 0 ? step * int.MaxValue : days), out var known))
        {
            return known;
        }

        var at = from;
        for (var left = Math.Abs(days); ; at = at.PlusDays(step))
        {
            // A calendar without bank days ends somewhere, too.
            if ((Is(at) || Period.DaysBetween(from, at) is > 1_000 or < -1_000) && left-- == 0)
            {
                break;
            }
        }

        counted[(from, days == 0 ? step * int.MaxValue : days)] = at;
        return at;
    }
}
