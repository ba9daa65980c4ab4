using EGovPay.Processing.StateMachine;
using NodaTime;

namespace EGovPay.Processing.Payments;

/// <summary>
/// A payment as the book shows it now: what was asked, fixed at acceptance, and the last thing that happened.
/// </summary>
public sealed record Payment
{
    public required int AgentId { get; init; }
    public required long Number { get; init; }
    public required string Reference { get; init; }
    public required int TerminalId { get; init; }

    /// <summary>Five-digit service code; 0 where a reference was cancelled before it was ever seen.</summary>
    public required int ServiceCode { get; init; }
    public required string Account { get; init; }
    public required IReadOnlyList<FieldValue> Fields { get; init; }
    public required IReadOnlyList<PaidLine> Lines { get; init; }
    public required long AmountQepik { get; init; }

    /// <summary>The payer's fee, on top of the amount, qəpik.</summary>
    public required long FeeQepik { get; init; }
    public required Tender Tender { get; init; }
    public string? Rrn { get; init; }
    public string? MaskedPan { get; init; }
    public string? Cashier { get; init; }

    /// <summary>The payer's name as masked at the inquiry, or null.</summary>
    public string? Payer { get; init; }

    /// <summary>The provider that is paid, fixed at acceptance; 0 with an unseen cancelled reference.</summary>
    public required int ProviderId { get; init; }

    /// <summary>The terminal's shift it belongs to, or null.</summary>
    public int? ShiftNo { get; init; }
    public string? BudgetLevel { get; init; }
    public string? BudgetCode { get; init; }
    public required Instant AcceptedAt { get; init; }

    public required PaymentState State { get; init; }

    /// <summary>The number of the last event, from 0.</summary>
    public required short Step { get; init; }

    /// <summary>The row of the table of states that the last event took.</summary>
    public required short Edge { get; init; }

    /// <summary>When the last event was recorded.</summary>
    public required Instant At { get; init; }

    public string? ProviderTransaction { get; init; }

    /// <summary>With Declined: the stable name of the reason.</summary>
    public string? DeclineName { get; init; }
    public bool DeclineTransient { get; init; }

    /// <summary>With Declined: the provider's own result code, or null.</summary>
    public string? ProviderCode { get; init; }
    public string? CardData { get; init; }

    /// <summary>The business day of the confirmation; null before.</summary>
    public LocalDate? BusinessDay { get; init; }

    /// <summary>When it was confirmed; null before.</summary>
    public Instant? ConfirmedAt { get; init; }

    /// <summary>Position in the day's receipt series, from 1; null before the confirmation.</summary>
    public int? ReceiptCounter { get; init; }

    /// <summary>When a reversal was asked for; null: never.</summary>
    public Instant? ReversalAskedAt { get; init; }

    /// <summary>Reversed, or Confirmed where it was refused; null while it is asked or never was.</summary>
    public PaymentState? ReversalOutcome { get; init; }
    public Instant? ReversalOutcomeAt { get; init; }

    /// <summary>The last approved correction of a final state, or null.</summary>
    public Correction? Correction { get; init; }

    public bool Final => Transitions.IsFinal(State);

    public long TotalQepik => checked(AmountQepik + FeeQepik);
}

/// <summary>An approved correction that changed a final state.</summary>
public sealed record Correction(Instant At, PaymentState From, PaymentState To, string? Reason);
