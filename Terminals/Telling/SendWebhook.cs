using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using EGovPay.Processing;
using EGovPay.Processing.Telling;
using NodaTime;

namespace EGovPay.Terminals.Telling;

/// <summary>
/// Posts to webhook endpoints. Redirects are not followed, no cookie is kept, no proxy asked; of the answer the status counts and the
/// rest is ignored, however much there is.
/// </summary>
internal sealed class PostWebhook : IDisposable
{
    private readonly HttpClient client;

    public PostWebhook(AllowedTargets targets) => client = new HttpClient(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxResponseHeadersLength = 16,
        MaxResponseDrainSize = 16 * 1024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectCallback = targets.ConnectAsync,
    })
    {
        // Each attempt has a limit of its own.
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestVersion = HttpVersion.Version11,
    };

    /// <summary>Posts a signed body once.</summary>
    public async Task<Reached> PostAsync(
        Uri url, string id, Instant now, byte[] body, IReadOnlyList<byte[]> keys, CancellationToken cancel)
    {
        var seconds = now.ToUnixTimeSeconds();
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        request.Headers.Add(SignWebhook.IdHeader, id);
        request.Headers.Add(SignWebhook.TimestampHeader, seconds.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(SignWebhook.SignatureHeader, SignWebhook.Sign(keys, id, seconds, body));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("eGovPay", null));
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            var note = string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)answer.StatusCode}");
            return (int)answer.StatusCode switch
            {
                >= 200 and < 300 => Reached.Told,
                410 => new Reached(Reach.Gone, note),
                >= 500 or 408 or 429 => new Reached(Reach.Ill, note),
                _ => new Reached(Reach.NotNow, note),
            };
        }
        catch (HttpRequestException failed) when (failed.InnerException is TargetNotAllowedException)
        {
            return new Reached(Reach.Ill, "its address is not allowed");
        }
        catch (HttpRequestException failed)
        {
            return new Reached(Reach.Ill, failed.HttpRequestError.ToString());
        }
        catch (IOException)
        {
            return new Reached(Reach.Ill, "the connection broke");
        }
    }

    public void Dispose() => client.Dispose();
}

/// <summary>Tells one endpoint.</summary>
internal sealed class SendWebhook(WebhookEndpoint endpoint, PostWebhook post, Engine engine) : IWay
{
    public Task<Reached> TellAsync(Telling telling, CancellationToken cancel)
    {
        var body = endpoint.ProviderId is null
            ? WebhookBody.ForAgent(telling, engine)
            : WebhookBody.ForProvider(telling);
        var now = engine.Clock.GetCurrentInstant();
        return post.PostAsync(endpoint.Url, telling.Id, now, body, SignWebhook.KeysOf(endpoint, engine.Keys, now), cancel);
    }
}
