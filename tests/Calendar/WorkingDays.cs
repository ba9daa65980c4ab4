using System.Text;
using System.Text.Json;
using EGovPay.Processing.Calendar;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace EGovPay.Tests.Calendar;

/// <summary>The product's calendar against what was really off, and what must hold of any day.</summary>
public sealed class WorkingDays
{
    private static readonly WorkingCalendar Ours = EmbeddedCalendar.Load();

    private static readonly Arbitrary<LocalDate> Days =
        Gen.Choose(0, 2_190).Select(n => new LocalDate(2021, 1, 1).PlusDays(n)).ToArbitrary();

    [Theory]
    [InlineData(2021)]
    [InlineData(2022)]
    [InlineData(2023)]
    public void The_days_off_of_a_year_are_those_that_were(int year)
    {
        using var fixture = Fixture();
        var expected = fixture.RootElement.GetProperty("years").GetProperty(Text(year)).GetProperty("nonworking")
            .EnumerateArray().Select(day => day.GetString());

        Off(Ours, year).Should().Equal(expected);
    }

    [Theory]
    [InlineData(2021)]
    [InlineData(2022)]
    [InlineData(2023)]
    [InlineData(2024)]
    [InlineData(2025)]
    public void What_decrees_changed_of_the_rules_in_a_year_is_what_they_did(int year)
    {
        using var fixture = Fixture();
        var told = fixture.RootElement.GetProperty("rule_only_vs_official").GetProperty(Text(year));
        var (real, rules) = (Off(Ours, year), Off(Ours.ByRulesAlone(), year));

        real.Except(rules).Should().Equal(Strings(told, "decree_added"));
        rules.Except(real).Should().Equal(Strings(told, "rule_only_extra"));
    }

    [Fact]
    public void In_2026_the_rules_alone_say_what_the_ministry_says()
    {
        Off(Ours, 2026).Should().Equal(Off(Ours.ByRulesAlone(), 2026)).And.HaveCount(25);
        Ours.DaysOf(2026).Where(day => day.Day.DayOfWeek is not (IsoDayOfWeek.Saturday or IsoDayOfWeek.Sunday))
            .Select(day => day.Day.ToString("MM-dd", null)).Should().Equal(
                "01-01", "01-02", "01-20", "03-09", "03-20", "03-23", "03-24", "03-25", "03-26", "03-27", "03-30", "05-11", "05-27",
                "05-28", "05-29", "06-15", "06-26", "11-09", "11-10", "12-31");
    }

    [Theory]
    [InlineData("2024-11-16", DayKind.Worked, true, false)] // a Saturday that pays for the 12th
    [InlineData("2024-11-12", DayKind.ExtraOff, false, false)]
    [InlineData("2025-03-10", DayKind.Worked, true, true)] // the rule would move Women's Day here
    [InlineData("2023-01-03", DayKind.MovedHoliday, false, false)] // the 31st of December before it was a Saturday
    [InlineData("2024-01-20", DayKind.Holiday, false, false)]
    [InlineData("2024-01-22", DayKind.Working, true, true)] // mourning does not move
    [InlineData("2026-10-18", DayKind.Weekend, false, false)]
    [InlineData("2021-10-18", DayKind.Working, true, true)] // a holiday that is worked
    [InlineData("2020-11-08", DayKind.Weekend, false, false)] // Victory Day is kept since 2021
    [InlineData("2027-01-04", DayKind.MovedHoliday, false, false)] // by the rules alone
    public void A_day_is_what_it_is(string day, DayKind kind, bool working, bool bank)
    {
        var date = Date(day);

        (Ours.KindOf(date), Ours.IsWorkingDay(date), Ours.IsBankDay(date)).Should().Be((kind, working, bank));
    }

    [Theory]
    [InlineData("2026-03-19", 0, "2026-03-19")]
    [InlineData("2026-03-19", 1, "2026-03-31")]
    [InlineData("2026-03-22", 0, "2026-03-31")]
    [InlineData("2026-12-30", 1, "2027-01-05")]
    [InlineData("2024-11-15", 1, "2024-11-18")]
    public void So_many_bank_days_later_is_a_day(string from, int days, string to) =>
        Ours.PlusBankDays(Date(from), days).Should().Be(Date(to));

    [Fact]
    public void A_worked_Saturday_is_the_next_working_day() =>
        Ours.NextWorkingDay(new LocalDate(2024, 11, 15)).Should().Be(new LocalDate(2024, 11, 16));

    [Fact]
    public void Next_and_previous_lead_back_and_skip_no_working_day() => Prop.ForAll(Days, day =>
    {
        var (next, bank) = (Ours.NextWorkingDay(day), Ours.NextBankDay(day));
        return Ours.IsWorkingDay(next) && Ours.IsBankDay(bank) && bank >= next
            && Between(day, next).All(other => !Ours.IsWorkingDay(other)) && Between(day, bank).All(other => !Ours.IsBankDay(other))
            && Ours.PreviousWorkingDay(next) == (Ours.IsWorkingDay(day) ? day : Ours.PreviousWorkingDay(day))
            && Ours.PreviousBankDay(bank) == (Ours.IsBankDay(day) ? day : Ours.PreviousBankDay(day));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void So_many_days_later_and_so_many_more_is_their_sum_later() => Prop.ForAll(
        Days, Gen.Choose(0, 15).ToArbitrary(), Gen.Choose(0, 15).ToArbitrary(), (day, a, b) =>
            Ours.PlusWorkingDays(Ours.PlusWorkingDays(day, a), b) == Ours.PlusWorkingDays(day, a + b)
            && Ours.PlusBankDays(Ours.PlusBankDays(day, a), b) == Ours.PlusBankDays(day, a + b)
            && Ours.PlusBankDays(day, a) >= Ours.PlusWorkingDays(day, a)).QuickCheckThrowOnFailure();

    [Fact]
    public void Each_moved_holiday_lands_on_a_day_that_would_have_been_worked() => Prop.ForAll(Days, day =>
        Ours.KindOf(day) != DayKind.MovedHoliday || (day.DayOfWeek < IsoDayOfWeek.Saturday && Ours.NameOf(day).Length > 0))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void No_days_before_a_day_can_be_asked_for() =>
        Ours.Invoking(one => one.PlusBankDays(new LocalDate(2026, 1, 5), -1)).Should().Throw<ArgumentOutOfRangeException>();

    [Theory]
    [InlineData("", "line 1")]
    [InlineData("[]", "must be an object")]
    [InlineData("\"lastYear\": 2026 → \"lastYear\": 2020", "\"lastYear\" is before \"firstYear\"")]
    [InlineData("\"lastYear\": 2026 → \"lastYear\": 2025", "2026-05-28 is not between")]
    [InlineData("\"format\": 1 → \"format\": 2", "\"format\" must be a whole number from 1 to 1")]
    [InlineData("\"off\": → \"of\":", "has no property \"of\"")]
    [InlineData("2026-05-28 → 2026-05-32", "must be a date")]
    [InlineData("2026-05-28 → 2026-05-27", "2026-05-27 is there twice")]
    [InlineData("2025-06-27 → 2025-06-28", "off: 2025-06-28 is no working day anyway")]
    [InlineData("2024-11-16 → 2024-11-14", "worked: 2024-11-14 is a working day anyway")]
    [InlineData("\"month\": 6, \"day\": 26 → \"month\": 6, \"day\": 31", "\"day\" must be a whole number from 1 to 30")]
    [InlineData("\"month\": 6, \"day\": 26 → \"month\": 6, \"day\": 15", "6-15 is there twice")]
    [InlineData("\"since\": 2021 → \"since\": 21", "\"since\" must be a whole number")]
    [InlineData("\"moves\": false → \"moves\": 0", "\"moves\" must be true or false")]
    [InlineData("\"name\": \"Zəfər Günü\" → \"name\": \"\"", "\"name\" must be 1 to 100 characters")]
    public void A_file_that_is_wrong_is_refused_and_says_where(string change, string why)
    {
        var parts = change.Split(" → ");
        var file = parts.Length == 1 ? change
            : Encoding.UTF8.GetString(EmbeddedCalendar.Read()).Replace(parts[0], parts[1], StringComparison.Ordinal);
        var check = CheckCalendar.Run(Encoding.UTF8.GetBytes(file));

        check.Calendar.Should().BeNull();
        check.Faults.Select(fault => fault.ToString()).Should().Contain(fault => fault.Contains(why, StringComparison.Ordinal));
    }

    private static IEnumerable<LocalDate> Between(LocalDate after, LocalDate before)
    {
        for (var day = after.PlusDays(1); day < before; day = day.PlusDays(1))
        {
            yield return day;
        }
    }

    private static List<string> Off(WorkingCalendar calendar, int year) =>
        [.. calendar.DaysOf(year).Where(day => day.Kind != DayKind.Worked).Select(day => LocalDatePattern.Iso.Format(day.Day))];

    private static IEnumerable<string?> Strings(JsonElement of, string property) =>
        of.TryGetProperty(property, out var list) ? list.EnumerateArray().Select(one => one.GetString()) : [];

    private static string Text(int year) => year.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static LocalDate Date(string text) => LocalDatePattern.Iso.Parse(text).Value;

    private static JsonDocument Fixture()
    {
        var path = Path.Combine(Fixtures.Root, "azerbaijan", "public_holidays.json");
        Assert.SkipUnless(File.Exists(path), $"{path} is not there");
        return JsonDocument.Parse(File.ReadAllText(path));
    }
}
