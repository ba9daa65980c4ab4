using EGovPay.Processing.People;
using EGovPay.Settlement.Payouts;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>What whoever approves a payout sees of it.</summary>
public sealed class SeenByApprovers
{
    private const string Another = "AZ37PAHA38050230000000000944";

    [Fact]
    public async Task An_approver_sees_amount_receiver_budget_and_whether_the_account_is_another_than_that_of_the_last_one_carried_out()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.PayAsync(PayoutStage.Treasury, 501, budget: new BudgetLine("3", "142340"));
        await stage.CloseWindowAsync();
        var first = await stage.ProposeAsync();
        var seen = await SeenAsync(stage);
        seen.Should().HaveCount(2).And.OnlyContain(one => one.AccountChanged == null, "nothing was carried out before");
        seen.Single(one => one.ProviderId == PayoutStage.Utility).Should().BeEquivalentTo(new
        {
            AmountQepik = 1_000L, CreditorName = Orders.Utility.Name, CreditorIban = Orders.Utility.Iban, BudgetLevel = (string?)null,
        });
        seen.Single(one => one.ProviderId == PayoutStage.Treasury).Should().BeEquivalentTo(
            new { AmountQepik = 500L, BudgetLevel = "3", BudgetCode = "142340" });
        await stage.ApproveAsync(first);
        await stage.ExportAsync();
        var paid = (await new ReadPayouts(stage.A.Database).ListAsync(PayoutStage.Utility, open: true, cancel: TestContext.Current.CancellationToken)).Single();
        await stage.PayAsync(PayoutStage.Utility, 201);
        await stage.CloseWindowAsync();
        await stage.ProposeAsync();
        (await SeenAsync(stage)).Should().ContainSingle().Which.AccountChanged.Should().BeNull("no bank has carried out any");

        await stage.Decisions.Stage.Database.ExecuteAsync(
            $"insert into payout_status (payout_id, source, level, code, verdict) values ({paid.Id}, 'statement', 'entry', 'BOOK', 'settled')");
        (await SeenAsync(stage)).Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { AccountChanged = false, LastPayoutId = paid.Id, LastIban = Orders.Utility.Iban });

        await stage.PayAsync(PayoutStage.Utility, 301);
        await stage.CloseWindowAsync();
        var terms = PayoutStage.Terms with
        {
            Receivers = new Dictionary<int, BankParty> { [PayoutStage.Utility] = Orders.Utility with { Iban = Another } },
        };
        await stage.ProposeOn(stage.A).RoundAsync(
            Decisions.Doer, terms, paid.ExecutionDay, cancel: TestContext.Current.CancellationToken);
        (await SeenAsync(stage)).Should().HaveCount(2).And.ContainSingle(one => one.AccountChanged == true)
            .Which.Should().BeEquivalentTo(new { CreditorIban = Another, LastIban = Orders.Utility.Iban, AmountQepik = 300L });
    }

    private static async Task<List<ProposedPayout>> SeenAsync(PayoutStage stage) =>
        [.. (await Proposals.ListAsync(stage.A.Database, open: true, cancel: TestContext.Current.CancellationToken)).Select(one => one.Payout!)];
}
