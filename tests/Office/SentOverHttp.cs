using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing;
using EGovPay.Processing.Days;
using EGovPay.Processing.People;
using EGovPay.Providers.Register;
using EGovPay.Settlement.Terms;
using EGovPay.Terminals;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Registers to providers, and agents who settle afterwards, over real HTTP.</summary>
public sealed class SentOverHttp
{
    private const string Sent = "/v1/settlement/registers/sent";
    private const string Send = "/v1/settlement/registers/send";

    [Fact]
    public async Task Registers_are_sent_listed_and_sent_again_the_same()
    {
        await using var made = await TestDatabase.CreateAsync();
        await using var database = TestDatabase.At(made.ConnectionString);
        var folder = new RegisterFolder(Directory.CreateTempSubdirectory("egovpay-registers").FullName);
        using var handOver = new HandOverRegister(null, folder, NullLogger.Instance);
        Engine? engine = null;
        var deliver = new DeliverRegisters(
            database.DataSource, () => engine!.Catalogue.Current, folder, handOver, NullLogger<DeliverRegisters>.Instance);
        await using var centre = new HttpCentre(new ServerSettings { Registers = deliver }, database);
        await centre.InitializeAsync();
        engine = centre.Engine;
        using var client = await centre.ClientAsync(Role.Operator);
        using var auditor = await centre.ClientAsync(Role.Auditor);
        (await auditor.LookAsync(Sent)).Json!["items"]!.AsArray().Should().BeEmpty();

        var reference = HttpCentre.Reference("heat");
        await centre.Client.PayAsync(reference, HttpCentre.Payment(1_000, "10023456", "10401"));
        (await centre.FinalAsync(reference)).State.Should().Be("Confirmed");
        await new SettlementWindows(database.DataSource).CloseNowAsync(4);
        var round = await client.PostAsync(Send, new JsonObject());
        round.Status.Should().Be(HttpStatusCode.OK, round.Text);
        ((int)round.Json!["written"]!).Should().Be(1);
        var one = (await auditor.LookAsync(Sent + "?provider=azeristilik")).Json!["items"]!.AsArray().Single()!;
        ((int)one["payments"]!, (long)one["totalQepik"]!).Should().Be((1, 1_000));
        var window = (string)one["window"]!;
        window.Should().StartWith("C4:");

        var again = await client.PostAsync(Send, new JsonObject { ["provider"] = "azeristilik", ["window"] = window });
        again.Status.Should().Be(HttpStatusCode.OK, again.Text);
        ((int)again.Json!["acknowledged"]!).Should().Be(0, "nobody is reached");
        const string Sendings = "select count(*) from act where what = 'register send'";
        (await database.AskAsync<long>(Sendings)).Should().Be(2, "the round, and the register that went once more");
        (await database.AskAsync<string>(
            "select subject || ' ' || (details::json ->> 'file') from act where what = 'register send' order by number desc limit 1"))
            .Should().Be($"register azeristilik {window} {one["file"]}");
        (await database.AskAsync<bool>("select bool_and(who like 'office-%') from act where what = 'register send'")).Should().BeTrue();
        foreach (var (provider, of, status, field) in new[]
        {
            ("azersu", window, HttpStatusCode.NotFound, "window"), ("nobody", window, HttpStatusCode.NotFound, "provider"),
            ("azeristilik", "C4:2020-01-03", HttpStatusCode.NotFound, "window"), ("azeristilik", "C5:2020-01-03", HttpStatusCode.BadRequest, "window"),
            ("azeristilik", "C4:2020-02-30", HttpStatusCode.BadRequest, "window"), ("azeristilik", "C4:-020-01-3", HttpStatusCode.BadRequest, "window"),
            ("azeristilik", null, HttpStatusCode.BadRequest, "window"), (null, window, HttpStatusCode.BadRequest, "provider"),
        })
        {
            var refused = await client.PostAsync(Send, new JsonObject { ["provider"] = provider, ["window"] = of });
            (refused.Status, (string?)refused.Json!["field"]).Should().Be((status, field), refused.Text);
        }

        (await auditor.PostAsync(Send, new JsonObject())).Status.Should().Be(HttpStatusCode.Forbidden);
        (await database.AskAsync<long>(Sendings)).Should().Be(2, "what was refused sent nothing");
        (await auditor.LookAsync(Sent + "?provider=nobody")).Status.Should().Be(HttpStatusCode.NotFound);
        await PagesAsync(centre, auditor);
        (await auditor.LookAsync(Sent + "?after=2026-11-22")).Status.Should().Be(HttpStatusCode.BadRequest);
        (await auditor.LookAsync(Sent + "?limit=1001")).Status.Should().Be(HttpStatusCode.BadRequest);
        await LateAgentAsync(centre, auditor);
    }

    /// <summary>With four registers of days before beside the one: each is on one page.</summary>
    private static async Task PagesAsync(HttpCentre centre, HttpClient auditor)
    {
        var page = (await auditor.LookAsync(Sent + "?limit=1")).Json!;
        page["next"].Should().BeNull("there is one register");
        await centre.Database.ExecuteAsync("""
            insert into register_file (provider_id, cutoff_group, bank_day, file_name, payments, total_qepik, sha256, written_at)
            select f.provider_id, f.cutoff_group, f.bank_day - n, f.file_name || n, 0, 0, f.sha256, f.written_at from register_file f cross join generate_series(1, 4) n
            """);
        var windows = new List<string>();
        var next = "";
        while (next is not null)
        {
            page = (await auditor.LookAsync($"{Sent}?limit=2" + (next.Length == 0 ? "" : $"&after={next}"))).Json!;
            windows.AddRange(page["items"]!.AsArray().Select(each => (string)each!["window"]!));
            next = (string?)page["next"];
        }

        windows.Should().HaveCount(5).And.OnlyHaveUniqueItems().And.BeInDescendingOrder();
    }

    /// <summary>The terminal's agent settles afterwards, and has a closed day behind it.</summary>
    private static async Task LateAgentAsync(HttpCentre centre, HttpClient client)
    {
        (await client.LookAsync("/v1/settlement/agents")).Json!["items"]!.AsArray().Should().BeEmpty("there are no terms");
        var today = Baku.DateOf(SystemClock.Instance.GetCurrentInstant());
        var applied = await TermsStore.ApplyAsync(
            centre.Database.DataSource,
            Encoding.UTF8.GetBytes(OfficePeople.Terms("""
                , "agents": [{"code": "agent-1", "settles": "afterwards", "dueBankDays": 1}, {"code": "b", "settles": "afterwards", "dueBankDays": 1}]
                """)),
            today, today, TestPeople.Doer, TestContext.Current.CancellationToken);
        applied.Faults.Should().BeEmpty();
        var page = (await client.LookAsync("/v1/settlement/agents?limit=1")).Json!;
        ((string)page["items"]![0]!["agent"]!).Should().Be("agent-1");
        var rest = (await client.LookAsync($"/v1/settlement/agents?after={page["next"]}")).Json!;
        ((string)rest["items"]![0]!["agent"]!).Should().Be("b");
        rest["next"].Should().BeNull();
        var one = (await client.LookAsync("/v1/settlement/agents/agent-1")).Json!;
        ((long)one["standing"]!["unpaidQepik"]!).Should().Be(one["days"]!.AsArray().Sum(day => (long)day!["unpaidQepik"]!));
        (await client.LookAsync("/v1/settlement/agents/nobody")).Status.Should().Be(HttpStatusCode.NotFound);
        (await client.LookAsync("/v1/settlement/agents?limit=0")).Status.Should().Be(HttpStatusCode.BadRequest);
    }
}
