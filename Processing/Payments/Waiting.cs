using System.Collections.Concurrent;

namespace EGovPay.Processing.Payments;

/// <summary>
/// Waits for a payment to become final. What happens on this node is told at once; what happens on another is found by looking
/// again, twice a second.
/// </summary>
public sealed class Waiting(IFindPayments book, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<long, TaskCompletionSource<Payment>> waiters = new();

    /// <summary>Tells whoever waits for this payment how it stands now.</summary>
    public void Tell(Payment payment)
    {
        if (payment.Final && !waiters.IsEmpty && waiters.TryRemove(payment.Number, out var waiter))
        {
            waiter.TrySetResult(payment);
        }
    }

    /// <summary>The payment when it is final, or as it stands when patience ends.</summary>
    public async Task<Payment> FinalAsync(Payment payment, TimeSpan patience, CancellationToken gone = default)
    {
        using var patient = new CancellationTokenSource(patience, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(gone, patient.Token);
        while (!payment.Final && !ends.IsCancellationRequested)
        {
            var waiter = waiters.GetOrAdd(
                payment.Number,
                static _ => new TaskCompletionSource<Payment>(TaskCreationOptions.RunContinuationsAsynchronously));
            var waits = false;
            try
            {
                var hearing = HearAsync(waiter.Task);
                var told = await Task.WhenAny(hearing, LookAgainAsync(ends.Token));
                payment = told == hearing
                    ? await waiter.Task
                    : await book.FindAsync(payment.AgentId, payment.Number, CancellationToken.None) ?? payment;
                waits = !payment.Final && !ends.IsCancellationRequested;
            }
            finally
            {
                // Also when the book could not be read: nobody else would ever take it away.
                if (!waits)
                {
                    waiters.TryRemove(payment.Number, out _);
                }
            }
        }

        return payment;
    }

    /// <summary>
    /// Hears on the caller's own scheduler; whoever tells goes on at once, and what follows is not run in the middle of its work.
    /// </summary>
    private static async Task<Payment> HearAsync(Task<Payment> told) => await told;

    private async Task LookAgainAsync(CancellationToken ends) => await time.PauseAsync(Look, ends);
}
