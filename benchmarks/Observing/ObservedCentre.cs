using System.Net;
using System.Net.Http.Headers;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Schema;
using EGovPay.Providers;
using EGovPay.Terminals;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace EGovPay.Benchmarks.Observing;

/// <summary>
/// The whole server on a durable private cluster, with payers over HTTP in the same process. Providers confirm at once, without a
/// network: the less there is beside it, the more looking weighs.
/// </summary>
internal sealed class ObservedCentre : IAsyncDisposable
{
    private const int Agents = 16;

    private static readonly Person Doer = new("bench", "Bench", [Role.Administrator, Role.Operator]);

    private readonly string folder;
    private readonly PrivateCluster cluster;
    private readonly Engine engine;
    private readonly WebApplication app;
    private readonly HttpClient[] payers;
    private long references;

    private ObservedCentre(string folder, PrivateCluster cluster, Engine engine, WebApplication app, HttpClient[] payers)
    {
        this.folder = folder;
        this.cluster = cluster;
        this.engine = engine;
        this.app = app;
        this.payers = payers;
    }

    public static async Task<ObservedCentre> StartAsync(int payers)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"egovpay-observing-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        var cluster = await PrivateCluster.StartAsync(
            PrivateClusterSettings.FromEnvironment(folder), NullLogger.Instance, CancellationToken.None);
        await Migrate.RunAsync(cluster.ConnectionString);
        var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = cluster.ConnectionString,
                Secret = new byte[32],
                Connect = providers => providers.ToDictionary(
                    one => one.Code, IProvider (one) => new MeasuredProvider(new WillingProvider(one)), StringComparer.Ordinal),
                Route = (_, _) => "azercell",
            },
            SystemClock.Instance, NullLoggerFactory.Instance);
        var app = await Server.StartAsync(
            new ServerSettings
            {
                Listen = new IPEndPoint(IPAddress.Loopback, 0),
                TerminalRequestsPerSecond = 0,
                AgentRequestsPerSecond = 0,
                AddressRequestsPerSecond = 0,
            },
            engine, NullLoggerFactory.Instance);
        var keys = await AddTerminalsAsync(engine);
        var clients = Enumerable.Range(0, payers).Select(payer =>
        {
            var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", keys[payer % keys.Count]);
            return client;
        });
        return new ObservedCentre(folder, cluster, engine, app, [.. clients]);
    }

    /// <summary>Every payer pays until the time is up, one payment after another. How many were confirmed.</summary>
    public async Task<long> PayForAsync(TimeSpan time)
    {
        var paid = 0L;
        using var ends = new CancellationTokenSource(time);
        await Task.WhenAll(payers.Select(client => Task.Run(async () =>
        {
            while (!ends.IsCancellationRequested)
            {
                var reference = Interlocked.Increment(ref references);
                using var body = new StringContent(
                    """{"service":"10101","account":"012345678901234","amountQepik":2350,"totalQepik":2350,"tender":"cash"}""",
                    Encoding.UTF8, "application/json");
                using var answer = await client.PutAsync(
                    new Uri(FormattableString.Invariant($"/v1/payments/B-{reference}"), UriKind.Relative), body);
                var said = await answer.Content.ReadAsStringAsync();
                if (!said.Contains("\"Confirmed\"", StringComparison.Ordinal))
                {
                    throw new InvalidOperationException($"A payment of the benchmark was not confirmed: {said}");
                }

                Interlocked.Increment(ref paid);
            }
        })));
        return paid;
    }

    public async ValueTask DisposeAsync()
    {
        Array.ForEach(payers, payer => payer.Dispose());
        await app.StopAsync();
        await app.DisposeAsync();
        await engine.DisposeAsync();
        await cluster.StopAndDeleteAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<List<string>> AddTerminalsAsync(Engine engine)
    {
        await new Users(engine.Database).BootstrapAsync(PersonKey.New(Doer.Login), Doer.Login, Doer.Name, Doer.Roles);
        var administer = new Administer(engine.Database, Doer);
        var keys = new List<string>();
        for (var i = 0; i < Agents; i++)
        {
            var code = FormattableString.Invariant($"bank-{i}");
            var agent = (await administer.AddAgentAsync(code, "Bank"))!.Value;
            var point = (await administer.AddPointAsync(agent, "p", "Mərkəz"))!.Value;
            keys.Add((await administer.AddTerminalAsync(agent, point, new NewTerminal(code + "-t", "Kassa")))!);
        }

        // Money as no deposit of a day brings it: nobody is to run out.
        await using var fund = engine.Database.CreateCommand("update funds set credits_posted = 4000000000000000 where credits_posted = 0");
        await fund.ExecuteNonQueryAsync();
        await engine.Directory.RefreshAsync();
        return keys;
    }
}
