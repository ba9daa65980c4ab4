using EGovPay.Processing.Agents;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Terms;
using EGovPay.Terminals.Jobs;
using EGovPay.Tests.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Netting;

/// <summary>Agents who settle afterwards: what is due when, who is late, and who takes nothing until it has paid.</summary>
public sealed class OverdueAgentsTests
{
    private static readonly LocalDate Friday = new(2026, 11, 20);

    private static readonly SettlementTerms Terms = new(
        new Payer("eGovPay", "1400057421"), [], [],
        [new AgentTerms("bank", true, 1, true, []), new AgentTerms("portal", true, 1, false, [])]);

    [Theory]
    [InlineData(0, "2026-11-20")]
    [InlineData(1, "2026-11-23")]
    [InlineData(2, "2026-11-24")]
    [InlineData(5, "2026-11-27")]
    public void A_debt_is_due_so_many_bank_days_later(int days, string due) =>
        OverdueAgents.DueOn(IsBankDay, Friday, days).ToString("uuuu-MM-dd", null).Should().Be(due);

    [Fact]
    public void A_debt_of_a_Saturday_that_is_due_at_once_is_due_on_Monday() =>
        OverdueAgents.DueOn(IsBankDay, Friday.PlusDays(1), 0).Should().Be(Friday.PlusDays(3));

    [Fact]
    public void Deposits_pay_the_oldest_day_first_and_what_is_left_is_late_from_its_due_day_on()
    {
        var standing = OverdueAgents.Standing(
            "bank", [(Friday, 100, 0), (Friday.PlusDays(1), 50, 120), (Friday.PlusDays(2), 70, 0), (Friday.PlusDays(3), -10, 0)],
            day => OverdueAgents.DueOn(IsBankDay, day, 1), Friday.PlusDays(5));

        standing.Days.Select(day => (day.DueQepik, day.PaidQepik, day.OverdueDays)).Should().Equal((100L, 100L, 0), (50L, 30L, 2), (70L, 0L, 2));
        (standing.UnpaidQepik, standing.OverdueQepik, standing.AheadQepik).Should().Be((90L, 90L, 0L));
        standing.OldestOverdue.Should().Be(Friday.PlusDays(3));
    }

    [Fact]
    public void On_the_due_day_itself_nothing_is_late() => OverdueAgents.Standing(
        "bank", [(Friday, 100, 0)], _ => Friday.PlusDays(3), Friday.PlusDays(3)).OverdueQepik.Should().Be(0);

    [Fact]
    public void What_is_unpaid_and_paid_ahead_is_always_what_was_taken_less_what_was_paid() => Prop.ForAll(
        (from taken in Gen.Choose(-1_000, 5_000) from paid in Gen.Choose(0, 4_000) select (taken, paid)).ListOf().ToArbitrary(),
        days =>
        {
            var list = days.Select((one, at) => (Friday.PlusDays(at), (long)one.taken, (long)one.paid)).ToList();
            var standing = OverdueAgents.Standing("a", list, day => day.PlusDays(1), Friday.PlusDays(400));
            return standing.UnpaidQepik - standing.AheadQepik == list.Sum(one => one.Item2 - one.Item3)
                && (standing.UnpaidQepik == 0 || standing.AheadQepik == 0)
                && standing.OverdueQepik == standing.UnpaidQepik;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Who_is_late_takes_nothing_until_it_has_paid_and_only_the_engines_suspension_is_lifted()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await NettingTests.FillAsync(book, 4);
        var late = days[^1].PlusDays(30);
        // As if nothing had been paid in: the books of the test begin with deposits.
        await database.ExecuteAsync("delete from movement");
        await database.ExecuteAsync("update day_total set credits_qepik = 0 where account = 1");
        var agents = new OverdueAgents(database.DataSource);
        var version = await database.AskAsync<long>("select version from directory_version");

        var rounds = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => agents.RoundAsync(Terms, late, TestContext.Current.CancellationToken)));
        rounds.SelectMany(one => one.Suspended).Should().Equal("bank");
        (await database.AskAsync<string>("select string_agg(code, ' ') from agent where suspended_at is not null")).Should().Be("bank");
        (await database.AskAsync<long>("select version from directory_version")).Should().BeGreaterThan(version);
        (await database.AskAsync<long>("select count(*) from act where what = 'agent suspend' and who = 'engine'")).Should().Be(1);

        var owed = (await agents.StandingsAsync(Terms, late, TestContext.Current.CancellationToken)).Single(one => one.Agent == "bank");
        var funds = new AgentFunds(database.DataSource, book.Journal, book.Node);
        var bank = await database.AskAsync<int>("select agent_id from agent where code = 'bank'");
        (await funds.TopUpAsync(bank, 1, "part", owed.OverdueQepik - 1, "test")).Should().BeTrue();
        (await agents.RoundAsync(Terms, late, TestContext.Current.CancellationToken)).Lifted.Should().BeEmpty("a qəpik is missing");
        (await funds.TopUpAsync(bank, 1, "rest", 1, "test")).Should().BeTrue();
        (await agents.RoundAsync(Terms, late, TestContext.Current.CancellationToken)).Lifted.Should().Equal("bank");
        (await database.AskAsync<long>("select count(*) from agent where suspended_at is not null")).Should().Be(0);
    }

    [Fact]
    public async Task Who_has_paid_goes_on_between_the_mornings_and_nobody_is_suspended_then()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await NettingTests.FillAsync(book, 4);
        var late = days[^1].PlusDays(30);
        await database.ExecuteAsync("delete from movement");
        await database.ExecuteAsync("update day_total set credits_qepik = 0 where account = 1");
        var agents = new OverdueAgents(database.DataSource);
        (await agents.LiftAsync(Terms, late, TestContext.Current.CancellationToken)).Should().BeEmpty();
        (await database.AskAsync<long>("select count(*) from agent where suspended_at is not null")).Should().Be(0, "it only lifts");
        (await agents.RoundAsync(Terms, late, TestContext.Current.CancellationToken)).Suspended.Should().Equal("bank");

        var owed = (await agents.StandingsAsync(Terms, late, TestContext.Current.CancellationToken)).Single(one => one.Agent == "bank");
        var funds = new AgentFunds(database.DataSource, book.Journal, book.Node);
        var bank = await database.AskAsync<int>("select agent_id from agent where code = 'bank'");
        (await funds.TopUpAsync(bank, 1, "part", owed.OverdueQepik - 1, "test")).Should().BeTrue();
        (await agents.LiftAsync(Terms, late, TestContext.Current.CancellationToken)).Should().BeEmpty("a qəpik is missing");
        (await funds.TopUpAsync(bank, 1, "rest", 1, "test")).Should().BeTrue();
        var looks = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => agents.LiftAsync(Terms, late, TestContext.Current.CancellationToken)));
        looks.SelectMany(one => one).Should().Equal("bank");
        (await database.AskAsync<long>("select count(*) from agent where suspended_at is not null")).Should().Be(0);
    }

    [Fact]
    public void Whoever_pays_goes_on_within_minutes_on_every_day()
    {
        var job = JobTable.Of(null).Single(one => one.Name == "lift-agents");
        (job.Schedule, job.BankDaysOnly).Should().Be(("50 0/10 * * * ?", false));
    }

    [Fact]
    public async Task A_suspension_by_a_person_is_never_lifted_by_the_engine()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await NettingTests.FillAsync(book, 4);
        var administer = new Administer(database.DataSource, TestPeople.Doer);
        (await administer.SuspendAgentAsync("bank", true)).Should().BeTrue();
        var agents = new OverdueAgents(database.DataSource);

        (await agents.RoundAsync(Terms, days[^1], TestContext.Current.CancellationToken)).Should().BeEquivalentTo(new OverdueRound([], []));
        (await database.AskAsync<long>("select count(*) from agent where suspended_at is not null")).Should().Be(1);
    }

    [Fact]
    public async Task What_the_sums_say_is_due_is_what_the_days_transfers_say()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await NettingTests.FillAsync(book, 9);
        foreach (var standing in await new OverdueAgents(database.DataSource).StandingsAsync(
            Terms, days[^1], TestContext.Current.CancellationToken))
        {
            foreach (var day in standing.Days)
            {
                (await database.AskAsync<long>(
                    "select sum(case when t.debit = 1 then t.amount_qepik else -t.amount_qepik end)::bigint from transfer t "
                    + "join agent a on a.agent_id = t.agent_id left join agent w on w.agent_id = a.part_of "
                    + $"where coalesce(w.code, a.code) = '{standing.Agent}' and t.business_day = '{day.Day:uuuu-MM-dd}' "
                    + "and 1 in (t.debit, t.credit) and 6 not in (t.debit, t.credit) and 12 not in (t.debit, t.credit)")).Should().Be(day.DueQepik);
            }

            standing.AheadQepik.Should().BePositive("it paid in first");
        }
    }

    [Fact]
    public async Task A_commission_is_set_for_days_that_have_not_begun_and_payments_take_the_one_of_their_day()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        await TestPeople.BeAsync(database.DataSource);
        var administer = new Administer(database.DataSource, new Person(TestPeople.Doer.Login, "x", [Role.Operator, Role.Finance]));
        var agent = (await administer.AddAgentAsync("bank", "Bank", commissionHundredthsPercent: 15))!.Value;
        var point = (await administer.AddPointAsync(agent, "p", "Point"))!.Value;
        (await administer.AddTerminalAsync(agent, point, new NewTerminal("t", "T"))).Should().NotBeNull();
        var today = Processing.Baku.DateOf(SystemClock.Instance.GetCurrentInstant());

        (await administer.SetCommissionAsync("bank", today, 20)).Should().BeFalse("that day has begun");
        (await administer.SetCommissionAsync("nobody", today.PlusDays(5), 20)).Should().BeFalse();
        (await administer.SetCommissionAsync("bank", today.PlusDays(5), 20)).Should().BeTrue();
        (await administer.SetCommissionAsync("bank", today.PlusDays(9), 30)).Should().BeTrue();
        (await administer.SetCommissionAsync("bank", today.PlusDays(9), 31)).Should().BeTrue("nobody has taken anything at 30 yet");

        using var directory = await AgentDirectory.OpenAsync(
            database.DataSource, Microsoft.Extensions.Logging.Abstractions.NullLogger<AgentDirectory>.Instance,
            TestContext.Current.CancellationToken);
        var terminal = directory.FindByCode("t")!;
        new[] { 0, 4, 5, 8, 9, 100 }.Select(day => terminal.CommissionOn(today.PlusDays(day))).Should().Equal(15, 15, 20, 20, 31, 31);
        (await database.AskAsync<long>("select count(*) from act where what = 'agent commission set'")).Should().Be(3);
    }

    private static bool IsBankDay(LocalDate day) => day.DayOfWeek is not (IsoDayOfWeek.Saturday or IsoDayOfWeek.Sunday);
}
