using System.Diagnostics;
using EGovPay.Processing.Journal;

namespace EGovPay.Processing.Observing;

/// <summary>
/// The spans of a payment's way. While nobody traces, starting one gives null and costs a look at a flag. A span names a payment by its
/// number, which says nothing about anybody; never by its reference, and its account is in none.
/// </summary>
internal static class Spans
{
    public const string NumberTag = "egovpay.payment.number";

    private static readonly ActivitySource Source = new(Measures.Name);

    /// <summary>Somebody may record the next span.</summary>
    public static bool Wanted => Source.HasListeners();

    /// <summary>What is under way here is this payment now, and may be taken.</summary>
    public static void Validated(long number)
    {
        if (Activity.Current is { IsAllDataRequested: true } span)
        {
            span.SetTag(NumberTag, number).AddEvent(new ActivityEvent("validated"));
        }
    }

    /// <summary>A command's wait for its commit, with how many others it was committed.</summary>
    public static async Task<T> CommitAsync<T>(string name, LaneCommand command, Task<T> committed)
    {
        using var span = Step(name);
        var result = await committed;
        span?.SetTag("egovpay.journal.batch.size", command.BatchSize);
        return result;
    }

    /// <summary>A step on the way of whatever is under way here, or null where nobody records it.</summary>
    public static Activity? Step(string name) => Activity.Current is null ? null : Source.StartActivity(name);

    /// <summary>A trace of its own, for work that nobody waits for: asking about a payment, taking one over.</summary>
    public static Activity? Own(string name, long number)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        Activity.Current = null;
        return Source.StartActivity(name)?.SetTag(NumberTag, number);
    }

    /// <summary>What is under way here is worth keeping whatever the sampling says: it failed, or its end is not known.</summary>
    public static void Trouble(string why) => Activity.Current?.SetStatus(ActivityStatusCode.Error, why);
}
