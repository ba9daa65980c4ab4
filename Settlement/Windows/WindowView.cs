using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Netting;
using NodaTime;

namespace EGovPay.Settlement.Windows;

/// <summary>One side of a window beside the side before it, qəpik.</summary>
/// <param name="SaysQepik">What this side makes the window's net to be.</param>
/// <param name="DifferenceQepik">That less what the side before it says.</param>
/// <param name="AwaitedQepik">Of the difference: what this side has not spoken of yet.</param>
/// <param name="ExplainedQepik">Of the difference: what breaks are about.</param>
public sealed record WindowLeg(long SaysQepik, long DifferenceQepik, long AwaitedQepik, long ExplainedQepik)
{
    /// <summary>What nobody explains; 0, or something to be looked at at once.</summary>
    public long RestQepik => checked(DifferenceQepik - AwaitedQepik - ExplainedQepik);
}

/// <summary>A break that explains a difference of a window.</summary>
/// <param name="EffectQepik">What it adds to what its side says; of a payout that carries several windows, of the whole payout.</param>
public sealed record WindowBreak(long Id, BreakSide Side, BreakKind Kind, BreakState State, long EffectQepik);

/// <summary>A provider's settlement window on three sides: our ledger, its registers, and the bank by what was paid out.</summary>
/// <param name="Closed">False: more may still be taken in it.</param>
/// <param name="Sums">Of the ledger.</param>
/// <param name="Register">What the provider's registers make of the net, beside the ledger.</param>
/// <param name="Payout">What is being paid out for it, beside the ledger.</param>
/// <param name="Bank">What banks booked of that, beside the payouts.</param>
/// <param name="Payouts">Living payouts that carry it.</param>
public sealed record WindowView(
    int ProviderId, short Group, LocalDate BankDay, bool Closed, NettingSums Sums, WindowLeg Register, WindowLeg Payout, WindowLeg Bank,
    IReadOnlyList<WindowBreak> Breaks, IReadOnlyList<long> Payouts)
{
    /// <summary>All sides say the same.</summary>
    public bool Agrees => Register.DifferenceQepik == 0 && Payout.DifferenceQepik == 0 && Bank.DifferenceQepik == 0;

    /// <summary>Of all legs together, without their signs.</summary>
    public long RestQepik => checked(Math.Abs(Register.RestQepik) + Math.Abs(Payout.RestQepik) + Math.Abs(Bank.RestQepik));
}
