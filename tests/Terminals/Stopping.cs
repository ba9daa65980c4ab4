using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Simulator;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.FailOver;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>A server under load, with a provider that hangs, is told to stop.</summary>
public sealed class Stopping(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const string Hangs = "012345678966629";
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task It_is_not_ready_at_once_takes_nothing_new_finishes_what_it_can_and_is_gone_within_twenty_seconds()
    {
        await using var simulator = await ProviderSimulator.StartAsync(
            new SimulatorSettings
            {
                RecordFile = Path.Combine(folder.Path, "simulator.record"),
                Providers = EmbeddedCatalogue.Load().Providers,
            },
            SystemClock.Instance, CancellationToken.None);
        var keys = await LoggingTerminals.AddAsync(database.ConnectionString, 6);
        Uri node;
        LoggingTerminals terminals;
        Task<HttpResponseMessage> hanging, polling;
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(40) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", keys[0]);
        await using (var server = Serve(simulator))
        {
            node = await AddressAsync(server);
            terminals = new LoggingTerminals([node], [.. keys.Skip(1)]);
            terminals.Start();
            await terminals.UntilToldAsync(50);
            hanging = http.SendAsync(Pay(node, "hangs", Hangs));
            await UntilAsync("select count(*) > 0 from payment where reference = 'hangs'");
            polling = http.GetAsync(new Uri(node, "/v1/payments/hangs?wait=20"));

            server.Signal(PosixSignal.SIGTERM);
            var began = Stopwatch.GetTimestamp();
            await UntilStoppingAsync(http, node);
            Stopwatch.GetElapsedTime(began).TotalSeconds.Should().BeLessThan(1.5);
            using var refused = await http.SendAsync(Pay(node, "late", "012345678901234"));
            refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            ((int)JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["code"]!).Should().Be(900);
            refused.Headers.RetryAfter.Should().NotBeNull();
            // On a busy machine it may have come after the signal, and then it is refused.
            (await polling).StatusCode.Should().BeOneOf([HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable], "who only waits is answered");
            var ended = await server.EndAsync();
            Stopwatch.GetElapsedTime(began).TotalSeconds.Should().BeLessThan(20);
            ended.ExitCode.Should().Be(0, ended.Errors);
        }

        var told = await hanging;
        told.StatusCode.Should().BeOneOf(HttpStatusCode.ServiceUnavailable, HttpStatusCode.Accepted);
        (await database.AskAsync<long>("select count(*) from payment where reference = 'late'")).Should().Be(0);

        // Another takes over: what was under way is finished once, and told to whoever asks again.
        await using var next = Serve(simulator, node);
        await AddressAsync(next);
        await terminals.FinishAsync();
        terminals.Surprises.Should().BeEmpty();
        terminals.Told.Should().OnlyContain(one => one.State == "Confirmed");
        terminals.Told.Select(one => one.Number).Should().OnlyHaveUniqueItems();
        using var stands = await http.GetAsync(new Uri(node, "/v1/payments/hangs"));
        ((string)JsonNode.Parse(await stands.Content.ReadAsStringAsync())!["state"]!).Should().BeOneOf("Unknown", "Dispatched");
    }

    private static HttpRequestMessage Pay(Uri node, string reference, string account) =>
        new(HttpMethod.Put, new Uri(node, "/v1/payments/" + reference))
        {
            Content = new StringContent(
                HttpCentre.Payment(account: account).ToJsonString(), Encoding.UTF8, "application/json"),
        };

    private static async Task UntilStoppingAsync(HttpClient http, Uri node)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (true)
        {
            var answer = await http.GetAsync(new Uri(node, "/health/ready"), limit.Token);
            if ((await answer.Content.ReadAsStringAsync(limit.Token)).Contains("stopping", StringComparison.Ordinal))
            {
                answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
                return;
            }
        }
    }

    private async Task UntilAsync(string sql)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await database.AskAsync<bool>(sql))
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private RunningProgram Serve(ProviderSimulator simulator, Uri? at = null) => RunningProgram.Start(
        folder.Path,
        new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = database.ConnectionString,
            ["EGOVPAY_SECRET"] = new string('s', 32),
            ["EGOVPAY_PROVIDERS"] = simulator.Address.GetLeftPart(UriPartial.Authority),
            ["EGOVPAY_LOG"] = "warning",
        },
        "serve", "--listen", at?.GetLeftPart(UriPartial.Authority) ?? "http://127.0.0.1:0");

    private static async Task<Uri> AddressAsync(RunningProgram server)
    {
        var line = await server.LineAsync("listens on");
        return new Uri(line[(line.LastIndexOf(' ') + 1)..]);
    }
}
