#if PLANTED_DEFECTS
namespace EGovPay.Processing.Dispatch;

/// <summary>
/// Defects that prove that the torture sees them. They exist only in a build made with <c>-p:PlantedDefects=true</c>; one is
/// chosen by the environment. A house test asserts that no other build has any of this.
/// </summary>
internal static class PlantedDefects
{
    /// <summary>An ask goes out under a new number: no de-duplication.</summary>
    public const string NewNumber = "new-number";

    /// <summary>Nothing is ever too late to be sent: no <c>send_before</c>.</summary>
    public const string LateSend = "late-send";

    /// <summary>A hold is never given back.</summary>
    public const string LostHold = "lost-hold";

    /// <summary>Silence counts as a no, and the hold is released.</summary>
    public const string SilenceDeclines = "silence-declines";

    private static readonly string? Chosen = Environment.GetEnvironmentVariable("EGOVPAY_PLANTED_DEFECT");

    public static bool Has(string defect) => Chosen == defect;
}
#endif
