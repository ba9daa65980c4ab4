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

    /// <summary>What is guessed at: keys, signatures of a terminal, codes of receipts.</summary>
    public static readonly IReadOnlyList<string> LockoutKinds = ["key", "signature", "code"];

    private static readonly Counter<long> Lockouts = Meter.CreateCounter<long>(
        "egovpay.lockouts", "{lockout}", "Failures that began or lengthened a lock-out, by what was guessed at.");

    private static readonly ConcurrentDictionary<int, string> EventIds = new();

    /// <summary>A request was refused.</summary>
    public static void Refused(string name) =>
        Refusals.Add(1, new KeyValuePair<string, object?>("egovpay.refusal", name));

    /// <summary>Somebody is kept out from now on, or for longer.</summary>
    public static void LockedOut(string kind) => Lockouts.Add(1, Of(kind));

    /// <summary>Shows what rarely happens at zero: a series that begins at one is no increase to an alarm.</summary>
    public static void Begin()
    {
        foreach (var kind in LockoutKinds)
        {
            Lockouts.Add(0, Of(kind));
        }
    }

    /// <summary>A kind of guess as a tag.</summary>
    public static KeyValuePair<string, object?> Of(string kind) => new("egovpay.lockout.kind", kind);

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
