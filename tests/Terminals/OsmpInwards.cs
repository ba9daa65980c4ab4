using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Xml.Linq;
using EGovPay.Processing;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.OsmpIn;
using EGovPay.Tests.Receipts;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class OsmpInwards(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private static long transactions = 1_000;

    [Fact]
    public async Task A_payment_is_checked_paid_repeated_and_found_by_the_other_door()
    {
        using var client = await TerminalAsync();
        var check = await AskAsync(client, "command=check&txn_id=1&account=012345678901234&sum=1.00&prv_id=10101");
        Result(check).Should().Be(0);
        check.Element("fields")!.Elements().Select(field => (string)field.Attribute("name")!)
            .Should().Contain(["payer", "due", "min", "max", "fee"]);

        var txn = Next();
        var asked = $"command=pay&txn_id={txn}&txn_date=20261122101500&account=012345678901234&sum=23.50&service=10101&trm_id=5";
        var paid = await AskAsync(client, asked);
        Result(paid).Should().Be(0);
        ((string)paid.Element("osmp_txn_id")!).Should().Be(txn);
        ((string)paid.Element("sum")!).Should().Be("23.50");
        var number = (string)paid.Element("prv_txn")!;

        var repeated = await AskAsync(client, asked.Replace("20261122101500", "20261123000000", StringComparison.Ordinal));
        repeated.ToString().Should().Be(paid.ToString());
        Result(await AskAsync(client, asked.Replace("23.50", "23.51", StringComparison.Ordinal))).Should().Be(300);

        var looked = await client.LookAsync($"/v1/payments/osmp.{txn}", ("Authorization", "Bearer " + Key(client)));
        looked.State.Should().Be("Confirmed");
        ((string)looked.Json!["number"]!).Should().Be(number);
        ((string)looked.Json["tender"]!).Should().Be("cash");
    }

    [Fact]
    public async Task A_transaction_is_cancelled_by_nobody_but_the_terminal_that_made_it()
    {
        var (key, terminal) = await centre.AddTerminalAsync();
        var (otherKey, _) = await centre.AddTerminalToAsync(terminal.AgentId, terminal.TerminalCode + "-b");
        using var client = centre.ClientOf(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{terminal.TerminalCode}:{key}")));
        using var mine = centre.ClientOf(key);
        using var other = centre.ClientOf(otherKey);
        var txn = Next();

        foreach (var early in new[] { mine, other })
        {
            var refused = await early.PostAsync($"/v1/payments/osmp.{txn}/cancel");
            refused.Code.Should().Be(100);
            ((string)refused.Json!["field"]!).Should().Be("reference");
        }

        Result(await AskAsync(client, $"command=pay&txn_id={txn}&account=012345678901234&sum=1.00&prv_id=10101"))
            .Should().Be(0, "nobody could spoil it beforehand");
        (await other.PostAsync($"/v1/payments/osmp.{txn}/cancel")).Code.Should().Be(100);
        (await mine.PostAsync($"/v1/payments/osmp.{txn}/cancel")).Code.Should().Be(413);
    }

    [Theory]
    [InlineData("10", 1_000)]
    [InlineData("10.4", 1_040)]
    [InlineData("10.45", 1_045)]
    public async Task A_sum_may_have_no_one_or_two_decimals_and_the_fee_is_counted_here(string sum, long qepik)
    {
        using var client = await TerminalAsync();
        var txn = Next();
        var paid = await AskAsync(client, $"command=pay&txn_id={txn}&account=1400057421&sum={sum}&prv_id=40303");
        Result(paid).Should().Be(0);
        var looked = await client.LookAsync($"/v1/payments/osmp.{txn}", ("Authorization", "Bearer " + Key(client)));
        ((long)looked.Json!["amountQepik"]!).Should().Be(qepik);
        ((long)looked.Json["feeQepik"]!).Should().Be(40);
        ((long)looked.Json["totalQepik"]!).Should().Be(qepik + 40);
    }

    [Fact]
    public async Task A_service_that_needs_an_inquiry_is_asked_inside_and_the_whole_debt_must_be_paid()
    {
        using var client = await TerminalAsync();
        var check = await AskAsync(client, "command=check&txn_id=1&account=AAA0000001&prv_id=40101");
        var due = (string)check.Element("fields")!.Elements().Single(field => (string)field.Attribute("name")! == "due");
        var txn = Next();
        Result(await AskAsync(client, $"command=pay&txn_id={txn}&account=AAA0000001&sum=1.01&prv_id=40101")).Should().Be(300);
        Result(await AskAsync(client, $"command=pay&txn_id={txn}&account=AAA0000001&sum={due}&prv_id=40101")).Should().Be(0);
        Result(await AskAsync(client, $"command=pay&txn_id={txn}&account=AAA0000001&sum={due}&prv_id=40101")).Should().Be(0);
    }

    [Fact]
    public async Task Further_fields_go_by_their_names_or_as_numbered_data()
    {
        using var client = await TerminalAsync();
        var account = "account=990345678901234&sum=10&prv_id=10103";
        Result(await AskAsync(client, $"command=pay&txn_id={Next()}&{account}")).Should().Be(4);
        Result(await AskAsync(client, $"command=pay&txn_id={Next()}&{account}&voen=1400057421")).Should().Be(0);
        Result(await AskAsync(client, $"command=pay&txn_id={Next()}&{account}&data1=1400057421")).Should().Be(0);
    }

    [Fact]
    public async Task What_is_not_final_is_90_until_it_is_and_then_its_own_result()
    {
        using var client = await TerminalAsync();
        var asked = $"command=pay&txn_id={Next()}&account=012345678966614&sum=10&prv_id=10101";
        Result(await AskAsync(client, asked)).Should().Be(90);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (Result(await AskAsync(client, asked)) == 90)
        {
            patience.Token.ThrowIfCancellationRequested();
        }

        Result(await AskAsync(client, asked)).Should().Be(0);
    }

    [Theory]
    [InlineData("66601", 5)]
    [InlineData("66602", 79)]
    [InlineData("66604", 7)]
    [InlineData("66605", 8)]
    [InlineData("66608", 243)]
    [InlineData("66609", 300)]
    public async Task A_providers_no_keeps_its_own_final_code(string ending, int result)
    {
        using var client = await TerminalAsync();
        var asked = $"command=pay&txn_id={Next()}&account=0123456789{ending}&sum=10&prv_id=10101";
        var declined = await AskAsync(client, asked);
        Result(declined).Should().Be(result);
        ((string?)declined.Element("prv_txn")).Should().NotBeNullOrEmpty();
        Result(await AskAsync(client, asked)).Should().Be(result);
    }

    [Theory]
    [InlineData("command=check&txn_id=1&account=1&prv_id=99999", 300)]
    [InlineData("command=check&txn_id=1&account=12&prv_id=10101", 4)]
    [InlineData("command=check&txn_id=1&account=012345678966601&prv_id=10101", 5)]
    [InlineData("command=check&txn_id=1&account=012345678966602&prv_id=10101", 79)]
    [InlineData("command=check&txn_id=1&account=012345678966626&prv_id=10101", 1)]
    [InlineData("command=pay&txn_id=1&account=012345678901234&sum=0.09&prv_id=10101", 241)]
    [InlineData("command=pay&txn_id=1&account=012345678901234&sum=10000.01&prv_id=10101", 242)]
    [InlineData("command=status&txn_id=1", 300)]
    [InlineData("", 300)]
    [InlineData("command=pay", 300)]
    [InlineData("command=pay&txn_id=123456789012345678901&account=012345678901234&sum=1&prv_id=10101", 300)]
    [InlineData("command=pay&txn_id=1a&account=012345678901234&sum=1&prv_id=10101", 300)]
    [InlineData("command=pay&txn_id=1&account=012345678901234&sum=1,00&prv_id=10101", 300)]
    [InlineData("command=pay&txn_id=1&account=012345678901234&sum=-1&prv_id=10101", 300)]
    [InlineData("command=pay&txn_id=1&account=012345678901234&sum=1.005&prv_id=10101", 300)]
    [InlineData("command=pay&txn_id=1&account=012345678901234&sum=1&sum=2&prv_id=10101", 300)]
    [InlineData("command=pay&txn_id=1&account=0123%0045678901234&sum=1&prv_id=10101", 300)]
    [InlineData("command=pay&txn_id=1&account=%FF%FE&sum=1&prv_id=10101", 4)]
    public async Task A_request_that_is_refused_gets_its_result_in_well_formed_XML(string query, int result)
    {
        using var client = await TerminalAsync();
        Result(await AskAsync(client, query)).Should().Be(result);
        Result(await AskAsync(client, query, byGet: true)).Should().Be(result);
    }

    [Fact]
    public async Task Every_refusal_has_the_result_of_the_table()
    {
        var table = new Dictionary<int, int[]>
        {
            [300] = [100, 140, 200, 220, 221, 222, 223, 232, 233, 234],
            [10] = [110, 111, 112],
            [7] = [120, 121, 201, 202],
            [4] = [210, 211, 212, 213],
            [241] = [230],
            [242] = [231],
            [5] = [240],
            [79] = [241],
            [1] = [130, 300, 301, 400, 900, 910, 911],
        };
        foreach (var (result, refusals) in table)
        {
            refusals.Should().OnlyContain(refusal => OsmpReply.ResultOf((Refusal)refusal) == result);
        }

        await Task.CompletedTask;
    }

    [Fact]
    public async Task Who_is_not_known_or_signs_or_is_suspended_is_told_so_in_the_protocols_own_way()
    {
        const string check = "command=check&txn_id=1&account=012345678901234&prv_id=10101";
        using var nobody = centre.ClientOf(null);
        Result(await AskAsync(nobody, check)).Should().Be(10);

        var (key, terminal) = await centre.AddTerminalAsync();
        using var wrongName = BasicClient("somebody-else", key);
        Result(await AskAsync(wrongName, check)).Should().Be(10);
        using var byNumber = BasicClient(terminal.TerminalId.ToString(CultureInfo.InvariantCulture), key);
        Result(await AskAsync(byNumber, check)).Should().Be(0);

        var (signedKey, signed) = await centre.AddTerminalAsync(plain => plain with { Signed = true });
        using var signing = BasicClient(signed.TerminalCode, signedKey);
        Result(await AskAsync(signing, check)).Should().Be(10);

        await centre.Engine.Administer.SuspendTerminalAsync(terminal.TerminalCode, true);
        await centre.Engine.Directory.RefreshAsync();
        Result(await AskAsync(byNumber, check)).Should().Be(7);

        var (limitedKey, limited) = await centre.AddTerminalAsync(allowed: ["budce"]);
        using var seller = BasicClient(limited.TerminalCode, limitedKey);
        Result(await AskAsync(seller, check)).Should().Be(7);

        var (poorKey, poor) = await centre.AddTerminalAsync(depositQepik: 0);
        using var broke = BasicClient(poor.TerminalCode, poorKey);
        Result(await AskAsync(broke, $"command=pay&txn_id={Next()}&account=012345678901234&sum=1&prv_id=10101")).Should().Be(1);
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_answered_in_XML_too()
    {
        using var client = await TerminalAsync();
        Result(await AskAsync(client, "command=pay&padding=" + new string('x', 70_000))).Should().Be(300);
    }

    [Theory]
    [InlineData("79", 79)]
    [InlineData("300", 300)]
    [InlineData("0", 300)]
    [InlineData("1", 300)]
    [InlineData("90", 300)]
    [InlineData("13", 300)]
    [InlineData("account-not-found", 300)]
    [InlineData(null, 300)]
    public void A_decline_keeps_the_providers_own_final_code(string? code, int result) =>
        OsmpReply.Of("1", Examples.Confirmed() with { State = PaymentState.Declined, ProviderCode = code }).Result
            .Should().Be(result);

    [Fact]
    public void What_XML_cannot_hold_does_not_break_the_answer()
    {
        var reply = new OsmpReply("1", 0, Fields: [new("line:<&>", "a\u0001b\ud800")]);
        var read = XDocument.Parse(Encoding.UTF8.GetString(reply.ToXml()));
        ((string)read.Root!.Element("fields")!.Elements().Single().Attribute("name")!).Should().Be("line:<&>");
    }

    private static int Result(XElement response) => (int)response.Element("result")!;

    private static string Next() => Interlocked.Increment(ref transactions).ToString(CultureInfo.InvariantCulture);

    private static string Key(HttpClient client) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(client.DefaultRequestHeaders.Authorization!.Parameter!)).Split(':')[1];

    private async Task<HttpClient> TerminalAsync()
    {
        var (key, terminal) = await centre.AddTerminalAsync();
        return BasicClient(terminal.TerminalCode, key);
    }

    private HttpClient BasicClient(string id, string key)
    {
        var client = centre.ClientOf(null);
        client.DefaultRequestHeaders.Authorization =
            new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{key}")));
        return client;
    }

    private static async Task<XElement> AskAsync(HttpClient client, string query, bool byGet = false)
    {
        using var form = new StringContent(query, Encoding.ASCII, "application/x-www-form-urlencoded");
        var answer = byGet
            ? await client.LookAsync("/osmp?" + query)
            : await client.AskAsync(HttpMethod.Post, "/osmp", form);
        answer.Status.Should().Be(HttpStatusCode.OK);
        answer.Response.Content.Headers.ContentType!.MediaType.Should().Be("text/xml");
        return XDocument.Parse(answer.Text).Root!;
    }
}
