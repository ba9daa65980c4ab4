using System.Globalization;
using System.Text;

namespace EGovPay.Processing.StateMachine;

/// <summary>Where a payment stands. The numbers are stored; they never change.</summary>
public enum PaymentState : short
{
    /// <summary>Before the first event.</summary>
    None = 0,
    Accepted = 1,
    Dispatched = 2,
    Unknown = 3,
    Confirmed = 4,
    Declined = 5,
    Cancelled = 6,
    Reversing = 7,
    Reversed = 8,
}

/// <summary>What happened to a payment. The numbers are stored; they never change.</summary>
public enum PaymentEvent : short
{
    Accepted = 1,
    AcceptedAndClaimed = 2,
    TerminalCancelled = 3,
    Claimed = 4,
    NeverSent = 5,
    NotSent = 6,
    ProviderConfirmed = 7,
    ProviderDeclined = 8,
    ProviderSilent = 9,
    RegisterShowsDelivered = 10,
    RegisterShowsAbsent = 11,
    OperatorDeclined = 12,
    OperatorConfirmed = 13,
    ReversalRequested = 14,
    ProviderReversed = 15,
    OperatorReversed = 16,
    ProviderKept = 17,
    OperatorKept = 18,
    LateTruth = 19,
}

/// <summary>What an edge does to money. The numbers are stored; they never change.</summary>
public enum MoneyEffect : short
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Amount and fee are held on the agent's funds.</summary>
    Hold = 1,

    /// <summary>What is held, or posted, stays.</summary>
    Keep = 2,

    /// <summary>The hold is given back.</summary>
    Release = 3,

    /// <summary>The hold becomes posted: funds → payable, funds → fee, and what the contract adds.</summary>
    Post = 4,

    /// <summary>What was posted is mirrored back.</summary>
    Reverse = 5,

    /// <summary>suspense → payable: delivered after a decline; the house's loss until recovered.</summary>
    SuspenseToPayable = 6,

    /// <summary>payable, fee → refund-due: never delivered; due to the payer.</summary>
    ToRefundDue = 7,
}

/// <summary>One row of the state machine: from a state, by an event, to a state, with an effect on money.</summary>
/// <param name="Id">The number stored with each event; it never changes and is never reused.</param>
/// <param name="TwoPeople">One person proposes, another approves.</param>
public sealed record Edge(
    short Id, PaymentState From, PaymentEvent Event, PaymentState To, MoneyEffect Money, bool TwoPeople = false);

/// <summary>
/// The state machine: one visible table. The database holds the same rows (migrations 0001 and 0005), a test holds both equal,
/// and the diagram in ARCHITECTURE.md is drawn from it. What reality can do is a row; there is no force.
/// </summary>
public static class Transitions
{
    /// <summary>Every edge, by number.</summary>
    public static IReadOnlyList<Edge> All { get; } =
    [
        new(1, PaymentState.None, PaymentEvent.Accepted, PaymentState.Accepted, MoneyEffect.Hold),
        new(2, PaymentState.None, PaymentEvent.AcceptedAndClaimed, PaymentState.Dispatched, MoneyEffect.Hold),
        new(3, PaymentState.None, PaymentEvent.TerminalCancelled, PaymentState.Cancelled, MoneyEffect.None),
        new(4, PaymentState.Accepted, PaymentEvent.Claimed, PaymentState.Dispatched, MoneyEffect.Keep),
        new(5, PaymentState.Accepted, PaymentEvent.TerminalCancelled, PaymentState.Cancelled, MoneyEffect.Release),
        new(6, PaymentState.Accepted, PaymentEvent.NeverSent, PaymentState.Declined, MoneyEffect.Release),
        new(7, PaymentState.Dispatched, PaymentEvent.NotSent, PaymentState.Declined, MoneyEffect.Release),
        new(8, PaymentState.Dispatched, PaymentEvent.ProviderConfirmed, PaymentState.Confirmed, MoneyEffect.Post),
        new(9, PaymentState.Unknown, PaymentEvent.ProviderConfirmed, PaymentState.Confirmed, MoneyEffect.Post),
        new(10, PaymentState.Dispatched, PaymentEvent.ProviderDeclined, PaymentState.Declined, MoneyEffect.Release),
        new(11, PaymentState.Unknown, PaymentEvent.ProviderDeclined, PaymentState.Declined, MoneyEffect.Release),
        new(12, PaymentState.Dispatched, PaymentEvent.ProviderSilent, PaymentState.Unknown, MoneyEffect.Keep),
        new(13, PaymentState.Unknown, PaymentEvent.ProviderSilent, PaymentState.Unknown, MoneyEffect.Keep),
        new(14, PaymentState.Unknown, PaymentEvent.RegisterShowsDelivered, PaymentState.Confirmed, MoneyEffect.Post),
        new(15, PaymentState.Unknown, PaymentEvent.RegisterShowsAbsent, PaymentState.Declined, MoneyEffect.Release, true),
        new(16, PaymentState.Unknown, PaymentEvent.OperatorDeclined, PaymentState.Declined, MoneyEffect.Release, true),
        new(17, PaymentState.Unknown, PaymentEvent.OperatorConfirmed, PaymentState.Confirmed, MoneyEffect.Post, true),
        new(18, PaymentState.Confirmed, PaymentEvent.ReversalRequested, PaymentState.Reversing, MoneyEffect.Keep),
        new(19, PaymentState.Reversing, PaymentEvent.ProviderReversed, PaymentState.Reversed, MoneyEffect.Reverse),
        new(20, PaymentState.Reversing, PaymentEvent.OperatorReversed, PaymentState.Reversed, MoneyEffect.Reverse, true),
        new(21, PaymentState.Reversing, PaymentEvent.ProviderKept, PaymentState.Confirmed, MoneyEffect.Keep),
        new(22, PaymentState.Reversing, PaymentEvent.OperatorKept, PaymentState.Confirmed, MoneyEffect.Keep, true),
        new(23, PaymentState.Reversing, PaymentEvent.ProviderSilent, PaymentState.Reversing, MoneyEffect.Keep),
        new(24, PaymentState.Declined, PaymentEvent.RegisterShowsDelivered, PaymentState.Confirmed, MoneyEffect.SuspenseToPayable, true),
        new(25, PaymentState.Cancelled, PaymentEvent.RegisterShowsDelivered, PaymentState.Confirmed, MoneyEffect.SuspenseToPayable, true),
        new(26, PaymentState.Reversed, PaymentEvent.RegisterShowsDelivered, PaymentState.Confirmed, MoneyEffect.SuspenseToPayable, true),
        new(27, PaymentState.Confirmed, PaymentEvent.RegisterShowsAbsent, PaymentState.Reversed, MoneyEffect.ToRefundDue, true),
        new(28, PaymentState.Confirmed, PaymentEvent.LateTruth, PaymentState.Confirmed, MoneyEffect.None),
        new(29, PaymentState.Declined, PaymentEvent.LateTruth, PaymentState.Declined, MoneyEffect.None),
        new(30, PaymentState.Cancelled, PaymentEvent.LateTruth, PaymentState.Cancelled, MoneyEffect.None),
        new(31, PaymentState.Reversed, PaymentEvent.LateTruth, PaymentState.Reversed, MoneyEffect.None),
        new(32, PaymentState.Reversing, PaymentEvent.LateTruth, PaymentState.Reversing, MoneyEffect.None),
    ];

    private static readonly Edge?[] ById = Index();

    /// <summary>One more than the highest number of an event: the width of a row of <see cref="ByStateAndEvent"/>.</summary>
    private static readonly int Events = (int)Enum.GetValues<PaymentEvent>().Max() + 1;

    /// <summary>The table once more, as a square: every payment looks a step up at least twice.</summary>
    private static readonly Edge?[] ByStateAndEvent = Square();

    /// <summary>True for the states in which a payment rests: Confirmed, Declined, Cancelled, Reversed.</summary>
    public static bool IsFinal(PaymentState state) =>
        state is PaymentState.Confirmed or PaymentState.Declined or PaymentState.Cancelled or PaymentState.Reversed;

    /// <summary>The edge with this number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    public static Edge Numbered(short id) =>
        id > 0 && id < ById.Length && ById[id] is { } edge
            ? edge
            : throw new ArgumentOutOfRangeException(nameof(id), id, "No such edge in the table of states.");

    /// <summary>The edge from a state by an event, or null where the table has none.</summary>
    public static Edge? Find(PaymentState from, PaymentEvent happened)
    {
        if ((int)from < 0 || (int)happened < 0 || (int)happened >= Events)
        {
            return null;
        }

        var place = ((int)from * Events) + (int)happened;
        return place < ByStateAndEvent.Length ? ByStateAndEvent[place] : null;
    }

    /// <summary>
    /// The table as a Mermaid state diagram, an edge a line, in the order of the table. Edges of one state to itself that change
    /// nothing (late truth) are left out: they would hide the others.
    /// </summary>
    public static string ToMermaid()
    {
        var diagram = new StringBuilder("stateDiagram-v2\n");
        foreach (var edge in All)
        {
            if (edge.Event == PaymentEvent.LateTruth)
            {
                continue;
            }

            var from = edge.From == PaymentState.None ? "[*]" : edge.From.ToString();
            var people = edge.TwoPeople ? ", two people" : "";
            diagram.Append(CultureInfo.InvariantCulture, $"    {from} --> {edge.To} : {edge.Event} ({edge.Money}{people})\n");
        }

        foreach (var state in Enum.GetValues<PaymentState>())
        {
            if (IsFinal(state))
            {
                diagram.Append(CultureInfo.InvariantCulture, $"    class {state} final\n");
            }
        }

        return diagram.Append("    classDef final font-weight:bold\n").ToString();
    }

    private static Edge?[] Index()
    {
        var index = new Edge?[All.Max(edge => edge.Id) + 1];
        foreach (var edge in All)
        {
            index[edge.Id] = edge;
        }

        return index;
    }

    private static Edge?[] Square()
    {
        var square = new Edge?[((int)Enum.GetValues<PaymentState>().Max() + 1) * Events];
        foreach (var edge in All)
        {
            ref var place = ref square[((int)edge.From * Events) + (int)edge.Event];
            place = place is null
                ? edge
                : throw new InvalidOperationException($"The edges {place.Id} and {edge.Id} leave one state by one event.");
        }

        return square;
    }
}
