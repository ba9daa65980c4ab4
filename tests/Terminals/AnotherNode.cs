using System.Net;
using EGovPay.Processing;
using EGovPay.Providers;
using EGovPay.Providers.Simulator;
using EGovPay.Terminals;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace EGovPay.Tests.Terminals;

/// <summary>A further server with an engine of its own on a centre's database, with a secret of its own if need be.</summary>
internal sealed class AnotherNode : IAsyncDisposable
{
    private readonly ConnectProviders connect;
    private readonly WebApplication app;

    private AnotherNode(ConnectProviders connect, Engine engine, WebApplication app)
    {
        this.connect = connect;
        this.app = app;
        Engine = engine;
        Address = new Uri(app.Urls.First());
    }

    public Engine Engine { get; }

    public Uri Address { get; }

    public static async Task<AnotherNode> StartAsync(
        HttpCentre centre, byte[]? secret = null, ServerSettings? settings = null, params byte[][] others)
    {
        var connect = new ConnectProviders(
            centre.Centre.Simulator.Address, SimulatedAccess.For, SystemClock.Instance, NullLoggerFactory.Instance);
        var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = centre.Database.ConnectionString,
                Secret = secret ?? new byte[32],
                OtherSecrets = [.. others.Select(other => (ReadOnlyMemory<byte>)other)],
                Connect = connect.Connect,
                Route = (_, _) => "azercell",
            },
            SystemClock.Instance, NullLoggerFactory.Instance);
        var app = await Server.StartAsync(
            (settings ?? new ServerSettings()) with { Listen = new IPEndPoint(IPAddress.Loopback, 0) }, engine,
            NullLoggerFactory.Instance);
        return new AnotherNode(connect, engine, app);
    }

    public HttpClient ClientOf(string key)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await Engine.DisposeAsync();
        connect.Dispose();
    }
}
