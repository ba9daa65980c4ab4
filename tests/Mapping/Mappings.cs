using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Mapping;
using EGovPay.Settlement.Statements;
using EGovPay.Tests.RegistersIn;
using EGovPay.Tests.Statements;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Mapping;

/// <summary>Tables of banks, providers and acquirers by mappings: what they mean, and what is wrong with them.</summary>
// What it allocates is measured over the whole process: nothing runs beside it.
[Collection(nameof(Torture.Alone))]
public sealed class Mappings
{
    private const string Bank = """
        {"name":"kapital","for":"statement","encoding":"windows-1251","delimiter":";","skip":2,
         "columns":{"date":"Дата","debit":"Дебет","credit":"Кредит","bankReference":"Номер","text":"Назначение","counterpartyName":"Контрагент"},
         "date":"dd.MM.yyyy","decimal":",","thousands":"space","account":"AZ21NABZ00000000137010001944","totals":{"begins":"Итого","count":2}}
        """;

    static Mappings() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    [Fact]
    public async Task A_bank_s_table_with_debit_and_credit_columns_is_read_as_a_statement()
    {
        const string text = "Выписка за день\n\"; ;\"\nНомер;Дата;Дебет;Кредит;Контрагент;Назначение\n"
            + "B1;20.11.2026;;1 234 567,89;ООО \"\"Ромашка\"\";\"оплата; счёт 5\"\nB2;21.11.2026;20,5;;;\nИтого;2;;;;\n";
        var read = new Collected();
        var reading = await ReadMappedStatement.From(
            new MemoryStream(Encoding.GetEncoding(1251).GetBytes(text.Replace("ООО \"\"Ромашка\"\"", "\"ООО \"\"Ромашка\"\"\"", StringComparison.Ordinal))), One(Bank), read, default);
        reading.Refusal.Should().BeNull();
        var statement = read.Statements.Should().ContainSingle().Subject;
        statement.Head.Account!.Id.Should().Be("AZ21NABZ00000000137010001944");
        statement.Entries.Select(one => (one.SignedMinor, one.BookingDate, one.References.AccountServicer, one.Line, one.Status)).Should().Equal(
            (1_234_567_89, new LocalDate(2026, 11, 20), "B1", 4, EntryStatus.Booked), (-20_50, new LocalDate(2026, 11, 21), "B2", 5, EntryStatus.Booked));
        statement.Entries[0].Transactions[0].Unstructured.Should().Equal("оплата; счёт 5");
        statement.Entries[0].Transactions[0].Counterparty!.Name.Should().Be("ООО \"Ромашка\"");
    }

    [Theory]
    [InlineData("1;20.11.2026;;1,00;;\nИтого;2", 5, "counts 2 lines, there are 1")]
    [InlineData("1;20.11.2026;;1,00;;", 4, "is missing")]
    [InlineData("1;20.11.2026;;1.00;;\nИтого;1", 4, "no amount")]
    [InlineData("1;20.11.2026;;12 34,00;;\nИтого;1", 4, "no amount")]
    [InlineData("1;20.11.2026;;1,001;;\nИтого;1", 4, "decimals")]
    [InlineData("1;20.11.2026;1,00;1,00;;\nИтого;1", 4, "Both")]
    [InlineData("1;20.11.2026;;;;\nИтого;1", 4, "Neither")]
    [InlineData("1;2026-11-20;;1,00;;\nИтого;1", 4, "no date")]
    [InlineData("1;31.02.2026;;1,00;;\nИтого;1", 4, "no date")]
    [InlineData("1;20.11.2026\nИтого;1", 4, "fields")]
    [InlineData("1;20.11.2026;;1,00;\"x;\nИтого;1", 4, "quotation mark")]
    [InlineData("Итого;0\n1;20.11.2026;;1,00;;", 5, "after the line of totals")]
    [InlineData("Итого;0", 4, "no line")]
    public async Task What_is_wrong_with_a_table_is_said_with_its_line(string lines, int line, string why)
    {
        var text = "Выписка\nза день\nНомер;Дата;Дебет;Кредит;Контрагент;Назначение\n" + lines + "\n";
        var reading = await ReadMappedStatement.From(new MemoryStream(Encoding.GetEncoding(1251).GetBytes(text)), One(Bank), new Collected(), default);
        reading.Refusal.Should().NotBeNull();
        reading.Refusal!.Text.Should().Contain(why);
        reading.Refusal.Line.Should().Be(line);
    }

    [Fact]
    public async Task A_header_without_a_column_and_bytes_of_another_encoding_are_refused()
    {
        var without = await ReadMappedStatement.From(new MemoryStream(Encoding.GetEncoding(1251).GetBytes("a\nb\nНомер;Дата\n")), One(Bank), new Collected(), default);
        without.Refusal!.Text.Should().Contain("no column 'Дебет'");
        var utf8 = One("""{"name":"x","for":"statement","columns":{"date":1,"amount":2},"header":false,"account":"A"}""");
        var wrong = await ReadMappedStatement.From(new MemoryStream([.. "2026-11-20,1.00\n"u8, 0xFF, 0xFE, .. ",1\n"u8]), utf8, new Collected(), default);
        wrong.Refusal!.Text.Should().Contain("no letters of utf-8");
        var marked = new Collected();
        (await ReadMappedStatement.From(new MemoryStream([.. Encoding.UTF8.Preamble, .. "2026-11-20,-1.00\n"u8]), utf8, marked, default)).Refusal.Should().BeNull();
        marked.Entries.Single().SignedMinor.Should().Be(-100);
    }

    [Fact]
    public async Task A_line_or_a_quotation_without_an_end_is_refused_and_not_held()
    {
        var mapping = One("""{"name":"x","for":"statement","columns":{"date":1,"amount":2},"header":false,"account":"A"}""");
        foreach (var text in new[] { new string('x', 5_000_000), "\"" + new string('x', 5_000_000), string.Concat(Enumerable.Repeat("x,", 2_000_000)) })
        {
            var before = GC.GetTotalAllocatedBytes();
            var reading = await ReadMappedStatement.From(new MemoryStream(Encoding.UTF8.GetBytes(text)), mapping, new Collected(), default);
            reading.Refusal!.Text.Should().Contain("longer than");
            (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(30 << 20);
        }
    }

    [Fact]
    public async Task A_provider_s_table_by_positions_in_qepik_with_a_time_in_its_date_is_read_as_a_register()
    {
        var mapping = One("""
            {"name":"azersu","for":"register","encoding":"windows-1254","delimiter":"tab","header":false,"unit":"qepik",
             "columns":{"txn":2,"date":1,"account":3,"amount":4,"reversal":5,"providerTransaction":6},"date":"dd/MM/yyyy HH:mm:ss","words":{"geri":"reversal"}}
            """);
        var seen = new SeenLines();
        var totals = await Settlement.RegistersIn.ReadMappedRegister.From(
            new MemoryStream(Encoding.GetEncoding(1254).GetBytes("20/11/2026 09:30:00\t731\tküçş\t1040\t\tP1\n20/11/2026 00:00:00\t732\t7\t100\tGeri\t\n")), mapping, seen, default);
        totals.Should().Be(new Settlement.RegistersIn.RegisterTotals("csv", 2, 940, null, null));
        seen.Lines.Should().Equal(
            new SeenLine(1, "731", 1040, "", "küçş", new LocalDate(2026, 11, 20), 34_200_000_000, "P1", false),
            new SeenLine(2, "732", 100, "", "7", new LocalDate(2026, 11, 20), -1, "", true));
    }

    [Theory]
    [InlineData("""{"for":"statement"}""", "name")]
    [InlineData("""{"name":"x","for":"letter","columns":{}}""", "for")]
    [InlineData("""{"name":"x","for":"register","columns":{"txn":1,"date":2,"account":3}}""", "amount")]
    [InlineData("""{"name":"x","for":"register","columns":{"txn":0,"date":2,"account":3,"amount":4}}""", "txn")]
    [InlineData("""{"name":"x","for":"register","columns":{"txn":1,"date":2,"account":3,"amount":4,"color":5}}""", "color")]
    [InlineData("""{"name":"x","for":"register","header":false,"columns":{"txn":"a","date":2,"account":3,"amount":4}}""", "without a header")]
    [InlineData("""{"name":"x","for":"register","encoding":"utf-7","columns":{"txn":1,"date":2,"account":3,"amount":4}}""", "encoding")]
    [InlineData("""{"name":"x","for":"register","delimiter":"ab","columns":{"txn":1,"date":2,"account":3,"amount":4}}""", "delimiter")]
    [InlineData("""{"name":"x","for":"register","date":"dd.QQ","columns":{"txn":1,"date":2,"account":3,"amount":4}}""", "date")]
    [InlineData("""{"name":"x","for":"register","decimal":",","thousands":",","columns":{"txn":1,"date":2,"account":3,"amount":4}}""", "same sign")]
    [InlineData("""{"name":"x","for":"register","currency":"azn","columns":{"txn":1,"date":2,"account":3,"amount":4}}""", "currency")]
    [InlineData("""{"name":"x","for":"register","words":{"a":"sale"},"columns":{"txn":1,"date":2,"account":3,"amount":4}}""", "words")]
    [InlineData("""{"name":"x","for":"register","totals":{"begins":"T"},"columns":{"txn":1,"date":2,"account":3,"amount":4}}""", "totals")]
    [InlineData("""{"name":"x","for":"statement","account":"A","columns":{"date":1,"amount":2,"debit":3,"credit":4}}""", "either")]
    [InlineData("""{"name":"x","for":"statement","account":"A","columns":{"date":1,"debit":3}}""", "either")]
    [InlineData("""{"name":"x","for":"statement","columns":{"date":1,"amount":2}}""", "account")]
    [InlineData("""{"name":"x","for":"acquirer","columns":{"date":1,"gross":2,"fee":3}}""", "net")]
    public void A_mapping_with_a_fault_is_refused_when_the_terms_are_applied(string mapping, string why)
    {
        var faults = new CatalogueFaults();
        ReadMappings.From(Items("[\n" + mapping + "]", faults), faults);
        faults.InOrder().Should().Contain(fault => fault.Line == 2 && fault.Message.Contains(why, StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_mapping_twice_is_refused_and_one_name_may_serve_two_uses()
    {
        const string register = """{"name":"x","for":"register","columns":{"txn":1,"date":2,"account":3,"amount":4}}""";
        const string acquirer = """{"name":"x","for":"acquirer","columns":{"date":1,"gross":2,"fee":3,"net":4}}""";
        var faults = new CatalogueFaults();
        ReadMappings.From(Items($"[{register},{acquirer}]", faults), faults).Should().HaveCount(2);
        faults.Count.Should().Be(0);
        ReadMappings.From(Items($"[{register},{register}]", faults), faults);
        faults.InOrder().Single().Message.Should().Contain("twice");
    }

    [Fact]
    public void Terms_have_a_section_of_mappings_whose_faults_are_the_terms_own()
    {
        var example = Encoding.UTF8.GetString(Settlement.Terms.ExampleTerms.Read()).TrimEnd().TrimEnd('}').TrimEnd().TrimEnd(',');
        var good = Settlement.Terms.CheckTerms.Run(Encoding.UTF8.GetBytes(example + ", \"mappings\": [" + Bank + "]}"));
        good.Faults.Should().BeEmpty();
        good.Terms!.Mappings.Single().Name.Should().Be("kapital");
        var bad = Settlement.Terms.CheckTerms.Run(Encoding.UTF8.GetBytes(example + ", \"mappings\": [{\"name\":\"x\",\"for\":\"y\"}]}"));
        bad.Faults.Should().ContainSingle(fault => fault.Message.Contains("\"for\"", StringComparison.Ordinal));
    }

    internal static FileMapping One(string json)
    {
        var faults = new CatalogueFaults();
        var mapping = ReadMappings.From(Items($"[{json}]", faults), faults);
        faults.InOrder().Should().BeEmpty();
        return mapping.Single();
    }

    private static List<JsonWithLines> Items(string json, CatalogueFaults faults) =>
        JsonWithLines.Read(Encoding.UTF8.GetBytes(json), faults)!.Items;
}
