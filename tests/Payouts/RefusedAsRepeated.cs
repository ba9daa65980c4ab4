using System.Text;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>A file that was uploaded twice is refused once as a repetition: the money leaves by the first, and is not sent again.</summary>
public sealed class RefusedAsRepeated
{
    private static readonly SettlementTerms Terms = new(
        new Payer(Orders.Us.Name, Orders.Us.Voen!), [new OwnAccount(Orders.Us.Iban, "PAHAAZ22", "505141", "AZN", "main")], [], []);

    public static TheoryData<string, string> Repetitions { get; } = new()
    {
        { "group", Group("DU01") }, { "group", Group("DU02") }, { "group, own word", Group("AM05", "Prtry") },
        { "block", Block("DU02") }, { "block", Block("DU03") },
        { "transfer", Transfer("DU04") }, { "transfer", Transfer("DU05") }, { "transfer", Transfer("AM05") },
        { "one of two reasons", Group("AC01", "Cd", Reason("DU01")) },
        { "a transfer without a reason of its own", Group("DU01", below: Block("", below: Transfer(""))) },
        { "a transfer with another reason below it", Group("DU01", below: Transfer("AC01")) },
        { "the group's reason without its status", $"{Reason("DU01")}</OrgnlGrpInfAndSts>{Transfer("")}" },
        { "partly, and the reason is the group's", $"<GrpSts>PART</GrpSts>{Reason("DU05")}</OrgnlGrpInfAndSts>{Transfer("")}" },
    };

    [Theory]
    [MemberData(nameof(Repetitions))]
    public async Task Nothing_is_put_back_people_are_asked_and_the_booking_answers(string where, string said)
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, file) = await PaidAsync(stage);
        await AnswerAsync(stage, file, payout, "<GrpSts>ACSP</GrpSts></OrgnlGrpInfAndSts>", "first");

        (await AnswerAsync(stage, file, payout, said, "second")).Returned.Should().BeEmpty(where);

        await NothingMovedAsync(stage, payout, PayoutState.Accepted);
        for (var look = 0; look < 2; look++)
        {
            await new AnsweredBreaks(stage.A.Database).RoundAsync(TestContext.Current.CancellationToken);
            (await BreaksAsync(stage)).Should().Be("payout PayoutRejected payout-repeated ask-first-upload 1000");
        }

        await BookedByBanks.BookAsync(stage, "day 1", (payout.EndToEndId, -1_000));
        (await new ReconcileBank(stage.A).RunAsync(Terms, "test", TestContext.Current.CancellationToken)).Should().NotBeNull();

        await NothingMovedAsync(stage, payout, PayoutState.Settled);
        (await BreaksAsync(stage)).Should().BeEmpty("the bank carried out the first");
        await new AnsweredBreaks(stage.A.Database).RoundAsync(TestContext.Current.CancellationToken);
        (await BreaksAsync(stage)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_refused_for_itself_after_that_is_put_back()
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, file) = await PaidAsync(stage);
        await AnswerAsync(stage, file, payout, Group("DU01"), "second");
        await new AnsweredBreaks(stage.A.Database).RoundAsync(TestContext.Current.CancellationToken);

        (await AnswerAsync(stage, file, payout, Transfer("AC01"), "first")).Returned.Should().Equal(payout.Id);

        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000);
        await new AnsweredBreaks(stage.A.Database).RoundAsync(TestContext.Current.CancellationToken);
        (await BreaksAsync(stage)).Should().Be("payout PayoutRejected payout-rejected pay-again 1000");
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Another_reason_of_one_transfer_in_a_partly_taken_file_is_its_own()
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, file) = await PaidAsync(stage);

        var said = $"<GrpSts>PART</GrpSts>{Reason("DU05")}</OrgnlGrpInfAndSts>{Transfer("AC01")}";
        (await AnswerAsync(stage, file, payout, said, "answer")).Returned.Should().Equal(payout.Id);
    }

    [Fact]
    public async Task A_group_without_a_reason_whose_transfers_are_repetitions_is_one()
    {
        await using var stage = await PayoutStage.SetAsync();
        var (payout, file) = await PaidAsync(stage);

        (await AnswerAsync(stage, file, payout, Group("", below: Transfer("DU01")), "answer")).Returned.Should().BeEmpty();
        var report = ReadPain002.From(new MemoryStream(Document(file, payout, Group("", below: Transfer("DU01"))))).Report!;
        report.Of("of another transfer", null)!.Verdict.Should().Be(PaymentVerdict.Repeated, "those that are not named were sent beside it");
    }

    [Fact]
    public async Task A_refusal_after_the_bank_called_it_settled_is_for_people_whatever_its_reason()
    {
        foreach (var settled in new[] { "ACSC", "ACCC" })
        {
            await using var stage = await PayoutStage.SetAsync();
            var (payout, file) = await PaidAsync(stage);
            await AnswerAsync(stage, file, payout, $"<GrpSts>{settled}</GrpSts></OrgnlGrpInfAndSts>", "first");
            await AnswerAsync(stage, file, payout, Group("DU01"), "second");
            await NothingMovedAsync(stage, payout, PayoutState.Settled);
            await new AnsweredBreaks(stage.A.Database).RoundAsync(TestContext.Current.CancellationToken);
            (await BreaksAsync(stage)).Should().Be("payout PayoutRejected payout-repeated ask-first-upload 1000");

            (await AnswerAsync(stage, file, payout, Group("AC01"), "third")).Returned.Should().BeEmpty();
            await NothingMovedAsync(stage, payout, PayoutState.Rejected);
        }
    }

    private static string Group(string code, string kind = "Cd", string more = "", string below = "") =>
        $"<GrpSts>RJCT</GrpSts>{Reason(code, kind)}{more}</OrgnlGrpInfAndSts>{below}";

    private static string Block(string code, string below = "") =>
        $"<OrgnlPmtInfAndSts><OrgnlPmtInfId>BLOCK</OrgnlPmtInfId><PmtInfSts>RJCT</PmtInfSts>{Reason(code)}"
        + below.Replace("<OrgnlPmtInfAndSts><OrgnlPmtInfId>BLOCK</OrgnlPmtInfId>", "", StringComparison.Ordinal)
            .Replace("</OrgnlPmtInfAndSts>", "", StringComparison.Ordinal) + "</OrgnlPmtInfAndSts>";

    private static string Transfer(string code) =>
        $"<OrgnlPmtInfAndSts><OrgnlPmtInfId>BLOCK</OrgnlPmtInfId><TxInfAndSts><OrgnlEndToEndId>END</OrgnlEndToEndId><TxSts>RJCT</TxSts>{Reason(code)}"
        + "</TxInfAndSts></OrgnlPmtInfAndSts>";

    private static string Reason(string code, string kind = "Cd") =>
        code.Length == 0 ? "" : $"<StsRsnInf><Rsn><{kind}>{code}</{kind}></Rsn><AddtlInf>why</AddtlInf></StsRsnInf>";

    private static byte[] Document(PayoutFile file, Payout payout, string said, string id = "B")
    {
        said = said.Contains("</OrgnlGrpInfAndSts>", StringComparison.Ordinal) ? said : "</OrgnlGrpInfAndSts>" + said;
        return Encoding.UTF8.GetBytes(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><GrpHdr><MsgId>" + id
            + $"</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{file.MessageId}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
            + said.Replace("BLOCK", file.MessageId + "-001", StringComparison.Ordinal).Replace("END", payout.EndToEndId, StringComparison.Ordinal)
            + "</CstmrPmtStsRpt></Document>");
    }

    private static async Task<PaymentStatusImport> AnswerAsync(PayoutStage stage, PayoutFile file, Payout payout, string said, string id)
    {
        var import = await stage.StatusOn(stage.A).RunAsync(
            Decisions.Doer, id, Document(file, payout, said, id), "command", TestContext.Current.CancellationToken);
        (import.Refused, import.Before, import.Told).Should().Be((null, false, 1));
        return import;
    }

    private static async Task<(Payout Payout, PayoutFile File)> PaidAsync(PayoutStage stage)
    {
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        var file = await stage.ExportAsync();
        return ((await new ReadPayouts(stage.A.Database).ListAsync(null, open: true, cancel: TestContext.Current.CancellationToken)).Single(), file);
    }

    private static async Task NothingMovedAsync(PayoutStage stage, Payout payout, PayoutState state)
    {
        (await new ReadPayouts(stage.A.Database).FindAsync(payout.Id, TestContext.Current.CancellationToken))!.State.Should().Be(state);
        (await stage.Decisions.Stage.Database.AskAsync<long>("select count(*) from movement where kind = 'payout-returned'")).Should().Be(0);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
        (await stage.ProposeAsync()).Proposals.Should().BeEmpty("its windows are not free");
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    private static Task<string?> BreaksAsync(PayoutStage stage) => stage.Decisions.Stage.Database.AskAsync<string>(
        "select coalesce(string_agg(side || ' ' || kind || ' ' || cause || ' ' || step || ' ' || amount_at_risk_qepik, ', ' order by break_id), '') "
        + "from break_now where state <> 'settled'");
}
