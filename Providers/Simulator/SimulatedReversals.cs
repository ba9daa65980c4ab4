using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Osmp;

namespace EGovPay.Providers.Simulator;

/// <summary>What providers do when they are asked to take a payment back; they lie about it as they lie about payments.</summary>
internal sealed partial class SimulatedBook
{
    private static readonly int[] KeptCodes = [OsmpResult.Forbidden, OsmpResult.ForbiddenTechnically, OsmpResult.Other];

    /// <summary>Asked back. What was decided once is said for ever, under the number it was asked under.</summary>
    /// <param name="cancel">The reversal's own number; 0 in a protocol that has none.</param>
    /// <param name="account">The account that is named beside the number, or null; with the amount it must be the payment's.</param>
    public async ValueTask<Saying> ReverseAsync(
        ProviderSettings provider, UInt128 number, UInt128 cancel = default, string? account = null, long? qepik = null)
    {
        if (Find(provider, number) is not { } known)
        {
            return new(Said.NotSeen, Lie.None, OsmpResult.Other, 0, false);
        }

        Saying saying;
        Task recorded;
        lock (known)
        {
            var differs = (account is not null && account != known.Account) || (qepik is not null && qepik != known.AmountQepik)
                || (known.CancelNumber != 0 && known.CancelNumber != cancel);
            saying = differs || known.Credited == 0
                ? new(Said.UsedDifferently, Lie.None, OsmpResult.Other, known.Own, false)
                : DecideReversal(known, cancel, isQuestion: false);
            recorded = record.WrittenAsync();
        }

        await recorded;
        return saying;
    }

    /// <summary>What became of a reversal, asked by the question of the JSON protocol; null: nobody asked for one.</summary>
    private Saying? ReversalOf(Transaction known) =>
        !known.ReversalHeard ? null : DecideReversal(known, known.CancelNumber, isQuestion: true);

    private Saying DecideReversal(Transaction known, UInt128 cancel, bool isQuestion)
    {
        var lie = ReversalLieOf(known);
        var wire = OnTheWire(lie, known.ReversalAsks);
        if (known is { Reversed: 0, KeptCode: 0 }
            && lie is Lie.SilentBeforeCredit or Lie.DropBeforeCredit or Lie.ErrorBeforeCredit or Lie.BrokenBeforeCredit
            && wire != Lie.None)
        {
            // It left no trace, but that the next attempt is the second.
            known.ReversalAsks++;
            return new(Said.Later, wire, 0, known.Own, false);
        }

        var attempt = ++known.ReversalAsks;
        known.ReversalHeard = true;
        known.CancelNumber = cancel;
        if (known.KeptCode != 0)
        {
            return new(Said.Kept, wire, known.KeptCode, known.Own, false);
        }

        if (known.Reversed > 0)
        {
            if (!Lies.Deduplicates && !isQuestion)
            {
                TakeBack(known);
            }

            return SayReversed(known, lie, attempt, wire);
        }

        switch (lie)
        {
            case Lie.Decline or Lie.NotOurs:
                known.KeptCode = KeptCodes[(int)(Draw.From(seed, "kept", (ulong)known.Number) % (ulong)KeptCodes.Length)];
                _ = Record(known, 'K', known.KeptCode);
                return new(Said.Kept, wire, known.KeptCode, known.Own, false);
            case Lie.TemporaryForEver:
            case Lie.Temporary when attempt <= Lies.TemporaryAsks:
                return new(Said.Later, Lie.None, 0, known.Own, false);
            default:
                TakeBack(known);
                if (lie == Lie.Twice && !Lies.Deduplicates)
                {
                    TakeBack(known);
                }

                return SayReversed(known, lie, attempt, wire);
        }
    }

    private Saying SayReversed(Transaction known, Lie lie, int attempt, Lie wire) => lie switch
    {
        Lie.NotFinished when attempt <= Lies.TemporaryAsks => new(Said.NotFinished, Lie.None, 0, known.Own, false),
        Lie.FinalErrorAfterCredit when attempt > 1 && known.Provider is { DeduplicatesFirst: false, Protocol: "osmp" } =>
            new(Said.Kept, Lie.None, OsmpResult.Other, known.Own, false),
        _ => new(Said.Reversed, wire, 0, known.Own, false),
    };

    private void TakeBack(Transaction known)
    {
        known.Reversed++;
        _ = Record(known, 'R', 0);
    }

    /// <summary>The rates are those of payments, drawn once more: a payment that went plainly may meet a lie on its way back.</summary>
    private Lie ReversalLieOf(Transaction known)
    {
        var magic = Lies.MagicAccounts ? MagicAccounts.ReversalLieOf(MagicAccounts.Of(known.Account)) : Lie.None;
        return magic != Lie.None ? magic : Lies.OfReversal(seed, known.Provider.Code, known.Number);
    }
}
