using EGovPay.Processing.Journal;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Journal;

/// <summary>What the journal reckons while a batch fills, and what it leaves out of a statement, against what it must come to.</summary>
public sealed class LeanBatches
{
    [Fact]
    public async Task Receipts_leave_no_gap_where_some_of_a_batch_were_recorded_before_and_some_are_in_no_book()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(own);
        await book.AddAgentAsync(OpenBook.Agent, 1_000_000);
        var payments = new List<Acceptance>();
        for (var i = 0; i < 9; i++)
        {
            payments.Add(await book.AcceptanceAsync($"gap-{i}"));
            (await book.Journal.AcceptAsync(payments[^1])).Verdict.Should().Be(AcceptVerdict.Entered);
        }

        var early = new[] { 1, 4, 5 };
        foreach (var i in early)
        {
            (await book.Journal.RecordAsync(Confirmed(payments[i]))).Done.Should().BeTrue();
        }

        await using var pool = Processing.PostgreSql.Database.Open(Processing.Journal.Journal.ConnectionString(own.ConnectionString));
        await using var connection = await pool.OpenConnectionAsync();
        var batch = new LaneBatch();
        var lost = new RecordCommand(Confirmed(payments[0] with { Number = payments[0].Number - 1 }));
        batch.TryAdd(lost).Should().BeTrue();
        payments.ForEach(one => batch.TryAdd(new RecordCommand(Confirmed(one))).Should().BeTrue());
        await batch.ExecuteAsync(connection, mustWrite: false);
        (lost.Result.Done, lost.Result.ReceiptCounter).Should().Be((false, null), "a payment that a restore lost is confirmed by nobody");

        var told = batch.Records.Commands.Skip(1).Select(one => one.Result).ToList();
        told.Select(one => one.Done).Should().OnlyContain(done => done);
        told.Select(one => one.Before).Should().Equal(
            Enumerable.Range(0, 9).Select(i => early.Contains(i)), "what stood before is found, not written again");
        told.Select(one => one.ReceiptCounter).Order().Should().Equal(Enumerable.Range(1, 9).Select(i => (int?)i));
        told.Where(one => !one.Before).Select(one => one.ReceiptCounter).Should().BeInAscendingOrder();
        (await own.AskAsync<long>("select count(distinct receipt_counter) from event where receipt_counter between 1 and 9")).Should().Be(9);
        (await own.AskAsync<int>("select last from receipt_series")).Should().Be(9);
    }

    [Theory]
    [InlineData(PaymentEvent.ProviderDeclined, "released")]
    [InlineData(PaymentEvent.ProviderSilent, "asked about")]
    public async Task One_that_is_not_confirmed_gets_all_that_is_due_to_it_among_plain_confirmations(PaymentEvent happened, string what)
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(own);
        await book.AddAgentAsync(OpenBook.Agent, 1_000_000);
        var batch = new LaneBatch();
        for (var i = 0; i < 5; i++)
        {
            var one = await book.AcceptanceAsync($"mixed-{i}");
            await book.Journal.AcceptAsync(one);
            batch.TryAdd(new RecordCommand(
                i == 2 ? Confirmed(one) with { Edge = Transitions.Find(PaymentState.Dispatched, happened)! } : Confirmed(one)));
        }

        await using var pool = Processing.PostgreSql.Database.Open(Processing.Journal.Journal.ConnectionString(own.ConnectionString));
        await using var connection = await pool.OpenConnectionAsync();
        await batch.ExecuteAsync(connection, mustWrite: false);

        var silent = happened == PaymentEvent.ProviderSilent;
        (await own.AskAsync<long>("select count(*) from unknown_payment")).Should().Be(silent ? 1 : 0, what);
        (await book.FundsAsync()).Should().Be((silent ? 1_000L : 0L, 4_000L, 1_000_000L));
    }

    [Fact]
    public async Task An_acceptance_looks_for_the_open_shift_of_its_own_terminal_only()
    {
        await using var own = await TestDatabase.CreateAsync();
        await own.ExecuteAsync(
            "insert into shift (agent_id, terminal_id, shift_no, cashier, float_qepik, opened_at, opening) "
            + $"select {OpenBook.Agent}, t, 7, 'c', 0, now(), gen_random_uuid() from generate_series(1, 2000) t");
        // A connection tells what it read when it ends.
        await using (var book = await OpenBook.OnAsync(own))
        {
            await book.AddAgentAsync(OpenBook.Agent, 1_000_000);
            for (var i = 0; i < 50; i++)
            {
                var accepted = await book.Journal.AcceptAsync(await book.AcceptanceAsync($"shift-{i}"));
                (accepted.Verdict, accepted.ShiftNo).Should().Be((AcceptVerdict.Entered, 7));
            }
        }

        for (var wait = 0; wait < 50 && await own.AskAsync<long>("select n_tup_ins from pg_stat_user_tables where relname = 'event'") < 50; wait++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        (await own.AskAsync<long>("select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'shift'"))
            .Should().BeInRange(50, 200, "with all open shifts of the centre it would be 100 000");
    }

    private static Happening Confirmed(Acceptance one) => new()
    {
        AgentId = one.AgentId,
        Number = one.Number,
        SeenStep = 0,
        SeenEdge = 2,
        Edge = Transitions.Find(PaymentState.Dispatched, PaymentEvent.ProviderConfirmed)!,
        NodeId = one.NodeId,
    };
}
