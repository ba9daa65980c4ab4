using EGovPay.Processing.StateMachine;

namespace EGovPay.Processing.Telling;

/// <summary>When the payer hears of an event by e-mail or SMS.</summary>
public enum ToldToPayer : short
{
    Never = 0,
    Always = 1,

    /// <summary>Only when its terminal may have been told "not final" before: the payer left without an answer.</summary>
    WhenLate = 2,
}

/// <summary>What subscribers hear of an edge of the table of states.</summary>
/// <param name="EdgeId">The edge.</param>
/// <param name="Type">The event's type: <c>payment.confirmed</c>. It never changes its meaning.</param>
/// <param name="ToProvider">Providers that have an endpoint hear of it; agents hear of all.</param>
public sealed record Announcement(short EdgeId, string Type, bool ToProvider, ToldToPayer ToPayer)
{
    public const string Confirmed = "payment.confirmed";
    public const string Declined = "payment.declined";
    public const string Cancelled = "payment.cancelled";
    public const string Unknown = "payment.unknown";
    public const string Reversing = "payment.reversing";
    public const string Reversed = "payment.reversed";
    public const string ReversalRefused = "payment.reversal_refused";
    public const string Corrected = "payment.corrected";

    private static readonly Announcement?[] ByEdge = new Announcement?[Transitions.All.Max(edge => edge.Id) + 1];

    static Announcement()
    {
        foreach (var one in All)
        {
            ByEdge[one.EdgeId] = one;
        }
    }

    /// <summary>Every edge that is announced; the others change nothing that anybody outside is to know.</summary>
    public static IReadOnlyList<Announcement> All { get; } =
        [.. Transitions.All.Select(Describe).OfType<Announcement>()];

    /// <summary>The types, each once.</summary>
    public static IReadOnlyList<string> Types { get; } = [.. All.Select(one => one.Type).Distinct(StringComparer.Ordinal)];

    /// <summary>What is told of an edge, or null.</summary>
    public static Announcement? Of(short edgeId) => edgeId > 0 && edgeId < ByEdge.Length ? ByEdge[edgeId] : null;

    private static Announcement? Describe(Edge edge) => (edge.From, edge.Event, edge.To) switch
    {
        (_, PaymentEvent.LateTruth, _) => null,
        (PaymentState.Declined or PaymentState.Cancelled or PaymentState.Reversed, _, PaymentState.Confirmed) or
            (PaymentState.Confirmed, _, PaymentState.Reversed) => new(edge.Id, Corrected, true, ToldToPayer.Always),
        (PaymentState.Reversing, _, PaymentState.Confirmed) => new(edge.Id, ReversalRefused, false, ToldToPayer.Never),
        (_, _, PaymentState.Confirmed) => new(edge.Id, Confirmed, true, ToldToPayer.Always),
        (PaymentState.Unknown, _, PaymentState.Declined) => new(edge.Id, Declined, false, ToldToPayer.Always),
        (_, _, PaymentState.Declined) => new(edge.Id, Declined, false, ToldToPayer.WhenLate),
        (_, _, PaymentState.Cancelled) => new(edge.Id, Cancelled, false, ToldToPayer.Never),
        (PaymentState.Dispatched, _, PaymentState.Unknown) => new(edge.Id, Unknown, false, ToldToPayer.Never),
        (PaymentState.Confirmed, _, PaymentState.Reversing) => new(edge.Id, Reversing, false, ToldToPayer.Never),
        (_, _, PaymentState.Reversed) => new(edge.Id, Reversed, true, ToldToPayer.Always),
        _ => null,
    };
}
