using EGovPay.Settlement.Statements;

namespace EGovPay.Settlement.Payouts;

/// <summary>What a status of a bank means for the money.</summary>
public enum PaymentVerdict
{
    /// <summary>The bank has it and has not said more: received, pending, technically good, blocked.</summary>
    Pending,

    /// <summary>It will be executed, or is being.</summary>
    Accepted,

    /// <summary>The money has left our account.</summary>
    Settled,

    /// <summary>It will not be executed; the money is where it was.</summary>
    Rejected,

    /// <summary>It is refused as one that the bank has already: the money may leave, or have left, by that one. People ask.</summary>
    Repeated,

    /// <summary>Of a group or block: some of it is, some is not; each transfer is told by itself.</summary>
    Partly,
}

/// <summary>Of what a status is told.</summary>
public enum PaymentStatusLevel
{
    Group,
    Block,
    Transfer,
}

/// <summary>Why a bank says what it says.</summary>
/// <param name="Code">Of ISO's list or the bank's own; null where there is only a text.</param>
public sealed record PaymentStatusReason(string? Code, bool Own, string? Text);

/// <summary>One status.</summary>
/// <param name="Line">In the file, from 1.</param>
/// <param name="BlockId">The payment information block of ours; null: the whole message.</param>
/// <param name="EndToEndId">Of a transfer: as we gave it; where the bank leaves it out, the instruction's id, which is the same.</param>
/// <param name="Code">As it is written: <c>RJCT</c>.</param>
public sealed record PaymentStatus(
    PaymentStatusLevel Level, int Line, string? BlockId, string? EndToEndId, string Code, PaymentVerdict Verdict,
    IReadOnlyList<PaymentStatusReason> Reasons);

/// <summary>A pain.002 message.</summary>
/// <param name="Edition"><c>03</c> or newer.</param>
/// <param name="OriginalMessageId">The id of our file.</param>
/// <param name="OriginalMessage">Which kind ours was, as the bank writes it: <c>pain.001.001.03</c>.</param>
/// <param name="Statuses">In the file's order; the group's first.</param>
public sealed record PaymentStatusReport(
    string Edition, string MessageId, string OriginalMessageId, string OriginalMessage, IReadOnlyList<PaymentStatus> Statuses)
{
    /// <summary>
    /// What is said of a transfer: of itself, else of its block, else of the message. Null: nothing is. A message or block that is partly
    /// accepted says nothing of a transfer that it does not name.
    /// </summary>
    /// <param name="blockId">The block in which it was sent.</param>
    public PaymentStatus? Of(string endToEndId, string? blockId) =>
        Statuses.LastOrDefault(one => one.Level == PaymentStatusLevel.Transfer && one.EndToEndId == endToEndId)
        ?? Statuses.FirstOrDefault(one => one.Level == PaymentStatusLevel.Block && one.BlockId == blockId
            && one.Verdict != PaymentVerdict.Partly)
        ?? Statuses.FirstOrDefault(one => one.Level == PaymentStatusLevel.Group && one.Verdict != PaymentVerdict.Partly);
}

/// <summary>How a reading went: one of the two.</summary>
public sealed record PaymentStatusReading(PaymentStatusReport? Report, StatementRefusal? Refusal);
