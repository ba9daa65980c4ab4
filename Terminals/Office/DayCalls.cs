using System.Text.Json.Serialization;
using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>A business day.</summary>
/// <param name="ClosedAt">Null: it is open.</param>
/// <param name="Seal">SHA-256 over its transfers and the seal before; null: not yet.</param>
public sealed record DayJson(
    string Day, string OpenedAt, string? ClosedAt, bool Totalled, bool Sealed, long? Transfers, long? AmountQepik, string? Seal);

/// <summary>The open day and the last closed ones, newest first.</summary>
public sealed record DayListJson(IReadOnlyList<DayJson> Days);

/// <summary>Which day is to be closed: named, so that a repeat does not close the next.</summary>
/// <param name="Early">True: although it is not over in Baku.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DayCloseAsked(string? Day, bool? Early);

/// <summary>What a close did.</summary>
public sealed record DayClosedJson(string Closed, string Opened, long WaitedMilliseconds, bool Sealed, string? Seal);

/// <summary>The business day: look and close.</summary>
internal static class DayCalls
{
    private static readonly string DayStatus = Sql.Load("CommandLine/DayStatus.sql");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/days", ListAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/days/close", CloseAsync).Accepts<DayCloseAsked>("application/json").WithTags("settlement");
    }

    private static async Task<Results<Ok<DayListJson>, OfficeProblem>> ListAsync(HttpContext http, OfficeDoor door, Engine engine)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var days = new List<DayJson>();
        await using var command = engine.Database.CreateCommand(DayStatus);
        await using var row = await command.ExecuteReaderAsync(http.RequestAborted);
        while (await row.ReadAsync(http.RequestAborted))
        {
            var isSealed = !row.IsDBNull(6);
            days.Add(new DayJson(
                LocalDatePattern.Iso.Format(row.GetLocalDate(0)), InstantPattern.ExtendedIso.Format(row.GetInstant(1)),
                row.GetInstantOrNull(2) is { } closed ? InstantPattern.ExtendedIso.Format(closed) : null, row.GetBoolean(3), isSealed,
                isSealed ? row.GetInt64(4) : null, isSealed ? row.GetInt64(5) : null,
                isSealed ? Convert.ToHexStringLower(row.GetFieldValue<byte[]>(6)) : null));
        }

        return TypedResults.Ok(new DayListJson(days));
    }

    private static async Task<Results<Ok<DayClosedJson>, OfficeProblem>> CloseAsync(HttpContext http, OfficeDoor door, Engine engine)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.DayClose);
        if (refused is not null)
        {
            return refused;
        }

        var (asked, malformed) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.DayCloseAsked);
        if (malformed is not null)
        {
            return malformed;
        }

        if (asked!.Day is not { } text || LocalDatePattern.Iso.Parse(text) is not { Success: true, Value: var day }
            || !OfficeQuery.IsOurs(day))
        {
            return OfficeProblem.Malformed("day", OfficeReasons.NameTheDay);
        }

        if (await engine.Days.RefusesAsync(day, asked.Early == true, http.RequestAborted) is { } why)
        {
            return new OfficeProblem(OfficeRefusal.NotPossible, why, "day");
        }

        return await engine.Days.CloseAsync(day, person, http.RequestAborted) is { } closed
            ? TypedResults.Ok(new DayClosedJson(
                LocalDatePattern.Iso.Format(closed.Closed), LocalDatePattern.Iso.Format(closed.Opened),
                (long)closed.Waited.TotalMilliseconds, closed.Seal is not null, closed.Seal?.HashText))
            : new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.ClosedMeanwhile, "day");
    }
}
