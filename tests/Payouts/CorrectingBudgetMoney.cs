using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Payouts;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>What settles a break about budget money leaves as budget money.</summary>
public sealed class CorrectingBudgetMoney
{
    [Fact]
    public async Task A_correction_of_budget_money_is_paid_out_with_the_level_and_code_of_its_payment()
    {
        await using var stage = await PayoutStage.SetAsync();
        var reference = await stage.PayAsync(PayoutStage.Treasury, 1_001, budget: new BudgetLine("3", "111100"));
        var payment = (await stage.A.Book.FindAsync(stage.First, reference, TestContext.Current.CancellationToken))!;
        await using (var connection = await stage.A.Database.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await OpenBreaks.AddAsync(
                connection,
                [
                    new NewBreak(BreakSide.Register, BreakKind.OverAmount, "t/1", Orders.Day, 50, "more-there", "ask-provider")
                    {
                        ProviderId = PayoutStage.Treasury, AgentId = payment.AgentId, Number = payment.Number,
                    },
                ],
                TestContext.Current.CancellationToken);
        }

        var one = (await new BreakBook(stage.A.Database).ListAsync(new BreakFilter(), cancel: TestContext.Current.CancellationToken)).Single();
        var proposed = await new SettleBreak(stage.A).ProposeAsync(
            Decisions.Doer, one.Id,
            new BreakResolution(null, [new Correcting(null, Accounts.Suspense, Accounts.Payable(PayoutStage.Treasury), 50, CutoffGroup: 1)]),
            "letter 1", TestContext.Current.CancellationToken);
        (await stage.A.Decide.ApproveAsync(Decisions.Approver, proposed.Proposed.Id)).Result.Should().Be(DecideResult.Done);
        await stage.CloseWindowAsync();

        await stage.ApproveAsync(await stage.ProposeAsync());

        var payouts = await new ReadPayouts(stage.A.Database).ListAsync(null, open: true, cancel: TestContext.Current.CancellationToken);
        payouts.Select(each => (each.Budget, each.AmountQepik)).Should().Equal((new BudgetLine("3", "111100"), 1_050L));
        (await new ReadNetting(stage.A.Database).CutAsync(
            NettingScope.Days(Orders.Day.PlusDays(-400), Orders.Day.PlusDays(4_000)), NettingCut.Budget, 10, TestContext.Current.CancellationToken))
            .Where(row => row.ProviderId == PayoutStage.Treasury && row.BudgetCode == "111100").Sum(row => row.Sums.NetQepik).Should().Be(1_050);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }
}
