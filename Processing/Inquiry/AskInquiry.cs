using EGovPay.Processing.Agents;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Validation;
using NodaTime;

namespace EGovPay.Processing.Inquiry;

/// <summary>The answer to a terminal's inquiry: a quote and its sealed text, or a refusal.</summary>
/// <param name="Sealed">What the terminal brings back with the payment.</param>
/// <param name="Lines">The lines as the provider gave them.</param>
public sealed record InquiryReply(
    Refused? Refused, Quote? Quote = null, string? Sealed = null, string? Account = null, IReadOnlyList<DueLine>? Lines = null);

/// <summary>
/// Asks a provider who the payer is and what is owed, and seals the answer into a quote. Nothing is written.
/// </summary>
public sealed class AskInquiry(
    CatalogueInForce catalogue, SealQuotes quotes, Gates gates, RouteNumber route, Node node, IClock clock)
{
    private static readonly InquiryAnswer NotAsked = new(InquiryResult.Unavailable, ConnectionFailed: true);

    /// <summary>Validates here first; only then is the provider asked.</summary>
    public async Task<InquiryReply> AskAsync(
        Terminal terminal, string service, string account, FieldValue[]? fields, CancellationToken gone)
    {
        var now = clock.GetCurrentInstant();
        var current = catalogue.Current;
        if (!terminal.AgentServices.Allows(service))
        {
            return No(Refusal.ServiceNotAllowed, "service");
        }

        var valid = ValidateInquiry.Check(service, account, fields, current, now, terminal.TerminalServices);
        if (valid.Refused is { } refused)
        {
            return new InquiryReply(refused);
        }

        var provider = valid.Service.Portable
            ? route(valid.Account, Baku.DateOf(now))
            : current.ProviderOf(valid.Service).Code;
        if (provider is null)
        {
            return No(Refusal.AccountMalformed, "account");
        }

        var answer = valid.Rule.Inquiry == InquiryNeed.None
            ? new InquiryAnswer(InquiryResult.Found)
            : await AskProviderAsync(provider, valid, fields ?? [], now, gone);
        switch (answer.Result)
        {
            case InquiryResult.Found:
                var quote = Quote.Of(terminal.AgentId, valid.Service, valid.Rule, valid.Account, fields ?? [], answer, now);
                return new InquiryReply(null, quote, quotes.Seal(quote), valid.Account, answer.Lines ?? []);
            case InquiryResult.NotFound:
                return No(Refusal.AccountNotFound, "account");
            case InquiryResult.Inactive:
                return No(Refusal.AccountInactive, "account");
            case InquiryResult.Malformed:
                return No(Refusal.AccountMalformed, "account");
            default:
                return new InquiryReply(new Refused(Refusal.ProviderUnavailable, RetryAfterSeconds: 5));
        }
    }

    private async Task<InquiryAnswer> AskProviderAsync(
        string provider, ValidatedInquiry valid, FieldValue[] fields, Instant now, CancellationToken gone)
    {
        if (gates.Find(provider) is not { } gate || gate.TryEnterInquiry() is not { } permit)
        {
            return NotAsked;
        }

        using (permit)
        {
            var number = await node.NextNumberAsync();
            node.Done(number);
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(gone);
            timeout.CancelAfter(TimeSpan.FromSeconds(gate.Settings.TimeoutSeconds));
            var question = new InquiryQuestion(number, valid.Service, valid.Account, fields, now);
            return await gate.CallAsync(
                () => gate.Provider.InquireAsync(question, timeout.Token),
                answer => gone.IsCancellationRequested || answer.Result != InquiryResult.Unavailable, NotAsked, waited: true);
        }
    }

    private static InquiryReply No(Refusal why, string field) => new(new Refused(why, field));
}
