using EGovPay.Processing;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.Office;
using EGovPay.Terminals.OsmpIn;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace EGovPay.Terminals;

/// <summary>
/// What every request passes before and after its call: how much is under way, how often an address asks, the headers
/// of every answer, and the one form of every failure.
/// </summary>
internal sealed class Gate(Entrance entrance, Paces paces, Outage outage, Func<bool> sure, ILogger log)
{
    private const string Policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    /// <summary>When to come again while the book is not sure, seconds.</summary>
    public const int UnsureRetrySeconds = 30;

    /// <summary>When to come again to a server that is full, seconds.</summary>
    public const int FullRetrySeconds = 2;

    /// <summary>Health is told to whoever asks, however full it is.</summary>
    public static bool IsHealth(PathString path) => path.StartsWithSegments("/health", StringComparison.Ordinal);

    /// <summary>The finance office hears of faults in its own words.</summary>
    private static bool IsOffice(PathString path) => path.StartsWithSegments("/v1/settlement", StringComparison.OrdinalIgnoreCase);

    /// <summary>The headers of every answer.</summary>
    public static void Protect(IHeaderDictionary headers, string scheme)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["X-Permitted-Cross-Domain-Policies"] = "none";
        headers.CacheControl = "no-store";
        if (scheme == Uri.UriSchemeHttps)
        {
            headers.StrictTransportSecurity = "max-age=31536000";
        }
    }

    public async Task PassAsync(HttpContext http, RequestDelegate next)
    {
        Protect(http.Response.Headers, http.Request.Scheme);
        if (IsHealth(http.Request.Path))
        {
            await CallAsync(http, next);
            return;
        }

        // All of it before the body is read: to refuse must cost less than to serve.
        if (!sure())
        {
            // Not even a look: what the book says of the past is perhaps no longer all of it.
            await RefuseAsync(http, new Refused(Refusal.Overloaded, RetryAfterSeconds: UnsureRetrySeconds));
            return;
        }

        using var place = entrance.TryEnter();
        if (place is null)
        {
            Log.Overloaded(log, entrance.UnderWay, entrance.Limit);
            if (entrance.Closing.IsCancellationRequested)
            {
                // The next request is to find another server.
                http.Response.Headers.Connection = "close";
            }

            await RefuseAsync(http, new Refused(Refusal.Overloaded, RetryAfterSeconds: FullRetrySeconds));
        }
        else if (paces.Address(http.Connection.RemoteIpAddress) is { } seconds)
        {
            await RefuseAsync(http, new Refused(Refusal.TooManyRequests, RetryAfterSeconds: seconds));
        }
        else if (!IsHost(http.Request.Host))
        {
            await RefuseAsync(http, new Refused(Refusal.MalformedRequest, "Host"));
        }
        else
        {
            await CallAsync(http, next);
        }
    }

    private async Task CallAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        catch (BadHttpRequestException fault)
        {
            await RefuseAsync(http, new Refused(Refusal.MalformedRequest), fault.StatusCode);
            return;
        }
        catch (Exception gone) when (http.RequestAborted.IsCancellationRequested
            && gone is OperationCanceledException or ConnectionResetException)
        {
            // Nobody listens any more. What was begun goes on by itself; anything else that went wrong is told below.
            return;
        }
        catch (OperationCanceledException) when (entrance.Over.IsCancellationRequested)
        {
            // The server stops and does not wait for a provider that hangs: what was begun goes on, here or on another node.
            await RefuseAsync(http, Open(http));
            return;
        }
        catch (Exception away) when (Outage.Is(away))
        {
            outage.Tell(away);
            await RefuseAsync(http, Open(http));
            return;
        }
        catch (Exception defect)
        {
            Log.RequestFailed(log, defect, http.Request.Method, RouteOf(http));
            if (!http.RequestAborted.IsCancellationRequested)
            {
                await RefuseAsync(http, new Refused(Refusal.Internal));
            }

            return;
        }

        if (http.Response.HasStarted
            || http.Response.ContentLength is not null || http.Response.ContentType is not null)
        {
            return;
        }

        // The framework's own answers have no body.
        switch (http.Response.StatusCode)
        {
            case StatusCodes.Status404NotFound:
                await RefuseAsync(http, new Refused(Refusal.NotFound));
                break;
            case >= 400 and < 500 and var status:
                await RefuseAsync(http, new Refused(Refusal.MalformedRequest), status);
                break;
            default:
                break;
        }
    }

    /// <summary>A name or an address, or nothing at all (RFC 9112, 3.2). The server looks at its letters only.</summary>
    private static bool IsHost(HostString host) =>
        !host.HasValue || Uri.CheckHostName(host.Host) != UriHostNameType.Unknown;

    /// <summary>What the database did with it is not known; a read took nothing in any case.</summary>
    private static Refused Open(HttpContext http) => new(
        HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)
            ? Refusal.Overloaded : Refusal.OutcomeNotKnown,
        RetryAfterSeconds: Outage.RetrySeconds);

    private static async Task RefuseAsync(HttpContext http, Refused why, int? status = null)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        await (http.Request.Path.Equals(OsmpCalls.Path, StringComparison.OrdinalIgnoreCase)
            ? OsmpCalls.WriteAsync(http, OsmpReply.No("", why.Why))
            : IsOffice(http.Request.Path) && OfficeProblem.Of(why.Why, status) is { } problem ? problem.ExecuteAsync(http)
            : new Refuse(why, status).ExecuteAsync(http));
    }

    /// <summary>The route's pattern: a path holds references, which may be anything.</summary>
    private static string RouteOf(HttpContext http) =>
        (http.Features.Get<IEndpointFeature>()?.Endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "no route";
}
