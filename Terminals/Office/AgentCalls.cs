using EGovPay.Processing;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Terms;
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

/// <summary>Agents who settle afterwards: what is due, and who is late.</summary>
internal static class AgentCalls
{
    private const int UsualLimit = 100;
    private const int MostLimit = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/agents", ListAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/agents/{code}", ShowAsync).WithTags("settlement");
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
            return new OfficeProblem(OfficeRefusal.NotThere, "By the terms, no agent of this code settles afterwards.", "code");
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
