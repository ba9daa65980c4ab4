using System.Data.Common;
using NodaTime;

namespace EGovPay.Processing.PostgreSql;

/// <summary>
/// Where NodaTime and Npgsql meet: <see cref="Instant"/> ↔ `timestamptz`, <see cref="LocalDate"/> ↔ `date`. PostgreSQL
/// keeps whole microseconds, so an instant is floored to them before it is written, compared or hashed; infinities
/// have no place in our columns and are refused in both directions.
/// </summary>
public static class NodaTimeColumns
{
    private const long TicksPerMicrosecond = 10;

    /// <summary>
    /// The instant as PostgreSQL will give it back: floored to a whole microsecond, also before 1970.
    /// </summary>
    public static Instant FloorToMicroseconds(this Instant instant)
    {
        var ticks = instant.ToUnixTimeTicks(); // floored already from nanoseconds
        var over = ticks % TicksPerMicrosecond;
        return Instant.FromUnixTimeTicks(ticks - (over < 0 ? over + TicksPerMicrosecond : over));
    }

    /// <summary>The value for a `timestamptz` parameter: floored, UTC.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Outside the years 1 to 9999, or one that Npgsql writes as an infinity.
    /// </exception>
    public static DateTime ToTimestamp(this Instant instant)
    {
        if (instant < EarliestInstant || instant > LatestInstant)
        {
            throw new ArgumentOutOfRangeException(nameof(instant), instant, "Not an instant that a column may hold.");
        }
        return instant.FloorToMicroseconds().ToDateTimeUtc();
    }

    /// <summary>The values for a `timestamptz[]` parameter.</summary>
    public static DateTime[] ToTimestamps(this IEnumerable<Instant> instants) => instants.Select(ToTimestamp).ToArray();

    /// <summary>The value for a `date` parameter.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Outside the years 1 to 9999, or one that Npgsql writes as an infinity.
    /// </exception>
    public static DateOnly ToDateColumn(this LocalDate date)
    {
        if (date <= EarliestDate || date >= LatestDate)
        {
            throw new ArgumentOutOfRangeException(nameof(date), date, "Not a date that a column may hold.");
        }
        return date.ToDateOnly();
    }

    /// <summary>The values for a `date[]` parameter.</summary>
    public static DateOnly[] ToDateColumns(this IEnumerable<LocalDate> dates) => dates.Select(ToDateColumn).ToArray();

    /// <summary>Reads a `timestamptz` that is not null.</summary>
    /// <exception cref="InvalidDataException">The column holds an infinity.</exception>
    public static Instant GetInstant(this DbDataReader reader, int ordinal)
    {
        var value = reader.GetFieldValue<DateTime>(ordinal);
        return value == DateTime.MaxValue || value == DateTime.MinValue
            ? throw new InvalidDataException($"The column {reader.GetName(ordinal)} holds an infinity.")
            : Instant.FromDateTimeUtc(value);
    }

    /// <summary>Reads a `timestamptz` that may be null.</summary>
    public static Instant? GetInstantOrNull(this DbDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : reader.GetInstant(ordinal);

    /// <summary>Reads a `date` that is not null.</summary>
    /// <exception cref="InvalidDataException">The column holds an infinity.</exception>
    public static LocalDate GetLocalDate(this DbDataReader reader, int ordinal)
    {
        var value = reader.GetFieldValue<DateOnly>(ordinal);
        return value == DateOnly.MaxValue || value == DateOnly.MinValue
            ? throw new InvalidDataException($"The column {reader.GetName(ordinal)} holds an infinity.")
            : LocalDate.FromDateOnly(value);
    }

    /// <summary>Reads a `date` that may be null.</summary>
    public static LocalDate? GetLocalDateOrNull(this DbDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : reader.GetLocalDate(ordinal);

    // One microsecond inside what Npgsql takes for the infinities.
    private static readonly Instant EarliestInstant =
        Instant.FromUtc(1, 1, 1, 0, 0) + Duration.FromNanoseconds(1_000);

    private static readonly Instant LatestInstant =
        Instant.FromUtc(9999, 12, 31, 23, 59, 59) + Duration.FromNanoseconds(999_999_000);

    private static readonly LocalDate EarliestDate = new(1, 1, 1);
    private static readonly LocalDate LatestDate = new(9999, 12, 31);
}
