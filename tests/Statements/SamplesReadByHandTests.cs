using System.Globalization;
using EGovPay.Settlement.Statements;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>Samples that come without an expectation: what they say was read by a person.</summary>
public sealed class SamplesReadByHandTests
{
    [Fact]
    public async Task The_Nordic_statement_balances_and_keeps_its_references()
    {
        var read = await Collected.OfFixture("camt", "iso20022js", "nordea", "example_camt.xml");
        var statement = read.Statements.Single();
        statement.Head.Should().BeEquivalentTo(new
        {
            Format = StatementFormat.Camt053, Version = "02", Id = "2019-05-09-04.44.12-EUR0574", Number = "25", Sequence = "20",
            MessageId = "XML12345678901234567890123456789012",
            Account = new StatementAccount("IBAN", "FI8529501800030574", "EUR", "NDEAFIHH", "TEST COMPANY"),
        });
        statement.Foot!.Balances.Select(balance => (balance.Kind, balance.SignedMinor, balance.Date)).Should().Equal(
            ("OPBD", 20050, new LocalDate(2019, 5, 8)), ("CLBD", 880050, new LocalDate(2019, 5, 8)));
        statement.Entries.Select(entry => (entry.SignedMinor, entry.References.Own, entry.References.AccountServicer)).Should().Equal(
            (1000000, "1", "1905082588CEAA0001"), (10050, "2", "1905082588SM12345678"), (-70050, "3", "1905082588CEAG0003"),
            (-30000, "4", "1905092588CEAG0004"), (-40000, "5", "1905082588CVCC1111"), (-10000, "6", "1905082588AU123456"));
        var transactions = statement.Entries.Select(entry => entry.Transactions.Single()).ToList();
        transactions.Select(one => one.References.EndToEndId).Should().Equal(
            "20190501-E00005", null, "20190508-E123456", null, null, null);
        transactions[1].Unstructured.Should().Equal("Free text max 140 characters and ma", "x 35 characters in one line");
        transactions[2].References.Should().BeEquivalentTo(new
        {
            MessageId = "0001", PaymentInformationId = "PMNTINFID08052019", InstructionId = "INSTRID20190508",
        });
        transactions[2].Structured.Should().Equal(new StructuredRemittance("RF332348236", "SCOR", "ISO", null));
        statement.Entries.Should().OnlyContain(entry => entry.BookingDate == new LocalDate(2019, 5, 8) && entry.ValueDate == entry.BookingDate);
        read.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task The_Finnish_sample_has_batches_with_all_some_or_none_of_their_transactions()
    {
        var read = await Collected.OfFixture("camt", "moov", "FI_camt_053_sample.xml");
        var statement = read.Statements.Single();
        (statement.Head.Id, statement.Head.Number, statement.Head.Sequence).Should().Be(("BANKSTMTID0972009", "120", "97"));
        statement.Head.Account.Should().Be(new StatementAccount("IBAN", "FI7433010001222090", "EUR", "ESSEFIHX", "BANK ACCOUNT OWNER"));
        statement.Foot!.Balances.Select(balance => (balance.Kind, balance.SignedMinor)).Should().Equal(
            ("OPBD", 1000000), ("PRCD", 1000000), ("CLBD", 2364483), ("CLAV", 3364483));
        statement.Foot.Totals.Select(total => (total.Direction, total.Count, total.Sum?.Minor)).Should().Equal(
            (null, 10L, null), (Direction.Credit, 6L, 2307500L), (Direction.Debit, 4L, 943017L));
        statement.Entries.Select(entry => (entry.SignedMinor, entry.Batch?.Transactions, entry.Transactions.Count)).Should().Equal(
            (-100012, 4L, 1), (-400000, 3L, 0), (-423005, 3L, 3), (200000, 2L, 1), (50000, 2L, 1), (300000, 2L, 1), (212000, null, 1),
            (545500, null, 1), (1000000, null, 1), (-20000, null, 2));
        statement.Entries[0].Transactions.Single().Amount.Should().BeNull("the bank gives none, and the entry's is not its");
        statement.Entries[0].Batch.Should().Be(new EntryBatch("MSGSALA0001", "CustRefForSalaBatch", 4, null));
        statement.Entries[2].Transactions.Select(one => one.Amount!.Value.Minor).Should().Equal(200002, 100001, 123002);
        statement.Entries[8].Transactions.Single().Counterparty.Should().Be(new BankParty("DEBTOR", null, null, "NDEAFIHH"));
        read.Notes.Should().BeEmpty();
    }

    [Theory]
    [InlineData("200519_camt.054-Debit_P_CH2909000000250094239_1110092692_0_2019042401501580.xml", -91300, "2019-04-25", "25-1120172999-2")]
    [InlineData("200519_camt.054-Credit_P_CH2909000000250094239_1110092691_0_2019042421291293.xml", 150000, "2019-04-24", "074820002ZZ9J42U")]
    public async Task The_Swiss_notifications_have_one_entry_and_no_balance(string file, long minor, string booked, string reference)
    {
        var read = await Collected.OfFixture("camt", "moov", file);
        var entry = read.Entries.Single();
        entry.SignedMinor.Should().Be(minor);
        entry.BookingDate!.Value.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture).Should().Be(booked);
        entry.ValueDate.Should().Be(new LocalDate(2019, 4, 25));
        entry.Transactions.Single().References.AccountServicer.Should().Be(reference);
        (entry.Amount.Currency, entry.Transactions.Single().Amount).Should().Be(("CHF", (BankAmount?)entry.Amount));
        read.Statements.Single().Head.Account!.Id.Should().Be("CH2909000000250094239");
        read.Statements.Single().Foot!.Balances.Should().BeEmpty();
    }

    [Fact]
    public async Task The_Dutch_month_of_31_messages_goes_on_from_balance_to_balance()
    {
        var read = await Collected.OfFixture("mt940", "wolph", "ASNB", "mt940.txt");
        read.Notes.Should().BeEmpty();
        read.Statements.Select(statement => (statement.Head.Number, statement.Head.Sequence))
            .Should().Equal(Enumerable.Range(1, 31).Select(day => ((string?)day.ToString(CultureInfo.InvariantCulture), (string?)"1")));
        for (var i = 1; i < 31; i++)
        {
            read.Statements[i].Foot!.Balances[0].SignedMinor.Should().Be(read.Statements[i - 1].Foot!.Balances[^1].SignedMinor);
        }

        (read.Statements[0].Foot!.Balances[0].SignedMinor, read.Statements[30].Foot!.Balances[^1].SignedMinor).Should().Be((44429, 50123));
        read.Statements.Should().OnlyContain(statement =>
            statement.Head.Account == new StatementAccount("IBAN", "NL81ASNB9999999999", "EUR", "ASNBNL21", null));
        read.Entries.Select(entry => entry.SignedMinor).Should().Equal(-6500, 100000, -80155, -165, 82872, -100000, 100018, -90376);
        var first = read.Entries.First();
        (first.Transactions[0].Code.MtType, first.BookingDate, first.ValueDate).Should().Be(("NOVB", new LocalDate(2020, 1, 1), new LocalDate(2020, 1, 1)));
        first.Transactions[0].Counterparty.Should().Be(new BankParty("hr gjlm paulissen", "NL47INGB9999999999", "IBAN", null));
        first.Info.Should().Be("NL47INGB9999999999 hr gjlm paulissen\nBetaling sieraden");
    }

    [Fact]
    public async Task The_Luxembourg_sample_has_a_BIC_before_its_account()
    {
        var read = await Collected.OfFixture("mt940", "jejik", "bil.txt");
        read.Statements.Single().Head.Account.Should().Be(new StatementAccount("IBAN", "LU540026121160200600", "EUR", "BILLLULLXXX", null));
        var entry = read.Entries.Single();
        (entry.SignedMinor, entry.References.Own, entry.References.AccountServicer).Should().Be((-400, null, "CIOB220117990193/IACC/D3/"));
        (entry.ValueDate, entry.BookingDate).Should().Be((new LocalDate(2022, 1, 17), new LocalDate(2022, 1, 17)));
        entry.Transactions.Single().PostingText.Should().Be("FORFAIT MENSUEL ENVOI DE COURRIER");
        entry.Transactions.Single().Unstructured.Should().Equal("COMPTE . IBAN LU54 0026 1211 6020 0600");
        read.Statements.Single().Foot!.Balances[^1].SignedMinor.Should().Be(-400);
    }

    [Fact]
    public async Task The_German_samples_wrap_their_lines_anywhere()
    {
        var lbbw = await Collected.OfFixture("mt940", "jejik", "lbbw.txt");
        lbbw.Entries.Select(entry => entry.SignedMinor).Should().Equal(-1, 1);
        var order = lbbw.Entries.Last();
        (order.References.Own, order.References.AccountServicer).Should().Be(("SEPA-20210203175805-00154800-P1", "202102040007693"));
        order.Transactions.Single().Unstructured.Should().Equal("E-MOBILITY ABRECHNUNGNR. 28 ZU VERTRAG 9433, KUNDENNUMMER 11111");
        order.Transactions.Single().Counterparty.Should().Be(new BankParty("NIC RICHTER", "DE59600501010007907986", "IBAN", "SOLADEST600"));
        lbbw.Statements.Single().Head.RelatedReference.Should().BeNull("NONREF is none");

        var sparkasse = await Collected.OfFixture("mt940", "jejik", "sparkasse.txt");
        sparkasse.Statements.Should().HaveCount(2);
        sparkasse.Notes.Should().BeEmpty();
        var card = sparkasse.Entries.First();
        (card.SignedMinor, card.ValueDate, card.BookingDate).Should().Be((-2000, new LocalDate(2019, 2, 18), new LocalDate(2019, 2, 18)));
        card.Transactions.Single().Unstructured.Should().Equal("2019-02-15T20.10 Debitk.4 2019-12");
        card.References.Proprietary.Should().Equal(("ABWA", "Aral Tankstelle Chemnitz Leipziger Straße 257//Chemnitz/DE"));
        sparkasse.Entries.Last().Transactions.Single().Counterparty!.Account.Should().Be("DE12345678901234567890");
    }

    [Fact]
    public async Task Each_form_of_an_amount_in_the_fragment_is_read()
    {
        var read = await Collected.OfFixture("mt940", "wolph", "betterplace", "amount_formats.sta");
        read.Statements.Single().Foot!.Balances.Select(balance => balance.SignedMinor)
            .Should().Equal(38011512, 38011510, 38011500, 12, 12, 112);
    }
}
