using EGovPay.Processing.Telling;

namespace EGovPay.Terminals.Telling;

/// <summary>How an attempt to tell somebody ended.</summary>
internal enum Reach
{
    /// <summary>It was taken.</summary>
    Told,

    /// <summary>The receiver is not well: it is tried again later, and told less at once until then.</summary>
    Ill,

    /// <summary>The receiver is well and does not take this one now: it is tried again later.</summary>
    NotNow,

    /// <summary>This one will never be taken.</summary>
    Never,

    /// <summary>The receiver wants to hear nothing any more.</summary>
    Gone,
}

/// <summary>The end of an attempt, with a note for people: a status, a kind of failure; never an address or a receiver's words.</summary>
internal readonly record struct Reached(Reach How, string? Note)
{
    public static readonly Reached Told = new(Reach.Told, null);
}

/// <summary>What there is to tell one receiver.</summary>
internal sealed record Telling(Leased Delivery, ToldPayment Told, Announcement What)
{
    /// <summary>The same in every attempt and for every receiver: who has it once needs it no more.</summary>
    public string Id => FormattableString.Invariant($"evt_{Delivery.Number}_{Delivery.Step}");
}

/// <summary>A way to tell: webhook, e-mail, SMS.</summary>
internal interface IWay
{
    /// <summary>Tells once. It ends within the time of the token; what it throws counts as <see cref="Reach.Ill"/>.</summary>
    Task<Reached> TellAsync(Telling telling, CancellationToken cancel);
}
