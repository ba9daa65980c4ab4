using System.CommandLine;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Calendar;
using EGovPay.Processing.Days;
using EGovPay.Processing.People;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay calendar …`: which days are worked.</summary>
internal static class CalendarCommands
{
    /// <summary>The years that may be looked at.</summary>
    internal const int FirstYear = 2000;
    internal const int LastYear = 2100;

    private const int MostDays = 400;
    private const int ChangesShown = 100;

    private const string Shape = """
        A calendar file, which is whole and takes the place of the one before; `egovpay calendar show --example` prints one to begin with:
          {"format": 1, "firstYear": 2026, "lastYear": 2027,
           "everyYear": [{"month": 1, "day": 1, "name": "Yeni il"}, {"month": 1, "day": 20, "name": "Ümumxalq hüzn günü", "moves": false}],
           "byDecree":  [{"date": "2027-03-10", "name": "Ramazan bayramı"}],
           "off":       [{"date": "2027-01-04", "name": "istirahət günü"}],
           "worked":    [{"date": "2027-01-16", "name": "iş günü"}]}
        everyYear: holidays of each year; one on a weekend moves to the next working day unless "moves" is false; "since": its first year.
        byDecree: holidays of one year. off: working days that are not worked. worked: weekends and holidays that are.

        """;

    public static Verb Build() =>
        new Verb("calendar", "The working-day calendar: rules, and the decrees that override them, by version.").With(Show(), Apply());

    private static Verb Show()
    {
        var year = new Argument<int?>("year")
        {
            Description = "the year; default: this one", Arity = ArgumentArity.ZeroOrOne,
        };
        var example = new Option<bool>("--example") { Description = "prints a file to begin with: the calendar that the program comes with" };
        var listing = new Listing(MostDays, MostDays);
        return new Verb(
                "show", "Shows the holidays, days off and days worked of a year, as they are in force.",
                "egovpay calendar show", "egovpay calendar show 2026 --format csv",
                "egovpay calendar show --example")
            .With(year, example)
            .With([.. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                if (parsed.GetValue(example))
                {
                    await parsed.InvocationConfiguration.Output.WriteAsync(System.Text.Encoding.UTF8.GetString(EmbeddedCalendar.Read()));
                    return Exit.Done;
                }

                var of = parsed.GetValue(year) ?? Today().Year;
                if (of is < FirstYear or > LastYear)
                {
                    throw CommandException.Usage("The year is from 2000 to 2100.");
                }

                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var calendars = await CalendarStore.ReadAsync(store.Database, cancel);
                var days = SpecialDays(calendars, of);
                if (!IsDecreed(calendars, of))
                {
                    await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                        $"egovpay: the decrees of {of} are not in the calendar; these are the rules alone."));
                }

                return listing.Show(
                    parsed, days, ["day", "weekday", "kind", "bank day", "name", ">version"],
                    day => [
                        Text(day), Weekday(day), Kind(calendars.KindOf(day)), calendars.IsBankDay(day) ? "yes" : "no",
                        calendars.Of(day).Calendar.NameOf(day),
                        calendars.Of(day).Version.ToString(CultureInfo.InvariantCulture),
                    ],
                    (line, day) =>
                    {
                        line.WriteString("day", Text(day));
                        line.WriteString("weekday", Weekday(day));
                        line.WriteString("kind", Kind(calendars.KindOf(day)));
                        line.WriteBoolean("bankDay", calendars.IsBankDay(day));
                        line.WriteString("name", calendars.Of(day).Calendar.NameOf(day));
                        line.WriteNumber("version", calendars.Of(day).Version);
                    });
            });
    }

    private static Verb Apply()
    {
        var file = new Argument<string>("file") { Description = "the calendar, JSON in UTF-8" };
        var from = new Option<string?>("--from")
        {
            Description = "the first day on which it is in force; default: today in Baku", HelpName = "YYYY-MM-DD",
        };
        var dry = new Option<bool>("--dry-run") { Description = "only shows what would change" };
        var json = Print.JsonOption();
        return new Verb(
                "apply",
                "Puts a calendar file in force from a day on, as a new version, and makes the coming settlement windows fit, but for the one of "
                + "each group that is open; or refuses it whole.",
                "egovpay calendar apply calendar-2027.json --dry-run", "egovpay calendar apply calendar-2027.json --from 2027-01-01")
        {
            Notes = () => Shape,
        }
            .With(file, from, dry, json)
            .Does(Acts.CalendarApply, async (parsed, cancel) =>
            {
                var path = parsed.GetValue(file)!;
                var start = ReadDay(parsed.GetValue(from)) ?? Today();
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var bytes = CatalogueFiles.Read(path);
                var applied = await CalendarStore.ApplyAsync(
                    desk.Store.Database, bytes, start, Today(), parsed.GetValue(dry) ? null : desk.Person, cancel);
                if (applied.Faults.Count > 0)
                {
                    return await CatalogueCommands.NameFaultsAsync(path, applied.Faults);
                }

                if (applied.Refused is { } why)
                {
                    throw new CommandException(why);
                }

                var windows = new SettlementWindows(desk.Store.Database);
                if (applied.Version is not null)
                {
                    await windows.PrepareAsync(cancel);
                }

                Tell(parsed, parsed.GetValue(json), applied, start, parsed.GetValue(dry));
                foreach (var (group, day) in applied.Version is null ? [] : await windows.StayingAsync(cancel))
                {
                    await parsed.InvocationConfiguration.Error.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture,
                        $"egovpay: the window of C{group} of {Text(day)} is open and stays, though the day is off now: payments may be in it already."));
                }

                return Exit.Done;
            });
    }

    /// <summary>The days of a year that are neither plain working days nor plain weekends.</summary>
    internal static List<LocalDate> SpecialDays(Calendars calendars, int year) =>
    [
        .. Enumerable.Range(0, 366).Select(new LocalDate(year, 1, 1).PlusDays)
            .Where(day => day.Year == year && calendars.KindOf(day) is not (DayKind.Working or DayKind.Weekend)),
    ];

    /// <summary>True where the decrees of a year are in the calendar; else there are the rules alone.</summary>
    internal static bool IsDecreed(Calendars calendars, int year)
    {
        var told = calendars.Of(new LocalDate(year, 12, 31)).Calendar;
        return year >= told.FirstYear && year <= told.LastYear;
    }

    private static void Tell(ParseResult parsed, bool json, CalendarApplication applied, LocalDate from, bool dry)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (json)
        {
            Print.Json(output, line =>
            {
                line.WriteBoolean("applied", applied.Version is not null);
                if (applied.Version is { } version)
                {
                    line.WriteNumber("version", version);
                }

                line.WriteString("from", Text(from));
                line.WriteStartArray("changes");
                foreach (var change in applied.Changes)
                {
                    line.WriteStartObject();
                    line.WriteString("day", Text(change.Day));
                    line.WriteString("before", Kind(change.Before));
                    line.WriteString("after", Kind(change.After));
                    line.WriteString("name", change.Name);
                    line.WriteEndObject();
                }

                line.WriteEndArray();
            });
            return;
        }

        Print.Table(
            output, null, ["day", "weekday", "before", "after", "name"],
            applied.Changes.Take(ChangesShown).Select(change => new[]
            {
                Text(change.Day), Weekday(change.Day), Kind(change.Before), Kind(change.After), change.Name,
            }));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{applied.Changes.Count} days change. ")
            + (applied.Version is { } now ? string.Create(CultureInfo.InvariantCulture, $"Version {now} is in force from {Text(from)}.")
                : dry ? "Nothing was applied: it was only looked at."
                : "It is in force already; nothing was changed."));
    }

    private static LocalDate Today() => Baku.DateOf(SystemClock.Instance.GetCurrentInstant());

    private static LocalDate? ReadDay(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var read = LocalDatePattern.Iso.Parse(text);
        return read.Success ? read.Value : throw CommandException.Usage($"--from '{text}' is no date such as 2027-01-01.");
    }

    internal static string Kind(DayKind kind) => kind switch
    {
        DayKind.Working => "working",
        DayKind.Weekend => "weekend",
        DayKind.Holiday => "holiday",
        DayKind.MovedHoliday => "moved holiday",
        DayKind.ExtraOff => "day off",
        _ => "worked",
    };

    private static string Weekday(LocalDate day) => day.DayOfWeek.ToString();

    private static string Text(LocalDate day) => LocalDatePattern.Iso.Format(day);
}
