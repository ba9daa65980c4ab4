using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using EGovPay.Processing.Catalogue;

namespace EGovPay.Providers.Wire;

/// <summary>
/// The HTTP line to one provider: pooled connections, as many as its concurrency limit; no redirects, cookies, proxies,
/// trace headers or decompression; an answer's body of 64 KiB at most. It never throws for what a network or a provider
/// does, and never sends a request a second time.
/// </summary>
internal sealed class ProviderConnection : IDisposable
{
    private const int LongestBodyBytes = 64 * 1024;
    private const int LongestHeadersKib = 16;

    /// <summary>The longest a provider is waited for, whatever its settings say.</summary>
    private const int LongestTimeoutSeconds = 60;

    private readonly HttpMessageInvoker pooled;
    private readonly ProviderSettings settings;
    private readonly X509Certificate2? certificate;
    private readonly X509Certificate2Collection? authorities;

    /// <exception cref="FormatException">A file that its access names cannot be used.</exception>
    public ProviderConnection(ProviderSettings settings, ProviderAccess access)
    {
        this.settings = settings;
        certificate = Credentials.Certificate(access);
        authorities = TrustAuthorities.Read(access);
        pooled = new HttpMessageInvoker(Plain(TimeSpan.FromMinutes(2)));
    }

    /// <summary>
    /// Sends over a pooled connection. A request with a body is never re-sent by the client once its body has started
    /// (one without may be: it must be one that does no harm twice).
    /// </summary>
    public Task<WireAnswer> SendAsync(WireRequest request, CancellationToken deadline) =>
        SendAsync(pooled, new SendGate(request.SendBefore), request, deadline);

    /// <summary>
    /// Sends over a connection of its own. For a GET that pays: the client silently re-sends a GET whose connection
    /// closed unanswered (on .NET 10 over a new connection even where the first was fresh, as a test here shows). The
    /// gate stands where a connection has come up, and lets one through: the second connection carries nothing.
    /// </summary>
    public async Task<WireAnswer> SendFreshAsync(WireRequest request, CancellationToken deadline)
    {
        var gate = new SendGate(request.SendBefore);
        var single = Plain(TimeSpan.Zero);
        single.PlaintextStreamFilter = (context, _) =>
        {
            gate.Pass();
            return ValueTask.FromResult(context.PlaintextStream);
        };
        using var fresh = new HttpMessageInvoker(single);
        return await SendAsync(fresh, gate, request, deadline);
    }

    public void Dispose()
    {
        pooled.Dispose();
        certificate?.Dispose();
        foreach (var authority in authorities ?? [])
        {
            authority.Dispose();
        }
    }

    private SocketsHttpHandler Plain(TimeSpan lifetime)
    {
        var seconds = Math.Clamp(settings.TimeoutSeconds, 1, LongestTimeoutSeconds);
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            Credentials = null,
            PreAuthenticate = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = LongestHeadersKib,
            MaxResponseDrainSize = 0,
            MaxConnectionsPerServer = Math.Max(1, settings.ConcurrencyLimit),
            ConnectTimeout = TimeSpan.FromSeconds(Math.Min(seconds, 10)),
            PooledConnectionLifetime = lifetime,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            EnableMultipleHttp2Connections = false,
            SslOptions = TrustAuthorities.Options(certificate, authorities),
        };
    }

    private async Task<WireAnswer> SendAsync(
        HttpMessageInvoker client, SendGate gate, WireRequest request, CancellationToken deadline)
    {
        var started = Stopwatch.GetTimestamp();
        var status = 0;
        HttpResponseMessage? came = null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(deadline);
        limit.CancelAfter(TimeSpan.FromSeconds(Math.Clamp(settings.TimeoutSeconds, 1, LongestTimeoutSeconds)));
        try
        {
            using var message = Message(request, gate);
            using var response = await client.SendAsync(message, limit.Token);
            status = (int)response.StatusCode;
            came = response;
            var body = await ReadBodyAsync(response.Content, limit.Token);
            return body is null
                ? Failed(WireResult.Broken, "the body is longer than 64 KiB")
                : new WireAnswer(request, WireResult.Answered, status, response.Content.Headers.ContentType?.CharSet,
                    body.Value, null, response, Elapsed(started));
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            var trouble = fault switch
            {
                OperationCanceledException => "no whole answer before the deadline",
                HttpRequestException http => $"{http.HttpRequestError}",
                _ => $"{fault.GetType().Name}: {fault.Message}",
            };
            return Failed(gate.ShutBeforeAnythingLeft() ? WireResult.NeverLeft : WireResult.Broken, trouble);
        }

        WireAnswer Failed(WireResult result, string trouble) =>
            new(request, result, status, null, default, trouble, came, Elapsed(started));
    }

    private static HttpRequestMessage Message(WireRequest request, SendGate gate)
    {
        var message = new HttpRequestMessage(request.Method, request.Target)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (request.Body is { } body)
        {
            message.Content = new GatedContent(gate, body, request.MediaType!);
        }
        else if (request.Method != HttpMethod.Get && request.Method != HttpMethod.Delete)
        {
            throw new InvalidOperationException("Only a GET and a DELETE travel without a body.");
        }

        foreach (var (name, value) in request.Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }

    /// <summary>
    /// The whole body, or null where it is too long. It is read no further than one byte past the limit.
    /// </summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpContent content, CancellationToken deadline)
    {
        if (content.Headers.ContentLength > LongestBodyBytes)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)(content.Headers.ContentLength ?? 4_095) + 1);
        try
        {
            await using var stream = await content.ReadAsStreamAsync(deadline);
            var length = 0;
            while (true)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length), deadline);
                length += read;
                if (read == 0)
                {
                    return buffer.AsSpan(0, length).ToArray();
                }

                if (length > LongestBodyBytes)
                {
                    return null;
                }

                if (length == buffer.Length)
                {
                    var longer = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(longer);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = longer;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int Elapsed(long started) => (int)Stopwatch.GetElapsedTime(started).TotalMilliseconds;
}
