using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using EGovPay.Processing.People;
using EGovPay.Processing.Schema;
using EGovPay.Terminals;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Providers;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>The database is stopped under a server that terminals ask.</summary>
public sealed class DatabaseAway
{
    /// <summary>What needs no database: it is in memory, or says that the process lives.</summary>
    private static readonly string[] Needless =
        ["get /v1/services", "get /v1/services/{code}", "post /v1/inquiries", "get /health/live"];

    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["post /v1/inquiries"] = """{"service":"10101","account":"012345678901234"}""",
        ["put /v1/payments/{reference}"] = HttpCentre.Payment().ToJsonString(),
        ["post /v1/payments/{reference}/reversal"] = """{"reason":"səhv hesab"}""",
        ["post /v1/shifts"] = """{"cashier":"Aygün","floatQepik":0}""",
        ["post /v1/shifts/current/close"] = """{"countedCashQepik":0}""",
        ["post /v1/terminal/status"] = """{"software":"1"}""",
        ["post /v1/terminal/collections"] = """{"bagNumber":"B-1"}""",
    };

    [Fact]
    public async Task Every_call_is_told_to_come_again_and_that_a_write_is_open_and_it_is_said_once()
    {
        await using var scratch = new ScratchCluster();
        await using var cluster = await scratch.StartAsync();
        await Migrate.RunAsync(cluster.ConnectionString);
        await using var database = TestDatabase.At(cluster.ConnectionString);
        using var log = new ListeningLog();
        await using var centre = new HttpCentre(
            new ServerSettings { PayPatience = TimeSpan.FromSeconds(2), MaxRequests = 1_000 }, database, log);
        await centre.InitializeAsync();
        var (bearer, terminal) = await centre.AddTerminalAsync(plain => plain with { ShiftRequired = true });
        using var client = centre.ClientOf(bearer);
        (await client.PostAsync("/v1/shifts", JsonNode.Parse(Bodies["post /v1/shifts"]))).Status.Should().Be(HttpStatusCode.Created);
        var paid = await client.PayAsync("known", HttpCentre.Payment());
        paid.State.Should().Be("Confirmed");
        var code = centre.Engine.Codes.Encode(terminal.PartFor("known"), long.Parse((string)paid.Json!["number"]!, CultureInfo.InvariantCulture));
        var (signing, signed) = await centre.AddTerminalAsync(plain => plain with { Signed = true });
        using var signer = centre.ClientOf(signing);
        using var key = SignedRequests.KeyOf(centre, signed);
        var document = (await client.LookAsync("/openapi/v1.json")).Json!["paths"]!.AsObject();
        var calls = document.SelectMany(path => path.Value!.AsObject().Select(one => (Method: one.Key, Path: path.Key)))
            .OrderBy(call => call.Method).ThenBy(call => call.Path == "/v1/shifts").ToList();
        calls.Should().HaveCountGreaterThan(20);
        using var office = centre.ClientOf(PersonKey.New("kimse").Text);
        using var osmp = centre.ClientOf(null);
        osmp.DefaultRequestHeaders.Authorization =
            new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{terminal.TerminalCode}:{bearer}")));

        await cluster.StopAsync(TestContext.Current.CancellationToken);

        // A nonce that could not be kept: the payment behind it was not begun.
        var unkept = await SignedRequests.PutAsync(centre, signer, key, "signed", HttpCentre.Payment());
        (unkept.Status, unkept.Code).Should().Be((HttpStatusCode.ServiceUnavailable, 900));
        var stranger = await centre.ClientOf("nobody-knows-this-key").LookAsync("/v1/account");
        (stranger.Status, stranger.Code).Should().Be((HttpStatusCode.ServiceUnavailable, 900));
        var asked = XDocument.Parse((await osmp.LookAsync(
            "/osmp?command=pay&txn_id=77&account=012345678901234&sum=1.00&prv_id=10101")).Text).Root!;
        ((string)asked.Element("result")!, (string)asked.Element("osmp_txn_id")!).Should().Be(("1", "77"));
        foreach (var (method, path) in calls)
        {
            var call = $"{method} {path}";
            var answer = await AskAsync(path.StartsWith("/v1/settlement/", StringComparison.Ordinal) ? office : client, call, code);
            if (path == "/osmp" || Needless.Contains(call))
            {
                answer.Status.Should().Be(HttpStatusCode.OK, "{0}", call);
                continue;
            }

            answer.Status.Should().Be(HttpStatusCode.ServiceUnavailable, "{0}: {1}", call, answer.Text);
            if (path == "/health/ready")
            {
                answer.Text.Should().Contain("database-unavailable");
                continue;
            }

            // Once something waits for the journal, the entrance may refuse before anything is read.
            answer.Code.Should().BeOneOf(method == "get" ? [900] : [910, 900], "{0}", call);
            answer.Response.Headers.RetryAfter!.Delta.Should().BePositive("{0}", call);
        }

        log.Lines.Count(line => line.Event == 3017).Should().Be(1, "it is one outage");
        log.Lines.Where(line => line.Event == 3010 || line.Level >= LogLevel.Error).Should().BeEmpty();
    }

    [Theory]
    [InlineData("57P01", true)]
    [InlineData("57P03", true)]
    [InlineData("25006", true)]
    [InlineData("53300", true)]
    [InlineData("08006", true)]
    [InlineData("40001", true)]
    [InlineData("55P03", true)]
    [InlineData("42P01", false)]
    [InlineData("23505", false)]
    [InlineData("22003", false)]
    public void What_a_server_says_about_a_statement_is_a_defect_and_about_itself_is_not(string sqlState, bool away) =>
        Outage.Is(new PostgresException("said", "ERROR", "ERROR", sqlState)).Should().Be(away);

    [Fact]
    public void An_outage_is_said_once_and_the_next_one_again()
    {
        var time = new ManualTime();
        using var log = new ListeningLog();
        var outage = new Outage(time, log);
        for (var second = 0; second < 100; second += 10)
        {
            outage.Tell(new TimeoutException());
            time.Move(TimeSpan.FromSeconds(10));
        }

        log.Lines.Should().ContainSingle();
        time.Move(TimeSpan.FromSeconds(31));
        outage.Tell(new TimeoutException());
        log.Lines.Should().HaveCount(2);
    }

    private static Task<Answered> AskAsync(HttpClient client, string call, string code)
    {
        var (method, path) = (call[..call.IndexOf(' ', StringComparison.Ordinal)], call[(call.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        var address = path
            .Replace("{reference}", method == "put" ? "new" : "known", StringComparison.Ordinal)
            .Replace("{id}", "1", StringComparison.Ordinal)
            .Replace("{code}", path.StartsWith("/verify", StringComparison.Ordinal) ? code : "10101", StringComparison.Ordinal)
            .Replace("{number}", "1", StringComparison.Ordinal);
        return client.AskAsync(
            new HttpMethod(method.ToUpperInvariant()), address, Bodies.TryGetValue(call, out var body) ? Asking.Json(body) : null);
    }
}
