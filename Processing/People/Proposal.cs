using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.StateMachine;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>What is proposed.</summary>
public enum ProposalKind
{
    /// <summary>A row of the table of states that needs two people.</summary>
    Payment = 1,

    /// <summary>A provider's late word is wrong or worked out elsewhere: the state stands.</summary>
    Contradiction,
    TopUp,
    CreditLimit,
    TerminalLimits,

    /// <summary>What a restore lost was worked: the break is settled.</summary>
    LostInterval,

    /// <summary>Money goes to a provider's bank account: its postings.</summary>
    Payout,

    /// <summary>A difference that settlement found is settled: by a row of the table of states, by postings, or as it stands.</summary>
    Break,

    /// <summary>Settlement terms that change where receivers are paid: their new version.</summary>
    Terms,
}

/// <summary>Where a proposal stands.</summary>
public enum ProposalState
{
    Open = 1,

    /// <summary>Decided, and being carried out: whoever comes by finishes it.</summary>
    Approved,
    Done,
    Rejected,
    Withdrawn,
    Expired,

    /// <summary>What it was about has changed meanwhile; nothing was done.</summary>
    Void,
}

/// <summary>What one person proposed, and what became of it.</summary>
/// <param name="AgentId">Of a payment the part that it belongs to, else the agent's first part; 0: it is of none.</param>
/// <param name="AgentCode">Empty where it is of no agent.</param>
/// <param name="Edge">With Payment, and with a Break that a row of the table of states settles.</param>
/// <param name="ApproveFrom">Not before: an answer of the provider may be on its way until then.</param>
/// <param name="Outcome">What is to be said of its end; null: nothing.</param>
/// <param name="Epoch">With LostInterval: the name of the interval.</param>
/// <param name="PayoutId">With Payout.</param>
/// <param name="BreakId">With Break.</param>
/// <param name="Resolution">With Break: how it is settled, in a word.</param>
/// <param name="Payout">With Payout: the order.</param>
/// <param name="Terms">With Terms.</param>
/// <param name="Postings">With a Break that a correction settles.</param>
public sealed record Proposal(
    long Id, ProposalKind Kind, int AgentId, string AgentCode, int Parts, long? Number, Edge? Edge, int? TerminalId,
    string? TerminalCode, string? Reference, long? AmountQepik, long? BeforeQepik, long? SingleLimitQepik, long? DailyLimitQepik,
    string? ProviderTransaction, string Reason, string MadeBy, Instant MadeAt, Instant ApproveFrom, Instant ExpiresAt,
    ProposalState State, string? DecidedBy, Instant? DecidedAt, Instant? EndedAt, string? Outcome, long? Epoch, long? PayoutId = null,
    long? BreakId = null, string? Resolution = null, ProposedPayout? Payout = null, ProposedTerms? Terms = null,
    IReadOnlyList<ProposedPosting>? Postings = null)
{
    /// <summary>The columns of ListProposals.sql.</summary>
    internal static Proposal Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), Kinds.Single(kind => kind.Text == row.GetString(1)).Kind, row.GetInt32(2), row.GetString(3), row.GetInt16(4),
        Long(row, 5), row.IsDBNull(6) ? null : Transitions.Numbered(row.GetInt16(6)), row.IsDBNull(7) ? null : row.GetInt32(7),
        Text(row, 24), Text(row, 8), Long(row, 9), Long(row, 10), Long(row, 11), Long(row, 12), Text(row, 13), row.GetString(14),
        row.GetString(15), row.GetInstant(16), row.GetInstant(17), row.GetInstant(18), StateOf(row.GetString(19)), Text(row, 20),
        row.GetInstantOrNull(21), row.GetInstantOrNull(22), Text(row, 23), Long(row, 25), Long(row, 26),
        Long(row, 27), Text(row, 28), ProposedPayout.Read(row, 29), ProposedTerms.Read(row, 40), ProposedPosting.Read(Text(row, 44)));

    internal static string TextOf(ProposalKind kind) => Kinds.Single(one => one.Kind == kind).Text;

    internal static string TextOf(ProposalState state) => state.ToString().ToLowerInvariant();

    internal static ProposalState StateOf(string stored) => Enum.Parse<ProposalState>(stored, ignoreCase: true);

    private static readonly (ProposalKind Kind, string Text)[] Kinds =
    [
        (ProposalKind.Payment, "payment"), (ProposalKind.Contradiction, "contradiction"), (ProposalKind.TopUp, "top-up"),
        (ProposalKind.CreditLimit, "credit-limit"), (ProposalKind.TerminalLimits, "terminal-limits"),
        (ProposalKind.LostInterval, "lost-interval"), (ProposalKind.Payout, "payout"), (ProposalKind.Break, "break"),
        (ProposalKind.Terms, "terms"),
    ];

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Long(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
}

/// <summary>What two people may decide about a payment.</summary>
public enum PaymentDecision
{
    /// <summary>Unknown: it was delivered.</summary>
    Confirm = 1,

    /// <summary>Unknown: it was not delivered, as the provider said to somebody.</summary>
    Decline,

    /// <summary>Unknown or Confirmed: the provider's register does not have it.</summary>
    Absent,

    /// <summary>Declined, Cancelled or Reversed: the provider's register has it.</summary>
    Delivered,

    /// <summary>Reversing: the provider took it back.</summary>
    Reversed,

    /// <summary>Reversing: the provider kept it.</summary>
    Kept,

    /// <summary>Final, and a provider's late word says otherwise: the state stands.</summary>
    Stands,
}

/// <summary>The rows of the table of states that a decision may take.</summary>
public static class PaymentDecisions
{
    /// <summary>The row from a state by a decision; null: it has none, and needs two people if it has.</summary>
    public static Edge? EdgeOf(PaymentState state, PaymentDecision decision)
    {
        PaymentEvent? happened = decision switch
        {
            PaymentDecision.Confirm => PaymentEvent.OperatorConfirmed,
            PaymentDecision.Decline => PaymentEvent.OperatorDeclined,
            PaymentDecision.Absent => PaymentEvent.RegisterShowsAbsent,
            PaymentDecision.Delivered => PaymentEvent.RegisterShowsDelivered,
            PaymentDecision.Reversed => PaymentEvent.OperatorReversed,
            PaymentDecision.Kept => PaymentEvent.OperatorKept,
            _ => null,
        };
        return happened is { } one && Transitions.Find(state, one) is { TwoPeople: true } edge ? edge : null;
    }

    /// <summary>What may be decided about a payment in a state.</summary>
    public static IReadOnlyList<PaymentDecision> Possible(PaymentState state) =>
        [.. Enum.GetValues<PaymentDecision>().Where(decision => EdgeOf(state, decision) is not null)];
}
