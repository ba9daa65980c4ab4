using System.Globalization;
using System.Text.Json.Serialization;
using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Settlement.Breaks;
using EGovPay.Terminals.CommandLine;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>A register that was written for a provider.</summary>
/// <param name="Window">As <c>window</c> of sending it again: C4:2026-11-23.</param>
/// <param name="AcknowledgedAt">Null: not yet.</param>
/// <param name="Rejected">Lines that the receiver refused.</param>
public sealed record SentRegisterJson(
    string Provider, string Window, string File, int Payments, long TotalQepik, string WrittenAt, string? AcknowledgedAt, long Rejected);

/// <summary>Registers that were written, newest first.</summary>
/// <param name="Next">What <c>after</c> has to be for those that follow; null: there are none.</param>
public sealed record SentRegisterListJson(IReadOnlyList<SentRegisterJson> Items, string? Next);

/// <summary>What is to be sent: nothing named, all that is due; a provider and a window, that register once more.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record SendAsked(string? Provider, string? Window);

/// <summary>What a sending did.</summary>
/// <param name="Acknowledged">Registers of which a receiver said something now.</param>
public sealed record SendRoundJson(int Written, int HandedOver, int Acknowledged, int RejectedLines);

/// <summary>Registers that providers are sent.</summary>
internal static class SentCalls
{
    private const int UsualLimit = 100;
    private const int MostLimit = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/registers/sent", ListAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/registers/send", SendAsync).Accepts<SendAsked>("application/json").WithTags("settlement");
    }

    private static async Task<Results<Ok<SentRegisterListJson>, OfficeProblem>> ListAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? provider = null, string? after = null, int? limit = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var most = query.Limit(limit, UsualLimit, MostLimit);
        var only = query.Provider(provider, engine.Catalogue.Current);
        var place = Place(after);
        if (after is not null && place is null)
        {
            query.Fault("after", OfficeReasons.NextOfPage);
        }

        if (query.Refused is not null)
        {
            return query.Refused;
        }

        var found = await SendRegisters.ReadSentAsync(engine.Database, engine.Catalogue.Current, only, most + 1, http.RequestAborted, place);
        return TypedResults.Ok(new SentRegisterListJson(
            [.. found.Take(most).Select(Of)], found.Count > most ? Place(found[most - 1]) : null));
    }

    private static async Task<Results<Ok<SendRoundJson>, OfficeProblem>> SendAsync(
        HttpContext http, OfficeDoor door, Engine engine, ServerSettings settings)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.RegisterSend);
        if (refused is not null)
        {
            return refused;
        }

        (var asked, refused) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.SendAsked);
        if (refused is not null)
        {
            return refused;
        }

        if (settings.Registers is not { } deliver)
        {
            return new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.NoRegistersHere);
        }

        if ((asked!.Provider is null) != (asked.Window is null))
        {
            return OfficeProblem.Malformed(asked.Provider is null ? "provider" : "window", OfficeReasons.ProviderAndWindow);
        }

        if (asked.Window is null)
        {
            var round = await deliver.RoundAsync(person, null, http.RequestAborted);
            await new AnsweredBreaks(engine.Database).RoundAsync(http.RequestAborted);
            return TypedResults.Ok(new SendRoundJson(round.Written, round.HandedOver, round.Acknowledged, round.RejectedLines));
        }

        if (SendRegisters.WindowOf(asked.Window) is not var (group, day) || !OfficeQuery.IsOurs(day))
        {
            return OfficeProblem.Malformed("window", OfficeReasons.AWindow);
        }

        if (engine.Catalogue.Current.Provider(asked.Provider!) is not { } provider)
        {
            return new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoProvider, "provider");
        }

        try
        {
            return await deliver.AgainAsync(person, provider, group, day, http.RequestAborted) is { } acknowledged
                ? TypedResults.Ok(new SendRoundJson(0, 1, acknowledged ? 1 : 0, 0))
                : new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoRegisterOfWindow, "window");
        }
        catch (InvalidDataException)
        {
            return new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.RegisterChanged, "window");
        }
    }

    /// <summary>Day, provider's number and group: <c>2026-11-23.12.4</c>.</summary>
    private static string Place(SentRegister one) =>
        FormattableString.Invariant($"{LocalDatePattern.Iso.Format(one.Day)}.{one.ProviderId}.{one.Group[1..]}");

    private static (LocalDate Day, int ProviderId, short Group)? Place(string? text) =>
        text?.Split('.') is [var day, var provider, var group]
            && LocalDatePattern.Iso.Parse(day) is { Success: true, Value: var on } && OfficeQuery.IsOurs(on)
            && int.TryParse(provider, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && short.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var of)
            ? (on, id, of) : null;

    private static SentRegisterJson Of(SentRegister one) => new(
        one.Provider, $"{one.Group}:{LocalDatePattern.Iso.Format(one.Day)}", one.File, one.Payments, one.TotalQepik,
        InstantPattern.ExtendedIso.Format(one.Written), one.Acknowledged is { } at ? InstantPattern.ExtendedIso.Format(at) : null, one.Rejected);
}
