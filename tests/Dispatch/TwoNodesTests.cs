using EGovPay.Processing;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.Simulation;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>Two nodes on one database: what one begins and cannot finish, the other does, and nothing is done twice.</summary>
public sealed class TwoNodesTests
{
    private const string Honest = "000000000000001";

    [Fact]
    public async Task A_payment_that_a_dead_node_had_claimed_becomes_unknown_and_is_asked_about_under_its_own_number()
    {
        await using var stage = await Stage.SetAsync();
        var dead = await stage.DeadNodeAsync();
        var number = await stage.EnterAsync("lost", claim: true, dead);

        await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None);

        (await stage.StateAsync("lost")).Should().Be(PaymentState.Unknown);
        stage.Record.Entries.Should().BeEmpty("what was perhaps sent is never sent as new");
        (await stage.Centre.SettleAsync()).Should().BeTrue();
        (await stage.StateAsync("lost")).Should().BeOneOf(PaymentState.Confirmed, PaymentState.Declined);
        stage.Record.Entries.Should().ContainSingle().Which.Key.Should().Be(number);
        stage.Record.Entries[number].Pays.Should().Be(0);
        stage.Record.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task A_claim_of_a_dead_node_that_has_not_ended_is_left_alone()
    {
        await using var stage = await Stage.SetAsync();
        await stage.EnterAsync("claimed", claim: true, await stage.DeadNodeAsync(), sendSeconds: 600);

        await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None);

        (await stage.StateAsync("claimed")).Should().Be(PaymentState.Dispatched, "it may still be on its way");
    }

    [Fact]
    public async Task A_payment_that_a_dead_node_accepted_and_never_sent_is_sent_once_by_one_of_the_others()
    {
        await using var stage = await Stage.SetAsync();
        var number = await stage.EnterAsync("accepted", claim: false, await stage.DeadNodeAsync());

        await Task.WhenAll(
            stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None),
            stage.B.Engine.Recover.TakeOverAsync(CancellationToken.None));

        (await stage.StateAsync("accepted")).Should().Be(PaymentState.Confirmed);
        stage.Record.Entries.Should().ContainSingle().Which.Key.Should().Be(number);
        stage.Record.Entries[number].Pays.Should().Be(1);
        stage.Record.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task A_node_that_froze_in_the_middle_of_a_batch_holds_its_lanes_against_nobody()
    {
        await using var stage = await Stage.SetAsync();
        var frozen = await stage.DeadNodeAsync();
        await stage.EnterAsync("lost", claim: true, frozen);
        // Its batch took the lanes' locks, and the rest of it never came.
        await using var held = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(stage.Database.ConnectionString)
        {
            ApplicationName = FormattableString.Invariant($"egovpay-journal-{frozen}"),
            Pooling = false,
        }.ConnectionString);
        await held.OpenAsync(TestContext.Current.CancellationToken);
        await using var locked = new NpgsqlCommand(
            "begin; select pg_advisory_xact_lock(7302, lane) from generate_series(0, 15) as g (lane)", held);
        await locked.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));

        (await stage.StateAsync("lost")).Should().Be(PaymentState.Unknown);
    }

    [Fact]
    public async Task A_node_that_was_frozen_until_its_claim_ended_sends_nothing()
    {
        await using var stage = await Stage.SetAsync();
        Task<PayAnswer> paying;
        await using (await stage.HoldLaneAsync())
        {
            paying = stage.PayAsync(stage.A, "frozen");
            while (await stage.Database.AskAsync<long>(
                Stage.WaitingForLanes) == 0)
            {
                await Task.Delay(20);
            }

            // One second for the provider and three for the margin are the claim, which began before the commit was held up; at five
            // seconds the wait for the lane ends, and a new claim begins.
            await Task.Delay(TimeSpan.FromSeconds(Deliver.ClaimMarginSeconds + 1.1));
        }

        (await paying).Payment!.State.Should().Be(PaymentState.Unknown);
        stage.Record.Entries.Values.Should().NotContain(entry => entry.Pays > 0);
    }

    [Fact]
    public async Task An_outcome_that_the_database_refuses_leaves_the_payment_to_recovery_which_finishes_it()
    {
        await using var stage = await Stage.SetAsync();
        var account = stage.AccountThat(Lie.Garbles);

        var paying = async () => await stage.PayAsync(stage.A, "garbled", account: account);

        await paying.Should().ThrowAsync<PostgresException>();
        (await stage.StateAsync("garbled")).Should().Be(PaymentState.Dispatched);
        // The next payments and heartbeats must not make anybody believe that all before them is finished.
        await stage.PayAsync(stage.A, "next");
        (await stage.Centre.SettleAsync()).Should().BeTrue();
        (await stage.StateAsync("garbled")).Should().Be(PaymentState.Confirmed);
        stage.A.Engine.Node.Lost.Should().BeEmpty();
    }

    [Fact]
    public async Task A_node_that_cannot_log_in_for_a_while_refuses_nothing_and_goes_on_when_it_can()
    {
        await using var stage = await Stage.SetAsync();
        var accepted = await stage.EnterAsync("waiting", claim: false, stage.A.Engine.Node.Id);
        var payment = (await stage.B.Engine.Book.FindAsync(stage.Agent.AgentId, accepted))!;
        await stage.Centre.CutOffAsync(stage.A);

        var recording = stage.A.Engine.Journal.RecordAsync(new Happening
        {
            AgentId = payment.AgentId,
            Number = payment.Number,
            SeenStep = payment.Step,
            SeenEdge = payment.Edge,
            Edge = Transitions.Find(PaymentState.Accepted, PaymentEvent.NeverSent)!,
            NodeId = stage.A.Engine.Node.Id,
        });
        (await Task.WhenAny(recording, Task.Delay(TimeSpan.FromSeconds(1.5)))).Should().NotBe(recording);
        await stage.Centre.HealAsync(stage.A);

        (await recording.WaitAsync(TimeSpan.FromSeconds(20))).Done.Should().BeTrue();
    }

    [Fact]
    public async Task A_limit_is_never_overdrawn_and_a_reference_is_entered_once_however_many_nodes_ask()
    {
        await using var stage = await Stage.SetAsync(depositQepik: 10_000);
        var honest = Enumerable.Range(0, 10_000).Select(i => $"{i:D15}")
            .Where(account => stage.Record.LieFor(account) is Lie.Honest or Lie.Declines).Take(120);
        var answers = await Task.WhenAll(honest.SelectMany(account => new[]
        {
            stage.PayAsync(stage.A, "r" + account, 300, account), stage.PayAsync(stage.B, "r" + account, 300, account),
        }));

        answers.Count(a => a.Refused?.Why == Refusal.InsufficientFunds).Should().BePositive();
        answers.Where(a => a.Payment is not null).GroupBy(a => a.Payment!.Reference)
            .Should().OnlyContain(g => g.Select(a => a.Payment!.Number).Distinct().Count() == 1);
        (await stage.Centre.SettleAsync()).Should().BeTrue();
        var funds = await stage.A.Engine.Funds.LookAsync(stage.Agent.AgentId, 1);
        funds.AvailableQepik.Should().BeGreaterThanOrEqualTo(0);
        stage.Record.Complaints.Should().BeEmpty();
        stage.Record.Entries.Values.GroupBy(e => e.Account).Should().OnlyContain(g => g.Count() == 1);
    }

    [Fact]
    public async Task A_deposit_is_booked_once_however_often_and_wherever_it_is_told()
    {
        await using var stage = await Stage.SetAsync();
        var portal = await stage.Centre.AddAgentAsync("portal", 9_000, parts: 3);
        var told = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            (i % 2 == 0 ? stage.A : stage.B).Engine.Funds.TopUpAsync(portal.AgentId, 3, "d-7", i % 5 == 0 ? 701 : 700, "test")));

        told.Should().Contain(true).And.Contain(false, "another amount under the name is refused");
        var funds = await stage.A.Engine.Funds.LookAsync(portal.AgentId, 3);
        funds.BalanceQepik.Should().BeOneOf(9_700, 9_701);
        var small = async () => await stage.A.Engine.Funds.TopUpAsync(portal.AgentId, 3, "d-8", 2, "test");
        await small.Should().ThrowAsync<ArgumentOutOfRangeException>("a part without a row would not know the amount");
    }

    [Fact]
    public async Task An_inquiry_pays_once_though_its_two_references_belong_to_two_parts()
    {
        await using var stage = await Stage.SetAsync();
        var portal = await stage.Centre.AddAgentAsync("portal", 1_000_000, parts: 2);
        var references = Enumerable.Range(0, 40).Select(i => $"i{i}").ToLookup(r => Lanes.Part(r, 2));
        for (var pair = 0; pair < 8; pair++)
        {
            var terminal = await stage.A.TerminalAsync(portal);
            var account = $"{pair:D15}";
            var quote = await stage.A.Engine.Inquire.AskAsync(terminal, "10101", account, null, CancellationToken.None);
            var answers = await Task.WhenAll(
                stage.PayAsync(stage.A, references[0].ElementAt(pair), 500, account, quote.Sealed, portal),
                stage.PayAsync(stage.B, references[1].ElementAt(pair), 500, account, quote.Sealed, portal));

            answers.Count(a => a.Payment is not null).Should().Be(1);
            answers.Count(a => a.Refused?.Why == Refusal.InquiryUsed).Should().Be(1);
        }
    }

    [Fact]
    public async Task A_changed_request_is_refused_also_when_the_book_answers_late()
    {
        await using var stage = await Stage.SetAsync();
        await stage.PayAsync(stage.A, "same", 500);
        Task<PayAnswer> changed;
        await using (await stage.HoldLaneAsync())
        {
            var terminal = await stage.A.TerminalAsync(stage.Agent);
            changed = stage.A.Engine.Pay.PayAsync(
                terminal, Stage.Request("same", 600, Honest, null), TimeSpan.FromMilliseconds(300));
            var answer = await changed;
            answer.Payment.Should().BeNull();
            answer.Refused!.Value.Why.Should().Be(Refusal.ReferenceUsedDifferently);
        }
    }

    [Fact]
    public async Task An_engine_that_is_stopped_in_the_middle_of_its_background_work_ends_in_order()
    {
        await using var stage = await Stage.SetAsync();
        for (var i = 0; i < 6; i++)
        {
            var node = await stage.Centre.AddNodeAsync();
            await Task.Delay(20 * i);
            await node.Engine.DisposeAsync();
            node.Ended = true;
        }
    }
}
