using EGovPay.Processing.Audit;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using FluentAssertions;
using Npgsql;
using Xunit;
using static EGovPay.Processing.StateMachine.PaymentEvent;

namespace EGovPay.Tests.People;

/// <summary>Payouts and settled breaks: what two people approve is posted once, and nothing without them.</summary>
public sealed class DecidingAboutPostings
{
    private const int Provider = 1;

    [Fact]
    public async Task A_payout_is_posted_once_by_whoever_comes_and_its_provider_is_owed_less()
    {
        await using var d = await Decisions.OpenAsync();
        var paid = await d.PaymentAsync("r", ProviderConfirmed);
        var owed = await OwedAsync(d);
        owed.Should().BePositive();
        var id = await ProposePayoutAsync(d, 7, Payout(d, 7, owed));

        var decided = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? d.Stage.A : d.Stage.B).Engine.Decide.ApproveAsync(Decisions.Approver, id)));
        decided.Count(one => one.Result == DecideResult.Done).Should().Be(1);
        decided.Should().OnlyContain(one => one.Result == DecideResult.Done || one.Result == DecideResult.DoneBefore);

        (await OwedAsync(d)).Should().Be(0);
        (await d.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'payout' and proposal_id = " + id)).Should().Be(1);
        (await d.Engine.Proposals.FindAsync(id))!.Should().Match<Proposal>(one => one.State == ProposalState.Done && one.PayoutId == 7);
        await CleanAsync(d);
        (await d.FindAsync("r")).Number.Should().Be(paid.Number);
    }

    [Fact]
    public async Task What_an_approver_left_half_posted_is_finished_by_the_next_look()
    {
        await using var d = await Decisions.OpenAsync();
        await d.PaymentAsync("r", ProviderConfirmed);
        var owed = await OwedAsync(d);
        var id = await ProposePayoutAsync(d, 7, Payout(d, 7, owed - 1), Payout(d, 8, 1));
        await d.Stage.Database.ExecuteAsync(
            $"update proposal set state = 'approved', decided_by = '{Decisions.Approver.Login}', decided_at = now() where proposal_id = {id}");
        var first = (await d.Engine.Proposals.PostingsAsync(id))[0];
        (await d.Engine.Postings.PostAsync(first, Decisions.Doer.Login, Decisions.Approver.Login, null, id)).Should().Be(PostResult.Posted);

        (await d.Engine.Decide.KeepAsync(CancellationToken.None, leftAloneSeconds: 0)).Should().Be(1);
        (await OwedAsync(d)).Should().Be(0);
        (await d.Engine.Proposals.FindAsync(id))!.State.Should().Be(ProposalState.Done);
        await CleanAsync(d);
    }

    [Fact]
    public async Task What_finds_another_posting_under_its_name_is_void_says_why_and_posts_nothing()
    {
        await using var d = await Decisions.OpenAsync();
        await d.PaymentAsync("r", ProviderConfirmed);
        var owed = await OwedAsync(d);
        var id = await ProposePayoutAsync(d, 7, Payout(d, 6, owed - 1), Payout(d, 7, 1));
        (await d.Engine.Postings.PostAsync(Payout(d, 7, 2), "somebody", "another", null)).Should().Be(PostResult.Posted);

        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.Void);
        (await d.Engine.Proposals.FindAsync(id))!.Should().Match<Proposal>(
            one => one.State == ProposalState.Void && one.Outcome!.Contains("payout.7 stands with another amount", StringComparison.Ordinal));
        (await d.Stage.Database.AskAsync<string>("select string_agg(reference || ' ' || amount_qepik, ', ') from movement where kind = 'payout'"))
            .Should().Be("payout.7 2", "the line before it was not posted either");
        (await d.Engine.Decide.KeepAsync(CancellationToken.None, leftAloneSeconds: 0)).Should().Be(0, "it has ended");
    }

    [Fact]
    public async Task What_finds_another_posting_when_a_part_of_it_stands_goes_no_further_and_a_gauge_says_so()
    {
        await using var d = await Decisions.OpenAsync();
        await d.PaymentAsync("r", ProviderConfirmed);
        var owed = await OwedAsync(d);
        var id = await ProposePayoutAsync(d, 7, Payout(d, 6, owed - 10), Payout(d, 7, 1), Payout(d, 8, 1));
        await d.Stage.Database.ExecuteAsync("update proposal set state = 'approved', "
            + $"decided_by = '{Decisions.Approver.Login}', decided_at = now() - interval '2 minutes' where proposal_id = {id}");
        var first = (await d.Engine.Proposals.PostingsAsync(id))[0];
        await d.Engine.Postings.PostAsync(first, Decisions.Doer.Login, Decisions.Approver.Login, null, id);
        await d.Engine.Postings.PostAsync(Payout(d, 7, 2), "somebody", "another", null);

        (await d.Engine.Decide.KeepAsync(CancellationToken.None, leftAloneSeconds: 0)).Should().Be(0);
        await d.Engine.Decide.Awaiting(one => one.ApproveAsync(Decisions.Approver, id)).Should().ThrowAsync<InvalidOperationException>();
        (await d.Engine.Proposals.FindAsync(id))!.State.Should().Be(ProposalState.Approved);
        (await d.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'payout'")).Should().Be(2, "no further one");
        await d.Engine.Watch.ReadAsync(TestContext.Current.CancellationToken);
        var shown = Observing.Heard.Look(d.Engine);
        shown.Single(one => one.Name == "egovpay.proposals.stuck").Value.Should().Be(1);
        shown.Single(one => one.Name == "egovpay.proposals.age").Value.Should().BeInRange(119, 600);
    }

    [Fact]
    public async Task A_payout_has_one_living_proposal_and_after_a_refusal_another()
    {
        await using var d = await Decisions.OpenAsync();
        await d.PaymentAsync("r", ProviderConfirmed);
        var lines = Payout(d, 7, 100);
        var id = await ProposePayoutAsync(d, 7, lines);
        var again = await d.Engine.Proposals.ProposePayoutAsync(Decisions.Doer, 7, [lines], "again");
        again.Should().Be(new Proposed(ProposeResult.There, id, default, PaymentState.None));
        (await d.Engine.Decide.RejectAsync(Decisions.Approver, id, "no")).Result.Should().Be(DecideResult.Done);
        (await ProposePayoutAsync(d, 7, lines)).Should().BeGreaterThan(id);
        (await d.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'payout'")).Should().Be(0);
    }

    [Fact]
    public async Task A_correction_takes_from_the_funds_only_what_is_there_and_then_nothing_of_it_is_posted()
    {
        await using var d = await Decisions.OpenAsync();
        var agent = d.Stage.Agent.AgentId;
        var before = await d.Engine.Funds.LookAsync(agent, 1);
        var other = new Posting(agent, Accounts.Suspense, Accounts.Rounding, 5, Posting.Correction, "b");
        var much = new Posting(agent, Accounts.Funds, Accounts.Suspense, before.AvailableQepik + 1, Posting.Correction, "a");
        var id = await ProposeBreakAsync(d, 3, other, much);
        var decided = await d.Engine.Decide.ApproveAsync(Decisions.Approver, id);
        decided.Result.Should().Be(DecideResult.Void);
        decided.Proposal!.Outcome.Should().Contain("funds");
        (await d.Engine.Funds.LookAsync(agent, 1)).Should().Be(before);
        (await d.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'correction'")).Should().Be(0);

        id = await ProposeBreakAsync(d, 3, other, much with { AmountQepik = before.AvailableQepik });
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.Done);
        (await d.Engine.Funds.LookAsync(agent, 1)).AvailableQepik.Should().Be(0);
        await CleanAsync(d);
    }

    [Fact]
    public async Task Whoever_comes_late_posts_nothing_under_a_proposal_that_is_void()
    {
        await using var d = await Decisions.OpenAsync();
        var agent = d.Stage.Agent.AgentId;
        var there = (await d.Engine.Funds.LookAsync(agent, 1)).AvailableQepik;
        var other = new Posting(agent, Accounts.Suspense, Accounts.Rounding, 5, Posting.Correction, "b");
        var id = await ProposeBreakAsync(d, 3, other, new Posting(agent, Accounts.Funds, Accounts.Suspense, there + 1, Posting.Correction, "a"));
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.Void);

        foreach (var line in await d.Engine.Proposals.PostingsAsync(id))
        {
            (await d.Stage.B.Engine.Postings.PostAsync(line, Decisions.Doer.Login, Decisions.Approver.Login, null, id))
                .Should().Be(PostResult.NotApproved, "it is not that the funds do not have it");
        }

        (await d.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'correction'")).Should().Be(0);
        await CleanAsync(d);
    }

    [Fact]
    public async Task A_proposal_of_which_another_node_has_posted_a_line_is_not_void_and_goes_on_when_the_funds_have_it()
    {
        await using var d = await Decisions.OpenAsync();
        var agent = d.Stage.Agent.AgentId;
        var there = (await d.Engine.Funds.LookAsync(agent, 1)).AvailableQepik;
        var id = await ProposeBreakAsync(
            d, 3, new Posting(agent, Accounts.Suspense, Accounts.Rounding, 5, Posting.Correction, "b"),
            new Posting(agent, Accounts.Funds, Accounts.Suspense, there + 1, Posting.Correction, "a"));
        await d.Stage.Database.ExecuteAsync(
            $"update proposal set state = 'approved', decided_by = '{Decisions.Approver.Login}', decided_at = now() where proposal_id = {id}");
        var line = (await d.Engine.Proposals.PostingsAsync(id)).Single(one => one.Reference == "b");
        (await d.Stage.B.Engine.Postings.PostAsync(line, Decisions.Doer.Login, Decisions.Approver.Login, null, id)).Should().Be(PostResult.Posted);

        (await d.Engine.Decide.KeepAsync(CancellationToken.None, leftAloneSeconds: 0)).Should().Be(0);
        (await d.Engine.Proposals.FindAsync(id))!.State.Should().Be(ProposalState.Approved, "money has moved by it");
        (await d.Engine.Funds.TopUpAsync(agent, 1, "more", 100, Decisions.Doer.Login, null, Decisions.Approver.Login)).Should().BeTrue();
        (await d.Stage.B.Engine.Decide.KeepAsync(CancellationToken.None, leftAloneSeconds: 0)).Should().Be(1);
        (await d.Engine.Proposals.FindAsync(id))!.State.Should().Be(ProposalState.Done);
        (await d.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'correction'")).Should().Be(2);
    }

    [Fact]
    public async Task A_correction_of_what_a_provider_is_owed_belongs_to_the_groups_next_window()
    {
        await using var d = await Decisions.OpenAsync();
        var id = await ProposeBreakAsync(d, 4, new Posting(
            d.Stage.Agent.AgentId, Accounts.Suspense, Accounts.Payable(Provider), 12, Posting.Correction, "b4", 1));
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.Done);
        (await d.Stage.Database.AskAsync<bool>(
            "select t.window_day = (select w.bank_day from settlement_window w where w.cutoff_group = 1 and w.closes_at > m.at "
            + "order by w.closes_at limit 1) from movement m join transfer t using (agent_id, number) where m.kind = 'correction'"))
            .Should().BeTrue();
        await CleanAsync(d);
    }

    [Fact]
    public async Task A_break_about_a_payment_is_settled_by_its_edge_and_stops_asking_meanwhile()
    {
        await using var d = await Decisions.OpenAsync();
        var payment = await d.PaymentAsync("r", ProviderSilent);
        var proposed = await d.Engine.Proposals.ProposeBreakAsync(
            Decisions.Doer, 5, "absent", "not in the register", payment, PaymentDecision.Absent);
        proposed.Result.Should().Be(ProposeResult.Made);
        (await d.Stage.Database.AskAsync<long>($"select held_by from unknown_payment where number = {payment.Number}"))
            .Should().Be(proposed.Id);
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, proposed.Id)).Result.Should().Be(DecideResult.TooEarly);
        await d.LetPassAsync(proposed.Id);
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, proposed.Id)).Result.Should().Be(DecideResult.Done);
        (await d.FindAsync("r")).State.Should().Be(PaymentState.Declined);
        await CleanAsync(d);
    }

    [Fact]
    public async Task The_truth_that_arrives_first_voids_the_settling_of_a_break_too()
    {
        await using var d = await Decisions.OpenAsync();
        var payment = await d.PaymentAsync("r", ProviderSilent);
        var proposed = await d.Engine.Proposals.ProposeBreakAsync(
            Decisions.Doer, 5, "absent", "not in the register", payment, PaymentDecision.Absent);
        await d.HappenAsync("r", ProviderConfirmed);
        (await d.Engine.Proposals.FindAsync(proposed.Id))!.State.Should().Be(ProposalState.Void);
        (await d.Engine.Proposals.ProposeBreakAsync(
            Decisions.Doer, 5, "stands", "seen", await d.FindAsync("r"))).Result.Should().Be(ProposeResult.Made, "as it stands");
    }

    [Theory]
    [InlineData("update movement set amount_qepik = amount_qepik + 1; update transfer set amount_qepik = amount_qepik + 1", "movements")]
    [InlineData("delete from movement where kind = 'payout'; delete from transfer where credit = 6", "movements")]
    [InlineData("update movement set approved_by = null where kind = 'payout'", "two-people")]
    [InlineData("update movement set proposal_id = null where kind = 'payout'", "two-people")]
    [InlineData("update movement set credit = 9 where kind = 'payout'; update transfer set credit = 9 where credit = 6", "movements")]
    public async Task The_audit_finds_a_payout_that_is_not_as_it_was_approved(string damage, string invariant)
    {
        await using var d = await Decisions.OpenAsync();
        await d.PaymentAsync("r", ProviderConfirmed);
        var id = await ProposePayoutAsync(d, 7, Payout(d, 7, await OwedAsync(d)));
        await d.Engine.Decide.ApproveAsync(Decisions.Approver, id);
        await CleanAsync(d);
        await d.Stage.Database.ExecuteAsync("set session_replication_role = replica; " + damage);
        (await BrokenAsync(d)).Should().Contain(invariant);
    }

    [Fact]
    public async Task What_is_posted_for_a_proposal_is_never_rewritten()
    {
        await using var d = await Decisions.OpenAsync();
        await ProposePayoutAsync(d, 7, Payout(d, 7, 10));
        foreach (var change in new[] { "update proposal_posting set amount_qepik = 11", "delete from proposal_posting" })
        {
            await d.Invoking(one => one.Stage.Database.ExecuteAsync(change)).Should().ThrowAsync<PostgresException>();
        }
    }

    private static Posting Payout(Decisions d, long id, long qepik) => new(
        d.Stage.Agent.AgentId, Accounts.Payable(Provider), Accounts.Bank, qepik, Posting.Payout, $"payout.{id}");

    private static async Task<long> ProposePayoutAsync(Decisions d, long payoutId, params Posting[] lines)
    {
        var proposed = await d.Engine.Proposals.ProposePayoutAsync(Decisions.Doer, payoutId, lines, "the day's takings");
        proposed.Result.Should().Be(ProposeResult.Made);
        return proposed.Id;
    }

    private static async Task<long> ProposeBreakAsync(Decisions d, long breakId, params Posting[] lines)
    {
        var proposed = await d.Engine.Proposals.ProposeBreakAsync(Decisions.Doer, breakId, "corrected", "a letter", postings: lines);
        proposed.Result.Should().Be(ProposeResult.Made);
        return proposed.Id;
    }

    private static Task<long> OwedAsync(Decisions d) => d.Stage.Database.AskAsync<long>(
        $"select coalesce(sum(case when credit = {Accounts.Payable(Provider)} then amount_qepik "
        + $"when debit = {Accounts.Payable(Provider)} then -amount_qepik end), 0)::bigint from transfer");

    private static async Task CleanAsync(Decisions d) => (await BrokenAsync(d)).Should().BeEmpty();

    private static async Task<IReadOnlyList<string>> BrokenAsync(Decisions d) =>
    [
        .. (await AuditBooks.RunAsync(d.Stage.Database.DataSource, null, TestContext.Current.CancellationToken)).Invariants
            .Where(one => one.Violations > 0).Select(one => one.Name),
    ];
}
