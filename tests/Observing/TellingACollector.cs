using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Xunit;

namespace EGovPay.Tests.Observing;

/// <summary>`serve` as a process, with a collector beside it.</summary>
public sealed class TellingACollector(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const string Account = "012345678901234";

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_collector_gets_metrics_and_traces_and_nothing_personal_is_in_them()
    {
        await using var collector = await Collector.StartAsync();
        await using var simulator = RunningProgram.Start(folder.Path, null, "simulate", "--port", "0", "--seed", "7");
        var providers = AddressIn(await simulator.LineAsync("listens on"));
        var key = await AddTerminalAsync();
        var variables = new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = database.ConnectionString,
            ["EGOVPAY_PROVIDERS"] = providers.GetLeftPart(UriPartial.Authority),
            ["EGOVPAY_TRACES"] = "1",
            ["EGOVPAY_METRICS"] = "http://127.0.0.1:0",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString(),
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        };
        await using var server = RunningProgram.Start(
            folder.Path, variables, "serve", "--listen", "http://127.0.0.1:0", "--node", "n1");
        var address = AddressIn(await server.LineAsync("listens on"));
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        var trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        var number = await PayAsync(http, "COLLECTED-1", Account, trace);
        await PayAsync(http, "COLLECTED-2", "012345678966628", trace);
        using var asked = await http.GetAsync(new Uri($"/osmp?command=check&txn_id=1&account={Account}&prv_id=10101", UriKind.Relative));

        await collector.HeardAsync("/v1/metrics", "egovpay.payments", "Confirmed", "http.server.request.duration", "egovpay.unknown.age");
        await collector.HeardAsync("/v1/traces", "PUT /v1/payments/{reference}", "journal accept", "pay azerishiq", number.ToString(CultureInfo.InvariantCulture), "ask unknown");
        collector.Holds("/v1/traces", Convert.FromHexString(trace)).Should().BeTrue("the trace is the caller's own");
        server.Signal(PosixSignal.SIGTERM);
        var ended = await server.EndAsync();
        ended.ExitCode.Should().Be(0, ended.Errors);
        foreach (var secret in new[] { Account, "012345678966628", key, "COLLECTED-1" })
        {
            collector.Holds("/v1/metrics", Encoding.UTF8.GetBytes(secret)).Should().BeFalse(secret);
            collector.Holds("/v1/traces", Encoding.UTF8.GetBytes(secret)).Should().BeFalse(secret);
        }
    }

    private static async Task<long> PayAsync(HttpClient http, string reference, string account, string trace)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/payments/{reference}")
        {
            Content = new StringContent(
                $$"""{"service":"10101","account":"{{account}}","amountQepik":2350,"totalQepik":2350,"tender":"cash"}""",
                Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
        using var answer = await http.SendAsync(request);
        var said = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.Should().BeTrue(said);
        return long.Parse(JsonDocument.Parse(said).RootElement.GetProperty("number").GetString()!, CultureInfo.InvariantCulture);
    }

    private static Uri AddressIn(string line) => new(line[(line.LastIndexOf(' ') + 1)..]);

    private async Task<string> AddTerminalAsync()
    {
        var people = await TestPeople.OfAsync(database);
        var variables = people.Environment(database.ConnectionString);
        string[][] commands =
        [
            ["agent", "add", "collected", "--name", "Bank"],
            ["agent", "topup", "propose", "collected", "--amount", "1000.00", "--reference", "d-1", "--json"],
            ["point", "add", "p", "--agent", "collected", "--name", "Mərkəz"],
            ["terminal", "add", "t", "--agent", "collected", "--point", "p", "--name", "Kassa", "--json"],
        ];
        var last = "";
        foreach (var command in commands)
        {
            var run = await RunningProgram.RunAsync(folder.Path, variables, command);
            run.ExitCode.Should().Be(0, run.Errors);
            last = run.LastLine;
            if (command[1] == "topup")
            {
                var proposal = JsonDocument.Parse(last).RootElement.GetProperty("proposal").GetRawText();
                var approved = await RunningProgram.RunAsync(
                    folder.Path, people.Environment(database.ConnectionString, people.ApproverKey), "agent", "topup", "approve", proposal);
                approved.ExitCode.Should().Be(0, approved.Errors);
            }
        }

        return JsonDocument.Parse(last).RootElement.GetProperty("key").GetString()!;
    }

    /// <summary>Takes what an exporter posts, and keeps it.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication app;
        private readonly ConcurrentQueue<(string Path, byte[] Body)> posts = new();
        private readonly SemaphoreSlim came = new(0);

        private Collector(WebApplication app) => this.app = app;

        public Uri Address => new(app.Urls.First());

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            var collector = new Collector(builder.Build());
            collector.app.Run(async http =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                collector.posts.Enqueue((http.Request.Path.Value!, body.ToArray()));
                collector.came.Release();
                http.Response.ContentType = "application/x-protobuf";
            });
            await collector.app.StartAsync();
            return collector;
        }

        /// <summary>Waits until each text was in some body posted to the path.</summary>
        public async Task HeardAsync(string path, params string[] texts)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            while (texts.FirstOrDefault(text => !Holds(path, Encoding.UTF8.GetBytes(text)) && !Holds(path, Number(text))) is { } missing)
            {
                try
                {
                    await came.WaitAsync(limit.Token);
                }
                catch (OperationCanceledException late)
                {
                    throw new TimeoutException($"Nothing at {path} held '{missing}'.", late);
                }
            }
        }

        public bool Holds(string path, byte[] bytes) =>
            bytes.Length > 0 && posts.Any(post => post.Path == path && post.Body.AsSpan().IndexOf(bytes) >= 0);

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            came.Dispose();
        }

        /// <summary>A whole number as protobuf writes it.</summary>
        private static byte[] Number(string text)
        {
            if (!ulong.TryParse(text, CultureInfo.InvariantCulture, out var left))
            {
                return [];
            }

            var bytes = new List<byte>();
            for (; left >= 0x80; left >>= 7)
            {
                bytes.Add((byte)((left & 0x7f) | 0x80));
            }

            return [.. bytes, (byte)left];
        }
    }
}
