using System.Globalization;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>What statements say of payouts beside what banks answered, in either order and more than once.</summary>
public sealed class BookedByBanks
{
    private static readonly SettlementTerms Terms = new(
        new Payer(Orders.Us.Name, Orders.Us.Voen!), [new OwnAccount(Orders.Us.Iban, "PAHAAZ22", "505141", "AZN", "main")], [], []);

    [Fact]
    public async Task A_payout_that_a_statement_shows_is_settled_and_an_answer_that_says_less_changes_nothing()
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, file) = await PaidAsync(stage);
        await BookAsync(stage, "s1", (payout.EndToEndId, -1_000));
        await ReconcileAsync(stage);
        await ReconcileAsync(stage);

        (await StateAsync(stage, payout)).Should().Be(PayoutState.Settled);
        (await StatusesAsync(stage)).Should().Be("statement BOOK settled");
        await AnswerAsync(stage, file, payout, "ACSP");
        (await StateAsync(stage, payout)).Should().Be(PayoutState.Settled);
        await AnswerAsync(stage, file, payout, "RJCT");
        (await StateAsync(stage, payout)).Should().Be(PayoutState.Rejected);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0, "what was booked and is refused by an answer is for people");
        await new AnsweredBreaks(stage.A.Database).RoundAsync(TestContext.Current.CancellationToken);
        (await BreaksAsync(stage)).Should().Be("payout PayoutRejected payout-contradicted");
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_was_refused_and_put_back_and_is_called_settled_later_is_a_break_of_its_own()
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, file) = await PaidAsync(stage);
        await AnswerAsync(stage, file, payout, "RJCT");
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000);
        var breaks = new AnsweredBreaks(stage.A.Database);
        await breaks.RoundAsync(TestContext.Current.CancellationToken);
        (await BreaksAsync(stage)).Should().Be("payout PayoutRejected payout-rejected");

        await AnswerAsync(stage, file, payout, "ACSC");
        (await breaks.RoundAsync(TestContext.Current.CancellationToken)).Should().Be(1);
        (await breaks.RoundAsync(TestContext.Current.CancellationToken)).Should().Be(0, "it is said once");
        (await BreaksAsync(stage)).Should().Be("payout PayoutRejected payout-rejected, payout PayoutRejected payout-settled-after-all");
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000, "what is true is for people to find out");
        await BookAsync(stage, "s1", (payout.EndToEndId, -1_000));
        await ReconcileAsync(stage);
        await breaks.RoundAsync(TestContext.Current.CancellationToken);
        (await BreaksAsync(stage)).Should().Be(
            "payout PayoutRejected payout-rejected, bank MissingHere bank-paid-refused", "the booking is the harder fact, and one break of it is enough");
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("answer, statement, answer, statement")]
    [InlineData("statement, answer, statement, answer")]
    [InlineData("statement")]
    [InlineData("booked, statement, answer")]
    [InlineData("booked, statement, statement")]
    public async Task What_a_bank_gave_back_is_put_back_once_whoever_says_it_first(string order)
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, file) = await PaidAsync(stage);
        var (said, booked) = (0, false);
        foreach (var one in order.Split(", "))
        {
            if (one == "answer")
            {
                await AnswerAsync(stage, file, payout, "RJCT");
                continue;
            }

            if (!booked)
            {
                booked = true;
                await BookAsync(stage, "day 1", (payout.EndToEndId, -1_000));
            }

            if (one == "statement" && said++ == 0)
            {
                await BookAsync(stage, "day 2", (payout.EndToEndId, 1_000));
            }

            await ReconcileAsync(stage, on: said % 2);
            await ReconcileAsync(stage);
        }

        (await StateAsync(stage, payout)).Should().Be(PayoutState.Returned);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000);
        (await stage.Decisions.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'payout-returned'")).Should().Be(1);
        await new AnsweredBreaks(stage.A.Database).RoundAsync(TestContext.Current.CancellationToken);
        (await BreaksAsync(stage)).Should().Be("payout PayoutRejected payout-rejected");
        (await stage.FaultsAsync()).Should().BeEmpty();

        var next = await stage.ProposeAsync();
        next.Proposals.Should().ContainSingle("its window is free, once");
    }

    [Fact]
    public async Task What_was_given_back_in_part_or_in_another_currency_moves_nothing()
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, _) = await PaidAsync(stage);
        await BookAsync(stage, "day 1", (payout.EndToEndId, -1_000), (payout.EndToEndId, 999));
        await ReconcileAsync(stage);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
        (await BreaksAsync(stage)).Should().Be("bank PayoutRejected bank-returned");
    }

    [Fact]
    public async Task A_payout_that_the_bank_refused_and_booked_all_the_same_is_a_break()
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, file) = await PaidAsync(stage);
        await AnswerAsync(stage, file, payout, "RJCT");
        await BookAsync(stage, "day 1", (payout.EndToEndId, -1_000));
        await ReconcileAsync(stage);
        (await BreaksAsync(stage)).Should().Be("bank MissingHere bank-paid-refused");
        await BookAsync(stage, "day 2", (payout.EndToEndId, 1_000));
        await ReconcileAsync(stage);
        (await BreaksAsync(stage)).Should().Be("payout PayoutRejected payout-rejected");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task What_was_debited_twice_and_given_back_once_stays_paid_however_late_one_looks(int secondDay)
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, _) = await PaidAsync(stage);
        await BookOnAsync(stage, payout, 0, -1_000);
        await BookOnAsync(stage, payout, secondDay, -1_000);
        await BookOnAsync(stage, payout, 2, 1_000);
        foreach (var day in (int[])[3, 40, 41, 42, 43, 47, 90])
        {
            await BookOnAsync(stage, payout, day);
            await ReconcileAsync(stage);
            (await StateAsync(stage, payout)).Should().Be(PayoutState.Settled, $"it is day {day}");
            (await StatusesAsync(stage)).Should().Be("statement BOOK settled");
            (await BreaksAsync(stage)).Should().BeEmpty();
        }

        (await stage.Decisions.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'payout-returned'")).Should().Be(0);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(30)]
    [InlineData(41)]
    [InlineData(60)]
    public async Task What_was_settled_and_given_back_late_is_put_back_once_beside_its_debit(int day)
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, _) = await PaidAsync(stage);
        await BookOnAsync(stage, payout, 0, -1_000);
        await ReconcileAsync(stage);
        (await StateAsync(stage, payout)).Should().Be(PayoutState.Settled);
        await BookOnAsync(stage, payout, day, 1_000);
        foreach (var later in (int[])[day, day + 38, day + 40, day + 41])
        {
            await BookOnAsync(stage, payout, later);
            await ReconcileAsync(stage);
            (await StateAsync(stage, payout)).Should().Be(PayoutState.Returned);
            (await BreaksAsync(stage)).Should().Be("payout PayoutRejected payout-rejected");
        }

        (await stage.Decisions.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'payout-returned'")).Should().Be(1);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_comes_back_without_a_debit_that_any_statement_shows_is_for_people()
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, file) = await PaidAsync(stage);
        await AnswerAsync(stage, file, payout, "ACSC");
        await BookOnAsync(stage, payout, 2, 1_000);
        await ReconcileAsync(stage);
        (await StateAsync(stage, payout)).Should().Be(PayoutState.Settled);
        (await BreaksAsync(stage)).Should().Be("bank PayoutRejected bank-returned");
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
    }

    private static async Task<(Payout Payout, PayoutFile File)> PaidAsync(PayoutStage stage)
    {
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        var file = await stage.ExportAsync();
        return ((await new ReadPayouts(stage.A.Database).ListAsync(null, open: true, cancel: TestContext.Current.CancellationToken)).Single(), file);
    }

    private static async Task AnswerAsync(PayoutStage stage, PayoutFile file, Payout payout, string code) =>
        (await stage.StatusOn(stage.A).RunAsync(
            Decisions.Doer, code, PayingOut.Answer(file, "transfer", code, payout), "command", TestContext.Current.CancellationToken))
        .Refused.Should().BeNull();

    private static async Task ReconcileAsync(PayoutStage stage, int on = 0) =>
        (await new ReconcileBank(on == 0 ? stage.A : stage.B).RunAsync(Terms, "test", TestContext.Current.CancellationToken)).Should().NotBeNull();

    private static async Task<PayoutState> StateAsync(PayoutStage stage, Payout payout) =>
        (await new ReadPayouts(stage.A.Database).FindAsync(payout.Id, TestContext.Current.CancellationToken))!.State;

    private static Task<string?> StatusesAsync(PayoutStage stage) => stage.Decisions.Stage.Database.AskAsync<string>(
        "select string_agg(source || ' ' || code || ' ' || verdict, ', ' order by payout_status_id) from payout_status");

    private static Task<string?> BreaksAsync(PayoutStage stage) => stage.Decisions.Stage.Database.AskAsync<string>(
        "select coalesce(string_agg(side || ' ' || kind || ' ' || cause, ', ' order by break_id), '') from break_now where state <> 'settled'");

    /// <summary>A statement of one day, so many after the payout's, with bookings that name it.</summary>
    private static Task BookOnAsync(PayoutStage stage, Payout payout, int day, params long[] booked) =>
        stage.Decisions.Stage.Database.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"""
            with o as (select end_to_end_id, execution_day + {day} as day from payout where payout_id = {payout.Id}),
            f as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by, imported_at)
                select 'statement', 'day', sha256(gen_random_uuid()::text::bytea), 1, 'MT940', 'command', 'test', o.day from o returning file_id
            ),
            s as (
                insert into statement (file_id, position, message, account, currency, from_day, to_day, entries, intraday)
                select f.file_id, 1, 'MT940', '{Orders.Us.Iban}', 'AZN', o.day, o.day, {booked.Length}, false from f cross join o
                returning statement_id
            )
            insert into statement_entry (statement_id, entry_no, line, account, currency, amount_minor, booking_day, status, reversal, end_to_end_id)
            select s.statement_id, x.no, x.no, '{Orders.Us.Iban}', 'AZN', x.amount, o.day, 'booked', false, o.end_to_end_id
            from s
            cross join o
            cross join unnest(array[{string.Join(", ", booked)}]::bigint[]) with ordinality as x (amount, no)
            """));

    /// <summary>A statement with bookings that name payouts.</summary>
    internal static async Task BookAsync(PayoutStage stage, string name, params (string EndToEndId, long Qepik)[] booked)
    {
        await stage.Decisions.Stage.Database.ExecuteAsync($"""
            with f as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by, imported_at)
                values ('statement', '{name}', sha256('{name}'), 1, 'MT940', 'command', 'test', now() + interval '5 days') returning file_id
            ),
            s as (
                insert into statement (file_id, position, message, account, currency, from_day, to_day, entries, intraday)
                select f.file_id, 1, 'MT940', '{Orders.Us.Iban}', 'AZN', current_date - 3, current_date + 5, {booked.Length}, false from f
                returning statement_id
            )
            insert into statement_entry (statement_id, entry_no, line, account, currency, amount_minor, booking_day, status, reversal, end_to_end_id)
            select s.statement_id, x.no, x.no, '{Orders.Us.Iban}', 'AZN', x.amount, o.execution_day, 'booked', false, x.id
            from s
            cross join unnest(array[{string.Join(", ", booked.Select(one => $"'{one.EndToEndId}'"))}], array[{string.Join(", ", booked.Select(one => one.Qepik))}])
                with ordinality as x (id, amount, no)
            join payout o on o.end_to_end_id = x.id
            """);
    }
}
