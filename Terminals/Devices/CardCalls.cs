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
        // Also by a terminal that was suspended meanwhile: the credit is on the card, and must not be given out again.
        var (payment, refused) = await PaymentCalls.FindAsync(reference, http, door, engine);
        if ((refused ?? Fault(payment!)) is { } no)
        {
            return no;
        }

        await engine.PaperAndCards.WriteCardAsync(payment!);
        return TypedResults.Ok(PaymentJson.Of(payment!, engine, AskedLanguage.Of(http.Request)));
    }

    private static async Task<Results<Ok<PaymentJson>, Refuse>> RestoreAsync(
        string reference, HttpContext http, Door door, Engine engine)
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

        if (await engine.Book.FindAsync(admission.Terminal.PartFor(reference), reference) is not { } payment)
        {
            return (Refuse)Refusal.NotFound;
        }

        if (Fault(payment) is { } no)
        {
            return no;
        }

        return await engine.PaperAndCards.CardWrittenAsync(payment) is null
            ? TypedResults.Ok(PaymentJson.Of(payment, engine, AskedLanguage.Of(http.Request)))
            : new Refuse(new Refused(Refusal.TooLate), state: payment.State);
    }

    /// <summary>Null for a confirmed payment with data for a card; what has none has nothing to write.</summary>
    private static Refuse? Fault(Payment payment) => payment switch
    {
        { Final: false } => Refusal.NotFinal,
        { State: not PaymentState.Confirmed } => new Refuse(new Refused(Refusal.TooLate), state: payment.State),
        { CardData: null } => new Refuse(new Refused(Refusal.TooLate, "cardData"), state: payment.State),
        _ => null,
    };
}
