using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using NodaTime;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>An agent's money in the model, qəpik.</summary>
internal sealed class ModelFunds
{
    public long Pending { get; set; }

    public long Posted { get; set; }

    public long Credits { get; set; }

    /// <summary>What was paid in at the beginning.</summary>
    public long Deposited { get; init; }

    public long Available => Credits - Posted - Pending;
}

/// <summary>A row of unknown_payment.</summary>
internal sealed record ModelUnknown(int ProviderId, Instant NextAskAt, int Asks);

/// <summary>A row of reversal.</summary>
internal sealed record ModelReversal(int ProviderId, long CancelNumber, Instant AskedAt, Instant? NextAskAt, int Asks);

/// <summary>A row of node.</summary>
internal sealed record ModelNode(Instant LeaseUntil, long Low, Instant? RecoveredAt = null);

/// <summary>A row of transfer.</summary>
internal sealed record ModelTransfer(short Step, short Leg, int Debit, int Credit, long AmountQepik);

/// <summary>A row of event.</summary>
internal sealed record ModelEvent
{
    public required short Edge { get; init; }

    public required int NodeId { get; init; }

    public required Instant At { get; init; }

    public Instant? SendBefore { get; init; }

    public int? ReceiptCounter { get; init; }

    public LocalDate? BusinessDay { get; init; }

    public string? ProviderTransaction { get; init; }

    public string? DeclineName { get; init; }

    public string? ProviderCode { get; init; }

    public bool? Transient { get; init; }

    public string? CardData { get; init; }
}

/// <summary>A row of payment, with its events and its transfers.</summary>
internal sealed class ModelPayment(Acceptance asked, Instant at)
{
    public Acceptance Asked => asked;

    public Instant AcceptedAt => at;

    public List<ModelEvent> Events { get; } = [];

    public List<ModelTransfer> Transfers { get; } = [];

    public PaymentState State => Transitions.Numbered(Events[^1].Edge).To;

    /// <summary>As the view payment_now shows it.</summary>
    public Payment Now()
    {
        var last = Events[^1];
        var numbered = Events.LastOrDefault(e => e.ReceiptCounter is not null);
        var declined = Events.LastOrDefault(e => e.DeclineName is not null);
        var outcome = Events.LastOrDefault(e => e.Edge is >= 19 and <= 22);
        return new Payment
        {
            AgentId = asked.AgentId,
            Number = asked.Number,
            Reference = asked.Reference,
            TerminalId = asked.TerminalId,
            ServiceCode = asked.ServiceCode,
            Account = asked.Account,
            Fields = StoredText.Fields(asked.Fields),
            Lines = StoredText.Lines(asked.Lines),
            AmountQepik = asked.AmountQepik,
            FeeQepik = asked.FeeQepik,
            Tender = asked.Tender,
            Rrn = asked.Rrn,
            MaskedPan = asked.MaskedPan,
            Cashier = asked.Cashier,
            Payer = asked.Payer,
            ProviderId = asked.ProviderId,
            BudgetLevel = asked.BudgetLevel,
            BudgetCode = asked.BudgetCode,
            AcceptedAt = at,
            Step = (short)(Events.Count - 1),
            Edge = last.Edge,
            State = State,
            At = last.At,
            ReceiptCounter = numbered?.ReceiptCounter,
            BusinessDay = numbered?.BusinessDay,
            ConfirmedAt = numbered?.At,
            ProviderTransaction = Events.LastOrDefault(e => e.ProviderTransaction is not null)?.ProviderTransaction,
            DeclineName = declined?.DeclineName,
            ProviderCode = declined?.ProviderCode,
            DeclineTransient = declined?.Transient ?? false,
            CardData = Events.LastOrDefault(e => e.CardData is not null)?.CardData,
            ReversalAskedAt = Events.LastOrDefault(e => e.Edge == 18)?.At,
            ReversalOutcome = outcome is null ? null : Transitions.Numbered(outcome.Edge).To,
            ReversalOutcomeAt = outcome?.At,
        };
    }
}
