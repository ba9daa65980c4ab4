using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Breaks;
using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>One difference between a payment and what a register says of it.</summary>
/// <param name="Line">The line that it is about; null: there is none.</param>
internal sealed record Difference(BreakKind Kind, long AtRiskQepik, string Cause, string Step, RegisterLineIn? Line = null);

/// <summary>What a register says of a payment, put together.</summary>
internal enum RegisterVerdict
{
    /// <summary>Both say the same, or neither has it.</summary>
    Agrees = 1,

    /// <summary>The payment is not final: whoever is at work on it decides, and a later comparison judges.</summary>
    InFlight,

    /// <summary>It is unknown here, and the register has it to the qəpik and the account: it was delivered.</summary>
    Settle,
    Differs,
}

/// <summary>The verdict, and the differences; beside Settle there may be one of the day.</summary>
internal readonly record struct Judged(RegisterVerdict Verdict, IReadOnlyList<Difference> Differences)
{
    public static Judged Agrees { get; } = new(RegisterVerdict.Agrees, []);

    public static Judged InFlight { get; } = new(RegisterVerdict.InFlight, []);
}

/// <summary>
/// Holds one payment of ours against the lines that name it by its number. Neither amount nor account is ever assumed: what is not
/// equal is a difference, and only what is equal in both settles anything.
/// </summary>
/// <param name="spokenTo">When the register came, where its day was not over: what was delivered later may still come. Null: it says everything.</param>
internal sealed class JudgePayment(DateTimeZone zone, LocalDate registerDay, Instant? spokenTo = null)
{
    /// <param name="payment">As it stands now.</param>
    /// <param name="agreed">Another line than these says just what the payment says, and the payment was confirmed then.</param>
    /// <param name="lines">The other lines with its number, in the order of the file.</param>
    /// <param name="elsewhere">A register of another day has it.</param>
    public Judged Run(Payment payment, bool agreed, IReadOnlyList<RegisterLineIn> lines, bool elsewhere)
    {
        var sales = lines.Where(line => !line.Reversal).ToList();
        var takenBack = lines.FirstOrDefault(line => line.Reversal);
        return payment.State switch
        {
            PaymentState.Accepted or PaymentState.Dispatched or PaymentState.Reversing => Judged.InFlight,
            PaymentState.Confirmed => OfConfirmed(payment, agreed, sales, takenBack, elsewhere),
            PaymentState.Unknown => OfUnknown(payment, sales, takenBack, elsewhere),
            _ => OfNotDelivered(payment, agreed, sales, [.. lines.Where(line => line.Reversal)]),
        };
    }

    private Judged OfConfirmed(
        Payment payment, bool agreed, List<RegisterLineIn> sales, RegisterLineIn? takenBack, bool elsewhere)
    {
        if (takenBack is not null)
        {
            return Differ(new Difference(
                BreakKind.MissingThere, payment.AmountQepik, "reversed-there", "ask-then-absent", takenBack));
        }

        if (!agreed && sales.Count == 0)
        {
            return elsewhere ? Judged.Agrees : payment.ConfirmedAt > spokenTo ? Judged.InFlight : Differ(new Difference(
                BreakKind.MissingThere, payment.AmountQepik, AwaitsNextDay(payment) ? "confirmed-next-day" : "confirmed-absent",
                AwaitsNextDay(payment) ? "wait-for-next-register" : "ask-then-absent"));
        }

        var found = new List<Difference>();
        if (!agreed)
        {
            found.AddRange(Compare(payment, TakeBest(payment, sales)));
        }

        AddRepeats(found, payment, sales, elsewhere && DayOf(payment.AcceptedAt) != registerDay);
        return found.Count == 0 ? Judged.Agrees : new Judged(RegisterVerdict.Differs, found);
    }

    private Judged OfUnknown(Payment payment, List<RegisterLineIn> sales, RegisterLineIn? takenBack, bool elsewhere)
    {
        if (takenBack is null && sales.Count == 0 && !elsewhere && payment.AcceptedAt > spokenTo)
        {
            return Judged.InFlight;
        }

        if (takenBack is not null || (sales.Count == 0 && !elsewhere))
        {
            return Differ(new Difference(
                BreakKind.MissingThere, payment.AmountQepik, takenBack is null ? "unknown-absent" : "reversed-there",
                "propose-absent", takenBack));
        }

        if (sales.Count == 0)
        {
            // The comparison of the other day settles it.
            return Judged.InFlight;
        }

        var found = Compare(payment, TakeBest(payment, sales)).ToList();
        var settles = found.TrueForAll(one => one.Kind == BreakKind.WrongDay);
        AddRepeats(found, payment, sales, again: false);
        return new Judged(settles ? RegisterVerdict.Settle : RegisterVerdict.Differs, found);
    }

    /// <summary>
    /// A reversal takes away one sale of its own amount and nothing else: what was taken back in part, or once of two, still stands there.
    /// </summary>
    private Judged OfNotDelivered(Payment payment, bool agreed, List<RegisterLineIn> sales, List<RegisterLineIn> takenBack)
    {
        var stands = agreed;
        var alone = new List<RegisterLineIn>();
        foreach (var back in takenBack)
        {
            if (sales.FindIndex(sale => IsTakenBackBy(sale, back)) is >= 0 and var at)
            {
                sales.RemoveAt(at);
            }
            else if (stands && IsWhole(payment, back))
            {
                stands = false;
            }
            else
            {
                alone.Add(back);
            }
        }

        if (sales.Count == 0 && !stands)
        {
            // The sale itself may stand in the register of another day.
            return alone.Count == 0 || (alone.Count == 1 && IsWhole(payment, alone[0])) ? Judged.Agrees : Differ(new Difference(
                BreakKind.MissingHere, Math.Abs(payment.AmountQepik - alone.Sum(back => Math.Abs(back.AmountQepik))), CauseOf(payment),
                "ask-provider", alone[0]));
        }

        if (alone.Count == 0 && WasTakenBackLater(payment))
        {
            return Judged.Agrees;
        }

        var line = sales.Count == 0 ? null : TakeBest(payment, sales);
        var differs = alone.Count > 0 || (line is not null && Compare(payment, line).Any(one => one.Kind != BreakKind.WrongDay));
        var there = (line?.AmountQepik ?? payment.AmountQepik) + sales.Sum(sale => sale.AmountQepik)
            - alone.Sum(back => Math.Abs(back.AmountQepik));
        return Differ(new Difference(
            BreakKind.MissingHere, Math.Abs(there), CauseOf(payment), differs ? "ask-provider" : "propose-delivered", line));
    }

    private static bool IsTakenBackBy(RegisterLineIn sale, RegisterLineIn back) =>
        sale.AmountQepik == Math.Abs(back.AmountQepik) && sale.InManat == back.InManat;

    private static bool IsWhole(Payment payment, RegisterLineIn back) =>
        Math.Abs(back.AmountQepik) == payment.AmountQepik && back.InManat;

    private static string CauseOf(Payment payment) => payment.State switch
    {
        PaymentState.Declined => "declined-here",
        PaymentState.Cancelled => "cancelled-here",
        _ => "reversed-here",
    };

    /// <summary>A register shows what stood at the end of its day; a reversal after it takes nothing from it.</summary>
    private bool WasTakenBackLater(Payment payment) =>
        payment is { State: PaymentState.Reversed, ReversalOutcome: PaymentState.Reversed, ReversalOutcomeAt: { } at, Correction: null }
        && DayOf(at) > registerDay;

    private bool AwaitsNextDay(Payment payment) => payment.ConfirmedAt is { } at && DayOf(at) > registerDay;

    private static void AddRepeats(List<Difference> found, Payment payment, List<RegisterLineIn> left, bool again)
    {
        if (left.Count > 0)
        {
            found.Add(new Difference(
                BreakKind.Duplicate, left.Sum(line => Math.Abs(line.AmountQepik)), "repeated-there", "ask-provider", left[0]));
        }
        else if (again)
        {
            found.Add(new Difference(BreakKind.Duplicate, payment.AmountQepik, "in-two-registers", "ask-provider"));
        }
    }

    /// <summary>Takes the line that differs least out of them; of equals, the first.</summary>
    private RegisterLineIn TakeBest(Payment payment, List<RegisterLineIn> sales)
    {
        var best = sales.MinBy(line => Compare(payment, line).Sum(one => one.Kind == BreakKind.WrongDay ? 1 : 10))!;
        sales.Remove(best);
        return best;
    }

    private IEnumerable<Difference> Compare(Payment payment, RegisterLineIn line)
    {
        if (!line.InManat)
        {
            yield return new Difference(BreakKind.CurrencyDiffers, payment.AmountQepik, "other-currency", "ask-provider", line);
        }
        else if (line.AmountQepik > payment.AmountQepik)
        {
            yield return new Difference(
                BreakKind.OverAmount, line.AmountQepik - payment.AmountQepik, "more-there", "ask-provider", line);
        }
        else if (line.AmountQepik < payment.AmountQepik)
        {
            yield return new Difference(
                BreakKind.UnderAmount, payment.AmountQepik - line.AmountQepik, "less-there", "ask-provider", line);
        }

        if (!string.Equals(line.Account, payment.Account, StringComparison.Ordinal))
        {
            yield return new Difference(BreakKind.WrongAccount, payment.AmountQepik, "other-account", "ask-provider-move", line);
        }

        if (line.Day != DayOf(payment.AcceptedAt) && !(payment.ConfirmedAt is { } at && line.Day == DayOf(at)))
        {
            yield return new Difference(BreakKind.WrongDay, 0, "other-day", "accept-if-paid-once", line);
        }
    }

    private LocalDate DayOf(Instant at) => at.InZone(zone).Date;

    private static Judged Differ(Difference one) => new(RegisterVerdict.Differs, [one]);
}
