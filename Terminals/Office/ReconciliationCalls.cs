using System.Text.Json.Serialization;
using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Settlement.Jobs;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>What is to be compared: a provider's day with its last register, or our accounts with the banks' statements.</summary>
/// <param name="Provider">With day.</param>
/// <param name="Day">In the provider's zone.</param>
/// <param name="Bank">True: with the banks.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ReconciliationAsked(string? Provider, string? Day, bool? Bank);

/// <summary>A comparison that was made.</summary>
/// <param name="Kind">register or bank.</param>
/// <param name="Provider">With a register.</param>
/// <param name="Day">The provider's day; of banks, the last that was looked at.</param>
/// <param name="Lines">Of the other side.</param>
/// <param name="Settled">Payments that were unknown until the register showed them.</param>
/// <param name="InFlight">Payments that are not final: a later comparison judges them.</param>
/// <param name="Breaks">Differences, each a break; one that was known is counted too.</param>
/// <param name="Closed">Breaks of earlier comparisons that are gone.</param>
/// <param name="File">The register it was with.</param>
public sealed record ReconciliationJson(
    long Id, string Kind, string? Provider, string Day, string StartedAt, string EndedAt, long Lines, long Matched, long Settled,
    long InFlight, long Breaks, long Closed, string RunBy, long? File)
{
    internal static ReconciliationJson Of(KeptReconciliation one) => new(
        one.Id, one.Provider is null ? "bank" : "register", one.Provider, LocalDatePattern.Iso.Format(one.Day),
        InstantPattern.ExtendedIso.Format(one.StartedAt), InstantPattern.ExtendedIso.Format(one.EndedAt), one.Found.Lines, one.Found.Matched,
        one.Found.Settled, one.Found.InFlight, one.Found.Breaks, one.Found.Closed, one.RunBy, one.FileId);
}

/// <summary>Comparisons, newest first.</summary>
/// <param name="Next">What <c>before</c> has to be for those that follow; null: there are none.</param>
public sealed record ReconciliationListJson(IReadOnlyList<ReconciliationJson> Items, string? Next);

/// <summary>Our books against the others': start a comparison, and look at those that were made.</summary>
internal static class ReconciliationCalls
{
    private const int UsualLimit = 50;
    private const int UsualWaitSeconds = 5;
    private const int MostWaitSeconds = 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/settlement/reconciliations", StartAsync)
            .Accepts<ReconciliationAsked>("application/json").WithTags("settlement");
        routes.MapGet("/v1/settlement/reconciliations", ListAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/reconciliations/{id:long}", ShowAsync).WithTags("settlement");
    }

    /// <summary>200 with what it found where that is soon known; else 202 and the run, which goes on without its caller.</summary>
    private static async Task<Results<Ok<ReconciliationJson>, Accepted<JobRunJson>, OfficeProblem>> StartAsync(
        HttpContext http, OfficeDoor door, Engine engine, StartReconciliation start, int? wait = null)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.Reconcile);
        if (refused is not null)
        {
            return refused;
        }

        (var asked, refused) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.ReconciliationAsked);
        if (refused is not null)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var day = query.Day("day", asked!.Day);
        if (wait is < 0 or > MostWaitSeconds)
        {
            query.Fault("wait", OfficeReasons.From(0, MostWaitSeconds));
        }

        if (asked.Bank == true ? (asked.Provider ?? asked.Day) is not null : asked.Provider is null || asked.Day is null)
        {
            query.Fault(asked.Bank == true || asked.Provider is null ? "provider" : "day", OfficeReasons.ProviderDayOrBank);
        }

        _ = query.Provider(asked.Provider, engine.Catalogue.Current);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        StartedReconciliation started;
        if (asked.Bank == true)
        {
            if (await TermsStore.TodayAsync(engine.Database, engine.Clock, http.RequestAborted) is not { } terms)
            {
                return new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.NoAccounts);
            }

            started = await start.WithBanksAsync(person, terms, http.RequestAborted);
        }
        else
        {
            started = await start.WithRegisterAsync(
                person, engine.Catalogue.Current.Provider(asked.Provider!)!, day!.Value, http.RequestAborted);
        }

        return await AnswerAsync(http, engine, started, TimeSpan.FromSeconds(wait ?? UsualWaitSeconds));
    }

    private static async Task<Results<Ok<ReconciliationJson>, Accepted<JobRunJson>, OfficeProblem>> AnswerAsync(
        HttpContext http, Engine engine, StartedReconciliation started, TimeSpan patience)
    {
        if (started.Run is not { } run)
        {
            return new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.ComparisonsBusy);
        }

        if (started.Mine)
        {
            await Task.WhenAny(started.Ended, Task.Delay(patience, http.RequestAborted));
            http.RequestAborted.ThrowIfCancellationRequested();
            if (started.Ended.IsCompleted)
            {
                return await started.Ended is { } found
                    ? TypedResults.Ok(ReconciliationJson.Of((await new ReconciliationBook(engine.Database).FindAsync(found.Id, http.RequestAborted))!))
                    : new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.NothingToCompare);
            }
        }

        return TypedResults.Accepted(
            FormattableString.Invariant($"/v1/settlement/jobs/runs/{run}"),
            JobCalls.Of((await new JobRuns(engine.Database).FindAsync(run, http.RequestAborted))!));
    }

    private static async Task<Results<Ok<ReconciliationListJson>, OfficeProblem>> ListAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? kind = null, string? provider = null, string? day = null,
        long? before = null, int? limit = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var most = query.Limit(limit, UsualLimit, ReconciliationBook.ListLimit - 1);
        if (kind is not (null or "register" or "bank"))
        {
            query.Fault("kind", OfficeReasons.OneOf("register", "bank"));
        }

        _ = query.Provider(provider, engine.Catalogue.Current);
        var filter = new ReconciliationFilter(kind is null ? null : kind == "bank", provider, query.Day("day", day));
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        var found = await new ReconciliationBook(engine.Database).ListAsync(filter, most + 1, before ?? long.MaxValue, http.RequestAborted);
        return TypedResults.Ok(new ReconciliationListJson(
            [.. found.Take(most).Select(ReconciliationJson.Of)],
            found.Count > most ? FormattableString.Invariant($"{found[most - 1].Id}") : null));
    }

    private static async Task<Results<Ok<ReconciliationJson>, OfficeProblem>> ShowAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        return await new ReconciliationBook(engine.Database).FindAsync(id, http.RequestAborted) is { } one
            ? TypedResults.Ok(ReconciliationJson.Of(one))
            : new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoSuch(Thing.Reconciliation, id));
    }
}
