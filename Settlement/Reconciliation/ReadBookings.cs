namespace EGovPay.Settlement.Reconciliation;

/// <summary>A booking, or a part of one, that names a payout.</summary>
/// <param name="AmountQepik">Into our account positive: given back.</param>
internal sealed record PayoutBooking(BankEntry Entry, ToldPayout Payout, long AmountQepik, string? Creditor)
{
    /// <summary>Amount, currency and account are as we told them.</summary>
    public bool Agrees { get; set; }

    public bool InManat => Entry.Currency == "AZN";

    /// <summary>A credit of all of it.</summary>
    public bool IsAllBack => InManat && AmountQepik == Payout.AmountQepik;

    /// <summary>Its own debit: all of it, from the account that we told.</summary>
    public bool IsDebit => InManat && AmountQepik == -Payout.AmountQepik && MatchBank.SameAccount(Entry.Account, Payout.Debtor);

    public bool SameCurrency(PayoutBooking other) => Entry.Currency == other.Entry.Currency;
}

/// <summary>
/// Takes bookings that name payouts by their end-to-end ids apart into them. What a part does not say is not assumed: it is what is left of
/// the booking where that can be only it, and else a rest that somebody has to explain.
/// </summary>
internal sealed class ReadBookings(IReadOnlyList<ToldPayout> payouts)
{
    private readonly Dictionary<string, ToldPayout> named = payouts.ToDictionary(one => one.EndToEndId, StringComparer.Ordinal);

    public List<PayoutBooking> Bookings { get; } = [];

    /// <summary>What of such bookings is no payout.</summary>
    public List<(BankEntry Entry, long Qepik)> Rests { get; } = [];

    /// <summary>False: it names none.</summary>
    public bool Take(BankEntry entry)
    {
        var parts = entry.Parts.Any(part => part.EndToEndId is not null) ? entry.Parts
            : [new BankPart(entry.AmountQepik, entry.EndToEndId, entry.Counterparty)];
        var ours = parts.Select(part => (Part: part, Payout: part.EndToEndId is { } id ? named.GetValueOrDefault(id) : null)).ToList();
        if (ours.TrueForAll(one => one.Payout is null || (entry.AmountQepik > 0 && !MatchBank.SameAccount(entry.Account, one.Payout.Debtor))))
        {
            return false;
        }

        // A single part without an amount is what is left of the booking; several are what we told, if that is just what is left.
        var left = entry.AmountQepik - ours.Sum(one => AmountOf(one.Part, entry) ?? 0);
        var silent = ours.Where(one => AmountOf(one.Part, entry) is null).ToList();
        var told = silent.TrueForAll(one => one.Payout is not null)
            && silent.Sum(one => one.Payout!.AmountQepik) == Math.Abs(left);
        // Parts that are more than the whole say nothing of the others.
        var sign = Math.Sign(left) == Math.Sign(entry.AmountQepik) ? Math.Sign(left) : 0;
        var rest = entry.AmountQepik;
        foreach (var (part, payout) in ours.Where(one => one.Payout is not null))
        {
            var amount = AmountOf(part, entry) ?? (sign == 0 ? 0 : silent.Count == 1 ? left : told ? sign * payout!.AmountQepik : 0);
            // What comes into another account of ours is no return: the receiver may be there.
            if (amount == 0 || (amount > 0 && !MatchBank.SameAccount(entry.Account, payout!.Debtor)))
            {
                continue;
            }

            rest -= amount;
            Bookings.Add(new PayoutBooking(
                entry, payout!, amount, part.Counterparty ?? (parts.Count == 1 ? entry.Counterparty : null)));
        }

        if (rest != 0)
        {
            Rests.Add((entry, rest));
        }

        return true;
    }

    /// <summary>Null: it does not say, or says it in another currency than the booking's.</summary>
    private static long? AmountOf(BankPart part, BankEntry entry) =>
        part.Currency is null || part.Currency == entry.Currency ? part.AmountQepik : null;
}
