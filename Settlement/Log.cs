using Microsoft.Extensions.Logging;

namespace EGovPay.Settlement;

/// <summary>What settlement logs: numbers and names of jobs and files, never what stands in them.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Error, "The job {Job} failed; it is run again at its time")]
    public static partial void JobFailed(ILogger logger, Exception failure, string job);

    [LoggerMessage(4001, LogLevel.Error, "{Run}, which somebody asked for, failed; it left nothing behind")]
    public static partial void AskedFailed(ILogger logger, Exception failure, string run);
}
