using EGovPay.Settlement.Breaks;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>Payouts that came back and that no booking of their own took: if anything did, it is one sum for many.</summary>
/// <param name="booked">Everything that banks booked.</param>
internal sealed class BackOfBatches(IEnumerable<BankEntry> booked)
{
    private readonly ILookup<string, bool> debits = booked
        .SelectMany(entry => entry.Ids, (entry, id) => (Id: id, Debit: entry.AmountQepik < 0))
        .ToLookup(one => one.Id, one => one.Debit, StringComparer.Ordinal);

    private readonly List<(ToldPayout Payout, BankEntry Entry)> found = [];

    /// <summary>Returned, or named by credits alone.</summary>
    public bool Is(ToldPayout payout) => (payout.Returned || IsCredited(payout)) && !debits[payout.EndToEndId].Contains(true);

    /// <summary>The bank gave it back by name.</summary>
    public bool IsCredited(ToldPayout payout) => debits[payout.EndToEndId].Contains(false);

    /// <summary>A sum that is the debit of some payouts.</summary>
    public void Add(BankEntry entry, IEnumerable<ToldPayout> paid) => found.AddRange(paid.Where(Is).Select(one => (one, entry)));

    /// <summary>They refused it, booked it, and gave nothing back yet.</summary>
    public IEnumerable<BankDifference> TakenThoughRefused => found.Where(one => one.Payout.Returned && !IsCredited(one.Payout)).Select(
        one => new BankDifference(BreakKind.MissingHere, one.Payout.AmountQepik, "bank-paid-refused", "ask-bank", one.Entry, one.Payout));

    /// <summary>Those that were taken in a sum and given back whole, once.</summary>
    /// <param name="bookings">What names payouts by their ids.</param>
    public IEnumerable<(ToldPayout Payout, BankEntry Entry)> Given(IReadOnlyList<PayoutBooking> bookings, BankCoverage coverage) =>
        from one in found
        where !one.Payout.Returned && one.Payout.Day >= coverage.FirstOf(one.Payout.Debtor)
            && MatchBank.SameAccount(one.Entry.Account, one.Payout.Debtor)
        let back = bookings.Where(each => each.Payout == one.Payout).ToList()
        where back is [{ IsAllBack: true }]
        select (one.Payout, back[0].Entry);
}
