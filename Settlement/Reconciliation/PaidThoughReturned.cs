using EGovPay.Settlement.Breaks;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>What banks booked of a payout whose money stands in the payables again: taken and given back in manat it is as if it had not been.</summary>
internal static class PaidThoughReturned
{
    public static IEnumerable<BankDifference> Of(ToldPayout payout, IReadOnlyList<PayoutBooking> taken, IReadOnlyList<PayoutBooking> back)
    {
        var left = taken.Where(one => one.InManat).Sum(one => -one.AmountQepik) - back.Where(one => one.InManat).Sum(one => one.AmountQepik);
        if (left > 0)
        {
            yield return new BankDifference(
                BreakKind.MissingHere, left, "bank-paid-refused", "ask-bank", taken.Last(one => one.InManat).Entry, payout);
        }

        // What another currency took or gave back is no part of the sum: nobody knows what it is worth.
        foreach (var other in taken.Concat(back).Where(one => !one.InManat))
        {
            yield return new BankDifference(
                BreakKind.CurrencyDiffers, payout.AmountQepik, "bank-other-currency", "ask-bank", other.Entry, payout);
        }
    }
}
