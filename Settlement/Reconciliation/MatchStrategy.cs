namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// A way to tie a line to a payment, as data. Only the number ties them; every other way suggests a payment to the people who work
/// the break, where exactly one is left on either side.
/// </summary>
/// <param name="Name">As it stands in the break's suggestion.</param>
/// <param name="ByReference">The line's transaction is our reference, or the provider's own transaction number of the payment.</param>
/// <param name="ByAccount">The accounts are equal.</param>
/// <param name="WithinDays">The line's day is at most so many days from the payment's.</param>
public sealed record MatchStrategy(string Name, bool ByReference, bool ByAccount, int WithinDays)
{
    /// <summary>In order: what an earlier one suggests, a later one does not look at. The amount is equal in each.</summary>
    public static IReadOnlyList<MatchStrategy> Usual { get; } =
    [
        new("reference-amount-day", ByReference: true, ByAccount: false, WithinDays: 0),
        new("account-amount-day", ByReference: false, ByAccount: true, WithinDays: 0),
        new("account-amount-window", ByReference: false, ByAccount: true, WithinDays: 3),
        new("amount-window", ByReference: false, ByAccount: false, WithinDays: 1),
    ];
}
