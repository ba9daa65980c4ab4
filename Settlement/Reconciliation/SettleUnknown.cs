using EGovPay.Processing;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Confirms what is unknown here and stands in the provider's register, to the qəpik and the account: one commit through the journal,
/// as any answer of the provider; nobody has to decide it. Done twice it is done once.
/// </summary>
internal sealed class SettleUnknown(Engine engine)
{
    private const int AttemptLimit = 8;

    /// <summary>The payment as it then stands: Confirmed, or what somebody else made of it in the same moment.</summary>
    public async Task<Payment> RunAsync(Payment payment, string note)
    {
        for (var attempt = 0; payment.State == PaymentState.Unknown; attempt++)
        {
            if (attempt == AttemptLimit)
            {
                throw new InvalidOperationException(
                    FormattableString.Invariant($"Payment {payment.Number} moved {AttemptLimit} times while a register settled it."));
            }

            var recorded = await engine.Journal.RecordAsync(new Happening
            {
                AgentId = payment.AgentId,
                Number = payment.Number,
                SeenStep = payment.Step,
                SeenEdge = payment.Edge,
                Edge = Transitions.Find(PaymentState.Unknown, PaymentEvent.RegisterShowsDelivered)!,
                NodeId = engine.Node.Id,
                Note = note,
            });
            payment = await engine.Book.FindAsync(payment.AgentId, payment.Number)
                ?? throw new InvalidOperationException($"Payment {payment.Number} is not in the book.");
            if (recorded.Done)
            {
                engine.Waiting.Tell(payment);
            }
        }

        return payment;
    }
}
