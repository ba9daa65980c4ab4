using System.Globalization;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Tests.Reconciliation;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>One thing of a round that fails keeps no other waiting; the round fails at its end, with the reasons of all.</summary>
public sealed class OneThatFails
{
    [Fact]
    public async Task A_payout_that_cannot_be_proposed_keeps_no_other_from_its_proposal()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.Decisions.Stage.Database.ExecuteAsync("""
            set session_replication_role = replica;
            insert into payout (provider_id, amount_qepik, end_to_end_id, execution_day, debtor_name, debtor_iban, creditor_name, creditor_iban,
                purpose, proposed_by)
            select g, 5, 'EGP000000-00000000000' || g, current_date, 'a', 'a', 'a', 'a', 'a', 'a' from generate_series(1, 2) as g
            """);
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();

        var failed = (await stage.Invoking(one => one.ProposeAsync()).Should().ThrowAsync<RoundFailedException>()).Which;
        failed.Message.Should().Contain("payout.1: ").And.Contain("payout.2: ").And.NotContain("payout.3");
        var payout = (await new ReadPayouts(stage.A.Database).FindAsync(3))!;
        (payout.AmountQepik, payout.State).Should().Be((1_000L, PayoutState.Proposed));
        payout.ProposalId.Should().NotBeNull();
    }

    [Fact]
    public async Task A_payout_that_cannot_be_entered_keeps_no_other_from_being_paid()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.Decisions.Stage.Database.ExecuteAsync("""
            create function spoil() returns trigger language plpgsql as $$ begin raise exception 'spoilt'; end $$;
            create trigger spoils before insert on payout for each row when (new.provider_id = 1) execute function spoil()
            """);
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.PayAsync(PayoutStage.Treasury, 2_001, group: 3, budget: new BudgetLine("3", "111100"));
        await stage.CloseWindowAsync();
        await stage.CloseWindowAsync(3);

        (await stage.Invoking(one => one.ProposeAsync()).Should().ThrowAsync<RoundFailedException>()).WithMessage("*provider 1*spoilt*");
        (await stage.Decisions.Stage.Database.AskAsync<string>("select string_agg(provider_id || ' ' || state, '') from payout join proposal using (payout_id)"))
            .Should().Be("2 open");
    }

    [Fact]
    public async Task A_return_that_contradicts_another_keeps_no_other_from_being_put_back()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.PayAsync(PayoutStage.Treasury, 2_001, group: 3, budget: new BudgetLine("3", "111100"));
        await stage.CloseWindowAsync();
        await stage.CloseWindowAsync(3);
        var round = await stage.ProposeAsync();
        await stage.ApproveAsync(round);
        await stage.ExportAsync();
        var (first, second) = (round.Proposals[0].PayoutId, round.Proposals[1].PayoutId);
        await stage.Decisions.Stage.Database.ExecuteAsync(
            "insert into payout_status (payout_id, source, level, code, verdict) select payout_id, 'pain.002', 'group', 'RJCT', 'rejected' from payout");
        await stage.A.Postings.PostAsync(
            new(stage.First, 6, 1001, 7, "payout-returned", string.Create(CultureInfo.InvariantCulture, $"payout.{first}")), "engine", null, null);

        (await stage.StatusOn(stage.A).Invoking(one => one.FinishReturnsAsync(TestContext.Current.CancellationToken))
            .Should().ThrowAsync<RoundFailedException>()).WithMessage("*stands with another amount*");
        (await new ReadPayouts(stage.A.Database).FindAsync(second))!.State.Should().Be(PayoutState.Returned);
        (await stage.OwedAsync(PayoutStage.Treasury)).Should().Be(2_000);
    }

    [Fact]
    public async Task A_register_that_cannot_be_compared_keeps_no_other_waiting()
    {
        await using var book = await RegisterBook.OpenAsync();
        var (yesterday, payment) = (book.Today.PlusDays(-1), await book.PayAsync(PaymentState.Confirmed));
        await book.Database.ExecuteAsync(FormattableString.Invariant($$"""
            create function spoil() returns trigger language plpgsql as $$ begin raise exception 'spoilt'; end $$;
            create trigger spoils before insert on reconciliation for each row when (new.subject like '%{{yesterday:uuuu-MM-dd}}')
                execute function spoil()
            """));
        await book.RegisterAsync(yesterday);
        await book.RegisterAsync(book.Today, book.LineOf(payment));

        (await new ReconcileDue(book.Engine).Invoking(one => one.RoundAsync("test", TestContext.Current.CancellationToken))
            .Should().ThrowAsync<RoundFailedException>()).WithMessage("azercell/*spoilt*");
        (await book.Database.AskAsync<long>("select matched from reconciliation")).Should().Be(1);
    }

    [Fact]
    public async Task Windows_of_more_agents_than_a_payout_carries_are_several_payouts()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.PayAsync(PayoutStage.Utility, 2_001, stage.Second);
        await stage.CloseWindowAsync();
        var few = new ProposePayouts(stage.A.Database, stage.A.Proposals, stage.A.Postings) { MostAgents = 1 };

        var round = await few.RoundAsync(Decisions.Doer, PayoutStage.Terms, Orders.Day, cancel: TestContext.Current.CancellationToken);
        round.Proposals.Should().HaveCount(2);
        await stage.ApproveAsync(round);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_window_of_more_agents_than_a_smallint_counts_is_proposed_as_one_payout()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.Decisions.Stage.Database.ExecuteAsync("""
            set session_replication_role = replica;
            insert into agent (agent_id, lane, code, name) select 1000 + g, 1, 'many-' || g, 'Many' from generate_series(1, 33000) as g;
            insert into window_line (provider_id, cutoff_group, bank_day) values (1, 1, '2020-01-06');
            insert into window_owed (provider_id, cutoff_group, bank_day, agent_id, owed_qepik)
            select 1, 1, '2020-01-06', 1000 + g, 7 from generate_series(1, 33000) as g
            """);

        var made = (await stage.ProposeAsync()).Proposals.Should().ContainSingle().Which;
        (await stage.A.Proposals.PostingsAsync(made.ProposalId, TestContext.Current.CancellationToken)).Should().HaveCount(33_000)
            .And.OnlyContain(one => one.AmountQepik == 7);
    }
}
