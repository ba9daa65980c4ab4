namespace EGovPay.Terminals;

/// <summary>Waits for what is written by the journal, which takes as long as the database takes.</summary>
internal static class InTime
{
    /// <summary>After the engine's own patience with a payment, and before the 25 s of the contract.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);

    /// <summary>Its result; what it does goes on when nobody waits for it any more.</summary>
    /// <exception cref="TimeoutException">It takes longer than an answer may: its outcome is open.</exception>
    /// <exception cref="OperationCanceledException">The server stops, and the time of what was under way is over.</exception>
    public static Task<T> InTimeAsync<T>(this Task<T> work, ServerSettings settings, Entrance entrance) =>
        work.WaitAsync(settings.PayPatience + Margin, TimeProvider.System, entrance.Over);
}
