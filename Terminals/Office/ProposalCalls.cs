using EGovPay.Processing;
using EGovPay.Processing.People;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>What one person proposed and another decides.</summary>
/// <param name="Payout">With a payout: its number.</param>
/// <param name="Break">With a break: its number.</param>
/// <param name="Number">The payment's, where it is about one.</param>
public sealed record ProposalJson(
    long Id, string Kind, string State, string Agent, string? Number, long? Payout, long? Break, string? Resolution, string? Reference,
    long? AmountQepik, string Reason, string MadeBy, string MadeAt, string ApproveFrom, string ExpiresAt, string? DecidedBy,
    string? DecidedAt, string? Outcome);

/// <summary>Proposals, newest first.</summary>
public sealed record ProposalListJson(IReadOnlyList<ProposalJson> Proposals);

/// <summary>Why it is refused or taken back; stays on the record.</summary>
public sealed record ReasonAsked(string? Reason);

/// <summary>Deciding about proposals of every kind: payouts, breaks, payments, deposits, limits.</summary>
internal static class ProposalCalls
{
    private const int Shown = 200;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/proposals", ListAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/proposals/{id:long}", ShowAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/proposals/{id:long}/approve", ApproveAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/proposals/{id:long}/reject", RejectAsync)
            .Accepts<ReasonAsked>("application/json").WithTags("settlement");
        routes.MapPost("/v1/settlement/proposals/{id:long}/withdraw", WithdrawAsync)
            .Accepts<ReasonAsked>("application/json").WithTags("settlement");
    }

    private static async Task<Results<Ok<ProposalListJson>, OfficeProblem>> ListAsync(
        HttpContext http, OfficeDoor door, Engine engine, bool? all = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var found = await Proposals.ListAsync(engine.Database, all != true, null, Shown, http.RequestAborted);
        return TypedResults.Ok(new ProposalListJson([.. found.Select(Of)]));
    }

    private static async Task<Results<Ok<ProposalJson>, OfficeProblem>> ShowAsync(HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        return await engine.Proposals.FindAsync(id, http.RequestAborted) is { } one ? TypedResults.Ok(Of(one)) : NoSuch(id);
    }

    private static async Task<Results<Ok<ProposalJson>, OfficeProblem>> ApproveAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.ProposalApprove);
        return refused ?? Say(id, await engine.Decide.ApproveAsync(person, id));
    }

    private static async Task<Results<Ok<ProposalJson>, OfficeProblem>> RejectAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.ProposalReject);
        if (refused is null)
        {
            (var why, refused) = await ReasonAsync(http);
            return refused ?? Say(id, await engine.Decide.RejectAsync(person, id, why));
        }

        return refused;
    }

    private static async Task<Results<Ok<ProposalJson>, OfficeProblem>> WithdrawAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.ProposalWithdraw);
        if (refused is null)
        {
            (var why, refused) = await ReasonAsync(http);
            return refused ?? Say(id, await engine.Decide.WithdrawAsync(person, id, why));
        }

        return refused;
    }

    private static async Task<(string? Reason, OfficeProblem? Refused)> ReasonAsync(HttpContext http)
    {
        var (asked, refused) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.ReasonAsked);
        return refused is null && asked!.Reason is { } why && (why.Length is 0 or > Proposals.LongestReason || !Api.Plain.IsPlain(why))
            ? (null, OfficeProblem.Malformed(
                "reason", FormattableString.Invariant($"1 to {Proposals.LongestReason} characters, no control characters.")))
            : (asked?.Reason, refused);
    }

    private static Results<Ok<ProposalJson>, OfficeProblem> Say(long id, Decided decided) => decided switch
    {
        { Proposal: null } => NoSuch(id),
        { Result: DecideResult.Done or DecideResult.DoneBefore, Proposal: { } done } => TypedResults.Ok(Of(done)),
        { Proposal: { } other } => new OfficeProblem(
            OfficeRefusal.NotPossible, CommandLine.ProposalVerbs.Refusal(decided.Result, other)),
    };

    private static OfficeProblem NoSuch(long id) => new(OfficeRefusal.NotThere, FormattableString.Invariant($"There is no proposal {id}."));

    internal static ProposalJson Of(Proposal one) => new(
        one.Id, one.Kind.ToString(), one.State.ToString(), one.AgentCode, Text(one.Number), one.PayoutId, one.BreakId, one.Resolution,
        one.Reference, one.AmountQepik, one.Reason, one.MadeBy, At(one.MadeAt)!, At(one.ApproveFrom)!, At(one.ExpiresAt)!, one.DecidedBy,
        At(one.DecidedAt), one.Outcome);

    private static string? Text(long? number) => number?.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string? At(Instant? at) => at is { } some ? InstantPattern.ExtendedIso.Format(some) : null;
}
