using EGovPay.Processing.PostgreSql;
using NodaTime;

namespace EGovPay.Processing.Continuity;

/// <summary>What a primary is to somebody who knew one before.</summary>
public enum Verdict
{
    /// <summary>No node has ever worked on this database.</summary>
    First = 1,

    /// <summary>It is the one that is known.</summary>
    Continues,

    /// <summary>A standby was promoted, and it has all that this node, which was there, saw committed.</summary>
    Promoted,

    /// <summary>It does not know what was committed: restored from a backup, or a standby that had not received all.</summary>
    Lost,

    /// <summary>It has another history than is known, and nobody who was there has vouched for it.</summary>
    NobodyVouches,

    /// <summary>Another node has found that something is lost, and nobody has said `egovpay restored`.</summary>
    Doubted,

    /// <summary>A primary that was left behind by a promotion and came back.</summary>
    OldPrimary,

    /// <summary>
    /// Somebody owned up to a restore while this process lived, and it knows of things that are lost: the numbers that it holds and
    /// what waits in its journal belong to the past that was cut off. It must start again.
    /// </summary>
    Cut,
}

/// <summary>What the database says of its past, and of what a node remembers.</summary>
/// <param name="Epoch">The epoch in force; null: there was none yet.</param>
/// <param name="RestoredSince">A restore was owned up to after what the node remembers: its memory is of what is lost.</param>
/// <param name="Mark">How far the node had counted; −1: it never did.</param>
/// <param name="LastOther">When another process counted last.</param>
/// <param name="RestoredInLife">A restore was owned up to after this process was last sure of the database.</param>
/// <param name="NumbersKnown">The payment numbers that this process holds are known to be its own; true where it holds none.</param>
public sealed record PastSeen(
    long? Epoch, long SystemIdentifier, int Timeline, bool Doubted, bool EpochKnown, bool RestoredSince, long Mark,
    bool EventKnown, Instant? LastOther, bool RestoredInLife = false, bool NumbersKnown = true);

/// <summary>
/// Is this database the continuation of what is known? A promotion changes the timeline and loses nothing that was confirmed by a
/// standby; a restore changes it too (or does not, when a snapshot was put back) and loses. The difference is only in what was
/// there before, so those are asked who were there.
/// </summary>
public static class JudgeContinuity
{
    /// <summary>Whoever counted as lately as anybody else, give or take this, was there when the old primary ended.</summary>
    private static readonly Duration Lately = Duration.FromSeconds(10);

    public static Verdict Of(Marker? remembered, PrimaryMet met, PastSeen past)
    {
        if (past.RestoredInLife
            && (remembered is null || !past.EpochKnown || past.Mark < remembered.Mark || !past.EventKnown || !past.NumbersKnown))
        {
            return Verdict.Cut;
        }

        var memory = past.RestoredSince ? null : remembered;
        if (memory is not null && met.SystemIdentifier == memory.SystemIdentifier && met.Timeline < memory.Timeline)
        {
            return Verdict.OldPrimary;
        }

        if (!past.NumbersKnown || (memory is not null && (!past.EpochKnown || past.Mark < memory.Mark || !past.EventKnown)))
        {
            return Verdict.Lost;
        }

        if (past.Doubted)
        {
            return Verdict.Doubted;
        }

        if (past.Epoch is null)
        {
            return Verdict.First;
        }

        if ((past.SystemIdentifier, past.Timeline) == (met.SystemIdentifier, met.Timeline))
        {
            return Verdict.Continues;
        }

        var wasThere = memory is not null && (past.LastOther is not { } other || other <= memory.At + Lately);
        return wasThere && met.SystemIdentifier == past.SystemIdentifier && met.Timeline > past.Timeline
            ? Verdict.Promoted
            : Verdict.NobodyVouches;
    }
}
