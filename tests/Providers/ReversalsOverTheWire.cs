using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Signatures;
using EGovPay.Providers;
using EGovPay.Providers.Json;
using EGovPay.Providers.Osmp;
using EGovPay.Providers.Simulator;
using FluentAssertions;
using NodaTime;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers;

/// <summary>What travels when a payment is asked back, and what is believed of the answer.</summary>
public sealed class ReversalsOverTheWire
{
    private const long Number = 1_234_567;
    private const long Cancel = 1_234_999;
    private const string Account = "0057835959";

    private readonly ListeningLog log = new();

    [Fact]
    public async Task A_cancel_is_one_post_and_its_number_and_date_are_the_same_in_every_attempt()
    {
        await using var server = RawServer.AnsweringXml(Osmp(1));
        using var provider = OsmpAt(server, Electricity);
        await provider.ReverseAsync(Reversal(false), CancellationToken.None);
        await provider.ReverseAsync(Reversal(true), CancellationToken.None);

        server.Requests.Should().HaveCount(2);
        server.Requests.Should().OnlyContain(request => request.EndsWith(
            "\r\n\r\ncommand=cancel&txn_id=1234567&cancel_txn_id=1234999&cancel_txn_date=20261123004000"
            + "&account=0057835959&sum=10.45", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, false, true, ReversalResult.Reversed)]
    [InlineData(0, true, false, ReversalResult.Reversed)]
    [InlineData(1, false, true, ReversalResult.Silent)]
    [InlineData(90, false, true, ReversalResult.Silent)]
    [InlineData(7, false, false, ReversalResult.Kept)]
    [InlineData(300, false, false, ReversalResult.Kept)]
    [InlineData(300, true, true, ReversalResult.Kept)]
    [InlineData(300, true, false, ReversalResult.Silent)]
    [InlineData(77, false, true, ReversalResult.Silent)]
    public async Task A_result_code_means_one_thing(int code, bool askedBefore, bool deduplicatesFirst, ReversalResult expected)
    {
        await using var server = RawServer.AnsweringXml(Osmp(code));
        using var provider = OsmpAt(server, deduplicatesFirst ? Electricity : Gas);

        var answer = await provider.ReverseAsync(Reversal(askedBefore), CancellationToken.None);

        answer.Result.Should().Be(expected);
        answer.ProviderCode.Should().Be($"{code}");
    }

    [Theory]
    [InlineData("<osmp_txn_id>1</osmp_txn_id><cancel_txn_id>1234999</cancel_txn_id><sum>10.45</sum><result>0</result>")]
    [InlineData("<osmp_txn_id>1234567</osmp_txn_id><cancel_txn_id>5</cancel_txn_id><sum>10.45</sum><result>0</result>")]
    [InlineData("<osmp_txn_id>1234567</osmp_txn_id><cancel_txn_id>1234999</cancel_txn_id><sum>5.00</sum><result>0</result>")]
    [InlineData("<osmp_txn_id>1</osmp_txn_id><result>300</result>")]
    [InlineData("<cancel_txn_id>1234999</cancel_txn_id><sum>10.45</sum><result>0</result>")]
    [InlineData("<osmp_txn_id>1234567</osmp_txn_id><result>0")]
    public async Task An_answer_of_something_else_or_of_a_part_of_the_sum_is_no_answer(string inside)
    {
        await using var server = RawServer.AnsweringXml($"<response>{inside}</response>");
        using var provider = OsmpAt(server, Electricity);

        (await provider.ReverseAsync(Reversal(false), CancellationToken.None)).Result.Should().Be(ReversalResult.Silent);
    }

    [Theory]
    [InlineData("reversed", ReversalResult.Reversed)]
    [InlineData("kept", ReversalResult.Kept)]
    [InlineData("pending", ReversalResult.Silent)]
    [InlineData("accepted", ReversalResult.Silent)]
    [InlineData("rejected", ReversalResult.Silent)]
    public async Task A_delete_asks_and_its_status_answers(string status, ReversalResult expected)
    {
        await using var server = Answering(_ => (200, status));
        using var provider = JsonAt(server);

        (await provider.ReverseAsync(Reversal(false), CancellationToken.None)).Result.Should().Be(expected);
        server.Requests.Should().ContainSingle().Which.Should().StartWith("DELETE /base/payments/1234567 HTTP/1.1");
    }

    [Theory]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(409)]
    [InlineData(500)]
    public async Task An_error_is_no_answer(int status)
    {
        await using var server = Answering(_ => (status, "reversed"));
        using var provider = JsonAt(server);

        (await provider.ReverseAsync(Reversal(false), CancellationToken.None)).Result.Should().Be(ReversalResult.Silent);
    }

    [Fact]
    public async Task Asked_before_it_looks_first_and_asks_again_only_where_nobody_asked()
    {
        await using var done = Answering(_ => (200, "reversed"));
        using (var provider = JsonAt(done))
        {
            (await provider.ReverseAsync(Reversal(true), CancellationToken.None)).Result.Should().Be(ReversalResult.Reversed);
            done.Requests.Should().ContainSingle().Which.Should().StartWith("GET ");
        }

        await using var fresh = Answering(
            request => (200, request.StartsWith("GET", StringComparison.Ordinal) ? "accepted" : "reversed"));
        using (var provider = JsonAt(fresh))
        {
            (await provider.ReverseAsync(Reversal(true), CancellationToken.None)).Result.Should().Be(ReversalResult.Reversed);
            fresh.Requests.Should().HaveCount(2).And.Subject.Last().Should().StartWith("DELETE ");
        }
    }

    /// <summary>A process that was frozen after its lease finds here that the lease has ended, before its timers tell it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_would_leave_after_the_end_of_its_lease_never_leaves(bool askedBefore)
    {
        var late = Reversal(askedBefore);
        late = late with { Delivery = late.Delivery with { SendBefore = SendDeadline.Passed } };
        await using var osmp = RawServer.AnsweringXml(Osmp(0));
        await using var json = Answering(
            request => (200, request.StartsWith("GET", StringComparison.Ordinal) ? "accepted" : "reversed"));
        foreach (var provider in (IProvider[])[OsmpAt(osmp, Electricity), JsonAt(json)])
        {
            (await provider.ReverseAsync(late, CancellationToken.None)).Result.Should().Be(ReversalResult.Silent);
            ((IDisposable)provider).Dispose();
        }

        osmp.Requests.Should().BeEmpty();
        json.Requests.Should().HaveCount(askedBefore ? 1 : 0, "only a question may be late")
            .And.NotContain(request => request.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("azerishiq")]
    [InlineData("azeriqaz")]
    [InlineData("dmx")]
    [InlineData("bdypi")]
    public async Task The_simulator_takes_back_once_however_often_it_is_asked_and_remembers_it(string code)
    {
        var folder = Directory.CreateTempSubdirectory("egovpay-sim-").FullName;
        for (var life = 0; life < 2; life++)
        {
            var world = await StartAsync(folder: folder);
            var provider = world.Adapters[code];
            var reversal = Reversal(life > 0) with { Delivery = Delivery(Number, Account) };
            if (life == 0)
            {
                (await provider.PayAsync(reversal.Delivery, CancellationToken.None)).Result.Should().Be(DeliveryResult.Confirmed);
            }

            for (var time = 0; time < 3; time++)
            {
                (await provider.ReverseAsync(reversal, CancellationToken.None)).Result.Should().Be(ReversalResult.Reversed);
            }

            (await world.Http.GetStringAsync(new Uri($"/_sim/credited?txn={Number}", UriKind.Relative)))
                .Should().Contain("\"credited\":1").And.Contain("\"reversed\":1");
            (await world.Http.GetStringAsync(new Uri("/_sim/ledger", UriKind.Relative))).TrimEnd().Should().EndWith("\t1");
            await world.StopAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("azerishiq")]
    [InlineData("dmx")]
    public async Task Every_lie_by_rate_ends_in_the_truth(string code)
    {
        var rates = Enum.GetValues<Lie>().Where(lie => lie is not (Lie.None or Lie.SilentForEver or Lie.TemporaryForEver
            or Lie.SilentAfterCredit or Lie.SilentBeforeCredit or Lie.FinalErrorAfterCredit));
        await using var world = await StartAsync();
        var provider = world.Adapters[code];
        foreach (var lie in rates)
        {
            var number = Number + (int)lie;
            var reversal = Reversal(false) with { Delivery = Delivery(number, Account) };
            world.Simulator.Lies = Lies.None;
            await provider.PayAsync(reversal.Delivery, CancellationToken.None);
            world.Simulator.Lies = new Lies { Rates = [new(lie, 1_000_000)], LateMilliseconds = 50 };

            var answer = await provider.ReverseAsync(reversal, CancellationToken.None);
            for (var again = 0; again < 4 && answer.Result == ReversalResult.Silent; again++)
            {
                answer = await provider.ReverseAsync(reversal with { PerhapsAskedBefore = true }, CancellationToken.None);
            }

            var kept = lie is Lie.Decline or Lie.NotOurs;
            answer.Result.Should().Be(kept ? ReversalResult.Kept : ReversalResult.Reversed, "{0}", lie);
            (await world.Http.GetStringAsync(new Uri($"/_sim/credited?txn={number}", UriKind.Relative)))
                .Should().Contain($"\"reversed\":{(kept ? 0 : 1)}", "{0}", lie);
        }
    }

    private static string Osmp(int result) => "<?xml version=\"1.0\" encoding=\"UTF-8\"?><response><osmp_txn_id>1234567</osmp_txn_id>"
        + $"<cancel_txn_id>1234999</cancel_txn_id><prv_txn>2016</prv_txn><sum>10.45</sum><result>{result}</result></response>";

    private static Reversal Reversal(bool askedBefore) =>
        new(Delivery(Number, Account) with { PerhapsSentBefore = true }, Cancel, Instant.FromUtc(2026, 11, 22, 20, 40), askedBefore);

    private OsmpProvider OsmpAt(RawServer server, ProviderSettings settings) =>
        new(settings, new Uri(server.Address, "/pay"), ProviderAccess.None, log);

    private JsonProvider JsonAt(RawServer server) => new(
        Migration, new Uri(server.Address, "/base").AbsoluteUri,
        ProviderAccess.None with { Key = MessageKey.Shared("us", "0123456789abcdef0123456789abcdef"u8) },
        SystemClock.Instance, log);

    private static RawServer Answering(Func<string, (int Status, string Word)> answer) => RawServer.Scripted(async connection =>
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            var (status, word) = answer(request);
            var body = $"{{\"status\":\"{word}\"}}";
            await connection.SendAsync(
                $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        }
    });
}
