using NodaTime;

namespace EGovPay.Processing;

/// <summary>
/// The country's clock. Not a constant offset: Baku was at UTC+5 in the summers up to 25 October 2015 and is at UTC+4 since.
/// </summary>
public static class Baku
{
    /// <summary>The zone <c>Asia/Baku</c> of the tz database.</summary>
    public static readonly DateTimeZone Zone = DateTimeZoneProviders.Tzdb["Asia/Baku"];

    /// <summary>What a clock on a Baku wall shows at <paramref name="instant"/>.</summary>
    public static LocalDateTime At(Instant instant) => instant.InZone(Zone).LocalDateTime;

    /// <summary>The Baku calendar day of <paramref name="instant"/>.</summary>
    public static LocalDate DateOf(Instant instant) => At(instant).Date;
}
