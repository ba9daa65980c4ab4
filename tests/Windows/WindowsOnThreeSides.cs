using EGovPay.Processing;
using EGovPay.Processing.Payments;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using EGovPay.Settlement.Windows;
using EGovPay.Tests.Payouts;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Windows;

/// <summary>A settlement window: the ledger, the provider's registers, what is paid out, and what banks booked of it.</summary>
public sealed class WindowsOnThreeSides
{
    private static readonly SettlementTerms Terms = new(
        new Payer(Orders.Us.Name, Orders.Us.Voen!), [new OwnAccount(Orders.Us.Iban, "PAHAAZ22", "505141", "AZN", "main")], [], []);

    [Fact]
    public async Task Each_side_is_awaited_then_agrees_and_a_difference_is_explained_by_its_break_or_stays()
    {
        await using var stage = await PayoutStage.SetAsync();
        var (right, over, missing) = (await PayAsync(stage), await PayAsync(stage), await PayAsync(stage));
        await PayAsync(stage, PayoutStage.Treasury);
        var open = await ViewAsync(stage);
        open.Should().BeEquivalentTo(new { Closed = false, Sums = new { GrossQepik = 3_003, ProviderFeeQepik = 3 } });
        open.Register.Should().Be(new WindowLeg(-3, -3_003, -3_003, 0), "no register came");
        open.Payout.Should().Be(new WindowLeg(0, -3_000, -3_000, 0));
        open.Bank.Should().Be(new WindowLeg(0, 0, 0, 0));
        open.RestQepik.Should().Be(0);

        await stage.CloseWindowAsync();
        await RegisterAsync(stage, "r1", (right, 1_001), (over, 1_051));
        var told = await ViewAsync(stage);
        told.Closed.Should().BeTrue();
        told.Register.Should().Be(new WindowLeg(2_049, -951, 0, 0));
        told.RestQepik.Should().Be(951, "nobody has compared the register yet");

        await ReconcileAsync(stage);
        var explained = await ViewAsync(stage);
        explained.Register.Should().Be(new WindowLeg(2_049, -951, 0, -951));
        explained.Breaks.Select(one => (one.Kind, one.State, one.EffectQepik)).Should().BeEquivalentTo(
            [(BreakKind.OverAmount, BreakState.Open, 50L), (BreakKind.MissingThere, BreakState.Open, -1_001L)]);
        explained.RestQepik.Should().Be(0);

        await RegisterAsync(stage, "r2", (right, 1_001), (over, 1_001), (missing, 1_001));
        await ReconcileAsync(stage);
        (await ViewAsync(stage)).Register.Should().Be(new WindowLeg(3_000, 0, 0, 0));
    }

    [Fact]
    public async Task What_is_paid_out_waits_for_its_approval_and_its_booking_and_the_bank_is_held_against_it()
    {
        await using var stage = await PayoutStage.SetAsync();
        var paid = await PayAsync(stage);
        await stage.CloseWindowAsync();
        await RegisterAsync(stage, "r", (paid, 1_001));
        var round = await stage.ProposeAsync();
        (await ViewAsync(stage)).Payout.Should().Be(new WindowLeg(0, -1_000, -1_000, 0), "nobody approved it");
        await stage.ApproveAsync(round);
        await stage.ExportAsync();
        var approved = await ViewAsync(stage);
        (approved.Payout, approved.Bank).Should().Be((new WindowLeg(1_000, 0, 0, 0), new WindowLeg(0, -1_000, -1_000, 0)));
        approved.Payouts.Should().Equal(round.Proposals.Single().PayoutId);

        await BookedByBanks.BookAsync(stage, "s1", (await EndToEndAsync(stage), -1_010));
        (await new ReconcileBank(stage.A).RunAsync(Terms, "test", TestContext.Current.CancellationToken)).Should().NotBeNull();
        var more = await ViewAsync(stage);
        more.Bank.Should().Be(new WindowLeg(1_010, 10, 0, 10));
        more.Breaks.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Side = BreakSide.Bank, Kind = BreakKind.OverAmount, EffectQepik = 10L });
        (more.RestQepik, more.Agrees).Should().Be((0, false));
    }

    [Fact]
    public async Task Where_all_sides_say_the_same_it_agrees_and_a_reversal_in_it_is_in_no_register()
    {
        await using var stage = await PayoutStage.SetAsync();
        var kept = await PayAsync(stage);
        await stage.PayAsync(PayoutStage.Utility, 700, after:
            [Processing.StateMachine.PaymentEvent.ReversalRequested, Processing.StateMachine.PaymentEvent.ProviderReversed]);
        await stage.CloseWindowAsync();
        await RegisterAsync(stage, "r", (kept, 1_001));
        await stage.ApproveAsync(await stage.ProposeAsync());
        await stage.ExportAsync();
        await BookedByBanks.BookAsync(stage, "s1", (await EndToEndAsync(stage), -1_000));
        await new ReconcileBank(stage.A).RunAsync(Terms, "test", TestContext.Current.CancellationToken);

        var view = await ViewAsync(stage);
        view.Sums.Should().BeEquivalentTo(new { GrossQepik = 1_701, ReversedQepik = 700, NetQepik = 1_000 });
        view.Agrees.Should().BeTrue();
        (view.Register.SaysQepik, view.Payout.SaysQepik, view.Bank.SaysQepik).Should().Be((1_000, 1_000, 1_000));
    }

    [Fact]
    public async Task Budget_lines_are_paid_each_for_itself_and_together_are_the_window()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Treasury, 501, budget: new BudgetLine("1", "111100"));
        await stage.PayAsync(PayoutStage.Treasury, 301, budget: new BudgetLine("2", "111100"));
        await stage.CloseWindowAsync();
        var round = await stage.ProposeAsync();
        (await stage.A.Decide.ApproveAsync(People.Decisions.Approver, round.Proposals[0].ProposalId)).Result.Should().Be(
            Processing.People.DecideResult.Done);

        var view = await ViewAsync(stage, PayoutStage.Treasury);
        view.Payout.RestQepik.Should().Be(0);
        view.Payout.SaysQepik.Should().BeOneOf(500, 300);
        (view.Payout.SaysQepik - view.Payout.AwaitedQepik, view.Payouts.Count).Should().Be((800, 2));
    }

    private static async Task<Payment> PayAsync(PayoutStage stage, int provider = PayoutStage.Utility) =>
        (await stage.A.Book.FindAsync(stage.First, await stage.PayAsync(provider, 1_001), TestContext.Current.CancellationToken))!;

    private static async Task<WindowView> ViewAsync(PayoutStage stage, int provider = PayoutStage.Utility)
    {
        var day = LocalDate.FromDateOnly(await stage.Decisions.Stage.Database.AskAsync<DateOnly>(
            "select max(window_day) from transfer where cutoff_group = 1"));
        return (await new ReadWindows(stage.A.Database).RunAsync(
            stage.A.Catalogue.Current, 1, day, provider, TestContext.Current.CancellationToken)).Should().ContainSingle().Subject;
    }

    private static async Task<string> EndToEndAsync(PayoutStage stage) => (await new ReadPayouts(stage.A.Database).ListAsync(
        null, open: true, cancel: TestContext.Current.CancellationToken)).Single().EndToEndId;

    private static async Task ReconcileAsync(PayoutStage stage) => (await new ReconcileRegister(stage.A).RunAsync(
        stage.A.Catalogue.Current.Providers.Single(one => one.Id == PayoutStage.Utility), Today(stage), "test",
        TestContext.Current.CancellationToken)).Should().NotBeNull();

    private static LocalDate Today(PayoutStage stage) => Baku.DateOf(stage.A.Clock.GetCurrentInstant());

    private static Task RegisterAsync(PayoutStage stage, string name, params (Payment Payment, long Qepik)[] lines) =>
        stage.Decisions.Stage.Database.ExecuteAsync(FormattableString.Invariant($"""
            with file as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
                values ('register', '{name}', sha256('{name}'), 1, 'osmp-tab', 'command', 'test') returning file_id
            ),
            head as (
                insert into register_in (file_id, provider_id, day, lines, total_qepik)
                select f.file_id, {PayoutStage.Utility}, '{Today(stage):uuuu-MM-dd}', {lines.Length}, 0 from file f
            )
            insert into register_in_line (file_id, line, txn, number, amount_qepik, account, day, reversal)
            select f.file_id, x.line, x.number::text, x.number, x.amount, x.account, '{Today(stage):uuuu-MM-dd}', false
            from file f
            cross join unnest(array[{string.Join(", ", lines.Select(one => one.Payment.Number))}]::bigint[],
                array[{string.Join(", ", lines.Select(one => one.Qepik))}]::bigint[],
                array[{string.Join(", ", lines.Select(one => $"'{one.Payment.Account}'"))}]) with ordinality as x (number, amount, account, line)
            """));
}
