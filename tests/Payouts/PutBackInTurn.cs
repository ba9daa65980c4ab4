using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>What the schema holds of payouts, and that one is put back only in the turn of those who compare with banks.</summary>
public sealed class PutBackInTurn
{
    [Theory]
    [InlineData("insert into payout_part select payout_id, provider_id, 4, bank_day, budget_level, budget_code, 1 from payout_part", "from its beginning")]
    [InlineData("insert into payout_agent select o.payout_id, max(a.agent_id), 1 from payout o, agent a group by 1", "from its beginning")]
    [InlineData("insert into payout (provider_id, amount_qepik, end_to_end_id, execution_day, debtor_name, debtor_iban, creditor_name, creditor_iban, "
        + "purpose, proposed_by) values (1, 5, 'EGP000000-000000000000', current_date, 'a', 'a', 'a', 'a', 'a', 'a')", "is not the sum")]
    [InlineData("insert into payout_file (message_id, format, payouts, total_qepik, sha256, body, made_by) values ('EGPF000000-000000000000', "
        + "'dm-csv', 1, 1, sha256(''), '', 'a'); insert into payout_in_file (payout_id, payout_file_id) select o.payout_id, f.payout_file_id "
        + "from payout o, payout_file f", "is not approved")]
    [InlineData("update payout set returned_at = now(), return_reason = 'x'", "refused by no bank")]
    public async Task The_schema_holds_what_a_payout_is(string how, string says)
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ProposeAsync();

        (await stage.Invoking(one => one.Decisions.Stage.Database.ExecuteAsync(how)).Should().ThrowAsync<PostgresException>())
            .WithMessage($"*{says}*");
    }

    [Fact]
    public async Task A_statement_that_shows_a_payout_while_it_is_put_back_comes_first()
    {
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        await stage.ExportAsync();
        var database = stage.Decisions.Stage.Database;
        const string Told = "insert into payout_status (payout_id, source, level, code, verdict) select payout_id, ";
        await database.ExecuteAsync(Told + "'pain.002', 'group', 'RJCT', 'rejected' from payout");
        await using var comparing = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var look = await comparing.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var settled = comparing.CreateCommand())
        {
            settled.CommandText = "select pg_advisory_xact_lock(7317, 0); " + Told + "'statement', 'entry', 'BOOK', 'settled' from payout";
            await settled.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var returning = stage.StatusOn(stage.A).FinishReturnsAsync(TestContext.Current.CancellationToken);
        while (await database.AskAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and classid = 7317 and not granted") == 0)
        {
            returning.IsCompleted.Should().BeFalse("it is not its turn");
        }

        await look.CommitAsync(TestContext.Current.CancellationToken);
        (await returning).Should().BeEmpty();
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0, "the bank has paid it");
        (await stage.FaultsAsync()).Should().BeEmpty();
    }
}
