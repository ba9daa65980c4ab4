namespace EGovPay.Settlement.Reconciliation;

/// <summary>A way to tie what one side says to what the other says. The amount, to the qəpik, and the currency are equal in each.</summary>
public enum MatchBy
{
    /// <summary>By our own number: a payment's, a payout's end-to-end id, an acquirer's reference number. What else differs is a break.</summary>
    Number = 1,

    /// <summary>By a reference: ours or the provider's own of a payment, the document of a deposit.</summary>
    ReferenceAmountDay,

    /// <summary>By account on one day, where one and one are left.</summary>
    AccountAmountDay,

    /// <summary>By account within some days, where one and one are left.</summary>
    AccountAmountWindow,

    /// <summary>By nothing but the amount within some days, where one and one are left: suggested to people, and never more.</summary>
    AmountWindow,

    /// <summary>Several of ours in one of theirs, by their exact sum: the payouts of a file.</summary>
    OneToMany,

    /// <summary>Several of theirs for one of ours, by their exact sum: an agent's top-up of several deposits.</summary>
    ManyToOne,
}

/// <summary>A strategy, as data of the terms.</summary>
/// <param name="WithinDays">
/// The two are at most so many days apart: of registers days of the calendar, of banks and acquirers bank days. With a number, nothing.
/// </param>
public sealed record MatchStrategy(MatchBy By, int WithinDays)
{
    /// <summary>As it stands in the terms and in a break's suggestion: <c>account-amount-day</c>.</summary>
    public string Name => NameOf(By);

    internal bool ByReference => By == MatchBy.ReferenceAmountDay;

    internal bool ByAccount => By is MatchBy.AccountAmountDay or MatchBy.AccountAmountWindow;

    internal static string NameOf(MatchBy by) => by switch
    {
        MatchBy.Number => "number",
        MatchBy.ReferenceAmountDay => "reference-amount-day",
        MatchBy.AccountAmountDay => "account-amount-day",
        MatchBy.AccountAmountWindow => "account-amount-window",
        MatchBy.AmountWindow => "amount-window",
        MatchBy.OneToMany => "one-to-many",
        _ => "many-to-one",
    };
}

/// <summary>The strategies of each side, in their order: what an earlier one took, a later one does not look at.</summary>
/// <param name="Register">
/// Our ledger and a provider's register. The number is always the first; a reference matches where account and day are equal too; the others
/// only suggest.
/// </param>
/// <param name="Bank">Payouts and deposits, and a bank's bookings.</param>
/// <param name="Acquirer">An acquirer's days, and a bank's bookings.</param>
public sealed record MatchStrategies(
    IReadOnlyList<MatchStrategy> Register, IReadOnlyList<MatchStrategy> Bank, IReadOnlyList<MatchStrategy> Acquirer)
{
    /// <summary>What is further apart is not the same.</summary>
    public const int MostDays = 40;

    /// <summary>What is in force where the terms say nothing of it.</summary>
    public static MatchStrategies Usual { get; } = new(
        [
            new(MatchBy.Number, 0), new(MatchBy.ReferenceAmountDay, 0), new(MatchBy.AccountAmountDay, 0), new(MatchBy.AccountAmountWindow, 3),
            new(MatchBy.AmountWindow, 1),
        ],
        [
            new(MatchBy.Number, 0), new(MatchBy.AccountAmountDay, 0), new(MatchBy.OneToMany, 3), new(MatchBy.ReferenceAmountDay, MostDays),
            new(MatchBy.AccountAmountWindow, 3), new(MatchBy.ManyToOne, 3),
        ],
        [
            new(MatchBy.Number, 0), new(MatchBy.AccountAmountDay, 0), new(MatchBy.AccountAmountWindow, 3), new(MatchBy.OneToMany, 3),
            new(MatchBy.ManyToOne, 3),
        ]);

    /// <summary>What may stand in the terms for a side.</summary>
    internal static IReadOnlyList<MatchBy> Of(string side) => side switch
    {
        "register" =>
            [MatchBy.Number, MatchBy.ReferenceAmountDay, MatchBy.AccountAmountDay, MatchBy.AccountAmountWindow, MatchBy.AmountWindow],
        "bank" =>
        [
            MatchBy.Number, MatchBy.ReferenceAmountDay, MatchBy.AccountAmountDay, MatchBy.AccountAmountWindow, MatchBy.OneToMany,
            MatchBy.ManyToOne,
        ],
        _ => [MatchBy.Number, MatchBy.AccountAmountDay, MatchBy.AccountAmountWindow, MatchBy.OneToMany, MatchBy.ManyToOne],
    };
}
