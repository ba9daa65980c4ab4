using System.Text;
using System.Text.Json;
using EGovPay.Processing.Calendar;
using EGovPay.Processing.Days;
using EGovPay.Processing.People;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Calendar;

/// <summary>The calendar's versions in the database, the settlement windows that follow them, and the commands.</summary>
public sealed class CalendarVersions
{
    private const string OpenWindows = "select string_agg(cutoff_group || ' ' || closes_at, ', ' order by cutoff_group) from "
        + "(select cutoff_group, min(closes_at) as closes_at from settlement_window where closes_at > now() group by cutoff_group) w";

    private static readonly Person Finance = new("donan", "Donan", [Role.Finance]);
    private static readonly LocalDate Today = Processing.Baku.DateOf(SystemClock.Instance.GetCurrentInstant());

    /// <summary>Far enough ahead to be in no open window, and worked.</summary>
    private static readonly LocalDate Soon = EmbeddedCalendar.Load().PlusBankDays(Today, 6);

    [Fact]
    public async Task No_window_closes_on_a_day_that_is_no_bank_day()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = (await database.AskAsync<DateTime[]>("select array_agg(distinct bank_day::timestamp) from settlement_window"))!
            .Select(LocalDate.FromDateTime).ToList();

        days.Should().HaveCountGreaterThan(20).And.OnlyContain(day => EmbeddedCalendar.Load().IsBankDay(day));
    }

    [Fact]
    public async Task A_version_makes_the_coming_windows_fit_and_leaves_those_that_are_open()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        await TestPeople.BeAsync(database.DataSource);
        var windows = new SettlementWindows(database.DataSource);
        var open = await database.AskAsync<string>(OpenWindows);
        (await WindowsOnAsync(database, Soon)).Should().Be(4);
        var applied = await CalendarStore.ApplyAsync(database.DataSource, Closing(Soon), Today, Today, Finance);
        await windows.PrepareAsync();

        applied.Refused.Should().BeNull();
        applied.Version.Should().Be(2);
        applied.Changes.Should().ContainSingle().Which.Day.Should().Be(Soon);
        (await WindowsOnAsync(database, Soon)).Should().Be(0);
        (await database.AskAsync<string>(OpenWindows)).Should().Be(open);

        (await CalendarStore.ApplyAsync(database.DataSource, EmbeddedCalendar.Read(), Today, Today, Finance)).Version.Should().Be(3);
        await windows.PrepareAsync();
        (await WindowsOnAsync(database, Soon)).Should().Be(4);
        (await database.AskAsync<string>("select string_agg(subject, ' ' order by number) from act where what = 'calendar apply'"))
            .Should().Be("calendar 2 calendar 3");
    }

    [Fact]
    public async Task A_window_that_is_open_stays_even_where_its_day_is_off_by_now_and_none_is_put_before_it()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var windows = new SettlementWindows(database.DataSource);
        // The open window of group 1 is far away; a nearer one would take what is posted in it already.
        await database.ExecuteAsync($"delete from settlement_window where cutoff_group = 1 and bank_day < '{Soon:uuuu-MM-dd}'; "
            + $"insert into holiday (day, name) values ('{Soon:uuuu-MM-dd}', 'x')");
        await windows.PrepareAsync();

        (await database.AskAsync<long>($"select count(*) from settlement_window where cutoff_group = 1 and bank_day = '{Soon:uuuu-MM-dd}'"))
            .Should().Be(1);
        (await database.AskAsync<long>($"select count(*) from settlement_window where cutoff_group = 1 and bank_day < '{Soon:uuuu-MM-dd}'"))
            .Should().Be(0);
        (await WindowsOnAsync(database, Soon)).Should().Be(1, "the other groups have earlier windows open");
    }

    [Fact]
    public async Task A_version_is_in_force_from_its_day_on_and_what_was_is_not_rewritten()
    {
        await using var database = await TestDatabase.CreateAsync();
        await TestPeople.BeAsync(database.DataSource);
        var late = await CalendarStore.ApplyAsync(database.DataSource, Closing(Soon), Today.PlusDays(-1), Today, Finance);
        late.Version.Should().BeNull();
        late.Refused.Should().Contain("not rewritten");
        (await CalendarStore.ApplyAsync(database.DataSource, Closing(Soon), Soon.PlusDays(1), Today, Finance)).Changes.Should().BeEmpty();
        var calendars = await CalendarStore.ReadAsync(database.DataSource);

        calendars.IsBankDay(Soon).Should().BeTrue("the new version begins the day after");
        calendars.Of(Soon.PlusDays(1)).Version.Should().Be(2);
        calendars.Of(new LocalDate(1999, 1, 1)).Version.Should().Be(1);
        foreach (var how in new[] { "update working_calendar set body = ''", "delete from working_calendar", "truncate working_calendar" })
        {
            await database.Invoking(one => one.ExecuteAsync(how)).Should().ThrowAsync<PostgresException>().WithMessage("*never changed*");
        }
    }

    [Fact]
    public async Task A_calendar_is_looked_at_applied_and_shown_by_command()
    {
        using var folder = new ScratchFolder();
        await using var database = await TestDatabase.CreateAsync();
        var people = new TestPeople(database.DataSource);
        var variables = people.Environment(database.ConnectionString, await people.AddAsync(Finance));
        var file = folder.File("calendar.json", Encoding.UTF8.GetString(Closing(Soon)));
        var looked = await RunningProgram.RunAsync(folder.Path, variables, "calendar", "apply", file, "--dry-run", "--json");
        looked.ExitCode.Should().Be(0, looked.Errors);
        var before = JsonDocument.Parse(looked.LastLine).RootElement;
        before.GetProperty("applied").GetBoolean().Should().BeFalse();
        before.GetProperty("changes").GetArrayLength().Should().Be(1);
        (await database.AskAsync<int>("select max(version) from working_calendar")).Should().Be(1);

        var applied = await RunningProgram.RunAsync(folder.Path, variables, "calendar", "apply", file);
        applied.ExitCode.Should().Be(0, applied.Errors);
        applied.Output.Should().Contain("1 days change. Version 2 is in force from");
        var shown = await RunningProgram.RunAsync(
            folder.Path, variables, "calendar", "show", Soon.Year.ToString(System.Globalization.CultureInfo.InvariantCulture), "--format", "csv");
        shown.ExitCode.Should().Be(0, shown.Errors);
        shown.Output.Should().Contain($"{Soon:uuuu-MM-dd},{Soon.DayOfWeek},day off,no,Sınaq,2");
        applied.Errors.Should().BeEmpty("each window fits");
        var open = LocalDate.FromDateTime(await database.AskAsync<DateTime>(
            "select min(bank_day)::timestamp from settlement_window where cutoff_group = 1 and closes_at > now()"));
        var staying = await RunningProgram.RunAsync(
            folder.Path, variables, "calendar", "apply", folder.File("open.json", Encoding.UTF8.GetString(Closing(open))));
        staying.ExitCode.Should().Be(0, staying.Errors);
        staying.Errors.Should().Contain($"the window of C1 of {open:uuuu-MM-dd} is open and stays, though the day is off now");
        var wrong = await RunningProgram.RunAsync(folder.Path, variables, "calendar", "apply", folder.File("bad.json", "{}"));
        wrong.ExitCode.Should().Be(1);
        wrong.Errors.Should().Contain("bad.json:1: The calendar: \"format\" is missing");
    }

    private static Task<long> WindowsOnAsync(TestDatabase database, LocalDate day) =>
        database.AskAsync<long>($"select count(*) from settlement_window where bank_day = '{day:uuuu-MM-dd}'");

    /// <summary>Our own calendar with one day more off; its last year is that of the day.</summary>
    private static byte[] Closing(LocalDate day) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(EmbeddedCalendar.Read())
        .Replace("\"lastYear\": 2026", FormattableString.Invariant($"\"lastYear\": {Math.Max(2026, day.Year)}"), StringComparison.Ordinal)
        .Replace("\"off\": [", $"\"off\": [ {{\"date\": \"{day:uuuu-MM-dd}\", \"name\": \"Sınaq\"}},", StringComparison.Ordinal));
}
