using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace EGovPay.Terminals.Observing;

/// <summary>
/// What the doors count: refusals by name, and log events from Warning on, which makes each of them something an alarm can stand on.
/// Requests, their duration and how many are under way are the framework's own measures.
/// </summary>
internal static class Measures
{
    public const string Name = "EGovPay.Terminals";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>(
        "egovpay.refusals", "{request}", "Requests refused, by the refusal's name.");

    private static readonly Counter<long> LogEvents = Meter.CreateCounter<long>(
        "egovpay.log.events", "{event}", "Log lines from Warning on, by their event.");

    private static readonly ConcurrentDictionary<int, string> EventIds = new();

    /// <summary>A request was refused.</summary>
    public static void Refused(string name) =>
        Refusals.Add(1, new KeyValuePair<string, object?>("egovpay.refusal", name));

    /// <summary>Something was logged that may need a person.</summary>
    public static void Logged(LogLevel level, EventId id)
    {
        if (LogEvents.Enabled)
        {
            LogEvents.Add(
                1,
                new("egovpay.log.id", EventIds.GetOrAdd(id.Id, number => number.ToString(CultureInfo.InvariantCulture))),
                new("egovpay.log.event", id.Name),
                new("egovpay.log.level", level.ToString()));
        }
    }
}

/// <summary>Counts our own log lines from Warning on; what they say it never looks at.</summary>
internal sealed class CountedLogs : ILoggerProvider
{
    private static readonly Counted Ours = new(counts: true);
    private static readonly Counted Others = new(counts: false);

    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith("Microsoft", StringComparison.Ordinal)
        || categoryName.StartsWith("Npgsql", StringComparison.Ordinal)
        || categoryName.StartsWith("System", StringComparison.Ordinal) ? Others : Ours;

    public void Dispose()
    {
        // Nothing is held.
    }

    private sealed class Counted(bool counts) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => counts && logLevel is >= LogLevel.Warning and not LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Measures.Logged(logLevel, eventId);
            }
        }
    }
}
