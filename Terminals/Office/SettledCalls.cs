using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Calendar;
using EGovPay.Processing.Days;
using EGovPay.Processing.People;
using EGovPay.Settlement.Terms;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.CommandLine;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>A version of the settlement terms.</summary>
/// <param name="InForce">It is today's, in Baku.</param>
/// <param name="Sha256">Of the file.</param>
/// <param name="ApprovedBy">Where it changed receivers' accounts: the second person.</param>
public sealed record TermsVersionJson(int Version, string ValidFrom, bool InForce, string AppliedAt, string AppliedBy, string Sha256,
    string? ApprovedBy);

/// <summary>All versions, newest first.</summary>
public sealed record TermsVersionListJson(IReadOnlyList<TermsVersionJson> Versions);

/// <summary>A version with its document, as it was applied.</summary>
public sealed record TermsJson(TermsVersionJson Version, JsonElement Document);

/// <summary>What came of a file of terms.</summary>
/// <param name="Applied">False: it was only looked at, is in force already, or waits for another person's approval.</param>
/// <param name="Version">With applied: the new one.</param>
/// <param name="Receivers">Whose accounts it changes: that needs a second person, but for the first terms of all.</param>
/// <param name="Proposal">Where it waits: <c>POST /v1/settlement/proposals/{id}/approve</c>.</param>
public sealed record TermsAppliedJson(
    bool Applied, int? Version, string From, int Providers, int Agents, IReadOnlyList<ChangedReceiverJson> Receivers, long? Proposal);

/// <summary>A day that is not worked, or worked though it is a weekend.</summary>
/// <param name="Kind">holiday, moved holiday, day off or worked.</param>
/// <param name="Version">Of the calendar that says so.</param>
public sealed record CalendarDayJson(string Day, string Weekday, string Kind, bool BankDay, string Name, int Version);

/// <summary>A version of the working calendar.</summary>
/// <param name="Version">0: the program's own, in a database without any.</param>
public sealed record CalendarVersionJson(int Version, string ValidFrom, string Sha256);

/// <summary>The days of a year that are neither plain working days nor plain weekends.</summary>
/// <param name="Decreed">False: the decrees of the year are not in the calendar; these are the rules alone.</param>
public sealed record CalendarJson(
    int Year, bool Decreed, IReadOnlyList<CalendarDayJson> Days, IReadOnlyList<CalendarVersionJson> Versions);

/// <summary>A day that a file makes another.</summary>
public sealed record ChangedDayJson(string Day, string Before, string After, string Name);

/// <summary>What came of a calendar file.</summary>
/// <param name="Applied">False: it was only looked at, or is in force already.</param>
public sealed record CalendarAppliedJson(bool Applied, int? Version, string From, IReadOnlyList<ChangedDayJson> Changes);

/// <summary>What settlement goes by: terms and working calendar, by version. A file that has faults is refused whole, line by line.</summary>
internal static class SettledCalls
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/terms", TermsAsync).WithTags("settlement");
        routes.MapPut("/v1/settlement/terms", ApplyTermsAsync).WithMetadata(new TakesFile()).WithTags("settlement");
        routes.MapGet("/v1/settlement/terms/versions", VersionsAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/terms/versions/{number:int}", VersionAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/calendar", CalendarAsync).WithTags("settlement");
        routes.MapPut("/v1/settlement/calendar", ApplyCalendarAsync).WithMetadata(new TakesFile()).WithTags("settlement");
    }

    private static async Task<Results<Ok<TermsJson>, OfficeProblem>> TermsAsync(HttpContext http, OfficeDoor door, Engine engine)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        return await FindAsync(http, engine, null) is { } now
            ? TypedResults.Ok(now) : new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoTerms);
    }

    private static async Task<Results<Ok<TermsVersionListJson>, OfficeProblem>> VersionsAsync(
        HttpContext http, OfficeDoor door, Engine engine) =>
        (await door.AdmitAsync(http)).Refused is { } refused
            ? refused : TypedResults.Ok(new TermsVersionListJson(await ListAsync(http, engine)));

    private static async Task<Results<Ok<TermsJson>, OfficeProblem>> VersionAsync(
        HttpContext http, OfficeDoor door, Engine engine, int number)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        return await FindAsync(http, engine, number) is { } one ? TypedResults.Ok(one)
            : new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoSuch(Thing.Terms, number));
    }

    private static async Task<Results<Ok<TermsAppliedJson>, Accepted<TermsAppliedJson>, OfficeProblem>> ApplyTermsAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? from = null, bool? dryRun = null, string? reason = null)
    {
        var (given, refused) = await GivenAsync(http, door, engine, Acts.SettleApply, from, reason);
        if (refused is not null)
        {
            return refused;
        }

        var (person, start, today, file) = given!;
        var applied = await TermsStore.ApplyAsync(
            engine, file, start, today, dryRun == true ? null : person, reason, http.RequestAborted);
        if (applied.Faults.Count > 0)
        {
            return OfficeProblem.Faulty(applied.Faults);
        }

        if (applied.Refused is not null)
        {
            return new OfficeProblem(
                OfficeRefusal.NotPossible, start < today ? OfficeReasons.NotBackwards : OfficeReasons.AppliedMeanwhile);
        }

        if (applied.Proposed is { Result: not ProposeResult.Made } not)
        {
            return new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.TermsUnproposed(not));
        }

        var told = new TermsAppliedJson(
            applied.Version is not null, applied.Version, Text(start), applied.Terms!.Providers.Count, applied.Terms.Agents.Count,
            [.. applied.Receivers.Select(ChangedReceiverJson.Of)], applied.Proposed?.Id);
        return applied.Proposed is { } made
            ? TypedResults.Accepted(FormattableString.Invariant($"/v1/settlement/proposals/{made.Id}"), told) : TypedResults.Ok(told);
    }

    private static async Task<Results<Ok<CalendarJson>, OfficeProblem>> CalendarAsync(
        HttpContext http, OfficeDoor door, Engine engine, int? year = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var of = year ?? Today(engine).Year;
        if (of is < CalendarCommands.FirstYear or > CalendarCommands.LastYear)
        {
            return OfficeProblem.Malformed(
                "year", OfficeReasons.From(CalendarCommands.FirstYear, CalendarCommands.LastYear));
        }

        var calendars = await CalendarStore.ReadAsync(engine.Database, http.RequestAborted);
        return TypedResults.Ok(new CalendarJson(
            of, CalendarCommands.IsDecreed(calendars, of),
            [
                .. CalendarCommands.SpecialDays(calendars, of).Select(day => new CalendarDayJson(
                    Text(day), day.DayOfWeek.ToString(), CalendarCommands.Kind(calendars.KindOf(day)), calendars.IsBankDay(day),
                    calendars.Of(day).Calendar.NameOf(day), calendars.Of(day).Version)),
            ],
            [.. calendars.Versions.Select(one => new CalendarVersionJson(one.Version, Text(one.ValidFrom), one.Sha256))]));
    }

    private static async Task<Results<Ok<CalendarAppliedJson>, OfficeProblem>> ApplyCalendarAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? from = null, bool? dryRun = null)
    {
        var (given, refused) = await GivenAsync(http, door, engine, Acts.CalendarApply, from);
        if (refused is not null)
        {
            return refused;
        }

        var (person, start, today, file) = given!;
        var applied = await CalendarStore.ApplyAsync(
            engine.Database, file, start, today, dryRun == true ? null : person, http.RequestAborted);
        if (applied.Faults.Count > 0)
        {
            return OfficeProblem.Faulty(applied.Faults);
        }

        if (applied.Refused is not null)
        {
            return new OfficeProblem(
                OfficeRefusal.NotPossible, start < today ? OfficeReasons.NotBackwards : OfficeReasons.AppliedMeanwhile);
        }

        if (applied.Version is not null)
        {
            // Also where its caller has gone: the windows ahead are to fit.
            await new SettlementWindows(engine.Database).PrepareAsync(CancellationToken.None);
        }

        return TypedResults.Ok(new CalendarAppliedJson(
            applied.Version is not null, applied.Version, Text(start),
            [
                .. applied.Changes.Select(one => new ChangedDayJson(
                    Text(one.Day), CalendarCommands.Kind(one.Before), CalendarCommands.Kind(one.After), one.Name)),
            ]));
    }

    /// <summary>A file of ours, from whom and from which day on; read last, after all else was judged.</summary>
    private static async Task<(Given? Given, OfficeProblem? Refused)> GivenAsync(
        HttpContext http, OfficeDoor door, Engine engine, Act act, string? from, string? reason = null)
    {
        var (person, refused) = await door.AdmitAsync(http, act);
        if (refused is not null)
        {
            return (null, refused);
        }

        var query = new OfficeQuery();
        var today = Today(engine);
        var start = query.Day("from", from) ?? today;
        query.Reason(reason);
        return query.Refused is { } wrong
            ? (null, wrong) : (new Given(person, start, today, await OfficeBody.FileAsync(http, CheckTerms.MostBytes)), null);
    }

    private sealed record Given(Person Person, LocalDate From, LocalDate Today, byte[] File);

    /// <param name="number">Null: what is in force today.</param>
    private static async Task<TermsJson?> FindAsync(HttpContext http, Engine engine, int? number)
    {
        var versions = await ListAsync(http, engine);
        if (versions.FirstOrDefault(one => number is { } wanted ? one.Version == wanted : one.InForce) is not { } found
            || await TermsStore.DocumentAsync(engine.Database, found.Version, http.RequestAborted) is not { } text)
        {
            return null;
        }

        using var document = JsonDocument.Parse(text);
        return new TermsJson(found, document.RootElement.Clone());
    }

    private static async Task<IReadOnlyList<TermsVersionJson>> ListAsync(HttpContext http, Engine engine)
    {
        var today = Today(engine);
        var versions = await TermsStore.VersionsAsync(engine.Database, http.RequestAborted);
        var now = versions.FirstOrDefault(one => one.ValidFrom <= today);
        return
        [
            .. versions.Select(one => new TermsVersionJson(
                one.Version, Text(one.ValidFrom), one == now, InstantPattern.ExtendedIso.Format(one.AppliedAt), one.AppliedBy, one.Sha256,
                one.ApprovedBy)),
        ];
    }

    private static LocalDate Today(Engine engine) => Baku.DateOf(engine.Clock.GetCurrentInstant());

    private static string Text(LocalDate day) => LocalDatePattern.Iso.Format(day);
}
