using System.Globalization;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>A payment that no line names.</summary>
internal sealed record MissedPayment(Payment Payment, LocalDate Day);

/// <summary>
/// Which payment that nobody has may be which line that nobody knows, by the strategies in their order. A suggestion is made only
/// where one payment and one line are left for each other; it settles nothing unknown.
/// </summary>
internal static class SuggestPayments
{
    /// <summary>More of either are a register of another provider or day, and no suggestion helps.</summary>
    public const int Most = 20_000;

    public static IReadOnlyDictionary<RegisterLineIn, (MissedPayment Payment, MatchStrategy Strategy)> Run(
        IReadOnlyList<MatchStrategy> strategies, IReadOnlyList<MissedPayment> missed, IReadOnlyList<RegisterLineIn> lines)
    {
        var suggested = new Dictionary<RegisterLineIn, (MissedPayment, MatchStrategy)>(ReferenceEqualityComparer.Instance);
        var taken = new HashSet<MissedPayment>();
        if (missed.Count is 0 or > Most || lines.Count is 0 or > Most)
        {
            return suggested;
        }

        foreach (var strategy in strategies.Where(one => one.By != MatchBy.Number))
        {
            var byKey = missed.Where(one => !taken.Contains(one))
                .SelectMany(one => KeysOf(strategy, one).Distinct(StringComparer.Ordinal).Select(key => (key, one)))
                .ToLookup(pair => pair.key, pair => pair.one, StringComparer.Ordinal);
            var open = lines.Where(line => !suggested.ContainsKey(line) && line is { InManat: true, Reversal: false }).ToList();
            var proposed = open
                .Select(line => (Line: line, Payments: byKey[KeyOf(strategy, line)]
                    .Where(one => Math.Abs(Period.DaysBetween(one.Day, line.Day)) <= strategy.WithinDays).Take(2).ToList()))
                .Where(pair => pair.Payments.Count == 1)
                .GroupBy(pair => pair.Payments[0])
                .Where(lines => lines.Count() == 1);
            foreach (var one in proposed.ToList())
            {
                suggested.Add(one.Single().Line, (one.Key, strategy));
                taken.Add(one.Key);
            }
        }

        return suggested;
    }

    /// <summary>
    /// Whether it is more than a suggestion: the line has no number of ours, and names the payment by a reference; amount, currency, account and
    /// day are equal, and the payment was confirmed.
    /// </summary>
    public static bool Matches(MatchStrategy strategy, MissedPayment one, RegisterLineIn line) =>
        strategy.ByReference && one.Payment.State == PaymentState.Confirmed && line is { Number: null, InManat: true, Reversal: false }
        && line.AmountQepik == one.Payment.AmountQepik && line.Day == one.Day
        && string.Equals(line.Account, one.Payment.Account, StringComparison.Ordinal);

    private static IEnumerable<string> KeysOf(MatchStrategy strategy, MissedPayment one)
    {
        var (payment, amount) = (one.Payment, one.Payment.AmountQepik);
        if (!strategy.ByReference)
        {
            return [Key(amount, strategy.ByAccount ? payment.Account : "")];
        }

        return payment.ProviderTransaction is { } theirs
            ? [Key(amount, payment.Reference), Key(amount, theirs)]
            : [Key(amount, payment.Reference)];
    }

    private static string KeyOf(MatchStrategy strategy, RegisterLineIn line) => Key(
        line.AmountQepik,
        strategy.ByReference ? line.ProviderTransaction ?? line.Txn : strategy.ByAccount ? line.Account : "");

    private static string Key(long amountQepik, string word) =>
        string.Create(CultureInfo.InvariantCulture, $"{amountQepik} {word}");
}
