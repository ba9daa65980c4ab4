using EGovPay.Processing.Audit;
using EGovPay.Processing.Journal;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.Dispatch;
using EGovPay.Tests.Providers;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static EGovPay.Processing.StateMachine.PaymentEvent;
using static EGovPay.Processing.StateMachine.PaymentState;
using Decision = EGovPay.Processing.People.PaymentDecision;

namespace EGovPay.Tests.People;

/// <summary>What two people decide about a payment: every such row of the table of states, once, and only by two.</summary>
public sealed class DecidingAboutPayments
{
    public static TheoryData<PaymentEvent[], Decision, PaymentState> Ways { get; } = new()
    {
        { [ProviderSilent], Decision.Confirm, Confirmed },
        { [ProviderSilent], Decision.Decline, Declined },
        { [ProviderSilent], Decision.Absent, Declined },
        { [ProviderConfirmed], Decision.Absent, Reversed },
        { [ProviderDeclined], Decision.Delivered, Confirmed },
        { [ProviderConfirmed, ReversalRequested], Decision.Reversed, Reversed },
        { [ProviderConfirmed, ReversalRequested, ProviderSilent], Decision.Kept, Confirmed },
        { [ProviderConfirmed, ReversalRequested, ProviderReversed], Decision.Delivered, Confirmed },
    };

    [Fact]
    public void Every_row_that_needs_two_people_is_reached_by_a_decision_and_no_other_is()
    {
        var reached = Enum.GetValues<PaymentState>().SelectMany(
            state => PaymentDecisions.Possible(state).Select(decision => PaymentDecisions.EdgeOf(state, decision)!.Id));
        reached.Should().BeEquivalentTo(Transitions.All.Where(edge => edge.TwoPeople).Select(edge => edge.Id));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_decision_of_two_people_stands_in_the_book_with_both(PaymentEvent[] events, Decision decision, PaymentState to)
    {
        await using var d = await Decisions.OpenAsync();
        var id = await d.ProposeAsync(await d.PaymentAsync("r", events), decision);
        var decided = await d.Engine.Decide.ApproveAsync(Decisions.Approver, id);

        decided.Result.Should().Be(DecideResult.Done);
        decided.Proposal!.State.Should().Be(ProposalState.Done);
        var now = await d.FindAsync("r");
        now.State.Should().Be(to);
        (await d.Stage.Database.AskAsync<string>(
            $"select made_by || ' ' || approved_by || ' ' || note from event where number = {now.Number} order by step desc limit 1"))
            .Should().Be("aysel resad a letter");
        (await AuditBooks.RunAsync(d.Stage.Database.DataSource)).Invariants.Where(i => i.Violations > 0)
            .SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_cancelled_payment_that_was_delivered_is_confirmed_and_one_that_was_never_seen_is_not()
    {
        await using var d = await Decisions.OpenAsync();
        await d.Stage.EnterAsync("c", claim: false, d.Engine.Node.Id);
        await d.HappenAsync("c", TerminalCancelled);
        var id = await d.ProposeAsync(await d.FindAsync("c"), Decision.Delivered);
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.Done);
        (await d.FindAsync("c")).State.Should().Be(Confirmed);

        await d.Engine.Cancel.CancelAsync(await d.Stage.A.TerminalAsync(d.Stage.Agent), "unseen");
        (await d.Engine.Proposals.ProposeAsync(Decisions.Doer, await d.FindAsync("unseen"), Decision.Delivered, "x"))
            .Result.Should().Be(ProposeResult.NotPossible);
    }

    [Fact]
    public async Task Who_proposed_does_not_approve_or_reject_also_not_by_hand_in_the_database()
    {
        await using var d = await Decisions.OpenAsync();
        var both = new Person("leyla", "Leyla", [Role.Finance, Role.Approver]);
        var payment = await d.PaymentAsync("r", ProviderSilent);
        var id = (await d.Engine.Proposals.ProposeAsync(both, payment, Decision.Confirm, "mine")).Id;
        await d.LetPassAsync(id);
        (await d.Engine.Decide.ApproveAsync(both, id)).Result.Should().Be(DecideResult.SamePerson);
        (await d.Engine.Decide.RejectAsync(both, id, null)).Result.Should().Be(DecideResult.SamePerson);
        (await d.FindAsync("r")).State.Should().Be(Unknown);
        var byHand = () => d.Stage.Database.ExecuteAsync("update proposal set state = 'approved', decided_by = made_by, decided_at = now() where state = 'open'");
        (await byHand.Should().ThrowAsync<Npgsql.PostgresException>()).Which.ConstraintName.Should().Be("proposal_needs_two_people");
    }

    [Fact]
    public async Task Who_is_an_approver_no_more_approves_nothing()
    {
        await using var d = await Decisions.OpenAsync();
        var id = await d.ProposeAsync(await d.PaymentAsync("r", ProviderSilent), Decision.Confirm);
        await d.Engine.Users.DisableAsync(Decisions.Doer, Decisions.Approver.Login);
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.NotEntitled);
        var none = () => d.Engine.Decide.ApproveAsync(new Person("x", "x", [Role.Finance]), id);
        await none.Should().ThrowAsync<InvalidOperationException>();
        (await d.FindAsync("r")).State.Should().Be(Unknown);
    }

    [Fact]
    public async Task Asking_stops_with_the_proposal_and_goes_on_when_it_is_rejected_or_withdrawn()
    {
        await using var d = await Decisions.OpenAsync();
        foreach (var reject in new[] { true, false })
        {
            var reference = $"r-{reject}";
            var account = await d.PaymentAsync(reference, ProviderSilent);
            var id = await d.ProposeAsync(account, Decision.Decline);
            (await d.Engine.AskUnknown.AskDueAsync(CancellationToken.None)).Should().Be(0, "people are deciding");
            var ended = reject
                ? await d.Engine.Decide.RejectAsync(Decisions.Approver, id, "no")
                : await d.Engine.Decide.WithdrawAsync(Decisions.Doer, id, null);
            ended.Result.Should().Be(DecideResult.Done);
            (await d.Engine.AskUnknown.AskDueAsync(CancellationToken.None)).Should().Be(1);
            (await d.Stage.Centre.SettleAsync()).Should().BeTrue();
            (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.Ended);
        }
    }

    [Fact]
    public async Task Asking_for_a_reversal_stops_too_and_goes_on()
    {
        await using var d = await Decisions.OpenAsync();
        var payment = await d.PaymentAsync("r", ProviderConfirmed, ReversalRequested);
        await d.Stage.Database.ExecuteAsync(
            $"update reversal set next_ask_at = now() - interval '1 second' where number = {payment.Number}");
        var id = await d.ProposeAsync(payment, Decision.Kept);
        (await d.Engine.AskReversals.AskDueAsync(CancellationToken.None)).Should().Be(0);
        (await d.Engine.Decide.WithdrawAsync(Decisions.Doer, id, null)).Result.Should().Be(DecideResult.Done);
        (await d.Engine.AskReversals.AskDueAsync(CancellationToken.None)).Should().Be(1);
    }

    [Fact]
    public async Task Nothing_is_approved_before_the_provider_can_answer_no_more_and_the_refusal_says_when()
    {
        await using var d = await Decisions.OpenAsync();
        var proposed = await d.Engine.Proposals.ProposeAsync(
            Decisions.Doer, await d.PaymentAsync("r", ProviderSilent), Decision.Confirm, "x");
        var early = await d.Engine.Decide.ApproveAsync(Decisions.Approver, proposed.Id);
        early.Result.Should().Be(DecideResult.TooEarly);
        var timeout = d.Engine.Catalogue.Current.Providers.Single(provider => provider.Code == "azerishiq").TimeoutSeconds;
        (early.Proposal!.ApproveFrom - early.Proposal.MadeAt).TotalSeconds.Should().BeApproximately(30 + timeout + 3, 0.001);
        (await d.FindAsync("r")).State.Should().Be(Unknown);
        await d.LetPassAsync(proposed.Id);
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, proposed.Id)).Result.Should().Be(DecideResult.Done);
    }

    [Fact]
    public async Task The_truth_that_arrives_first_makes_the_proposal_void_and_silence_does_not()
    {
        await using var d = await Decisions.OpenAsync();
        var payment = await d.PaymentAsync("r", ProviderSilent);
        var id = await d.ProposeAsync(payment, Decision.Decline);
        await d.HappenAsync("r", ProviderSilent);
        (await d.Engine.Proposals.FindAsync(id))!.State.Should().Be(ProposalState.Open);
        await d.HappenAsync("r", ProviderConfirmed);
        var now = (await d.Engine.Proposals.FindAsync(id))!;
        now.State.Should().Be(ProposalState.Void);
        now.Outcome.Should().Contain("answer arrived first");
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.Void);
        (await d.FindAsync("r")).State.Should().Be(Confirmed);
    }

    [Fact]
    public async Task A_proposal_about_a_payment_that_moved_on_is_void()
    {
        await using var d = await Decisions.OpenAsync();
        var id = await d.ProposeAsync(await d.PaymentAsync("r", ProviderConfirmed), Decision.Absent);
        await d.HappenAsync("r", ReversalRequested);
        var decided = await d.Engine.Decide.ApproveAsync(Decisions.Approver, id);
        decided.Result.Should().Be(DecideResult.Void);
        decided.Proposal!.Outcome.Should().Contain("Reversing");
        (await d.FindAsync("r")).State.Should().Be(Reversing);
    }

    [Fact]
    public async Task Many_approvers_at_once_on_two_nodes_carry_it_out_once_and_again_is_harmless()
    {
        await using var d = await Decisions.OpenAsync();
        const int rounds = 12;
        for (var round = 0; round < rounds; round++)
        {
            var id = await d.ProposeAsync(await d.PaymentAsync($"r{round}", ProviderSilent), Decision.Confirm);
            var decided = await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
            {
                // Some look when the first has approved and not yet carried out, some when the payment has moved already.
                await Task.Delay(TimeSpan.FromMilliseconds(i % 5 * round / 2.0));
                return await (i % 2 == 0 ? d.Stage.A : d.Stage.B).Engine.Decide.ApproveAsync(
                    i % 3 == 0 ? Decisions.Approver : Decisions.Other, id);
            }));
            decided.Count(one => one.Result == DecideResult.Done).Should().Be(1);
            decided.Should().OnlyContain(one => one.Result == DecideResult.Done || one.Result == DecideResult.DoneBefore);
            (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.DoneBefore);
        }

        (await d.Stage.Database.AskAsync<long>("select count(*) from event where edge = 17")).Should().Be(rounds);
        (await d.Stage.Database.AskAsync<long>("select count(*) from act where what = 'proposal approved'"))
            .Should().Be(rounds + 1, "one deposit");
    }

    [Fact]
    public async Task An_approval_and_a_rejection_at_once_are_one_of_them_and_the_book_agrees()
    {
        await using var d = await Decisions.OpenAsync();
        for (var round = 0; round < 8; round++)
        {
            var id = await d.ProposeAsync(await d.PaymentAsync($"r{round}", ProviderSilent), Decision.Confirm);
            await Task.WhenAll(
                d.Stage.A.Engine.Decide.ApproveAsync(Decisions.Approver, id), d.Stage.B.Engine.Decide.RejectAsync(Decisions.Other, id, null),
                d.Stage.B.Engine.Decide.WithdrawAsync(Decisions.Doer, id, null));
            var (state, payment) = ((await d.Engine.Proposals.FindAsync(id))!.State, (await d.FindAsync($"r{round}")).State);
            (state, payment).Should().BeOneOf(
                (ProposalState.Done, Confirmed), (ProposalState.Rejected, Unknown), (ProposalState.Withdrawn, Unknown));
        }
    }

    [Fact]
    public async Task An_answer_and_an_approval_at_once_are_one_of_them()
    {
        await using var d = await Decisions.OpenAsync();
        for (var round = 0; round < 8; round++)
        {
            var payment = await d.PaymentAsync($"r{round}", ProviderSilent);
            var id = await d.ProposeAsync(payment, Decision.Decline);
            var answer = d.Stage.B.Engine.Journal.RecordAsync(new Processing.Journal.Happening
            {
                AgentId = payment.AgentId, Number = payment.Number, SeenStep = payment.Step, SeenEdge = payment.Edge,
                Edge = Transitions.Find(Unknown, ProviderConfirmed)!, NodeId = d.Stage.B.Engine.Node.Id,
            });
            var decided = await d.Engine.Decide.ApproveAsync(Decisions.Approver, id);
            var done = (await answer).Done;
            (decided.Result, (await d.FindAsync($"r{round}")).State, done).Should().BeOneOf(
                (DecideResult.Done, Declined, false), (DecideResult.Void, Confirmed, true));
        }
    }

    [Fact]
    public async Task What_a_process_approved_and_did_not_carry_out_is_carried_out_once_by_whoever_comes_by()
    {
        await using var d = await Decisions.OpenAsync();
        foreach (var again in new[] { true, false })
        {
            var payment = await d.PaymentAsync($"r-{again}", ProviderSilent);
            var id = await d.ProposeAsync(payment, Decision.Confirm);
            // As a process leaves it that dies between its two commits.
            await d.Stage.Database.ExecuteAsync(
                $"update proposal set state = 'approved', decided_by = 'resad', decided_at = now() where proposal_id = {id}");
            if (again)
            {
                (await d.Engine.Decide.ApproveAsync(Decisions.Other, id)).Result.Should().Be(DecideResult.DoneBefore);
            }
            else
            {
                await Task.WhenAll(
                    d.Stage.A.Engine.Decide.KeepAsync(CancellationToken.None, 0), d.Stage.B.Engine.Decide.KeepAsync(CancellationToken.None, 0));
            }

            (await d.FindAsync($"r-{again}")).State.Should().Be(Confirmed);
            (await d.Stage.Database.AskAsync<string>($"select approved_by from event where number = {payment.Number} and edge = 17"))
                .Should().Be("resad");
        }
    }

    [Fact]
    public async Task A_proposal_expires_and_asking_goes_on()
    {
        await using var d = await Decisions.OpenAsync();
        var id = await d.ProposeAsync(await d.PaymentAsync("r", ProviderSilent), Decision.Confirm);
        await d.LetPassAsync(id, "expires_at = now()");
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.Ended);
        (await d.Engine.Proposals.FindAsync(id))!.State.Should().Be(ProposalState.Expired);
        (await d.Engine.AskUnknown.AskDueAsync(CancellationToken.None)).Should().Be(1);

        var other = await d.ProposeAsync(await d.PaymentAsync("r2", ProviderSilent), Decision.Confirm);
        await d.LetPassAsync(other, "expires_at = now()");
        (await d.Engine.Decide.KeepAsync(CancellationToken.None)).Should().Be(1);
        (await d.Engine.Proposals.FindAsync(other))!.State.Should().Be(ProposalState.Expired);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task What_a_stop_cuts_off_is_not_logged_and_what_anything_else_cuts_off_is(bool stopping, int lines)
    {
        await using var d = await Decisions.OpenAsync();
        var id = await d.ProposeAsync(await d.PaymentAsync("r", ProviderSilent), Decision.Confirm);
        await d.LetPassAsync(id, "expires_at = now()");
        using var log = new ListeningLog();
        await using var journal = new Processing.Journal.Journal(
            d.Stage.Database.DataSource, new JournalSettings { StopPatience = TimeSpan.FromMilliseconds(1) },
            NullLogger<Processing.Journal.Journal>.Instance);
        var engine = d.Engine;
        var decide = new DecideProposals(
            engine.Proposals, journal, engine.Book, engine.Funds, engine.Postings, new SetTerminalLimits(engine.Database),
            new PutTermsInForce(engine.Database), engine.Node,
            engine.Waiting, new Logger<DecideProposals>(log));
        using var stop = new CancellationTokenSource();
        await using var held = await d.Stage.HoldLaneAsync();
        var keeping = decide.KeepAsync(stop.Token);
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30)))
        {
            while (await d.Stage.Database.AskAsync<long>(Stage.WaitingForLanes) == 0)
            {
                await Task.Delay(20, patience.Token);
            }
        }

        if (stopping)
        {
            await stop.CancelAsync();
        }

        // It has not been written when the journal ends.
        await journal.DisposeAsync();
        (await keeping).Should().Be(0);
        log.Lines.Should().HaveCount(lines);
    }

    [Fact]
    public async Task One_payment_has_one_open_proposal_however_many_are_made_at_once()
    {
        await using var d = await Decisions.OpenAsync();
        var payment = await d.PaymentAsync("r", ProviderSilent);
        var proposed = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? d.Stage.A : d.Stage.B).Engine.Proposals
            .ProposeAsync(Decisions.Doer, payment, i % 3 == 0 ? Decision.Confirm : Decision.Decline, "x")));
        var made = proposed.Single(one => one.Result == ProposeResult.Made);
        proposed.Where(one => one.Result == ProposeResult.There).Should().HaveCount(11).And.OnlyContain(one => one.Id == made.Id);
    }

    [Fact]
    public async Task What_a_state_does_not_allow_is_not_proposed()
    {
        await using var d = await Decisions.OpenAsync();
        var payment = await d.PaymentAsync("r", ProviderSilent);
        (await d.Engine.Proposals.ProposeAsync(Decisions.Doer, payment, Decision.Delivered, "x")).Result.Should().Be(ProposeResult.NotPossible);
        (await d.Engine.Proposals.ProposeAsync(Decisions.Doer, payment, Decision.Stands, "x")).Result.Should().Be(ProposeResult.NotPossible);
        await d.HappenAsync("r", ProviderConfirmed);
        (await d.Engine.Proposals.ProposeAsync(Decisions.Doer, payment, Decision.Decline, "seen as unknown, and is confirmed"))
            .Should().Match<Proposed>(one => one.Result == ProposeResult.NotPossible && one.State == Confirmed);
        var tooLong = () => d.Engine.Proposals.ProposeAsync(Decisions.Doer, payment, Decision.Decline, new string('x', 501));
        await tooLong.Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task A_decided_proposal_is_never_rewritten_or_removed()
    {
        await using var d = await Decisions.OpenAsync();
        var id = await d.ProposeAsync(await d.PaymentAsync("r", ProviderSilent), Decision.Confirm);
        await d.Engine.Decide.ApproveAsync(Decisions.Approver, id);
        foreach (var change in new[]
        {
            "update proposal set state = 'open'", "update proposal set reason = 'another'", "update proposal set decided_by = 'leyla'",
            "update proposal set edge = 16", "delete from proposal", "truncate proposal cascade",
        })
        {
            var act = () => d.Stage.Database.ExecuteAsync(change);
            (await act.Should().ThrowAsync<Npgsql.PostgresException>(change)).Which.SqlState.Should().Be("42501", change);
        }
    }
}
