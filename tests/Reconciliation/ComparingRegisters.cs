using EGovPay.Processing.People;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>Our ledger against a provider's register, difference by difference.</summary>
public sealed class ComparingRegisters
{
    [Fact]
    public async Task An_honest_register_agrees_with_whatever_became_of_the_payments()
    {
        await using var book = await RegisterBook.OpenAsync();
        var confirmed = await book.PayAsync(PaymentState.Confirmed);
        foreach (var state in Enum.GetValues<PaymentState>().Where(state => state is not (PaymentState.None or PaymentState.Unknown
            or PaymentState.Confirmed)))
        {
            await book.PayAsync(state);
        }

        await book.RegisterAsync(book.Today, book.LineOf(confirmed));
        var found = await book.ReconcileAsync();
        found.Should().BeEquivalentTo(new { Lines = 1, Matched = 1, Settled = 0, Breaks = 0 });
        (await book.OpenAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Each_kind_of_difference_is_named_and_nothing_else_is()
    {
        await using var book = await RegisterBook.OpenAsync();
        var right = await book.PayAsync(PaymentState.Confirmed);
        var missing = await book.PayAsync(PaymentState.Confirmed, 2_000);
        var over = await book.PayAsync(PaymentState.Confirmed);
        var under = await book.PayAsync(PaymentState.Confirmed);
        var otherDay = await book.PayAsync(PaymentState.Confirmed);
        var otherAccount = await book.PayAsync(PaymentState.Confirmed);
        var twice = await book.PayAsync(PaymentState.Confirmed);
        var dollars = await book.PayAsync(PaymentState.Confirmed);
        var declined = await book.PayAsync(PaymentState.Declined);
        await book.RegisterAsync(
            book.Today,
            book.LineOf(twice), book.LineOf(right),
            book.LineOf(over) with { AmountQepik = 1_001 },
            book.LineOf(under) with { AmountQepik = 999 },
            book.LineOf(otherDay) with { Day = book.Today.PlusDays(-3) },
            book.LineOf(otherAccount) with { Account = "0" + RegisterBook.Account },
            book.LineOf(twice),
            book.LineOf(dollars) with { Currency = "USD" },
            book.LineOf(declined),
            new WrittenLine("731999999999", 700, "501", book.Today),
            new WrittenLine("X-17", 800, "501", book.Today));

        var found = await book.ReconcileAsync();

        (await book.OpenAsync()).Should().BeEquivalentTo(
            RegisterBook.Named(missing, "MissingThere"), RegisterBook.Named(over, "OverAmount"),
            RegisterBook.Named(under, "UnderAmount"), RegisterBook.Named(otherDay, "WrongDay"),
            RegisterBook.Named(otherAccount, "WrongAccount"), RegisterBook.Named(twice, "Duplicate"),
            RegisterBook.Named(dollars, "CurrencyDiffers"), RegisterBook.Named(declined, "MissingHere"),
            "731999999999 MissingHere", "X-17 Unidentified");
        found.Should().BeEquivalentTo(new { Lines = 11, Matched = 1, Breaks = 10 });
        (await book.Database.AskAsync<long>("select sum(amount_at_risk_qepik)::bigint from settlement_break"))
            .Should().Be(2_000 + 1 + 1 + 0 + 1_000 + 1_000 + 1_000 + 1_000 + 700 + 800);
        (await book.Database.AskAsync<long>("select count(*) from settlement_break where theirs is null")).Should().Be(1, "of what is missing there");
    }

    [Fact]
    public void Every_cause_and_step_has_its_text()
    {
        var names = File.ReadAllText(Path.Combine(House.Tree.Root, "Settlement", "Reconciliation", "JudgePayment.cs"))
            + File.ReadAllText(Path.Combine(House.Tree.Root, "Settlement", "Reconciliation", "RegisterFacts.cs"));
        foreach (System.Text.RegularExpressions.Match name in System.Text.RegularExpressions.Regex.Matches(names, "\"([a-z]+(?:-[a-z]+)+)\""))
        {
            (BreakTexts.Causes.ContainsKey(name.Groups[1].Value) || BreakTexts.Steps.ContainsKey(name.Groups[1].Value))
                .Should().BeTrue(name.Value);
        }

        BreakTexts.Kinds.Should().HaveCount(Enum.GetValues<BreakKind>().Length);
    }

    [Fact]
    public async Task An_unknown_payment_that_the_register_shows_is_settled_in_one_commit_by_nobody()
    {
        await using var book = await RegisterBook.OpenAsync();
        var unknown = await book.PayAsync(PaymentState.Unknown);
        var file = await book.RegisterAsync(book.Today, book.LineOf(unknown));

        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Matched = 1, Settled = 1, Breaks = 0 });

        var settled = await book.FindAsync(unknown.Number);
        settled.Should().BeEquivalentTo(new { State = PaymentState.Confirmed, Edge = 14 });
        settled.ReceiptCounter.Should().NotBeNull();
        (await book.Database.AskAsync<string>($"select note from event where number = {unknown.Number} and edge = 14"))
            .Should().Contain($"file {file}, line 1");
        (await book.Database.AskAsync<long>("select count(*) from unknown_payment")).Should().Be(0);
        (await book.Database.AskAsync<long>($"select count(*) from transfer where number = {unknown.Number}")).Should().Be(2);
        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Matched = 1, Settled = 0, Breaks = 0 });
    }

    [Theory]
    [InlineData(1_001, RegisterBook.Account, null, "OverAmount")]
    [InlineData(999, RegisterBook.Account, null, "UnderAmount")]
    [InlineData(1_000, "501234568", null, "WrongAccount")]
    [InlineData(1_000, RegisterBook.Account, "USD", "CurrencyDiffers")]
    public async Task An_unknown_payment_is_not_settled_by_a_line_that_says_anything_else(
        long amount, string account, string? currency, string kind)
    {
        await using var book = await RegisterBook.OpenAsync();
        var unknown = await book.PayAsync(PaymentState.Unknown);
        await book.RegisterAsync(
            book.Today, book.LineOf(unknown) with { AmountQepik = amount, Account = account, Currency = currency });

        await book.ReconcileAsync();

        (await book.FindAsync(unknown.Number)).State.Should().Be(PaymentState.Unknown);
        (await book.OpenAsync()).Should().Equal(RegisterBook.Named(unknown, kind));
    }

    [Fact]
    public async Task An_unknown_payment_that_the_register_has_not_is_a_break_that_two_people_decide()
    {
        await using var book = await RegisterBook.OpenAsync();
        var unknown = await book.PayAsync(PaymentState.Unknown);
        await book.RegisterAsync(book.Today);

        await book.ReconcileAsync();

        (await book.FindAsync(unknown.Number)).State.Should().Be(PaymentState.Unknown);
        (await book.OpenAsync()).Should().Equal(RegisterBook.Named(unknown, "MissingThere"));
        (await book.Database.AskAsync<string>("select cause || ' ' || step from settlement_break")).Should().Be("unknown-absent propose-absent");
    }

    [Fact]
    public async Task A_payment_of_another_day_that_turns_up_is_found_by_its_number()
    {
        await using var book = await RegisterBook.OpenAsync();
        var confirmedToday = await book.AgeAsync(await book.PayAsync(PaymentState.Confirmed), 1, eventsBefore: 1);
        var old = await book.AgeAsync(await book.PayAsync(PaymentState.Confirmed), 3);
        var others = await book.PayAsync(PaymentState.Confirmed, provider: book.Other);
        await book.RegisterAsync(
            book.Today,
            book.LineOf(confirmedToday) with { Day = book.Today }, book.LineOf(old) with { Day = book.Today }, book.LineOf(others));

        await book.ReconcileAsync();

        (await book.OpenAsync()).Should().BeEquivalentTo(
            RegisterBook.Named(old, "WrongDay"), RegisterBook.Named(others, "MissingHere"));
        (await book.Database.AskAsync<string>($"select cause from settlement_break where number = {others.Number}")).Should().Be("other-provider");
    }

    [Fact]
    public async Task What_a_later_register_has_is_missing_no_more()
    {
        await using var book = await RegisterBook.OpenAsync();
        var payment = await book.AgeAsync(await book.PayAsync(PaymentState.Confirmed), 1, eventsBefore: 1);
        var yesterday = book.Today.PlusDays(-1);
        await book.RegisterAsync(yesterday);
        await book.ReconcileAsync(yesterday);
        (await book.OpenAsync()).Should().Equal(RegisterBook.Named(payment, "MissingThere"));

        await book.RegisterAsync(book.Today, book.LineOf(payment) with { Day = book.Today });
        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Breaks = 0, Closed = 1 });

        (await book.OpenAsync()).Should().BeEmpty();
        (await book.ReconcileAsync(yesterday)).Should().BeEquivalentTo(new { Breaks = 0, Closed = 0 });
        (await book.OpenAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_register_of_a_day_that_is_not_over_says_nothing_of_what_came_after_it()
    {
        await using var book = await RegisterBook.OpenAsync();
        var before = await book.PayAsync(PaymentState.Confirmed);
        var declined = await book.PayAsync(PaymentState.Declined);
        await book.RegisterAsync(book.Today);
        var after = await book.PayAsync(PaymentState.Confirmed);
        await book.PayAsync(PaymentState.Unknown);

        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Breaks = 1, InFlight = 2 });
        (await book.OpenAsync()).Should().Equal([RegisterBook.Named(before, "MissingThere")], "the others may come in a later one");

        await book.RegisterAsync(book.Today, book.LineOf(before), book.LineOf(declined));
        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Breaks = 3 });
        (await book.OpenAsync()).Should().Contain(RegisterBook.Named(after, "MissingThere"), "the later one came, and has not got it");
    }

    [Fact]
    public async Task Of_a_day_that_is_long_over_nothing_more_is_waited_for()
    {
        await using var book = await RegisterBook.OpenAsync();
        var old = await book.AgeAsync(await book.PayAsync(PaymentState.Confirmed), 3);
        var day = book.Today.PlusDays(-3);
        await book.RegisterAsync(day);
        await book.Database.ExecuteAsync("update settlement_file set imported_at = now() - interval '3 days 1 hour'");

        (await book.ReconcileAsync(day)).Should().BeEquivalentTo(new { Breaks = 1, InFlight = 0 });
        (await book.OpenAsync()).Should().Equal(RegisterBook.Named(old, "MissingThere"));
    }

    [Fact]
    public async Task A_payment_in_the_registers_of_two_days_is_a_duplicate()
    {
        await using var book = await RegisterBook.OpenAsync();
        var payment = await book.AgeAsync(await book.PayAsync(PaymentState.Confirmed), 1);
        await book.RegisterAsync(book.Today.PlusDays(-1), book.LineOf(payment));
        await book.RegisterAsync(book.Today, book.LineOf(payment));

        await book.ReconcileAsync(book.Today.PlusDays(-1));
        (await book.OpenAsync()).Should().BeEmpty();
        await book.ReconcileAsync();
        (await book.OpenAsync()).Should().Equal(RegisterBook.Named(payment, "Duplicate"));
    }

    [Fact]
    public async Task A_reversal_in_the_register_takes_its_sale_away()
    {
        await using var book = await RegisterBook.OpenAsync();
        var reversed = await book.PayAsync(PaymentState.Reversed);
        var kept = await book.PayAsync(PaymentState.Reversed);
        var takenBack = await book.PayAsync(PaymentState.Confirmed);
        await book.RegisterAsync(
            book.Today, book.LineOf(reversed), book.LineOf(reversed) with { Reversal = true }, book.LineOf(kept),
            book.LineOf(takenBack), book.LineOf(takenBack) with { Reversal = true });

        await book.ReconcileAsync();

        (await book.OpenAsync()).Should().BeEquivalentTo(
            RegisterBook.Named(kept, "MissingHere"), RegisterBook.Named(takenBack, "MissingThere"));
    }

    [Fact]
    public async Task A_reversal_takes_away_one_sale_of_its_own_amount_and_nothing_else()
    {
        await using var book = await RegisterBook.OpenAsync();
        var inPart = await book.PayAsync(PaymentState.Reversed);
        var onceOfTwo = await book.PayAsync(PaymentState.Declined);
        var backElsewhere = await book.PayAsync(PaymentState.Reversed);
        var partElsewhere = await book.PayAsync(PaymentState.Reversed);
        var both = await book.PayAsync(PaymentState.Cancelled);
        WrittenLine Back(Payment payment, long qepik) => book.LineOf(payment) with { Reversal = true, AmountQepik = qepik };
        await book.RegisterAsync(
            book.Today,
            book.LineOf(inPart), Back(inPart, 100),
            book.LineOf(onceOfTwo), book.LineOf(onceOfTwo), Back(onceOfTwo, onceOfTwo.AmountQepik),
            Back(backElsewhere, backElsewhere.AmountQepik),
            Back(partElsewhere, 100),
            book.LineOf(both), book.LineOf(both), Back(both, both.AmountQepik), Back(both, both.AmountQepik));

        await book.ReconcileAsync();

        (await book.OpenAsync()).Should().BeEquivalentTo(
            RegisterBook.Named(inPart, "MissingHere"), RegisterBook.Named(onceOfTwo, "MissingHere"),
            RegisterBook.Named(partElsewhere, "MissingHere"));
        (await book.Database.AskAsync<string>(
            "select string_agg(amount_at_risk_qepik::text, ' ' order by number) from settlement_break")).Should().Be("900 1000 900");
    }

    [Fact]
    public async Task What_was_taken_back_on_a_later_day_agrees_with_the_register_of_its_own()
    {
        await using var book = await RegisterBook.OpenAsync();
        var payment = await book.AgeAsync(await book.PayAsync(PaymentState.Reversed), 1, eventsBefore: 2);
        var yesterday = book.Today.PlusDays(-1);
        await book.RegisterAsync(yesterday, book.LineOf(payment));

        (await book.ReconcileAsync(yesterday)).Breaks.Should().Be(0);
    }

    [Fact]
    public async Task A_line_that_names_a_payment_by_a_reference_and_is_equal_in_everything_else_is_that_payment()
    {
        await using var book = await RegisterBook.OpenAsync();
        var byTheirs = await book.PayAsync(PaymentState.Confirmed, 1_500);
        var byOurs = await book.PayAsync(PaymentState.Confirmed, 1_700);
        var unknown = await book.PayAsync(PaymentState.Unknown, 1_900);
        var twice = await book.PayAsync(PaymentState.Confirmed, 2_100);
        WrittenLine[] lines =
        [
            new WrittenLine("A-1", 1_500, RegisterBook.Account, book.Today) { ProviderTransaction = byTheirs.ProviderTransaction },
            new WrittenLine(byOurs.Reference, 1_700, RegisterBook.Account, book.Today),
            new WrittenLine(unknown.Reference, 1_900, RegisterBook.Account, book.Today),
            new WrittenLine(twice.Reference, 2_100, RegisterBook.Account, book.Today),
            new WrittenLine(twice.Reference, 2_100, RegisterBook.Account, book.Today),
        ];
        await book.RegisterAsync(book.Today, lines);

        foreach (var most in new[] { 1_000_000, 2 })
        {
            (await book.ReconcileAsync(limits: ReadingLimits.Usual with { Payments = most })).Should().BeEquivalentTo(new { Lines = 5, Matched = 2, Settled = 0, Breaks = 4 });
            (await book.OpenAsync()).Should().BeEquivalentTo(
                RegisterBook.Named(unknown, "MissingThere"), $"{unknown.Reference} Unidentified",
                RegisterBook.Named(twice, "MissingThere"), $"{twice.Reference} Unidentified");
        }

        (await book.FindAsync(unknown.Number)).State.Should().Be(PaymentState.Unknown, "only the number settles what is unknown");
        var without = new ReconcileRegister(book.Engine) { Strategies = [new MatchStrategy(MatchBy.Number, 0)] };
        (await without.RunAsync(book.Provider, book.Today, "test"))!.Should().BeEquivalentTo(new { Matched = 0, Breaks = 8 });
        (await book.Database.AskAsync<long>("select count(*) from settlement_break where suggestion is not null")).Should().Be(0);
    }

    [Fact]
    public async Task The_terms_that_are_in_force_say_by_which_strategies_a_register_is_matched()
    {
        await using var book = await RegisterBook.OpenAsync();
        var payment = await book.PayAsync(PaymentState.Confirmed, 1_500);
        await book.RegisterAsync(book.Today, new WrittenLine(payment.Reference, 1_500, RegisterBook.Account, book.Today));
        (await book.ReconcileAsync()).Matched.Should().Be(1);
        var example = System.Text.Encoding.UTF8.GetString(ExampleTerms.Read());
        var terms = example[..example.IndexOf(",\n  \"strategies\"", StringComparison.Ordinal)]
            + ", \"strategies\": { \"register\": [ { \"by\": \"number\" } ] } }";
        var today = book.Engine.Clock.GetCurrentInstant().InZone(DateTimeZoneProviders.Tzdb["Asia/Baku"]).Date;
        await TermsStore.ApplyAsync(
            book.Database.DataSource, System.Text.Encoding.UTF8.GetBytes(terms), today, today, new Person("sevil", "Sevil", [Role.Finance]));

        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Matched = 0, Breaks = 2 });
    }

    [Fact]
    public async Task Near_misses_are_suggested_and_never_matched()
    {
        await using var book = await RegisterBook.OpenAsync();
        var byReference = await book.PayAsync(PaymentState.Confirmed, 1_500);
        var byAccount = await book.PayAsync(PaymentState.Confirmed, 1_700, "559876543");
        var one = await book.PayAsync(PaymentState.Confirmed, 1_900, "551111111");
        var another = await book.PayAsync(PaymentState.Confirmed, 1_900, "551111111");
        await book.RegisterAsync(
            book.Today,
            new WrittenLine("A-1", 1_500, "x", book.Today) { ProviderTransaction = byReference.Reference },
            new WrittenLine("A-2", 1_700, "559876543", book.Today),
            new WrittenLine("A-3", 1_900, "551111111", book.Today));

        await book.ReconcileAsync();

        (await book.OpenAsync()).Should().BeEquivalentTo(
            RegisterBook.Named(byReference, "MissingThere"), RegisterBook.Named(byAccount, "MissingThere"),
            RegisterBook.Named(one, "MissingThere"), RegisterBook.Named(another, "MissingThere"),
            "A-1 Unidentified", "A-2 Unidentified", "A-3 Unidentified");
        (await book.Database.AskAsync<string>("select suggestion ->> 'number' from settlement_break where subject like '%/A-1'"))
            .Should().Be($"{byReference.Number}");
        (await book.Database.AskAsync<string>("select suggestion ->> 'strategy' from settlement_break where subject like '%/A-2'"))
            .Should().Be("account-amount-day");
        (await book.Database.AskAsync<bool>("select suggestion is null from settlement_break where subject like '%/A-3'"))
            .Should().BeTrue("two payments fit, and neither is assumed");
    }
}
