using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Terminals.Api;

/// <summary>Payments: pay, look, wait, list, cancel, ask for a reversal.</summary>
internal static class PaymentCalls
{
    private const int LongestWaitSeconds = 20;
    private const int DefaultPage = 50;
    private const int DefaultDays = 31;
    private const string RetrySeconds = "2";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var payments = routes.MapGroup("/v1/payments").WithTags("payments");
        payments.MapPut("/{reference}", PutAsync).Accepts<PaymentAsked>("application/json");
        payments.MapGet("/{reference}", GetAsync);
        payments.MapPost("/{reference}/cancel", CancelAsync);
        payments.MapGet("/", ListAsync);
        payments.MapPost("/{reference}/reversal", ReverseAsync).Accepts<ReversalAsked>("application/json");
    }

    /// <summary>
    /// Pays, once. A caller that goes away changes nothing: its request goes on, and is found by its reference.
    /// </summary>
    private static async Task<Results<PaymentAnswer, Refuse>> PutAsync(
        string reference, HttpContext http, Door door, Engine engine, ServerSettings settings, Entrance entrance)
    {
        var body = await ReadBody.JsonAsync(http.Request, ApiJson.Wire.PaymentAsked);
        if (body.Refused is { } unreadable)
        {
            return unreadable;
        }

        if (body.Value!.Read(reference, out var malformed) is not { } request)
        {
            return malformed!;
        }

        var admission = await door.AdmitAsync(http, body.Bytes, request.Service);
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        PayAnswer answer;
        try
        {
            answer = await engine.Pay.PayAsync(admission.Terminal, request, settings.PayPatience)
                .InTimeAsync(settings, entrance);
        }
        catch (NpgsqlException lost) when (!Outage.Is(lost))
        {
            Log.OutcomeNotKnown(http.RequestServices.LogOf(), lost);
            return (Refuse)Refusal.OutcomeNotKnown;
        }

        if (answer.Refused is { } no)
        {
            return (Refuse)no;
        }

        return new PaymentAnswer(PaymentJson.Of(answer.Payment!, engine, AskedLanguage.Of(http.Request)), answer.Repeat);
    }

    private static async Task<Results<Ok<PaymentJson>, Refuse>> GetAsync(
        string reference, HttpContext http, Door door, Engine engine, Entrance entrance, string? wait = null)
    {
        if (!Plain.IsReference(reference))
        {
            return Refuse.Malformed("reference");
        }

        if (Whole(wait, 0, int.MaxValue, 0) is not { } seconds)
        {
            return Refuse.Malformed("wait");
        }

        var (payment, refused) = await FindAsync(reference, http, door, engine);
        if (payment is null)
        {
            return refused!;
        }

        var patience = TimeSpan.FromSeconds(Math.Min(seconds, LongestWaitSeconds));
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, entrance.Closing);
        payment = await engine.Waiting.FinalAsync(payment, patience, ends.Token);
        return TypedResults.Ok(PaymentJson.Of(payment, engine, AskedLanguage.Of(http.Request)));
    }

    private static async Task<Results<Ok<PaymentJson>, Refuse>> CancelAsync(
        string reference, HttpContext http, Door door, Engine engine, ServerSettings settings, Entrance entrance)
    {
        if (!Plain.IsReference(reference))
        {
            return Refuse.Malformed("reference");
        }

        var admission = await door.AdmitToPaymentsAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var terminal = admission.Terminal;
        var reserved = Plain.IsReserved(reference);
        if (reserved || terminal.Suspended)
        {
            // A transaction of an OSMP terminal is not cancelled by others, nor before it came: they would spoil it.
            var known = await engine.Book.FindAsync(terminal.PartFor(reference), reference);
            if (reserved && known?.TerminalId != terminal.TerminalId)
            {
                return Refuse.Malformed("reference");
            }

            if (known is not null && known.TerminalId != terminal.TerminalId)
            {
                return (Refuse)Refusal.TerminalSuspended;
            }
        }

        var payment = await engine.Cancel.CancelAsync(terminal, reference).InTimeAsync(settings, entrance);
        return payment.State == PaymentState.Cancelled
            ? TypedResults.Ok(PaymentJson.Of(payment, engine, AskedLanguage.Of(http.Request)))
            : new Refuse(new Refused(Refusal.TooLate), state: payment.State);
    }

    private static async Task<Results<Ok<PaymentListJson>, Refuse>> ListAsync(
        HttpContext http, Door door, Engine engine,
        string? from = null, string? to = null, string? state = null, string? after = null, string? limit = null)
    {
        var today = Baku.DateOf(engine.Clock.GetCurrentInstant());
        if (Date(to, today) is not { } last)
        {
            return Refuse.Malformed("to");
        }

        if (Date(from, last.PlusDays(1 - DefaultDays)) is not { } first || first > last)
        {
            return Refuse.Malformed("from");
        }

        if (!TryReadState(state, out var wanted))
        {
            return Refuse.Malformed("state");
        }

        if (!TryReadCursor(after, out var before))
        {
            return Refuse.Malformed("after");
        }

        if (Whole(limit, 1, PaymentBook.PageLimit, DefaultPage) is not { } most)
        {
            return Refuse.Malformed("limit");
        }

        var admission = await door.AdmitToPaymentsAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var terminal = admission.Terminal;
        var page = await engine.Book.ListAsync(
            terminal.AgentId, terminal.Parts, Baku.Zone.AtStartOfDay(first).ToInstant(),
            Baku.Zone.AtStartOfDay(last.PlusDays(1)).ToInstant(), wanted, before, most + 1,
            terminal.Suspended ? terminal.TerminalId : null, http.RequestAborted);
        var language = AskedLanguage.Of(http.Request);
        return TypedResults.Ok(new PaymentListJson(
            [.. page.Take(most).Select(payment => PaymentJson.Of(payment, engine, language))],
            page.Count > most ? Cursor(page[most - 1].Number) : null));
    }

    /// <summary>
    /// Asks to take a confirmed payment back: 202 while it is being asked, 200 once there is an outcome. Any of the
    /// agent's terminals may ask that is not suspended; for a transaction of an OSMP terminal, only that one.
    /// </summary>
    private static async Task<Results<Accepted<PaymentJson>, Ok<PaymentJson>, Refuse>> ReverseAsync(
        string reference, HttpContext http, Door door, Engine engine, ServerSettings settings, Entrance entrance)
    {
        var body = await ReadBody.JsonAsync(http.Request, ApiJson.Wire.ReversalAsked);
        if ((body.Refused ?? body.Value!.Fault()) is { } malformed)
        {
            return malformed;
        }

        if (!Plain.IsReference(reference))
        {
            return Refuse.Malformed("reference");
        }

        var admission = await door.AdmitAsync(http, body.Bytes);
        if (admission.Refused is { } refused)
        {
            return (Refuse)refused;
        }

        var terminal = admission.Terminal;
        var payment = await engine.Book.FindAsync(terminal.PartFor(reference), reference);
        if (payment is null || (Plain.IsReserved(reference) && payment.TerminalId != terminal.TerminalId))
        {
            return (Refuse)Refusal.NotFound;
        }

        ReverseAnswer answer;
        try
        {
            answer = await engine.Reverse.ReverseAsync(terminal, payment, body.Value!.Reason!)
                .InTimeAsync(settings, entrance);
        }
        catch (NpgsqlException lost) when (!Outage.Is(lost))
        {
            Log.OutcomeNotKnown(http.RequestServices.LogOf(), lost);
            return (Refuse)Refusal.OutcomeNotKnown;
        }

        if (answer.Refused is { } no)
        {
            return new Refuse(no, state: payment.State);
        }

        var json = PaymentJson.Of(answer.Payment!, engine, AskedLanguage.Of(http.Request));
        if (answer.Payment!.Final)
        {
            return TypedResults.Ok(json);
        }

        http.Response.Headers.RetryAfter = RetrySeconds;
        return TypedResults.Accepted(PathOf(payment), json);
    }

    /// <summary>
    /// The payment of this agent that a reference names, for one who only looks. Another agent's is not found; a
    /// suspended terminal's view ends at its own.
    /// </summary>
    internal static async Task<(Payment? Payment, Refuse? Refused)> FindAsync(
        string reference, HttpContext http, Door door, Engine engine)
    {
        if (!Plain.IsReference(reference))
        {
            return (null, Refuse.Malformed("reference"));
        }

        var admission = await door.AdmitToPaymentsAsync(http, await ReadBody.BytesAsync(http.Request));
        if (admission.Refused is { } refused)
        {
            return (null, refused);
        }

        var terminal = admission.Terminal;
        var payment = await engine.Book.FindAsync(terminal.PartFor(reference), reference, http.RequestAborted);
        return payment is null ? (null, Refusal.NotFound)
            : terminal.Suspended && payment.TerminalId != terminal.TerminalId ? (null, Refusal.TerminalSuspended)
            : (payment, null);
    }

    internal static string PathOf(Payment payment) => PathOf(payment.Reference);

    internal static string PathOf(string reference) => "/v1/payments/" + reference;

    /// <summary>A whole number within bounds; the default where there is none; null for anything else.</summary>
    private static int? Whole(string? text, int least, int most, int whenAbsent) =>
        text is null ? whenAbsent
        : text.Length <= 9 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most ? number
        : null;

    private static LocalDate? Date(string? text, LocalDate whenAbsent) =>
        text is null ? whenAbsent
        : LocalDatePattern.Iso.Parse(text).TryGetValue(default, out var date) && date.Year is >= 2000 and < 2100 ? date
        : null;

    private static bool TryReadState(string? text, out PaymentState? state)
    {
        state = null;
        foreach (var known in Enum.GetValues<PaymentState>())
        {
            if (known != PaymentState.None && text == known.ToString())
            {
                state = known;
            }
        }

        return text is null || state is not null;
    }

    /// <summary>Where a page ended. Opaque to clients, and nothing is hidden in it that they may not know.</summary>
    private static string Cursor(long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return Base64Url.EncodeToString(bytes);
    }

    private static bool TryReadCursor(string? text, out long? before)
    {
        before = null;
        if (text is null)
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[9];
        if (text.Length != 11 || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var written) || written != 8)
        {
            return false;
        }

        before = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return before > 0;
    }
}
