using NodaTime;

namespace EGovPay.Settlement.Payouts;

/// <summary>One side of a transfer between banks.</summary>
/// <param name="Name">As its bank has it, in real letters; a form that takes no such letters transliterates it.</param>
/// <param name="Voen">Ten digits, or null: not needed outside the budget.</param>
/// <param name="Iban">28 characters.</param>
/// <param name="Bic">Of its bank; null where the bank's code alone is known.</param>
/// <param name="BankCode">Six digits; null where the BIC alone is known.</param>
public sealed record BankParty(string Name, string? Voen, string Iban, string? Bic, string? BankCode);

/// <summary>What a payment to the treasury carries.</summary>
/// <param name="Level">1 to 7, or that and <c>Y</c>.</param>
/// <param name="Code">Six digits of the classification.</param>
public sealed record BudgetLine(string Level, string Code);

/// <summary>One transfer that a bank is asked for, in manat.</summary>
/// <param name="EndToEndId">Ours, 35 characters at most; it comes back in statuses and statements.</param>
/// <param name="AmountQepik">From 1.</param>
/// <param name="Purpose">For the receiver.</param>
/// <param name="Budget">Null where the receiver is not paid through the treasury.</param>
/// <param name="Urgent">Alone and at once, and not in the next batch.</param>
public sealed record PayoutOrder(
    string EndToEndId, long AmountQepik, LocalDate ExecutionDay, BankParty Debtor, BankParty Creditor, string Purpose,
    BudgetLine? Budget = null, bool Urgent = false)
{
    /// <summary>The ledger is in qəpik, so nothing else is paid out.</summary>
    public const string Currency = "AZN";
}

/// <summary>Why an order cannot stand in a file. A file with one such order is not written: nothing is cut or left out in silence.</summary>
/// <param name="EndToEndId">Of the order; empty where the file as a whole is meant.</param>
/// <param name="Field">As <see cref="PayoutOrder"/> names it.</param>
public sealed record PayoutFault(string EndToEndId, string Field, string Text);
