using System.Collections.Concurrent;
using EGovPay.Processing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;

namespace EGovPay.Tests.Simulation;

/// <summary>One thing that a caller was told of a reference.</summary>
/// <param name="Request">What was asked, in order of asking; a cancel has no request.</param>
internal sealed record Told(
    int AgentId, string Reference, PaymentRequest? Request, long Number, PaymentState State, long AmountQepik, Refusal? Refused);

/// <summary>
/// The callers of a simulation: each pays, repeats, changes, cancels, on any node, and writes down what it was told. What a caller
/// does follows from the seed; only the threads' order does not.
/// </summary>
internal sealed class Callers(SimulatedCentre centre, IReadOnlyList<SimulatedAgent> agents, int seed)
{
    private static readonly (string Service, int Digits, bool PayersFee)[] Services =
        [("10101", 15, false), ("10201", 10, false), ("30101", 10, false), ("20303", 9, false), ("40502", 13, true)];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GivesUp = TimeSpan.FromSeconds(8);

    private readonly ConcurrentQueue<Told> told = new();

    public IReadOnlyCollection<Told> ToldInAll => told;

    /// <summary>References whose caller got no answer at all: its node was cut off.</summary>
    public ConcurrentDictionary<(int, string), bool> Unanswered { get; } = new();

    /// <summary>References that somebody wanted taken back.</summary>
    public ConcurrentDictionary<(int, string), bool> WantedBack { get; } = new();

    /// <summary>One caller's working day.</summary>
    public async Task WorkAsync(int caller, int actions)
    {
        var random = new Random(unchecked((seed * 397) ^ caller));
        var mine = new List<(SimulatedAgent Agent, PaymentRequest Request)>();
        for (var action = 0; action < actions; action++)
        {
            var agent = agents[random.Next(agents.Count)];
            var request = NewRequest(random, caller, action);
            var roll = random.Next(100);
            var (node, other) = (random.Next(16), random.Next(16));
            if (roll < 62 || mine.Count == 0)
            {
                mine.Add((agent, request));
                await PayAsync(node, agent, request);
            }
            else if (roll < 70)
            {
                mine.Add((agent, request));
                await Task.WhenAll(PayAsync(node, agent, request), PayAsync(other, agent, Copy(request)), PayAsync(other, agent, Copy(request)));
            }
            else if (roll < 78)
            {
                var (of, again) = mine[random.Next(mine.Count)];
                await PayAsync(node, of, Copy(again));
            }
            else if (roll < 85)
            {
                var (of, again) = mine[random.Next(mine.Count)];
                await PayChangedAsync(node, of, again);
            }
            else if (roll < 89)
            {
                await CancelAsync(node, agent, request.Reference);
                await PayAsync(other, agent, request);
            }
            else if (roll < 94)
            {
                mine.Add((agent, request));
                await Task.WhenAll(PayAsync(node, agent, request), CancelAsync(other, agent, request.Reference));
            }
            else if (roll < 97)
            {
                var (of, again) = mine[random.Next(mine.Count)];
                await CancelAsync(node, of, again.Reference);
            }
            else
            {
                var (of, again) = mine[random.Next(mine.Count)];
                await Task.WhenAll(ReverseAsync(node, of, again.Reference), ReverseAsync(other, of, again.Reference));
            }
        }
    }

    private async Task PayAsync(int node, SimulatedAgent agent, PaymentRequest request)
    {
        if (await AnswerAsync(agent, request.Reference, async () =>
        {
            var at = NodeFor(node);
            return await at.Engine.Pay.PayAsync(await at.TerminalAsync(agent), request, Patience);
        }) is { } answer)
        {
            Write(agent, request, answer);
        }
    }

    /// <summary>The same reference with another amount is refused by its field whenever the reference is known; else it is new.</summary>
    private async Task PayChangedAsync(int node, SimulatedAgent agent, PaymentRequest known)
    {
        if (!told.Any(t => t.AgentId == agent.AgentId && t.Reference == known.Reference && t.Number != 0 && t.Request is not null
            && t.State != PaymentState.Cancelled))
        {
            return;
        }

        var changed = Request(known.Reference, known.Service, known.Account, known.AmountQepik + 100);
        var answer = await AnswerAsync(agent, known.Reference, async () =>
        {
            var at = NodeFor(node);
            return await at.Engine.Pay.PayAsync(await at.TerminalAsync(agent), changed, Patience);
        });
        if (answer is { Payment: { } stands })
        {
            throw new InvalidOperationException(
                $"A changed request under {known.Reference} was answered with payment {stands.Number}, {stands.State}.");
        }
    }

    private async Task CancelAsync(int node, SimulatedAgent agent, string reference)
    {
        if (await AnswerAsync(agent, reference, async () =>
        {
            var at = NodeFor(node);
            return PayAnswer.Stands(await at.Engine.Cancel.CancelAsync(await at.TerminalAsync(agent), reference), false);
        }) is { Payment: { } payment })
        {
            told.Enqueue(new Told(
                agent.AgentId, reference, null, payment.Number, payment.State, payment.AmountQepik, null));
        }
    }

    /// <summary>Wants a payment taken back; what is told of it is no final word, for a reversal changes one.</summary>
    private async Task ReverseAsync(int node, SimulatedAgent agent, string reference) => await AnswerAsync(agent, reference, async () =>
    {
        var at = NodeFor(node);
        var terminal = await at.TerminalAsync(agent);
        if (await at.Engine.Book.FindAsync(terminal.PartFor(reference), reference) is { } known)
        {
            WantedBack[(agent.AgentId, reference)] = true;
            await at.Engine.Reverse.ReverseAsync(terminal, known, "səhv hesab");
        }

        return default;
    });

    /// <summary>The answer, or null when there was none: only a node that was cut off may leave a caller without one.</summary>
    private async Task<PayAnswer?> AnswerAsync(SimulatedAgent agent, string reference, Func<Task<PayAnswer>> ask)
    {
        try
        {
            return await Task.Run(ask).WaitAsync(GivesUp);
        }
        catch (Exception failure) when (failure is TimeoutException or Npgsql.NpgsqlException)
        {
            Unanswered[(agent.AgentId, reference)] = true;
            return null;
        }
    }

    private SimulatedNode NodeFor(int roll)
    {
        var up = centre.Nodes.Where(node => !node.CutOff).ToList();
        return up[roll % up.Count];
    }

    private void Write(SimulatedAgent agent, PaymentRequest request, PayAnswer answer) => told.Enqueue(new Told(
        agent.AgentId, request.Reference, request, answer.Payment?.Number ?? 0, answer.Payment?.State ?? PaymentState.None,
        answer.Payment?.AmountQepik ?? 0, answer.Refused?.Why));

    private static PaymentRequest NewRequest(Random random, int caller, int action)
    {
        var (service, digits, _) = Services[random.Next(Services.Length)];
        // One account for each payment, so that a payer who was credited twice is seen.
        var account = FormattableString.Invariant($"{(caller * 100) + action + 1}").PadLeft(digits, '0');
        return Request($"c{caller}-{action}", service, account, random.Next(1, 60) * 100);
    }

    private static PaymentRequest Request(string reference, string service, string account, long amountQepik) => new()
    {
        Reference = reference,
        Service = service,
        Account = account,
        AmountQepik = amountQepik,
        // Social insurance: 0.15 %, at least 0.40; no amount here is above the floor.
        TotalQepik = amountQepik + (Services.Single(s => s.Service == service).PayersFee ? 40 : 0),
        Tender = Tender.Cash,
    };

    private static PaymentRequest Copy(PaymentRequest request) =>
        Request(request.Reference, request.Service, request.Account, request.AmountQepik);
}
