using Microsoft.Extensions.Logging;

namespace EGovPay.Providers;

/// <summary>
/// Every log line of the providers, events 2000–2999. Never a body, a name, an account or a key: a payment's number
/// leads to its file.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Critical,
        "ALARM: provider {Provider} answered for payment {Number} with another transaction number: not believed")]
    public static partial void AnswerOfAnotherPayment(this ILogger log, string provider, long number);

    [LoggerMessage(2002, LogLevel.Critical,
        "ALARM: provider {Provider} answered OK for payment {Number} with another sum: not believed")]
    public static partial void AnswerOfAnotherSum(this ILogger log, string provider, long number);

    [LoggerMessage(2003, LogLevel.Critical,
        "ALARM: provider {Provider} knows payment {Number} with another body (409)")]
    public static partial void KnownWithAnotherBody(this ILogger log, string provider, long number);

    [LoggerMessage(2004, LogLevel.Warning,
        "Provider {Provider} answered something not understood for {Number}: {Fault}, HTTP {Status}")]
    public static partial void NotUnderstood(this ILogger log, string provider, long number, string fault, int status);

    [LoggerMessage(2005, LogLevel.Warning,
        "Provider {Provider} answered final error {Code} after a silent attempt of payment {Number}: still unknown")]
    public static partial void FinalErrorNotBelieved(this ILogger log, string provider, long number, string code);

    [LoggerMessage(2006, LogLevel.Warning,
        "Provider {Provider} did not take the register {File}: HTTP {Status}; it is tried again")]
    public static partial void RegisterNotTaken(this ILogger log, string provider, string file, int status);

    [LoggerMessage(2007, LogLevel.Error, "Provider {Provider} cannot be connected and is unavailable: {Why}")]
    public static partial void NotConnectable(this ILogger log, string provider, string why);

    [LoggerMessage(2010, LogLevel.Information, "Register {File} of {Provider} written with {Payments} payments")]
    public static partial void RegisterWritten(this ILogger log, string provider, string file, int payments);

    [LoggerMessage(2011, LogLevel.Information, "Register {File} of {Provider} acknowledged; {Rejected} lines rejected")]
    public static partial void RegisterAcknowledged(this ILogger log, string provider, string file, int rejected);

    [LoggerMessage(2012, LogLevel.Error, "The acknowledgement {File} of {Provider} cannot be read: {Fault}")]
    public static partial void AcknowledgementNotRead(this ILogger log, string provider, string file, string fault);

    [LoggerMessage(2013, LogLevel.Warning, "A round of register delivery failed; it is tried again")]
    public static partial void RegisterRoundFailed(this ILogger log, Exception exception);
}
