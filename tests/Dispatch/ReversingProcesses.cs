using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Simulator;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>
/// Real processes: a node is killed, or freezes, while the provider that it asked to take a payment back says nothing. The other node
/// asks again under the same numbers when the lease has ended, and everybody hears the same.
/// </summary>
public sealed class ReversingProcesses(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    /// <summary>A lease of eleven seconds, and a machine that has much else to do.</summary>
    private static readonly TimeSpan InTime = TimeSpan.FromSeconds(60);

    private readonly RealNodes nodes = new();
    private readonly ScratchFolder folder = new();
    private ProviderSimulator simulator = null!;

    public async ValueTask InitializeAsync() => simulator = await ProviderSimulator.StartAsync(
        new SimulatorSettings
        {
            RecordFile = Path.Combine(folder.Path, "simulator.record"),
            Providers = EmbeddedCatalogue.Load().Providers,
        },
        SystemClock.Instance, CancellationToken.None);

    public async ValueTask DisposeAsync() => await simulator.DisposeAsync();

    public void Dispose()
    {
        nodes.Dispose();
        folder.Dispose();
    }

    /// <param name="account">666-32: given back, and silent once. 666-33: silent once, and nothing done.</param>
    [Theory]
    [InlineData("000000000066632", false)]
    [InlineData("000000000066633", false)]
    [InlineData("000000000066632", true)]
    public async Task What_a_node_began_to_take_back_another_ends_and_the_money_is_back_once(string account, bool freezes)
    {
        await using var database = await TestDatabase.CreateAsync();
        var key = await nodes.AddTerminalAsync(database);
        var funds = await FundsAsync(database);
        await using var first = await nodes.ServeAsync(database, "n1", simulator.Address);
        await using var second = await nodes.ServeAsync(database, "n2", simulator.Address);
        using var http = first.Client(key);
        using var other = second.Client(key);
        var paid = await SendAsync(http, HttpMethod.Put, "/v1/payments/R-1", new JsonObject
        {
            ["service"] = "10101", ["account"] = account, ["amountQepik"] = 2_350, ["totalQepik"] = 2_350, ["tender"] = "cash",
        });
        ((string)paid.Json["state"]!).Should().Be("Confirmed", paid.Json.ToJsonString());

        // Asleep, it cannot be the one that asks first.
        second.Program.Freeze();
        (await ReverseAsync(http)).Status.Should().Be(HttpStatusCode.Accepted);
        await RealNodes.UntilAsync(database, "select asks::bigint from reversal", 1, InTime);
        if (account.EndsWith("32", StringComparison.Ordinal))
        {
            await RealNodes.UntilAsync(() => ReversedAsync((string)paid.Json["number"]!), 1, InTime);
        }

        if (freezes)
        {
            first.Program.Freeze();
        }
        else
        {
            first.Program.KillHard();
        }

        second.Program.Thaw();
        var took = await RealNodes.UntilAsync(database, "select count(*) from event where edge = 19", 1, InTime);
        output.WriteLine($"taken back {took.TotalSeconds:F1} s after the node had gone");
        (await database.AskAsync<string>("select n.name from event e join node n on n.node_id = e.node_id where e.edge = 19"))
            .Should().Be("n2");

        await HearsAsync(other);
        if (freezes)
        {
            first.Program.Thaw();
            await HearsAsync(http);
            await RealNodes.UntilAsync(
                database, "select count(*) from node where name = 'n1' and lease_until > now()", 1, InTime);
        }

        (await ReversedAsync((string)paid.Json["number"]!)).Should().Be(1, "the provider gave it back once");
        (await FundsAsync(database)).Should().Be(funds, "and so did the engine");
        (await database.AskAsync<long>("select count(*) from event where edge in (18, 19)")).Should().Be(2);
        (await database.AskAsync<long>("select asks::bigint from reversal where next_ask_at is null"))
            .Should().BeInRange(2, 3, "a node that was killed before its request left leaves the silence to the next");
        (await database.AskAsync<long>("select count(*) from cash_to_return where returned_at is null")).Should().Be(1);
        var report = await AuditBooks.RunAsync(database.DataSource, null, TestContext.Current.CancellationToken);
        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
    }

    /// <summary>The terminal asks again, and looks: it is taken back.</summary>
    private static async Task HearsAsync(HttpClient http)
    {
        var again = await ReverseAsync(http);
        again.Status.Should().Be(HttpStatusCode.OK, again.Json.ToJsonString());
        ((string)again.Json["state"]!).Should().Be("Reversed");
        var looked = await SendAsync(http, HttpMethod.Get, "/v1/payments/R-1", null);
        looked.Json.ToJsonString().Should().Be(again.Json.ToJsonString());
        ((string)looked.Json["reversal"]!["state"]!).Should().Be("done");
    }

    private static Task<(HttpStatusCode Status, JsonNode Json)> ReverseAsync(HttpClient http) =>
        SendAsync(http, HttpMethod.Post, "/v1/payments/R-1/reversal", new JsonObject { ["reason"] = "səhv hesab" });

    private static async Task<(HttpStatusCode Status, JsonNode Json)> SendAsync(
        HttpClient http, HttpMethod method, string path, JsonObject? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        using var answer = await http.SendAsync(request);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    private static Task<long> FundsAsync(TestDatabase database) =>
        database.AskAsync<long>("select (credits_posted - debits_posted - debits_pending)::bigint from funds");

    /// <summary>How often the provider gave this payment back.</summary>
    private async Task<long> ReversedAsync(string number)
    {
        using var http = new HttpClient { BaseAddress = simulator.Address };
        var known = JsonNode.Parse(await http.GetStringAsync(new Uri($"/_sim/credited?txn={number}", UriKind.Relative)))!;
        return (long)known["reversed"]!;
    }
}
