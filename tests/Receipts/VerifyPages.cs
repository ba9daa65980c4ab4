using System.Text.Json;
using System.Text.RegularExpressions;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Problems;
using EGovPay.Terminals.Receipts;
using FluentAssertions;
using Microsoft.AspNetCore.Http;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Receipts;

public sealed class VerifyPages
{
    private static readonly VerifyFacts Facts =
        VerifyFacts.Of(Examples.Confirmed(), Examples.Electricity, Examples.Codes);

    [Fact]
    public void As_JSON_the_answer_is_the_contracts_and_nothing_else()
    {
        var json = JsonSerializer.Serialize(VerifyJson.Of(Facts), ReceiptJsonContext.Default.VerifyJson);
        json.Should().Be(
            """{"genuine":true,"service":"10101","amountQepik":2350,"feeQepik":0,"at":"2026-11-22T10:15:30Z","""
            + "\"state\":\"Confirmed\",\"correction\":null,\"account\":\"0123*******1234\"}");
    }

    [Fact]
    public void The_public_learns_neither_the_account_nor_the_payer_nor_where_it_was_paid()
    {
        foreach (var language in new[] { "az", "en", "ru" })
        {
            var page = VerifyPage.Render(Facts, language);
            page.Should().NotContain("012345678901234").And.NotContain("M********").And.NotContain("T7")
                .And.NotContain("731000000042").And.NotContain("2632600900000422").And.NotContain("Yasamal");
            page.Should().Contain("0123*******1234").And.Contain("23.50 AZN").And.Contain("22.11.2026 14:15:30");
        }
    }

    [Theory]
    [InlineData("az", "Təsdiqlənib", "Azərişıq (Bakı)")]
    [InlineData("en", "Confirmed", "Azerishiq electricity, Baku")]
    [InlineData("ru", "Подтверждён", "Азеришыг (Баку)")]
    public void The_page_speaks_the_language_and_says_which(string language, string state, string service)
    {
        var page = VerifyPage.Render(Facts, language);
        page.Should().StartWith($"<!doctype html>\n<html lang=\"{language}\">");
        page.Should().Contain(state).And.Contain(service);
        page.Should().Contain($"<a href=\"?lang={language}\" lang=\"{language}\" aria-current=\"true\">");
    }

    [Theory]
    [InlineData(PaymentState.Confirmed, "good")]
    [InlineData(PaymentState.Unknown, "wait")]
    [InlineData(PaymentState.Reversing, "wait")]
    [InlineData(PaymentState.Declined, "bad")]
    [InlineData(PaymentState.Cancelled, "bad")]
    [InlineData(PaymentState.Reversed, "bad")]
    public void The_code_of_a_payment_that_failed_does_not_look_like_a_good_one(PaymentState state, string mood) =>
        VerifyPage.Render(Facts with { State = state }, "az").Should().Contain($"class=\"verdict {mood}\"");

    [Fact]
    public void The_page_has_no_script_and_nothing_inline_so_that_its_policy_holds()
    {
        foreach (var page in new[] { VerifyPage.Render(Facts, "az"), VerifyPage.RenderNotGenuine("az") })
        {
            page.Should().NotContain("<script").And.NotContain("<style").And.NotContain("style=");
            Regex.IsMatch(page, @"\son\w+=", RegexOptions.None, TimeSpan.FromSeconds(1)).Should().BeFalse();
            page.Should().Contain("<link rel=\"stylesheet\" href=\"/verify.css\">");
        }

        VerifyPage.ContentSecurityPolicy.Should().NotContain("unsafe");
        VerifyPage.Css.Should().NotContain("url(").And.NotContain("@import").And.NotContain("<");
    }

    [Fact]
    public void What_a_correction_says_cannot_become_markup()
    {
        var correction = new Correction(
            Instant.FromUtc(2026, 11, 23, 8, 0),
            PaymentState.Declined,
            PaymentState.Confirmed,
            "<script>alert('x')</script>\"&");
        var page = VerifyPage.Render(Facts with { Correction = correction, Account = "<b>" }, "az");
        page.Should().NotContain("<script").And.NotContain("<b>").And.Contain("&lt;script&gt;");
    }

    [Theory]
    [InlineData("az", "Bu kod həqiqi deyil")]
    [InlineData("en", "This code is not genuine")]
    [InlineData("ru", "Этот код не подлинный")]
    public void A_code_that_is_not_ours_gets_a_page_that_says_so_and_no_facts(string language, string words) =>
        VerifyPage.RenderNotGenuine(language).Should().Contain(words).And.NotContain("<dl>");

    [Theory]
    [InlineData("en", "ru", "en")]
    [InlineData("xx", "ru", "ru")]
    [InlineData(null, "ru-RU,ru;q=0.9,en;q=0.8", "ru")]
    [InlineData(null, "en;q=0.5, az;q=0.9", "az")]
    [InlineData(null, "tr, en;q=0.3", "en")]
    [InlineData(null, "ru;q=0, en;q=0.1", "en")]
    [InlineData(null, "tr", "az")]
    [InlineData(null, null, "az")]
    [InlineData(null, "", "az")]
    [InlineData(null, ";;;q=banana,,", "az")]
    public void The_language_is_the_asked_one_else_the_browsers_first_that_we_speak(
        string? asked, string? accepted, string chosen) =>
        Asked(asked, accepted).Should().Be(chosen);

    [Fact]
    public void A_header_of_absurd_length_is_not_read() =>
        Asked(null, "en," + new string('a', 100_000)).Should().Be("az");

    private static string Asked(string? asked, string? accepted)
    {
        var http = new DefaultHttpContext();
        http.Request.QueryString = asked is null ? QueryString.Empty : QueryString.Create("lang", asked);
        http.Request.Headers.AcceptLanguage = accepted;
        return AskedLanguage.OfQueryOr(http.Request);
    }
}
