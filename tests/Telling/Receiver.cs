using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace EGovPay.Tests.Telling;

/// <summary>One request that a receiver got, answered or not.</summary>
internal sealed record Heard(
    Instant At, string Path, string? Id, string? Timestamp, string? Signature, string? Authorization, byte[] Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string Type => (string)Json["type"]!;
}

/// <summary>A subscriber's own HTTP server: keeps what it got, answers as told.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Heard> heard = new();
    private readonly SemaphoreSlim came = new(0);
    private int mostOpen;

    private Receiver(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.First());

    /// <summary>What the answer is; 200 by default. It may take its time, and throw to drop the connection.</summary>
    public Func<HttpContext, Heard, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public IReadOnlyList<Heard> All => [.. heard];

    /// <summary>
    /// The most connections that the asking side held open whenever a request came: its own ends are counted, since this side may notice
    /// late that one was given up.
    /// </summary>
    public int MostOpen => mostOpen;

    /// <summary>Connections that the asking side holds open now.</summary>
    public int Open => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
        .Count(line => line.State == TcpState.Established && line.RemoteEndPoint.Port == Address.Port);

    public static async Task<Receiver> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRouting();
        var app = builder.Build();
        var receiver = new Receiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Waits until what was heard is enough; fails after the time.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<Heard>, bool> enough, int seconds = 30)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!enough(All))
        {
            try
            {
                await came.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException late)
            {
                throw new InvalidOperationException($"Not enough was heard in {seconds} s: {All.Count} requests.", late);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await app.StopAsync(limit.Token);
        await app.DisposeAsync();
        came.Dispose();
    }

    private async Task TakeAsync(HttpContext context)
    {
        var at = SystemClock.Instance.GetCurrentInstant();
        InterlockedMax(Open);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var one = new Heard(
            at, context.Request.Path, context.Request.Headers["webhook-id"], context.Request.Headers["webhook-timestamp"],
            context.Request.Headers["webhook-signature"], context.Request.Headers.Authorization, body.ToArray());
        heard.Enqueue(one);
        came.Release();
        await Answer(context, one);
    }

    private void InterlockedMax(int value)
    {
        int seen;
        while ((seen = mostOpen) < value && Interlocked.CompareExchange(ref mostOpen, value, seen) != seen)
        {
        }
    }
}
