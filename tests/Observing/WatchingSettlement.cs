using System.Text;
using EGovPay.Processing;
using EGovPay.Settlement.Jobs;
using EGovPay.Settlement.Observing;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.Payouts;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EGovPay.Tests.Observing;

/// <summary>Settlement's gauges, from what stands in the database.</summary>
public sealed class WatchingSettlement
{
    private static readonly byte[] Terms = Encoding.UTF8.GetBytes("""
        {"format": 1, "payer": {"name": "eGovPay", "voen": "1400057421"},
         "accounts": [{"iban": "AZ02PAHA38020AZNHC0100012345", "bic": "PAHAAZ22", "bankCode": "505141", "currency": "AZN", "name": "Əsas"}],
         "providers": [{"code": "azerishiq", "beneficiary": {"name": "Azərişıq ASC", "voen": "1400057421",
            "iban": "AZ14IBAZ40060019449330218120", "bic": "IBAZAZ2X", "bankCode": "805250"}}],
         "agents": [{"code": "portal", "settles": "afterwards", "dueBankDays": 1, "suspendWhenOverdue": false, "depositAccounts": []}]}
        """);

    private static readonly Job[] Jobs = [Named("good"), Named("bad"), Named("again"), Named("tired"), Named("never")];

    [Fact]
    public async Task The_gauges_show_breaks_by_age_and_money_jobs_payouts_and_who_is_late()
    {
        await using var stage = await PayoutStage.SetAsync();
        var database = stage.Decisions.Stage.Database;
        await using var watch = new WatchSettlement(stage.A, Jobs, new SettlementLimits(7, 5_000, 2), NullLogger.Instance);
        await watch.ReadAsync(TestContext.Current.CancellationToken);
        var empty = Heard.Look(stage.A);
        empty.Where(one => one.Name == "egovpay.breaks.open").Should().HaveCount(4, "an alarm sees only what is shown")
            .And.OnlyContain(one => one.Value == 0);
        One(empty, "egovpay.payouts.unanswered").Should().Be(0);
        One(empty, "egovpay.agents.overdue").Should().Be(0);
        One(empty, "egovpay.alarm.limit", "break-too-old").Should().Be(7);
        One(empty, "egovpay.alarm.limit", "money-at-risk").Should().Be(5_000);
        One(empty, "egovpay.alarm.limit", "payout-unanswered").Should().Be(2);

        await FillAsync(stage, database);
        await watch.ReadAsync(TestContext.Current.CancellationToken);
        var shown = Heard.Look(stage.A);
        new[] { "0-1", "2-7", "8-30", "31+" }.Select(band => One(shown, "egovpay.breaks.open", band)).Should().Equal(1, 1, 2, 1);
        new[] { "0-1", "2-7", "8-30", "31+" }.Select(band => One(shown, "egovpay.breaks.at_risk", band)).Should().Equal(100, 200, 700, 800);
        One(shown, "egovpay.breaks.age").Should().Be(40);
        Jobs.Select(job => One(shown, "egovpay.job.failed", job.Name)).Should().Equal([0, 1, 0, 0, 0], "what runs again has not mended it yet");
        Jobs.Select(job => One(shown, "egovpay.job.paused", job.Name)).Should().Equal(0, 0, 0, 1, 0);
        One(shown, "egovpay.payouts.unanswered").Should().Be(1);
        One(shown, "egovpay.payouts.unanswered_amount").Should().Be(1_000);
        One(shown, "egovpay.payouts.unanswered_age").Should().Be(4);
        One(shown, "egovpay.agents.overdue").Should().Be(1);
        One(shown, "egovpay.agents.overdue_amount").Should().BeInRange(123, 5_000_122, "deposits are paid from it");

        await database.ExecuteAsync("insert into payout_status (payout_id, source, level, code, verdict) "
            + "select payout_id, 'statement', 'entry', 'ACSC', 'settled' from payout");
        await watch.ReadAsync(TestContext.Current.CancellationToken);
        One(Heard.Look(stage.A), "egovpay.payouts.unanswered").Should().Be(0);
    }

    private static async Task FillAsync(PayoutStage stage, TestDatabase database)
    {
        await database.ExecuteAsync("""
            insert into settlement_break (side, kind, subject, opened_at, day, amount_at_risk_qepik, cause, step)
            select 'register', 'OverAmount', 'p/' || v.days || v.risk, now() - make_interval(days => v.days), current_date, v.risk, 'c', 's'
            from (values (0, 100), (5, 200), (8, 300), (30, 400), (40, 800)) as v (days, risk);
            insert into settlement_break (side, kind, subject, opened_at, day, amount_at_risk_qepik, cause, step, settled_at, settled_by)
            values ('register', 'OverAmount', 'gone', now() - interval '90 days', current_date, 9999, 'c', 's', now(), 'engine');
            insert into job_run (job, node, ended_at, result) values ('good', 'a', now(), 'failed'), ('good', 'a', now(), 'done'),
                ('bad', 'a', now(), 'done'), ('bad', 'a', now(), 'failed'), ('bad', 'a', null, null), ('again', 'a', now(), 'lost');
            """);
        await using (var schedule = await Schedule.OpenAsync(
            new ScheduleSettings("a", stage.A.Clock, TimeSpan.FromSeconds(5)), Jobs, database.DataSource, NullLogger.Instance,
            TestContext.Current.CancellationToken))
        {
            (await schedule.PauseAsync(TestPeople.Doer, "tired", paused: true, TestContext.Current.CancellationToken)).Should().BeTrue();
        }

        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        await stage.ExportAsync();
        await database.ExecuteAsync("alter table payout disable trigger user; update payout set execution_day = (now() at time zone 'Asia/Baku')::date - 4");
        var today = Baku.DateOf(stage.A.Clock.GetCurrentInstant());
        var applied = await TermsStore.ApplyAsync(stage.A.Database, Terms, today, today, TestPeople.Doer, TestContext.Current.CancellationToken);
        applied.Faults.Should().BeEmpty();
        applied.Refused.Should().BeNull();
        await database.ExecuteAsync($"""
            insert into business_day (day, opened_at, closed_at, totalled_at)
            values (current_date - 30, now() - interval '30 days', now() - interval '29 days', now() - interval '29 days');
            insert into day_total (agent_id, business_day, account, debits_qepik, credits_qepik, transfers)
            values ({stage.Second}, current_date - 30, 1, 5000123, 0, 1);
            """);
    }

    private static double One(IReadOnlyList<Measured> shown, string name, string? tag = null) =>
        shown.Single(one => one.Name == name && (tag is null || one.Tags.Any(own => Equals(own.Value, tag)))).Value;

    private static Job Named(string name) => new(name, "0 0 3 * * ?", false, "x", (_, _) => Task.FromResult(""));
}
