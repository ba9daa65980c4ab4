using System.Net;
using System.Net.Sockets;
using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using EGovPay.Providers;
using EGovPay.Providers.Osmp;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers.Osmp;

/// <summary>What an OSMP provider may send, byte by byte, and what is believed of it.</summary>
public sealed class OsmpOverTheWireTests
{
    private const long Number = 1_234_567;
    private const string Account = "0057835959";
    private const string Ok = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><response><osmp_txn_id>1234567</osmp_txn_id>"
        + "<prv_txn>2016</prv_txn><sum>10.45</sum><result>0</result><comment>OK</comment></response>";

    private readonly ListeningLog log = new();

    [Fact]
    public async Task An_answer_with_our_number_and_our_sum_and_result_0_is_confirmed()
    {
        await using var server = RawServer.AnsweringXml(Ok);
        var answer = await PayAsync(server);

        answer.Should().BeEquivalentTo(new DeliveryAnswer(DeliveryResult.Confirmed, "2016", ProviderCode: "0"));
    }

    [Fact]
    public async Task A_payment_is_one_post_of_the_protocols_parameters_and_nothing_else_travels()
    {
        await using var server = RawServer.AnsweringXml(Ok);
        using var provider = Make(server.Address, access: new ProviderAccess { User = "us", Password = "sesam" });
        await provider.PayAsync(
            Delivery(Number, Account, 1_045, 10103, new FieldValue("voen", "14000&57=421 ə")), CancellationToken.None);

        var request = server.Requests.Should().ContainSingle().Subject;
        request.Should().StartWith("POST /pay HTTP/1.1\r\n");
        request.Should()
            .EndWith("\r\n\r\ncommand=pay&txn_id=1234567&txn_date=20261123003015&account=0057835959&sum=10.45"
            + "&prv_id=10103&data1=14000%2657%3D421%20%C9%99");
        request.Should().Contain("\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        request.Should().Contain("\r\nAuthorization: Basic dXM6c2VzYW0=\r\n");
        request.Should().NotContainAny("Cookie", "traceparent", "Expect", "Accept-Encoding", "User-Agent");
    }

    [Fact]
    public async Task The_date_of_a_payment_is_its_acceptance_in_the_providers_zone_in_every_attempt()
    {
        await using var server = RawServer.AnsweringXml(Ok);
        using var provider = Make(server.Address, settings => settings with { Zone = "Europe/London" });
        var delivery = Delivery(Number, Account);
        await provider.PayAsync(delivery, CancellationToken.None);
        await provider.AskAsync(delivery, CancellationToken.None);

        server.Requests.Should().HaveCount(2).And.OnlyContain(request => request.Contains("txn_date=20261122203015"));
        server.Requests.Select(request => request[request.IndexOf("\r\n\r\n", StringComparison.Ordinal)..])
            .Distinct(StringComparer.Ordinal).Should().ContainSingle("the question is the same payment again");
    }

    [Theory]
    [InlineData(4, "account-malformed", false)]
    [InlineData(5, "account-not-found", false)]
    [InlineData(79, "account-inactive", false)]
    [InlineData(7, "forbidden-by-provider", false)]
    [InlineData(8, "provider-technical", true)]
    [InlineData(10, "provider-refused-signature", false)]
    [InlineData(40, "currency-not-taken", false)]
    [InlineData(241, "amount-too-small", false)]
    [InlineData(242, "amount-too-large", false)]
    [InlineData(243, "account-not-checkable", true)]
    [InlineData(300, "provider-error", false)]
    public async Task A_final_error_declines_a_first_attempt_and_a_later_one_only_where_the_provider_deduplicates_first(
        int code, string name, bool transient)
    {
        await using var server = RawServer.AnsweringXml($"<response><osmp_txn_id/><result>{code}</result></response>");
        using var validates = Make(server.Address, settings => settings with { DeduplicatesFirst = false });
        using var deduplicates = Make(server.Address, settings => settings with { DeduplicatesFirst = true });

        var first = await validates.PayAsync(Delivery(Number, Account), CancellationToken.None);
        var later = await validates.AskAsync(Delivery(Number, Account), CancellationToken.None);
        var known = await deduplicates.AskAsync(Delivery(Number, Account), CancellationToken.None);

        first.Result.Should().Be(DeliveryResult.Declined);
        (first.DeclineName, first.ProviderCode, first.Transient).Should().Be((name, $"{code}", transient));
        first.Exchange.Should().NotBeNull();
        later.Result.Should().Be(DeliveryResult.Silent);
        known.Result.Should().Be(DeliveryResult.Declined);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(90)]
    [InlineData(2)]
    [InlineData(13)]
    [InlineData(9999)]
    public async Task A_temporary_or_unknown_code_is_silence(int code)
    {
        await using var server = RawServer.AnsweringXml(
            $"<response><osmp_txn_id>1234567</osmp_txn_id><result>{code}</result></response>");
        (await PayAsync(server)).Result.Should().Be(DeliveryResult.Silent);
    }

    [Theory]
    [InlineData("<osmp_txn_id>1234568</osmp_txn_id><sum>10.45</sum><result>0</result>", 2001)]
    [InlineData("<osmp_txn_id></osmp_txn_id><sum>10.45</sum><result>0</result>", 2001)]
    [InlineData("<sum>10.45</sum><result>0</result>", 2001)]
    [InlineData("<osmp_txn_id>01234567</osmp_txn_id><sum>10.45</sum><result>0</result>", 2001)]
    [InlineData("<osmp_txn_id>1234568</osmp_txn_id><result>5</result>", 2001)]
    [InlineData("<osmp_txn_id>1234567</osmp_txn_id><sum>10.46</sum><result>0</result>", 2002)]
    [InlineData("<osmp_txn_id>1234567</osmp_txn_id><sum>1045</sum><result>0</result>", 2002)]
    public async Task An_answer_of_another_transaction_or_sum_is_silence_with_an_alarm(string content, int alarm)
    {
        await using var server = RawServer.AnsweringXml($"<response>{content}</response>");
        var answer = await PayAsync(server);

        answer.Result.Should().Be(DeliveryResult.Silent);
        log.Lines.Should().ContainSingle(line => line.Level == LogLevel.Critical && line.Event == alarm);
    }

    [Theory]
    [InlineData("10.45")]
    [InlineData(" 10.45 ")]
    [InlineData("010.45")]
    public async Task A_sum_that_says_the_same_is_the_same(string sum)
    {
        await using var server = RawServer.AnsweringXml(Ok.Replace("10.45", sum, StringComparison.Ordinal));
        (await PayAsync(server)).Result.Should().Be(DeliveryResult.Confirmed);
    }

    [Theory]
    [InlineData("10", 1_000)]
    [InlineData("10.4", 1_040)]
    [InlineData("10.40", 1_040)]
    public async Task Sums_with_fewer_decimals_are_read(string sum, long qepik)
    {
        await using var server = RawServer.AnsweringXml(Ok.Replace("10.45", sum, StringComparison.Ordinal));
        using var provider = Make(server.Address);
        (await provider.PayAsync(Delivery(Number, Account, qepik), CancellationToken.None)).Result
            .Should().Be(DeliveryResult.Confirmed);
    }

    [Theory]
    [InlineData("\r\n\t <?xml version=\"1.0\"?><response><osmp_txn_id>1234567</osmp_txn_id><sum>10.45</sum><result>0</result></response>")]
    [InlineData("<response><osmp_txn_id>1234567</osmp_txn_id><sum>10.45</sum><result>result = 0</result></response>")]
    [InlineData("<response><osmp_txn_id> 1234567 </osmp_txn_id><sum>10.45</sum><result> 0\n</result></response>")]
    [InlineData("<response><osmp_txn_id>1234567</osmp_txn_id><sum>10.45</sum><result>0</result><comment>A & B &copy; C &#x41;</comment></response>")]
    [InlineData("<!-- page 1 --><response><x><y>5</y></x><osmp_txn_id>1234567</osmp_txn_id><sum>10.45</sum><result>0</result></response>")]
    [InlineData("<response><osmp_txn_id>1234567</osmp_txn_id><sum>10.45</sum><result fatal=\"true\">0</result><comment><![CDATA[<b>]]></comment></response>")]
    public async Task What_is_seen_in_the_wild_and_can_be_read_in_one_way_is_read(string body)
    {
        await using var server = RawServer.AnsweringXml(body);
        (await PayAsync(server)).Result.Should().Be(DeliveryResult.Confirmed);
    }

    [Fact]
    public async Task A_windows_1251_body_is_read()
    {
        var cyrillic = CodePagesEncodingProvider.Instance.GetEncoding(1251)!;
        var body = Ok.Replace("UTF-8", "windows-1251", StringComparison.Ordinal)
            .Replace(">OK<", ">Платёж принят<", StringComparison.Ordinal);
        await using var server = RawServer.Answering(RawServer.Http(200, cyrillic.GetBytes(body), "text/xml"));
        (await PayAsync(server)).Result.Should().Be(DeliveryResult.Confirmed);
        OsmpAnswer.Read(cyrillic.GetBytes(body), null, out _)!.Comment.Should().Be("Платёж принят");
    }

    public static TheoryData<string> Broken => new()
    {
        "",
        "   ",
        "OK",
        "<html><body>502 Bad Gateway</body></html>",
        "{\"result\":0}",
        Ok[..^1],
        Ok[..(Ok.Length / 2)],
        Ok + "<b>Warning</b>: mysql_connect()",
        Ok + Ok,
        "<br/>Notice: undefined index" + Ok,
        Ok.Replace("<result>0</result>", "", StringComparison.Ordinal),
        Ok.Replace("<result>0</result>", "<result></result>", StringComparison.Ordinal),
        Ok.Replace("<result>0</result>", "<result>OK</result>", StringComparison.Ordinal),
        Ok.Replace("<result>0</result>", "<result>0 1</result>", StringComparison.Ordinal),
        Ok.Replace("<result>0</result>", "<result>-0</result>", StringComparison.Ordinal),
        Ok.Replace("<result>0</result>", "<result>00</result>", StringComparison.Ordinal),
        Ok.Replace("<result>0</result>", "<result>0</result><result>5</result>", StringComparison.Ordinal),
        Ok.Replace("<result>0</result>", "<result>0</result><result>0</result>", StringComparison.Ordinal),
        Ok.Replace("<result>0</result>", "<result><v>0</v></result>", StringComparison.Ordinal),
        Ok.Replace("10.45", "10,45", StringComparison.Ordinal),
        Ok.Replace("10.45", "1.045e1", StringComparison.Ordinal),
        Ok.Replace("<sum>10.45</sum>", "", StringComparison.Ordinal),
        Ok.Replace("response>", "answer>", StringComparison.Ordinal),
        "<!DOCTYPE response [<!ENTITY r \"0\">]><response><osmp_txn_id>1234567</osmp_txn_id><sum>10.45</sum><result>&r;</result></response>",
        "<!DOCTYPE response SYSTEM \"http://127.0.0.1:9/x.dtd\"><response><osmp_txn_id>1234567</osmp_txn_id><sum>10.45</sum><result>0</result></response>",
        "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;\">]><response>&c;</response>",
        new string('<', 60_000),
        string.Concat(Enumerable.Repeat("<a>", 20_000)),
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_200_whose_body_cannot_be_trusted_is_silence(string body)
    {
        await using var server = RawServer.AnsweringXml(body);
        var answer = await PayAsync(server);
        answer.Result.Should().Be(DeliveryResult.Silent);
        answer.Exchange!.Request.Should().Contain("txn_id=1234567");
    }

    [Theory]
    [InlineData(201)]
    [InlineData(204)]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task Any_other_status_is_silence_whatever_its_body_says_and_no_redirect_is_followed(int status)
    {
        var body = status == 204 ? [] : Encoding.UTF8.GetBytes(Ok);
        await using var server = RawServer.Scripted(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync(
                    RawServer.Http(status, body, more: "Location: /elsewhere\r\nSet-Cookie: a=b\r\n"));
            }
        });
        (await PayAsync(server)).Result.Should().Be(DeliveryResult.Silent);
        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task The_raw_exchange_is_kept_without_secrets_and_the_log_without_the_account()
    {
        await using var server = RawServer.Answering(RawServer.Http(
            200, Encoding.UTF8.GetBytes("<response><osmp_txn_id/><result>5</result><comment>Əli</comment></response>"),
            more: "Set-Cookie: session=verysecret\r\nX-Provider: seen\r\n"));
        using var provider = Make(server.Address, access: new ProviderAccess { User = "us", Password = "sesam" });
        var answer = await provider.PayAsync(Delivery(Number, Account), CancellationToken.None);
        await provider.AskAsync(Delivery(Number, Account), CancellationToken.None);

        var exchange = answer.Exchange!;
        exchange.Request.Should().Contain("Authorization: ***").And.Contain("account=0057835959");
        exchange.Answer.Should().StartWith("HTTP 200").And.Contain("X-Provider: seen").And.Contain("Əli");
        (exchange.Request + exchange.Answer).Should().NotContainAny("sesam", "dXM6c2VzYW0=", "verysecret");
        log.Lines.Should().NotBeEmpty();
        log.Lines.Should().OnlyContain(line => !line.Text.Contains(Account) && !line.Text.Contains("Əli"));
    }

    [Fact]
    public async Task A_long_answer_is_kept_to_16_KiB()
    {
        await using var server = RawServer.AnsweringXml(string.Concat(Enumerable.Repeat("ə", 30_000)));
        var answer = await PayAsync(server);
        Encoding.UTF8.GetByteCount(answer.Exchange!.Answer!).Should().BeInRange(15_000, 16 * 1024);
    }

    [Fact]
    public async Task A_number_that_was_ported_is_declined_for_now()
    {
        await using var server = RawServer.AnsweringXml(
            "<response><osmp_txn_id>1234567</osmp_txn_id><result>300</result>"
            + "<fields><field1 name=\"route\">not-ours</field1></fields></response>");
        var answer = await PayAsync(server);
        (answer.Result, answer.DeclineName, answer.Transient).Should()
            .Be((DeliveryResult.Declined, "number-ported", true));
    }

    [Fact]
    public async Task What_is_to_be_written_on_a_smart_card_comes_with_the_confirmation()
    {
        await using var server = RawServer.AnsweringXml(Ok.Replace(
            "</response>", "<fields><field1 name=\"card-data\">QUJD</field1></fields></response>",
                StringComparison.Ordinal));
        (await PayAsync(server)).CardData.Should().Be("QUJD");
    }

    [Theory]
    [InlineData(0, InquiryResult.Found)]
    [InlineData(4, InquiryResult.Malformed)]
    [InlineData(5, InquiryResult.NotFound)]
    [InlineData(79, InquiryResult.Inactive)]
    [InlineData(1, InquiryResult.Unavailable)]
    [InlineData(241, InquiryResult.Unavailable)]
    public async Task An_inquiry_says_what_the_provider_knows_of_the_account(int code, InquiryResult expected)
    {
        await using var server = RawServer.AnsweringXml($"<response><result>{code}</result></response>");
        using var provider = Make(server.Address);
        var answer = await provider.InquireAsync(Question(77, Account), CancellationToken.None);
        answer.Result.Should().Be(expected);
        answer.ConnectionFailed.Should().BeFalse();
        server.Requests.Single().Should().EndWith("command=check&txn_id=77&account=0057835959&sum=0.10&prv_id=10101");
    }

    [Fact]
    public async Task The_newer_command_tells_payer_and_lines()
    {
        await using var server = RawServer.AnsweringXml("<response><result>0</result><fields>"
            + "<field1 name=\"payer\">Əli Məmmədov</field1><field2 name=\"due\">33.50</field2><field3 name=\"min\">1</field3>"
            + "<field4 name=\"line:2026-10\">23.50 Oktyabr 2026</field4><field5 name=\"line:2026-09\">10</field5></fields></response>");
        using var provider = Make(
            server.Address, access: new ProviderAccess { Osmp = new OsmpDialect { Inquiry = OsmpInquiry.GetInfo } });
        var answer = await provider.InquireAsync(Question(77, Account), CancellationToken.None);

        answer.Should().BeEquivalentTo(new InquiryAnswer(
            InquiryResult.Found, "Əli Məmmədov",
            [new DueLine("2026-10", "Oktyabr 2026", 2_350), new DueLine("2026-09", "", 1_000)], 3_350, 100));
        server.Requests.Single().Should().Contain("command=getInfo&account=0057835959");
    }

    [Fact]
    public async Task An_inquiry_that_gets_no_answer_counts_against_the_provider()
    {
        using var provider = Make(ClosedPort());
        var answer = await provider.InquireAsync(Question(77, Account), CancellationToken.None);
        answer.Should().Be(new InquiryAnswer(InquiryResult.Unavailable, ConnectionFailed: true));
    }

    private static Uri ClosedPort()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new Uri($"http://127.0.0.1:{((IPEndPoint)taken.LocalEndPoint!).Port}");
    }

    private async Task<DeliveryAnswer> PayAsync(RawServer server)
    {
        using var provider = Make(server.Address);
        return await provider.PayAsync(Delivery(Number, Account), CancellationToken.None);
    }

    private OsmpProvider Make(
        Uri address, Func<ProviderSettings, ProviderSettings>? change = null, ProviderAccess? access = null)
    {
        var settings = Provider(9, "raw", "osmp", "/pay", deduplicatesFirst: false, timeoutSeconds: 5);
        return new OsmpProvider(
            change?.Invoke(settings) ?? settings, new Uri(address, "/pay"), access ?? ProviderAccess.None, log);
    }
}
