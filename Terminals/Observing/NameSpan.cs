using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace EGovPay.Terminals.Observing;

/// <summary>
/// Gives the span of a request its name: the method and the route's pattern. A path holds references and a query accounts: neither is
/// ever in a span, and the framework is told to put nothing there by itself.
/// </summary>
internal static class NameSpan
{
    /// <summary>The framework's switch for tags of its own, the path among them.</summary>
    private const string Switch = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";

    public static void Use(WebApplication app)
    {
        AppContext.SetSwitch(Switch, true);
        app.Use(PassAsync);
    }

    private static Task PassAsync(HttpContext http, RequestDelegate next) =>
        Activity.Current is { IsAllDataRequested: true } span ? NameAsync(http, next, span) : next(http);

    private static async Task NameAsync(HttpContext http, RequestDelegate next, Activity span)
    {
        await next(http);
        var endpoint = http.Features.Get<IEndpointFeature>()?.Endpoint as RouteEndpoint;
        var route = endpoint?.RoutePattern.RawText;
        var method = endpoint is null ? "HTTP" : http.Request.Method;
        span.DisplayName = route is null ? method : $"{method} {route}";
        span.SetTag("http.request.method", method).SetTag("http.route", route)
            .SetTag("http.response.status_code", http.Response.StatusCode);
        if (http.Response.StatusCode is >= 500 or StatusCodes.Status202Accepted)
        {
            // A payment that is not final after all this time is worth a look, as a failure is.
            span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
