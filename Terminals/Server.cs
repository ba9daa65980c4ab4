using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using EGovPay.Processing;
using EGovPay.Providers.Register;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.Devices;
using EGovPay.Terminals.Observing;
using EGovPay.Terminals.Office;
using EGovPay.Terminals.OsmpIn;
using EGovPay.Terminals.Receipts;
using EGovPay.Terminals.Shifts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Npgsql;

namespace EGovPay.Terminals;

/// <summary>How the HTTP side runs. The defaults are generous: they stop a flood, not a busy terminal.</summary>
public sealed record ServerSettings
{
    /// <summary>Where to listen; port 0 takes a free one. Default 127.0.0.1:8080.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 8080);

    /// <summary>
    /// Where the public reaches this server, <c>https://odenis.example</c>; signatures and receipts speak of it.
    /// Null: both speak of the address listened on.
    /// </summary>
    public string? PublicAddress { get; init; }

    /// <summary>The operator who answers for receipts: its legal name.</summary>
    public string OperatorName { get; init; } = "eGovPay";

    /// <summary>The operator's tax number, 10 digits.</summary>
    public string OperatorVoen { get; init; } = "0000000000";

    /// <summary>Sets receipts as signed PDF; null: this server gives none (406).</summary>
    public PdfReceipt? Pdf { get; init; }

    /// <summary>Hands registers over to providers, when the finance office asks; null: this server does not (409).</summary>
    public DeliverRegisters? Registers { get; init; }

    /// <summary>How long a payment's answer is waited for, at most 25 s by contract. Default 22 s.</summary>
    public TimeSpan PayPatience { get; init; } = TimeSpan.FromSeconds(22);

    /// <summary>Open connections; more are closed at once. Null: no limit. Default 20 000.</summary>
    public long? MaxConnections { get; init; } = 20_000;

    /// <summary>
    /// Requests under way, waits among them; more are refused (900) before their body is read. Default 10 000.
    /// </summary>
    public int MaxRequests { get; init; } = 10_000;

    /// <summary>What one terminal may ask a second, on average; 0: no limit. Default 1 000.</summary>
    public int TerminalRequestsPerSecond { get; init; } = 1_000;

    /// <summary>What one terminal may ask at once after a pause. Default 2 000.</summary>
    public int TerminalBurst { get; init; } = 2_000;

    /// <summary>What all terminals of one agent may ask a second, together; 0: no limit. Default 10 000.</summary>
    public int AgentRequestsPerSecond { get; init; } = 10_000;

    /// <summary>What they may ask at once after a pause. Default 20 000.</summary>
    public int AgentBurst { get; init; } = 20_000;

    /// <summary>
    /// What one address may ask a second; 0: no limit (behind a proxy, which shows one address for all). Default 5
    /// 000.
    /// </summary>
    public int AddressRequestsPerSecond { get; init; } = 5_000;

    /// <summary>What one address may ask at once after a pause. Default 10 000.</summary>
    public int AddressBurst { get; init; } = 10_000;

    /// <summary>
    /// Our own proxies: only they are believed when they say whom they ask for (<c>X-Forwarded-For</c>). Default none.
    /// </summary>
    public IReadOnlyList<System.Net.IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>With it the server speaks TLS 1.2 or 1.3 only; null: HTTP in clear.</summary>
    public ServerCertificate? Certificate { get; init; }

    /// <summary>How long the headers of a request may take. Default 10 s.</summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The slowest body that is waited for, bytes a second, after 5 s. Default 100.</summary>
    public double MinBodyBytesPerSecond { get; init; } = 100;
}

/// <summary>The HTTP side of the engine: the terminals' API, OSMP, receipts' verification, health.</summary>
public sealed class Server
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Starts serving; it serves until the application is stopped or disposed of. The engine stays the caller's: it
    /// is stopped after.
    /// </summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<WebApplication> StartAsync(
        ServerSettings settings, Engine engine, ILoggerFactory logs, CancellationToken cancel = default)
    {
        var app = Build(settings, engine, logs);
        try
        {
            await app.StartAsync(cancel);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        var log = app.Services.LogOf();
        var stopping = app.Lifetime.ApplicationStopping;
        app.Lifetime.ApplicationStopped.Register(() => Log.Stopped(log));
        stopping.Register(app.Services.GetRequiredService<Entrance>().Close);
        _ = Task.Run(() => ForgetNoncesAsync(engine, log, stopping), CancellationToken.None);
        _ = Task.Run(
            () => app.Services.GetRequiredService<Entrance>().FollowAsync(
                (refused, limit) => Log.Shedding(log, refused, limit), stopping),
            CancellationToken.None);
        Log.Serving(log, string.Join(", ", app.Urls));
        return app;
    }

    /// <summary>
    /// Stops in order: not ready and nothing new at once, then what is under way until the patience ends, then who still waits is
    /// told that its outcome is open.
    /// </summary>
    public static async Task StopAsync(WebApplication app, TimeSpan patience)
    {
        var entrance = app.Services.GetRequiredService<Entrance>();
        Log.Draining(app.Services.LogOf(), entrance.UnderWay);
        entrance.Close();
        await entrance.EmptyAsync(patience);
        using var last = new CancellationTokenSource(LastAnswers);
        await app.StopAsync(last.Token);
    }

    /// <summary>The application with its routes, not started.</summary>
    internal static WebApplication Build(ServerSettings settings, Engine engine, ILoggerFactory logs)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Limit(kestrel, settings));
        Doorstep.PutBefore(builder.Services, () => engine.Continuity.Sure);
        builder.Services.AddSingleton(logs);
        builder.Services.AddRouting();
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(engine);
        builder.Services.AddSingleton(new Paces(settings));
        builder.Services.AddSingleton(
            _ => new Entrance(
                settings.MaxRequests, () => engine.Journal.OldestAge, engine.Journal.QuickestCommit,
                () => engine.Gates.All.Sum(gate => gate.WaitedFor), TimeProvider.System));
        builder.Services.AddSingleton(new Lockouts(TimeProvider.System));
        builder.Services.AddSingleton(services => new Outage(TimeProvider.System, services.LogOf()));
        builder.Services.AddSingleton<Door>();
        builder.Services.AddSingleton<OfficeDoor>();
        builder.Services.AddSingleton(services => new StartReconciliation(engine, services.LogOf()));
        OpenApiDocument.Add(builder.Services);
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Clear();
            json.SerializerOptions.TypeInfoResolverChain.Add(ApiJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Add(ReceiptJsonContext.Default);
            json.SerializerOptions.TypeInfoResolverChain.Add(OfficeJson.Default);
            json.SerializerOptions.Encoder = ApiJson.Letters;
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
        });
        var app = builder.Build();
        NameSpan.Use(app);
        var gate = new Gate(
            app.Services.GetRequiredService<Entrance>(), app.Services.GetRequiredService<Paces>(),
            app.Services.GetRequiredService<Outage>(), () => engine.Continuity.Sure, app.Services.LogOf());
        app.Use((HttpContext http, RequestDelegate next) =>
        {
            http.Connection.RemoteIpAddress = CallerAddress.Of(http, settings.TrustedProxies);
            return next(http);
        });
        app.Use(gate.PassAsync);
        Map(app);
        return app;
    }

    /// <summary>The route table.</summary>
    private static void Map(WebApplication app)
    {
        CatalogueCalls.Map(app);
        PaymentCalls.Map(app);
        AccountCalls.Map(app);
        ShiftCalls.Map(app);
        DeviceCalls.Map(app);
        CardCalls.Map(app);
        ReceiptCalls.Map(app);
        OsmpCalls.Map(app);
        HealthCalls.Map(app);
        DayCalls.Map(app);
        ProposalCalls.Map(app);
        FileCalls.Map(app);
        PayoutCalls.Map(app);
        BreakCalls.Map(app);
        JobCalls.Map(app);
        ReconciliationCalls.Map(app);
        ReportCalls.Map(app);
        SettledCalls.Map(app);
        AgentCalls.Map(app);
        EntryCalls.Map(app);
        SentCalls.Map(app);
        WindowCalls.Map(app);
        OpenApiDocument.Map(app);
    }

    private static void Limit(KestrelServerOptions kestrel, ServerSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowResponseHeaderCompression = false;
        kestrel.Limits.MaxRequestBodySize = ReadBody.ReadOver;
        kestrel.Limits.MaxRequestLineSize = 8 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.RequestHeadersTimeout = settings.HeadersTimeout;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        kestrel.Limits.MaxConcurrentConnections = settings.MaxConnections;
        kestrel.Limits.MinRequestBodyDataRate =
            new MinDataRate(settings.MinBodyBytesPerSecond, TimeSpan.FromSeconds(5));
        kestrel.Limits.MinResponseDataRate = new MinDataRate(settings.MinBodyBytesPerSecond, TimeSpan.FromSeconds(10));
        kestrel.Listen(settings.Listen, listen =>
        {
            // One request after another on a connection: what is bounded by connections and by requests is the same.
            listen.Protocols = HttpProtocols.Http1;
            if (settings.Certificate is { } certificate)
            {
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = certificate.Current,
                        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                        ApplicationProtocols = [SslApplicationProtocol.Http11],
                        AllowRenegotiation = false,
                    }),
                });
            }
        });
    }

    private static async Task ForgetNoncesAsync(Engine engine, ILogger log, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(ForgetEvery, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await engine.Nonces.ForgetAsync(engine.Clock.GetCurrentInstant(), stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException or ObjectDisposedException)
            {
                Log.NoncesNotForgotten(log, failure);
            }
        }
    }
}
