using EGovPay.Processing.Payments;
using Microsoft.Extensions.Logging;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// Hands a claimed payment to its provider, once, before its claim ends, and records what came of it.
/// </summary>
public sealed class Deliver(Gates gates, Conclude conclude, Node node, TimeProvider time, ILogger<Deliver> log)
{
    /// <summary>Seconds that a claim lasts beyond the provider's time limit: the commit and the way back.</summary>
    public const int ClaimMarginSeconds = 3;

    /// <summary>How long a claim for this provider lasts, seconds.</summary>
    public static int ClaimSeconds(ProviderGate gate) => checked(gate.Settings.TimeoutSeconds + ClaimMarginSeconds);

    /// <summary>
    /// Sends a payment that this node has claimed and never sent. A deadline that has passed sends nothing: the payment then
    /// counts as perhaps sent, and is asked about.
    /// </summary>
    /// <param name="callerLeft">Asked when a refusal is recorded: was its terminal told "not final"? Null: nobody waited.</param>
    public async Task<Payment> PayAsync(Payment payment, SendDeadline deadline, Func<bool>? callerLeft = null)
    {
        var answer = await SendAsync(payment, deadline);
        return await conclude.RecordAsync(payment, answer, asks: 0, callerLeft);
    }

    /// <summary>Asks what became of a payment that was perhaps sent, and records the answer.</summary>
    public async Task<Payment> AskAsync(Payment payment, SendDeadline deadline, int asks)
    {
        var silent = new DeliveryAnswer(DeliveryResult.Silent, Note: "not asked: the provider's breaker is open or time is up");
        if (gates.Find(payment.ProviderId) is not { } gate || deadline.Left(time) == TimeSpan.Zero)
        {
            return await conclude.RecordAsync(payment, silent, asks);
        }

        using var timeout = new CancellationTokenSource(Shorter(deadline.Left(time), gate), time);
        var answer = await gate.CallAsync(
            () => GuardAsync(() => gate.Provider.AskAsync(DeliveryOf(payment, perhapsSent: true, deadline), timeout.Token)),
            given => given.Result is DeliveryResult.Confirmed or DeliveryResult.Declined, silent);
        return await conclude.RecordAsync(payment, answer, asks);
    }

    /// <summary>
    /// Asks a provider to take a payment back, or what became of that, and records the answer. Where the lease has ended nothing is
    /// sent: another node may be asking.
    /// </summary>
    public async Task<Payment> ReverseAsync(Payment payment, DueReversal due, SendDeadline deadline)
    {
        var silent = new ReversalAnswer(ReversalResult.Silent, Note: "not asked: the provider's breaker is open or time is up");
        if (gates.Find(payment.ProviderId) is not { } gate || !node.Alive || deadline.Left(time) == TimeSpan.Zero)
        {
            return await conclude.RecordAsync(payment, silent, due.Asks);
        }

        using var timeout = new CancellationTokenSource(Shorter(deadline.Left(time), gate), time);
        var reversal = new Reversal(
            DeliveryOf(payment, perhapsSent: true, deadline), due.CancelNumber, due.AskedAt, PerhapsAskedBefore: due.Asks > 0);
        var answer = await gate.CallAsync(
            () => GuardAsync(reversal, gate, timeout.Token), given => given.Result is not ReversalResult.Silent, silent);
        return await conclude.RecordAsync(payment, answer, due.Asks);
    }

    private async Task<ReversalAnswer> GuardAsync(Reversal reversal, ProviderGate gate, CancellationToken deadline)
    {
        try
        {
            return await gate.Provider.ReverseAsync(reversal, deadline);
        }
        catch (Exception defect)
        {
            Log.AdapterDefect(log, defect);
            return new ReversalAnswer(ReversalResult.Silent, Note: "the adapter failed: " + defect.GetType().Name);
        }
    }

    private async Task<DeliveryAnswer> SendAsync(Payment payment, SendDeadline deadline)
    {
        if (gates.Find(payment.ProviderId) is not { } gate)
        {
            return new DeliveryAnswer(DeliveryResult.NotSent, Note: "the provider is not connected");
        }

#if PLANTED_DEFECTS
        if (PlantedDefects.Has(PlantedDefects.LateSend))
        {
            deadline = SendDeadline.After(time.GetTimestamp(), 8, time);
        }
        else
#endif
        if (!node.Alive || deadline.Left(time) == TimeSpan.Zero)
        {
            // Another node may already be asking about it; what this one knows is no longer the whole truth.
            return new DeliveryAnswer(DeliveryResult.Silent, Note: "the claim ended before anything was sent");
        }

        using var timeout = new CancellationTokenSource(Shorter(deadline.Left(time), gate), time);
        return await gate.CallAsync(
            () => GuardAsync(() => gate.Provider.PayAsync(DeliveryOf(payment, perhapsSent: false, deadline), timeout.Token)),
            given => given.Result is DeliveryResult.Confirmed or DeliveryResult.Declined,
            new DeliveryAnswer(DeliveryResult.NotSent, Note: "the provider's breaker opened"), waited: true);
    }

    /// <summary>An adapter that throws is a defect; to the payment it is silence.</summary>
    private async Task<DeliveryAnswer> GuardAsync(Func<Task<DeliveryAnswer>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception defect)
        {
            Log.AdapterDefect(log, defect);
            return new DeliveryAnswer(DeliveryResult.Silent, Note: "the adapter failed: " + defect.GetType().Name);
        }
    }

    private static TimeSpan Shorter(TimeSpan left, ProviderGate gate)
    {
        var limit = TimeSpan.FromSeconds(gate.Settings.TimeoutSeconds);
        return left < limit ? left : limit;
    }

    private static Delivery DeliveryOf(Payment payment, bool perhapsSent, SendDeadline deadline) => new(
#if PLANTED_DEFECTS
        perhapsSent && PlantedDefects.Has(PlantedDefects.NewNumber) ? payment.Number + 1_000_000_000 :
#endif
        payment.Number, payment.ServiceCode, payment.Account, payment.Fields, payment.AmountQepik, payment.AcceptedAt,
        perhapsSent) { SendBefore = deadline };
}
