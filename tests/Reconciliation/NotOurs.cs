using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Reconciliation;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>A file that is read as a register and is none of ours is one break, whatever its size, and says nothing of our payments.</summary>
public sealed class NotOurs
{
    [Theory]
    [InlineData("'1' || g", 20_001)]
    [InlineData("'' || (799000000000 + g)", 10_001)]
    public async Task A_register_of_strangers_is_one_break_and_the_right_one_closes_it(string txn, int strangers)
    {
        await using var book = await RegisterBook.OpenAsync();
        var payment = await book.PayAsync(PaymentState.Confirmed);
        var wrong = await book.RegisterAsync(book.Today, book.LineOf(payment));
        await book.Database.ExecuteAsync($"""
            insert into register_in_line (file_id, line, txn, number, amount_qepik, account, day, reversal)
            select {wrong}, 1 + g, {txn}, case when {txn} ~ '^7[0-9]+$' then ({txn})::bigint end, 5, 'a', current_date, false
            from generate_series(1, {strangers}) as g
            """);

        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Lines = strangers + 1, Breaks = 1, Matched = 0, Closed = 0 });
        (await book.Database.AskAsync<string>("select kind || ' ' || cause || ' ' || theirs from settlement_break"))
            .Should().Be(FormattableString.Invariant($"Unidentified not-our-register {{\"lines\": {strangers + 1}, \"strangers\": {strangers}}}"));
        (await book.ReconcileAsync()).Breaks.Should().Be(1);

        await book.RegisterAsync(book.Today, book.LineOf(payment));
        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Breaks = 0, Matched = 1, Closed = 1 });
    }

    [Fact]
    public async Task A_register_that_names_payments_by_reference_or_says_each_twice_is_ours()
    {
        await using var book = await RegisterBook.OpenAsync();
        var lines = new List<WrittenLine>();
        for (var payment = 0; payment < 4; payment++)
        {
            lines.Add(book.LineOf(await book.PayAsync(PaymentState.Confirmed)));
        }

        var few = ReadingLimits.Usual with { FewStrangers = 2 };
        await book.RegisterAsync(book.Today, [.. lines.Select((line, at) => line with { Txn = $"theirs-{at}" })]);
        (await book.ReconcileAsync(limits: few)).Lines.Should().Be(4);
        (await RefusedAsync()).Should().Be(0, "lines without our number may be tied by what else they say");

        await book.RegisterAsync(book.Today, [.. lines, .. lines, .. lines]);
        (await book.ReconcileAsync(limits: few)).Breaks.Should().Be(4, "each is said more than once");
        (await RefusedAsync()).Should().Be(0, "they are our own numbers");

        Task<long> RefusedAsync() => book.Database.AskAsync<long>("select count(*) from settlement_break where cause = 'not-our-register'");
    }

    [Fact]
    public async Task A_register_that_brings_several_days_at_once_is_ours()
    {
        await using var book = await RegisterBook.OpenAsync();
        var lines = new List<WrittenLine>();
        for (var payment = 0; payment < 6; payment++)
        {
            var paid = await book.PayAsync(PaymentState.Confirmed);
            lines.Add(book.LineOf(await book.AgeAsync(paid, payment == 0 ? 0 : 1)));
        }

        await book.RegisterAsync(book.Today, lines);
        var few = ReadingLimits.Usual with { FewStrangers = 2 };
        (await book.ReconcileAsync(limits: few)).Matched.Should().BeGreaterThan(0);
        (await book.Database.AskAsync<long>("select count(*) from settlement_break where cause = 'not-our-register'")).Should().Be(0);

        await book.RegisterAsync(book.Today, [.. lines.Select((line, at) => at == 0 ? line : line with { Txn = $"79900000000{at}" })]);
        (await book.ReconcileAsync(limits: few)).Breaks.Should().Be(1);
        (await book.Database.AskAsync<long>("select count(*) from settlement_break where cause = 'not-our-register'")).Should().Be(1);
    }

    [Fact]
    public async Task A_register_of_payments_to_another_provider_is_not_ours()
    {
        await using var book = await RegisterBook.OpenAsync();
        var ours = await book.PayAsync(PaymentState.Confirmed);
        var lines = new List<WrittenLine>();
        for (var payment = 0; payment < 6; payment++)
        {
            lines.Add(book.LineOf(await book.PayAsync(PaymentState.Confirmed, provider: book.Other)));
        }

        var few = ReadingLimits.Usual with { FewStrangers = 5 };
        await book.RegisterAsync(book.Today, lines);
        (await book.ReconcileAsync(limits: few)).Should().BeEquivalentTo(new { Lines = 6, Breaks = 1, Matched = 0, Closed = 0 });
        (await book.OpenAsync()).Should().Equal($"{book.Today:uuuu-MM-dd} Unidentified");

        await book.RegisterAsync(book.Today, [book.LineOf(ours), .. lines.Take(5)]);
        (await book.ReconcileAsync(limits: few)).Should().BeEquivalentTo(new { Breaks = 5, Matched = 1, Closed = 1 }, "few of another's may stand in ours");
    }

    [Fact]
    public async Task Lines_that_repeat_a_payment_without_end_are_not_kept()
    {
        await using var book = await RegisterBook.OpenAsync();
        var payment = await book.PayAsync(PaymentState.Confirmed);
        var other = book.LineOf(payment) with { AmountQepik = 7 };
        await book.RegisterAsync(book.Today, [other, .. Enumerable.Repeat(other, 3)]);
        var few = new ReconcileRegister(book.Engine) { Limits = ReadingLimits.Usual with { Strangers = 3 } };
        (await few.RunAsync(book.Provider, book.Today, "test", TestContext.Current.CancellationToken))!.Breaks.Should().Be(2, "it is within bounds");

        await book.RegisterAsync(book.Today, [other, .. Enumerable.Repeat(other, 4)]);
        (await few.RunAsync(book.Provider, book.Today, "test", TestContext.Current.CancellationToken))!.Breaks.Should().Be(1);
        (await book.Database.AskAsync<long>("select count(*) from settlement_break where settled_at is null and cause <> 'not-our-register'"))
            .Should().Be(2, "it closes nothing either");
    }
}
