using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Days;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Payouts;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>Two nodes, an agent, a divided one, and windows that a test closes.</summary>
internal sealed class PayoutStage : IAsyncDisposable
{
    public const int Utility = 1;
    public const int Treasury = 2;
    private int payments;

    private PayoutStage(Decisions decisions, int second) => (Decisions, Second) = (decisions, second);

    public static PayoutTerms Terms { get; } = new(
        Orders.Us, new Dictionary<int, BankParty> { [Utility] = Orders.Utility, [Treasury] = Orders.Treasury }, new HashSet<int>());

    public Decisions Decisions { get; }

    /// <summary>The second agent's first part; it has two.</summary>
    public int Second { get; }

    public int First => Decisions.Stage.Agent.AgentId;

    public Engine A => Decisions.Stage.A.Engine;

    public Engine B => Decisions.Stage.B.Engine;

    public static async Task<PayoutStage> SetAsync()
    {
        var decisions = await Decisions.OpenAsync();
        var second = await decisions.Stage.Centre.AddAgentAsync("portal", 1_000_000);
        return new PayoutStage(decisions, second.AgentId);
    }

    public ProposePayouts ProposeOn(Engine engine) => new(engine.Database, engine.Proposals, engine.Postings);

    public ExportPayouts ExportOn(Engine engine) => new(engine.Database, engine.Clock);

    public ImportPaymentStatus StatusOn(Engine engine) => new(engine.Database, engine.Postings);

    public Task<PayoutRound> ProposeAsync(Engine? on = null, LocalDate? through = null) => ProposeOn(on ?? A).RoundAsync(
        Decisions.Doer, Terms, Baku.DateOf(A.Clock.GetCurrentInstant()), through, cancel: TestContext.Current.CancellationToken);

    /// <summary>A confirmed payment, and what happens after it.</summary>
    public async Task<string> PayAsync(
        int provider, long qepik, int? agent = null, short group = 1, BudgetLine? budget = null, params PaymentEvent[] after)
    {
        var reference = $"pay-{Interlocked.Increment(ref payments).ToString(CultureInfo.InvariantCulture)}";
        var number = await A.Node.NextNumberAsync();
        (await A.Journal.AcceptAsync(new Acceptance
        {
            AgentId = agent ?? First, Number = number, Reference = reference, TerminalId = 1, ServiceCode = 10101,
            Account = "000000000000001", AmountQepik = qepik, FeeQepik = 3, ProviderFeeQepik = 1, CommissionQepik = 1, ProviderId = provider,
            Tender = Tender.Cash, CutoffGroup = group, NodeId = A.Node.Id, Claim = true, SendSeconds = 10,
            BudgetLevel = budget?.Level, BudgetCode = budget?.Code,
        })).Verdict.Should().Be(AcceptVerdict.Entered);
        A.Node.Done(number);
        await HappenAsync(agent ?? First, reference, [PaymentEvent.ProviderConfirmed, .. after]);
        return reference;
    }

    public async Task HappenAsync(int agent, string reference, params PaymentEvent[] events)
    {
        foreach (var happened in events)
        {
            var now = (await A.Book.FindAsync(agent, reference))!;
            var edge = Transitions.Find(now.State, happened)!;
            (await A.Journal.RecordAsync(new Happening
            {
                AgentId = agent, Number = now.Number, SeenStep = now.Step, SeenEdge = now.Edge, Edge = edge, NodeId = A.Node.Id,
                MadeBy = edge.TwoPeople ? "aysel" : null, ApprovedBy = edge.TwoPeople ? "resad" : null,
            })).Done.Should().BeTrue();
        }
    }

    public async Task CloseWindowAsync(short group = 1) =>
        (await new SettlementWindows(A.Database).CloseNowAsync(group, TestContext.Current.CancellationToken)).Should().NotBeNull();

    public async Task ApproveAsync(PayoutRound round)
    {
        foreach (var one in round.Proposals)
        {
            (await A.Decide.ApproveAsync(Decisions.Approver, one.ProposalId)).Result.Should().Be(DecideResult.Done);
        }
    }

    public async Task<PayoutFile> ExportAsync(Engine? on = null)
    {
        var export = await ExportOn(on ?? A).RunAsync(
            Decisions.Doer, PayoutFormat.Pain00100109, cancel: TestContext.Current.CancellationToken);
        export.Faults.Should().BeEmpty();
        return export.File!;
    }

    public Task<long> OwedAsync(int provider, int? agent = null) => Decisions.Stage.Database.AskAsync<long>(string.Create(
        CultureInfo.InvariantCulture,
        $"select coalesce(sum(case when credit = {1000 + provider} then amount_qepik when debit = {1000 + provider} then -amount_qepik end), 0)::bigint from transfer where {agent?.ToString(CultureInfo.InvariantCulture) ?? "agent_id"} = agent_id"));

    /// <summary>What the audit says of payouts and movements, in its own words.</summary>
    public async Task<IReadOnlyList<string>> FaultsAsync() =>
    [
        .. (await AuditBooks.RunAsync(Decisions.Stage.Database.DataSource, null, TestContext.Current.CancellationToken)).Invariants
            .Where(one => one.Name is "payouts" or "movements" or "transfers" or "two-people" or "orphans")
            .SelectMany(one => one.Offenders.Select(each => $"{one.Name}: {each.What}")),
    ];

    public ValueTask DisposeAsync() => Decisions.DisposeAsync();
}
