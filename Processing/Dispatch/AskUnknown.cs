using EGovPay.Processing.Observing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// Asks about payments whose outcome is not known, with the same number, on a growing schedule, until there is an answer.
/// Any node asks; a question is leased for half a minute and ends before its lease does.
/// </summary>
public sealed class AskUnknown(
    IClusterTables cluster, IFindPayments book, Gates gates, Deliver deliver, Node node, TimeProvider time,
    ILogger<AskUnknown> log)
{
    internal const int LeaseSeconds = 30;
    private const int AskSeconds = 25;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Where something was due, more may be: a dead node's thousands must not wait for a pause each handful.</summary>
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(25);

    /// <summary>Asks until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var began = 0;
            try
            {
                began = await AskDueAsync(stop);
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
            {
                Log.BackgroundFailed(log, failure, "asking about unknown payments");
            }

            await time.PauseAsync(began > 0 ? ShortPause : Pause, stop);
        }
    }

    /// <summary>Begins a question for each payment that is due and has a permit; returns how many.</summary>
    internal async Task<int> AskDueAsync(CancellationToken stop)
    {
        var free = gates.All.Select(gate => (gate.Settings.Id, Free: gate.FreeQuestions)).Where(p => p.Free > 0).ToList();
        if (free.Count == 0 || !node.Alive)
        {
            return 0;
        }

        var startedTicks = time.GetTimestamp();
        var due = await cluster.LeaseDueAsync(
            [.. free.Select(p => p.Id)], [.. free.Select(p => p.Free)], LeaseSeconds, stop);
        if (due.Count == 0)
        {
            return 0;
        }

        var deadline = SendDeadline.After(startedTicks, AskSeconds, time);
        var payments = await book.FindAsync([.. due.Select(d => d.AgentId)], [.. due.Select(d => d.Number)], stop);
        foreach (var payment in payments.Where(p => p.State == PaymentState.Unknown))
        {
            var asks = due.First(d => d.Number == payment.Number).Asks;
            if (gates.Find(payment.ProviderId)?.TryEnterQuestion() is { } permit)
            {
                _ = AskAsync(payment, permit, deadline, asks);
            }
        }

        return payments.Count;
    }

    private async Task AskAsync(Payment payment, Permit permit, SendDeadline deadline, int asks)
    {
        using (permit)
        using (Spans.Own("ask unknown", payment.Number))
        {
            try
            {
                await deliver.AskAsync(payment, deadline, asks);
            }
            catch (Exception failure)
            {
                // Its lease ends by itself and it is asked about again.
                Log.BackgroundFailed(log, failure, "asking about one unknown payment");
            }
        }
    }
}
