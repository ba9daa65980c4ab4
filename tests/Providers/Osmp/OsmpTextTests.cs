using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using EGovPay.Providers.Osmp;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Providers.Osmp;

/// <summary>The parsers of OSMP under anything that can be thrown at them.</summary>
public sealed class OsmpTextTests
{
    private const string Ok = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><response><osmp_txn_id>1234567</osmp_txn_id>"
        + "<prv_txn>2016</prv_txn><sum>10.45</sum><result>0</result><comment>OK &amp; gözəl</comment>"
        + "<fields><field1 name=\"payer\">Əli</field1></fields></response>";

    [Fact]
    public void A_sum_is_read_back_as_it_was_written() => Prop.ForAll(
        Arb.From(Gen.Choose(0, int.MaxValue).Select(whole => (long)whole * 4_000)),
        qepik => OsmpText.TryReadSum(OsmpText.Sum(qepik), out var read) && read == qepik).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(".")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1,00")]
    [InlineData("1.000")]
    [InlineData("1 000")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("١")]
    [InlineData("10.4٥")]
    [InlineData("99999999999999")]
    [InlineData("1.00AZN")]
    public void A_sum_that_is_not_plain_is_not_read(string text) => OsmpText.TryReadSum(text, out _).Should().BeFalse();

    [Fact]
    public void A_sum_never_throws() => Prop.ForAll(
        ArbMap.Default.ArbFor<string?>(),
        text =>
        {
            var good = OsmpText.TryReadSum(text, out var qepik);
            return !good || qepik >= 0;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("1", true)]
    [InlineData("00000000000000000001", true)]
    [InlineData("99999999999999999999", true)]
    [InlineData("100000000000000000000", false)]
    [InlineData("", false)]
    [InlineData("T001", false)]
    [InlineData("-1", false)]
    [InlineData("1 ", false)]
    public void A_transaction_number_is_text_of_1_to_20_digits(string text, bool good) =>
        OsmpText.IsTransaction(text).Should().Be(good);

    [Theory]
    [InlineData("20090815120133", true)]
    [InlineData("20090230120133", false)]
    [InlineData("2009081512013", false)]
    [InlineData("20090815240133", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_date_is_14_digits_of_a_day_that_was(string? text, bool good) =>
        OsmpText.TryReadDate(text, out _).Should().Be(good);

    [Fact]
    public void In_2015_a_summers_night_in_Baku_was_five_hours_ahead() =>
        OsmpText.Date(Instant.FromUtc(2015, 7, 1, 19, 30), DateTimeZoneProviders.Tzdb["Asia/Baku"]).Should()
            .Be("20150702003000");

    [Fact]
    public void An_answer_that_is_cut_off_anywhere_is_not_read()
    {
        var body = Encoding.UTF8.GetBytes(Ok);
        OsmpAnswer.Read(body, null, out _)!.Result.Should().Be(0);
        for (var length = 0; length < body.Length; length++)
        {
            OsmpAnswer.Read(body.AsSpan(0, length), null, out var fault)
                .Should().BeNull($"{length} bytes are not the whole");
            fault.Should().NotBeNullOrEmpty();
        }
    }

    [Fact]
    public void Random_bytes_are_never_an_answer_and_never_throw() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(),
        ArbMap.Default.ArbFor<string?>(),
        (body, charset) => OsmpAnswer.Read(body, charset, out _) is null).QuickCheckThrowOnFailure();

    [Fact]
    public void A_mutated_answer_is_an_OK_of_ours_only_if_an_independent_reader_says_so() => Prop.ForAll(
        Arb.From(
            from count in Gen.Choose(1, 6)
            from places in Gen.Choose(0, Encoding.UTF8.GetByteCount(Ok) - 1).ListOf(count)
            from values in Gen.Choose(0, 255).ListOf(count)
            from kind in Gen.Choose(0, 2)
            select Mutated(places, values, kind)),
        body =>
        {
            var read = OsmpAnswer.Read(body, null, out _);
            return read is not { Result: 0, Transaction: "1234567", SumQepik: 1_045 } || SaysOk(body);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void What_is_read_without_the_parser_of_XML_is_what_the_parser_reads()
    {
        string[] pieces =
        [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<?xml version=\"1.0\"?>", "<?xml version=\"1.1\"?>", " ", "\n", "\r\n\t", "<response>",
            "</response>", "<response/>", "<result>0</result>", "<result> 300\t</result>", "<result>x</result>", "<sum>23.50</sum>", "<sum></sum>",
            "<sum>1,5</sum>", "<osmp_txn_id>1</osmp_txn_id>", "<osmp_txn_id> </osmp_txn_id>", "<prv_txn>a'b\"c</prv_txn>", "<prv_txn/>",
            "<comment>OK &amp; done</comment>", "<comment>a > b</comment>", "<comment>a ]]> b</comment>", "<comment>x\ny</comment>",
            "<comment>gözəl</comment>", "<comment><![CDATA[x]]></comment>", "<comment>x<!-- y --></comment>", "<comment ></comment >",
            "<other>1</other>", "<fields><field name=\"a\">b</field></fields>", "<!-- c -->", "text", "<", ">", "</comment>", "\u0001", "\uFEFF",
            "<cancel_txn_id>7</cancel_txn_id>", "<response xmlns=\"x\">", "<x:result>0</x:result>",
        ];
        var plain = 0;
        Prop.ForAll(
            Arb.From(
                from before in Gen.Elements(pieces).ListOf(1)
                from count in Gen.Choose(1, 3)
                from within in Gen.Frequency((3, Gen.Elements(pieces[9..18])), (1, Gen.Elements(pieces))).ListOf(count)
                from result in Gen.Elements("", "<result>0</result>")
                from whole in Gen.Frequency((3, Gen.Constant(true)), (1, Gen.Constant(false)))
                from cut in Gen.Frequency((5, Gen.Constant(0)), (1, Gen.Choose(1, 12)))
                select (whole
                    ? pieces[0] + "<response>" + result + string.Concat(within) + "</response>"
                    : string.Concat(before) + string.Concat(within) + "</response>")[..^cut]),
            text =>
            {
                var body = Encoding.UTF8.GetBytes(text);
                var (read, xml) = (OsmpAnswer.Read(body, null, out var fault), OsmpAnswer.ReadXml(body, null, out var faultOfXml));
                plain += read is null ? 0 : 1;
                return fault == faultOfXml && (read is null) == (xml is null)
                    && (read is null || (read.Fields.SequenceEqual(xml!.Fields) && read with { Fields = xml.Fields } == xml));
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
        plain.Should().BeGreaterThan(2_000, "else nothing was compared");
    }

    [Theory]
    [InlineData("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>")]
    [InlineData("<!DOCTYPE x>")]
    public void A_document_type_is_refused(string doctype)
    {
        var body = Encoding.UTF8.GetBytes(doctype + Ok[Ok.IndexOf("<response", StringComparison.Ordinal)..]);
        OsmpAnswer.Read(body, null, out _).Should().BeNull();
    }

    [Fact]
    public void Entities_without_a_document_type_are_plain_text()
    {
        var body = Ok.Replace("gözəl", "&xxe; &#0; &#x110000; &", StringComparison.Ordinal);
        var read = OsmpAnswer.Read(Encoding.UTF8.GetBytes(body), null, out _);
        (read is null || read.Comment!.Contains("&xxe;")).Should().BeTrue();
    }

    [Fact]
    public void Only_1_and_90_are_not_final_and_every_final_error_has_a_name()
    {
        OsmpResult.All.Where(result => !result.Final).Select(result => result.Code).Should().Equal(1, 90);
        OsmpResult.All.Where(result => result is { Final: true, Code: not 0 })
            .Should().OnlyContain(result => result.DeclineName.Length > 0);
    }

    [Fact]
    public void The_published_transcripts_are_read()
    {
        var file = Path.Combine(Fixtures.Root, "protocols", "osmp_transcripts.json");
        Assert.SkipUnless(File.Exists(file), $"The fixtures are not there: {file}");
        using var transcripts = JsonDocument.Parse(File.ReadAllText(file));
        var root = transcripts.RootElement;
        var pay = Read(root.GetProperty("pay").GetProperty("response").GetString()!);
        var check = Read(root.GetProperty("check").GetProperty("response").GetString()!);

        (pay.Result, pay.Transaction, pay.ProviderTransaction, pay.SumQepik, pay.Comment)
            .Should().Be((0, "1234567", "2016", 1_045L, "OK"));
        (check.Result, check.Transaction, check.SumQepik, check.Comment).Should().Be((0, "1234567", null, null));
        foreach (var code in root.GetProperty("result_codes").EnumerateObject())
        {
            OsmpResult.Of(int.Parse(code.Name, CultureInfo.InvariantCulture)).Should().NotBeNull();
        }
    }

    private static OsmpAnswer Read(string xml) => OsmpAnswer.Read(Encoding.UTF8.GetBytes(xml), null, out _)!;

    private static byte[] Mutated(IEnumerable<int> places, IEnumerable<int> values, int kind)
    {
        var body = Encoding.UTF8.GetBytes(Ok).ToList();
        foreach (var (place, value) in places.Zip(values))
        {
            var at = place % body.Count;
            switch (kind)
            {
                case 0:
                    body[at] = (byte)value;
                    break;
                case 1:
                    body.RemoveAt(at);
                    break;
                default:
                    body.Insert(at, (byte)value);
                    break;
            }
        }

        return [.. body];
    }

    /// <summary>Another XML reader, and the values it finds, spaces apart.</summary>
    private static bool SaysOk(byte[] body)
    {
        var text = Encoding.UTF8.GetString(body);
        text = text[Math.Max(0, text.IndexOf('<', StringComparison.Ordinal))..];
        string? Value(string name)
        {
            var from = text.IndexOf($"<{name}", StringComparison.Ordinal);
            var open = from < 0 ? -1 : text.IndexOf('>', from);
            var close = open < 0 ? -1 : text.IndexOf($"</{name}", open, StringComparison.Ordinal);
            return close < 0 ? null : XElement.Parse($"<v>{text[(open + 1)..close]}</v>").Value.Trim();
        }

        return Value("result") is "0" && Value("osmp_txn_id") is "1234567" && Value("sum") is "10.45" or "010.45";
    }
}
