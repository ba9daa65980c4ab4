using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace EGovPay.Benchmarks.Observing;

/// <summary>Takes what an exporter posts and throws it away; counts it.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication app;
    private long bytes;
    private long posts;

    private Collector(WebApplication app) => this.app = app;

    public string Address => app.Urls.First();

    public long Bytes => Interlocked.Read(ref bytes);

    public long Posts => Interlocked.Read(ref posts);

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var collector = new Collector(builder.Build());
        collector.app.Run(async http =>
        {
            var buffer = new byte[16_384];
            while (await http.Request.Body.ReadAsync(buffer) is var read and > 0)
            {
                Interlocked.Add(ref collector.bytes, read);
            }

            Interlocked.Increment(ref collector.posts);
            http.Response.ContentType = "application/x-protobuf";
        });
        await collector.app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
