namespace EGovPay.Processing.Payments;

/// <summary>How the payer gave the money to the agent.</summary>
public enum Tender { Cash, Card, Account }

/// <summary>One line of what is owed, and how much of it is paid.</summary>
public readonly record struct PaidLine(string Id, long AmountQepik);

/// <summary>Where to tell the payer. Never compared between repeats, never logged.</summary>
public sealed record Contact(string? Email, string? Phone, string? Language);

/// <summary>One name and value of a further field of the service.</summary>
public readonly record struct FieldValue(string Name, string Value);

/// <summary>
/// A payment as a terminal asks for it, before anything is believed. Texts are as typed; limits of size are the transport's.
/// </summary>
public sealed class PaymentRequest
{
    /// <summary>The terminal's own reference, 1–64 of A–Z a–z 0–9 - _ .</summary>
    public required string Reference { get; init; }

    /// <summary>The five-digit service code, as typed.</summary>
    public required string Service { get; init; }

    /// <summary>The payer's account with the service, as typed; replaced by its normal form by validation.</summary>
    public required string Account { get; set; }

    /// <summary>The service's further fields; null is empty. Values are replaced by their normal forms by validation.</summary>
    public FieldValue[]? Fields { get; init; }

    public required long AmountQepik { get; init; }

    /// <summary>Amount and payer's fee as agreed with the payer.</summary>
    public required long TotalQepik { get; init; }

    /// <summary>The opaque inquiry, or null.</summary>
    public string? Inquiry { get; init; }

    public PaidLine[]? Lines { get; init; }

    public required Tender Tender { get; init; }

    /// <summary>The card's retrieval reference, only with <see cref="Tender.Card"/>.</summary>
    public string? Rrn { get; init; }

    public string? MaskedPan { get; init; }

    public Contact? Contact { get; init; }

    public string? Cashier { get; init; }
}
