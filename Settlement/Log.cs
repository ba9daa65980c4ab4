using Microsoft.Extensions.Logging;

namespace EGovPay.Settlement;

/// <summary>What settlement logs: numbers and names of jobs and files, never what stands in them.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Error, "The job {Job} failed; it is run again at its time")]
    public static partial void JobFailed(ILogger logger, Exception failure, string job);
}
