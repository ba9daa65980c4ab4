namespace EGovPay.Processing.Ledger;

/// <summary>
/// The ledger's account numbers. Every account belongs to an agent: (agent, number) is its key, so no account is shared and hot.
/// </summary>
public static class Accounts
{
    /// <summary>The agent's money with us; the only account with live sums.</summary>
    public const int Funds = 1;

    /// <summary>Fees that payers paid on top.</summary>
    public const int Fee = 2;
    public const int CommissionExpense = 3;

    /// <summary>The agent's share by its contract.</summary>
    public const int Commission = 4;

    /// <summary>Fees that providers pay.</summary>
    public const int ProviderFee = 5;
    public const int Bank = 6;
    public const int CardAcquirer = 7;
    public const int AcquirerFee = 8;

    /// <summary>Delivered although it was declined: the house's loss until it is recovered.</summary>
    public const int Suspense = 9;

    /// <summary>Never delivered although it was confirmed: due to the payer.</summary>
    public const int RefundDue = 10;
    public const int Rounding = 11;

    /// <summary>Money on its way between two parts of one agent.</summary>
    public const int BetweenParts = 12;

    private const int FirstPayable = 1000;

    /// <summary>What we owe a provider out of this agent's payments.</summary>
    public static int Payable(int providerId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(providerId);
        return FirstPayable + providerId;
    }

    /// <summary>The account's name, for people: <c>payable:12</c>.</summary>
    public static string Name(int account) => account switch
    {
        Funds => "funds",
        Fee => "fee",
        CommissionExpense => "commission-expense",
        Commission => "commission",
        ProviderFee => "provider-fee",
        Bank => "bank",
        CardAcquirer => "card-acquirer",
        AcquirerFee => "acquirer-fee",
        Suspense => "suspense",
        RefundDue => "refund-due",
        Rounding => "rounding",
        BetweenParts => "between-parts",
        > FirstPayable => $"payable:{account - FirstPayable}",
        _ => $"account:{account}",
    };
}
