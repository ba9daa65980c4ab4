using System.Text;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Statements;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>What banks say of payment files.</summary>
public sealed class ReadPain002Tests
{
    [Fact]
    public void A_whole_message_that_was_refused_as_a_repetition_says_so_of_every_transfer()
    {
        var report = Sample("iso20022js", "nordea", "pain_002_v3_group_reject.xml");

        report.OriginalMessageId.Should().Be("MSGID-PS-TEST-0708-01");
        report.OriginalMessage.Should().Be("pain.001.001.03");
        var group = report.Statuses.Should().ContainSingle().Which;
        group.Should().Match<PaymentStatus>(one => one.Level == PaymentStatusLevel.Group && one.Verdict == PaymentVerdict.Repeated);
        group.Reasons.Should().Equal(new PaymentStatusReason("DU01", false, "ISO Duplicate Message ID"));
        report.Of("ANY", "ANY")!.Verdict.Should().Be(PaymentVerdict.Repeated);
    }

    [Fact]
    public void A_block_that_was_refused_refuses_its_transfers_and_no_others()
    {
        var report = Sample("iso20022js", "nordea", "pain_002_v3_payment_reject.xml");

        report.Statuses.Should().ContainSingle().Which.Should().Match<PaymentStatus>(
            one => one.Level == PaymentStatusLevel.Block && one.BlockId == "PMTINFID-COM-SCE25-1707-01" && one.Code == "RJCT");
        report.Of("ANY", "PMTINFID-COM-SCE25-1707-01")!.Reasons.Single().Code.Should().Be("NARR");
        report.Of("ANY", "ANOTHER").Should().BeNull();
    }

    [Fact]
    public void Transfers_that_were_refused_are_told_one_by_one()
    {
        var report = Sample("iso20022js", "nordea", "pain_002_v3_txn_reject.xml");

        report.Statuses.Select(one => (one.Level, one.EndToEndId, one.Code)).Should().Equal(
            (PaymentStatusLevel.Block, null, "RJCT"),
            (PaymentStatusLevel.Transfer, "ENDTOENDID-950-TEST2-2807-02", "RJCT"),
            (PaymentStatusLevel.Transfer, "ENDTOENDID-950-TEST2-2807-01", "RJCT"));
    }

    [Fact]
    public void Another_countrys_dialect_says_that_a_file_is_technically_good()
    {
        var report = Sample("moov", "pain002-epo_p_0_0_0_2018031510491259.xml");

        report.Edition.Should().Be("03");
        report.Of("ANY", null)!.Should().Match<PaymentStatus>(one => one.Code == "ACTC" && one.Verdict == PaymentVerdict.Pending);
    }

    [Fact]
    public void Of_a_message_that_is_partly_accepted_only_what_is_named_is_known()
    {
        var report = Read(Message("10", "<GrpSts>PART</GrpSts>", Block("B1", "PART", Transfer("E1", "RJCT", "AC01"), Transfer("E2", "ACSC"))
            + Block("B2", "ACCP"))).Report!;

        report.Edition.Should().Be("10");
        report.Of("E1", "B1")!.Should().Match<PaymentStatus>(one => one.Verdict == PaymentVerdict.Rejected && one.Reasons[0].Code == "AC01");
        report.Of("E2", "B1")!.Verdict.Should().Be(PaymentVerdict.Settled);
        report.Of("E3", "B1").Should().BeNull();
        report.Of("E4", "B2")!.Verdict.Should().Be(PaymentVerdict.Accepted);
        report.Of("E5", "B3").Should().BeNull();
    }

    [Fact]
    public void An_accepted_message_with_one_refused_transfer_is_believed_in_the_transfer()
    {
        var report = Read(Message("03", "<GrpSts>ACCP</GrpSts>", Block("B1", null, Transfer("E1", "RJCT")))).Report!;

        report.Of("E1", "B1")!.Verdict.Should().Be(PaymentVerdict.Rejected);
        report.Of("E2", "B1")!.Verdict.Should().Be(PaymentVerdict.Accepted);
    }

    [Fact]
    public void A_transfer_without_its_own_id_is_known_by_its_instructions()
    {
        var block = Block("B1", null, "<TxInfAndSts><OrgnlInstrId>I1</OrgnlInstrId><OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId>"
            + "<TxSts>ACSP</TxSts></TxInfAndSts>");

        Read(Message("09", "", block)).Report!.Statuses.Single().EndToEndId.Should().Be("I1");
    }

    [Fact]
    public void A_banks_own_reason_and_its_words_are_kept()
    {
        var report = Read(Message("03", "<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Prtry>X9</Prtry></Rsn><AddtlInf>bir</AddtlInf>"
            + "<AddtlInf>iki</AddtlInf></StsRsnInf><StsRsnInf><AddtlInf>söz</AddtlInf></StsRsnInf>", "")).Report!;

        report.Statuses.Single().Reasons.Should().Equal(
            new PaymentStatusReason("X9", true, "bir iki"), new PaymentStatusReason(null, false, "söz"));
    }

    [Theory]
    [InlineData("ACTC", PaymentVerdict.Pending)]
    [InlineData("RCVD", PaymentVerdict.Pending)]
    [InlineData("PDNG", PaymentVerdict.Pending)]
    [InlineData("BLCK", PaymentVerdict.Pending)]
    [InlineData("ACCP", PaymentVerdict.Accepted)]
    [InlineData("ACSP", PaymentVerdict.Accepted)]
    [InlineData("ACWC", PaymentVerdict.Accepted)]
    [InlineData("ACSC", PaymentVerdict.Settled)]
    [InlineData("ACCC", PaymentVerdict.Settled)]
    [InlineData("RJCT", PaymentVerdict.Rejected)]
    [InlineData("CANC", PaymentVerdict.Rejected)]
    [InlineData("PART", PaymentVerdict.Partly)]
    public void A_status_means_something_for_the_money(string code, PaymentVerdict verdict) =>
        ReadPain002.VerdictOf(code).Should().Be(verdict);

    public static TheoryData<string, int, string> Wrong => new()
    {
        { "", 1, "" },
        { "no XML", 1, "" },
        { "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\">", 1, "" },
        { "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"/>", 1, "" },
        { "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\n<BkToCstmrStmt/></Document>", 2, "BkToCstmrStmt" },
        { Message("02", "<GrpSts>ACCP</GrpSts>", ""), 2, "CstmrPmtStsRpt" },
        { Message("03", "\n<GrpSts>GOOD</GrpSts>", ""), 4, "GrpSts" },
        { Message("03", "\n<GrpSts/>", ""), 4, "GrpSts" },
        { Message("03", "\n<New>1</New>", ""), 4, "New" },
        { Message("03", "<GrpSts>ACCP</GrpSts>", "\n<Other/>"), 4, "Other" },
        { Message("03", "<GrpSts>ACCP</GrpSts>", "\n<OrgnlGrpInfAndSts/>"), 4, "OrgnlGrpInfAndSts" },
        { Message("03", "", "\n" + Block("B1", null, "\n<TxInfAndSts><TxSts>RJCT</TxSts></TxInfAndSts>")), 5, "TxInfAndSts" },
        { Message("03", "", "\n" + Block("B1", null, "\n" + Transfer("E1", "PART"))), 5, "TxInfAndSts" },
        { Message("03", "", "\n" + Block("B1", null, "\n" + Transfer("E1", "JUNK"))), 5, "TxSts" },
        { Message("03", "", "\n" + Block("B1", "RJCT", "\n" + Transfer("E1", "ACSC"))), 5, "TxInfAndSts" },
        { Message("03", "<GrpSts>RJCT</GrpSts>", "\n" + Block("B1", null, "\n" + Transfer("E1", "ACSC"))), 5, "TxInfAndSts" },
        { Message("03", "", "\n<OrgnlPmtInfAndSts><PmtInfSts>ACCP</PmtInfSts></OrgnlPmtInfAndSts>"), 4, "OrgnlPmtInfAndSts" },
        { Message("03", "", "\n<OrgnlPmtInfAndSts><OrgnlPmtInfId>B</OrgnlPmtInfId>\n<Strange/></OrgnlPmtInfAndSts>"), 5, "Strange" },
        { "<!DOCTYPE a [<!ENTITY b \"c\">]>" + Message("03", "<GrpSts>ACCP</GrpSts>", ""), 1, "<!DOCTYPE" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_not_known_refuses_the_whole_file_with_its_line(string text, int line, string where)
    {
        var reading = Read(text);

        reading.Report.Should().BeNull();
        reading.Refusal!.Text.Should().NotBeEmpty();
        (reading.Refusal.Line, reading.Refusal.Where).Should().Be((line, where));
    }

    [Fact]
    public void A_file_that_is_cut_off_anywhere_is_refused()
    {
        var whole = Message("03", "<GrpSts>PART</GrpSts>", Block("B1", "PART", Transfer("E1", "RJCT", "AC01"), Transfer("E2", "ACSC")));
        Read(whole).Report.Should().NotBeNull();
        for (var length = 0; length < whole.Length; length += 3)
        {
            Read(whole[..length]).Refusal.Should().NotBeNull($"of {length} characters");
        }
    }

    [Fact]
    public void A_text_without_end_is_not_held()
    {
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(
            Message("03", "<GrpSts>" + new string('A', 3_000_000) + "</GrpSts>", "")));

        ReadPain002.From(file).Refusal!.Reason.Should().Be(StatementRefusalReason.TooLarge);
    }

    private static string Message(string edition, string group, string blocks) =>
        $"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{edition}\">\n<CstmrPmtStsRpt><GrpHdr><MsgId>BANK1</MsgId></GrpHdr>\n"
        + $"<OrgnlGrpInfAndSts><OrgnlMsgId>OURS</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>{blocks}"
        + "</CstmrPmtStsRpt></Document>";

    private static string Block(string id, string? status, params string[] transfers) =>
        $"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{id}</OrgnlPmtInfId>{(status is null ? "" : $"<PmtInfSts>{status}</PmtInfSts>")}"
        + $"{string.Concat(transfers)}</OrgnlPmtInfAndSts>";

    private static string Transfer(string id, string status, string? reason = null) =>
        $"<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        + $"{(reason is null ? "" : $"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>")}</TxInfAndSts>";

    private static PaymentStatusReading Read(string text)
    {
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return ReadPain002.From(file);
    }

    private static PaymentStatusReport Sample(params string[] path)
    {
        var file = Path.Combine([Fixtures.Root, "statements", "camt", .. path]);
        Assert.SkipUnless(File.Exists(file), "The samples are not there.");
        using var stream = File.OpenRead(file);
        var reading = ReadPain002.From(stream);
        reading.Refusal.Should().BeNull();
        return reading.Report!;
    }
}
