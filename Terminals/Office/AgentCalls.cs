using System.Text.Json.Serialization;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.People;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Terms;
using EGovPay.Terminals.Api;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>How an agent that settles afterwards stands.</summary>
/// <param name="DueSince">The due day of the oldest debt that is overdue; null: nothing is.</param>
/// <param name="DaysLate">Calendar days after it.</param>
/// <param name="PaidAheadQepik">Paid in beyond all that is due.</param>
public sealed record StandingJson(
    string Agent, long UnpaidQepik, long OverdueQepik, string? DueSince, int DaysLate, long PaidAheadQepik);

/// <summary>Agents who settle afterwards, by code.</summary>
/// <param name="Next">What <c>after</c> has to be for those that follow; null: there are none.</param>
public sealed record StandingListJson(IReadOnlyList<StandingJson> Items, string? Next);

/// <summary>What an agent owes for one business day.</summary>
/// <param name="DueOn">The bank day by whose end it is to be paid.</param>
/// <param name="PaidQepik">Of deposits, which go to the oldest day first.</param>
public sealed record AgentDueJson(string Day, string DueOn, long DueQepik, long PaidQepik, long UnpaidQepik, int DaysLate);

/// <summary>One agent, day by day, newest first.</summary>
/// <param name="More">There are days before these.</param>
public sealed record AgentDaysJson(StandingJson Standing, IReadOnlyList<AgentDueJson> Days, bool More);

/// <summary>A deposit that came: bank → funds, when another person has approved it.</summary>
/// <param name="Reference">The bank document's number, 1 to 100 characters; names one deposit for ever.</param>
/// <param name="AmountQepik">At least a qəpik for each part of the agent.</param>
/// <param name="Reason">Null: deposit by bank document.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TopUpAsked(string? Reference, long? AmountQepik, string? Reason);

/// <summary>What an agent may take beyond its deposits, when another person has approved it.</summary>
/// <param name="LimitQepik">0 for none.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LimitAsked(long? LimitQepik, string? Reason);

/// <summary>Agents who settle afterwards: what is due, and who is late. Deposits and limits of any agent, proposed.</summary>
internal static class AgentCalls
{
    private const int UsualLimit = 100;
    private const int MostLimit = 1_000;
    private const int LongestReference = 100;
    private const long MostQepik = 1_000_000_000_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/agents", ListAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/agents/{code}", ShowAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/agents/{code}/top-ups", TopUpAsync)
            .Accepts<TopUpAsked>("application/json").WithTags("settlement");
        routes.MapPost("/v1/settlement/agents/{code}/credit-limits", LimitAsync)
            .Accepts<LimitAsked>("application/json").WithTags("settlement");
    }

    private static async Task<Results<Ok<StandingListJson>, OfficeProblem>> ListAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? after = null, int? limit = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var most = query.Limit(limit, UsualLimit, MostLimit);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        // They come by code.
        var found = (await StandingsAsync(http, engine))
            .SkipWhile(one => after is not null && string.CompareOrdinal(one.Agent, after) <= 0).Take(most + 1).ToList();
        return TypedResults.Ok(new StandingListJson([.. found.Take(most).Select(Of)], found.Count > most ? found[most - 1].Agent : null));
    }

    private static async Task<Results<Ok<AgentDaysJson>, OfficeProblem>> ShowAsync(
        HttpContext http, OfficeDoor door, Engine engine, string code, int? limit = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var most = query.Limit(limit, UsualLimit, MostLimit);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        if ((await StandingsAsync(http, engine)).FirstOrDefault(each => each.Agent == code) is not { } one)
        {
            return new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NotAfterwards, "code");
        }

        return TypedResults.Ok(new AgentDaysJson(
            Of(one),
            [
                .. one.Days.Reverse().Take(most).Select(day => new AgentDueJson(
                    LocalDatePattern.Iso.Format(day.Day), LocalDatePattern.Iso.Format(day.DueOn), day.DueQepik, day.PaidQepik, day.UnpaidQepik,
                    day.OverdueDays)),
            ],
            one.Days.Count > most));
    }

    private static async Task<Results<Created<ProposalJson>, OfficeProblem>> TopUpAsync(
        HttpContext http, OfficeDoor door, Engine engine, string code)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.TopUpPropose);
        if (refused is not null)
        {
            return refused;
        }

        (var asked, refused) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.TopUpAsked);
        if (refused is not null)
        {
            return refused;
        }

        var query = new OfficeQuery();
        query.Reason(asked!.Reason);
        if (asked.Reference is not { Length: > 0 and <= LongestReference } reference || !Plain.IsPlain(reference))
        {
            query.Fault("reference", OfficeReasons.Characters(LongestReference));
            return query.Refused!;
        }

        var (agent, none) = await FindAsync(engine, code, query);
        if (none is not null)
        {
            return none;
        }

        if (asked.AmountQepik is not ({ } qepik and <= MostQepik) || qepik < agent.Parts)
        {
            return OfficeProblem.Malformed("amountQepik", OfficeReasons.From(agent.Parts, MostQepik));
        }

        return await MadeAsync(
            http, engine,
            await engine.Proposals.ProposeTopUpAsync(
                person, agent.AgentId, agent.Parts, reference, qepik, asked.Reason ?? "deposit by bank document"));
    }

    private static async Task<Results<Created<ProposalJson>, OfficeProblem>> LimitAsync(
        HttpContext http, OfficeDoor door, Engine engine, string code)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.LimitPropose);
        if (refused is not null)
        {
            return refused;
        }

        (var asked, refused) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.LimitAsked);
        if (refused is not null)
        {
            return refused;
        }

        var query = new OfficeQuery();
        query.Reason(asked!.Reason ?? "");
        if (asked.LimitQepik is not ({ } qepik and >= 0 and <= MostQepik))
        {
            query.Fault("limitQepik", OfficeReasons.From(0, MostQepik));
            return query.Refused!;
        }

        var (agent, none) = await FindAsync(engine, code, query);
        return none ?? await MadeAsync(
            http, engine, await engine.Proposals.ProposeLimitAsync(person, agent.AgentId, agent.Parts, qepik, asked.Reason!));
    }

    private static async Task<((int AgentId, int Parts) Agent, OfficeProblem? Refused)> FindAsync(
        Engine engine, string code, OfficeQuery query) =>
        query.Refused is { } refused ? (default, refused)
        : Plain.IsPlain(code) && await Administer.FindAgentAsync(engine.Database, code) is { } found ? (found, null)
        : (default, new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoAgent, "code"));

    private static async Task<Results<Created<ProposalJson>, OfficeProblem>> MadeAsync(HttpContext http, Engine engine, Proposed made) =>
        made.Result switch
        {
            ProposeResult.Made => TypedResults.Created(
                FormattableString.Invariant($"/v1/settlement/proposals/{made.Id}"),
                ProposalCalls.Of((await engine.Proposals.FindAsync(made.Id, http.RequestAborted))!, engine.Catalogue.Current)),
            ProposeResult.There => new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.ThereAlready(made.Id)),
            _ => new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.DepositBooked, "reference"),
        };

    private static async Task<IReadOnlyList<AgentStanding>> StandingsAsync(HttpContext http, Engine engine)
    {
        var today = Baku.DateOf(engine.Clock.GetCurrentInstant());
        var terms = await TermsStore.TodayAsync(engine.Database, engine.Clock, http.RequestAborted);
        return await new OverdueAgents(engine.Database).StandingsAsync(terms, today, http.RequestAborted);
    }

    private static StandingJson Of(AgentStanding one) => new(
        one.Agent, one.UnpaidQepik, one.OverdueQepik, one.OldestOverdue is { } due ? LocalDatePattern.Iso.Format(due) : null,
        CommandLine.SettleAgents.DaysLate(one), one.AheadQepik);
}
