using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Providers.Wire;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace EGovPay.Providers.Json;

/// <summary>
/// Speaks the JSON protocol: <c>PUT payments/{number}</c> delivers, <c>GET</c> asks. A 404 to the question means "not
/// seen so far", and an earlier PUT may still be in flight: the payment is sent again under the same number, never
/// declined for it.
/// </summary>
public sealed class JsonProvider : IProvider, IDisposable
{
    private readonly ProviderConnection connection;
    private readonly JsonRequests requests;
    private readonly ILogger log;

    /// <param name="address">Absolute: the base address; <c>{service}</c> in it becomes the service's code.</param>
    /// <exception cref="ArgumentException">There is no key: the protocol does not go unsigned.</exception>
    public JsonProvider(ProviderSettings settings, string address, ProviderAccess access, IClock clock, ILogger log)
    {
        Settings = settings;
        this.log = log;
        var key = access.Key
            ?? throw new ArgumentException($"Provider {settings.Code} has no signing key.", nameof(access));
        requests = new JsonRequests(address, key, clock);
        connection = new ProviderConnection(settings, access);
    }

    public ProviderSettings Settings { get; }

    public async Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline)
    {
        var answer = await connection.SendAsync(requests.Inquiry(question), deadline);
        if (answer.Result != WireResult.Answered || answer.Status >= 500)
        {
            log.NotUnderstood(Settings.Code, question.Number, answer.Trouble ?? "an HTTP error", answer.Status);
            return new(InquiryResult.Unavailable, ConnectionFailed: true);
        }

        var read = answer.Status switch
        {
            200 => JsonAnswers.ReadInquiry(answer.Body),
            404 => new InquiryAnswer(InquiryResult.NotFound),
            410 => new InquiryAnswer(InquiryResult.Inactive),
            400 or 422 => Refused(JsonAnswers.ReadReason(answer.Body)),
            _ => null,
        };
        if (read is null)
        {
            log.NotUnderstood(Settings.Code, question.Number, "an inquiry's answer", answer.Status);
        }

        return read ?? new(InquiryResult.Unavailable);
    }

    public async Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline)
    {
        var answer = await connection.SendAsync(requests.Put(delivery), deadline);
        if (answer.Result == WireResult.NeverLeft)
        {
            var result = delivery.PerhapsSentBefore ? DeliveryResult.Silent : DeliveryResult.NotSent;
            return new(result, Note: answer.Trouble, Exchange: WriteExchange.Of(answer));
        }

        // A repeated PUT answers as the first did, where the provider looks for the number before it validates. Where
        // it does not, a "rejected" may be about this attempt only; the next question, by GET, is about the number.
        return Judge(delivery, answer, believeRejected: !delivery.PerhapsSentBefore || Settings.DeduplicatesFirst);
    }

    public async Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline)
    {
        delivery = delivery with { PerhapsSentBefore = true };
        var answer = await connection.SendAsync(requests.Get(delivery), deadline);
        return answer is { Result: WireResult.Answered, Status: 404 }
            ? await PayAsync(delivery, deadline)
            : Judge(delivery, answer, believeRejected: true);
    }

    /// <summary>
    /// <c>DELETE</c> asks to take back; perhaps asked before, <c>GET</c> asks what became of it first. A payment that stands there as
    /// if nobody had asked is asked back again: under one number that does no harm twice.
    /// </summary>
    public async Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline)
    {
        if (reversal.PerhapsAskedBefore)
        {
            var looked = await connection.SendAsync(requests.Get(reversal.Delivery), deadline);
            if (looked is not { Result: WireResult.Answered, Status: 200 }
                || JsonAnswers.ReadReversal(looked.Body) is not JsonReversal.Delivered)
            {
                return Judge(reversal, looked);
            }
        }

        // Over a connection of its own, for a request without a body passes no other gate: late, it would reach a provider that
        // people may have counted upon meanwhile to be asked no more.
        return Judge(reversal, await connection.SendFreshAsync(requests.Delete(reversal.Delivery), deadline));
    }

    public void Dispose() => connection.Dispose();

    private ReversalAnswer Judge(Reversal reversal, WireAnswer answer)
    {
        var read = answer is { Result: WireResult.Answered, Status: 200 or 202 } ? JsonAnswers.ReadReversal(answer.Body) : null;
        var result = read switch
        {
            JsonReversal.Reversed => ReversalResult.Reversed,
            JsonReversal.Kept => ReversalResult.Kept,
            _ => ReversalResult.Silent,
        };
        var code = read?.ToString().ToLowerInvariant()
            ?? (answer.Status == 0 ? null : answer.Status.ToString(CultureInfo.InvariantCulture));
        var note = read is JsonReversal.Pending ? "pending there"
            : result != ReversalResult.Silent ? null
            : answer.Trouble ?? "the answer was not understood";
        if (result == ReversalResult.Silent && read is not JsonReversal.Pending)
        {
            log.NotUnderstood(Settings.Code, reversal.Delivery.Number, note!, answer.Status);
        }

        return new ReversalAnswer(result, code, note, WriteExchange.Of(answer));
    }

    private static InquiryAnswer Refused(string? reason) => reason switch
    {
        "account-not-found" => new(InquiryResult.NotFound),
        "account-inactive" => new(InquiryResult.Inactive),
        _ => new(InquiryResult.Malformed),
    };

    private DeliveryAnswer Judge(Delivery delivery, WireAnswer answer, bool believeRejected)
    {
        if (answer is { Result: WireResult.Answered, Status: 409 })
        {
            log.KnownWithAnotherBody(Settings.Code, delivery.Number);
            return Silent(answer, "known there with another body", "409");
        }

        var code = answer.Status == 0 ? null : answer.Status.ToString(CultureInfo.InvariantCulture);
        if (answer.Result != WireResult.Answered || answer.Status is not (200 or 201 or 202))
        {
            log.NotUnderstood(Settings.Code, delivery.Number, answer.Trouble ?? "an HTTP error", answer.Status);
            return Silent(answer, answer.Trouble ?? "an HTTP error", code);
        }

        if (JsonAnswers.ReadPayment(answer.Body) is not { } payment)
        {
            log.NotUnderstood(Settings.Code, delivery.Number, "a payment's answer", answer.Status);
            return Silent(answer, "the answer was not understood", code);
        }

        switch (payment.Status)
        {
            case JsonStatus.Accepted:
                return new(DeliveryResult.Confirmed, payment.Transaction, ProviderCode: "accepted",
                    CardData: payment.CardData,
                    Exchange: delivery.PerhapsSentBefore ? WriteExchange.Of(answer) : null);
            case JsonStatus.Rejected when believeRejected:
                return Declined(payment, answer);
            case JsonStatus.Rejected:
                log.FinalErrorNotBelieved(Settings.Code, delivery.Number, "rejected");
                return Silent(answer, "rejected after a silent attempt", "rejected");
            default:
                return Silent(answer, "pending there", "pending");
        }
    }

    private static DeliveryAnswer Declined(JsonPayment payment, WireAnswer answer)
    {
        var (name, transient) = DeclineOf(payment.Reason);
        return new(DeliveryResult.Declined, payment.Transaction, name, payment.Reason ?? "rejected", transient,
            Exchange: WriteExchange.Of(answer));
    }

    /// <summary>
    /// Our stable name for the provider's reason; a reason that is not known is <c>provider-error</c>, its text kept as
    /// the code.
    /// </summary>
    private static (string Name, bool Transient) DeclineOf(string? reason) => reason switch
    {
        "not-ours" => ("number-ported", true),
        "account-not-found" or "account-inactive" or "account-malformed" or "amount-too-small" or "amount-too-large"
            or "forbidden-by-provider" => (reason, false),
        "provider-technical" or "account-not-checkable" => (reason, true),
        _ => ("provider-error", false),
    };

    private static DeliveryAnswer Silent(WireAnswer answer, string note, string? code) =>
        new(DeliveryResult.Silent, ProviderCode: code, Note: note, Exchange: WriteExchange.Of(answer));
}
