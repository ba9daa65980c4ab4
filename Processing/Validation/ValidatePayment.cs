using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Inquiry;
using EGovPay.Processing.Payments;
using NodaTime;

namespace EGovPay.Processing.Validation;

/// <summary>
/// Judges a payment request by the catalogue and its inquiry: the refusals 121 and 200–234, in their order, the first
/// one wins. It asks no database and no provider; a good request without an inquiry is judged without allocating
/// anything. (223 is the journal's: only it knows which inquiries were used. A known reference is answered before this
/// is called.)
/// </summary>
public static class ValidatePayment
{
    /// <summary>The most lines a payment may name.</summary>
    public const int MostLines = 256;

    /// <summary>The most characters of a line's id.</summary>
    public const int MostLineIdCharacters = 64;

    /// <summary>
    /// Judges <paramref name="request"/>. Its account and fields are brought to their normal forms on the way, the
    /// fields in the service's order.
    /// </summary>
    /// <param name="request">The request as parsed.</param>
    /// <param name="catalogue">The catalogue in force.</param>
    /// <param name="now">The moment that decides on rules, hours and the quote's expiry.</param>
    /// <param name="agentId">The agent that asks; a quote is bound to it.</param>
    /// <param name="allowed">What the terminal may sell.</param>
    /// <param name="inquiry">What <see cref="SealQuotes.Read"/> made of <see cref="PaymentRequest.Inquiry"/>.</param>
    public static ValidatedPayment Check(
        PaymentRequest request,
        CatalogueSnapshot catalogue,
        Instant now,
        int agentId,
        in AllowedServices allowed,
        in QuoteReading inquiry)
    {
        var account = request.Account;
        var refused = ValidateAccount.Judge(
            catalogue, request.Service, ref account, request.Fields, now, allowed, out var service, out var rule);
        if (refused is { } no)
        {
            return ValidatedPayment.No(no);
        }

        request.Account = account;
        if (JudgeInquiry(request, service!, rule!, agentId, inquiry) is { } unquoted)
        {
            return ValidatedPayment.No(unquoted, "inquiry");
        }

        var quote = inquiry.Quote;
        if (JudgeAmount(request.AmountQepik, rule!, quote) is { } wrong)
        {
            return ValidatedPayment.No(wrong, "amountQepik");
        }

        var fee = quote?.Fee ?? rule!.Fee;
        var good = ValidatedPayment.Yes(service!, rule!, account, fee, new Money(request.AmountQepik));
        if (request.TotalQepik != good.Total.Qepik)
        {
            return ValidatedPayment.No(Refusal.TotalDiffers, "totalQepik", good.PayerFee.Qepik, good.Total.Qepik);
        }

        return LinesFit(request, rule!, quote) ? good : ValidatedPayment.No(Refusal.LinesDiffer, "lines");
    }

    /// <summary>
    /// Brings account and fields to their normal forms without judging them, as far as the service is known; for
    /// comparing a repeat with what the book holds, which comes before any check.
    /// </summary>
    public static void Normalise(PaymentRequest request, CatalogueSnapshot catalogue)
    {
        if (catalogue.Find(request.Service) is not { } service)
        {
            return;
        }

        var account = request.Account;
        JudgeField.Judge(service.Fields[0], ref account);
        request.Account = account;
        ValidateAccount.Order(service, request.Fields);
    }

    private static Refusal? JudgeInquiry(
        PaymentRequest request, Service service, ServiceRule rule, int agentId, in QuoteReading inquiry)
    {
        switch (inquiry.Status)
        {
            case QuoteStatus.Absent:
                return rule.Inquiry == InquiryNeed.Required ? Refusal.InquiryRequired : null;
            case QuoteStatus.Expired:
                return Refusal.InquiryExpired;
            case QuoteStatus.Good when inquiry.Quote is { } quote
                && quote.AgentId == agentId
                && quote.ServiceCode == service.Code
                && quote.Binding == Quote.BindingOf(service.Code, request.Account, request.Fields):
                return null;
            default:
                return Refusal.InquiryMismatch;
        }
    }

    /// <summary>
    /// The limits are the tighter of the rule's and the quote's. In the mode full there is one right amount, what the
    /// quote says is owed.
    /// </summary>
    private static Refusal? JudgeAmount(long amountQepik, ServiceRule rule, Quote? quote)
    {
        if (amountQepik < rule.Min.Qepik || amountQepik < quote?.MinQepik)
        {
            return Refusal.AmountTooSmall;
        }

        if (amountQepik > rule.Max.Qepik || amountQepik > quote?.MaxQepik)
        {
            return Refusal.AmountTooLarge;
        }

        var exact = rule.Mode switch
        {
            AmountMode.Full => quote is not null && amountQepik == quote.DueQepik,
            AmountMode.Fixed => rule.Choices is null || IsChoice(amountQepik, rule.Choices),
            _ => true,
        };
        return exact ? null : Refusal.AmountNotExact;
    }

    private static bool IsChoice(long amountQepik, IReadOnlyList<Money> choices)
    {
        for (var i = 0; i < choices.Count; i++)
        {
            if (choices[i].Qepik == amountQepik)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The lines add up to the amount, none twice, none of nothing. With a quote each is a line of it; and in the mode
    /// full none is paid above what is owed on it. Without a quote nobody was told of lines, so only the sum is judged.
    /// </summary>
    private static bool LinesFit(PaymentRequest request, ServiceRule rule, Quote? quote)
    {
        if (request.Lines is not { Length: > 0 } lines)
        {
            return true;
        }

        if (lines.Length > MostLines)
        {
            return false;
        }

        var left = request.AmountQepik;
        for (var i = 0; i < lines.Length; i++)
        {
            ref readonly var line = ref lines[i];
            if (line.Id is not { Length: > 0 and <= MostLineIdCharacters }
                || line.AmountQepik <= 0 || line.AmountQepik > left
                || IsRepeated(lines, i)
                || !FitsQuote(line, rule, quote))
            {
                return false;
            }

            left -= line.AmountQepik;
        }

        return left == 0;
    }

    private static bool FitsQuote(in PaidLine line, ServiceRule rule, Quote? quote) =>
        quote?.Lines is null
        || (quote.DueOf(line.Id) is { } due && (rule.Mode != AmountMode.Full || line.AmountQepik <= due));

    private static bool IsRepeated(PaidLine[] lines, int at)
    {
        for (var i = 0; i < at; i++)
        {
            if (string.Equals(lines[i].Id, lines[at].Id, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Judges an inquiry before a provider is asked: the refusals 121, 200–202 and 210–213.</summary>
public static class ValidateInquiry
{
    /// <summary>
    /// Judges an inquiry. The fields are brought to their normal forms in place, in the service's order; the account's
    /// is in the answer.
    /// </summary>
    public static ValidatedInquiry Check(
        string service,
        string account,
        FieldValue[]? fields,
        CatalogueSnapshot catalogue,
        Instant now,
        in AllowedServices allowed)
    {
        var refused = ValidateAccount.Judge(
            catalogue, service, ref account, fields, now, allowed, out var found, out var rule);
        return refused is { } no ? new ValidatedInquiry(no) : new ValidatedInquiry(found!, rule!, account);
    }
}
