using EGovPay.Processing.PostgreSql;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using NodaTime.Text;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.PostgreSql;

public sealed class NodaTimeColumnsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly Gen<Instant> Instants =
        from day in Gen.Choose(-719_161, 2_932_894) // 0001-01-02 to 9999-12-29
        from second in Gen.Choose(0, 86_399)
        from nanosecond in Gen.Choose(0, 999_999_999)
        select Instant.FromUnixTimeTicks(0) + Duration.FromDays(day)
            + Duration.FromSeconds(second) + Duration.FromNanoseconds(nanosecond);

    [Fact]
    public void Flooring_never_goes_up_loses_less_than_a_microsecond_and_is_done_once() =>
        Prop.ForAll(Instants.ToArbitrary(), instant =>
        {
            var floored = instant.FloorToMicroseconds();
            var lost = instant - floored;
            return lost >= Duration.Zero
                && lost < Duration.FromNanoseconds(1_000)
                && floored.ToUnixTimeTicks() % 10 == 0
                && floored.FloorToMicroseconds() == floored;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("2026-03-01T09:00:00.123456789Z", "2026-03-01T09:00:00.123456Z")]
    [InlineData("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z")]
    [InlineData("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999Z")]
    [InlineData("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z")]
    public void An_instant_is_floored_also_before_1970(string written, string floored) =>
        Parsed(written).FloorToMicroseconds().Should().Be(Parsed(floored));

    [Fact]
    public async Task Instants_come_back_from_the_database_as_they_were_floored()
    {
        var instants = Gen.Sample(Instants, 500).Append(SystemClock.Instance.GetCurrentInstant()).ToList();
        await using var command = database.DataSource.CreateCommand(
            "select at from unnest($1) with ordinality as given (at, place) order by place");
        command.Parameters.Add(new NpgsqlParameter<DateTime[]> { TypedValue = instants.ToTimestamps() });
        await using var reader = await command.ExecuteReaderAsync();
        reader.GetDataTypeName(0).Should().Be("timestamp with time zone");
        foreach (var instant in instants)
        {
            (await reader.ReadAsync()).Should().BeTrue();
            reader.GetInstant(0).Should().Be(instant.FloorToMicroseconds());
        }
    }

    [Fact]
    public async Task Dates_come_back_from_the_database_as_they_were()
    {
        LocalDate[] dates = [new(1, 1, 2), new(1999, 12, 31), new(2024, 2, 29), new(2026, 11, 22), new(9999, 12, 30)];
        await using var command = database.DataSource.CreateCommand(
            "select day, day::text from unnest($1) with ordinality as given (day, place) order by place");
        command.Parameters.Add(new NpgsqlParameter<DateOnly[]> { TypedValue = dates.ToDateColumns() });
        await using var reader = await command.ExecuteReaderAsync();
        foreach (var date in dates)
        {
            (await reader.ReadAsync()).Should().BeTrue();
            reader.GetLocalDate(0).Should().Be(date);
            reader.GetString(1).Should().Be(LocalDatePattern.Iso.Format(date));
        }
    }

    [Fact]
    public async Task Nulls_are_nulls()
    {
        await using var command = database.DataSource.CreateCommand(
            "select null::timestamptz, null::date, '2026-01-01T00:00:00Z'::timestamptz, '2026-01-01'::date");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        reader.GetInstantOrNull(0).Should().BeNull();
        reader.GetLocalDateOrNull(1).Should().BeNull();
        reader.GetInstantOrNull(2).Should().Be(Instant.FromUtc(2026, 1, 1, 0, 0));
        reader.GetLocalDateOrNull(3).Should().Be(new LocalDate(2026, 1, 1));
    }

    [Fact]
    public async Task Infinities_in_a_column_are_refused()
    {
        await using var command = database.DataSource.CreateCommand(
            "select 'infinity'::timestamptz as at, '-infinity'::timestamptz, "
            + "'infinity'::date as day, '-infinity'::date");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        reader.Invoking(row => row.GetInstant(0)).Should().Throw<InvalidDataException>().WithMessage("*column at*");
        reader.Invoking(row => row.GetInstant(1)).Should().Throw<InvalidDataException>();
        reader.Invoking(row => row.GetLocalDate(2)).Should().Throw<InvalidDataException>().WithMessage("*column day*");
        reader.Invoking(row => row.GetLocalDate(3)).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void What_Npgsql_would_write_as_an_infinity_or_not_at_all_is_refused()
    {
        Instant[] outside =
        [
            Instant.MinValue, Instant.MaxValue,
            Instant.FromUtc(1, 1, 1, 0, 0),
            Instant.FromUtc(9999, 12, 31, 23, 59, 59).PlusNanoseconds(999_999_900),
        ];
        outside.Should().OnlyContain(instant => Refused(() => instant.ToTimestamp()));
        LocalDate[] outsideDates = [LocalDate.MinIsoValue, LocalDate.MaxIsoValue, new(1, 1, 1), new(9999, 12, 31)];
        outsideDates.Should().OnlyContain(date => Refused(() => date.ToDateColumn()));
    }

    private static bool Refused<T>(Func<T> write)
    {
        try
        {
            write();
            return false;
        }
        catch (ArgumentOutOfRangeException)
        {
            return true;
        }
    }

    private static Instant Parsed(string text) => InstantPattern.ExtendedIso.Parse(text).Value;
}
