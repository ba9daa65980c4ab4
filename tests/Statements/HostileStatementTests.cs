using System.Text;
using EGovPay.Settlement.Statements;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>Files that are cut, broken, or made to hurt: refused with a line and a reason, never an exception.</summary>
// What it allocates is measured over the whole process: nothing runs beside it.
[Collection(nameof(Torture.Alone))]
public sealed class HostileStatementTests
{
    [Theory]
    [InlineData("camt", "genkgo", "camt053.v8.xml")]
    [InlineData("camt", "genkgo", "camt053.v2.wrong.xml")]
    [InlineData("mt940", "jejik", "lbbw.txt")]
    [InlineData("mt940", "jejik", "sparkasse.txt")]
    [InlineData("mt940", "wolph", "self-provided", "mt942.sta")]
    [InlineData("mt940", "wolph", "mBank", "mt940.sta")]
    public async Task A_file_cut_at_any_byte_is_read_or_refused_and_never_throws(params string[] path)
    {
        var file = Path.Combine([Fixtures.Root, "statements", .. path]);
        Assert.SkipUnless(File.Exists(file), $"The fixtures are not there: {file}");
        var bytes = await File.ReadAllBytesAsync(file);
        for (var length = 0; length < bytes.Length; length++)
        {
            var read = await Collected.Of(bytes[..length]);
            if (path[0] == "camt" && length < bytes.AsSpan().LastIndexOf("</Document>"u8) + 11)
            {
                read.Reading!.Refusal.Should().NotBeNull($"{length} bytes are no whole document");
            }
        }
    }

    [Theory]
    [InlineData("camt", "genkgo", "camt054.v4.xml")]
    [InlineData("camt", "genkgo", "camt053.v2.minimal.xml")]
    [InlineData("mt940", "jejik", "bil.txt")]
    [InlineData("mt940", "wolph", "cmxl", "mt940.sta")]
    [InlineData("mt940", "wolph", "self-provided", "mt942.sta")]
    public async Task A_file_with_bytes_changed_at_random_never_throws(params string[] path)
    {
        var file = Path.Combine([Fixtures.Root, "statements", .. path]);
        Assert.SkipUnless(File.Exists(file), $"The fixtures are not there: {file}");
        var bytes = await File.ReadAllBytesAsync(file);
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            var changed = bytes.ToArray();
            for (var i = random.Next(1, 8); i > 0; i--)
            {
                changed[random.Next(changed.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : bytes[random.Next(bytes.Length)];
            }

            var reading = (await Collected.Of(changed)).Reading!;
            (reading.Refusal is null || reading.Refusal.Text.Length > 0).Should().BeTrue($"seed {seed}");
        }
    }

    [Fact]
    public async Task Entities_that_grow_are_refused_before_they_do()
    {
        var laughs = string.Concat(Enumerable.Range(1, 9).Select(i =>
            $"<!ENTITY l{i} \"{string.Concat(Enumerable.Repeat($"&l{i - 1};", 10))}\">"));
        var read = await Collected.Of($"<?xml version=\"1.0\"?>\n<!DOCTYPE Document [<!ENTITY l0 \"lol\">{laughs}]>\n" + Camt("<Ntry><AddtlNtryInf>&l9;</AddtlNtryInf></Ntry>"));
        (read.Reading!.Refusal!.Reason, read.Reading.Refusal.Line).Should().Be((StatementRefusalReason.DocumentType, 2));
    }

    [Fact]
    public async Task An_external_entity_is_refused_with_its_document_type()
    {
        var read = await Collected.Of("<!DOCTYPE Document [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" + Camt("&x;"));
        read.Reading!.Refusal!.Reason.Should().Be(StatementRefusalReason.DocumentType);
    }

    [Fact]
    public async Task What_is_too_deep_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("<a>", 10_000));
        (await Collected.Of(Camt(deep))).Reading!.Refusal!.Reason.Should().Be(StatementRefusalReason.TooLarge);
        (await Collected.Of("<Document>" + deep)).Reading!.Refusal!.Reason.Should().Be(StatementRefusalReason.TooLarge);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("attribute")]
    [InlineData("name")]
    [InlineData("cdata")]
    [InlineData("comment")]
    public async Task What_never_ends_is_refused_within_a_bounded_memory(string kind)
    {
        var endless = new Endless(Encoding.ASCII.GetBytes(kind switch
        {
            "text" => Open + "<AddtlStmtInf>",
            "attribute" => Open + "<AddtlStmtInf Ccy=\"",
            "name" => Open + "<",
            "cdata" => Open + "<AddtlStmtInf><![CDATA[",
            _ => Open + "<!--",
        }), 1L << 32);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var reading = await ReadStatements.From(endless, new Collected());
        (reading.Refusal!.Reason, reading.Refusal.Line).Should().Be((StatementRefusalReason.TooLarge, 1));
        (GC.GetTotalAllocatedBytes(precise: true) - before).Should().BeLessThan(64L << 20);
    }

    [Fact]
    public async Task A_line_of_an_MT_that_never_ends_is_refused()
    {
        var reading = await ReadStatements.From(new Endless(":20:X\n:86:"u8.ToArray(), 1L << 32), new Collected());
        (reading.Refusal!.Reason, reading.Refusal.Line).Should().Be((StatementRefusalReason.TooLarge, 2));
    }

    [Fact]
    public async Task A_field_of_an_MT_with_too_many_lines_is_refused()
    {
        var read = await Collected.Of(":20:X\n:25:1\n:61:2601010101C1,00NTRFX\n:86:" + string.Concat(Enumerable.Repeat("text\n", 600)));
        (read.Reading!.Refusal!.Reason, read.Reading.Refusal.Line, read.Reading.Refusal.Where).Should().Be((StatementRefusalReason.TooLarge, 4, ":86:"));
    }

    [Theory]
    [InlineData("<Amt Ccy=\"EUR\">1.005</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "Amt", "decimals")]
    [InlineData("<Amt Ccy=\"JPY\">1.5</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "Amt", "decimals")]
    [InlineData("<Amt Ccy=\"EUR\">-1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "Amt", "no amount")]
    [InlineData("<Amt Ccy=\"EUR\">1,00</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "Amt", "no amount")]
    [InlineData("<Amt Ccy=\"EUR\">1e3</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "Amt", "no amount")]
    [InlineData("<Amt Ccy=\"EUR\"></Amt><CdtDbtInd>CRDT</CdtDbtInd>", "Amt", "no amount")]
    [InlineData("<Amt Ccy=\"EUR\">99999999999999999999</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "Amt", "too large")]
    [InlineData("<Amt>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "Amt", "currency")]
    [InlineData("<Amt Ccy=\"eur\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "Amt", "currency")]
    [InlineData("<CdtDbtInd>CRDT</CdtDbtInd>", "Ntry", "amount")]
    [InlineData("<Amt Ccy=\"EUR\">1.00</Amt>", "Ntry", "credit or debit")]
    [InlineData("<Amt Ccy=\"EUR\">1.00</Amt><CdtDbtInd>C</CdtDbtInd>", "CdtDbtInd", "neither")]
    [InlineData("<Amt Ccy=\"EUR\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2026-02-30</Dt></BookgDt>", "Dt", "date")]
    public async Task An_entry_of_a_camt_that_cannot_be_read_is_refused_at_its_line(string inner, string where, string why)
    {
        var refusal = (await Collected.Of(Camt("<Ntry>\n" + inner + "\n<Sts>BOOK</Sts></Ntry>"))).Reading!.Refusal!;
        refusal.Where.Should().Be(where);
        refusal.Text.Should().Contain(why);
        refusal.Line.Should().Be(where == "Ntry" ? 2 : 3);
        refusal.Column.Should().BePositive();
    }

    [Theory]
    [InlineData(":61:2613010101C1,00NTRFX", 5, "date")]
    [InlineData(":61:2601011301C1,00NTRFX", 11, "date")]
    [InlineData(":61:260101X1,00NTRFX", 11, "credit nor debit")]
    [InlineData(":61:260101CNTRFX", 13, "no amount")]
    [InlineData(":61:260101C1.000,00NTRFX", 12, "no amount")]
    [InlineData(":61:260101C1,005NTRFX", 12, "decimals")]
    [InlineData(":61:260101C9999999999999999999,00NTRFX", 12, "too large")]
    [InlineData(":61:260101C1'000,00NTRFX", 13, "amount goes on")]
    [InlineData(":61:260101C1 000,00NTRFX", 13, "amount goes on")]
    [InlineData(":61:260101C1x00NTRFX", 13, "amount goes on")]
    [InlineData(":61:260101C1,00-NTRFX", 16, "amount goes on")]
    [InlineData(":61:", 5, "date")]
    [InlineData(":62F:C260101EUR", 16, "no amount")]
    [InlineData(":62F:X260101EUR1,00", 6, "balance")]
    [InlineData(":62F:C260101Eur1,00", 6, "balance")]
    [InlineData(":62F:C269901EUR1,00", 7, "date")]
    [InlineData(":34F:EUR", 6, "smallest")]
    [InlineData(":90D:EUR1,00", 6, "total")]
    public async Task A_field_of_an_MT_that_cannot_be_read_is_refused_at_its_line(string field, int column, string why)
    {
        var refusal = (await Collected.Of($":20:X\n:25:123\n:60F:C260101EUR0,00\n{field}\n")).Reading!.Refusal!;
        (refusal.Line, refusal.Column).Should().Be((4, column));
        refusal.Where.Should().Be(field[..(field.IndexOf(':', 1) + 1)]);
        refusal.Text.Should().Contain(why);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n\n")]
    [InlineData("date;amount\n2026-01-01;5.00\n")]
    [InlineData("%PDF-1.7")]
    [InlineData("\0\0\0\0")]
    public async Task What_is_no_statement_is_not_recognised(string text) =>
        (await Collected.Of(text)).Reading.Should().Match<StatementReading>(reading =>
            reading.Format == null && reading.Refusal!.Reason == StatementRefusalReason.NotRecognised);

    [Theory]
    [InlineData("<html><body>no</body></html>", "html")]
    [InlineData("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.03\"><CstmrPmtStsRpt/></Document>", "CstmrPmtStsRpt")]
    [InlineData("{1:F01BANKBEBBAXXX0000000000}{2:O9001200201231BANKBEBBAXXX00000000002012311200N}{4:\n:20:X\n-}", "{2:")]
    public async Task A_message_of_another_kind_is_refused_and_named(string text, string where)
    {
        var refusal = (await Collected.Of(text)).Reading!.Refusal!;
        (refusal.Reason, refusal.Where).Should().Be((StatementRefusalReason.NotAStatement, where));
    }

    private const string Open = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt><Stmt><Id>1</Id>";

    private static string Camt(string inner) =>
        Open + "<Acct><Id><IBAN>AZ21NABZ00000000137010001944</IBAN></Id></Acct>\n" + inner + "</Stmt></BkToCstmrStmt></Document>";
}

/// <summary>A beginning, and then the letter a for as long as is said.</summary>
internal sealed class Endless(byte[] beginning, long length) : Stream
{
    private long _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _at; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = 0;
        while (read < count && _at < length)
        {
            buffer[offset + read++] = _at < beginning.Length ? beginning[_at] : (byte)'a';
            _at++;
        }

        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
