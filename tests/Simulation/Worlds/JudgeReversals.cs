using EGovPay.Processing;
using EGovPay.Processing.StateMachine;
using NodaTime;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>
/// Judges what was wanted back in a world at rest: the payer has it back once, exactly where the provider's last word was yes, and
/// everybody was told what came of it.
/// </summary>
internal static class JudgeReversals
{
    public static void Judge(
        Scenario scenario, ModelBook book, WorldProviders providers, IReadOnlyList<SceneWish> wishes, List<string> wrong)
    {
        Returns(book, providers, wrong);
        foreach (var scene in scenario.Payments)
        {
            if (book.Find(Machine.Terminal.AgentId, RunScenario.ReferenceOf(scene)) is { } payment)
            {
                Answers(scene, payment, book, providers, wishes.Where(w => w.Of.Index == scene.Index).ToList(), wrong);
            }
        }
    }

    private static void Returns(ModelBook book, WorldProviders providers, List<string> wrong)
    {
        var returned = providers.Entries.Where(e => e.Value.ReturnedUnder.Count > 0).Select(e => e.Key).ToHashSet();
        var reversed = book.Payments.Where(p => p.State == PaymentState.Reversed).Select(p => p.Asked.Number).ToHashSet();
        wrong.AddRange(reversed.Except(returned).Select(n => $"{n} is reversed and its provider never gave it back"));
        wrong.AddRange(returned.Except(reversed).Select(n => $"{n} was given back by its provider and is not reversed"));
        wrong.AddRange(providers.Entries.Where(e => e.Value.ReturnedUnder.Count > 1)
            .Select(e => $"{e.Key} was given back {e.Value.ReturnedUnder.Count} times"));
        wrong.AddRange(book.Payments.Where(p => p.Events.Exists(e => e.Edge == 21) && !providers.Entries[p.Asked.Number].Keeps)
            .Select(p => $"{p.Asked.Number} counts as kept and its provider never said so"));
    }

    private static void Answers(
        ScenePayment scene, ModelPayment payment, ModelBook book, WorldProviders providers, List<SceneWish> wishes, List<string> wrong)
    {
        var (asked, reference) = (payment.Events.Exists(e => e.Edge == 18), payment.Asked.Reference);
        if (payment.Events.Count(e => e.Edge == 18) > 1)
        {
            wrong.Add($"{reference} was wanted back more than once");
        }

        if (asked && (scene.Back is null
            || (wishes.Count == scene.Back.AtMilliseconds.Length && wishes.TrueForAll(w => w.Answer?.Payment is null))))
        {
            wrong.Add($"{reference} is being taken back, and everybody who wanted that was refused");
        }

        foreach (var wish in wishes)
        {
            if (wish.Answer?.Payment is { } told && (!asked || (told.State == PaymentState.Reversed && payment.State != PaymentState.Reversed)))
            {
                wrong.Add($"{reference} was told as {told.State} and is {payment.State}");
            }

            if (wish.Answer?.Refused?.Why == Refusal.NotReversible && !providers.ClocksMoved && !IsTrue(payment, wish.At, book))
            {
                wrong.Add($"{reference} is {payment.State} and was refused to one who wanted it back in time");
            }
        }
    }

    /// <summary>It stays for good: it never was confirmed, its provider keeps it, or its time had ended.</summary>
    private static bool IsTrue(ModelPayment payment, Instant at, ModelBook book) =>
        payment.Events.Find(e => e.ReceiptCounter is not null) is not { } confirmed
        || payment.Events.Exists(e => e.Edge == 21)
        || (payment.State != PaymentState.Reversed && at >= confirmed.At + (book.RuleMinute * Machine.ReversibleMinutes));
}
