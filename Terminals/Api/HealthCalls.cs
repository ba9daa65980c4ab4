using EGovPay.Processing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EGovPay.Terminals.Api;

/// <summary>For a load balancer: is the process alive, and may work be sent to it?</summary>
internal static class HealthCalls
{
    /// <summary>The server was told to stop and finishes what is under way.</summary>
    private const string Stopping = "stopping";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("health");
        health.MapGet("/live", Live);
        health.MapGet("/ready", ReadyAsync);
    }

    private static Ok<HealthJson> Live() => TypedResults.Ok(new HealthJson("live"));

    /// <summary>Ready while nothing speaks against sending work here; else every reason, in stable words (RUNBOOK.md).</summary>
    private static async Task<Results<Ok<HealthJson>, JsonHttpResult<HealthJson>>> ReadyAsync(
        Engine engine, Entrance entrance, HttpContext http)
    {
        var reasons = entrance.Closing.IsCancellationRequested
            ? [Stopping]
            : await engine.Readiness.ReasonsAsync(http.RequestAborted);
        return reasons is [var first, ..]
            ? TypedResults.Json(
                new HealthJson(first, reasons), ApiJson.Wire.HealthJson, statusCode: StatusCodes.Status503ServiceUnavailable)
            : TypedResults.Ok(new HealthJson("ready"));
    }
}
