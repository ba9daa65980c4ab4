using System.Globalization;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using EGovPay.Providers.Wire;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace EGovPay.Providers.Osmp;

/// <summary>
/// Speaks OSMP to a provider: <c>check</c> or <c>getInfo</c> asks, <c>pay</c> delivers, and <c>pay</c> again with the
/// same number asks what became of it, for the protocol has no status command; <c>cancel</c> takes back, where the dialect has it.
/// </summary>
public sealed class OsmpProvider : IProvider, IDisposable
{
    private const int LongestCardData = 8_192;

    private readonly Uri address;
    private readonly OsmpDialect dialect;
    private readonly KeyValuePair<string, string>[] headers;
    private readonly DateTimeZone zone;
    private readonly ProviderConnection connection;
    private readonly ILogger log;

    /// <param name="address">Absolute: where the provider is reached.</param>
    /// <exception cref="NodaTime.TimeZones.DateTimeZoneNotFoundException">The settings name no known zone.</exception>
    public OsmpProvider(ProviderSettings settings, Uri address, ProviderAccess access, ILogger log)
    {
        Settings = settings;
        this.address = address;
        this.log = log;
        dialect = access.Osmp;
        zone = DateTimeZoneProviders.Tzdb[settings.Zone];
        connection = new ProviderConnection(settings, access);
        headers = Credentials.Basic(access) is { } basic ? [new("Accept", "text/xml, application/xml"), basic]
            : [new("Accept", "text/xml, application/xml")];
    }

    public ProviderSettings Settings { get; }

    public async Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline)
    {
        // A check wants a sum, and an inquiry has none yet: the least that the service takes is asked about.
        var rule = question.Service.RuleOn(Baku.DateOf(question.At));
        var form = new StringBuilder(160);
        if (dialect.Inquiry == OsmpInquiry.GetInfo)
        {
            Add(form, "command", "getInfo");
        }
        else
        {
            Add(form, "command", "check");
            Add(form, "txn_id", question.Number.ToString(CultureInfo.InvariantCulture));
        }

        Add(form, "account", question.Account);
        Add(form, "sum", OsmpText.Sum(rule?.Min.Qepik ?? 0));
        AddRest(form, question.Service.Code, question.Fields);
        var answer = await connection.SendAsync(Request(form), deadline);
        var read = Understand(answer, question.Number);
        return read is null
            ? new InquiryAnswer(InquiryResult.Unavailable, ConnectionFailed: true)
            : ReadInquiry.From(read);
    }

    public async Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline)
    {
        var request = Request(PayForm(delivery)) with { SendBefore = delivery.SendBefore };
        var answer = dialect.ByGet
            ? await connection.SendFreshAsync(request, deadline)
            : await connection.SendAsync(request, deadline);
        return Judge(delivery, answer);
    }

    public Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline) =>
        PayAsync(delivery with { PerhapsSentBefore = true }, deadline);

    /// <summary>
    /// <c>cancel</c>; and <c>cancel</c> again under the same numbers asks what became of it. A final error takes nothing back; after
    /// an attempt that the provider perhaps heard of it is believed only from one that de-duplicates first: the error may be that
    /// the payment is reversed already.
    /// </summary>
    public async Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline)
    {
        var request = Request(CancelForm(reversal)) with { SendBefore = reversal.Delivery.SendBefore };
        var answer = dialect.ByGet
            ? await connection.SendFreshAsync(request, deadline)
            : await connection.SendAsync(request, deadline);
        var number = reversal.Delivery.Number;
        if (answer.Result == WireResult.NeverLeft || Understand(answer, number) is not { } read)
        {
            return NotSaid(answer.Trouble ?? "the answer was not understood");
        }

        var code = read.Result.ToString(CultureInfo.InvariantCulture);
        if (OsmpResult.Of(read.Result) is not { Final: true } known)
        {
            return NotSaid(OsmpResult.Of(read.Result) is null ? "an unknown result code" : "not finished there", code);
        }

        var isOk = read.Result == OsmpResult.Ok;
        if (!Is(read.Transaction, number, absent: !isOk) || !Is(read.Cancellation, reversal.CancelNumber, absent: true))
        {
            log.AnswerOfAnotherPayment(Settings.Code, number);
            return NotSaid("the answer is of another transaction", code);
        }

        if (isOk && read.SumQepik is { } sum && sum != reversal.Delivery.AmountQepik)
        {
            log.AnswerOfAnotherSum(Settings.Code, number);
            return NotSaid("OK with another sum", code);
        }

        if (!isOk && reversal.PerhapsAskedBefore && !Settings.DeduplicatesFirst)
        {
            log.FinalErrorNotBelieved(Settings.Code, number, known.CodeText);
            return NotSaid("a final error after a silent attempt", code);
        }

        return new ReversalAnswer(
            isOk ? ReversalResult.Reversed : ReversalResult.Kept, code, Exchange: WriteExchange.Of(answer));

        ReversalAnswer NotSaid(string note, string? said = null) =>
            new(ReversalResult.Silent, said, note, WriteExchange.Of(answer));

        static bool Is(string? text, long expected, bool absent) =>
            text is null ? absent : string.Equals(text, expected.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    public void Dispose() => connection.Dispose();

    private DeliveryAnswer Judge(Delivery delivery, WireAnswer answer)
    {
        if (answer.Result == WireResult.NeverLeft)
        {
            // Nothing left now, which says nothing of an earlier attempt.
            var result = delivery.PerhapsSentBefore ? DeliveryResult.Silent : DeliveryResult.NotSent;
            return new(result, Note: answer.Trouble, Exchange: WriteExchange.Of(answer));
        }

        if (Understand(answer, delivery.Number) is not { } read)
        {
            return Silent(answer, answer.Trouble ?? "the answer was not understood");
        }

        var code = read.Result.ToString(CultureInfo.InvariantCulture);
        if (OsmpResult.Of(read.Result) is not { } known)
        {
            return Silent(answer, "an unknown result code", code);
        }

        var number = delivery.Number.ToString(CultureInfo.InvariantCulture);
        var ours = string.Equals(read.Transaction, number, StringComparison.Ordinal);
        if (read.Result == OsmpResult.Ok)
        {
            return ours ? JudgeOk(delivery, read, answer) : NotOurs();
        }

        // Errors are seen with an empty number; one with somebody else's is not about this payment.
        if (read.Transaction is not null && !ours)
        {
            return NotOurs();
        }

        return known.Final ? JudgeError(delivery, known, read, answer) : Silent(answer, "not finished there", code);

        DeliveryAnswer NotOurs()
        {
            log.AnswerOfAnotherPayment(Settings.Code, delivery.Number);
            return Silent(answer, "the answer is of another transaction", code);
        }
    }

    private DeliveryAnswer JudgeOk(Delivery delivery, OsmpAnswer read, WireAnswer answer)
    {
        if (read.SumQepik is null && !dialect.AnswersWithoutSum)
        {
            return Silent(answer, "OK without a sum", "0");
        }

        if (read.SumQepik is { } sum && sum != delivery.AmountQepik)
        {
            log.AnswerOfAnotherSum(Settings.Code, delivery.Number);
            return Silent(answer, "OK with another sum", "0");
        }

        return new DeliveryAnswer(
            DeliveryResult.Confirmed,
            read.ProviderTransaction,
            ProviderCode: "0",
            CardData: CleanText.WholeOrNone(read.Field("card-data"), LongestCardData),
            Exchange: delivery.PerhapsSentBefore ? WriteExchange.Of(answer) : null);
    }

    private DeliveryAnswer JudgeError(Delivery delivery, OsmpResult known, OsmpAnswer read, WireAnswer answer)
    {
        if (delivery.PerhapsSentBefore && !Settings.DeduplicatesFirst)
        {
            // It may have validated before it looked for the number: the first attempt may still have been credited.
            log.FinalErrorNotBelieved(Settings.Code, delivery.Number, known.CodeText);
            return Silent(answer, "a final error after a silent attempt", known.CodeText);
        }

        var ported = string.Equals(read.Field(dialect.NotOursField), dialect.NotOursValue, StringComparison.Ordinal);
        return new DeliveryAnswer(
            DeliveryResult.Declined,
            read.ProviderTransaction,
            ported ? "number-ported" : known.DeclineName,
            known.CodeText,
            ported || known.Transient,
            Exchange: WriteExchange.Of(answer));
    }

    private static DeliveryAnswer Silent(WireAnswer answer, string note, string? code = null) =>
        new(DeliveryResult.Silent, ProviderCode: code, Note: note, Exchange: WriteExchange.Of(answer));

    /// <summary>
    /// The answer's content, or null (and a log line) for everything that is not a plain, whole, well-formed 200.
    /// </summary>
    private OsmpAnswer? Understand(WireAnswer answer, long number)
    {
        var fault = answer.Trouble;
        if (answer is { Result: WireResult.Answered, Status: 200 })
        {
            var read = OsmpAnswer.Read(answer.Body.Span, answer.Charset, out fault);
            if (read is not null)
            {
                return read;
            }
        }

        log.NotUnderstood(Settings.Code, number, fault ?? "an HTTP error", answer.Status);
        return null;
    }

    private StringBuilder PayForm(Delivery delivery)
    {
        var form = new StringBuilder(200);
        Add(form, "command", "pay");
        Add(form, "txn_id", delivery.Number.ToString(CultureInfo.InvariantCulture));
        Add(form, "txn_date", OsmpText.Date(delivery.AcceptedAt, zone));
        Add(form, "account", delivery.Account);
        Add(form, "sum", OsmpText.Sum(delivery.AmountQepik));
        AddRest(form, delivery.ServiceCode, delivery.Fields);
        return form;
    }

    private StringBuilder CancelForm(Reversal reversal)
    {
        var form = new StringBuilder(200);
        Add(form, "command", "cancel");
        Add(form, "txn_id", reversal.Delivery.Number.ToString(CultureInfo.InvariantCulture));
        Add(form, "cancel_txn_id", reversal.CancelNumber.ToString(CultureInfo.InvariantCulture));
        Add(form, "cancel_txn_date", OsmpText.Date(reversal.AskedAt, zone));
        Add(form, "account", reversal.Delivery.Account);
        Add(form, "sum", OsmpText.Sum(reversal.Delivery.AmountQepik));
        return form;
    }

    private void AddRest(StringBuilder form, int serviceCode, IReadOnlyList<FieldValue> fields)
    {
        if (dialect.Currency is { } currency)
        {
            Add(form, "ccy", currency);
        }

        Add(form, "prv_id", serviceCode.ToString(CultureInfo.InvariantCulture));
        for (var i = 0; i < fields.Count; i++)
        {
            Add(form, $"data{i + 1}", fields[i].Value);
        }
    }

    private WireRequest Request(StringBuilder form)
    {
        if (!dialect.ByGet)
        {
            return new(HttpMethod.Post, address, Encoding.ASCII.GetBytes(form.ToString()),
                "application/x-www-form-urlencoded", headers);
        }

        var target = new UriBuilder(address);
        target.Query = target.Query.Length > 1 ? $"{target.Query}&{form}" : form.ToString();
        return new(HttpMethod.Get, target.Uri, null, null, headers);
    }

    private static void Add(StringBuilder form, string name, string value)
    {
        if (form.Length > 0)
        {
            form.Append('&');
        }

        form.Append(name).Append('=').Append(Uri.EscapeDataString(value));
    }
}
