using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Validation;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Validation;

/// <summary>
/// A request with two faults is refused for the one with the lower number: a payer and a programmer are told what
/// stands first in the way. Every pair of faults is tried, on a service where all of them can occur at once.
/// </summary>
public sealed class PrecedenceOfRefusals
{
    /// <summary>One fault: what it does to the service, and to the request.</summary>
    private sealed record Fault(
        Refusal Why,
        Func<PaymentRequest, PaymentRequest> Spoil,
        Func<ServiceRule, ServiceRule>? Change = null,
        bool Forbidden = false);

    private static readonly Fault[] Faults =
    [
        new(Refusal.ServiceNotAllowed, request => request, Forbidden: true),
        new(Refusal.UnknownService, request => request.With(service: "40999")),
        new(Refusal.ServiceSuspended, request => request, rule => rule with { Open = false }),
        new(Refusal.ServiceClosedNow, request => request, rule => rule with { Hours = new(new(13, 0), new(14, 0)) }),
        new(Refusal.AccountMalformed, request => request.With(account: "?")),
        new(Refusal.AccountCheckDigit, request => request.With(account: "490154203237519")),
        new(Refusal.FieldMissing,
            request => request.With(fields: [.. request.Fields!.Where(field => field.Name != "fin")])),
        new(Refusal.FieldMalformed, request => request.With(fields:
            [.. request.Fields!.Select(field => field.Name == "msisdn" ? new FieldValue("msisdn", "?") : field)])),
        new(Refusal.InquiryRequired, request => request.With(withoutInquiry: true)),
        new(Refusal.InquiryExpired, request => request.Inquiry is null ? request : request.With(
            inquiry: Asking.InquiryFor("20501", 500, Asking.Now - Duration.FromHours(1)))),
        new(Refusal.InquiryMismatch, request => request.Inquiry is null ? request : request.With(
            inquiry: Asking.InquiryFor("20501", 500, agent: 8))),
        new(Refusal.AmountTooSmall, request => request.With(amountQepik: 499)),
        new(Refusal.AmountTooLarge, request => request.With(amountQepik: 501)),
        new(Refusal.AmountNotExact, request => request, rule => rule with { Choices = [new Money(499)] }),
        new(Refusal.TotalDiffers, request => request.With(totalQepik: 1)),
        new(Refusal.LinesDiffer, request => request.With(lines: [new PaidLine("a", 7)])),
    ];

    public static TheoryData<Refusal, Refusal> Pairs
    {
        get
        {
            var pairs = new TheoryData<Refusal, Refusal>();
            foreach (var first in Faults)
            {
                foreach (var second in Faults.Where(fault => fault.Why > first.Why && CanMeet(first.Why, fault.Why)))
                {
                    pairs.Add(first.Why, second.Why);
                }
            }

            return pairs;
        }
    }

    public static TheoryData<Refusal> Each => [.. Faults.Select(fault => fault.Why)];

    [Theory]
    [MemberData(nameof(Each))]
    public void A_fault_alone_is_refused_for_what_it_is(Refusal why) => Refused(why).Should().Be(why);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_two_faults_the_one_with_the_lower_number_is_named(Refusal first, Refusal second)
    {
        Refused(first, second).Should().Be(first);
        Refused(second, first).Should().Be(first, "the order in which the faults came about does not matter");
    }

    /// <summary>
    /// An account has one fault, an inquiry one, an amount is too small or too large: these pairs exclude each other.
    /// </summary>
    private static bool CanMeet(Refusal first, Refusal second) =>
        (first, second) is not (Refusal.AccountMalformed, Refusal.AccountCheckDigit)
            and not (Refusal.InquiryRequired, Refusal.InquiryExpired or Refusal.InquiryMismatch)
            and not (Refusal.InquiryExpired, Refusal.InquiryMismatch)
            and not (Refusal.AmountTooSmall, Refusal.AmountTooLarge);

    private static Refusal? Refused(params Refusal[] faults)
    {
        var service = Asking.Catalogue.Find("20501")!;
        var rule = service.Rules[0];
        var request = Asking.GoodFor("20501");
        var forbidden = false;
        foreach (var why in faults)
        {
            var fault = Faults.Single(known => known.Why == why);
            request = fault.Spoil(request);
            rule = fault.Change?.Invoke(rule) ?? rule;
            forbidden |= fault.Forbidden;
        }

        return Asking.Check(
            request,
            Asking.CatalogueWith(service, rule),
            forbidden ? AllowedServices.Of(["kommunal"]) : AllowedServices.All).Refused?.Why;
    }
}
