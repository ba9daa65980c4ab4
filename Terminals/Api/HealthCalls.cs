using EGovPay.Processing;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace EGovPay.Terminals.Api;

/// <summary>For a load balancer: is the process alive, and may work be sent to it?</summary>
internal static class HealthCalls
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("health");
        health.MapGet("/live", Live);
        health.MapGet("/ready", ReadyAsync);
    }

    private static Ok<HealthJson> Live() => TypedResults.Ok(new HealthJson("live"));

    /// <summary>Ready while the lease is renewed and the database answers within two seconds.</summary>
    private static async Task<Results<Ok<HealthJson>, JsonHttpResult<HealthJson>>> ReadyAsync(
        Engine engine, HttpContext http)
    {
        if (!engine.Node.Alive)
        {
            return NotReady("lease-lost");
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        timeout.CancelAfter(Patience);
        try
        {
            await using var ask = engine.Database.CreateCommand("select 1");
            await ask.ExecuteScalarAsync(timeout.Token);
            return TypedResults.Ok(new HealthJson("ready"));
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException or TimeoutException)
        {
            return NotReady("database-unavailable");
        }
    }

    private static JsonHttpResult<HealthJson> NotReady(string status) => TypedResults.Json(
        new HealthJson(status), ApiJson.Wire.HealthJson, statusCode: StatusCodes.Status503ServiceUnavailable);
}
