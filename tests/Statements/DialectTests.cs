using System.Text;
using EGovPay.Settlement.Statements;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>What banks do differently, and what must come out all the same.</summary>
public sealed class DialectTests
{
    [Fact]
    public async Task Every_version_and_namespace_of_every_kind_is_read()
    {
        foreach (var (kind, message, statement) in new[]
        {
            ("052", "BkToCstmrAcctRpt", "Rpt"), ("053", "BkToCstmrStmt", "Stmt"), ("054", "BkToCstmrDbtCdtNtfctn", "Ntfctn"),
        })
        {
            for (var version = 2; version <= 13; version++)
            {
                var read = await Collected.Of(Camt(message, statement, $"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version:00}"));
                read.Reading!.Refusal.Should().BeNull();
                read.Notes.Should().BeEmpty();
                (read.Statements.Single().Head.Version, read.Reading.Format.ToString()).Should().Be(($"{version:00}", "Camt" + kind));
            }

            foreach (var other in new[] { "", "urn:a-bank-of-its-own" })
            {
                var read = await Collected.Of(Camt(message, statement, other));
                (read.Reading!.Refusal, read.Statements.Single().Head.Version, read.Notes.Count).Should().Be((null, null, 0));
            }

            (await Collected.Of(Camt(message, statement, $"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.14"))).Notes
                .Should().ContainSingle(note => note.Kind == NoteKind.VersionUnknown);
        }
    }

    [Fact]
    public async Task A_prefix_an_envelope_a_mark_and_UTF_16_change_nothing()
    {
        var plain = Camt("BkToCstmrStmt", "Stmt", "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08");
        var prefixed = plain.Replace("</", "</x:", StringComparison.Ordinal).Replace("<", "<x:", StringComparison.Ordinal)
            .Replace("<x:/x:", "</x:", StringComparison.Ordinal).Replace("xmlns=", "xmlns:x=", StringComparison.Ordinal);
        foreach (var file in new[]
        {
            Encoding.UTF8.GetBytes("\uFEFF" + plain), Encoding.Unicode.GetBytes("\uFEFF" + plain), Encoding.UTF8.GetBytes(prefixed),
            Encoding.UTF8.GetBytes("<BizMsgEnvlp><AppHdr><Fr><FIId/></Fr></AppHdr>" + plain + "</BizMsgEnvlp>"),
        })
        {
            var read = await Collected.Of(file);
            read.Reading!.Refusal.Should().BeNull();
            (read.Entries.Single().SignedMinor, read.Statements.Single().Head.Account!.Id).Should().Be((1045, "AZ21NABZ00000000137010001944"));
        }
    }

    [Theory]
    [InlineData("<Sts>PDNG</Sts>", EntryStatus.Pending)]
    [InlineData("<Sts><Cd>PDNG</Cd></Sts>", EntryStatus.Pending)]
    [InlineData("<Sts>INFO</Sts>", EntryStatus.Information)]
    [InlineData("<Sts><Prtry>own</Prtry></Sts>", EntryStatus.Information)]
    public async Task What_is_not_booked_is_no_part_of_the_balance(string status, EntryStatus read)
    {
        var file = await Collected.Of(Camt("BkToCstmrStmt", "Stmt", "").Replace("<Sts>BOOK</Sts>", status, StringComparison.Ordinal));
        file.Entries.Single().Status.Should().Be(read);
        file.Statements.Single().Foot!.BookedMinor.Should().Be(0);
    }

    [Fact]
    public async Task A_balance_that_does_not_add_up_is_reported_with_the_difference_and_its_line()
    {
        var read = await Collected.Of(":20:X\n:25:1\n:60F:C260101AZN100,00\n:61:260102D30,00NTRFX\n:61:260102RD5,00NTRFX\n:62F:C260102AZN74,50\n-\n");
        read.Reading!.Refusal.Should().BeNull();
        var note = read.Notes.Should().ContainSingle().Subject;
        (note.Kind, note.Line, note.DifferenceMinor, note.Currency).Should().Be((NoteKind.BalancesDiffer, 6, (Int128)(-50), "AZN"));
        read.Entries.Select(entry => (entry.SignedMinor, entry.Reversal)).Should().Equal((-3000, false), (500, true));
    }

    [Fact]
    public async Task An_entry_whose_transactions_make_another_sum_is_noted_and_kept()
    {
        var inner = "<NtryDtls><TxDtls><Amt Ccy=\"AZN\">4.00</Amt></TxDtls><TxDtls><Amt Ccy=\"AZN\">6.00</Amt></TxDtls><TxDtls/></NtryDtls>";
        var file = Camt("BkToCstmrStmt", "Stmt", "");
        var read = await Collected.Of(file.Replace("</Ntry>", inner + "</Ntry>", StringComparison.Ordinal));
        (read.Entries.Single().Transactions.Count, read.Notes.Count).Should().Be((3, 0), "a transaction without an amount makes no sum");
        read = await Collected.Of(file.Replace("</Ntry>", inner.Replace("<TxDtls/>", "", StringComparison.Ordinal) + "</Ntry>", StringComparison.Ordinal));
        var note = read.Notes.Should().ContainSingle().Subject;
        (note.Kind, note.DifferenceMinor).Should().Be((NoteKind.TransactionsDiffer, (Int128)45));
    }

    [Fact]
    public async Task The_local_date_counts_and_a_reversal_names_the_other_side()
    {
        var inner = "<RvslInd>true</RvslInd><BookgDt><DtTm>2026-11-20T23:30:00-05:00</DtTm></BookgDt><NtryDtls><TxDtls><RltdPties>"
            + "<Dbtr><Pty><Nm>WE</Nm></Pty></Dbtr><Cdtr><Pty><Nm>THEY</Nm></Pty></Cdtr></RltdPties></TxDtls></NtryDtls>";
        var entry = (await Collected.Of(Camt("BkToCstmrStmt", "Stmt", "").Replace("</Ntry>", inner + "</Ntry>", StringComparison.Ordinal))).Entries.Single();
        (entry.BookingDate, entry.Direction, entry.Reversal).Should().Be((new LocalDate(2026, 11, 20), Direction.Credit, true));
        entry.Transactions.Single().Counterparty!.Name.Should().Be("THEY");
    }

    [Theory]
    [InlineData(65001, "Ödəniş üçün ƏƏƏ")]
    [InlineData(1251, "Оплата за услуги связи")]
    [InlineData(1252, "Café Müller, Straße 5 – 10")]
    public async Task A_charset_is_seen_by_its_letters(int codePage, string text)
    {
        var encoding = codePage == 65001 ? new UTF8Encoding(false) : CodePagesEncodingProvider.Instance.GetEncoding(codePage)!;
        var read = await Collected.Of(encoding.GetBytes($":20:X\r\n:25:1\r\n:61:260102D30,00NTRFX\r\n:86:{text}\r\n"));
        read.Entries.Single().Info.Should().Be(text);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public async Task Blocks_and_line_ends_of_all_kinds_are_read(string end)
    {
        var text = string.Join(end, "{1:F01NABZAZ2CAXXX0000000000}{2:I940AGENTXXXXN}{3:}{4:", ":20:ONE", ":25:AZ21NABZ00000000137010001944 AZN", ":28C:123456/2",
            ":60M:C260101AZN1,00", ":62M:C260101AZN1,00", "-}{5:}", "$", "{1:F01AGENTXXXXXXX0000000000}{2:O9421200261120NABZAZ2CAXXX00000000002611201200N}{4:",
            ":20:TWO", ":25:NABZAZ2C/0012", ":13D:2611201200+0400", ":34F:AZND10,00", ":61:2611201120EC5,00NTRFKREF+", ":86:/EREF/E-1/ORDP//NAME/ƏLİ/IBAN/AZ21NABZ00000000137010001944/REMI//USTD//for water/BIC/NABZAZ2C", "-}");
        var read = await Collected.Of(text);
        read.Reading!.Refusal.Should().BeNull();
        var (one, two) = (read.Statements[0], read.Statements[1]);
        (one.Head.Format, one.Head.Number, one.Head.Sequence).Should().Be((StatementFormat.Mt940, "123456", "2"));
        one.Head.Account.Should().Be(new StatementAccount("IBAN", "AZ21NABZ00000000137010001944", "AZN", "NABZAZ2C", null));
        (two.Head.Format, two.Head.CreatedAt).Should().Be((StatementFormat.Mt942, "2026-11-20T12:00:00+04:00"));
        two.Head.Account.Should().Be(new StatementAccount("BBAN", "0012", "AZN", "NABZAZ2C", null));
        var entry = two.Entries.Single();
        (entry.Status, entry.References.EndToEndId, entry.References.Own).Should().Be((EntryStatus.Pending, "E-1", null));
        entry.Transactions.Single().Counterparty.Should().Be(new BankParty("ƏLİ", "AZ21NABZ00000000137010001944", "IBAN", "NABZAZ2C"));
        entry.Transactions.Single().Unstructured.Should().Equal("for water");
        one.Foot!.Balances.Should().OnlyContain(balance => balance.Intermediate);
    }

    [Fact]
    public async Task An_entry_booked_after_new_year_keeps_its_year()
    {
        var read = await Collected.Of(":20:X\n:25:1\n:61:2512310102C1,00NTRFX\n:61:2601021231C1,00NTRFX\n");
        read.Entries.Select(entry => entry.BookingDate).Should().Equal(new LocalDate(2026, 1, 2), new LocalDate(2025, 12, 31));
    }

    [Theory]
    [InlineData("NL20INGB0001234567EUR", "IBAN", "NL20INGB0001234567")]
    [InlineData("NL20 INGB 0001 2345 67 EUR", "IBAN", "NL20INGB0001234567")]
    [InlineData("51210600/9223382012EUR", "BBAN", "51210600/9223382012")]
    [InlineData("51210600/9223382012", "BBAN", "51210600/9223382012")]
    [InlineData("1234EUR5678", "BBAN", "1234EUR5678")]
    public async Task A_currency_behind_an_account_is_no_part_of_it(string written, string scheme, string id)
    {
        var account = (await Collected.Of($":20:X\n:25:{written}\n:60F:C260101EUR1,00\n:62F:C260101EUR1,00\n")).Statements.Single().Head.Account!;
        (account.Scheme, account.Id, account.Currency).Should().Be((scheme, id, "EUR"));
    }

    [Theory]
    [InlineData(":61:260102    C12,34NTRFX", 1234L)]
    [InlineData(":61:260102C12.34NTRFX", 1234L)]
    [InlineData(":61:260102C1.234NTRFX", null)]
    [InlineData(":61:260102C1.000NTRFX", null)]
    [InlineData(":61:260102C1.234,00NTRFX", null)]
    public async Task A_point_is_a_comma_only_where_it_cannot_be_thousands(string line, long? minor)
    {
        var read = await Collected.Of($":20:X\n:25:1\n:60F:C260101EUR1,00\n{line}\n");
        read.Entries.SingleOrDefault()?.SignedMinor.Should().Be(minor);
        (read.Reading!.Refusal is null).Should().Be(minor is not null);
    }

    [Fact]
    public async Task A_sum_of_the_bank_that_is_no_amount_is_noted_and_the_entries_are_kept()
    {
        var file = Camt("BkToCstmrStmt", "Stmt", "").Replace("<Ntry>", "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>-10.45</Sum></TtlNtries></TxsSummry><Ntry>", StringComparison.Ordinal);
        var read = await Collected.Of(file);
        read.Entries.Should().ContainSingle();
        read.Notes.Select(note => note.Kind).Should().Equal(NoteKind.WordUnknown, NoteKind.TotalsDiffer);
    }

    private static string Camt(string message, string statement, string space) =>
        $"<Document xmlns=\"{space}\"><{message}><GrpHdr><MsgId>M</MsgId></GrpHdr><{statement}><Id>S</Id>"
        + "<Acct><Id><IBAN>AZ21NABZ00000000137010001944</IBAN></Id></Acct>"
        + "<Ntry><Amt Ccy=\"AZN\">10.45</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>"
        + $"</{statement}></{message}></Document>";
}
