namespace EGovPay.Processing.Telling;

/// <summary>
/// When a receiver that did not take an event is tried again: eleven attempts over a day, growing, each moved by up to a tenth so that
/// what failed together does not come back together.
/// </summary>
public static class RetrySchedule
{
    private static readonly int[] DelaySeconds = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000];

    /// <summary>Attempts in all.</summary>
    public static int Attempts => DelaySeconds.Length + 1;

    /// <summary>Hours after which an event is given up however few attempts it had: its receiver was not reached at all.</summary>
    public const int GiveUpHours = 26;

    /// <summary>How long to wait after an attempt that failed; null: it was the last.</summary>
    /// <param name="attempts">Attempts made, from 1.</param>
    /// <param name="chance">From 0 to 1, drawn anew each time.</param>
    public static TimeSpan? After(int attempts, double chance) => attempts < 1 || attempts > DelaySeconds.Length
        ? null
        : TimeSpan.FromMilliseconds(DelaySeconds[attempts - 1] * (900 + (int)(200 * Math.Clamp(chance, 0, 1))));
}
