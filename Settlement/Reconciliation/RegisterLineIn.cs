using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>A line of a provider's register, looked at closely because it does not simply agree.</summary>
/// <param name="Number">The transaction as a number of ours; null: it has not the shape of one.</param>
/// <param name="Currency">Null: manat.</param>
/// <param name="Account">As it stands there.</param>
internal sealed record RegisterLineIn(
    int Line, string Txn, long? Number, long AmountQepik, string? Currency, string Account, LocalDate Day, bool Reversal,
    string? ProviderTransaction)
{
    public bool InManat => Currency is null or "AZN" or "944";
}
