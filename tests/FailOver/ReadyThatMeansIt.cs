using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using EGovPay.Processing.Schema;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.FailOver;

/// <summary>
/// /health/ready of a real process: what takes its work away, what does not, and that it comes back by itself. The standby that is
/// missing, the restored database, the frozen node and the stopping one are looked at where they are tested.
/// </summary>
public sealed class ReadyThatMeansIt : IAsyncLifetime
{
    private readonly ScratchFolder folder = new();
    private ReplicatedCluster cluster = null!;

    public async ValueTask InitializeAsync()
    {
        cluster = await ReplicatedCluster.StartAsync(standbys: 1);
        await Migrate.RunAsync(cluster.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await cluster.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_provider_that_is_down_takes_nobody_away_and_a_database_that_is_down_does_until_it_is_back()
    {
        var keys = await LoggingTerminals.AddAsync(cluster.ConnectionString, 1);
        var metrics = Free();
        await using var server = RunningProgram.Start(
            folder.Path,
            new Dictionary<string, string>
            {
                ["EGOVPAY_DATABASE"] = cluster.ConnectionString,
                ["EGOVPAY_PROVIDERS"] = "http://127.0.0.1:1",
                ["EGOVPAY_DATA"] = Path.Combine(folder.Path, "data"),
                ["EGOVPAY_METRICS"] = metrics.GetLeftPart(UriPartial.Authority),
                ["EGOVPAY_LOG"] = "warning",
            },
            "serve", "--listen", "http://127.0.0.1:0");
        var line = await server.LineAsync("listens on");
        using var http = new HttpClient { BaseAddress = new Uri(line[(line.LastIndexOf(' ') + 1)..]) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", keys[0]);
        (await UntilAsync(http, HttpStatusCode.OK)).Should().BeEmpty();

        // Nobody listens where the provider is to be: its breaker opens, and the node goes on for all the others.
        for (var i = 0; i < 30; i++)
        {
            (await http.PayAsync($"R-{i}", HttpCentre.Payment())).State.Should().NotBe("Confirmed");
        }

        (await UntilMetricAsync(metrics, "egovpay_provider_breaker{", "azerishiq", "2")).Should().BeTrue();
        (await http.LookAsync("/health/ready")).Text.Should().Be("""{"status":"ready"}""");

        await cluster.First.KillAsync();
        var reasons = await UntilAsync(http, HttpStatusCode.ServiceUnavailable, "database-unavailable", "lease-lost");
        reasons.Should().NotContain("restored").And.NotContain("standby-missing", "nobody can know that");
        (await UntilMetricAsync(metrics, "egovpay_unready{", "database-unavailable", "1")).Should().BeTrue("an alarm stands on it");
        (await http.LookAsync("/health/live")).Status.Should().Be(HttpStatusCode.OK, "killing the process mends nothing");
        var began = Stopwatch.GetTimestamp();
        (await http.LookAsync("/health/ready")).Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        Stopwatch.GetElapsedTime(began).TotalSeconds.Should().BeLessThan(10, "who balances load does not wait for long");

        await cluster.First.StartAsync();
        await UntilAsync(http, HttpStatusCode.OK);
        (await http.LookAsync("/v1/payments/R-0")).Status.Should().Be(HttpStatusCode.OK, "ready means that it works");
        (await UntilMetricAsync(metrics, "egovpay_ready", "", "1")).Should().BeTrue();
    }

    /// <summary>Waits for the status, and until each of the reasons was given; all that were given.</summary>
    private static async Task<HashSet<string>> UntilAsync(HttpClient http, HttpStatusCode status, params string[] reasons)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var given = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token);
            var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(limit.Token))!;
            if (answer.StatusCode == status)
            {
                given.UnionWith(json["reasons"]?.AsArray().Select(reason => (string)reason!) ?? []);
                if (reasons.All(given.Contains))
                {
                    return given;
                }
            }

            await Task.Delay(100, limit.Token);
        }
    }

    private static async Task<bool> UntilMetricAsync(Uri metrics, string series, string tag, string value)
    {
        using var http = new HttpClient { BaseAddress = metrics };
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since).TotalSeconds < 40)
        {
            var text = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            if (text.Split('\n').Any(line => line.StartsWith(series, StringComparison.Ordinal)
                && line.Contains(tag, StringComparison.Ordinal) && line.EndsWith(" " + value, StringComparison.Ordinal)))
            {
                return true;
            }

            await Task.Delay(500);
        }

        return false;
    }

    private static Uri Free()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}");
    }
}
