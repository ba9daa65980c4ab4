using EGovPay.Settlement.Breaks;
using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>A booking on an account of ours.</summary>
/// <param name="AmountQepik">Into the account positive; of another currency its minor units.</param>
internal sealed record BankEntry(
    long StatementId, int EntryNo, long FileId, int Line, string Account, string Currency, long AmountQepik, LocalDate Day, bool Reversal,
    string? BankReference, string? OwnReference, string? EndToEndId, string? Counterparty, string? Remittance)
{
    /// <summary>The message in which it was ordered, as the bank says; null: it does not.</summary>
    public string? BatchMessage { get; init; }

    /// <summary>The same of the block in that message.</summary>
    public string? BatchBlock { get; init; }

    /// <summary>In another currency than its account is kept in.</summary>
    public bool Foreign { get; init; }

    /// <summary>What it is made of, where it says so.</summary>
    public IReadOnlyList<BankPart> Parts { get; init; } = [];

    /// <summary>Whether it names a payment by its end-to-end id, whosever.</summary>
    public bool NamesPayments => EndToEndId is not null || Parts.Any(part => part.EndToEndId is not null);

    /// <summary>The end-to-end ids in it.</summary>
    public IEnumerable<string> Ids => Parts.Select(part => part.EndToEndId).Append(EndToEndId).OfType<string>();

    /// <summary>The messages and blocks in which it, or a part of it, was ordered.</summary>
    public IEnumerable<string> Batches => Parts.SelectMany(part => new[] { part.MessageId, part.BlockId }).Append(BatchMessage).Append(BatchBlock)
        .OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>It is the booking at this place, and all of it is this much.</summary>
    public bool IsWhole((long Statement, int Entry) place, long qepik) =>
        (StatementId, EntryNo) == place && Currency == "AZN" && !Reversal && AmountQepik == qepik;

    /// <summary>Every word by which something may be named in it.</summary>
    public IEnumerable<string> Words => new[] { BankReference, OwnReference, EndToEndId }.OfType<string>()
        .Concat((Remittance ?? "").Split([' ', ',', ';', '/', '\n'], StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal);
}

/// <summary>A part of a booking.</summary>
/// <param name="AmountQepik">Null: it does not say.</param>
/// <param name="Currency">Null: the booking's.</param>
/// <param name="MessageId">The message in which it was ordered, as the bank says.</param>
/// <param name="BlockId">The block in that message.</param>
internal sealed record BankPart(
    long? AmountQepik, string? EndToEndId, string? Counterparty, string? Currency = null, string? MessageId = null, string? BlockId = null);

/// <summary>A payout that a bank was told of.</summary>
/// <param name="Debtor">The account of ours that it is paid from.</param>
/// <param name="BlockId">The block of the file in which it stands; null: the form has none.</param>
/// <param name="Returned">It came back, and the money stands in the payables again.</param>
internal sealed record ToldPayout(
    long Id, int ProviderId, long AmountQepik, string EndToEndId, LocalDate Day, string Creditor, long FileId, string MessageId,
    string Debtor, bool Returned, string? BlockId = null);

/// <summary>A deposit that people booked for an agent.</summary>
/// <param name="Settles">The booking for which two people corrected bank → funds; it is that one or none.</param>
internal sealed record BookedDeposit(
    int AgentId, string Agent, string Reference, long AmountQepik, LocalDate Day, (long Statement, int Entry)? Settles = null);

/// <summary>What was tied to what, and by which strategy.</summary>
internal sealed record BankMatch(
    MatchBy By, IReadOnlyList<BankEntry> Entries, IReadOnlyList<ToldPayout> Payouts, IReadOnlyList<BookedDeposit> Deposits);

/// <summary>One difference with a bank; of the entry, the payout and the deposit, what it is about.</summary>
internal sealed record BankDifference(
    BreakKind Kind, long AtRiskQepik, string Cause, string Step, BankEntry? Entry = null, ToldPayout? Payout = null,
    BookedDeposit? Deposit = null, string? SuggestedAgent = null)
{
    /// <summary>A booking that nothing of ours is. Nobody knows what another currency is worth: its amount is evidence, and none of it is counted.</summary>
    public static BankDifference Unknown(BankEntry entry) => entry.Foreign
        ? new(BreakKind.CurrencyDiffers, 0, "bank-other-currency", "ask-bank", entry)
        : new(BreakKind.Unidentified, entry.Currency == "AZN" ? Math.Abs(entry.AmountQepik) : 0, "bank-unknown", "ask-bank", entry);
}
