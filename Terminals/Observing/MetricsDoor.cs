using System.Net;

namespace EGovPay.Terminals.Observing;

/// <summary>
/// `/metrics` on an address of its own: what a machine looks like from inside is for its operators, not for the public.
/// </summary>
internal sealed class MetricsDoor : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly PrometheusText text;

    private MetricsDoor(WebApplication app, PrometheusText text)
    {
        this.app = app;
        this.text = text;
    }

    /// <summary>The address, with the port that was taken.</summary>
    public string Address => app.Urls.First();

    /// <summary>Opens it; null where it is not wanted, and then nothing is measured for it.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<MetricsDoor?> OpenAsync(IPEndPoint? listen, ILoggerFactory logs, CancellationToken cancel)
    {
        if (listen is null)
        {
            return null;
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 16;
            kestrel.Listen(listen);
        });
        builder.Services.AddSingleton(logs);
        var app = builder.Build();
        var text = new PrometheusText(Telemetry.Meters);
        app.Run(http => AnswerAsync(http, text));
        try
        {
            await app.StartAsync(cancel);
        }
        catch
        {
            text.Dispose();
            await app.DisposeAsync();
            throw;
        }

        var door = new MetricsDoor(app, text);
        Log.ShowingMetrics(logs.CreateLogger<MetricsDoor>(), door.Address);
        return door;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        text.Dispose();
    }

    private static Task AnswerAsync(HttpContext http, PrometheusText text)
    {
        if (http.Request.Path != "/metrics" || !HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        http.Response.ContentType = PrometheusText.ContentType;
        return http.Response.WriteAsync(text.Render(), http.RequestAborted);
    }
}
