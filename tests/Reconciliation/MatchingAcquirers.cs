using System.Text;
using EGovPay.Processing.Calendar;
using EGovPay.Settlement.Acquirers;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.Mapping;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>Acquirers' reports against what banks booked from their accounts, and against themselves.</summary>
public sealed class MatchingAcquirers
{
    private const string Ours = "AZ21NABZ00000000137010001944";
    private const string Payer = "AZ27AZEN00000038000000000019";
    private static readonly LocalDate Day = new(2026, 11, 20);

    /// <summary>Novruz and Ramazan bayramı of 2026 are off from the twentieth of March to the thirtieth.</summary>
    private static readonly BankDays Working = new(new Calendars([new CalendarVersion(1, new LocalDate(2021, 1, 1), "", EmbeddedCalendar.Load())]));

    private int made;

    [Fact]
    public void A_days_net_is_one_booking_or_several_or_one_of_several_days()
    {
        Run([Entry(9_850)], [Reported(9_850)]).Should().BeEmpty();
        Run([Entry(9_850) with { Day = Day.PlusDays(2) }], [Reported(9_850)]).Should().BeEmpty("it pays some days later");
        Run([Entry(-4_000)], [Reported(-4_000)]).Should().BeEmpty("more was given back than sold");
        Run([Entry(9_000), Entry(850)], [Reported(9_850)]).Should().BeEmpty();
        Run([Entry(300) with { Day = Day.PlusDays(2) }], [Reported(100), Reported(200) with { Day = Day.PlusDays(1) }]).Should().BeEmpty();
        Run([Entry(9_849)], [Reported(9_850)]).Should().Equal("MissingHere 9849 acquirer-unreported", "MissingThere 9850 acquirer-unpaid");
        Run([Entry(9_850) with { Currency = "USD" }], [Reported(9_850)])
            .Should().Equal("CurrencyDiffers 0 acquirer-other-currency", "MissingThere 9850 acquirer-unpaid");
        Run([Entry(9_850) with { Counterparty = Ours }], [Reported(9_850)]).Should().Equal("MissingThere 9850 acquirer-unpaid");
        Run([Entry(9_850) with { Day = Day.PlusDays(-1) }], [Reported(9_850)])
            .Should().Equal(["MissingHere 9850 acquirer-unreported", "MissingThere 9850 acquirer-unpaid"], "nobody pays before the sale");
        Run([Entry(100), Entry(100)], [Reported(100)]).Should().HaveCount(3, "which of the two it is nobody knows");
        Run([], [Reported(100) with { Day = Day.PlusDays(6) }]).Should().BeEmpty("it may still come");
    }

    [Fact]
    public void An_acquirer_pays_on_bank_days_and_is_missed_in_the_accounts_that_it_may_pay_into()
    {
        var sold = new LocalDate(2026, 3, 19);
        var paid = new LocalDate(2026, 4, 3);
        List<string> After(LocalDate to, BankEntry[] entries, BankCoverage? coverage = null)
        {
            var match = new MatchAcquirers(
                MatchStrategies.Usual.Acquirer, new Dictionary<string, string>(StringComparer.Ordinal) { [Payer] = "kart" }, sold.PlusDays(-9), to)
            {
                Days = Working,
                Coverage = coverage ?? BankCoverage.Of(sold.PlusDays(-9), to),
            };
            match.Run(entries, [Reported(9_850) with { Day = sold }]);
            return [.. match.Differences.Select(one => $"{one.Kind} {one.AtRiskQepik} {one.Cause}").Order(StringComparer.Ordinal)];
        }

        After(paid, [Entry(9_850) with { Day = paid.PlusDays(-1) }]).Should().BeEmpty("it is the third bank day after the sale");
        After(paid, []).Should().BeEmpty("banks were open for four days");
        After(paid.PlusDays(3), []).Should().Equal("MissingThere 9850 acquirer-unpaid");
        After(paid.PlusDays(3), [], new BankCoverage([new SpokenRange(Ours, sold, paid)], [Ours], Working))
            .Should().BeEmpty("the account's own statements do not go so far");
    }

    [Fact]
    public void A_booking_that_names_a_report_is_that_one_and_is_compared()
    {
        var named = Entry(9_850) with { Remittance = "acq-20 settlement", Day = Day.PlusDays(9) };
        Run([named], [Reported(9_850)]).Should().BeEmpty();
        Run([named with { AmountQepik = 9_900 }], [Reported(9_850)]).Should().Equal("OverAmount 50 acquirer-more");
        Run([named with { AmountQepik = 9_800 }], [Reported(9_850)]).Should().Equal("UnderAmount 50 acquirer-less");
        Run([named], [Reported(9_850)], [.. MatchStrategies.Usual.Acquirer.Where(one => one.By != MatchBy.Number)])
            .Should().HaveCount(2, "without the number nothing else fits");
    }

    [Theory]
    [InlineData("1.csv", "1 ödəniş")]
    [InlineData("1.csv", "1.csv")]
    [InlineData("20261120.csv", "20261120 settlement")]
    [InlineData("report.csv", "report of sales")]
    public void A_word_that_may_stand_in_any_booking_names_no_report(string file, string remittance) =>
        Run([Entry(9_900) with { Remittance = remittance }], [Reported(9_850) with { File = file }])
            .Should().Equal("MissingHere 9900 acquirer-unreported", "MissingThere 9850 acquirer-unpaid");

    [Fact]
    public void What_was_paid_before_the_first_day_competes_with_nothing_after_it()
    {
        var first = Day.PlusDays(-10);
        AcquirerDay[] days =
        [
            Reported(70) with { Day = first.PlusDays(-3) }, Reported(100) with { Day = first }, Reported(200) with { Day = first.PlusDays(1) },
        ];
        var weekend = Entry(300) with { Day = first.PlusDays(2) };
        Run([Entry(70) with { Day = first.PlusDays(-2) }, weekend], days).Should().BeEmpty();
        Run([Entry(71) with { Day = first.PlusDays(-2) }], []).Should().BeEmpty("nothing is said of the days before");
    }

    [Fact]
    public void Under_any_strategies_what_is_matched_is_equal_to_the_qepik_and_the_rest_is_told() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(2_000),
            Prop.ForAll(ArbMap.Default.ArbFor<DoNotSize<int>>(), any =>
            {
                var seed = any.Item;
                var random = new Random(seed);
                var strategies = MatchStrategies.Usual.Acquirer.Select(one => one with { WithinDays = random.Next(4) }).ToArray();
                random.Shuffle(strategies);
                var days = Enumerable.Range(0, random.Next(5)).Select(_ => Reported((random.Next(4) - 1) * 100) with
                {
                    Day = Day.PlusDays(random.Next(4)), FileId = random.Next(3),
                }).ToList();
                var entries = Enumerable.Range(0, random.Next(5)).Select(_ => Entry((random.Next(4) - 1) * 100) with
                {
                    Day = Day.PlusDays(random.Next(5)), Currency = random.Next(5) == 0 ? "USD" : "AZN",
                    Remittance = random.Next(4) == 0 ? "acq-20" : null,
                }).Where(one => one.AmountQepik != 0).ToList();
                var match = Matched([.. strategies.Take(random.Next(6))], entries, days);
                var told = match.Differences;
                told.Select(one => one.Entry).OfType<BankEntry>().Should().OnlyHaveUniqueItems();
                var booked = entries.Sum(one => one.AmountQepik) - told.Where(one => one.Cause is "acquirer-unreported" or "acquirer-other-currency")
                    .Sum(one => one.Entry!.AmountQepik);
                var reported = days.Sum(one => one.NetQepik) - told.Where(one => one.Cause == "acquirer-unpaid").Sum(one => one.Day!.NetQepik);
                var differing = told.Sum(one => one.Cause switch { "acquirer-more" => one.AtRiskQepik, "acquirer-less" => -one.AtRiskQepik, _ => 0 });
                booked.Should().Be(reported + differing, "what was not told was matched to the qəpik");
                return true;
            }));

    [Fact]
    public async Task Reports_in_the_database_are_held_against_statements_and_themselves_once_and_close_when_it_is_mended()
    {
        await using var book = await RegisterBook.OpenAsync();
        var today = book.Today;
        var mapping = Mappings.One("""
            {"name":"kart","for":"acquirer","words":{"S":"sale","V":"reversal"},
             "columns":{"date":"date","kind":"kind","rrn":"rrn","gross":"gross","fee":"fee","net":"net"}}
            """);
        Task ImportAsync(string name, string lines) => new ImportAcquirers(book.Database.DataSource, [mapping]).FromAsync(
            new IncomingFile(name, new MemoryStream(Encoding.UTF8.GetBytes("date,kind,rrn,gross,fee,net\n" + lines)), FileSource.Folder, IncomingFile.Engine),
            "kart", TestContext.Current.CancellationToken);
        var terms = new SettlementTerms(
            new Payer("MHM", "1234567891"), [new OwnAccount(Ours, "NABZAZ2X", "200004", "AZN", "main")], [], [])
        {
            Acquirers = [new AcquirerTerms("kart", [Payer])],
        };
        async Task<List<string>> LookAsync()
        {
            (await new ReconcileBank(book.Engine).RunAsync(terms, "test", TestContext.Current.CancellationToken)).Should().NotBeNull();
            return [.. (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter(), cancel: TestContext.Current.CancellationToken))
                .Select(one => $"{one.Side} {one.Kind} {one.AmountAtRiskQepik} {one.Cause}").Order(StringComparer.Ordinal)];
        }

        await ImportAsync("a.csv", FormattableString.Invariant(
            $"{today:uuuu-MM-dd},S,1,100.00,1.50,98.50\n{today:uuuu-MM-dd},S,1,100.00,1.50,98.50\n{today:uuuu-MM-dd},V,9,-10.00,0,-10.00\n"));
        await book.Database.ExecuteAsync($"""
            with f as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
                values ('statement', 's', sha256('s'), 1, 'MT940', 'command', 'test') returning file_id
            ),
            s as (
                insert into statement (file_id, position, message, account, currency, from_day, to_day, entries, intraday)
                select f.file_id, 1, 'MT940', '{Ours}', 'AZN', current_date - 40, current_date + 3, 1, false from f
                returning statement_id
            )
            insert into statement_entry (statement_id, entry_no, line, account, currency, amount_minor, booking_day, status, reversal,
                counterparty_account)
            select s.statement_id, 1, 1, '{Ours}', 'AZN', 18700, current_date + 1, 'booked', false, '{Payer}' from s
            """);

        string[] open =
        [
            "Acquirer Duplicate 10000 acquirer-repeated", "Acquirer Unidentified 1000 reversal-without-sale",
        ];
        (await LookAsync()).Should().Equal(open, "the net of the day is what the bank booked");
        (await LookAsync()).Should().Equal(open);
        (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(2);

        await ImportAsync("b.csv", FormattableString.Invariant($"{today.PlusDays(-30):uuuu-MM-dd},S,9,10.00,0,10.00\n"));
        (await LookAsync()).Should().Equal(
            "Acquirer Duplicate 10000 acquirer-repeated", "Acquirer MissingThere 1000 acquirer-unpaid");
    }

    private static List<string> Run(BankEntry[] entries, AcquirerDay[] days, IReadOnlyList<MatchStrategy>? strategies = null) =>
        [.. Matched(strategies ?? MatchStrategies.Usual.Acquirer, entries, days).Differences
            .Select(one => $"{one.Kind} {one.AtRiskQepik} {one.Cause}").Order(StringComparer.Ordinal)];

    private static MatchAcquirers Matched(IReadOnlyList<MatchStrategy> strategies, IReadOnlyList<BankEntry> entries, IReadOnlyList<AcquirerDay> days)
    {
        var match = new MatchAcquirers(
            strategies, new Dictionary<string, string>(StringComparer.Ordinal) { [Payer] = "kart" }, Day.PlusDays(-10), Day.PlusDays(10));
        match.Run(entries, days);
        return match;
    }

    private static AcquirerDay Reported(long net) => new("kart", 1, "acq-20.csv", Day, net, 0, net);

    private BankEntry Entry(long qepik) => new(
        1, ++made, 1, made, Ours, "AZN", qepik, Day, Reversal: false, null, null, null, Payer, null);
}
