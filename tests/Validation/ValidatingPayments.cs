using System.Diagnostics;
using EGovPay.Processing;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Inquiry;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Validation;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Validation;

public sealed class ValidatingPayments
{
    public static TheoryData<string> Codes => [.. Asking.Catalogue.Services.Select(service => service.CodeText)];

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_good_request_for_each_service_is_accepted(string code)
    {
        var request = Asking.GoodFor(code);
        var validated = Asking.Check(request);
        validated.Refused.Should().BeNull();
        validated.Service.CodeText.Should().Be(code);
        validated.Amount.Qepik.Should().Be(request.AmountQepik);
        validated.Total.Qepik.Should().Be(request.TotalQepik);
        validated.Account.Should().Be(request.Account);
    }

    [Fact]
    public void Once_warm_a_good_request_in_its_normal_form_allocates_nothing()
    {
        var requests = Asking.Catalogue.Services.Select(service => Asking.GoodFor(service.CodeText))
            .Where(request => request.Inquiry is null).ToArray();
        requests.Length.Should().BeGreaterThan(40);
        var clock = Stopwatch.StartNew();
        long allocated;
        do
        {
            // Until the framework's own span searches are compiled for good, they box characters.
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var request in requests)
            {
                ValidatePayment.Check(request, Asking.Catalogue, Asking.Now, Asking.Agent, AllowedServices.All,
                    QuoteReading.None);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        while (allocated > 0 && clock.Elapsed < TimeSpan.FromSeconds(60));
        allocated.Should().Be(0);
    }

    [Fact]
    public void A_typed_phone_number_becomes_nine_digits_and_fields_take_the_services_order()
    {
        var good = Asking.GoodFor("20501");
        var typed = good.With(
            account: " 490154203237518 ",
            fields: [new("msisdn", "+994 (50) 234-56-78"), new("fin", "7abcde2")]);
        var validated = Asking.Check(typed);
        validated.Refused.Should().BeNull("the quote is bound to the normal forms");
        typed.Account.Should().Be("490154203237518");
        typed.Fields.Should().Equal(new FieldValue("fin", "7ABCDE2"), new FieldValue("msisdn", "502345678"));
    }

    [Theory]
    [InlineData("00000", "service")]
    [InlineData("99999", "service")]
    [InlineData("1010", "service")]
    [InlineData("azerishiq", "service")]
    [InlineData("", "service")]
    public void An_unknown_service_is_refused(string code, string field) =>
        Refused(Asking.GoodFor("10101").With(service: code)).Should().Be(new Refused(Refusal.UnknownService, field));

    [Fact]
    public void A_terminal_sells_only_what_it_may_and_is_told_so_before_anything_else()
    {
        var some = AllowedServices.Of(["kommunal", "20102"]);
        Refused(Asking.GoodFor("10101"), allowed: some).Should().BeNull();
        Refused(Asking.GoodFor("20102"), allowed: some).Should().BeNull();
        Refused(Asking.GoodFor("20101"), allowed: some).Should().Be(new Refused(Refusal.ServiceNotAllowed, "service"));
        Refused(Asking.GoodFor("10101").With(service: "99999"), allowed: some)!.Value.Why
            .Should().Be(Refusal.ServiceNotAllowed);
        Refused(Asking.GoodFor("10101"), allowed: AllowedServices.Of([]))!.Value.Why
            .Should().Be(Refusal.ServiceNotAllowed);
        Refused(Asking.GoodFor("10101"), allowed: AllowedServices.All).Should().BeNull();
        FluentActions.Invoking(() => AllowedServices.Of(["kommunal", "elektrik"])).Should().Throw<FormatException>();
    }

    [Theory]
    [InlineData("01234567890123")]
    [InlineData("0123456789012345")]
    [InlineData("01234567890123A")]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("012345678901234\n1")]
    [InlineData("٠١٢٣٤٥٦٧٨٩٠١٢٣٤")]
    [InlineData("0123456 7890123")]
    [InlineData("012345678901234\0")]
    public void A_malformed_account_is_refused(string account) =>
        Refused(Asking.GoodFor("10101").With(account: account))
            .Should().Be(new Refused(Refusal.AccountMalformed, "account"));

    [Fact]
    public void An_endless_account_is_refused_unread() =>
        Refused(Asking.GoodFor("10101").With(account: new string(' ', 65_536) + "012345678901234"))
            .Should().Be(new Refused(Refusal.AccountMalformed, "account"));

    [Theory]
    [InlineData("20501", "490154203237519")]
    [InlineData("40301", "1400057411")]
    public void A_wrong_check_digit_of_the_account_is_refused(string code, string account) =>
        Refused(Asking.GoodFor(code).With(account: account))
            .Should().Be(new Refused(Refusal.AccountCheckDigit, "account"));

    [Fact]
    public void A_missing_field_is_named_before_a_malformed_one()
    {
        var good = Asking.GoodFor("20501");
        Refused(good.With(fields: [new("msisdn", "x")])).Should().Be(new Refused(Refusal.FieldMissing, "fields.fin"));
        Refused(good.With(fields: [new("fin", "x")])).Should().Be(new Refused(Refusal.FieldMissing, "fields.msisdn"));
        Refused(good.With(fields: [])).Should().Be(new Refused(Refusal.FieldMissing, "fields.fin"));
        Refused(good.With(fields: [new("fin", " "), new("msisdn", "x")]))
            .Should().Be(new Refused(Refusal.FieldMissing, "fields.fin"));
        Refused(good.With(fields: [new("msisdn", "x"), new("fin", "y")]))
            .Should().Be(new Refused(Refusal.FieldMalformed, "fields.fin"));
        Refused(good.With(fields: [new("msisdn", "x"), new("fin", "7ABCDE2")]))
            .Should().Be(new Refused(Refusal.FieldMalformed, "fields.msisdn"));
    }

    [Fact]
    public void A_field_that_nobody_asked_for_is_named()
    {
        var good = Asking.GoodFor("10101");
        Refused(good.With(fields: [new("xyz", "1")])).Should().Be(new Refused(Refusal.FieldMalformed, "fields.xyz"));
        var imei = Asking.GoodFor("20501");
        Refused(imei.With(fields: [.. imei.Fields!, new("fin", "7ABCDE2")]))
            .Should().Be(new Refused(Refusal.FieldMalformed, "fields.fin"), "it was given twice");
        Refused(good.With(fields: [new(new string('q', 5_000), "1")]))!.Value.Field
            .Should().HaveLength("fields.".Length + 64);
    }

    [Fact]
    public void A_field_with_a_wrong_check_digit_is_malformed()
    {
        var good = Asking.GoodFor("10103");
        Refused(good.With(fields: [new("voen", "1400057411")]))
            .Should().Be(new Refused(Refusal.FieldMalformed, "fields.voen"));
    }

    [Fact]
    public void Where_the_debt_is_paid_in_full_an_inquiry_is_required() =>
        Refused(Asking.GoodFor("40101").With(withoutInquiry: true))
            .Should().Be(new Refused(Refusal.InquiryRequired, "inquiry"));

    [Fact]
    public void An_inquiry_is_good_for_fifteen_minutes()
    {
        var asked = Asking.Now - Quote.GoodFor;
        Refused(Asking.GoodFor("40101").With(inquiry: Asking.InquiryFor("40101", 100, asked)))
            .Should().Be(new Refused(Refusal.InquiryExpired, "inquiry"));
        var later = asked + Duration.FromMilliseconds(1);
        Refused(Asking.GoodFor("40101").With(inquiry: Asking.InquiryFor("40101", 100, later)))
            .Should().BeNull();
    }

    [Fact]
    public void An_inquiry_of_another_agent_service_account_or_field_does_not_fit()
    {
        var mismatch = new Refused(Refusal.InquiryMismatch, "inquiry");
        var fine = Asking.GoodFor("40101");
        Refused(fine.With(inquiry: Asking.InquiryFor("40101", 100, agent: 8))).Should().Be(mismatch);
        Refused(fine.With(inquiry: Asking.InquiryFor("40104", 100, account: fine.Account))).Should().Be(mismatch);
        Refused(fine.With(account: "AAA0000009")).Should().Be(mismatch);
        var imei = Asking.GoodFor("20501");
        Refused(imei.With(fields: [new("fin", "7ABCDE3"), new("msisdn", "502345678")])).Should().Be(mismatch);
        Refused(fine.With(inquiry: "")).Should().Be(mismatch);
        Refused(fine.With(inquiry: "garbage")).Should().Be(mismatch);
        Refused(Asking.GoodFor("10101").With(inquiry: "garbage"))
            .Should().Be(mismatch, "an inquiry given is an inquiry judged");
    }

    [Theory]
    [InlineData(9, Refusal.AmountTooSmall)]
    [InlineData(0, Refusal.AmountTooSmall)]
    [InlineData(-2350, Refusal.AmountTooSmall)]
    [InlineData(long.MinValue, Refusal.AmountTooSmall)]
    [InlineData(1_000_001, Refusal.AmountTooLarge)]
    [InlineData(long.MaxValue, Refusal.AmountTooLarge)]
    public void An_amount_outside_the_limits_is_refused(long amountQepik, Refusal why) =>
        Refused(Asking.GoodFor("10101").With(amountQepik: amountQepik, totalQepik: amountQepik))
            .Should().Be(new Refused(why, "amountQepik"));

    [Fact]
    public void A_fine_is_paid_to_the_qəpik_of_what_is_owed()
    {
        var inquiry = Asking.InquiryFor("40101", 4_000);
        Refused(Asking.GoodFor("40101").With(inquiry: inquiry, amountQepik: 3_999, totalQepik: 4_039))
            .Should().Be(new Refused(Refusal.AmountNotExact, "amountQepik"));
        Refused(Asking.GoodFor("40101").With(inquiry: inquiry, amountQepik: 4_001, totalQepik: 4_041))!.Value.Why
            .Should().Be(Refusal.AmountNotExact);
        Refused(Asking.GoodFor("40101").With(inquiry: inquiry, amountQepik: 4_000, totalQepik: 4_040))
            .Should().BeNull();
    }

    [Fact]
    public void A_wrong_total_is_refused_with_the_right_fee_and_total() =>
        Refused(Asking.GoodFor("40303").With(amountQepik: 27_000, totalQepik: 27_000))
            .Should().Be(new Refused(Refusal.TotalDiffers, "totalQepik", 41, 27_041));

    [Fact]
    public void A_fee_that_the_provider_pays_is_not_on_the_payers_total()
    {
        var validated = Asking.Check(Asking.GoodFor("20303").With(amountQepik: 1_000, totalQepik: 1_000));
        validated.Refused.Should().BeNull();
        validated.PayerFee.Should().Be(Money.Zero);
        validated.ProviderFee.Should().Be(new Money(10));
    }

    [Fact]
    public void Lines_add_up_are_known_and_each_stands_once()
    {
        var inquiry = Asking.InquiryFor(
            "10101", 3_000, lines: [new("2026-09", "Sentyabr", 1_000), new("2026-10", "Oktyabr", 2_000)]);
        var good = Asking.GoodFor("10101").With(inquiry: inquiry, amountQepik: 3_000, totalQepik: 3_000);
        var differ = new Refused(Refusal.LinesDiffer, "lines");
        Refused(good.With(lines: [new("2026-09", 1_000), new("2026-10", 2_000)])).Should().BeNull();
        Refused(good.With(lines: [new("2026-10", 3_000)])).Should().BeNull("part and advance are allowed here");
        Refused(good.With(lines: [])).Should().BeNull();
        Refused(good.With(lines: [new("2026-09", 1_000), new("2026-10", 1_999)])).Should().Be(differ);
        Refused(good.With(lines: [new("2026-09", 1_000), new("2026-10", 2_001)])).Should().Be(differ);
        Refused(good.With(lines: [new("2026-09", 1_000), new("2026-11", 2_000)])).Should().Be(differ);
        Refused(good.With(lines: [new("2026-09", 1_000), new("2026-09", 2_000)])).Should().Be(differ);
        Refused(good.With(lines: [new("2026-09", 3_001), new("2026-10", -1)])).Should().Be(differ);
        Refused(good.With(lines: [new("2026-09", 3_000), new("2026-10", 0)])).Should().Be(differ);
        Refused(good.With(lines: [new("2026-09", long.MaxValue), new("2026-10", long.MaxValue)])).Should().Be(differ);
        Refused(good.With(lines: [new("", 3_000)])).Should().Be(differ);
        Refused(good.With(lines: [.. Enumerable.Range(0, 3_000).Select(i => new PaidLine($"{i}", 1))]))
            .Should().Be(differ);
    }

    [Fact]
    public void Where_all_is_owed_no_line_is_paid_above_its_debt()
    {
        var inquiry = Asking.InquiryFor("40101", 3_000, lines: [new("a", "A", 1_000), new("b", "B", 2_000)]);
        var good = Asking.GoodFor("40101").With(inquiry: inquiry, amountQepik: 3_000, totalQepik: 3_040);
        Refused(good.With(lines: [new("a", 1_000), new("b", 2_000)])).Should().BeNull();
        Refused(good.With(lines: [new("a", 1_001), new("b", 1_999)]))
            .Should().Be(new Refused(Refusal.LinesDiffer, "lines"));
    }

    [Fact]
    public void The_fee_that_an_unexpired_inquiry_told_is_honoured_when_the_rule_changes()
    {
        // Asked one minute before November 2025, when a fine was still free; paid one minute after.
        var midnight = new LocalDate(2025, 11, 1).AtMidnight().InZoneStrictly(Baku.Zone).ToInstant();
        var fine = Asking.GoodFor("40101").With(
            amountQepik: 4_000,
            totalQepik: 4_000,
            inquiry: Asking.InquiryFor("40101", 4_000, midnight - Duration.FromMinutes(1)));
        Asking.Check(fine, now: midnight + Duration.FromMinutes(1)).Refused.Should().BeNull();
        var later = fine.With(inquiry: Asking.InquiryFor("40101", 4_000, midnight));
        Asking.Check(later, now: midnight + Duration.FromMinutes(1)).Refused
            .Should().Be(new Refused(Refusal.TotalDiffers, "totalQepik", 40, 4_040));
    }

    [Fact]
    public void A_tighter_limit_of_the_provider_is_kept()
    {
        var service = Asking.Catalogue.Find("10101")!;
        var quote = Quote.Of(
            Asking.Agent, service, service.Rules[0], "012345678901234", [],
            new InquiryAnswer(InquiryResult.Found, DueQepik: 2_350, MinQepik: 500, MaxQepik: 9_000), Asking.Now);
        var inquiry = Asking.Seal.Seal(quote);
        var good = Asking.GoodFor("10101");
        Refused(good.With(inquiry: inquiry, amountQepik: 499, totalQepik: 499))!.Value.Why
            .Should().Be(Refusal.AmountTooSmall);
        Refused(good.With(inquiry: inquiry, amountQepik: 500, totalQepik: 500)).Should().BeNull();
        Refused(good.With(inquiry: inquiry, amountQepik: 9_001, totalQepik: 9_001))!.Value.Why
            .Should().Be(Refusal.AmountTooLarge);
    }

    private static Refused? Refused(PaymentRequest request, AllowedServices allowed = default) =>
        Asking.Check(request, allowed: allowed).Refused;
}
