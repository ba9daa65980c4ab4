using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Finds bookings of whole files, or whole blocks of them: by our own message or block id, and by the exact sum of what is in it. Of two that
/// fit, neither is taken, unless the day says which. What came back was in the sum or not: first it is tried as it is usual, with what the bank
/// gave back by name and without what it refused before, and then the other ways.
/// </summary>
/// <param name="open">Of a block with a payout that is neither open nor came back, nothing is found.</param>
/// <param name="within">Bank days after its day in which a block may be booked.</param>
internal sealed class MatchBatches(
    IReadOnlyList<ToldPayout> payouts, Func<ToldPayout, bool> open, BackOfBatches cameBack, BankDays days, int within)
{
    /// <summary>Of so many that came back any may be in the sum; two times as many choices for each more.</summary>
    private const int MostChosen = 6;

    private readonly List<Fit> fits = [];

    /// <summary>One booking for all payouts of some blocks.</summary>
    /// <param name="bookings">Those that are still free.</param>
    public IReadOnlyList<(BankEntry Entry, IReadOnlyList<ToldPayout> Payouts)> Run(IEnumerable<BankEntry> bookings)
    {
        var blocks = payouts.Where(MayBeIn).GroupBy(one => (one.FileId, one.MessageId, one.BlockId, one.Day))
            .Where(group => group.All(one => open(one) || cameBack.Is(one)))
            .Select(group => new Block(group.Key.MessageId, group.Key.BlockId, group.Key.Day, [.. group])).ToList();
        var byBlock = blocks.Where(one => one.Id is not null).ToLookup(one => one.Id!, StringComparer.Ordinal);
        var byMessage = blocks.ToLookup(one => one.MessageId, StringComparer.Ordinal);
        foreach (var entry in bookings.Where(entry => entry is { Currency: "AZN", Reversal: false, AmountQepik: < 0 }))
        {
            string[] names = [.. entry.Batches.Concat(entry.Words).Distinct(StringComparer.Ordinal).Where(
                name => byBlock.Contains(name) || byMessage.Contains(name))];
            if (names.Length > 0 && (entry.EndToEndId is null || names.Contains(entry.EndToEndId)) && entry.Parts.All(part => part.EndToEndId is null))
            {
                Look(entry, [.. names.SelectMany(name => byBlock[name]).Distinct()], [.. names.SelectMany(name => byMessage[name]).Distinct()]);
            }
        }

        return
        [
            .. Taken(fit => fit is { Usual: true, ByBlock: true }), .. Taken(fit => fit.Usual && fit.OnItsDay), .. Taken(fit => fit.Usual),
            .. Taken(fit => fit.ByBlock), .. Taken(fit => fit.OnItsDay), .. Taken(_ => true),
        ];
    }

    /// <summary>What was refused and yet booked by itself, is in no other sum.</summary>
    private bool MayBeIn(ToldPayout payout) => !payout.Returned || cameBack.Is(payout);

    /// <summary>The blocks that it names, together; else one block of the message that it names, or the message whole.</summary>
    private void Look(BankEntry entry, List<Block> named, List<Block> ofMessage)
    {
        if (named.Count > 0)
        {
            Add(entry, named, byBlock: true);
            return;
        }

        foreach (var block in ofMessage)
        {
            Add(entry, [block], byBlock: false);
        }

        foreach (var file in ofMessage.GroupBy(one => one.MessageId, StringComparer.Ordinal).Where(file => file.Count() > 1 && IsWhole(file.Key, [.. file])))
        {
            Add(entry, [.. file], byBlock: false);
        }
    }

    private bool IsWhole(string messageId, List<Block> file) =>
        payouts.Count(one => one.MessageId == messageId && MayBeIn(one)) == file.Sum(one => one.Payouts.Count);

    private void Add(BankEntry entry, List<Block> blocks, bool byBlock)
    {
        if (!blocks.TrueForAll(one => entry.Day >= one.Day && entry.Day <= days.Plus(one.Day, within)
            && one.Payouts.All(payout => MatchBank.SameAccount(entry.Account, payout.Debtor))))
        {
            return;
        }

        var all = blocks.SelectMany(one => one.Payouts).ToList();
        var given = all.Where(one => cameBack.Is(one) && cameBack.IsCredited(one)).ToList();
        var refused = all.Where(one => cameBack.Is(one) && !cameBack.IsCredited(one)).ToList();
        var sure = all.Where(one => !cameBack.Is(one)).ToList();
        foreach (var (withGiven, usualGiven) in Choices(given, all: true))
        {
            foreach (var (withRefused, usualRefused) in Choices(refused, all: false))
            {
                List<ToldPayout> paid = [.. sure, .. withGiven, .. withRefused];
                if (paid.Sum(one => one.AmountQepik) == -entry.AmountQepik)
                {
                    fits.Add(new Fit(entry, blocks, paid, byBlock, usualGiven && usualRefused));
                }
            }
        }
    }

    /// <summary>Every choice of some payouts that came back, each with whether it is as usual: all of them, or none. Of very many, all or none.</summary>
    private static IEnumerable<(List<ToldPayout> Chosen, bool Usual)> Choices(List<ToldPayout> some, bool all)
    {
        var last = (1 << Math.Min(some.Count, MostChosen)) - 1;
        for (var bits = 0; bits <= last; bits++)
        {
            if (some.Count <= MostChosen || bits == 0 || bits == last)
            {
                yield return ([.. some.Where((_, at) => bits == last || (bits >> at & 1) == 1)], bits == (all ? last : 0));
            }
        }
    }

    /// <summary>Those of some that are the only ones, each of its booking and of its blocks.</summary>
    private List<(BankEntry, IReadOnlyList<ToldPayout>)> Taken(Func<Fit, bool> some)
    {
        var those = fits.Where(some).ToList();
        var sure = those.Where(fit => those.TrueForAll(other => ReferenceEquals(other, fit)
            || (!ReferenceEquals(other.Entry, fit.Entry) && !other.Blocks.Exists(fit.Blocks.Contains)))).ToList();
        fits.RemoveAll(fit => sure.Exists(one => ReferenceEquals(one.Entry, fit.Entry) || one.Blocks.Exists(fit.Blocks.Contains)));
        return [.. sure.Select(fit => (fit.Entry, (IReadOnlyList<ToldPayout>)fit.Paid))];
    }

    private sealed class Block(string messageId, string? id, LocalDate day, IReadOnlyList<ToldPayout> payouts)
    {
        public string MessageId => messageId;

        public string? Id => id;

        public LocalDate Day => day;

        public IReadOnlyList<ToldPayout> Payouts => payouts;
    }

    private sealed record Fit(BankEntry Entry, List<Block> Blocks, List<ToldPayout> Paid, bool ByBlock, bool Usual)
    {
        public bool OnItsDay => Blocks.TrueForAll(one => one.Day == Entry.Day);
    }
}
