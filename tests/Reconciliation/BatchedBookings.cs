using System.Globalization;
using EGovPay.Tests.Statements;
using FluentAssertions;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>A bank that books a file of ours, or a block of it, as one sum names it by our own message or block id.</summary>
public sealed class BatchedBookings
{
    private const string File = "EGPF260203-ABCDEFGH0001";
    private const string First = File + "-001";
    private const string Second = File + "-002";
    private static readonly LocalDate Day = new(2026, 2, 3);
    private static readonly LocalDate Next = new(2026, 2, 4);

    public static TheoryData<string, string, string> Ways { get; } = new()
    {
        { "a batch for each block", Booked(15_00, Day, Batch(null, First)), Booked(7_00, Next, Batch(File, Second)) },
        { "a batch for each block, by the message alone", Booked(15_00, Day, Batch(File, null)), Booked(7_00, Next, Batch(File, null)) },
        { "a transaction's references", Booked(15_00, Day, Refs(File, First)), Booked(7_00, Next.PlusDays(1), Refs(File, null)) },
        { "several transactions", Booked(15_00, Day, Refs(File, First, 10_00) + Refs(File, First, 5_00)), Booked(7_00, Next, Batch(File, null) + Refs(null, null, 7_00)) },
        { "one for the whole file", Booked(22_00, Next, Batch(File, null)), "" },
        { "one for two blocks that it names", Booked(22_00, Next, Refs(null, First, 15_00) + Refs(null, Second, 7_00)), "" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_booking_that_names_a_file_or_a_block_and_has_its_sum_is_that_one(string way, string one, string other)
    {
        await using var book = await RegisterBook.OpenAsync();
        await BankBook.TellFileAsync(book, File, (10_00, Day, 1), (5_00, Day, 1), (7_00, Next, 2));
        await SayAsync(book, one, other);
        (await BankBook.LookAsync(book)).Should().BeEmpty(way);
        (await book.Database.AskAsync<long>("select count(*) from payout_status where verdict = 'settled'")).Should().Be(3);
    }

    [Fact]
    public async Task Of_blocks_alike_the_day_says_which_and_what_one_names_is_no_other()
    {
        await using var book = await RegisterBook.OpenAsync();
        await BankBook.TellFileAsync(book, File, (7_00, Day, 1), (7_00, Next, 2));
        await SayAsync(book, Booked(7_00, Next, Batch(File, null)), Booked(7_00, Day, Batch(File, null)));
        (await BankBook.LookAsync(book)).Should().BeEmpty();

        const string other = "EGPF260203-ABCDEFGH0002";
        await BankBook.TellFileAsync(book, other, (9_00, Day, 1), (9_00, Day, 2));
        await SayAsync(book, Booked(9_00, Next, Batch(null, other + "-002")));
        (await BankBook.LookAsync(book)).Should().Be("MissingThere 900", "the first block is not booked");
        (await book.Database.AskAsync<string>("select x.block_id from settlement_break b join payout_in_file x using (payout_id)"))
            .Should().Be(other + "-001");
    }

    [Theory]
    [InlineData(15_01, File, First)]
    [InlineData(14_99, File, null)]
    [InlineData(15_00, "EGPF260203-ABCDEFGH0009", null)]
    [InlineData(15_00, null, Second)]
    [InlineData(15_00, null, File + "-01")]
    public async Task Another_sum_or_another_name_is_nothing_of_ours(long qepik, string? message, string? block)
    {
        await using var book = await RegisterBook.OpenAsync();
        await BankBook.TellFileAsync(book, File, (10_00, Day, 1), (5_00, Day, 1), (7_00, Next, 2));
        await SayAsync(book, Booked(qepik, Day, Batch(message, block)));
        (await BankBook.LookAsync(book)).Should().Be($"MissingThere 500, MissingThere 700, MissingThere 1000, Unidentified {qepik}");
    }

    [Fact]
    public async Task A_payout_of_one_file_is_not_booked_by_what_names_another()
    {
        await using var book = await RegisterBook.OpenAsync();
        await BankBook.TellFileAsync(book, File, (10_00, Day, 1));
        await BankBook.TellFileAsync(book, "EGPF260203-ABCDEFGH0002", (10_00, Day, 1), (6_00, Day, 1));
        await SayAsync(book, Booked(10_00, Day, Refs("EGPF260203-ABCDEFGH0002", null, receiver: BankBook.Receiver)));
        (await BankBook.LookAsync(book)).Should().NotContain("Unidentified").And.Be("MissingThere 600, MissingThere 1000");
        (await book.Database.AskAsync<string>(
            "select f.message_id from payout_status s join payout_in_file x using (payout_id) join payout_file f using (payout_file_id)"))
            .Should().Be("EGPF260203-ABCDEFGH0002");
    }

    [Fact]
    public async Task What_comes_back_of_a_block_leaves_the_rest_of_it_booked()
    {
        await using var book = await RegisterBook.OpenAsync();
        await BankBook.TellFileAsync(book, File, (10_00, Day, 1), (5_00, Day, 1), (7_00, Next, 2));
        var back = await book.Database.AskAsync<string>("select end_to_end_id from payout where amount_qepik = 500");
        await SayAsync(book, Booked(15_00, Day, Batch(null, First)), Booked(7_00, Next, Batch(File, Second)),
            Booked(5_00, Next, $"<TxDtls><Refs><EndToEndId>{back}</EndToEndId></Refs></TxDtls>")
                .Replace("DBIT", "CRDT", StringComparison.Ordinal));
        (await BankBook.LookAsync(book)).Should().NotContain("MissingThere").And.NotContain("Unidentified");
        (await book.Database.AskAsync<string>(
            "select string_agg(o.amount_qepik || ' ' || s.verdict, ', ' order by o.amount_qepik) from payout_status s join payout o using (payout_id)"))
            .Should().Be("500 rejected, 700 settled, 1000 settled");
    }

    private static async Task SayAsync(RegisterBook book, params string[] entries)
    {
        var from = Day.PlusDays(-1).ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);
        var text = $"""
            <?xml version="1.0" encoding="UTF-8"?>
            <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>{Guid.NewGuid():N}</MsgId></GrpHdr><Stmt><Id>S</Id>
            <FrToDt><FrDtTm>{from}T00:00:00</FrDtTm><ToDtTm>2026-02-12T00:00:00</ToDtTm></FrToDt>
            <Acct><Id><IBAN>{BankBook.Manat}</IBAN></Id><Ccy>AZN</Ccy></Acct>
            {string.Join('\n', entries)}
            </Stmt></BkToCstmrStmt></Document>
            """;
        (await Bank.ImportAsync(book.Database, text, null, BankBook.Manat)).Receipt.Refusal.Should().BeNull();
    }

    private static string Booked(long qepik, LocalDate day, string details) => string.Create(CultureInfo.InvariantCulture,
        $"<Ntry><Amt Ccy=\"AZN\">{qepik / 100m:0.00}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{LocalDatePattern.Iso.Format(day)}</Dt></BookgDt><NtryDtls>{details}</NtryDtls></Ntry>");

    private static string Batch(string? message, string? block) => $"<Btch>{Element("MsgId", message)}{Element("PmtInfId", block)}</Btch>";

    private static string Refs(string? message, string? block, long? qepik = null, string? receiver = null) =>
        $"<TxDtls><Refs>{Element("MsgId", message)}{Element("PmtInfId", block)}</Refs>"
        + (qepik is { } amount ? string.Create(CultureInfo.InvariantCulture, $"<Amt Ccy=\"AZN\">{amount / 100m:0.00}</Amt>") : "")
        + (receiver is null ? "" : $"<RltdPties><CdtrAcct><Id><IBAN>{receiver}</IBAN></Id></CdtrAcct></RltdPties>") + "</TxDtls>";

    private static string Element(string name, string? text) => text is null ? "" : $"<{name}>{text}</{name}>";
}
