using EGovPay.Processing.Observing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// Asks providers to take payments back: first at once, then under the same numbers on a growing schedule, until there is an
/// answer. What is to be asked is a row that was committed with the wish, so any node asks, and none is forgotten. A lease ends a
/// little after the provider's time limit; nothing is sent when it has ended.
/// </summary>
public sealed class AskReversals(
    IClusterTables cluster, IFindPayments book, Gates gates, Deliver deliver, Node node, TimeProvider time,
    ILogger<AskReversals> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private TaskCompletionSource woken = NewSleep();

    /// <summary>Something has just become due: it need not wait for the next look.</summary>
    public void Wake() => Volatile.Read(ref woken).TrySetResult();

    /// <summary>Asks until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            // Before the look, so that whoever wakes during it is heard after it.
            var sleep = NewSleep();
            Volatile.Write(ref woken, sleep);
            try
            {
                await AskDueAsync(stop);
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
            {
                Log.BackgroundFailed(log, failure, "asking for reversals");
            }

            await time.PauseAsync(Pause, sleep, stop);
        }
    }

    /// <summary>Begins a question for each reversal that is due and has a permit; returns how many.</summary>
    internal async Task<int> AskDueAsync(CancellationToken stop)
    {
        var free = gates.All.Where(gate => gate.FreeQuestions > 0).ToList();
        if (free.Count == 0 || !node.Alive)
        {
            return 0;
        }

        // Before the statement that leases: the deadline must end before the lease does.
        var startedTicks = time.GetTimestamp();
        var due = await cluster.LeaseReversalsAsync(
            [.. free.Select(gate => gate.Settings.Id)], [.. free.Select(gate => gate.FreeQuestions)],
            [.. free.Select(Deliver.ClaimSeconds)], stop);
        if (due.Count == 0)
        {
            return 0;
        }

        var payments = await book.FindAsync([.. due.Select(d => d.AgentId)], [.. due.Select(d => d.Number)], stop);
        foreach (var payment in payments.Where(p => p.State == PaymentState.Reversing))
        {
            var one = due.First(d => d.Number == payment.Number);
            if (gates.Find(payment.ProviderId) is { } gate && gate.TryEnterQuestion() is { } permit)
            {
                _ = AskAsync(payment, one, permit, SendDeadline.After(startedTicks, gate.Settings.TimeoutSeconds, time));
            }
        }

        return payments.Count;
    }

    private async Task AskAsync(Payment payment, DueReversal due, Permit permit, SendDeadline deadline)
    {
        using (permit)
        using (Spans.Own("ask reversal", payment.Number))
        {
            try
            {
                await deliver.ReverseAsync(payment, due, deadline);
            }
            catch (Exception failure)
            {
                // Its lease ends by itself and it is asked about again.
                Log.BackgroundFailed(log, failure, "asking for one reversal");
            }
        }
    }

    private static TaskCompletionSource NewSleep() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
