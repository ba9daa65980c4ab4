using EGovPay.Processing;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EGovPay.Terminals.Api;

/// <summary>The agent's funds.</summary>
internal static class AccountCalls
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/account", GetAsync).WithTags("account");

    private static async Task<Results<Ok<FundsJson>, Refuse>> GetAsync(HttpContext http, Door door, Engine engine)
    {
        var admission = await door.AdmitAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var terminal = admission.Terminal;
        var funds = await engine.Funds.LookAsync(terminal.AgentId, terminal.Parts, http.RequestAborted);
        return TypedResults.Ok(new FundsJson(
            funds.BalanceQepik, funds.HeldQepik, funds.AvailableQepik, funds.CreditLimitQepik));
    }
}
