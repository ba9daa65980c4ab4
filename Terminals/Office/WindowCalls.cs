using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Windows;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>A posting behind the figures of netting, qəpik.</summary>
/// <param name="Number">The payment's, or the movement's.</param>
/// <param name="Group">C1 to C4; null: no window carries it.</param>
/// <param name="Window">The bank day of its window.</param>
public sealed record TracedPostingJson(
    string Number, string? Reference, string Agent, string? Provider, string? Group, string Day, string? Window, string? BudgetLevel,
    string? BudgetCode, long GrossQepik, long ReversedQepik, long CorrectedQepik, long ProviderFeeQepik, long NetQepik, long PaidOutQepik,
    long PayerFeeQepik, long CommissionQepik);

/// <summary>The postings behind a figure.</summary>
/// <param name="More">There are more than these: ask for a higher limit, or by a narrower filter.</param>
public sealed record TraceJson(IReadOnlyList<TracedPostingJson> Postings, bool More);

/// <summary>One side of a window beside the side before it, qəpik.</summary>
/// <param name="SaysQepik">What this side makes the window's net to be.</param>
/// <param name="DifferenceQepik">That less what the side before it says.</param>
/// <param name="AwaitedQepik">Of the difference: what this side has not spoken of yet.</param>
/// <param name="ExplainedQepik">Of the difference: what breaks are about.</param>
/// <param name="UnexplainedQepik">What is left: 0, or something to be looked at at once.</param>
public sealed record WindowLegJson(
    long SaysQepik, long DifferenceQepik, long AwaitedQepik, long ExplainedQepik, long UnexplainedQepik);

/// <summary>A break that explains a difference.</summary>
public sealed record WindowBreakJson(long Break, string Side, string Kind, string State, long EffectQepik);

/// <summary>A provider's settlement window on three sides.</summary>
/// <param name="Closed">False: more may still be taken in it.</param>
public sealed record WindowJson(
    string Provider, string Window, bool Closed, long GrossQepik, long ReversedQepik, long CorrectedQepik, long ProviderFeeQepik,
    long NetQepik, WindowLegJson Register, WindowLegJson Payout, WindowLegJson Bank, IReadOnlyList<long> Payouts,
    IReadOnlyList<WindowBreakJson> Breaks);

/// <summary>A window of each provider that has anything in it.</summary>
public sealed record WindowListJson(IReadOnlyList<WindowJson> Providers);

/// <summary>Windows on three sides, and the postings behind netting's figures.</summary>
internal static class WindowCalls
{
    private const int UsualLimit = 1_000;
    private const int MostLimit = 10_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/windows/{window}", WindowAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/netting/postings", TraceAsync).WithTags("settlement");
    }

    private static async Task<Results<Ok<WindowListJson>, OfficeProblem>> WindowAsync(
        HttpContext http, OfficeDoor door, Engine engine, string window, string? provider = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var scope = query.Scope(null, null, window);
        var catalogue = engine.Catalogue.Current;
        var only = query.Provider(provider, catalogue);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        var found = await new ReadWindows(engine.Database).RunAsync(
            catalogue, scope!.Group!.Value, scope.BankDay!.Value, only, http.RequestAborted);
        return TypedResults.Ok(new WindowListJson([.. found.Select(one => Of(one, catalogue))]));
    }

    private static async Task<Results<Ok<TraceJson>, OfficeProblem>> TraceAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? day = null, string? to = null, string? window = null, string? agent = null,
        string? provider = null, int? group = null, string? budgetLevel = null, string? budgetCode = null, int? limit = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var most = query.Limit(limit, UsualLimit, MostLimit);
        var scope = query.Scope(day, to, window);
        var catalogue = engine.Catalogue.Current;
        if (group is < 0 or > 4)
        {
            query.Fault("group", OfficeReasons.From(1, 4));
        }

        var filter = new NettingFilter(
            query.Text("agent", agent), query.Provider(provider, catalogue), (short?)(group is >= 0 and <= 4 ? group : null),
            query.Text("budgetLevel", budgetLevel), query.Text("budgetCode", budgetCode));
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        var found = await new ReadNetting(engine.Database).TraceAsync(
            scope ?? await ReadNetting.LastDayAsync(engine.Database, http.RequestAborted), filter, most + 1, http.RequestAborted);
        return TypedResults.Ok(new TraceJson([.. found.Take(most).Select(one => Of(one, catalogue))], found.Count > most));
    }

    private static TracedPostingJson Of(NettingTraceRow one, CatalogueSnapshot catalogue) => new(
        Text(one.Number), one.Reference, one.Agent, one.ProviderId is { } id ? Code(catalogue, id) : null,
        one.Group > 0 ? $"C{Text(one.Group)}" : null, LocalDatePattern.Iso.Format(one.Day),
        one.Window is { } bankDay ? LocalDatePattern.Iso.Format(bankDay) : null, one.BudgetLevel, one.BudgetCode, one.Sums.GrossQepik,
        one.Sums.ReversedQepik, one.Sums.CorrectedQepik, one.Sums.ProviderFeeQepik, one.Sums.NetQepik, one.Sums.PaidOutQepik,
        one.Sums.PayerFeeQepik, one.Sums.CommissionQepik);

    private static WindowJson Of(WindowView one, CatalogueSnapshot catalogue) => new(
        Code(catalogue, one.ProviderId), $"C{Text(one.Group)}:{LocalDatePattern.Iso.Format(one.BankDay)}", one.Closed, one.Sums.GrossQepik,
        one.Sums.ReversedQepik, one.Sums.CorrectedQepik, one.Sums.ProviderFeeQepik, one.Sums.NetQepik, Of(one.Register), Of(one.Payout),
        Of(one.Bank), one.Payouts,
        [
            .. one.Breaks.Select(each => new WindowBreakJson(
                each.Id, OpenBreaks.TextOf(each.Side), each.Kind.ToString(), BreakJson.StateText(each.State), each.EffectQepik)),
        ]);

    private static WindowLegJson Of(WindowLeg one) =>
        new(one.SaysQepik, one.DifferenceQepik, one.AwaitedQepik, one.ExplainedQepik, one.RestQepik);

    private static string Code(CatalogueSnapshot catalogue, int id) => catalogue.Provider(id)?.Code ?? Text(id);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
