using System.Globalization;
using System.Text;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Mapping;
using EGovPay.Settlement.RegistersIn;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.RegistersIn;

/// <summary>Registers of the OSMP form and in JSON are read to the qəpik, or refused with line, field and reason.</summary>
public sealed class ReadingRegisters
{
    private static readonly LocalDate Day = new(2026, 11, 20);

    [Theory]
    [InlineData(100_000)]
    [InlineData(7)]
    [InlineData(1)]
    public async Task An_OSMP_register_is_read_line_by_line_however_it_comes(int part)
    {
        var (lines, totals, _) = await OsmpAsync(
            "731000000001\t2026-11-20\t09:30:01\t0012345678\t10.4\n2\t20.11.2026\t09:30\tşəhər 5\t10\r\n\n18446744073709551615\t20261120\t235959\t7\t0.05\nTotal: 3 20.45\n", part);
        totals.Should().Be(new RegisterTotals("osmp-tab", 3, 2045, 3, 2045));
        lines.Should().Equal(
            new SeenLine(1, "731000000001", 1040, "", "0012345678", Day, Micros(9, 30, 1), "", false),
            new SeenLine(2, "2", 1000, "", "şəhər 5", Day, Micros(9, 30, 0), "", false),
            new SeenLine(4, "18446744073709551615", 5, "", "7", Day, Micros(23, 59, 59), "", false));
    }

    [Fact]
    public async Task A_register_of_nothing_and_one_with_a_mark_and_without_a_last_line_end_are_read()
    {
        (await OsmpAsync("Total: 0 0.00")).Totals.Should().Be(new RegisterTotals("osmp-tab", 0, 0, 0, 0));
        (await OsmpAsync("\uFEFF1\t2026-11-20\t09:30\t7\t1\nTotal:\t1\t1.00")).Lines.Single().Txn.Should().Be("1");
    }

    [Fact]
    public async Task An_account_in_the_old_Cyrillic_encoding_becomes_readable()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var seen = new SeenLines();
        await ReadOsmpRegister.From(
            new MemoryStream(Encoding.GetEncoding(1251).GetBytes("1\t2026-11-20\t09:30\tдоговор-5\t1.00\nTotal: 1 1.00")), seen, default);
        seen.Lines.Single().Account.Should().Be("договор-5");
    }

    [Theory]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.00\n", 1, "missing")]
    [InlineData("", 1, "missing")]
    [InlineData("1\t2026-11-20\t09:30\t7\nTotal: 1 1.00", 1, "4 fields")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.00\tAZN\t9\nTotal: 1 1.00", 1, "7 fields")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.00\t9\nTotal: 1 1.00", 1, "no currency")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.00\n2\t2026-13-20\t09:30\t7\t1.00\nTotal: 2 2.00", 2, "date")]
    [InlineData("1\t2026-02-30\t09:30\t7\t1.00\nTotal: 1 1.00", 1, "date")]
    [InlineData("1\t2026-11-20\t24:00\t7\t1.00\nTotal: 1 1.00", 1, "time")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1,00\nTotal: 1 1.00", 1, "sum")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.001\nTotal: 1 1.00", 1, "sum")]
    [InlineData("1\t2026-11-20\t09:30\t7\t-1.00\nTotal: 1 1.00", 1, "sum")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.\nTotal: 1 1.00", 1, "sum")]
    [InlineData("1\t2026-11-20\t09:30\t7\t9999999999.99\nTotal: 1 1.00", 1, "sum")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1e2\nTotal: 1 1.00", 1, "sum")]
    [InlineData("\t2026-11-20\t09:30\t7\t1.00\nTotal: 1 1.00", 1, "txn_id")]
    [InlineData("1\t2026-11-20\t09:30\t\t1.00\nTotal: 1 1.00", 1, "account")]
    [InlineData("1\t2026-11-20\t09:30\t7\0\t1.00\nTotal: 1 1.00", 1, "control")]
    [InlineData("Total: 0 0.00\n1\t2026-11-20\t09:30\t7\t1.00", 2, "after the line of totals")]
    [InlineData("Total: 0 0.00\nTotal: 0 0.00", 2, "after the line of totals")]
    [InlineData("Total: x 0.00", 1, "number of lines")]
    [InlineData("Total: 1", 1, "number of lines")]
    [InlineData("Total: 1 1.0.0", 1, "number of lines")]
    public async Task What_is_wrong_with_an_OSMP_register_is_said_with_its_line(string text, int line, string why)
    {
        var (_, _, refusal) = await OsmpAsync(text, 100_000, expectRefusal: true);
        refusal!.Line.Should().Be(line);
        refusal.ToString().Should().Contain(why);
    }

    [Fact]
    public async Task A_line_without_an_end_is_refused_and_not_held()
    {
        var (_, _, refusal) = await OsmpAsync(new string('x', 3_000_000), 100_000, expectRefusal: true);
        refusal!.ToString().Should().Contain("longer than");
        (await OsmpAsync("1\t2026-11-20\t09:30\t" + new string('7', 5_000) + "\t1\nTotal: 1 1.00", 100_000, expectRefusal: true)).Refusal!.ToString()
            .Should().Contain("longer than");
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(5)]
    [InlineData(1)]
    public async Task A_register_in_JSON_is_read_as_a_list_and_as_an_object_however_it_comes(int part)
    {
        const string lines = """
            [{"txn":"731000000001","date":"2026-11-20","time":"09:30:01","account":"001","amount":"10.40","providerTransaction":"P-1"},
             {"more":{"a":[1,2]},"txn":18446744073709551615,"date":"2026-11-20","account":"\u0259","amountQepik":1000,"reversal":true},
             {"txn":"2","date":"20.11.2026","account":"7","amount":0.05,"currency":"USD","time":null}]
            """;
        SeenLine[] expected =
        [
            new(1, "731000000001", 1040, "", "001", Day, Micros(9, 30, 1), "P-1", false),
            new(2, "18446744073709551615", 1000, "", "ə", Day, -1, "", true), new(3, "2", 5, "USD", "7", Day, -1, "", false),
        ];
        var (seen, totals, _) = await JsonAsync(lines, part);
        seen.Should().Equal(expected);
        totals.Should().Be(new RegisterTotals("json", 3, 45, null, null));
        foreach (var around in new[] { "{\"lines\":" + lines + ",\"total\":{\"count\":3,\"amountQepik\":45}}", "\uFEFF{ \"total\":{\"amount\":\"0.45\",\"count\":3,\"x\":[]},\"x\":{},\"lines\":" + lines + "}\n" })
        {
            (seen, totals, _) = await JsonAsync(around, part);
            seen.Should().Equal(expected);
            totals.Should().Be(new RegisterTotals("json", 3, 45, 3, 45));
        }
    }

    [Theory]
    [InlineData("[", 1, "not well formed")]
    [InlineData("[{]", 1, "not well formed")]
    [InlineData("[]]", 1, "not well formed")]
    [InlineData("7", 1, "list of objects")]
    [InlineData("[7]", 1, "list of objects")]
    [InlineData("{}", 1, "no list")]
    [InlineData("{\"lines\":[],\"lines\":[]}", 1, "twice")]
    [InlineData("{\"lines\":7}", 1, "no list")]
    [InlineData("{\"lines\":[],\"total\":7}", 1, "total")]
    [InlineData("{\"lines\":[],\"total\":{\"count\":1.5}}", 1, "count")]
    [InlineData("[\n{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"1\"}]", 2, "missing")]
    [InlineData("[\n\n{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"1\",\"amount\":1.234}]", 3, "amount")]
    [InlineData("[{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"1\",\"amount\":1e2}]", 1, "amount")]
    [InlineData("[{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"1\",\"amount\":\"1\",\"amountQepik\":100}]", 1, "twice")]
    [InlineData("[{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"1\",\"amountQepik\":1.5}]", 1, "amount")]
    [InlineData("[{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"1\",\"amountQepik\":-5}]", 1, "amount")]
    [InlineData("[{\"txn\":1.5,\"date\":\"2026-11-20\",\"account\":\"1\",\"amount\":\"1\"}]", 1, "txn")]
    [InlineData("[{\"txn\":\"\",\"date\":\"2026-11-20\",\"account\":\"1\",\"amount\":\"1\"}]", 1, "txn")]
    [InlineData("[{\"txn\":\"1\",\"date\":\"x\",\"account\":\"1\",\"amount\":\"1\"}]", 1, "date")]
    [InlineData("[{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"\\ud800\",\"amount\":\"1\"}]", 1, "account")]
    [InlineData("[{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"a\\u0000\",\"amount\":\"1\"}]", 1, "control")]
    [InlineData("[{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"1\",\"amount\":\"1\",\"currency\":\"azn\"}]", 1, "currency")]
    [InlineData("[{\"txn\":\"1\",\"date\":\"2026-11-20\",\"account\":\"1\",\"amount\":\"1\",\"reversal\":1}]", 1, "reversal")]
    public async Task What_is_wrong_with_a_register_in_JSON_is_said_with_its_line(string text, int line, string why)
    {
        foreach (var part in new[] { 100_000, 3 })
        {
            var refusal = (await JsonAsync(text, part, expectRefusal: true)).Refusal;
            refusal!.Line.Should().Be(line);
            refusal.ToString().Should().Contain(why);
        }
    }

    [Fact]
    public async Task A_line_of_JSON_larger_than_any_is_refused_and_not_held() =>
        (await JsonAsync("[{\"txn\":\"" + new string('1', 2_000_000), 100_000, expectRefusal: true)).Refusal!.ToString().Should().Contain("more than");

    [Fact]
    public void An_amount_that_a_register_writes_is_read_back() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).Two().Select(pair => (long)pair.Item1 * 46 % 99_999_999_999 + pair.Item2 % 100).ToArbitrary(),
        qepik => RegisterText.TryReadManat(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{qepik / 100}.{qepik % 100:00}")), out var read)
            && read == qepik).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("731000000001", 731000000001)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("9223372036854775808", null)]
    [InlineData("18446744073709551615", null)]
    [InlineData("0731", null)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("12a", null)]
    [InlineData(" 12", null)]
    [InlineData("", null)]
    public void A_transaction_is_a_number_only_where_it_has_the_shape_of_one_of_ours(string txn, long? number) =>
        RegisterText.NumberOf(Encoding.UTF8.GetBytes(txn)).Should().Be(number);

    private static Task<(List<SeenLine> Lines, RegisterTotals? Totals, FileRefusal? Refusal)> OsmpAsync(
        string text, int part = 100_000, bool expectRefusal = false) =>
        ReadAsync(sink => ReadOsmpRegister.From(new Dripping(Encoding.UTF8.GetBytes(text), part), sink, default), expectRefusal);

    private static Task<(List<SeenLine> Lines, RegisterTotals? Totals, FileRefusal? Refusal)> JsonAsync(
        string text, int part, bool expectRefusal = false) =>
        ReadAsync(sink => ReadJsonRegister.From(new Dripping(Encoding.UTF8.GetBytes(text), part), sink, default), expectRefusal);

    private static async Task<(List<SeenLine> Lines, RegisterTotals? Totals, FileRefusal? Refusal)> ReadAsync(
        Func<SeenLines, Task<RegisterTotals>> read, bool expectRefusal)
    {
        var seen = new SeenLines();
        try
        {
            return (seen.Lines, await read(seen), null);
        }
        catch (RefusedFileException refused) when (expectRefusal)
        {
            return (seen.Lines, null, refused.Refusal);
        }
    }

    private static long Micros(int hour, int minute, int second) => ((hour * 60L + minute) * 60 + second) * 1_000_000;
}
