using EGovPay.Processing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EGovPay.Terminals.Devices;

/// <summary>
/// Smart-card meters: the card was written, or it was not and the data are wanted again. Once the card is written, it
/// is too late for that: the credit is on it.
/// </summary>
internal static class CardCalls
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var payments = routes.MapGroup("/v1/payments").WithTags("smart cards");
        payments.MapPost("/{reference}/card-written", WrittenAsync);
        payments.MapPost("/{reference}/card-restore", RestoreAsync);
    }

    private static async Task<Results<Ok<PaymentJson>, Refuse>> WrittenAsync(
        string reference, HttpContext http, Door door, Engine engine)
    {
        var (payment, refused) = await FindAsync(reference, http, door, engine);
        if (payment is null)
        {
            return refused!;
        }

        await engine.PaperAndCards.WriteCardAsync(payment);
        return TypedResults.Ok(PaymentJson.Of(payment, engine, AskedLanguage.Of(http.Request)));
    }

    private static async Task<Results<Ok<PaymentJson>, Refuse>> RestoreAsync(
        string reference, HttpContext http, Door door, Engine engine)
    {
        var (payment, refused) = await FindAsync(reference, http, door, engine);
        if (payment is null)
        {
            return refused!;
        }

        return await engine.PaperAndCards.CardWrittenAsync(payment) is null
            ? TypedResults.Ok(PaymentJson.Of(payment, engine, AskedLanguage.Of(http.Request)))
            : new Refuse(new Refused(Refusal.TooLate), state: payment.State);
    }

    /// <summary>A confirmed payment with data for a card; what has none has nothing to write.</summary>
    private static async Task<(Payment? Payment, Refuse? Refused)> FindAsync(
        string reference, HttpContext http, Door door, Engine engine)
    {
        if (!Plain.IsReference(reference))
        {
            return (null, Refuse.Malformed("reference"));
        }

        var admission = await door.AdmitAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } no)
        {
            return (null, no);
        }

        var found = await engine.Book.FindAsync(admission.Terminal.PartFor(reference), reference);
        return found switch
        {
            null => (null, Refusal.NotFound),
            { Final: false } => (null, Refusal.NotFinal),
            { State: not PaymentState.Confirmed } =>
                (null, new Refuse(new Refused(Refusal.TooLate), state: found.State)),
            { CardData: null } => (null, new Refused(Refusal.NotFound, "cardData")),
            _ => (found, null),
        };
    }
}
