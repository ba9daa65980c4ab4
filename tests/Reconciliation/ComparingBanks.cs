using EGovPay.Processing;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>Statements in the database against payouts and deposits in it.</summary>
public sealed class ComparingBanks
{
    private const string Ours = "AZ21NABZ00000000137010001944";
    private const string Payer = "AZ37PAHA38050230000000000944";

    private static readonly SettlementTerms Terms = new(
        new Payer("MHM", "1234567891"), [new OwnAccount(Ours, "NABZAZ2X", "200004", "AZN", "main")], [],
        [new AgentTerms("a1", false, 0, false, [Payer])]);

    [Fact]
    public async Task What_the_bank_has_and_we_have_not_is_a_break_once_and_closes_when_it_is_booked()
    {
        await using var book = await RegisterBook.OpenAsync();
        (await new ReconcileBank(book.Engine).RunAsync(Terms, "test")).Should().BeNull("no statement came");
        await book.Database.ExecuteAsync($"""
            with f as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
                values ('statement', 's.xml', sha256('s'), 1, 'camt.053.001.08', 'command', 'test') returning file_id
            ),
            s as (
                insert into statement (file_id, position, message, account, currency, from_day, to_day, entries, intraday)
                select f.file_id, 1, 'camt.053.001.08', '{Ours}', 'AZN', current_date - 10, current_date + 1, 3, false from f
                returning statement_id
            )
            insert into statement_entry (statement_id, entry_no, line, account, currency, amount_minor, booking_day, status, reversal,
                bank_reference, counterparty_account)
            select s.statement_id, x.no, x.no, '{Ours}', 'AZN', x.amount, current_date, x.status, false, x.reference, x.from_account
            from s
            cross join (values (1, 70000, 'booked', 'doc-1', '{Payer}'), (2, -900, 'booked', 'fee', null), (3, 5, 'pending', 'no', null))
                as x (no, amount, status, reference, from_account)
            """);

        (await new ReconcileBank(book.Engine).RunAsync(Terms, "test"))!.Should().BeEquivalentTo(new { Lines = 2, Matched = 0, Breaks = 2 });
        (await new ReconcileBank(book.Engine).RunAsync(Terms, "test"))!.Should().BeEquivalentTo(new { Breaks = 2, Closed = 0 });
        var open = await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter());
        open.Select(one => (one.Side, one.Kind, one.AmountAtRiskQepik, one.Step)).Should().BeEquivalentTo([
            (BreakSide.Bank, BreakKind.MissingHere, 70_000L, "book-deposit"), (BreakSide.Bank, BreakKind.Unidentified, 900L, "ask-bank")]);
        open[0].Suggestion.Should().Contain("a1");

        (await book.Engine.Funds.TopUpAsync(RegisterBook.Agent, 1, "doc-1", 70_000, "test", null, null)).Should().BeTrue();
        (await new ReconcileBank(book.Engine).RunAsync(Terms, "test"))!.Should().BeEquivalentTo(new { Matched = 1, Breaks = 1, Closed = 1 });
        (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter())).Should().ContainSingle()
            .Which.Kind.Should().Be(BreakKind.Unidentified);
    }

    [Theory]
    [InlineData(Payer)]
    [InlineData("AZ96AZEJ00000000001234567890")]
    public async Task A_correction_into_the_funds_is_the_deposit_of_the_booking_that_it_settles_and_of_no_other(string from)
    {
        await using var book = await RegisterBook.OpenAsync();
        await TestPeople.InAsync(book.Database.DataSource);
        await SayAsync(book, "s", -10, 1, -1);
        await book.Database.ExecuteAsync(
            $"alter table statement_entry disable trigger user; update statement_entry set counterparty_account = '{from}'");
        (await new ReconcileBank(book.Engine).RunAsync(Terms, "test"))!.Breaks.Should().Be(1);
        var one = (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter())).Single();
        var proposed = await new SettleBreak(book.Engine).ProposeAsync(
            TestPeople.Doer, one.Id,
            new BreakResolution(null, [new Correcting(RegisterBook.Agent, Accounts.Bank, Accounts.Funds, 70_000)]), "letter 44",
            TestContext.Current.CancellationToken);
        (await book.Engine.Decide.ApproveAsync(TestPeople.Approver, proposed.Proposed.Id)).Result.Should().Be(DecideResult.Done);

        (await new ReconcileBank(book.Engine).RunAsync(Terms, "test"))!.Should().BeEquivalentTo(new { Matched = 1, Breaks = 0 });
        (await new BreakBook(book.Database.DataSource).FindAsync(one.Id))!.State.Should().Be(BreakState.Settled);
        (await book.Engine.Funds.TopUpAsync(RegisterBook.Agent, 1, "doc-1", 70_000, "test", null, null)).Should().BeTrue();
        await book.Database.ExecuteAsync("""
            set session_replication_role = replica;
            update movement set business_day = current_date - 5 where reference = 'doc-1';
            set session_replication_role = origin;
            """);
        (await new ReconcileBank(book.Engine).RunAsync(Terms, "test"))!.Should().BeEquivalentTo(new { Matched = 1, Breaks = 1 });
        (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter())).Should().ContainSingle("it is booked twice")
            .Which.Kind.Should().Be(BreakKind.MissingThere);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(0, 20)]
    public async Task A_deposit_and_its_booking_on_two_sides_of_the_first_day_are_no_break(int bookedDay, int depositDay)
    {
        await using var book = await RegisterBook.OpenAsync();
        await book.Engine.Funds.TopUpAsync(RegisterBook.Agent, 1, "doc-1", 70_000, "test", null, null);
        await book.Database.ExecuteAsync(FormattableString.Invariant($"""
            set session_replication_role = replica;
            update movement set business_day = current_date - 60 + {depositDay} where reference = 'doc-1';
            set session_replication_role = origin;
            """));
        await SayAsync(book, "booked", -62, -40, bookedDay - 60);
        for (var day = Math.Min(bookedDay, depositDay); day <= Math.Max(bookedDay, depositDay) + 1; day++)
        {
            await SayAsync(book, FormattableString.Invariant($"day {day}"), day - 20, day - 20);
            await new ReconcileBank(book.Engine).RunAsync(Terms, "test");
            (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(0, $"it is day {day}");
        }
    }

    [Theory]
    [InlineData("9999-12-31")]
    [InlineData("2099-12-31")]
    public async Task A_statement_that_says_to_speak_of_years_to_come_is_believed_to_the_day_after_it_came(string last)
    {
        await using var book = await RegisterBook.OpenAsync();
        await SayAsync(book, "s", -10, await book.Database.AskAsync<int>($"select date '{last}' - current_date"), 0);
        (await new ReconcileBank(book.Engine).RunAsync(Terms, "test"))!.Should().BeEquivalentTo(new { Lines = 1, Breaks = 1 });
    }

    [Fact]
    public async Task Deposits_and_corrections_of_some_days_are_found_by_their_days_and_not_by_reading_all_movements()
    {
        await using var book = await RegisterBook.OpenAsync();
        await book.Database.ExecuteAsync(FormattableString.Invariant($"""
            set session_replication_role = replica;
            insert into movement (agent_id, number, kind, reference, amount_qepik, business_day, at, made_by)
            select {RegisterBook.Agent}, 1000000 + n, 'rebalance-out', 'n' || n, 1, current_date, now(), 'test'
            from generate_series(1, 20000) n;
            insert into movement (agent_id, number, kind, reference, amount_qepik, business_day, at, made_by)
            select {RegisterBook.Agent}, 2000000 + n, 'top-up', 'd' || n, 1, current_date - n, now(), 'test'
            from generate_series(1, 2000) n;
            analyze movement;
            set session_replication_role = origin;
            """));
        await using var connection = await book.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("explain " + Sql.Load(typeof(ReconcileBank).Assembly, "Reconciliation/BankDeposits.sql"), connection)
        {
            Parameters =
            {
                new NpgsqlParameter<DateOnly> { TypedValue = new DateOnly(2026, 2, 3) },
                new NpgsqlParameter<DateOnly> { TypedValue = new DateOnly(2026, 2, 3) },
                new NpgsqlParameter<int> { TypedValue = 10 },
            },
        };
        var plan = new List<string>();
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await row.ReadAsync(TestContext.Current.CancellationToken))
        {
            plan.Add(row.GetString(0));
        }

        plan.Should().NotContain(line => line.Contains("Seq Scan on movement")).And.Contain(line => line.Contains("movement_of_people"));
    }

    /// <summary>A statement, days from today, with one booking of 700.00 by the agent's document or none.</summary>
    private static Task SayAsync(RegisterBook book, string name, int from, int to, int? booked = null) =>
        book.Database.ExecuteAsync(FormattableString.Invariant($"""
            with f as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
                values ('statement', '{name}', sha256('{name}'), 1, 'MT940', 'command', 'test') returning file_id
            ),
            s as (
                insert into statement (file_id, position, message, account, currency, from_day, to_day, entries, intraday)
                select f.file_id, 1, 'MT940', '{Ours}', 'AZN', current_date + {from}, current_date + {to}, 1, false from f
                returning statement_id
            )
            insert into statement_entry (statement_id, entry_no, line, account, currency, amount_minor, booking_day, status, reversal,
                bank_reference, counterparty_account)
            select s.statement_id, 1, 1, '{Ours}', 'AZN', 70000, current_date + {booked ?? 0}, 'booked', false, 'doc-1', '{Payer}'
            from s
            where {(booked is null ? "false" : "true")}
            """));

    [Fact]
    public async Task Balances_that_do_not_add_up_and_gaps_are_breaks_once_and_close_when_what_is_missing_comes()
    {
        await using var book = await RegisterBook.OpenAsync();
        Task AddAsync(string name, int day, long opening, long closing, long difference, string account = Ours, string form = "n") => book.Database.ExecuteAsync(
            FormattableString.Invariant($"""
            with f as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
                values ('statement', '{name}', sha256('{name}'), 1, 'MT940', 'command', 'test') returning file_id
            )
            insert into statement (file_id, position, message, account, currency, sequence, from_day, to_day, opening_minor, closing_minor, entries,
                difference_minor, intraday)
            select f.file_id, 1, 'MT940', '{account}', 'AZN', '{form}{day}', current_date - {day}, current_date - {day}, {opening}, {closing}, 0,
                {difference}, false from f
            """));
        async Task<List<string>> LookAsync()
        {
            await new ReconcileBank(book.Engine).RunAsync(Terms, "test");
            return [.. (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter(Kind: BreakKind.BalanceDiffers)))
                .Select(one => $"{one.Side} {one.Subject.Split('/')[^1]} {one.AmountAtRiskQepik} {one.Cause}")];
        }

        await AddAsync("a", 5, 100, 250, 0);
        await AddAsync("b", 3, 300, 400, 10);
        await AddAsync("not-ours", 3, 7, 9, 2, Payer);
        string[] both = ["Bank balance 10 balance-differs", "Bank gap 50 statement-missing"];
        (await LookAsync()).Should().BeEquivalentTo(both);
        (await LookAsync()).Should().BeEquivalentTo(both, "a second look finds the same");
        (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(2);

        await AddAsync("b as another message", 3, 300, 400, 0, form: "camt");
        (await LookAsync()).Should().BeEquivalentTo(both, "it is the same gap, told twice");

        await AddAsync("between", 4, 250, 300, 0);
        (await LookAsync()).Should().Equal("Bank balance 10 balance-differs");
        await AddAsync("b, corrected", 3, 300, 400, 0);
        (await LookAsync()).Should().BeEmpty("the bank's last word on that day adds up");
        (await book.Database.AskAsync<string>("select string_agg(distinct settled_by, ' ') from settlement_break")).Should().Be("test");
        await AddAsync("c", 2, 401, 500, 0);
        (await LookAsync()).Should().Equal("Bank gap 1 statement-missing");
    }
}
