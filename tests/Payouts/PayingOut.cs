using System.Globalization;
using System.Text;
using System.Xml.Linq;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Payouts;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>What is owed leaves once: proposed by one, approved by another, told to a bank, and put back where the bank refuses.</summary>
public sealed class PayingOut
{
    [Fact]
    public async Task All_closed_windows_of_a_provider_are_one_payout_and_its_payables_go_to_zero()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.PayAsync(PayoutStage.Utility, 501, stage.Second);
        await stage.CloseWindowAsync();
        await stage.PayAsync(PayoutStage.Utility, 2_001);
        await stage.PayAsync(PayoutStage.Utility, 7_001, group: 2);
        await stage.CloseWindowAsync();
        await stage.CloseWindowAsync(2);
        await stage.PayAsync(PayoutStage.Utility, 9_001);

        var round = await stage.ProposeAsync();

        var payout = (await new ReadPayouts(stage.A.Database).FindAsync(round.Proposals.Should().ContainSingle().Which.PayoutId))!;
        (payout.AmountQepik, payout.State).Should().Be((10_500L, PayoutState.Proposed));
        (await new ReadPayouts(stage.A.Database).WindowsAsync(payout.Id)).Should().HaveCount(3);
        await stage.ApproveAsync(round);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(9_000);
        (await stage.OwedAsync(PayoutStage.Utility, stage.Second)).Should().Be(0);
        (await stage.ProposeAsync()).Proposals.Should().BeEmpty("everything closed is in a payout");
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Budget_money_is_a_payout_for_each_level_and_code()
    {
        await using var stage = await PayoutStage.SetAsync();
        foreach (var (level, code, qepik) in new[] { ("1", "111100", 101L), ("1", "111101", 201L), ("2", "111100", 301L), ("1", "111100", 401L) })
        {
            await stage.PayAsync(PayoutStage.Treasury, qepik, group: 3, budget: new BudgetLine(level, code));
        }

        await stage.CloseWindowAsync(3);
        var round = await stage.ProposeAsync();
        await stage.ApproveAsync(round);
        var file = await stage.ExportAsync();

        var root = XDocument.Parse(Encoding.UTF8.GetString(file.Body.Span)).Root!;
        var ns = root.Name.Namespace;
        root.Descendants(ns + "CdtTrfTxInf").Select(one => string.Join(
                ' ', one.Descendants(ns + "Ustrd").Take(2).Select(line => line.Value).Append(one.Descendants(ns + "InstdAmt").Single().Value)))
            .Should().BeEquivalentTo("1 111100 5.00", "1 111101 2.00", "2 111100 3.00");
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_window_in_which_more_was_taken_back_is_carried_into_the_next()
    {
        await using var stage = await PayoutStage.SetAsync();
        var paid = await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        await stage.HappenAsync(stage.First, paid, PaymentEvent.RegisterShowsAbsent);
        await stage.CloseWindowAsync();

        var nothing = await stage.ProposeAsync();
        nothing.Proposals.Should().BeEmpty();
        nothing.Carried.Should().ContainSingle().Which.OwedQepik.Should().Be(-1_000);
        await stage.PayAsync(PayoutStage.Utility, 5_001);
        await stage.CloseWindowAsync();
        var round = await stage.ProposeAsync();

        var payout = (await new ReadPayouts(stage.A.Database).FindAsync(round.Proposals.Single().PayoutId))!;
        payout.AmountQepik.Should().Be(4_000);
        await stage.ApproveAsync(round);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Whoever_is_owed_and_has_no_account_in_the_terms_is_named_and_waits()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(3, 501);
        await stage.CloseWindowAsync();

        var round = await stage.ProposeAsync();
        round.Proposals.Should().BeEmpty();
        round.WithoutTerms.Should().ContainSingle().Which.Should().Be(new PayoutCarried(3, null, 500));
    }

    [Fact]
    public async Task Many_proposers_approvers_and_exporters_on_two_nodes_pay_everything_once()
    {
        await using var stage = await PayoutStage.SetAsync();
        for (var round = 0; round < 3; round++)
        {
            await stage.PayAsync(PayoutStage.Utility, 1_001);
            await stage.PayAsync(PayoutStage.Treasury, 2_001, stage.Second, 3, new BudgetLine("3", "111100"));
            await stage.CloseWindowAsync();
            await stage.CloseWindowAsync(3);
            var rounds = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => stage.ProposeAsync(i % 2 == 0 ? stage.A : stage.B)));
            var proposals = rounds.SelectMany(one => one.Proposals).ToList();
            proposals.Should().HaveCount(2).And.OnlyHaveUniqueItems();
            await Task.WhenAll(proposals.SelectMany(one => Enumerable.Range(0, 4).Select(i =>
                (i % 2 == 0 ? stage.A : stage.B).Decide.ApproveAsync(Decisions.Approver, one.ProposalId))));
            var files = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => stage.ExportOn(i % 2 == 0 ? stage.A : stage.B).RunAsync(
                Decisions.Doer, PayoutFormat.Pain00100103, cancel: TestContext.Current.CancellationToken)));
            files.Where(one => one.File is not null).Sum(one => one.File!.Payouts).Should().Be(2);
        }

        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
        (await stage.OwedAsync(PayoutStage.Treasury)).Should().Be(0);
        (await stage.Decisions.Stage.Database.AskAsync<long>("select sum(amount_qepik)::bigint from transfer where credit = 6")).Should().Be(9_000);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_a_proposer_had_entered_when_it_died_is_proposed_by_the_next()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ProposeOn(stage.A).EnterAsync(
            "aysel", PayoutStage.Terms, Orders.Day, null, null, new WholeRound(), TestContext.Current.CancellationToken);
        (await stage.ExportOn(stage.A).RunAsync(
            Decisions.Doer, PayoutFormat.Pain00100109, cancel: TestContext.Current.CancellationToken)).File.Should().BeNull();

        var round = await stage.ProposeAsync(stage.B);
        round.Proposals.Should().ContainSingle();
        await stage.ApproveAsync(round);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
    }

    [Fact]
    public async Task Nobody_approves_their_own_and_nothing_is_exported_before()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        var round = await stage.ProposeOn(stage.A).RoundAsync(
            Decisions.Other, PayoutStage.Terms, Orders.Day, cancel: TestContext.Current.CancellationToken);

        (await stage.A.Decide.ApproveAsync(Decisions.Other, round.Proposals.Single().ProposalId)).Result.Should().Be(DecideResult.SamePerson);
        (await stage.ExportOn(stage.A).RunAsync(
            Decisions.Doer, PayoutFormat.Pain00100109, cancel: TestContext.Current.CancellationToken)).File.Should().BeNull();
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000);
    }

    [Fact]
    public async Task After_a_refusal_the_windows_are_free_for_a_payout_of_another_id()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        var first = (await stage.ProposeAsync()).Proposals.Single();
        (await stage.A.Decide.RejectAsync(Decisions.Approver, first.ProposalId, "no")).Result.Should().Be(DecideResult.Done);

        var second = (await stage.ProposeAsync()).Proposals.Single();
        second.PayoutId.Should().NotBe(first.PayoutId);
        var read = new ReadPayouts(stage.A.Database);
        (await read.FindAsync(first.PayoutId))!.State.Should().Be(PayoutState.Dropped);
        var late = await stage.A.Proposals.ProposePayoutAsync(
            Decisions.Doer, first.PayoutId, await stage.A.Proposals.PostingsAsync(first.ProposalId), "late");
        late.Result.Should().Be(ProposeResult.NotPossible, "a dropped payout stays so");
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_file_that_is_asked_for_again_is_the_same_bytes_under_the_same_id()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        var round = await stage.ProposeAsync();
        await stage.ApproveAsync(round);
        var made = await stage.ExportAsync();

        var again = (await stage.ExportOn(stage.B).RunAsync(
            Decisions.Doer, PayoutFormat.DomesticLines, payoutId: round.Proposals.Single().PayoutId,
            cancel: TestContext.Current.CancellationToken)).File!;
        (again.MessageId, again.Format, again.New, again.Sha256).Should().Be((made.MessageId, PayoutFormat.Pain00100109, false, made.Sha256));
        again.Body.ToArray().Should().Equal(made.Body.ToArray());
        (await stage.ExportOn(stage.A).RunAsync(
            Decisions.Doer, PayoutFormat.Pain00100109, cancel: TestContext.Current.CancellationToken)).File.Should().BeNull();
    }

    [Theory]
    [InlineData("group")]
    [InlineData("block")]
    [InlineData("transfer")]
    public async Task What_the_bank_refuses_goes_back_once_and_is_in_the_next_payout_under_a_new_id(string level)
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.PayAsync(PayoutStage.Utility, 501, stage.Second);
        await stage.CloseWindowAsync();
        var round = await stage.ProposeAsync();
        await stage.ApproveAsync(round);
        var file = await stage.ExportAsync();
        var read = new ReadPayouts(stage.A.Database);
        var payout = (await read.FindAsync(round.Proposals.Single().PayoutId))!;
        var refused = Answer(file, level, "RJCT", payout);

        var imports = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => stage.StatusOn(i % 2 == 0 ? stage.A : stage.B).RunAsync(
            Decisions.Doer, "answer.xml", refused, "command", TestContext.Current.CancellationToken)));

        imports.Should().OnlyContain(one => one.Refused == null);
        imports.Count(one => !one.Before).Should().Be(1);
        imports.Sum(one => one.Returned.Count).Should().Be(1);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_500);
        (await stage.OwedAsync(PayoutStage.Utility, stage.Second)).Should().Be(500);
        (await read.FindAsync(payout.Id))!.Should().Match<Payout>(
            one => one.State == PayoutState.Returned && one.BankReason!.Contains("AC01"));
        (await stage.FaultsAsync()).Should().BeEmpty();

        var breaks = new AnsweredBreaks(stage.A.Database);
        (await breaks.RoundAsync(TestContext.Current.CancellationToken)).Should().Be(1);
        (await breaks.RoundAsync(TestContext.Current.CancellationToken)).Should().Be(0);
        (await stage.Decisions.Stage.Database.AskAsync<string>(
            "select side || ' ' || kind || ' ' || subject || ' ' || amount_at_risk_qepik || ' ' || cause from settlement_break"))
            .Should().Be($"payout PayoutRejected {payout.EndToEndId} 1500 payout-rejected");

        var next = await stage.ProposeAsync();
        await stage.ApproveAsync(next);
        var second = (await read.FindAsync(next.Proposals.Single().PayoutId))!;
        (second.AmountQepik, second.EndToEndId == payout.EndToEndId).Should().Be((1_500L, false));
        (await stage.ExportAsync()).MessageId.Should().NotBe(file.MessageId);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_was_half_put_back_is_finished_by_the_next_look()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        var file = await stage.ExportAsync();
        var payout = (await new ReadPayouts(stage.A.Database).ListAsync(null, open: true, cancel: TestContext.Current.CancellationToken)).Single();
        await stage.Decisions.Stage.Database.ExecuteAsync(
            $"insert into payout_status (payout_id, source, level, code, verdict) values ({payout.Id}, 'pain.002', 'group', 'RJCT', 'rejected')");
        (await stage.A.Postings.PostAsync(
            new(stage.First, 6, 1001, 1_000, "payout-returned", $"payout.{payout.Id}"), "engine", null, null))
            .Should().Be(Processing.Ledger.PostResult.Posted);

        (await stage.FaultsAsync()).Should().BeEmpty("a return that is under way is no fault");
        (await stage.StatusOn(stage.B).FinishReturnsAsync(TestContext.Current.CancellationToken)).Should().Equal(payout.Id);
        (await stage.StatusOn(stage.A).FinishReturnsAsync(TestContext.Current.CancellationToken)).Should().BeEmpty();
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000);
        (await stage.FaultsAsync()).Should().BeEmpty();
        file.Payouts.Should().Be(1);
    }

    [Fact]
    public async Task An_accepted_and_settled_payout_stays_and_a_refusal_after_that_moves_nothing()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        var file = await stage.ExportAsync();
        var read = new ReadPayouts(stage.A.Database);
        var payout = (await read.ListAsync(null, open: true, cancel: TestContext.Current.CancellationToken)).Single();
        foreach (var (code, state) in new[] { ("ACTC", PayoutState.Exported), ("ACSP", PayoutState.Accepted), ("ACSC", PayoutState.Settled) })
        {
            var import = await stage.StatusOn(stage.A).RunAsync(
                Decisions.Doer, code, Answer(file, "transfer", code, payout), "command", TestContext.Current.CancellationToken);
            (import.Refused, import.Told, import.Untold).Should().Be((null, 1, 0));
            (await read.FindAsync(payout.Id))!.State.Should().Be(state);
        }

        (await stage.StatusOn(stage.A).RunAsync(
            Decisions.Doer, "late", Answer(file, "group", "RJCT", payout), "command", TestContext.Current.CancellationToken))
            .Returned.Should().BeEmpty();
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
    }

    [Fact]
    public async Task An_answer_about_what_we_never_sent_is_refused_with_its_line_and_may_be_given_again()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        var file = await stage.ExportAsync();
        var payout = (await new ReadPayouts(stage.A.Database).ListAsync(null, open: true, cancel: TestContext.Current.CancellationToken)).Single();
        async Task<string?> RefusedAsync(PayoutFile of, Payout about) => (await stage.StatusOn(stage.A).RunAsync(
            Decisions.Doer, "x", Answer(of, "transfer", "RJCT", about), "command", TestContext.Current.CancellationToken)).Refused;

        (await RefusedAsync(file with { MessageId = "EGPF000000-000000000000" }, payout)).Should().Contain("no file of ours");
        (await RefusedAsync(file, payout with { EndToEndId = "EGP000000-000000000000" })).Should().Contain("line ").And.Contain("no transfer");
        (await RefusedAsync(file, payout with { EndToEndId = "EGP000000-000000000000" })).Should().NotBeNull("what was refused may come again");
        (await stage.Decisions.Stage.Database.AskAsync<long>("select count(*) from settlement_file where refused_because is not null")).Should().Be(3);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
    }

    [Theory]
    [InlineData("update payout_part set amount_qepik = amount_qepik + 1", "windows are not its amount")]
    [InlineData("update payout_part set amount_qepik = amount_qepik + 1; update payout set amount_qepik = amount_qepik + 1;"
        + "update payout_agent set amount_qepik = amount_qepik + 1", "the ledger has")]
    [InlineData("update payout_agent set amount_qepik = amount_qepik + 1", "agents are not its amount")]
    [InlineData("drop index payout_part_living; insert into payout (provider_id, amount_qepik, end_to_end_id, execution_day, debtor_name, debtor_iban, "
        + "creditor_name, creditor_iban, purpose, proposed_by) select provider_id, amount_qepik, 'EGP000000-000000000000', execution_day, 'a', 'a', "
        + "'a', 'a', 'a', 'a' from payout; insert into payout_part select max(o.payout_id), p.provider_id, cutoff_group, bank_day, p.budget_level, "
        + "p.budget_code, p.amount_qepik from payout o, payout_part p group by 2, 3, 4, 5, 6, 7", "2 living payouts")]
    [InlineData("update proposal set state = 'rejected'", "nobody approved it")]
    [InlineData("update proposal set state = 'rejected'; delete from movement where kind = 'payout'", "it is not approved")]
    [InlineData("delete from movement where kind = 'payout'", "what is posted for it")]
    [InlineData("update movement set amount_qepik = amount_qepik - 1 where kind = 'payout'", "what is posted for it")]
    [InlineData("update payout_file set total_qepik = total_qepik + 1", "is not the sum")]
    [InlineData("update payout_file set body = body || '\\x0a'", "not the bytes")]
    [InlineData("update payout_part set released_at = now()", "holds none")]
    [InlineData("update payout set returned_at = now(), return_reason = 'x'; update payout_part set released_at = now()", "what was put back")]
    [InlineData("update payout set dropped_at = now(); update payout_part set released_at = now()", "dropped although")]
    [InlineData("update movement set kind = 'payout-returned' where kind = 'payout'", "no bank refused it")]
    public async Task The_audit_finds_a_payout_that_is_not_what_it_should_be(string damage, string says)
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        await stage.ExportAsync();
        (await stage.FaultsAsync()).Should().BeEmpty();

        await stage.Decisions.Stage.Database.ExecuteAsync("set session_replication_role = replica; " + damage);

        (await stage.FaultsAsync()).Should().Contain(fault => fault.StartsWith("payouts: ") && fault.Contains(says));
    }

    [Theory]
    [InlineData("update payout set amount_qepik = 1")]
    [InlineData("update payout set end_to_end_id = 'EGP000000-000000000000'")]
    [InlineData("delete from payout_part")]
    [InlineData("update payout_part set amount_qepik = 1")]
    [InlineData("update payout_agent set amount_qepik = 1")]
    [InlineData("update payout_file set body = ''")]
    [InlineData("delete from payout_in_file")]
    public async Task A_payout_is_never_rewritten(string how)
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        await stage.ExportAsync();

        await stage.Invoking(one => one.Decisions.Stage.Database.ExecuteAsync(how)).Should().ThrowAsync<PostgresException>();
    }

    internal static byte[] Answer(PayoutFile file, string level, string code, Payout payout)
    {
        var reason = "<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn><AddtlInf>no such account</AddtlInf></StsRsnInf>";
        var block = $"<OrgnlPmtInfId>{file.MessageId}-001</OrgnlPmtInfId>";
        return Encoding.UTF8.GetBytes(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><GrpHdr><MsgId>B"
            + payout.Id.ToString(CultureInfo.InvariantCulture) + $"</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{file.MessageId}</OrgnlMsgId>"
            + "<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
            + (level == "group" ? $"<GrpSts>{code}</GrpSts>{reason}</OrgnlGrpInfAndSts>" : "</OrgnlGrpInfAndSts>")
            + (level == "block" ? $"<OrgnlPmtInfAndSts>{block}<PmtInfSts>{code}</PmtInfSts>{reason}</OrgnlPmtInfAndSts>" : "")
            + (level == "transfer"
                ? $"<OrgnlPmtInfAndSts>{block}\n<TxInfAndSts><OrgnlEndToEndId>{payout.EndToEndId}</OrgnlEndToEndId><TxSts>{code}</TxSts>{reason}"
                    + "</TxInfAndSts></OrgnlPmtInfAndSts>" : "")
            + "</CstmrPmtStsRpt></Document>");
    }
}
