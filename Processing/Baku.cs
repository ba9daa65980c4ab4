using NodaTime;
using NodaTime.TimeZones;

namespace EGovPay.Processing;

/// <summary>
/// The country's clock. Not a constant offset: Baku was at UTC+5 in the summers up to 25 October 2015 and is at UTC+4 since.
/// </summary>
public static class Baku
{
    /// <summary>The zone <c>Asia/Baku</c> of the tz database.</summary>
    public static readonly DateTimeZone Zone = DateTimeZoneProviders.Tzdb["Asia/Baku"];

    /// <summary>The last change of the offset that the tz database knows of; every payment of today lies behind it.</summary>
    private static readonly ZoneInterval Last = Zone.GetZoneInterval(Instant.MaxValue);

    /// <summary>What a clock on a Baku wall shows at <paramref name="instant"/>.</summary>
    public static LocalDateTime At(Instant instant) =>
        instant.WithOffset(Last.Contains(instant) ? Last.WallOffset : Zone.GetUtcOffset(instant)).LocalDateTime;

    /// <summary>The Baku calendar day of <paramref name="instant"/>.</summary>
    public static LocalDate DateOf(Instant instant) => At(instant).Date;
}
