using EGovPay.Processing;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.Dispatch;

namespace EGovPay.Tests.People;

/// <summary>A stage with payments in whatever state, and people who decide about them.</summary>
internal sealed class Decisions : IAsyncDisposable
{
    private Decisions(Stage stage) => Stage = stage;

    public static Person Doer => TestPeople.Doer;

    public static Person Approver => TestPeople.Approver;

    public static Person Other { get; } = new("leyla", "Leyla", [Role.Approver, Role.Finance]);

    public Stage Stage { get; }

    public Engine Engine => Stage.A.Engine;

    public static async Task<Decisions> OpenAsync()
    {
        var stage = await Stage.SetAsync();
        await new Users(stage.Database.DataSource).AddAsync(Doer, PersonKey.New(Other.Login), Other.Login, Other.Name, Other.Roles);
        return new Decisions(stage);
    }

    /// <summary>A payment that these events happened to after its claim.</summary>
    public async Task<Payment> PaymentAsync(string reference, params PaymentEvent[] events)
    {
        await Stage.EnterAsync(reference, claim: true, Engine.Node.Id);
        foreach (var happened in events)
        {
            await HappenAsync(reference, happened);
        }

        return await FindAsync(reference);
    }

    public async Task HappenAsync(string reference, PaymentEvent happened)
    {
        var now = await FindAsync(reference);
        if (happened == PaymentEvent.ReversalRequested)
        {
            // Asked for as a terminal does, and not due yet: nobody answers before the test says so.
            var asked = await Engine.Journal.ExecuteAsync(new ReversePayment.Command(
                now, 15, await Engine.Node.NextNumberAsync(), 1, "terminal t1", "səhv hesab", Engine.Node.Id));
            await Stage.Database.ExecuteAsync(
                $"update reversal set next_ask_at = now() + interval '1 hour' where number = {now.Number}");
            if (!asked)
            {
                throw new InvalidOperationException("The reversal was not asked for.");
            }

            return;
        }

        var recorded = await Engine.Journal.RecordAsync(new Happening
        {
            AgentId = now.AgentId,
            Number = now.Number,
            SeenStep = now.Step,
            SeenEdge = now.Edge,
            Edge = Transitions.Find(now.State, happened)!,
            NodeId = Engine.Node.Id,
            AskSeconds = 0,
        });
        if (!recorded.Done)
        {
            throw new InvalidOperationException($"{happened} was not recorded.");
        }
    }

    public async Task<Payment> FindAsync(string reference) =>
        (await Engine.Book.FindAsync(Stage.Agent.AgentId, reference))!;

    /// <summary>Proposes as the doer, and lets the quiet time pass.</summary>
    public async Task<long> ProposeAsync(Payment payment, PaymentDecision decision, string reason = "a letter")
    {
        var proposed = await Engine.Proposals.ProposeAsync(Doer, payment, decision, reason);
        if (proposed.Result != ProposeResult.Made)
        {
            throw new InvalidOperationException($"{decision} of {payment.State}: {proposed}");
        }

        await LetPassAsync(proposed.Id);
        return proposed.Id;
    }

    /// <summary>As if the time until the approval had passed; the database keeps a proposal as it was made otherwise.</summary>
    public Task LetPassAsync(long id, string set = "approve_from = made_at") => Stage.Database.ExecuteAsync(
        $"set session_replication_role = replica; update proposal set {set} where proposal_id = {id}; "
        + "set session_replication_role = origin");

    public ValueTask DisposeAsync() => Stage.DisposeAsync();
}
