using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Reconciliation;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>Breaks are settled by two people, or by themselves where the contradiction is gone, and opened again where it comes back.</summary>
public sealed class WorkingBreaks
{
    [Fact]
    public async Task Two_people_decide_about_the_payment_and_the_break_is_settled_with_it()
    {
        await using var book = await OpenAsync();
        var payment = await book.PayAsync(PaymentState.Declined);
        await book.RegisterAsync(book.Today, book.LineOf(payment));
        await book.ReconcileAsync();
        var one = (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter())).Should().ContainSingle().Subject;
        one.Should().BeEquivalentTo(new
        {
            Kind = BreakKind.MissingHere, State = BreakState.Open, Step = "propose-delivered", AmountAtRiskQepik = 1_000, AgeDays = 0,
        });

        (await ProposeAsync(book, one.Id, new BreakResolution(PaymentDecision.Absent, []))).Result.Should().Be(SettleBreakResult.NoSuchDecision);
        var proposed = await ProposeAsync(book, one.Id, new BreakResolution(PaymentDecision.Delivered, []));
        proposed.Result.Should().Be(SettleBreakResult.Made);
        (await FindAsync(book, one.Id)).Should().BeEquivalentTo(new { State = BreakState.Proposed, ProposalId = proposed.Proposed.Id });
        (await ProposeAsync(book, one.Id, BreakResolution.Accept)).Result.Should().Be(SettleBreakResult.There);
        await ApproveAsync(book, proposed);

        (await book.FindAsync(payment.Number)).Should().BeEquivalentTo(new { State = PaymentState.Confirmed, Edge = 24 });
        (await FindAsync(book, one.Id)).Should().BeEquivalentTo(new { State = BreakState.Settled, Resolution = "delivered" });
        (await ProposeAsync(book, one.Id, BreakResolution.Accept)).Result.Should().Be(SettleBreakResult.Settled);
        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Matched = 1, Breaks = 0 });
        (await FindAsync(book, one.Id)).State.Should().Be(BreakState.Settled);
    }

    [Fact]
    public async Task A_correction_is_posted_in_the_open_day_and_what_was_corrected_stays_settled_until_they_say_something_else()
    {
        await using var book = await OpenAsync();
        var payment = await book.PayAsync(PaymentState.Confirmed);
        await book.RegisterAsync(book.Today, book.LineOf(payment) with { AmountQepik = 1_150 });
        await book.ReconcileAsync();
        var one = (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter())).Single();

        await ApproveAsync(book, await ProposeAsync(
            book, one.Id,
            new BreakResolution(null, [new Correcting(null, Accounts.Suspense, Accounts.Payable(book.Provider.Id), 150, CutoffGroup: 2)])));

        (await book.Database.AskAsync<long>(
            $"select amount_qepik from transfer where debit = 9 and credit = 1000 + {book.Provider.Id} and cutoff_group = 2")).Should().Be(150);
        (await book.ReconcileAsync()).Breaks.Should().Be(1, "they still say what they said");
        (await FindAsync(book, one.Id)).Should().BeEquivalentTo(new { State = BreakState.Settled, Resolution = "correct", Reopened = 0 });

        await book.RegisterAsync(book.Today, book.LineOf(payment) with { AmountQepik = 1_151 });
        await book.ReconcileAsync();
        (await FindAsync(book, one.Id)).Should().BeEquivalentTo(
            new { State = BreakState.Open, Reopened = 1, AmountAtRiskQepik = 151, ProposalId = (long?)null });
    }

    [Fact]
    public async Task A_break_that_is_gone_is_closed_and_one_that_comes_back_is_the_same()
    {
        await using var book = await OpenAsync();
        var payment = await book.PayAsync(PaymentState.Confirmed);
        await book.RegisterAsync(book.Today);
        await book.ReconcileAsync();
        var one = (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter())).Single();

        await book.RegisterAsync(book.Today, book.LineOf(payment));
        (await book.ReconcileAsync()).Closed.Should().Be(1);
        (await FindAsync(book, one.Id)).Should().BeEquivalentTo(new { State = BreakState.Settled, SettledBy = "test" });

        await book.RegisterAsync(book.Today);
        await book.ReconcileAsync();
        (await FindAsync(book, one.Id)).Should().BeEquivalentTo(new { State = BreakState.Open, Reopened = 1 });
        (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(1);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task What_was_proposed_about_a_break_that_is_gone_since_moves_nothing(bool correction, bool back)
    {
        await using var book = await OpenAsync();
        var payment = await book.PayAsync(PaymentState.Confirmed);
        Task FindAgainAsync() => correction
            ? book.RegisterAsync(book.Today, book.LineOf(payment) with { AmountQepik = 1_150 }) : book.RegisterAsync(book.Today);
        await FindAgainAsync();
        await book.ReconcileAsync();
        var one = (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter())).Single();
        var resolution = correction
            ? new BreakResolution(null, [new Correcting(null, Accounts.Suspense, Accounts.Payable(book.Provider.Id), 150, CutoffGroup: 2)])
            : new BreakResolution(PaymentDecision.Absent, []);
        var proposed = await ProposeAsync(book, one.Id, resolution);
        proposed.Result.Should().Be(SettleBreakResult.Made);

        // The organisation's next register has it after all; perhaps the one after that has not.
        await book.RegisterAsync(book.Today, book.LineOf(payment));
        (await book.ReconcileAsync()).Closed.Should().Be(1);
        if (back)
        {
            await FindAgainAsync();
            await book.ReconcileAsync();
        }

        var decided = await book.Engine.Decide.ApproveAsync(TestPeople.Approver, proposed.Proposed.Id);
        decided.Result.Should().Be(DecideResult.Void);
        decided.Proposal!.Outcome.Should().Contain("break");
        (await book.FindAsync(payment.Number)).State.Should().Be(PaymentState.Confirmed);
        (await book.Database.AskAsync<long>("select count(*) from movement where kind = 'correction'")).Should().Be(0);
        var stale = await book.Engine.Proposals.ProposeBreakAsync(TestPeople.Doer, one.Id, "accept", "seen before it was gone");
        stale.Result.Should().Be(back ? ProposeResult.Made : ProposeResult.NotPossible);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_proposed_about_other_facts_moves_nothing_and_the_same_facts_again_are_the_same(bool changed)
    {
        await using var book = await OpenAsync();
        var payment = await book.PayAsync(PaymentState.Confirmed);
        var line = book.LineOf(payment) with { AmountQepik = 1_150 };
        await book.RegisterAsync(book.Today, line);
        await book.ReconcileAsync();
        var one = (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter())).Single();
        var resolution = new BreakResolution(null, [new Correcting(null, Accounts.Suspense, Accounts.Payable(book.Provider.Id), 150, CutoffGroup: 2)]);
        var proposed = await ProposeAsync(book, one.Id, resolution);

        await book.RegisterAsync(book.Today, changed ? line with { AmountQepik = 1_151 } : line);
        await book.ReconcileAsync();
        (await FindAsync(book, one.Id)).Should().BeEquivalentTo(new { Reopened = 0, AmountAtRiskQepik = changed ? 151 : 150 });

        var decided = await book.Engine.Decide.ApproveAsync(TestPeople.Approver, proposed.Proposed.Id);
        decided.Result.Should().Be(changed ? DecideResult.Void : DecideResult.Done);
        (await book.Database.AskAsync<long>("select count(*) from movement where kind = 'correction'")).Should().Be(changed ? 0 : 1);
        if (changed)
        {
            await ApproveAsync(book, await ProposeAsync(book, one.Id, resolution));
            (await FindAsync(book, one.Id)).State.Should().Be(BreakState.Settled);
        }
    }

    [Fact]
    public async Task Budget_money_is_corrected_with_a_window_only_where_its_level_and_code_are_known()
    {
        await using var book = await OpenAsync();
        var budget = book.Engine.Catalogue.Current.Services.First(service => service.BudgetLevel is not null).Provider;
        var payable = Accounts.Payable(book.Engine.Catalogue.Current.Provider(budget)!.Id);
        await using (var connection = await book.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await OpenBreaks.AddAsync(
                connection, [new NewBreak(BreakSide.Bank, BreakKind.Unidentified, "s/1", book.Today, 100, "bank-unknown", "ask-bank")],
                TestContext.Current.CancellationToken);
        }

        var one = (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter())).Single();
        BreakResolution To(int account, short group) => new(null, [new Correcting(RegisterBook.Agent, Accounts.Suspense, account, 100, group)]);
        (await ProposeAsync(book, one.Id, To(payable, 2))).Result.Should().Be(SettleBreakResult.NoBudgetLine);
        (await ProposeAsync(book, one.Id, To(payable, 0))).Result.Should().Be(SettleBreakResult.Made);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_approval_beside_a_comparison_waits_for_it_holds_no_other_up_and_goes_by_what_it_says(bool otherwise)
    {
        await using var book = await OpenAsync();
        var (one, two) = await TwoAsync(book);
        var proposed = await ProposeAsync(book, one, BreakResolution.Accept);
        var beside = await ProposeAsync(book, two, BreakResolution.Accept);
        await using var comparing = await book.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var writing = await comparing.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var change = comparing.CreateCommand())
        {
            change.CommandText = $"update settlement_break set amount_at_risk_qepik = amount_at_risk_qepik + {(otherwise ? 1 : 0)}, "
                + $"evidence = evidence + {(otherwise ? 1 : 0)} where break_id = {one}";
            await change.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var approval = book.Engine.Decide.ApproveAsync(TestPeople.Approver, proposed.Proposed.Id);
        while (await book.Database.AskAsync<long>(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%for share%'") == 0)
        {
            approval.IsCompleted.Should().BeFalse("the break is being changed");
        }

        // Both are of the same lane.
        await ApproveAsync(book, beside);
        await writing.CommitAsync(TestContext.Current.CancellationToken);
        (await approval).Result.Should().Be(otherwise ? DecideResult.Void : DecideResult.Done);
        (await FindAsync(book, one)).State.Should().Be(otherwise ? BreakState.Open : BreakState.Settled);
    }

    [Fact]
    public async Task An_approval_beside_a_long_comparison_says_so_and_is_possible_after_it()
    {
        await using var book = await OpenAsync();
        var (one, _) = await TwoAsync(book);
        var proposed = await ProposeAsync(book, one, BreakResolution.Accept);
        await using (var comparing = await book.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await using var writing = await comparing.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var change = comparing.CreateCommand();
            change.CommandText = $"update settlement_break set line = 7 where break_id = {one}";
            await change.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            var decided = await book.Engine.Decide.ApproveAsync(TestPeople.Approver, proposed.Proposed.Id);
            (decided.Result, decided.Proposal!.State).Should().Be((DecideResult.BeingCompared, ProposalState.Open));
        }

        await ApproveAsync(book, proposed);
    }

    [Fact]
    public async Task Ages_are_banded_by_days_of_Baku_and_the_money_is_added_up()
    {
        await using var book = await OpenAsync();
        await using (var connection = await book.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await OpenBreaks.AddAsync(
                connection,
                [.. Enumerable.Range(1, 5).Select(i => new NewBreak(
                    BreakSide.Bank, BreakKind.Unidentified, $"s/{i}", book.Today, i * 100, "bank-unknown", "ask-bank"))],
                TestContext.Current.CancellationToken);
        }

        await book.Database.ExecuteAsync("""
            alter table settlement_break disable trigger settlement_break_is_kept;
            update settlement_break set opened_at = (date_trunc('day', now() at time zone 'Asia/Baku') at time zone 'Asia/Baku')
                - case subject when 's/1' then 0 when 's/2' then 1 when 's/3' then 2 when 's/4' then 30 else 31 end * interval '1 day'
            """);

        (await new BreakBook(book.Database.DataSource).TotalsAsync()).Should().BeEquivalentTo([
            new BreakTotal(AgeBand.Fresh, BreakKind.Unidentified, 2, 300, 1), new BreakTotal(AgeBand.Week, BreakKind.Unidentified, 1, 300, 2),
            new BreakTotal(AgeBand.Month, BreakKind.Unidentified, 1, 400, 30), new BreakTotal(AgeBand.Old, BreakKind.Unidentified, 1, 500, 31)]);
        (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter(Side: BreakSide.Register))).Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_due_is_compared_once_and_again_when_another_register_comes()
    {
        await using var book = await OpenAsync();
        var payment = await book.PayAsync(PaymentState.Confirmed);
        await book.RegisterAsync(book.Today, book.LineOf(payment));
        var due = new ReconcileDue(book.Engine);

        (await due.RoundAsync("job")).Should().ContainSingle().Which.Found!.Matched.Should().Be(1);
        (await due.RoundAsync("job")).Should().BeEmpty();
        await book.RegisterAsync(book.Today);
        (await due.RoundAsync("job")).Should().ContainSingle().Which.Found!.Breaks.Should().Be(1);
        (await due.RoundAsync("job")).Should().BeEmpty();
    }

    private static async Task<RegisterBook> OpenAsync()
    {
        var book = await RegisterBook.OpenAsync();
        await TestPeople.InAsync(book.Database.DataSource);
        return book;
    }

    private static async Task<(long One, long Two)> TwoAsync(RegisterBook book)
    {
        await using var connection = await book.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await OpenBreaks.AddAsync(
            connection,
            [.. Enumerable.Range(1, 2).Select(i => new NewBreak(
                BreakSide.Bank, BreakKind.Unidentified, $"s/{i}", book.Today, i * 100, "bank-unknown", "ask-bank"))],
            TestContext.Current.CancellationToken);
        var all = await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter());
        return (all.Min(one => one.Id), all.Max(one => one.Id));
    }

    private static Task<BreakProposed> ProposeAsync(RegisterBook book, long id, BreakResolution resolution) =>
        new SettleBreak(book.Engine).ProposeAsync(TestPeople.Doer, id, resolution, "letter 44");

    private static async Task ApproveAsync(RegisterBook book, BreakProposed proposed) =>
        (await book.Engine.Decide.ApproveAsync(TestPeople.Approver, proposed.Proposed.Id)).Result.Should().Be(DecideResult.Done);

    private static async Task<SettlementBreak> FindAsync(RegisterBook book, long id) =>
        (await new BreakBook(book.Database.DataSource).FindAsync(id))!;
}
