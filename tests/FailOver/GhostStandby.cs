using System.Net;
using System.Text.Json.Nodes;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Schema;
using EGovPay.Providers.Simulator;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.FailOver;

/// <summary>A standby that is configured and not there: nobody is answered falsely, and everybody in the end.</summary>
public sealed class GhostStandby : IAsyncLifetime
{
    private readonly ScratchFolder folder = new();
    private ReplicatedCluster cluster = null!;
    private ProviderSimulator simulator = null!;

    public async ValueTask InitializeAsync()
    {
        cluster = await ReplicatedCluster.StartAsync(standbys: 1);
        await Migrate.RunAsync(cluster.ConnectionString);
        simulator = await ProviderSimulator.StartAsync(
            new SimulatorSettings
            {
                RecordFile = Path.Combine(folder.Path, "simulator.record"),
                Providers = EmbeddedCatalogue.Load().Providers,
            },
            SystemClock.Instance, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await simulator.DisposeAsync();
        await cluster.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task While_no_standby_confirms_nobody_is_told_Confirmed_and_then_each_payment_is_done_once()
    {
        var keys = await LoggingTerminals.AddAsync(cluster.ConnectionString, 4);
        await using var server = RunningProgram.Start(
            folder.Path,
            new Dictionary<string, string>
            {
                ["EGOVPAY_DATABASE"] = cluster.ConnectionString,
                ["EGOVPAY_SECRET"] = new string('s', 32),
                ["EGOVPAY_PROVIDERS"] = simulator.Address.GetLeftPart(UriPartial.Authority),
                ["EGOVPAY_DATA"] = Path.Combine(folder.Path, "data"),
                ["EGOVPAY_LOG"] = "warning",
            },
            "serve", "--listen", "http://127.0.0.1:0");
        var line = await server.LineAsync("listens on");
        var node = new Uri(line[(line.LastIndexOf(' ') + 1)..]);
        var terminals = new LoggingTerminals([node], keys);
        terminals.Start();
        await terminals.UntilToldAsync(40);

        await cluster.Servers[1].KillAsync();
        using var http = new HttpClient { BaseAddress = node };
        await UntilAsync(http, HttpStatusCode.ServiceUnavailable);
        // What the standby confirmed before it died may still be on its way to a terminal; after that nothing is told.
        await Task.Delay(500);
        var told = terminals.Told.Count;
        await UntilReasonsAsync(http, "standby-missing", "lease-lost", "journal-stalled");
        terminals.Told.Count.Should().Be(told, "no standby has anything that was paid since");
        terminals.UnderWay.Should().Be(keys.Count, "they wait, or ask again");

        await cluster.Servers[1].StartAsync();
        await UntilAsync(http, HttpStatusCode.OK);
        await terminals.UntilToldAsync(40);
        await terminals.FinishAsync();
        terminals.Surprises.Should().BeEmpty();
        var numbers = terminals.Told.Where(one => one.State == "Confirmed").Select(one => one.Number).ToList();
        numbers.Should().OnlyHaveUniqueItems();
        using var providers = new HttpClient { BaseAddress = simulator.Address };
        var credited = (await providers.GetStringAsync(new Uri("/_sim/ledger", UriKind.Relative)))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(row => row.Split('\t')).ToList();
        credited.Should().OnlyContain(cells => cells[3] == "1");
        credited.Select(cells => cells[1]).Should().BeEquivalentTo(numbers, "what waited was completed, once");
        (await cluster.First.AskAsync<long>("select count(*) from payment")).Should().Be(terminals.Begun.Count);
    }

    private static async Task UntilAsync(HttpClient http, HttpStatusCode status)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await http.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token)).StatusCode != status)
        {
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>Each of the reasons is given in time; they need not come at once.</summary>
    private static async Task UntilReasonsAsync(HttpClient http, params string[] wanted)
    {
        var open = wanted.ToHashSet();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (open.Count > 0)
        {
            var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token);
            answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(limit.Token))!;
            open.ExceptWith(json["reasons"]!.AsArray().Select(reason => (string)reason!));
            await Task.Delay(50, limit.Token);
        }
    }
}
