using EGovPay.Processing.Agents;
using EGovPay.Processing.Days;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Netting;
using EGovPay.Tests.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Netting;

/// <summary>What a day or a window is made of, whichever way it is cut, is what the ledger says.</summary>
public sealed class NettingTests
{
    private static readonly PaymentEvent[] Confirm = [PaymentEvent.ProviderConfirmed];

    private static readonly PaymentEvent[][] Ways =
    [
        Confirm,
        [PaymentEvent.ProviderDeclined],
        [PaymentEvent.ProviderSilent],
        [PaymentEvent.ProviderConfirmed, PaymentEvent.ReversalRequested, PaymentEvent.OperatorReversed],
        [PaymentEvent.ProviderDeclined, PaymentEvent.RegisterShowsDelivered],
        [PaymentEvent.ProviderConfirmed, PaymentEvent.RegisterShowsAbsent],
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(20261122)]
    [InlineData(7)]
    public async Task The_sums_of_every_cut_of_every_day_are_the_ledgers(int seed)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await FillAsync(book, seed);
        var netting = new ReadNetting(database.DataSource);
        foreach (var day in days)
        {
            var scope = NettingScope.Days(day, day);
            foreach (var cut in Enum.GetValues<NettingCut>())
            {
                var rows = await netting.CutAsync(scope, cut, cancel: TestContext.Current.CancellationToken);
                var sums = Total(rows.Select(row => row.Sums));
                (sums.NetQepik - sums.PaidOutQepik).Should().Be(await LedgerAsync(database, day, "account > 1000"), $"{cut} of {day}");
                sums.PayerFeeQepik.Should().Be(await LedgerAsync(database, day, "account = 2"));
                sums.CommissionQepik.Should().Be(await LedgerAsync(database, day, "account = 4"));
                sums.ProviderFeeQepik.Should().Be(await LedgerAsync(database, day, "account = 5"));
            }

            var trace = await netting.TraceAsync(scope, new NettingFilter(), cancel: TestContext.Current.CancellationToken);
            Total(trace.Select(row => row.Sums)).Should().Be(
                Total((await netting.CutAsync(scope, NettingCut.Group, cancel: TestContext.Current.CancellationToken)).Select(row => row.Sums)));
        }

        var whole = await netting.CutAsync(
            NettingScope.Days(days[0], days[^1]), NettingCut.Agent, cancel: TestContext.Current.CancellationToken);
        Total(whole.Select(row => row.Sums)).GrossQepik.Should().BePositive();
        Total(whole.Select(row => row.Sums)).ReversedQepik.Should().BePositive();
    }

    [Fact]
    public async Task Money_that_moves_from_one_provider_to_another_is_less_of_the_one_and_more_of_the_other()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await FillAsync(book, 3);
        var netting = new ReadNetting(database.DataSource);
        var open = days[^1].PlusDays(1);
        await new Postings(book.Journal, book.Node).PostAsync(
            new Posting(16, 1001, 1002, 77, Posting.Correction, "wrong", 1), "aysel", "resad", null);

        (await netting.CutAsync(NettingScope.Days(open, open), NettingCut.Provider, cancel: TestContext.Current.CancellationToken))
            .Select(row => (row.ProviderId, row.Sums.CorrectedQepik, row.Sums.NetQepik)).Should().Equal((1, -77L, -77L), (2, 77L, 77L));
    }

    [Fact]
    public async Task The_windows_of_all_groups_together_are_what_the_days_are()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await FillAsync(book, 3);
        var netting = new ReadNetting(database.DataSource);
        var windows = new List<NettingSums>();
        foreach (var window in (await database.AskAsync<string>(
            "select string_agg(distinct cutoff_group || ':' || window_day, ' ') from transfer where cutoff_group > 0"))!.Split(' '))
        {
            var parts = window.Split(':');
            var day = NodaTime.Text.LocalDatePattern.Iso.Parse(parts[1]).Value;
            windows.AddRange((await netting.CutAsync(
                NettingScope.Window(short.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), day), NettingCut.Budget,
                cancel: TestContext.Current.CancellationToken)).Select(row => row.Sums));
        }

        var ofDays = await netting.CutAsync(
            NettingScope.Days(days[0], days[^1]), NettingCut.Provider, cancel: TestContext.Current.CancellationToken);
        Total(windows).Should().Be(Total(ofDays.Select(row => row.Sums)));
    }

    [Fact]
    public async Task A_figure_is_the_sum_of_the_payments_that_are_listed_behind_it()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await FillAsync(book, 11);
        var netting = new ReadNetting(database.DataSource);
        var scope = NettingScope.Days(days[0], days[^1]);
        var found = 0;
        foreach (var row in await netting.CutAsync(scope, NettingCut.Budget, cancel: TestContext.Current.CancellationToken))
        {
            if (row.BudgetCode is null)
            {
                continue;
            }

            found++;
            var behind = await netting.TraceAsync(
                scope, new NettingFilter(ProviderId: row.ProviderId, BudgetLevel: row.BudgetLevel, BudgetCode: row.BudgetCode),
                cancel: TestContext.Current.CancellationToken);
            Total(behind.Select(one => one.Sums)).Should().Be(row.Sums);
            behind.Should().OnlyContain(one => one.Reference != null);
        }

        found.Should().BePositive();
        foreach (var row in await netting.CutAsync(scope, NettingCut.Agent, cancel: TestContext.Current.CancellationToken))
        {
            Total((await netting.TraceAsync(scope, new NettingFilter(Agent: row.Agent), cancel: TestContext.Current.CancellationToken))
                .Select(one => one.Sums)).Should().Be(row.Sums);
        }
    }

    [Fact]
    public async Task A_divided_agent_is_one_and_a_day_without_payments_is_empty()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await FillAsync(book, 5);
        var netting = new ReadNetting(database.DataSource);

        (await netting.CutAsync(
                NettingScope.Days(days[0], days[^1]), NettingCut.Agent, cancel: TestContext.Current.CancellationToken))
            .Select(row => row.Agent).Should().Equal("bank", "portal");
        (await netting.CutAsync(
            NettingScope.Days(days[^1].PlusDays(9), days[^1].PlusDays(9)), NettingCut.Agent,
            cancel: TestContext.Current.CancellationToken)).Should().BeEmpty();
    }

    /// <summary>Two agents, several providers, groups and budget lines, every way that money goes; three days, all closed.</summary>
    internal static async Task<List<LocalDate>> FillAsync(OpenBook book, int seed)
    {
        var random = new Random(seed);
        await TestPeople.BeAsync(book.Database.DataSource);
        var administer = new Administer(book.Database.DataSource, TestPeople.Doer);
        var funds = new AgentFunds(book.Database.DataSource, book.Journal, book.Node);
        var days = new BusinessDays(book.Database.DataSource, NullLogger<BusinessDays>.Instance);
        var bank = (await administer.AddAgentAsync("bank", "Sınaq bankı"))!.Value;
        var portal = (await administer.AddAgentAsync("portal", "Portal", parts: 2))!.Value;
        (await funds.TopUpAsync(bank, 1, "deposit", 100_000_000, "test")).Should().BeTrue();
        (await funds.TopUpAsync(portal, 2, "deposit", 100_000_000, "test")).Should().BeTrue();
        var closed = new List<LocalDate>();
        for (var day = 0; day < 3; day++)
        {
            for (var one = 0; one < 25; one++)
            {
                var reference = FormattableString.Invariant($"r{day}-{one}");
                var agent = random.Next(2) == 0 ? bank : portal + Lanes.Part(reference, 2);
                await GoAsync(book, agent, reference, random, one < Ways.Length ? Ways[one] : Ways[random.Next(Ways.Length)]);
            }

            closed.Add((await days.CloseAsync())!.Closed);
        }

        return closed;
    }

    internal static async Task<long> GoAsync(
        OpenBook book, int agentId, string reference, Random random, PaymentEvent[] events, int? provider = null, short? group = null)
    {
        var budget = provider is null && random.Next(3) == 0;
        var acceptance = await book.AcceptanceAsync(reference, random.Next(1, 100_000), agentId) with
        {
            FeeQepik = random.Next(0, 50),
            CommissionQepik = random.Next(0, 30),
            ProviderFeeQepik = 0,
            ProviderId = provider ?? random.Next(1, 4),
            CutoffGroup = group ?? (budget ? (short)3 : (short)random.Next(1, 4)),
            BudgetLevel = budget ? random.Next(1, 3).ToString(System.Globalization.CultureInfo.InvariantCulture) : null,
            BudgetCode = budget ? "11110" + random.Next(0, 2).ToString(System.Globalization.CultureInfo.InvariantCulture) : null,
        };
        acceptance = acceptance with { ProviderFeeQepik = random.Next(0, (int)Math.Min(20, acceptance.AmountQepik)) };
        (await book.Journal.AcceptAsync(acceptance)).Verdict.Should().Be(AcceptVerdict.Entered);
        foreach (var happened in events)
        {
            var now = (await book.Book.FindAsync(agentId, reference))!;
            if (happened == PaymentEvent.ReversalRequested)
            {
                (await book.Journal.ExecuteAsync(new ReversePayment.Command(
                    now, 15, await book.Node.NextNumberAsync(), 1, "terminal t1", "səhv hesab", book.Node.Id))).Should().BeTrue();
                continue;
            }

            var edge = Transitions.Find(now.State, happened)!;
            (await book.Journal.RecordAsync(new Happening
            {
                AgentId = agentId,
                Number = now.Number,
                SeenStep = now.Step,
                SeenEdge = now.Edge,
                Edge = edge,
                NodeId = book.Node.Id,
                MadeBy = edge.TwoPeople ? "aysel" : null,
                ApprovedBy = edge.TwoPeople ? "rəşad" : null,
            })).Done.Should().BeTrue();
        }

        return acceptance.Number;
    }

    private static NettingSums Total(IEnumerable<NettingSums> sums) =>
        sums.Aggregate(new NettingSums(0, 0, 0, 0, 0, 0, 0, 0), (one, other) => one + other);

    private static Task<long> LedgerAsync(TestDatabase database, LocalDate day, string accounts) => database.AskAsync<long>(
        $"select coalesce(sum(credits_qepik - debits_qepik), 0)::bigint from day_total where business_day = '{day:uuuu-MM-dd}' and {accounts}");
}
