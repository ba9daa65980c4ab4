namespace EGovPay.Processing;

/// <summary>Hears how far a long work is.</summary>
/// <param name="percent">0 to 100.</param>
/// <param name="what">What is being done, for people: <c>register 2 of 5: azercell 2026-11-21</c>; never a name or an account.</param>
public delegate Task TellProgress(int percent, string what);
