using EGovPay.Processing.Agents;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Inquiry;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Observing;
using EGovPay.Processing.StateMachine;
using EGovPay.Processing.Telling;
using EGovPay.Processing.Validation;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace EGovPay.Processing.Payments;

/// <summary>What a terminal is told: a payment as it stands, or why its request was not done.</summary>
/// <param name="Repeat">The reference was known before this request.</param>
public readonly record struct PayAnswer(Payment? Payment, Refused? Refused, bool Repeat)
{
    public static PayAnswer Stands(Payment payment, bool repeat) => new(payment, null, repeat);

    public static PayAnswer No(Refused refused) => new(null, refused, false);
}

/// <summary>The provider that a portable number is served by on a day, or null where nobody serves it.</summary>
public delegate string? RouteNumber(string msisdn, LocalDate on);

/// <summary>
/// The way of a payment, in order: validation, permit, commit 1, provider, commit 2, answer. A caller that goes away changes
/// nothing: what was accepted goes its way to the end.
/// </summary>
public sealed class PayPayment(
    CatalogueInForce catalogue, SealQuotes quotes, Gates gates, RouteNumber route, Journal.Journal journal, IFindPayments book,
    Deliver deliver, Node node, Waiting waiting, Subscribers subscribers, IClock clock, TimeProvider time,
    ILogger<PayPayment> log)
{
    /// <summary>How long a caller whose patience has ended waits for a refusal that is just being committed.</summary>
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(2);

    private const int FullProviderRetrySeconds = 2;

    /// <summary>
    /// Pays, once. The same request again gets the same payment; another request under the reference is refused.
    /// </summary>
    /// <param name="patience">How long the caller waits for a final state, at most 25 s; then it is told how things stand.</param>
    public async Task<PayAnswer> PayAsync(Terminal terminal, PaymentRequest request, TimeSpan patience)
    {
        var now = clock.GetCurrentInstant();
        var current = catalogue.Current;
        var quote = quotes.Read(request.Inquiry, now);
        if (!terminal.AgentServices.Allows(request.Service))
        {
            return PayAnswer.No(new Refused(Refusal.ServiceNotAllowed, "service"));
        }

        var valid = ValidatePayment.Check(request, current, now, terminal.AgentId, terminal.TerminalServices, quote);
        if (valid.Refused is { } invalid)
        {
            return invalid.Why < Refusal.UnknownService
                ? PayAnswer.No(invalid)
                : await RefuseAsync(terminal, request, quote.Quote, invalid, current, patience);
        }

        if (terminal.SingleLimitQepik is { } limit && request.TotalQepik > limit)
        {
            var over = new Refused(Refusal.TerminalLimit);
            return await RefuseAsync(terminal, request, quote.Quote, over, current, patience);
        }

        if (ProviderOf(current, valid, now) is not { } provider)
        {
            var nobodys = new Refused(Refusal.AccountMalformed, "account");
            return await RefuseAsync(terminal, request, quote.Quote, nobodys, current, patience);
        }

        var gate = gates.Find(provider);
        if (gate?.TryEnterPayment() is not { } permit)
        {
            if (gate?.Open == true)
            {
                // It works, and has as many as it takes at once. Each of a crowd is told so after one look for its reference, and none
                // at funds, or they would take from those who are served.
                var full = new Refused(Refusal.Overloaded, RetryAfterSeconds: FullProviderRetrySeconds);
                return await KnownOrAsync(terminal, request, full, current, patience);
            }

            var unavailable = new Refused(Refusal.ProviderUnavailable, RetryAfterSeconds: 5);
            return await RefuseAsync(terminal, request, quote.Quote, unavailable, current, patience);
        }

        var caller = new Caller();
        var way = GoAsync(terminal, request, valid, quote.Quote, gate, permit, caller);
        return await InTimeAsync(way, caller, terminal, request, current, patience);
    }

    /// <summary>The provider's code; null where nobody serves the number.</summary>
    private string? ProviderOf(CatalogueSnapshot current, in ValidatedPayment valid, Instant now) => valid.Service.Portable
        ? route(valid.Account, Baku.DateOf(now))
        : current.ProviderOf(valid.Service).Code;

    /// <summary>
    /// Refuses, after what comes before this refusal and only the book knows: the reference, then whether the inquiry was used,
    /// then the agent's funds. It costs only those who are refused anyway.
    /// </summary>
    private async Task<PayAnswer> RefuseAsync(
        Terminal terminal, PaymentRequest request, Quote? quote, Refused refused, CatalogueSnapshot current, TimeSpan patience)
    {
        if (quote is not null && quote.AgentId == terminal.AgentId && refused.Why > Refusal.InquiryUsed
            && await book.FindUseAsync(terminal.AgentId, terminal.Parts, quote.Id) is { } used && used != request.Reference)
        {
            refused = new Refused(Refusal.InquiryUsed, "inquiry", Reference: used);
        }
        else if (refused.Why > Refusal.InsufficientFunds
            && await book.AvailableAsync(terminal.PartFor(request.Reference)) < request.TotalQepik)
        {
            refused = new Refused(Refusal.InsufficientFunds);
        }

        return await KnownOrAsync(terminal, request, refused, current, patience);
    }

    /// <summary>The payment's whole way, whoever still listens. The permit ends with it.</summary>
    private async Task<(Accepted Accepted, Payment? Payment)> GoAsync(
        Terminal terminal, PaymentRequest request, ValidatedPayment valid, Quote? quote, ProviderGate gate, Permit permit,
        Caller caller)
    {
        var number = 0L;
        try
        {
            number = await node.NextNumberAsync();
            Spans.Validated(number);
            var acceptance = Describe(terminal, request, valid, quote, gate, number);
            var accepted = await journal.AcceptAsync(acceptance);
            if (accepted.Verdict == AcceptVerdict.Known && accepted.Number == number)
            {
                // This very payment, entered by an execution whose answer was lost: it may not be sent as if nothing had been.
                var entered = await book.FindAsync(acceptance.AgentId, number);
                var asked = await deliver.PayAsync(entered!, SendDeadline.Passed, caller.HasLeft);
                node.Done(number);
                return (accepted with { Verdict = AcceptVerdict.Entered }, asked);
            }

            if (accepted.Verdict != AcceptVerdict.Entered)
            {
                node.Done(number);
                return (accepted, null);
            }

            var payment = await deliver.PayAsync(
                Entered(acceptance, request, accepted), SendDeadline.After(accepted.StartedTicks, acceptance.SendSeconds, time),
                caller.HasLeft);
            node.Done(number);
            return (accepted, payment);
        }
        catch (Exception defect)
        {
            Log.WayEnded(log, defect, number);
            if (number != 0)
            {
                node.LoseSight(terminal.PartFor(request.Reference), number);
            }

            throw;
        }
        finally
        {
            permit.Dispose();
        }
    }

    private async Task<PayAnswer> InTimeAsync(
        Task<(Accepted Accepted, Payment? Payment)> way, Caller caller, Terminal terminal, PaymentRequest request,
        CatalogueSnapshot current, TimeSpan patience)
    {
        var inTime = await EndsAsync(way, patience);
        if (!inTime && !caller.Leave())
        {
            // A refusal is being committed for a caller who still gets it: it is worth this moment.
            inTime = await EndsAsync(way, LastWord);
        }

        if (!inTime)
        {
            // Whatever happens to it now is found by its reference; a defect on the way is logged there.
            _ = way.ContinueWith(
                ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            var unknown = new Refused(Refusal.OutcomeNotKnown, RetryAfterSeconds: 1);
            return caller.Leave()
                ? await KnownOrAsync(terminal, request, unknown, current, TimeSpan.Zero) with { Repeat = false }
                : PayAnswer.No(unknown);
        }

        var (accepted, payment) = await way;
        return accepted.Verdict switch
        {
            AcceptVerdict.Entered => PayAnswer.Stands(payment!, repeat: false),
            AcceptVerdict.Known => await KnownOrAsync(
                terminal, request, new Refused(Refusal.OutcomeNotKnown), current, patience),
            AcceptVerdict.InquiryUsed => PayAnswer.No(
                new Refused(Refusal.InquiryUsed, "inquiry", Reference: accepted.UsedBy)),
            AcceptVerdict.InsufficientFunds => PayAnswer.No(new Refused(Refusal.InsufficientFunds)),
            AcceptVerdict.TerminalLimit => PayAnswer.No(new Refused(Refusal.TerminalLimit)),
            AcceptVerdict.ShiftNotOpen => PayAnswer.No(new Refused(Refusal.ShiftNotOpen)),
            _ => PayAnswer.No(new Refused(Refusal.Overloaded, RetryAfterSeconds: 1)),
        };
    }

    /// <summary>
    /// True: it ended, well or badly, within the time. No timer outlives the wait: of payments that take milliseconds, tens of thousands
    /// would wait their twenty seconds.
    /// </summary>
    private async Task<bool> EndsAsync(Task way, TimeSpan within)
    {
        // What goes on goes on where the caller was: a simulation runs on a scheduler of its own.
        await way.WaitAsync(within, time).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return way.IsCompleted;
    }

    /// <summary>A known reference is answered from the book before any refusal from 200 on.</summary>
    private async Task<PayAnswer> KnownOrAsync(
        Terminal terminal, PaymentRequest request, Refused refused, CatalogueSnapshot current, TimeSpan patience)
    {
        var agentId = terminal.PartFor(request.Reference);
        if (await book.FindAsync(agentId, request.Reference) is not { } known)
        {
            return PayAnswer.No(refused);
        }

        if (SameRequest.FirstDifference(request, known, current) is { } field)
        {
            return PayAnswer.No(new Refused(Refusal.ReferenceUsedDifferently, field));
        }

        return PayAnswer.Stands(await waiting.FinalAsync(known, patience), repeat: true);
    }

    private Acceptance Describe(
        Terminal terminal, PaymentRequest request, in ValidatedPayment valid, Quote? quote, ProviderGate gate, long number)
    {
        var contact = subscribers.Keep(request.Contact);
        return new Acceptance
        {
            AgentId = terminal.PartFor(request.Reference),
            FirstPart = terminal.AgentId,
            Parts = terminal.Parts,
            Number = number,
            Reference = request.Reference,
            TerminalId = terminal.TerminalId,
            ServiceCode = valid.Service.Code,
            Account = valid.Account,
            Fields = StoredText.Of(request.Fields),
            Lines = StoredText.Of(request.Lines),
            AmountQepik = valid.Amount.Qepik,
            FeeQepik = valid.PayerFee.Qepik,
            CommissionQepik = valid.Amount.PercentHalfUp(
                terminal.CommissionOn(Baku.DateOf(clock.GetCurrentInstant()))).Qepik,
            ProviderFeeQepik = valid.ProviderFee.Qepik,
            ProviderId = gate.Settings.Id,
            Tender = request.Tender,
            CutoffGroup = (short)(valid.Rule.CutOff[1] - '0'),
            Notify = subscribers.Hear(terminal, gate.Settings.Id, contact),
            Rrn = request.Rrn,
            MaskedPan = request.MaskedPan,
            Cashier = request.Cashier,
            Contact = StoredText.Of(contact),
            Payer = quote?.Payer,
            InquiryId = quote?.Id,
            BudgetLevel = valid.Service.BudgetLevel,
            BudgetCode = BudgetCode(request, valid.Service),
            DailyLimitQepik = terminal.DailyLimitQepik,
            NodeId = node.Id,
            SendSeconds = Deliver.ClaimSeconds(gate),
            ShiftRequired = terminal.ShiftRequired,
        };
    }

    /// <summary>The classification code that the payer named, else the service's own.</summary>
    private static string? BudgetCode(PaymentRequest request, Service service)
    {
        foreach (var field in request.Fields ?? [])
        {
            if (field.Name == "budce_tesnifati_kodu")
            {
                return field.Value;
            }
        }

        return service.BudgetCode;
    }

    private static Payment Entered(Acceptance a, PaymentRequest request, Accepted accepted) => new()
    {
        AgentId = a.AgentId,
        Number = a.Number,
        Reference = a.Reference,
        TerminalId = a.TerminalId,
        ServiceCode = a.ServiceCode,
        Account = a.Account,
        Fields = request.Fields ?? [],
        Lines = request.Lines ?? [],
        AmountQepik = a.AmountQepik,
        FeeQepik = a.FeeQepik,
        Tender = a.Tender,
        Rrn = a.Rrn,
        MaskedPan = a.MaskedPan,
        Cashier = a.Cashier,
        Payer = a.Payer,
        ProviderId = a.ProviderId,
        ShiftNo = accepted.ShiftNo,
        BudgetLevel = a.BudgetLevel,
        BudgetCode = a.BudgetCode,
        AcceptedAt = accepted.At,
        State = PaymentState.Dispatched,
        Edge = 2,
        Step = 0,
        At = accepted.At,
    };

    /// <summary>
    /// Whoever waits for a payment. Either it is told "not final" and has left when a refusal is recorded, and then the payer's cash
    /// is owed; or the refusal is what it is told. Which of the two is decided once.
    /// </summary>
    private sealed class Caller
    {
        private const int Waits = 0;
        private const int Left = 1;
        private const int GetsTheOutcome = 2;

        private int state;

        /// <summary>It is about to be told "not final"; false: a refusal is on its way to it.</summary>
        public bool Leave() => Interlocked.CompareExchange(ref state, Left, Waits) != GetsTheOutcome;

        /// <summary>It has left; false: it waits, and goes on waiting for the outcome.</summary>
        public bool HasLeft() => Interlocked.CompareExchange(ref state, GetsTheOutcome, Waits) == Left;
    }
}
