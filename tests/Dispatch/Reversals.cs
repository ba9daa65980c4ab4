using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.Simulation;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>Reversals on two nodes without background work: who asks, who is late, and what becomes of the money.</summary>
public sealed class Reversals
{
    [Fact]
    public async Task What_a_dead_node_was_to_ask_another_asks_under_the_same_numbers()
    {
        await using var stage = await Stage.SetAsync();
        var payment = await PaidAsync(stage, "dies", Lie.Honest);
        (await ReverseAsync(stage, stage.A, payment)).Payment!.State.Should().Be(PaymentState.Reversing);
        await stage.Centre.CutOffAsync(stage.A);

        (await stage.B.Engine.AskReversals.AskDueAsync(CancellationToken.None)).Should().Be(1);

        (await UntilFinalAsync(stage, "dies")).Should().Be(PaymentState.Reversed);
        stage.Record.Entries[payment.Number].Reversed.Should().BeTrue();
        stage.Record.Complaints.Should().BeEmpty();
    }

    [Fact]
    public async Task A_node_that_died_after_the_lease_is_followed_when_it_ends_and_its_question_counts_as_asked()
    {
        await using var stage = await Stage.SetAsync();
        var payment = await PaidAsync(stage, "leased", Lie.Honest);
        await ReverseAsync(stage, stage.A, payment);
        var leased = await new ClusterTables(stage.Database.DataSource).LeaseReversalsAsync(
            [payment.ProviderId], [10], [2], CancellationToken.None);

        leased.Should().ContainSingle().Which.Asks.Should().Be(0);
        (await stage.B.Engine.AskReversals.AskDueAsync(CancellationToken.None)).Should().Be(0, "the lease is another's");
        await stage.Database.ExecuteAsync("update reversal set next_ask_at = now()");
        (await stage.B.Engine.AskReversals.AskDueAsync(CancellationToken.None)).Should().Be(1);
        await UntilFinalAsync(stage, "leased");
        (await stage.Database.AskAsync<int>("select asks from reversal")).Should().Be(2);
    }

    [Fact]
    public async Task A_node_whose_lease_has_ended_sends_nothing()
    {
        await using var stage = await Stage.SetAsync();
        var payment = (await ReverseAsync(stage, stage.A, await PaidAsync(stage, "frozen", Lie.Honest))).Payment!;
        var deliver = stage.A.Engine.Deliver;

        var after = await deliver.ReverseAsync(
            payment, new DueReversal(payment.AgentId, payment.Number, 1, payment.At, 0), SendDeadline.Passed);

        after.State.Should().Be(PaymentState.Reversing);
        stage.Record.Entries[payment.Number].ReversalAsks.Should().Be(0);
        (await stage.Database.AskAsync<bool>("select next_ask_at > now() from reversal")).Should().BeTrue("it is asked again");
    }

    [Theory]
    [InlineData(nameof(Lie.Declines), PaymentState.Confirmed)]
    [InlineData(nameof(Lie.SilentBefore), PaymentState.Reversed)]
    [InlineData(nameof(Lie.SilentAfter), PaymentState.Reversed)]
    [InlineData(nameof(Lie.FailsAfter), PaymentState.Reversed)]
    public async Task Money_comes_back_once_or_not_at_all(string lie, PaymentState expected)
    {
        await using var stage = await Stage.SetAsync();
        var payment = await PaidAsync(stage, "lied", Enum.Parse<Lie>(lie));
        await ReverseAsync(stage, stage.A, payment);
        for (var round = 0; round < 20 && await stage.StateAsync("lied") == PaymentState.Reversing; round++)
        {
            await Task.WhenAll(
                stage.A.Engine.AskReversals.AskDueAsync(CancellationToken.None),
                stage.B.Engine.AskReversals.AskDueAsync(CancellationToken.None));
            await Task.Delay(50);
            await stage.Database.ExecuteAsync("update reversal set next_ask_at = now() where next_ask_at > now()");
        }

        (await stage.StateAsync("lied")).Should().Be(expected);
        var back = expected == PaymentState.Reversed ? 500 : 0;
        (await stage.Database.AskAsync<long>("select (credits_posted - debits_posted)::bigint from funds"))
            .Should().Be(1_000_000 - 500 + back);
        await CleanAsync(stage);
    }

    [Fact]
    public async Task Ten_wishes_at_once_are_one_reversal()
    {
        await using var stage = await Stage.SetAsync();
        var payment = await PaidAsync(stage, "crowd", Lie.Honest);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10)
            .Select(i => ReverseAsync(stage, i % 2 == 0 ? stage.A : stage.B, payment)));

        answers.Should().OnlyContain(answer => answer.Payment != null && answer.Payment.State == PaymentState.Reversing);
        (await stage.Database.AskAsync<long>("select count(*) from event where edge = 18")).Should().Be(1);
        await CleanAsync(stage);
    }

    [Fact]
    public async Task The_time_is_the_databases_and_begins_at_the_confirmation()
    {
        await using var stage = await Stage.SetAsync();
        var late = await PaidAsync(stage, "late", Lie.Honest);
        await stage.Database.ExecuteAsync("update event set at = at - interval '15 minutes' where receipt_counter is not null");
        var soon = await PaidAsync(stage, "soon", Lie.Honest);
        await stage.Database.ExecuteAsync(
            $"update event set at = at - interval '14 minutes 50 seconds' where receipt_counter is not null and number = {soon.Number}");

        (await ReverseAsync(stage, stage.A, late)).Refused!.Value.Why.Should().Be(Refusal.NotReversible);
        (await ReverseAsync(stage, stage.A, soon)).Payment!.State.Should().Be(PaymentState.Reversing);
    }

    [Fact]
    public async Task An_outcome_after_the_close_of_the_day_is_posted_into_the_open_day()
    {
        await using var stage = await Stage.SetAsync();
        var payment = await PaidAsync(stage, "yesterday", Lie.Honest);
        await ReverseAsync(stage, stage.A, payment);
        await stage.A.Engine.Days.CloseAsync();

        await stage.A.Engine.AskReversals.AskDueAsync(CancellationToken.None);

        (await UntilFinalAsync(stage, "yesterday")).Should().Be(PaymentState.Reversed);
        (await stage.Database.AskAsync<long>("select count(distinct business_day) from transfer where cutoff_group > 0")).Should().Be(2);
        await CleanAsync(stage);
    }

    [Theory]
    [InlineData(PaymentEvent.OperatorKept, ReversalResult.Reversed, PaymentState.Confirmed)]
    [InlineData(PaymentEvent.OperatorReversed, ReversalResult.Kept, PaymentState.Reversed)]
    public async Task A_providers_word_after_peoples_is_a_late_truth(
        PaymentEvent decided, ReversalResult said, PaymentState state)
    {
        await using var stage = await Stage.SetAsync();
        var seen = (await ReverseAsync(stage, stage.A, await PaidAsync(stage, "decided", Lie.Honest))).Payment!;
        await HappenAsync(stage, seen, decided);
        var conclude = stage.A.Engine.Conclude;

        var now = await conclude.RecordAsync(seen, new ReversalAnswer(said), 0);

        now.State.Should().Be(state);
        (await LastEventAsync(stage, seen)).Should().Be(PaymentEvent.LateTruth);
        await conclude.RecordAsync(seen, new ReversalAnswer(ReversalResult.Silent), 0);
        var agreeing = state == PaymentState.Reversed ? ReversalResult.Reversed : ReversalResult.Kept;
        (await conclude.RecordAsync(seen, new ReversalAnswer(agreeing), 0)).Step.Should().Be(now.Step, "that is nothing new");
    }

    [Theory]
    [InlineData(DeliveryResult.Confirmed, PaymentEvent.ReversalRequested)]
    [InlineData(DeliveryResult.Silent, PaymentEvent.ReversalRequested)]
    [InlineData(DeliveryResult.Declined, PaymentEvent.LateTruth)]
    public async Task A_late_answer_to_the_payment_is_no_answer_to_its_reversal(DeliveryResult said, PaymentEvent last)
    {
        await using var stage = await Stage.SetAsync();
        var seen = (await ReverseAsync(stage, stage.A, await PaidAsync(stage, "late", Lie.Honest))).Payment!;

        var now = await stage.A.Engine.Conclude.RecordAsync(seen, new DeliveryAnswer(said), 0);

        now.State.Should().Be(PaymentState.Reversing);
        (await LastEventAsync(stage, seen)).Should().Be(last);
        await stage.A.Engine.AskReversals.AskDueAsync(CancellationToken.None);
        (await UntilFinalAsync(stage, "late")).Should().Be(PaymentState.Reversed);
        await CleanAsync(stage);
    }

    [Fact]
    public async Task Nothing_else_can_be_taken_back()
    {
        await using var stage = await Stage.SetAsync();
        var kept = await PaidAsync(stage, "kept", Lie.Declines);
        await ReverseAsync(stage, stage.A, kept);
        await stage.A.Engine.AskReversals.AskDueAsync(CancellationToken.None);
        (await UntilFinalAsync(stage, "kept")).Should().Be(PaymentState.Confirmed);
        var declined = (await stage.PayAsync(stage.A, "declined", account: stage.AccountThat(Lie.Declines))).Payment!;
        var corrected = await PaidAsync(stage, "corrected", Lie.Honest);
        await HappenAsync(stage, corrected, PaymentEvent.RegisterShowsAbsent);
        var written = await PaidAsync(stage, "written", Lie.Honest);
        await stage.A.Engine.PaperAndCards.WriteCardAsync(written);

        foreach (var payment in (Payment[])[kept, declined, corrected, written])
        {
            (await ReverseAsync(stage, stage.B, payment)).Refused!.Value.Why
                .Should().Be(Refusal.NotReversible, "{0}", payment.Reference);
        }

        var unknown = (await stage.PayAsync(stage.A, "unknown", account: stage.AccountThat(Lie.SilentBefore))).Payment!;
        (await ReverseAsync(stage, stage.A, unknown)).Refused!.Value.Why.Should().Be(Refusal.NotFinal);
    }

    [Fact]
    public async Task What_an_operator_asks_for_stands_in_the_record_of_acts_once_and_what_a_terminal_asks_for_does_not()
    {
        await using var stage = await Stage.SetAsync();
        var record = new ActRecord(stage.Database.DataSource);
        var payment = await PaidAsync(stage, "by-operator", Lie.Honest);
        await ReverseAsync(stage, stage.A, await PaidAsync(stage, "by-terminal", Lie.Honest));
        var before = (await record.ListAsync(1)).Max(act => act.Number);

        await Task.WhenAll(stage.Centre.Nodes.SelectMany(node => Enumerable.Range(0, 4).Select(
            _ => node.Engine.Reverse.ReverseAsync("aysel", payment, "səhv \"hesab\""))));
        (await stage.A.Engine.Reverse.ReverseAsync("resad", payment, "again")).Refused.Should().BeNull();

        var act = (await record.ListAsync(100)).Where(one => one.Number > before).Should().ContainSingle().Subject;
        (act.Who, act.What, act.Subject).Should().Be(("aysel", Acts.PaymentReverse.Name, $"payment {payment.Number}"));
        using var details = JsonDocument.Parse(act.Details);
        details.RootElement.GetProperty("reason").GetString().Should().Be("səhv \"hesab\"");
        details.RootElement.GetProperty("agentId").GetInt32().Should().Be(payment.AgentId);

        var unknown = (await stage.PayAsync(stage.A, "unknown", account: stage.AccountThat(Lie.SilentBefore))).Payment!;
        (await stage.A.Engine.Reverse.ReverseAsync("aysel", unknown, "no")).Refused.Should().NotBeNull();
        (await record.ListAsync(1)).Single().Number.Should().Be(act.Number, "what was refused is not done");
        var report = await AuditBooks.RunAsync(stage.Database.DataSource);
        report.Invariants.Single(i => i.Name == "record").Should().Match<AuditedInvariant>(i => i.Violations == 0 && i.Checked == act.Number);
    }

    private static async Task<Payment> PaidAsync(Stage stage, string reference, Lie reversal)
    {
        var account = Enumerable.Range(0, 100_000).Select(i => $"{i:D15}").First(
            one => stage.Record.LieFor(one) == Lie.Honest && stage.Record.ReversalLieFor(one) == reversal);
        var paid = (await stage.PayAsync(stage.A, reference, account: account)).Payment!;
        paid.State.Should().Be(PaymentState.Confirmed);
        return paid;
    }

    private static async Task<ReverseAnswer> ReverseAsync(Stage stage, SimulatedNode node, Payment payment) =>
        await node.Engine.Reverse.ReverseAsync(await node.TerminalAsync(stage.Agent), payment, "səhv hesab");

    private static async Task HappenAsync(Stage stage, Payment seen, PaymentEvent happened)
    {
        var now = (await stage.B.Engine.Book.FindAsync(seen.AgentId, seen.Reference))!;
        (await stage.B.Engine.Journal.RecordAsync(new Happening
        {
            AgentId = now.AgentId,
            Number = now.Number,
            SeenStep = now.Step,
            SeenEdge = now.Edge,
            Edge = Transitions.Find(now.State, happened)!,
            NodeId = stage.B.Engine.Node.Id,
            MadeBy = "aysel",
            ApprovedBy = "rəşad",
        })).Done.Should().BeTrue();
    }

    private static async Task<PaymentEvent> LastEventAsync(Stage stage, Payment payment) =>
        Transitions.Numbered((await stage.B.Engine.Book.FindAsync(payment.AgentId, payment.Reference))!.Edge).Event;

    private static async Task<PaymentState> UntilFinalAsync(Stage stage, string reference)
    {
        var payment = (await stage.B.Engine.Book.FindAsync(stage.Agent.AgentId, reference))!;
        return (await stage.B.Engine.Waiting.FinalAsync(payment, TimeSpan.FromSeconds(10))).State;
    }

    private static async Task CleanAsync(Stage stage)
    {
        var report = await AuditBooks.RunAsync(stage.Database.DataSource, null, TestContext.Current.CancellationToken);
        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
        stage.Record.Complaints.Should().BeEmpty();
    }
}
