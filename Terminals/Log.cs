
namespace EGovPay.Terminals;

/// <summary>
/// Every log line of the HTTP side and of `serve`. Event ids: 3000–3099. Never a body, a query, a name, an account, a
/// key: a path is logged as its route.
/// </summary>
internal static partial class Log
{
    /// <summary>The logger of a request.</summary>
    public static ILogger LogOf(this IServiceProvider services) => services.GetRequiredService<ILogger<Server>>();

    [LoggerMessage(3000, LogLevel.Information, "Serving on {Addresses}")]
    public static partial void Serving(ILogger logger, string addresses);

    [LoggerMessage(3001, LogLevel.Information, "No longer serving")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(3002, LogLevel.Information, "Metrics are shown at {Address}/metrics")]
    public static partial void ShowingMetrics(ILogger logger, string address);

    [LoggerMessage(3010, LogLevel.Error, "A request failed: {Method} {Route}")]
    public static partial void RequestFailed(ILogger logger, Exception defect, string method, string route);

    [LoggerMessage(3011, LogLevel.Warning,
        "A payment's answer was lost between us and the database; its outcome is not known")]
    public static partial void OutcomeNotKnown(ILogger logger, Exception failure);

    [LoggerMessage(3018, LogLevel.Warning, "The stop was cut short after {Seconds} s; what still waited is open and recovered by others")]
    public static partial void StopCutShort(ILogger logger, double seconds);

    [LoggerMessage(3017, LogLevel.Warning,
        "The database is away; requests are told so until it is back (said once for all of them)")]
    public static partial void DatabaseAway(ILogger logger, Exception failure);

    [LoggerMessage(3012, LogLevel.Debug, "Overloaded: {Requests} requests are under way, {Limit} young ones are let in; more are refused")]
    public static partial void Overloaded(ILogger logger, int requests, int limit);

    [LoggerMessage(3013, LogLevel.Warning, "Overloaded: {Refused} requests were refused in the last seconds; {Limit} young ones are let in")]
    public static partial void Shedding(ILogger logger, long refused, int limit);

    [LoggerMessage(3014, LogLevel.Information, "Stopping: {Requests} requests are under way")]
    public static partial void Draining(ILogger logger, int requests);

    [LoggerMessage(3015, LogLevel.Information, "The server's certificate was read again; it is good until {NotAfter:u}")]
    public static partial void CertificateRead(ILogger logger, DateTime notAfter);

    [LoggerMessage(3016, LogLevel.Error, "The server's certificate was replaced by one that cannot be read; the one before stays in force")]
    public static partial void CertificateUnreadable(ILogger logger, Exception failure);

    [LoggerMessage(3020, LogLevel.Warning, "Used nonces could not be cleaned up; it is tried again")]
    public static partial void NoncesNotForgotten(ILogger logger, Exception failure);

    [LoggerMessage(3030, LogLevel.Warning,
        "EGOVPAY_PROVIDERS is not set: providers whose address in the catalogue is relative are not reached")]
    public static partial void ProvidersNotSet(ILogger logger);

    [LoggerMessage(3031, LogLevel.Warning, "Receipts are given as text and JSON only: {Why}")]
    public static partial void NoReceiptFont(ILogger logger, string why);

    [LoggerMessage(3050, LogLevel.Warning, "A round of telling failed; the next one comes")]
    public static partial void TellingFailed(ILogger logger, Exception failure);

    [LoggerMessage(3051, LogLevel.Error, "Telling receiver {Receiver} failed by a defect: {Kind}")]
    public static partial void TellingDefect(ILogger logger, int receiver, string kind);

    [LoggerMessage(3052, LogLevel.Warning, "Endpoint {Endpoint} answered 410 and is switched off")]
    public static partial void EndpointGone(ILogger logger, int endpoint);

    [LoggerMessage(3053, LogLevel.Warning,
        "Event {Step} of payment {Number} is given up for receiver {Receiver} after {Attempts} attempts: {Note}")]
    public static partial void DeadLetter(ILogger logger, long number, int step, int receiver, int attempts, string? note);

    [LoggerMessage(3060, LogLevel.Error, "The schedule of jobs could not be opened or ended; it is opened again")]
    public static partial void JobsNotScheduled(ILogger logger, Exception failure);
}
