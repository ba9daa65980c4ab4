using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using EGovPay.Settlement.Payouts;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>The payment file for banks: what is in it, and that the official schema takes it.</summary>
public sealed class WritePain001Tests
{
    private static readonly Instant At = Instant.FromUtc(2026, 11, 23, 9, 30, 15);

    public static TheoryData<Pain001Edition, PayoutLetters, PayoutRemittance> Forms => new()
    {
        { Pain001Edition.V3, PayoutLetters.Real, PayoutRemittance.Unstructured },
        { Pain001Edition.V3, PayoutLetters.Latin, PayoutRemittance.Unstructured },
        { Pain001Edition.V9, PayoutLetters.Real, PayoutRemittance.Unstructured },
        { Pain001Edition.V9, PayoutLetters.Latin, PayoutRemittance.Structured },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void The_official_schema_takes_what_is_written(Pain001Edition edition, PayoutLetters letters, PayoutRemittance remittance)
    {
        var schema = Schema(edition);
        var bytes = Written(new Pain001Message("EGPF261123-0001", At, edition, letters, remittance), Many());

        Faults(bytes, schema).Should().BeEmpty();
    }

    [Theory]
    [InlineData(Pain001Edition.V3)]
    [InlineData(Pain001Edition.V9)]
    public async Task The_tool_of_libxml_takes_it_as_well(Pain001Edition edition)
    {
        var schema = Schema(edition);
        Assert.SkipUnless(File.Exists("/usr/bin/xmllint"), "xmllint is not installed (libxml2-utils).");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(
                file, Written(new Pain001Message("EGPF261123-0001", At, edition), Many()), TestContext.Current.CancellationToken);
            using var tool = Process.Start(new ProcessStartInfo("/usr/bin/xmllint", ["--noout", "--nonet", "--schema", schema, file])
            {
                RedirectStandardError = true,
                UseShellExecute = false,
            })!;
            var said = await tool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
            said.Should().Contain("validates");
            tool.ExitCode.Should().Be(0);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_test_of_the_schema_can_fail()
    {
        var bytes = Written(new Pain001Message("EGPF261123-0001", At, Pain001Edition.V9), Many());
        var spoilt = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace("<PmtMtd>TRF</PmtMtd>", "", StringComparison.Ordinal));

        Faults(spoilt, Schema(Pain001Edition.V9)).Should().NotBeEmpty();
    }

    [Fact]
    public void Counts_and_sums_of_blocks_and_head_are_those_of_the_transfers() =>
        Prop.ForAll(
            Gen.Choose(1, int.MaxValue).Select(one => (long)one).NonEmptyListOf().Select(list => list.Take(40).ToArray()).ToArbitrary(),
            amounts =>
            {
                var orders = amounts.Select((amount, at) => Orders.Plain with
                {
                    EndToEndId = "ID" + at.ToString(CultureInfo.InvariantCulture),
                    AmountQepik = amount,
                    ExecutionDay = Orders.Day.PlusDays(at % 3),
                }).ToList();
                var root = Read(Written(new Pain001Message("M", At, Pain001Edition.V9), orders));
                var ns = root.Name.Namespace;
                decimal Sum(XElement of) => of.Descendants(ns + "InstdAmt").Sum(one => decimal.Parse(one.Value, CultureInfo.InvariantCulture));
                var holders = root.Descendants(ns + "PmtInf").Append(root.Descendants(ns + "GrpHdr").Single());
                return holders.All(one =>
                {
                    var over = one.Name.LocalName == "GrpHdr" ? root : one;
                    return decimal.Parse(one.Element(ns + "CtrlSum")!.Value, CultureInfo.InvariantCulture) == Sum(over)
                        && int.Parse(one.Element(ns + "NbOfTxs")!.Value, CultureInfo.InvariantCulture)
                            == over.Descendants(ns + "CdtTrfTxInf").Count();
                }) && Sum(root) == amounts.Sum() / 100m;
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_same_orders_are_the_same_bytes()
    {
        var message = new Pain001Message("EGPF261123-0001", At, Pain001Edition.V9);

        Written(message, Many()).Should().Equal(Written(message, Many()));
    }

    [Fact]
    public void A_budget_order_carries_its_level_and_code_before_its_purpose()
    {
        var root = Read(Written(new Pain001Message("M", At, Pain001Edition.V3), [Orders.Budget]));

        root.Descendants(root.Name.Namespace + "Ustrd").Select(one => one.Value)
            .Should().Equal("3", "111100", "Gəlir vergisi 22.11.2026");
        root.Descendants(root.Name.Namespace + "InstdAmt").Single().Value.Should().Be("0.05");
        root.Descendants(root.Name.Namespace + "CtgyPurp").Single().Value.Should().Be("TAXS");
    }

    [Fact]
    public void Structured_they_are_a_tax_record()
    {
        var root = Read(Written(
            new Pain001Message("M", At, Pain001Edition.V9, Remittance: PayoutRemittance.Structured), [Orders.Budget]));
        var ns = root.Name.Namespace;

        root.Descendants(ns + "Rcrd").Single().Elements().Select(one => one.Value).Should().Equal("3", "111100");
        root.Descendants(ns + "TaxId").Single().Value.Should().Be("1401555071");
        root.Descendants(ns + "AddtlRmtInf").Single().Value.Should().Be("Gəlir vergisi 22.11.2026");
    }

    [Fact]
    public void A_form_without_a_place_for_the_budget_line_is_refused_and_nothing_is_written()
    {
        using var file = new MemoryStream();
        var faults = WritePain001.To(
            file, new Pain001Message("M", At, Pain001Edition.V3, Remittance: PayoutRemittance.Structured), [Orders.Plain, Orders.Budget]);

        faults.Should().ContainSingle().Which.Should().Match<PayoutFault>(
            fault => fault.Field == "Budget" && fault.EndToEndId == Orders.Budget.EndToEndId);
        file.Length.Should().Be(0);
    }

    [Fact]
    public void Latin_letters_are_written_where_the_bank_asks_for_them()
    {
        var latin = Read(Written(new Pain001Message("M", At, Pain001Edition.V9, PayoutLetters.Latin), [Orders.Plain]));
        var real = Read(Written(new Pain001Message("M", At, Pain001Edition.V9), [Orders.Plain]));

        latin.Descendants(latin.Name.Namespace + "Nm").Last().Value.Should().Be("Azerisiq ASC");
        latin.Descendants(latin.Name.Namespace + "Ustrd").Single().Value.Should().Be("22.11.2026 ucun qebul edilmis odenisler");
        real.Descendants(real.Name.Namespace + "Nm").Last().Value.Should().Be("Azərişıq ASC");
    }

    [Fact]
    public void The_moment_is_told_in_Bakus_time()
    {
        var root = Read(Written(new Pain001Message("M", At, Pain001Edition.V9), [Orders.Plain]));

        root.Descendants(root.Name.Namespace + "CreDtTm").Single().Value.Should().Be("2026-11-23T13:30:15+04:00");
    }

    public static TheoryData<string, PayoutOrder> Inexpressible => new()
    {
        { "AmountQepik", Orders.Plain with { AmountQepik = 0 } },
        { "AmountQepik", Orders.Plain with { AmountQepik = -1 } },
        { "AmountQepik", Orders.Plain with { AmountQepik = 1_000_000_000_000_000_000 } },
        { "EndToEndId", Orders.Plain with { EndToEndId = "" } },
        { "EndToEndId", Orders.Plain with { EndToEndId = new string('A', 36) } },
        { "EndToEndId", Orders.Plain with { EndToEndId = "A/B" } },
        { "EndToEndId", Orders.Plain with { EndToEndId = "-A" } },
        { "EndToEndId", Orders.Plain with { EndToEndId = "A\n" } },
        { "Purpose", Orders.Plain with { Purpose = " " } },
        { "Purpose", Orders.Plain with { Purpose = "a\u0001b" } },
        { "Purpose", Orders.Plain with { Purpose = "a\uD800b" } },
        { "Purpose", Orders.Plain with { Purpose = new string('a', 141) } },
        { "Purpose", Orders.Plain with { Purpose = "two\nlines" } },
        { "Budget.Level", Orders.Budget with { Budget = new BudgetLine("8", "111100") } },
        { "Budget.Level", Orders.Budget with { Budget = new BudgetLine("", "111100") } },
        { "Budget.Code", Orders.Budget with { Budget = new BudgetLine("1Y", "11110") } },
        { "Budget.Code", Orders.Budget with { Budget = new BudgetLine("1Y", "١١١١٠٠") } },
        { "Creditor.Voen", Orders.Budget with { Creditor = Orders.Treasury with { Voen = null } } },
        { "Creditor.Voen", Orders.Budget with { Creditor = Orders.Treasury with { Voen = "1400057424" } } },
        { "Creditor.Iban", Orders.Plain with { Creditor = Orders.Utility with { Iban = "AZ15IBAZ40060019449330218120" } } },
        { "Creditor.Iban", Orders.Plain with { Creditor = Orders.Utility with { Iban = "GB29NWBK60161331926819" } } },
        { "Creditor.Name", Orders.Plain with { Creditor = Orders.Utility with { Name = "" } } },
        { "Creditor.Bic", Orders.Plain with { Creditor = Orders.Utility with { Bic = null, BankCode = null } } },
        { "Creditor.Bic", Orders.Plain with { Creditor = Orders.Utility with { Bic = "IBAZAZ2" } } },
        { "Debtor.BankCode", Orders.Plain with { Debtor = Orders.Us with { BankCode = "50514" } } },
    };

    [Theory]
    [MemberData(nameof(Inexpressible))]
    public void What_cannot_be_expressed_is_refused_by_its_name_and_nothing_is_written(string field, PayoutOrder order)
    {
        using var file = new MemoryStream();

        WritePain001.To(file, new Pain001Message("M", At, Pain001Edition.V9), [order])
            .Should().ContainSingle(fault => fault.Field == field && fault.EndToEndId == order.EndToEndId);
        file.Length.Should().Be(0);
    }

    [Fact]
    public void Two_orders_of_one_id_are_refused()
    {
        using var file = new MemoryStream();

        WritePain001.To(file, new Pain001Message("M", At, Pain001Edition.V9), [Orders.Plain, Orders.Plain]).Should().NotBeEmpty();
        WritePain001.To(file, new Pain001Message("M", At, Pain001Edition.V9), []).Should().NotBeEmpty();
        WritePain001.To(file, new Pain001Message("no id", At, Pain001Edition.V9), [Orders.Plain]).Should().NotBeEmpty();
    }

    [Fact]
    public void Cyrillic_has_no_Latin_letters_here_and_is_refused()
    {
        using var file = new MemoryStream();

        WritePain001.To(
                file, new Pain001Message("M", At, Pain001Edition.V9, PayoutLetters.Latin),
                [Orders.Plain with { Creditor = Orders.Utility with { Name = "Азеришыг" } }])
            .Should().ContainSingle().Which.Text.Should().Contain("А");
    }

    private static List<PayoutOrder> Many() =>
    [
        Orders.Plain,
        Orders.Budget,
        Orders.Plain with { EndToEndId = "EGP261124-1", ExecutionDay = Orders.Day.PlusDays(1), Urgent = true },
        Orders.Plain with { EndToEndId = "EGP261124-2", Creditor = Orders.Utility with { Bic = null, Voen = "1400057421" } },
        Orders.Budget with { EndToEndId = "EGP261124-3", Urgent = true, Budget = new BudgetLine("7Y", "142100") },
    ];

    private static byte[] Written(Pain001Message message, IReadOnlyList<PayoutOrder> orders)
    {
        using var file = new MemoryStream();
        WritePain001.To(file, message, orders).Should().BeEmpty();
        return file.ToArray();
    }

    private static XElement Read(byte[] bytes)
    {
        using var file = new MemoryStream(bytes);
        return XDocument.Load(file).Root!;
    }

    private static string Schema(Pain001Edition edition)
    {
        var path = Path.Combine(Fixtures.Root, "xsd", edition == Pain001Edition.V3 ? "pain.001.001.03.xsd" : "pain.001.001.09.xsd");
        Assert.SkipUnless(File.Exists(path), "The official schemas are not there.");
        return path;
    }

    private static List<string> Faults(byte[] bytes, string schema)
    {
        var faults = new List<string>();
        var settings = new XmlReaderSettings { ValidationType = ValidationType.Schema };
        settings.Schemas.Add(null, schema);
        settings.ValidationFlags |= XmlSchemaValidationFlags.ReportValidationWarnings;
        settings.ValidationEventHandler += (_, what) => faults.Add(what.Message);
        using var file = new MemoryStream(bytes);
        using var reader = XmlReader.Create(file, settings);
        while (reader.Read())
        {
            // The handler hears of everything.
        }

        return faults;
    }
}
