using System.Text.Encodings.Web;
using System.Text.Json;
using EGovPay.Terminals.Observing;
using Microsoft.Extensions.Logging.Console;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// Log lines: one JSON object each on stderr, with event ids and UTC times; stdout is for what a command answers.
/// </summary>
internal static class JsonLogs
{
    private const string Requests = "Microsoft.AspNetCore.Hosting.Diagnostics";

    public static ILoggerFactory Open(LogLevel least) => LoggerFactory.Create(logs =>
    {
        logs.SetMinimumLevel(least);
        logs.AddFilter("Microsoft", least < LogLevel.Warning ? LogLevel.Warning : least);
        logs.AddFilter("Npgsql", least < LogLevel.Warning ? LogLevel.Warning : least);
        // While anything of it could be printed, the framework makes a span and a scope of each request, whoever traces or nobody.
        logs.AddFilter(Requests, LogLevel.None);
        logs.AddFilter<CountedLogs>(Requests, LogLevel.None);
        // Counted whatever is printed: alarms stand on it.
        logs.AddFilter<CountedLogs>(null, LogLevel.Warning);
        logs.AddProvider(new CountedLogs());
        logs.AddJsonConsole(lines =>
        {
            lines.UseUtcTimestamp = true;
            lines.JsonWriterOptions = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
            lines.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        });
        logs.Services.Configure<ConsoleLoggerOptions>(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            // Who reads the lines may stand still; payments do not wait for a reader.
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
    });
}
