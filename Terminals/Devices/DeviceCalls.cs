using System.Globalization;
using System.Text;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EGovPay.Terminals.Devices;

/// <summary>A terminal's own affairs: its heartbeat, and cash taken out of it.</summary>
internal static class DeviceCalls
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var terminal = routes.MapGroup("/v1/terminal").WithTags("terminal");
        terminal.MapPost("/status", HearAsync).Accepts<StatusTold>("application/json");
        terminal.MapPost("/collections", CollectAsync).Accepts<CollectionTold>("application/json");
    }

    private static async Task<Results<Ok<StatusJson>, Refuse>> HearAsync(HttpContext http, Door door, Engine engine)
    {
        var body = await ReadBody.JsonAsync(http.Request, ApiJson.Wire.StatusTold);
        if ((body.Refused ?? body.Value!.Fault(body.Bytes.Length)) is { } malformed)
        {
            return malformed;
        }

        var admission = await door.AdmitAsync(http, body.Bytes);
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        // Kept as it was told: a terminal may say more of itself than we know the names of.
        var heard = await engine.Reports.HearAsync(
            admission.Terminal, Encoding.UTF8.GetString(body.Bytes.Span),
            [.. body.Value!.CommandsDone?.OfType<string>() ?? []]);
        return TypedResults.Ok(new StatusJson(
            PaymentJson.Utc(heard.At), heard.Command is { } command ? [command] : []));
    }

    private static async Task<Results<Created<CollectionJson>, Ok<CollectionJson>, Refuse>> CollectAsync(
        HttpContext http, Door door, Engine engine)
    {
        var body = await ReadBody.JsonAsync(http.Request, ApiJson.Wire.CollectionTold);
        if ((body.Refused ?? body.Value!.Fault()) is { } malformed)
        {
            return malformed;
        }

        var admission = await door.AdmitAsync(http, body.Bytes);
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var told = body.Value!;
        var collected = await engine.Reports.CollectAsync(
            admission.Terminal, told.BagNumber!, told.Notes?.GetRawText());
        var json = new CollectionJson(
            collected.Number, told.BagNumber!, Kept(collected.Notes), PaymentJson.Utc(collected.At));
        return collected.Fresh
            ? TypedResults.Created(
                "/v1/terminal/collections/" + collected.Number.ToString(CultureInfo.InvariantCulture), json)
            : TypedResults.Ok(json);
    }

    private static JsonElement? Kept(string? notes)
    {
        if (notes is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(notes);
        return document.RootElement.Clone();
    }
}

/// <summary>How a terminal is; it may say more.</summary>
/// <param name="Software">Its version.</param>
/// <param name="Printer">The printer's state in its own words.</param>
/// <param name="Validator">The banknote validator's.</param>
/// <param name="CashQepik">The cash in it, qəpik.</param>
/// <param name="CommandsDone">Commands of earlier answers that it has carried out.</param>
public sealed record StatusTold(
    string? Software, string? Printer, string? Validator, long? CashQepik, IReadOnlyList<string?>? CommandsDone)
{
    private const int LongestStatus = 8 * 1024;

    internal Refuse? Fault(int bytes)
    {
        var faults = new Plain();
        faults.MaybeText("software", Software, 100);
        faults.MaybeText("printer", Printer, 100);
        faults.MaybeText("validator", Validator, 100);
        if (CashQepik < 0)
        {
            faults.Fault("cashQepik");
        }

        if (CommandsDone is { Count: > 16 } || CommandsDone?.Any(one => one is null || !Plain.IsPlain(one)) == true)
        {
            faults.Fault("commandsDone");
        }

        return faults.First is { } field ? Refuse.Malformed(field)
            : bytes > LongestStatus ? Refuse.Malformed(null)
            : null;
    }
}

/// <summary>The answer to a heartbeat.</summary>
/// <param name="Commands">What an operator wants done; told again until it is among <c>commandsDone</c>.</param>
public sealed record StatusJson(string At, IReadOnlyList<string> Commands);

/// <summary>Cash was taken out.</summary>
/// <param name="BagNumber">The bag's number; one bag is one collection.</param>
/// <param name="Notes">Free words, or the banknotes by denomination; kept as told.</param>
public sealed record CollectionTold(string? BagNumber, JsonElement? Notes)
{
    internal Refuse? Fault()
    {
        var faults = new Plain();
        faults.Text("bagNumber", BagNumber, 1, 64);
        if (Notes is { } notes
            && (notes.ValueKind is not (JsonValueKind.String or JsonValueKind.Object or JsonValueKind.Array)
                || notes.GetRawText().Length > 2_000 || !IsText(notes)))
        {
            faults.Fault("notes");
        }

        return faults.First is { } field ? Refuse.Malformed(field) : null;
    }

    /// <summary>Half a surrogate pair can be written in JSON and is no text: whoever reads it back fails.</summary>
    private static bool IsText(JsonElement told)
    {
        try
        {
            return told.ValueKind switch
            {
                JsonValueKind.String => told.GetString() is not null,
                JsonValueKind.Array => told.EnumerateArray().All(IsText),
                JsonValueKind.Object => told.EnumerateObject().All(one => one.Name.Length >= 0 && IsText(one.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}

/// <summary>A recorded collection.</summary>
/// <param name="Collection">Counts a terminal's collections from 1.</param>
public sealed record CollectionJson(int Collection, string BagNumber, JsonElement? Notes, string At);
