using System.Globalization;
using System.Text.Json.Nodes;
using EGovPay.Processing.Days;
using EGovPay.Processing.StateMachine;
using EGovPay.Providers.Register;
using EGovPay.Settlement.Payouts;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>What is due is found without reading what was paid in years.</summary>
public sealed class DueForYears
{
    /// <summary>Windows of four years, with takings of two receivers of two agents, all reckoned and all paid.</summary>
    private const string FourYears = """
        insert into settlement_window (cutoff_group, closes_at, bank_day)
        select g, d + make_interval(hours => 8 + g), d from generate_series(date '2021-01-01', date '2024-12-31', interval '1 day') as d,
            generate_series(1, 4) as g;
        insert into window_reckoned (cutoff_group, bank_day)
        select w.cutoff_group, w.bank_day from settlement_window w where w.bank_day < '2025-01-01' and (w.cutoff_group, w.bank_day) <> (2, '2023-05-05');
        insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group)
        select a, 100000000000 + 10000 * row_number() over (order by w.bank_day, w.cutoff_group) + 20 * a + n, 5, w.bank_day, w.bank_day, 1,
            1001 + n % 2, 1, 1, w.cutoff_group
        from settlement_window w, generate_series(3, 4) as a, generate_series(0, 9) as n
        where w.bank_day < '2025-01-01'
        order by w.bank_day, w.cutoff_group;
        insert into window_line (provider_id, cutoff_group, bank_day, paid)
        select p, w.cutoff_group, w.bank_day, true from settlement_window w, generate_series(1, 2) as p
        where w.bank_day < '2025-01-01' and (w.cutoff_group, w.bank_day) <> (2, '2023-05-05');
        insert into window_owed (provider_id, cutoff_group, bank_day, agent_id, owed_qepik)
        select p, w.cutoff_group, w.bank_day, a, 25
        from settlement_window w, generate_series(1, 2) as p, generate_series(3, 4) as a
        where w.bank_day < '2025-01-01' and (w.cutoff_group, w.bank_day) <> (2, '2023-05-05');
        select brin_summarize_new_values('transfer_day');
        analyze;
        """;

    [Fact]
    public async Task What_is_due_after_four_years_costs_what_is_due_and_not_four_years()
    {
        await using var stage = await PayoutStage.SetAsync();
        var database = stage.Decisions.Stage.Database;
        await database.ExecuteAsync(FourYears);
        (await database.AskAsync<long>("select count(*) from transfer")).Should().BeGreaterThan(100_000);
        (await CostAsync(database.DataSource, typeof(SettlementWindows), "Days/ReckonWindow.sql", "(smallint, date)", "(2, '2023-05-05')"))
            .Should().BeInRange(10, 500, "a window lies on few pages of 1 100");
        await database.ExecuteAsync("insert into window_reckoned (cutoff_group, bank_day) values (2, '2023-05-05')");
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        var windows = new SettlementWindows(database.DataSource);
        await windows.ReckonAsync(TestContext.Current.CancellationToken);

        (await CostAsync(database.DataSource, typeof(ProposePayouts), "Payouts/PayablesDue.sql", "(date, int[], int)", "(null, null, 1000)"))
            .Should().BeInRange(1, 60, "the paid lines of 5 844 windows are not read");
        (await CostAsync(database.DataSource, typeof(DeliverRegisters), "Register/DueRegisters.sql", "(int[])", "('{1,2}')"))
            .Should().BeLessThan(300, "transfers are looked at of one window");

        var round = await stage.ProposeAsync();
        (await new ReadPayouts(stage.A.Database).FindAsync(round.Proposals.Should().ContainSingle().Which.PayoutId))!
            .AmountQepik.Should().Be(1_000);
    }

    [Fact]
    public async Task A_register_that_was_not_written_for_months_is_due_and_what_was_before_the_first_one_is_not()
    {
        await using var stage = await PayoutStage.SetAsync();
        var database = stage.Decisions.Stage.Database;
        await database.ExecuteAsync(FourYears);
        await database.ExecuteAsync("""
            insert into payment (agent_id, number, accepted_at, amount_qepik, fee_qepik, commission_qepik, provider_fee_qepik, terminal_id,
                service_code, provider_id, tender, cutoff_group, notify, reference, account)
            select t.agent_id, t.number, t.window_day, 5, 0, 0, 0, 1, 10101, t.credit - 1000, 1, t.cutoff_group, false, t.number, 'a'
            from transfer t where t.window_day in ('2022-03-03', '2024-06-06') and t.cutoff_group = 1;
            insert into register_file (provider_id, cutoff_group, bank_day, file_name, payments, total_qepik, sha256, written_at)
            select l.provider_id, l.cutoff_group, l.bank_day, 'f', 1, 1, '', now() from window_line l
            where l.provider_id = 1 and l.bank_day >= '2023-01-01' and (l.cutoff_group, l.bank_day) <> (1, '2024-06-06')
            """);
        await database.ExecuteAsync("vacuum analyze window_line, register_file");
        var due = Processing.Sql.Load(typeof(DeliverRegisters).Assembly, "Register/DueRegisters.sql");
        await using var command = database.DataSource.CreateCommand(due);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [1, 2] });
        var found = new List<(int, short, DateOnly)>();
        await using (var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken))
        {
            while (await row.ReadAsync(TestContext.Current.CancellationToken))
            {
                found.Add((row.GetInt32(0), row.GetInt16(1), row.GetFieldValue<DateOnly>(2)));
            }
        }

        found.Should().Equal((1, (short)1, new DateOnly(2024, 6, 6)));
        (await CostAsync(database.DataSource, typeof(DeliverRegisters), "Register/DueRegisters.sql", "(int[])", "('{1,2}')"))
            .Should().BeLessThan(300, "two years of registers that are written are not read");
    }

    [Fact]
    public async Task A_window_with_nothing_for_a_register_is_looked_at_once()
    {
        await using var stage = await PayoutStage.SetAsync();
        var database = stage.Decisions.Stage.Database;
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await new SettlementWindows(database.DataSource).ReckonAsync(TestContext.Current.CancellationToken);
        var takes = await database.AskAsync<int>("select provider_id from window_line");
        await database.ExecuteAsync("""
            insert into window_line (provider_id, cutoff_group, bank_day, budget_code)
            select l.provider_id, l.cutoff_group, current_date - 20, b from window_line l, unnest(array['', '1']) as b
            """);
        for (var round = 0; round < 2; round++)
        {
            await using var command = database.DataSource.CreateCommand(
                Processing.Sql.Load(typeof(DeliverRegisters).Assembly, "Register/DueRegisters.sql"));
            command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [takes] });
            var found = 0;
            await using (var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken))
            {
                for (; await row.ReadAsync(TestContext.Current.CancellationToken); found++)
                {
                    row.GetInt32(0).Should().Be(takes);
                }
            }

            found.Should().Be(1, "what was taken is due until it is written");
            (await database.AskAsync<long>("select count(*) from window_line where not written")).Should().Be(1, "the other one is not looked at again");
        }
    }

    [Fact]
    public async Task A_window_is_reckoned_once_by_however_many_and_only_when_its_cut_off_is_final()
    {
        await using var stage = await PayoutStage.SetAsync();
        var database = stage.Decisions.Stage.Database;
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.PayAsync(PayoutStage.Utility, 501, stage.Second);
        var gone = await stage.PayAsync(PayoutStage.Utility, 301);
        await stage.HappenAsync(stage.First, gone, PaymentEvent.RegisterShowsAbsent);
        await new SettlementWindows(database.DataSource).ReckonAsync(TestContext.Current.CancellationToken);
        (await database.AskAsync<long>("select count(*) from window_owed")).Should().Be(0, "its window is open");
        await stage.CloseWindowAsync();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(
            _ => new SettlementWindows(database.DataSource).ReckonAsync(TestContext.Current.CancellationToken)));
        (await database.AskAsync<string>("select string_agg(agent_id || ' ' || owed_qepik, ', ' order by owed_qepik desc) from window_owed"))
            .Should().Be(string.Create(CultureInfo.InvariantCulture, $"{stage.First} 1000, {stage.Second} 500"));
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_line_is_marked_paid_while_its_payout_lives_and_due_again_when_it_is_dropped()
    {
        await using var stage = await PayoutStage.SetAsync();
        var database = stage.Decisions.Stage.Database;
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        var round = await stage.ProposeAsync();
        (await database.AskAsync<bool>("select paid from window_line")).Should().BeTrue();
        (await stage.A.Decide.RejectAsync(Decisions.Approver, round.Proposals[0].ProposalId, "yox")).Should().NotBeNull();
        var again = await stage.ProposeAsync();
        again.Proposals.Should().ContainSingle().Which.PayoutId.Should().NotBe(round.Proposals[0].PayoutId);
        (await database.AskAsync<bool>("select paid from window_line")).Should().BeTrue();
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task The_audit_finds_what_is_reckoned_and_is_not_the_ledgers()
    {
        await using var stage = await PayoutStage.SetAsync();
        var database = stage.Decisions.Stage.Database;
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await new SettlementWindows(database.DataSource).ReckonAsync(TestContext.Current.CancellationToken);
        await database.ExecuteAsync("alter table window_owed disable trigger user; update window_owed set owed_qepik = 999; "
            + "insert into window_owed (provider_id, cutoff_group, bank_day, agent_id, owed_qepik) values (7, 1, '2020-01-01', 1, 5)");
        (await stage.FaultsAsync()).Should().HaveCount(2).And.OnlyContain(fault => fault.Contains("is reckoned", StringComparison.Ordinal));
    }

    /// <summary>Pages that a statement touches, by a plan that does not know its parameters.</summary>
    private static async Task<int> CostAsync(NpgsqlDataSource database, Type of, string statement, string types, string values)
    {
        await using var connection = await database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var prepare = new NpgsqlCommand(
            $"set local plan_cache_mode = force_generic_plan; prepare look {types} as {Processing.Sql.Load(of.Assembly, statement)}", connection))
        {
            await prepare.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await using var explain = new NpgsqlCommand($"explain (analyze, buffers, format json) execute look {values}", connection);
        var plan = JsonNode.Parse((string)(await explain.ExecuteScalarAsync(TestContext.Current.CancellationToken))!)![0]!["Plan"]!;
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        return (int)plan["Shared Hit Blocks"]! + (int)plan["Shared Read Blocks"]!;
    }
}
