using System.Text.Json.Nodes;
using EGovPay.Processing.People;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Payouts;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>A receiver's account changes in the terms while a payout to the former one is on its way: until a bank is told, nothing goes there.</summary>
public sealed class ReplacedReceivers
{
    private const string Another = "AZ96AZEJ00000000001234567890";
    private static readonly PayoutTerms After = PayoutStage.Terms with
    {
        Receivers = new Dictionary<int, BankParty> { [PayoutStage.Utility] = Orders.Utility with { Iban = Another } },
    };

    [Fact]
    public async Task What_was_proposed_is_void_when_it_comes_to_its_approval_and_is_proposed_anew()
    {
        await using var stage = await StageAsync();
        var round = await stage.ProposeAsync();
        await TermsAsync(stage, 1, Another);
        var decided = await stage.A.Decide.ApproveAsync(Decisions.Approver, round.Proposals.Single().ProposalId);
        decided.Result.Should().Be(DecideResult.Void);
        decided.Proposal!.Outcome.Should().Be($"the terms in force name another receiver: {Another}");
        await AnewAsync(stage);
    }

    [Fact]
    public async Task What_waits_is_void_with_the_next_round()
    {
        await using var stage = await StageAsync();
        var before = (await stage.ProposeAsync()).Proposals.Single();
        (await stage.ProposeAsync()).Withdrawn.Should().BeEmpty("the terms say the same");
        await TermsAsync(stage, 1, Another);
        var round = await RoundAsync(stage);
        round.Withdrawn.Should().Equal(before.PayoutId);
        var anew = round.Proposals.Should().ContainSingle().Which;
        (await new ReadPayouts(stage.A.Database).FindAsync(anew.PayoutId))!.CreditorIban.Should().Be(Another);
        (await RoundAsync(stage)).Withdrawn.Should().BeEmpty("it goes where the terms say");
    }

    [Theory]
    [InlineData(Another)]
    [InlineData(null)]
    public async Task What_is_approved_and_told_to_no_bank_is_put_back_and_in_no_file(string? becomes)
    {
        await using var stage = await StageAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
        await TermsAsync(stage, 1, becomes);
        var export = await stage.ExportOn(stage.A).RunAsync(
            Decisions.Doer, PayoutFormat.Pain00100109, cancel: TestContext.Current.CancellationToken);
        export.File.Should().BeNull();
        export.Withdrawn.Should().ContainSingle();
        if (becomes is not null)
        {
            // As the export says: the next round puts back and proposes, though it was not that one which withdrew.
            await AnewAsync(stage);
            return;
        }

        await stage.StatusOn(stage.A).FinishReturnsAsync(TestContext.Current.CancellationToken);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000);
        (await new AnsweredBreaks(stage.A.Database).RoundAsync(TestContext.Current.CancellationToken))
            .Should().Be(0, "no bank refused anything");
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_approved_and_told_to_no_bank_is_proposed_anew_by_the_very_round_that_withdraws_it()
    {
        await using var stage = await StageAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        await TermsAsync(stage, 1, Another);
        var round = await RoundAsync(stage);
        var former = round.Withdrawn.Should().ContainSingle().Which;
        var anew = round.Proposals.Should().ContainSingle().Which;
        var read = new ReadPayouts(stage.A.Database);
        (await read.FindAsync(anew.PayoutId))!.CreditorIban.Should().Be(Another);
        (await read.FindAsync(former))!.Should().BeEquivalentTo(new
        {
            State = PayoutState.Returned, BankCode = (string?)null, BankReason = $"withdrawn: the terms in force name another receiver: {Another}",
        });
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_a_bank_was_told_of_stays_told()
    {
        await using var stage = await StageAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        var file = await stage.ExportAsync();
        await TermsAsync(stage, 1, Another);
        (await RoundAsync(stage)).Withdrawn.Should().BeEmpty();
        (await stage.ExportOn(stage.A).AgainAsync(file.MessageId, null, TestContext.Current.CancellationToken))!.Sha256.Should().Be(file.Sha256);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_payout_is_told_or_taken_back_and_never_both()
    {
        await using var stage = await StageAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        await TermsAsync(stage, 1, Another);
        var database = stage.Decisions.Stage.Database;
        const string Take = "insert into payout_status (payout_id, source, level, code, verdict) "
            + "select payout_id, 'terms', 'transfer', 'withdrawn', 'rejected' from payout";
        const string Tell = "with f as (insert into payout_file (message_id, format, payouts, total_qepik, sha256, body, made_by) "
            + "values ('EGPF261123-0123456789AB', 'dm-csv', 1, 1000, sha256('x'), 'x', 'aysel') returning payout_file_id) "
            + "insert into payout_in_file (payout_id, payout_file_id) select payout_id, payout_file_id from payout, f";
        await database.ExecuteAsync(Take);
        (await database.Invoking(one => one.ExecuteAsync(Tell)).Should().ThrowAsync<Npgsql.PostgresException>())
            .Which.ConstraintName.Should().Be("payout_taken_back");
        (await database.AskAsync<long>("select count(*) from payout_in_file")).Should().Be(0);

        await using var other = await StageAsync();
        await other.ApproveAsync(await other.ProposeAsync());
        await other.ExportAsync();
        (await other.Decisions.Stage.Database.Invoking(one => one.ExecuteAsync(Take)).Should().ThrowAsync<Npgsql.PostgresException>())
            .Which.MessageText.Should().Contain("nobody takes it back");
    }

    [Fact]
    public async Task Terms_that_change_while_a_file_is_made_keep_the_former_account_out_of_it()
    {
        await using var stage = await StageAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        var database = stage.Decisions.Stage.Database;
        await using var holding = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var held = await holding.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var files = new Npgsql.NpgsqlCommand("lock table payout_file in share mode", holding))
        {
            await files.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var exporting = stage.ExportOn(stage.B).RunAsync(
            Decisions.Doer, PayoutFormat.Pain00100109, cancel: TestContext.Current.CancellationToken);
        while (await database.AskAsync<long>("select count(*) from pg_locks where relation = 'payout_file'::regclass and not granted") == 0)
        {
            exporting.IsCompleted.Should().BeFalse("its file waits to be entered");
        }

        await TermsAsync(stage, 1, Another);
        await held.CommitAsync(TestContext.Current.CancellationToken);
        var export = await exporting;
        export.File.Should().BeNull("the terms name another receiver when it would be entered");
        export.Withdrawn.Should().ContainSingle();
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    private static async Task<PayoutStage> StageAsync()
    {
        var stage = await PayoutStage.SetAsync();
        await TermsAsync(stage, 0, Orders.Utility.Iban);
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        return stage;
    }

    /// <summary>Terms in force, as a second person has approved them: with this account of the utility, or without it.</summary>
    private static async Task TermsAsync(PayoutStage stage, int version, string? iban)
    {
        var code = stage.A.Catalogue.Current.Providers.Single(one => one.Id == PayoutStage.Utility).Code;
        var providers = new JsonArray();
        if (iban is not null)
        {
            providers.Add(new JsonObject
            {
                ["code"] = code,
                ["beneficiary"] = new JsonObject
                {
                    ["name"] = Orders.Utility.Name, ["iban"] = iban, ["bic"] = Orders.Utility.Bic, ["bankCode"] = Orders.Utility.BankCode,
                },
            });
        }

        await stage.Decisions.Stage.Database.ExecuteAsync(
            "insert into settlement_terms (version, valid_from, applied_by, sha256, body) "
            + $"values ({version + 1}, '2020-01-01', 'aysel', sha256('x'), '{new JsonObject { ["providers"] = providers }.ToJsonString()}')");
    }

    private static Task<PayoutRound> RoundAsync(PayoutStage stage) => stage.ProposeOn(stage.A).RoundAsync(
        Decisions.Doer, After, Orders.Day, cancel: TestContext.Current.CancellationToken);

    private static async Task AnewAsync(PayoutStage stage)
    {
        var round = await RoundAsync(stage);
        await stage.ApproveAsync(round);
        var file = await stage.ExportAsync();
        System.Text.Encoding.UTF8.GetString(file.Body.Span).Should().Contain(Another).And.NotContain(Orders.Utility.Iban);
        file.TotalQepik.Should().Be(1_000);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }
}
