using EGovPay.Processing;
using EGovPay.Processing.StateMachine;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>
/// Judges a world at rest by what must always hold, from the model's rows, the providers' record and what terminals were told. It asks
/// nothing of the engine.
/// </summary>
internal static class JudgeRun
{
    public static void Judge(
        Scenario scenario, ModelBook book, WorldProviders providers, IReadOnlyList<SceneTold> told, IReadOnlySet<int> asked,
        List<string> wrong)
    {
        var payments = book.Payments.ToList();
        Ends(payments, wrong);
        Deliveries(payments, providers, wrong);
        Money(book, payments, wrong);
        foreach (var scene in scenario.Payments)
        {
            Answers(scene, payments, told.Where(t => t.Of.Index == scene.Index).ToList(), asked, wrong);
        }
    }

    private static void Ends(List<ModelPayment> payments, List<string> wrong)
    {
        foreach (var payment in payments)
        {
            var stands = PaymentState.None;
            foreach (var one in payment.Events)
            {
                var edge = Transitions.Numbered(one.Edge);
                if (edge.From != stands)
                {
                    wrong.Add($"{payment.Asked.Number} goes by edge {edge.Id} from {edge.From} when it is {stands}");
                }

                stands = edge.To;
            }

            if (stands is not (PaymentState.Confirmed or PaymentState.Declined or PaymentState.Cancelled or PaymentState.Reversed))
            {
                wrong.Add($"{payment.Asked.Number} ({payment.Asked.Reference}) is {stands} when the world has been quiet for long");
            }

            if (payment.Events.Exists(e => e.Edge is >= 28 and <= 32))
            {
                wrong.Add($"{payment.Asked.Number} met a late truth");
            }
        }

        wrong.AddRange(payments.GroupBy(p => p.Asked.Reference).Where(g => g.Count() > 1)
            .Select(g => $"the reference {g.Key} names {g.Count()} payments"));
    }

    private static void Deliveries(List<ModelPayment> payments, WorldProviders providers, List<string> wrong)
    {
        foreach (var (number, entry) in providers.Entries.Where(e => e.Value.Credits > 1))
        {
            wrong.Add($"{number} was credited {entry.Credits} times");
        }

        wrong.AddRange(providers.Entries.GroupBy(e => e.Value.Account).Where(g => g.Count() > 1)
            .Select(g => $"the payment of account {g.Key} went out under {g.Count()} numbers"));
        var credited = providers.Entries.Where(e => e.Value is { Credits: > 0, ReturnedUnder.Count: 0 }).Select(e => e.Key).ToHashSet();
        var confirmed = payments.Where(p => p.State == PaymentState.Confirmed).Select(p => p.Asked.Number).ToHashSet();
        wrong.AddRange(confirmed.Except(credited).Select(n => $"{n} is confirmed and was never credited"));
        wrong.AddRange(credited.Except(confirmed).Select(n => $"{n} was credited and is not confirmed"));
    }

    private static void Money(ModelBook book, List<ModelPayment> payments, List<string> wrong)
    {
        foreach (var (agentId, funds) in book.Funds)
        {
            var mine = payments.Where(p => p.Asked.AgentId == agentId).ToList();
            var held = mine.Where(p => p.State is PaymentState.Accepted or PaymentState.Dispatched or PaymentState.Unknown)
                .Sum(p => p.Asked.AmountQepik + p.Asked.FeeQepik);
            var back = mine.Where(p => p.State == PaymentState.Reversed).Sum(p => p.Asked.AmountQepik + p.Asked.FeeQepik);
            var spent = back + mine.Where(p => p.State is PaymentState.Confirmed or PaymentState.Reversing)
                .Sum(p => p.Asked.AmountQepik + p.Asked.FeeQepik);
            if (funds.Pending != held)
            {
                wrong.Add($"agent {agentId} has {funds.Pending} held, and {held} is open");
            }

            if (funds.Posted != spent)
            {
                wrong.Add($"agent {agentId} has {funds.Posted} posted, and {spent} was confirmed");
            }

            if (funds.Credits != funds.Deposited + back)
            {
                wrong.Add($"agent {agentId} got {funds.Credits - funds.Deposited} back, and {back} is reversed");
            }

            if (funds.Available < 0)
            {
                wrong.Add($"agent {agentId} is overdrawn");
            }
        }

        foreach (var payment in payments)
        {
            var due = payment.State is PaymentState.Confirmed or PaymentState.Reversing ? payment.Asked.AmountQepik : 0;
            if (payment.Transfers.Sum(t => t.Credit > 1_000 ? t.AmountQepik : t.Debit > 1_000 ? -t.AmountQepik : 0) != due)
            {
                wrong.Add($"{payment.Asked.Number} is {payment.State} and its provider is owed something else");
            }
        }
    }

    private static void Answers(
        ScenePayment scene, List<ModelPayment> payments, List<SceneTold> told, IReadOnlySet<int> asked, List<string> wrong)
    {
        var reference = RunScenario.ReferenceOf(scene);
        var stands = payments.FirstOrDefault(p => p.Asked.Reference == reference);
        foreach (var one in told)
        {
            if (one.Answer.Payment is { } payment)
            {
                if (stands is null || stands.Asked.Number != payment.Number)
                {
                    wrong.Add($"{reference} was told as {payment.Number} and is {stands?.Asked.Number ?? 0} in the book");
                }
                else if (Transitions.IsFinal(payment.State) && payment.State != stands.State
                    && (payment.State, stands.State) is not (PaymentState.Confirmed, PaymentState.Reversed or PaymentState.Reversing))
                {
                    wrong.Add($"{reference} was told as {payment.State} and is {stands.State}");
                }
            }
        }

        if (!asked.Contains(scene.Index) && stands is not null)
        {
            wrong.Add($"{reference} is in the book and nobody asked for it");
        }

        // Who was refused for sure, each time, and only so, has no payment.
        var answers = 1 + scene.Repeats.Length + (scene.CancelAt is null ? 0 : 1);
        if (told.Count == answers && !scene.OnlyAccepted && stands is not null
            && told.All(t => t.Answer.Payment is null && t.Answer.Refused?.Why != Refusal.OutcomeNotKnown))
        {
            wrong.Add($"{reference} was refused for sure and is in the book");
        }
    }
}
