using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Shifts;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EGovPay.Terminals.Shifts;

/// <summary>A teller's shift: opened, looked at, closed with its Z-report; cash given back.</summary>
internal static class ShiftCalls
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var shifts = routes.MapGroup("/v1/shifts").WithTags("shifts");
        shifts.MapPost("/", OpenAsync).Accepts<ShiftAsked>("application/json");
        shifts.MapGet("/current", CurrentAsync);
        shifts.MapPost("/current/close", CloseAsync).Accepts<ShiftEndAsked>("application/json");
        shifts.MapGet("/{number:int}", GetAsync);
        routes.MapPost("/v1/payments/{reference}/cash-returned", ReturnCashAsync).WithTags("shifts");
    }

    private static async Task<Results<Created<ShiftJson>, Refuse>> OpenAsync(
        HttpContext http, Door door, Engine engine, ServerSettings settings, Entrance entrance)
    {
        var body = await ReadBody.JsonAsync(http.Request, ApiJson.Wire.ShiftAsked);
        if ((body.Refused ?? body.Value!.Fault()) is { } malformed)
        {
            return malformed;
        }

        var admission = await door.AdmitAsync(http, body.Bytes);
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        if (!TellerShifts.HasShifts(admission.Terminal))
        {
            return (Refuse)Refusal.NotFound;
        }

        var asked = body.Value!;
        var shift = await engine.Shifts.OpenAsync(admission.Terminal, asked.Cashier!, asked.FloatQepik!.Value)
            .InTimeAsync(settings, entrance);
        return shift is null
            ? (Refuse)Refusal.ShiftAlreadyOpen
            : TypedResults.Created(
                "/v1/shifts/" + shift.Number.ToString(CultureInfo.InvariantCulture), ShiftJson.Of(shift));
    }

    private static async Task<Results<Ok<ShiftJson>, Refuse>> CurrentAsync(HttpContext http, Door door, Engine engine)
    {
        var admission = await door.AdmitAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var shift = await engine.Shifts.CurrentAsync(admission.Terminal, http.RequestAborted);
        return shift is null ? (Refuse)Refusal.ShiftNotOpen : TypedResults.Ok(ShiftJson.Of(shift));
    }

    /// <summary>A shift by its number: the Z-report of one whose close was answered into nowhere.</summary>
    private static async Task<Results<Ok<ShiftJson>, Refuse>> GetAsync(
        int number, HttpContext http, Door door, Engine engine)
    {
        var admission = await door.AdmitAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var shift = await engine.Shifts.FindAsync(admission.Terminal, number, http.RequestAborted);
        return shift is null ? (Refuse)Refusal.NotFound : TypedResults.Ok(ShiftJson.Of(shift));
    }

    private static async Task<Results<Ok<ShiftJson>, Refuse>> CloseAsync(
        HttpContext http, Door door, Engine engine, ServerSettings settings, Entrance entrance)
    {
        var body = await ReadBody.JsonAsync(http.Request, ApiJson.Wire.ShiftEndAsked);
        if ((body.Refused ?? body.Value!.Fault()) is { } malformed)
        {
            return malformed;
        }

        var admission = await door.AdmitAsync(http, body.Bytes);
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var shift = await engine.Shifts.CloseAsync(admission.Terminal, body.Value!.CountedCashQepik!.Value)
            .InTimeAsync(settings, entrance);
        return shift is null ? (Refuse)Refusal.ShiftNotOpen : TypedResults.Ok(ShiftJson.Of(shift));
    }

    /// <summary>
    /// The payer has the cash back. Only of a payment that will not happen; saying it twice, or of one that was
    /// refused at once, does no harm. Where another desk gave it back before, it is too late.
    /// </summary>
    private static async Task<Results<Ok<PaymentJson>, Refuse>> ReturnCashAsync(
        string reference, HttpContext http, Door door, Engine engine, ServerSettings settings, Entrance entrance)
    {
        if (!Plain.IsReference(reference))
        {
            return Refuse.Malformed("reference");
        }

        var admission = await door.AdmitAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var terminal = admission.Terminal;
        if (await engine.Book.FindAsync(terminal.PartFor(reference), reference) is not { } payment)
        {
            return (Refuse)Refusal.NotFound;
        }

        if (!payment.Final)
        {
            return (Refuse)Refusal.NotFinal;
        }

        if (payment.State == PaymentState.Confirmed)
        {
            return (Refuse)Refusal.NotReversible;
        }

        var done = await engine.Shifts.ReturnCashAsync(terminal, payment, terminal.TerminalCode)
            .InTimeAsync(settings, entrance);
        if (done == CashReturn.NotOwed
            && await engine.Book.FindAsync(terminal.PartFor(reference), reference) is { State: PaymentState.Confirmed })
        {
            // Two people found meanwhile that it was delivered.
            return (Refuse)Refusal.NotReversible;
        }

        return done switch
        {
            CashReturn.ShiftNotOpen => (Refuse)Refusal.ShiftNotOpen,
            CashReturn.GivenElsewhere => new Refuse(new Refused(Refusal.TooLate), state: payment.State),
            _ => TypedResults.Ok(PaymentJson.Of(payment, engine, AskedLanguage.Of(http.Request))),
        };
    }
}

/// <summary>A shift is to be opened.</summary>
/// <param name="FloatQepik">The cash in the drawer, qəpik, 0–1 000 000 000 000.</param>
public sealed record ShiftAsked(string? Cashier, long? FloatQepik)
{
    internal Refuse? Fault()
    {
        var faults = new Plain();
        faults.Text("cashier", Cashier, 1, 100);
        faults.Drawer("floatQepik", FloatQepik);
        return faults.First is { } field ? Refuse.Malformed(field) : null;
    }
}

/// <summary>The open shift is to be closed.</summary>
/// <param name="CountedCashQepik">The cash that was counted, qəpik, 0–1 000 000 000 000.</param>
public sealed record ShiftEndAsked(long? CountedCashQepik)
{
    internal Refuse? Fault()
    {
        var faults = new Plain();
        faults.Drawer("countedCashQepik", CountedCashQepik);
        return faults.First is { } field ? Refuse.Malformed(field) : null;
    }
}

/// <summary>A shift as the contract writes it; closed, it is the Z-report.</summary>
public sealed record ShiftJson(
    int Shift, string Cashier, string OpenedAt, string? ClosedAt, long FloatQepik, IReadOnlyList<ShiftTotal> Totals,
    ShiftReversed Reversed, long ExpectedCashQepik, long? CountedCashQepik, long? DifferenceQepik,
    IReadOnlyList<string> NotFinal, IReadOnlyList<string> ToReturn)
{
    internal static ShiftJson Of(Shift shift) => new(
        shift.Number, shift.Cashier, PaymentJson.Utc(shift.OpenedAt),
        shift.ClosedAt is { } closed ? PaymentJson.Utc(closed) : null, shift.FloatQepik, shift.Figures.Totals,
        shift.Figures.Reversed, shift.Figures.ExpectedCashQepik, shift.CountedCashQepik, shift.DifferenceQepik,
        shift.Figures.NotFinal, shift.Figures.ToReturn);
}
