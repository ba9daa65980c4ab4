using EGovPay.Processing;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Confirms what is unknown here and stands in the provider's register, to the qəpik and the account: through the journal, as any answer
/// of the provider; nobody has to decide it. Done twice it is done once.
/// </summary>
internal sealed class SettleUnknown(Engine engine)
{
    private const int AttemptLimit = 8;

    /// <summary>Payments that are settled at once: the journal makes one commit of them, and takes no more than its queue holds.</summary>
    private const int AtOnce = 500;

    /// <summary>The payments as they then stand: Confirmed, or what somebody else made of them in the same moment.</summary>
    /// <param name="shown">Unknown payments, each with where the register shows it.</param>
    /// <returns>By number.</returns>
    public async Task<IReadOnlyDictionary<long, Payment>> RunAsync(IReadOnlyList<(Payment Payment, string Note)> shown)
    {
        var now = shown.ToDictionary(one => one.Payment.Number, one => one.Payment);
        for (var attempt = 0; ; attempt++)
        {
            var open = shown.Where(one => now[one.Payment.Number].State == PaymentState.Unknown).ToList();
            if (open.Count == 0)
            {
                return now;
            }

            if (attempt == AttemptLimit)
            {
                throw new InvalidOperationException(FormattableString.Invariant(
                    $"Payment {open[0].Payment.Number} moved {AttemptLimit} times while a register settled it."));
            }

            var recorded = new List<Recorded>();
            foreach (var many in open.Chunk(AtOnce))
            {
                recorded.AddRange(await Task.WhenAll(many.Select(one => engine.Journal.RecordAsync(Shown(now[one.Payment.Number], one.Note)))));
            }

            foreach (var payment in await engine.Book.FindAsync(
                [.. open.Select(one => one.Payment.AgentId)], [.. open.Select(one => one.Payment.Number)]))
            {
                now[payment.Number] = payment;
            }

            foreach (var (one, _) in open.Zip(recorded).Where(pair => pair.Second.Done))
            {
                engine.Waiting.Tell(now[one.Payment.Number]);
            }
        }
    }

    private Happening Shown(Payment payment, string note) => new()
    {
        AgentId = payment.AgentId,
        Number = payment.Number,
        SeenStep = payment.Step,
        SeenEdge = payment.Edge,
        Edge = Transitions.Find(PaymentState.Unknown, PaymentEvent.RegisterShowsDelivered)!,
        NodeId = engine.Node.Id,
        Note = note,
    };
}
