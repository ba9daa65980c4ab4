using EGovPay.Processing.Audit;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.StateMachine;

/// <summary>
/// Any walk through the table of states, taken by the engine on real PostgreSQL, ends where the fold of the table ends: the same states,
/// the same holds, every account with the same balance. What the table does not have, and who comes late, changes nothing.
/// </summary>
public sealed class WalksOnPostgreSql
{
    private const int Walks = 100;
    private const int LongestWalk = 24;

    /// <summary>Each number picks an edge of the state that the walk has got to, or now and then something that is not in the table.</summary>
    private static readonly Arbitrary<int[]> Picks =
        Arb.From(
        Gen.Choose(0, 9_999).ArrayOf(),
        picks => Enumerable.Range(0, picks.Length).Select(left => picks.Where((_, place) => place != left).ToArray()));

    [Fact]
    public async Task A_walk_leaves_states_holds_and_balances_as_the_table_says()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        await book.AddAgentAsync(OpenBook.Agent, 0);
        await new AgentFunds(database.DataSource, book.Journal, book.Node).TopUpAsync(OpenBook.Agent, 1, "deposit", 1_000_000_000, "test");
        var taken = new HashSet<short>();
        var walks = 0;
        await Task.Run(() => Prop.ForAll(Picks, picks =>
        {
            var walk = new Walk(book, $"w{++walks}");
            walk.TakeAsync(picks).GetAwaiter().GetResult();
            taken.UnionWith(walk.Edges);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Walks).WithStartSize(LongestWalk / 2).WithEndSize(LongestWalk)), TestContext.Current.CancellationToken);

        taken.Should().Contain([18, 19, 21], "reversals are among what happened");
        var report = await AuditBooks.RunAsync(database.DataSource, null, TestContext.Current.CancellationToken);
        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
    }

    /// <summary>One payment's walk, and what the table says of it.</summary>
    private sealed class Walk(OpenBook book, string reference)
    {
        private const int Provider = 1_001;
        private const long Amount = 1_000;
        private const long Fee = 7;
        private const long Commission = 3;
        private const long ProviderFee = 2;

        /// <summary>Credits less debits of each account, qəpik.</summary>
        private readonly SortedDictionary<int, long> balances = [];

        private PaymentState state = PaymentState.None;
        private long number;
        private bool held;
        private List<(int Debit, int Credit, long Qepik)> posted = [];

        public List<short> Edges { get; } = [];


        public async Task TakeAsync(int[] picks)
        {
            var before = await book.FundsAsync();
            foreach (var pick in picks)
            {
                if (pick % 4 == 0)
                {
                    await MeddleAsync(pick / 4);
                    continue;
                }

                var edges = Transitions.All.Where(edge => edge.From == state && Allowed(edge))
                    .SelectMany(edge => Enumerable.Repeat(edge, WeightOf(edge))).ToList();
                if (edges.Count > 0)
                {
                    await StepAsync(edges[pick / 4 % edges.Count]);
                }
            }

            await CompareAsync(before);
        }

        /// <summary>A walk should not spend its steps where nothing moves, and reversals should come often.</summary>
        private static int WeightOf(Edge edge) => edge.Event switch
        {
            PaymentEvent.ReversalRequested => 12,
            PaymentEvent.AcceptedAndClaimed or PaymentEvent.ProviderConfirmed => 6,
            _ => edge.To == edge.From ? 1 : 2,
        };

        /// <summary>Beyond the table: only what was never asked for nor corrected can be taken back.</summary>
        private bool Allowed(Edge edge) =>
            edge.Event != PaymentEvent.ReversalRequested || !Edges.Exists(taken => taken is 18 or (>= 24 and <= 27));

        private async Task StepAsync(Edge edge)
        {
            switch (edge.Event)
            {
                case PaymentEvent.Accepted or PaymentEvent.AcceptedAndClaimed:
                    var acceptance = await book.AcceptanceAsync(reference, Amount, claim: edge.Event == PaymentEvent.AcceptedAndClaimed);
                    number = acceptance.Number;
                    (await book.Journal.AcceptAsync(acceptance with
                    {
                        FeeQepik = Fee, CommissionQepik = Commission, ProviderFeeQepik = ProviderFee,
                    })).Verdict.Should().Be(AcceptVerdict.Entered);
                    break;
                case PaymentEvent.TerminalCancelled:
                    number = await CancelAsync();
                    break;
                case PaymentEvent.ReversalRequested:
                    (await ReverseAsync()).Should().BeTrue();
                    break;
                default:
                    (await HappenAsync(edge, (short)(Edges.Count - 1), Edges[^1])).Should().BeTrue();
                    break;
            }

            Edges.Add(edge.Id);
            state = edge.To;
            // What was cancelled before anybody asked for it is nothing, whatever is said of it later.
            Fold(Edges[0] == 3 ? MoneyEffect.None : edge.Money);
        }

        /// <summary>Somebody comes late, or wants what is not to be had: nothing changes.</summary>
        private async Task MeddleAsync(int pick)
        {
            if (state == PaymentState.None)
            {
                return;
            }

            switch (pick % 3)
            {
                case 0 when Transitions.Find(state, PaymentEvent.TerminalCancelled) is null:
                    (await CancelAsync()).Should().Be(number);
                    break;
                case 1 when Transitions.Find(state, PaymentEvent.ReversalRequested) is not { } edge || !Allowed(edge):
                    (await ReverseAsync()).Should().BeFalse();
                    break;
                case 2 when Edges.Count > 1:
                    var seen = pick / 3 % (Edges.Count - 1);
                    var from = Transitions.Numbered(Edges[seen]).To;
                    var late = Transitions.All.Where(e => e.From == from && e.Id != Edges[seen + 1]
                        && e.Event is not (PaymentEvent.TerminalCancelled or PaymentEvent.ReversalRequested)).ToList();
                    if (late.Count > 0)
                    {
                        (await HappenAsync(late[pick % late.Count], (short)seen, Edges[seen])).Should().BeFalse();
                    }

                    break;
            }
        }

        private async Task<bool> HappenAsync(Edge edge, short seenStep, short seenEdge) => (await book.Journal.RecordAsync(new Happening
        {
            AgentId = OpenBook.Agent,
            Number = number,
            SeenStep = seenStep,
            SeenEdge = seenEdge,
            Edge = edge,
            NodeId = book.Node.Id,
            SendSeconds = edge.Event == PaymentEvent.Claimed ? 10 : null,
            DeclineName = edge.To == PaymentState.Declined && edge.Event != PaymentEvent.LateTruth ? "provider-error" : null,
            MadeBy = edge.TwoPeople ? "aysel" : null,
            ApprovedBy = edge.TwoPeople ? "rəşad" : null,
        })).Done;

        private async Task<long> CancelAsync() => await book.Journal.ExecuteAsync(new CancelPayment.Command(
            OpenBook.Agent, reference, await book.Node.NextNumberAsync(), 1, book.Node.Id, notify: false));

        private async Task<bool> ReverseAsync() => await book.Journal.ExecuteAsync(new ReversePayment.Command(
            (await book.Book.FindAsync(OpenBook.Agent, reference))!, 15, await book.Node.NextNumberAsync(), 1, "terminal", "test",
            book.Node.Id));

        private void Fold(MoneyEffect money)
        {
            held = money switch
            {
                MoneyEffect.Hold => true,
                MoneyEffect.Release or MoneyEffect.Post => false,
                _ => held,
            };
            var legs = money switch
            {
                MoneyEffect.Post => [(1, Provider, Amount), (1, 2, Fee), (3, 4, Commission), (Provider, 5, ProviderFee)],
                MoneyEffect.SuspenseToPayable => [(9, Provider, Amount), (Provider, 5, ProviderFee)],
                MoneyEffect.Reverse => posted.ConvertAll(leg => (leg.Credit, leg.Debit, leg.Qepik)),
                MoneyEffect.ToRefundDue => posted.ConvertAll(leg => (leg.Credit, leg.Debit is 1 or 9 ? 10 : leg.Debit, leg.Qepik)),
                _ => new List<(int Debit, int Credit, long Qepik)>(),
            };
            if (legs.Count == 0)
            {
                return;
            }

            posted = legs;
            foreach (var (debit, credit, qepik) in legs)
            {
                balances[debit] = balances.GetValueOrDefault(debit) - qepik;
                balances[credit] = balances.GetValueOrDefault(credit) + qepik;
            }
        }

        private Task<string?> BalancesAsync() => book.Database.AskAsync<string>(
            "select coalesce(string_agg(account || ': ' || qepik, ', ' order by account), '') from ("
            + "select account, sum(qepik) as qepik from ("
            + $"select credit as account, amount_qepik as qepik from transfer where number = {number} "
            + $"union all select debit, -amount_qepik from transfer where number = {number}) leg group by account having sum(qepik) <> 0) b");

        private async Task CompareAsync((long Pending, long Posted, long Credits) before)
        {
            var funds = await book.FundsAsync();
            (funds.Pending - before.Pending).Should().Be(held ? Amount + Fee : 0);
            (funds.Credits - before.Credits - (funds.Posted - before.Posted)).Should().Be(balances.GetValueOrDefault(1));
            if (state == PaymentState.None)
            {
                return;
            }

            var now = (await book.Book.FindAsync(OpenBook.Agent, reference))!;
            (now.State, now.Edge, now.Step).Should().Be((state, Edges[^1], (short)(Edges.Count - 1)));
            (await book.Database.AskAsync<string>($"select string_agg(edge::text, ' ' order by step) from event where number = {number}"))
                .Should().Be(string.Join(' ', Edges));
            (await BalancesAsync()).Should().Be(
                string.Join(", ", balances.Where(b => b.Value != 0).Select(b => $"{b.Key}: {b.Value}")), "after {0}", string.Join(' ', Edges));
            (await book.Database.AskAsync<bool>($"select exists (select from unknown_payment where number = {number})"))
                .Should().Be(state == PaymentState.Unknown);
            (await book.Database.AskAsync<bool>(
                $"select exists (select from reversal where number = {number} and next_ask_at is not null)"))
                .Should().Be(state == PaymentState.Reversing);
        }
    }
}
