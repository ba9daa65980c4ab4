using EGovPay.Settlement.Payouts;
using NodaTime;

namespace EGovPay.Tests.Payouts;

/// <summary>Orders of invented parties whose check digits fit.</summary>
internal static class Orders
{
    public static readonly LocalDate Day = new(2026, 11, 23);

    public static readonly BankParty Us = new(
        "eGovPay Ödəniş Mərkəzi", "1400057421", "AZ02PAHA38020AZNHC0100012345", "PAHAAZ22", "505141");

    public static readonly BankParty Treasury = new(
        "Dövlət Xəzinədarlığı Agentliyi", "1401555071", "AZ17CTRE00000000000002117131", "CTREAZ22", "210005");

    public static readonly BankParty Utility = new(
        "Azərişıq ASC", null, "AZ14IBAZ40060019449330218120", "IBAZAZ2X", "805250");

    public static PayoutOrder Plain { get; } = new("EGP261123-ABCDEFGH0001", 1_234_567, Day, Us, Utility, "22.11.2026 üçün qəbul edilmiş ödənişlər");

    public static PayoutOrder Budget { get; } = new(
        "EGP261123-ABCDEFGH0002", 5, Day, Us, Treasury, "Gəlir vergisi 22.11.2026", new BudgetLine("3", "111100"));
}
