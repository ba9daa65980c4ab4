using EGovPay.Processing.Journal;
using EGovPay.Processing.Observing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using Microsoft.Extensions.Logging;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// Turns a provider's answer into the next event of a payment, wherever the payment has got to meanwhile: a claim that was taken
/// over, an answer that comes after another, a truth that comes too late. Nothing that a provider said is thrown away.
/// </summary>
public sealed class Conclude(Journal.Journal journal, IFindPayments book, Node node, Waiting waiting, ILogger<Conclude> log)
{
    private const int AttemptLimit = 8;
    private static readonly int[] AskAfterSeconds = [2, 3, 5, 10, 20, 40, 60, 120, 300, 600, 1_200, 1_800, 3_600];

    /// <summary>Records an answer and gives the payment as it then stands.</summary>
    /// <param name="payment">The payment as its teller saw it.</param>
    /// <param name="asks">How often it has been asked about, for the delay to the next question.</param>
    /// <param name="callerLeft">Asked when it is refused: was its terminal told "not final"? Null: nobody waited for it here.</param>
    public async Task<Payment> RecordAsync(Payment payment, DeliveryAnswer answer, int asks, Func<bool>? callerLeft = null)
    {
        for (var attempt = 0; attempt < AttemptLimit; attempt++)
        {
            if (EdgeFor(payment, answer) is not { } edge)
            {
                return payment;
            }

            var happening = Describe(payment, edge, answer, asks) with
            {
                ReturnCash = edge.To == PaymentState.Declined && callerLeft?.Invoke() == true,
            };
            var recorded = await journal.RecordAsync(happening);
            if (recorded.Done)
            {
                var now = After(payment, happening, recorded);
                Measures.Concluded(payment, now);
                waiting.Tell(now);
                return now;
            }

            // Somebody else moved it meanwhile: look again, and say what this answer means now.
            payment = await book.FindAsync(payment.AgentId, payment.Number)
                ?? throw new InvalidOperationException($"Payment {payment.Number} is not in the book.");
        }

        throw new InvalidOperationException(
            $"Payment {payment.Number} moved {AttemptLimit} times while one answer was being recorded.");
    }

    /// <summary>
    /// Records what a provider said to a reversal. An answer that comes after an outcome, a person's or the provider's own, and says
    /// otherwise is a late truth.
    /// </summary>
    public async Task<Payment> RecordAsync(Payment payment, ReversalAnswer answer, int asks)
    {
        for (var attempt = 0; attempt < AttemptLimit; attempt++)
        {
            if (EdgeFor(payment, answer) is not { } edge)
            {
                return payment;
            }

            var happening = new Happening
            {
                AgentId = payment.AgentId,
                Number = payment.Number,
                SeenStep = payment.Step,
                SeenEdge = payment.Edge,
                Edge = edge,
                NodeId = node.Id,
                ProviderCode = answer.ProviderCode,
                Note = answer.Note,
                AskSeconds = DelaySeconds(asks, payment.Number),
                WhileWindowIsOpen = answer.Result == ReversalResult.ReversedUnlessHandedOver,
                Exchange = answer.Exchange,
            };
            var recorded = await journal.RecordAsync(happening);
            if (recorded.Done)
            {
                var now = After(payment, happening, recorded);
                waiting.Tell(now);
                return now;
            }

            var found = await book.FindAsync(payment.AgentId, payment.Number)
                ?? throw new InvalidOperationException($"Payment {payment.Number} is not in the book.");
            if (found.Step == payment.Step && happening.WhileWindowIsOpen)
            {
                // Nobody moved it: its window has closed, and it is in the register of it as it stood.
                answer = new ReversalAnswer(ReversalResult.Kept, Note: "handed over in a register before it could be taken back");
            }

            payment = found;
        }

        throw new InvalidOperationException(
            $"Payment {payment.Number} moved {AttemptLimit} times while one answer was being recorded.");
    }

    /// <summary>What an answer to a reversal means to a payment in its present state; null: nothing new.</summary>
    internal Edge? EdgeFor(Payment payment, ReversalAnswer answer)
    {
        var reversed = answer.Result is ReversalResult.Reversed or ReversalResult.ReversedUnlessHandedOver;
        if (payment.State == PaymentState.Reversing)
        {
            return Transitions.Find(payment.State, reversed ? PaymentEvent.ProviderReversed
                : answer.Result == ReversalResult.Kept ? PaymentEvent.ProviderKept
                : PaymentEvent.ProviderSilent);
        }

        // Where nothing is handed over yet there is nobody who could contradict: it was a proposal of ours.
        var contradicts = (payment.State, answer.Result) is
            (PaymentState.Confirmed, ReversalResult.Reversed) or (PaymentState.Reversed, ReversalResult.Kept);
        if (!contradicts)
        {
            return null;
        }

        Measures.LateTruth();
        Log.LateTruth(log, payment.Number, payment.State.ToString(), answer.Result.ToString());
        return Transitions.Find(payment.State, PaymentEvent.LateTruth);
    }

    /// <summary>
    /// Seconds until the next question after this many, from two to an hour and a half: up to half as long again, by the payment's
    /// number, so that a thousand payments that fell silent in one moment are not asked about in one moment for ever after.
    /// </summary>
    internal static int DelaySeconds(int asks, long number)
    {
        var seconds = AskAfterSeconds[Math.Min(asks, AskAfterSeconds.Length - 1)];
        var spread = (uint)(unchecked((ulong)(number + asks) * 11_400_714_819_323_198_485ul) >> 40);
        return seconds + (int)(spread % (uint)((seconds / 2) + 1));
    }

    /// <summary>What an answer means to a payment in its present state; null: nothing new.</summary>
    internal Edge? EdgeFor(Payment payment, DeliveryAnswer answer)
    {
        var happened = answer.Result switch
        {
            DeliveryResult.Confirmed => PaymentEvent.ProviderConfirmed,
            DeliveryResult.Declined => PaymentEvent.ProviderDeclined,
            DeliveryResult.NotSent when payment.State == PaymentState.Dispatched => PaymentEvent.NotSent,
#if PLANTED_DEFECTS
            DeliveryResult.Silent when PlantedDefects.Has(PlantedDefects.SilenceDeclines) => PaymentEvent.ProviderDeclined,
#endif
            _ => PaymentEvent.ProviderSilent,
        };
        if (Transitions.Find(payment.State, happened) is { } edge && payment.State is not PaymentState.Reversing)
        {
            return edge;
        }

        var contradicts = answer.Result switch
        {
            DeliveryResult.Confirmed => payment.State is PaymentState.Declined or PaymentState.Cancelled,
            DeliveryResult.Declined => payment.State is PaymentState.Confirmed or PaymentState.Reversing,
            _ => false,
        };
        if (!contradicts)
        {
            return null;
        }

        Measures.LateTruth();
        Log.LateTruth(log, payment.Number, payment.State.ToString(), answer.Result.ToString());
        return Transitions.Find(payment.State, PaymentEvent.LateTruth);
    }

    private Happening Describe(Payment payment, Edge edge, DeliveryAnswer answer, int asks) => new()
    {
        AgentId = payment.AgentId,
        Number = payment.Number,
        SeenStep = payment.Step,
        SeenEdge = payment.Edge,
        Edge = edge,
        NodeId = node.Id,
        ProviderTransaction = answer.ProviderTransaction,
        DeclineName = edge.To == PaymentState.Declined && edge.Event != PaymentEvent.LateTruth
            ? answer.DeclineName ?? "provider-unavailable"
            : null,
        ProviderCode = answer.ProviderCode,
        Transient = edge.To == PaymentState.Declined
            ? answer.Transient || answer.Result == DeliveryResult.NotSent
            : null,
        CardData = answer.CardData,
        Note = answer.Note,
        AskSeconds = DelaySeconds(asks, payment.Number),
        Exchange = answer.Result == DeliveryResult.Confirmed && edge.Event == PaymentEvent.ProviderConfirmed
            ? null
            : answer.Exchange,
    };

    private static Payment After(Payment payment, Happening happening, Recorded recorded) => payment with
    {
        State = happening.Edge.To,
        Edge = happening.Edge.Id,
        Step = (short)(happening.SeenStep + 1),
        At = recorded.At,
        ProviderTransaction = happening.ProviderTransaction ?? payment.ProviderTransaction,
        DeclineName = happening.DeclineName ?? payment.DeclineName,
        DeclineTransient = happening.Transient ?? payment.DeclineTransient,
        ProviderCode = happening.DeclineName is null ? payment.ProviderCode : happening.ProviderCode,
        CardData = happening.CardData ?? payment.CardData,
        BusinessDay = recorded.BusinessDay ?? payment.BusinessDay,
        ReceiptCounter = recorded.ReceiptCounter ?? payment.ReceiptCounter,
        ConfirmedAt = recorded.ReceiptCounter is null ? payment.ConfirmedAt : recorded.At,
        ReversalOutcome = happening.Edge.Id is >= 19 and <= 22 ? happening.Edge.To : payment.ReversalOutcome,
        ReversalOutcomeAt = happening.Edge.Id is >= 19 and <= 22 ? recorded.At : payment.ReversalOutcomeAt,
    };
}
