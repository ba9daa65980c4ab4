using System.Text;
using System.Text.Json;
using EGovPay.Settlement.Payouts;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>The comma-separated lines of a bank's corporate channel.</summary>
public sealed class WriteDomesticLinesTests
{
    [Fact]
    public void A_standard_an_urgent_and_a_budget_line_are_exactly_these_bytes() =>
        Written(Orders.Plain, Orders.Plain with { EndToEndId = "U", Urgent = true, Purpose = "bir" }, Orders.Budget).Should().Be(
            "DM,S,23112026,AZ02PAHA38020AZNHC0100012345,AZN,Azerisiq ASC,AZ14IBAZ40060019449330218120,,805250,12345.67,"
            + "AZ02PAHA38020AZNHC0100012345,22.11.2026 ucun qebul edilmis,odenisler\r\n"
            + "DM,U,23112026,AZ02PAHA38020AZNHC0100012345,AZN,Azerisiq ASC,AZ14IBAZ40060019449330218120,,805250,12345.67,"
            + "AZ02PAHA38020AZNHC0100012345,bir\r\n"
            + "DM,T,23112026,AZ02PAHA38020AZNHC0100012345,AZN,Dovlet Xezinedarligi Agentliyi,AZ17CTRE00000000000002117131,1401555071,"
            + "210005,0.05,AZ02PAHA38020AZNHC0100012345,3,111100,Gelir vergisi 22.11.2026\r\n");

    [Fact]
    public void Every_line_has_as_many_fields_as_its_type_allows()
    {
        for (var words = 1; words <= 4; words++)
        {
            var purpose = string.Join(' ', Enumerable.Repeat(new string('a', 30), words));
            Written(Orders.Plain with { Purpose = purpose }).Split(',').Should().HaveCount(11 + words);
            if (words <= 2)
            {
                Written(Orders.Budget with { Purpose = purpose }).Split(',').Should().HaveCount(13 + words);
            }
        }
    }

    [Fact]
    public void The_form_is_the_one_of_the_facts()
    {
        var path = Path.Combine(Fixtures.Root, "azerbaijan", "domestic_bank_file_facts.json");
        Assert.SkipUnless(File.Exists(path), "The facts are not there.");
        using var facts = JsonDocument.Parse(File.ReadAllText(path));
        var form = facts.RootElement.GetProperty("corporate_payment_csv");

        form.GetProperty("DM_fields").GetArrayLength().Should().Be(15);
        form.GetProperty("field_count").GetProperty("S/U").GetString().Should().Be("12..15");
        form.GetProperty("field_count").GetProperty("T").GetString().Should().Be("14..15");
    }

    [Fact]
    public void A_word_longer_than_a_line_is_divided_and_nothing_is_lost()
    {
        var word = new string('a', 35) + new string('b', 10);

        Written(Orders.Plain with { Purpose = word }).Should().EndWith("," + new string('a', 35) + "," + new string('b', 10) + "\r\n");
    }

    public static TheoryData<string, PayoutOrder> Inexpressible => new()
    {
        { "Creditor.Name", Orders.Plain with { Creditor = Orders.Utility with { Name = new string('a', 36) } } },
        { "Creditor.Name", Orders.Plain with { Creditor = Orders.Utility with { Name = "Bir, iki" } } },
        { "Creditor.Name", Orders.Plain with { Creditor = Orders.Utility with { Name = "Азеришыг" } } },
        { "Creditor.BankCode", Orders.Plain with { Creditor = Orders.Utility with { BankCode = null } } },
        { "Creditor.Voen", Orders.Budget with { Creditor = Orders.Treasury with { Voen = null } } },
        { "Debtor.Iban", Orders.Plain with { Debtor = Orders.Us with { Iban = "AZ14IBAZ40060019449330218120" } } },
        { "Purpose", Orders.Plain with { Purpose = "bir,iki" } },
        { "Purpose", Orders.Plain with { Purpose = new string('a', 141) } },
        { "Purpose", Orders.Budget with { Purpose = new string('a', 71) } },
        { "Purpose", Orders.Plain with { Purpose = "a\tb" } },
        { "ExecutionDay", Orders.Plain with { ExecutionDay = Orders.Day.PlusDays(1) } },
        { "Urgent", Orders.Budget with { Urgent = true } },
        { "Budget.Level", Orders.Budget with { Budget = new BudgetLine("8Y", "111100") } },
        { "Budget.Code", Orders.Budget with { Budget = new BudgetLine("3", "11110A") } },
        { "AmountQepik", Orders.Plain with { AmountQepik = 0 } },
    };

    [Theory]
    [MemberData(nameof(Inexpressible))]
    public void What_the_form_cannot_express_is_refused_by_its_name_and_nothing_is_written(string field, PayoutOrder order)
    {
        using var file = new MemoryStream();

        WriteDomesticLines.To(file, Orders.Day, [order]).Should().Contain(fault => fault.Field == field);
        file.Length.Should().Be(0);
    }

    [Fact]
    public void The_banks_commission_may_be_borne_by_another_account()
    {
        using var file = new MemoryStream();
        WriteDomesticLines.To(file, Orders.Day, [Orders.Plain], Orders.Utility.Iban).Should().BeEmpty();

        Encoding.ASCII.GetString(file.ToArray()).Split(',')[10].Should().Be(Orders.Utility.Iban);
        WriteDomesticLines.To(file, Orders.Day, [Orders.Plain], "AZ14").Should().NotBeEmpty();
    }

    private static string Written(params PayoutOrder[] orders)
    {
        using var file = new MemoryStream();
        WriteDomesticLines.To(file, Orders.Day, orders).Should().BeEmpty();
        return Encoding.ASCII.GetString(file.ToArray());
    }
}
