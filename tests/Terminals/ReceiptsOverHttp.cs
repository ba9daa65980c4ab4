using System.Net;
using System.Text;
using EGovPay.Terminals;
using EGovPay.Terminals.Receipts;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class ReceiptsOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    [Fact]
    public async Task A_receipt_comes_as_JSON_and_as_42_columns_of_text_and_its_reprints_say_so()
    {
        var paid = await centre.Client.PayAsync("receipt-1", HttpCentre.Payment());
        var number = (string)paid.Json!["receipt"]!["number"]!;
        var code = (string)paid.Json["receipt"]!["code"]!;

        var json = await centre.Client.LookAsync("/v1/payments/receipt-1/receipt");
        json.Response.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        ((string)json.Json!["number"]!).Should().Be(number);
        ((string)json.Json["code"]!).Should().Be(code);
        ((string)json.Json["kind"]!).Should().Be("receipt");
        ((string)json.Json["totalInWords"]!).Should().Contain("manat");
        ((int)json.Json["reprint"]!).Should().Be(0);

        var first = await TextAsync("receipt-1");
        first.Response.Content.Headers.ContentType!.ToString().Should().Be("text/plain; charset=utf-8");
        first.Text.Should().Contain(number).And.Contain("ÇIXARIŞ").And.NotContain("TƏKRAR ÇAP");
        first.Text.Split('\n').Should().OnlyContain(line => line.Length <= 42);
        (await TextAsync("receipt-1")).Text.Should().Contain("TƏKRAR ÇAP № 1");
        (await TextAsync("receipt-1", "en")).Text.Should().Contain("REPRINT No. 2");
        ((int)(await centre.Client.LookAsync("/v1/payments/receipt-1/receipt")).Json!["reprint"]!).Should().Be(2);
    }

    [Fact]
    public async Task A_receipt_comes_as_a_signed_PDF_where_the_server_has_a_font_and_a_certificate()
    {
        Assert.SkipWhen(ReceiptFonts.Find() is null, ReceiptFonts.NoFont);
        using var certificate = SelfMadeCertificate.Make("Sınaq operatoru", "1234567891", SystemClock.Instance);
        using var signature = new OperatorSignature(certificate, SystemClock.Instance);
        await using var own = new HttpCentre(new ServerSettings
        {
            Pdf = new PdfReceipt(ReceiptFonts.Find()!, signature),
            OperatorName = "Sınaq operatoru",
            OperatorVoen = "1234567891",
            PublicAddress = "https://odenis.example/",
        });
        await own.InitializeAsync();
        await own.Client.PayAsync("pdf-1", HttpCentre.Payment());

        var pdf = await own.Client.LookAsync("/v1/payments/pdf-1/receipt", ("Accept", "application/pdf"));
        pdf.Status.Should().Be(HttpStatusCode.OK);
        pdf.Response.Content.Headers.ContentType!.MediaType.Should().Be("application/pdf");
        pdf.Text.Should().StartWith("%PDF-").And.Contain("/ByteRange");
        var json = await own.Client.LookAsync("/v1/payments/pdf-1/receipt");
        ((string)json.Json!["operator"]!["name"]!).Should().Be("Sınaq operatoru");
        ((string)json.Json["verifyUrl"]!).Should().StartWith("https://odenis.example/verify/");
    }

    [Fact]
    public async Task Where_a_receipt_is_verified_is_never_what_its_caller_says()
    {
        await centre.Client.PayAsync("host", HttpCentre.Payment());
        var json = await centre.Client.LookAsync("/v1/payments/host/receipt", ("Host", "evil.example"));
        ((string)json.Json!["verifyUrl"]!).Should().Be(
            new Uri(centre.Address, "/verify/" + (string)json.Json["code"]!).AbsoluteUri);
        json.Text.Should().NotContain("evil.example");
        var text = await centre.Client.LookAsync(
            "/v1/payments/host/receipt", ("Host", "evil.example"), ("Accept", "text/plain"));
        text.Text.Should().NotContain("evil.example");
    }

    [Fact]
    public async Task Before_it_is_final_there_is_an_acceptance_slip_with_a_code_and_no_number()
    {
        await centre.Client.PayAsync("slip-1", HttpCentre.Payment(account: "012345678966628"));
        var slip = await TextAsync("slip-1");
        slip.Text.Should().Contain("DƏQİQLƏŞDİRİLİR");
        var json = await centre.Client.LookAsync("/v1/payments/slip-1/receipt");
        ((string)json.Json!["kind"]!).Should().Be("acceptance");
        json.Json["number"].Should().BeNull();
        ((string)json.Json["code"]!).Should().NotBeEmpty();
        (await TextAsync("slip-1")).Text.Should().Be(slip.Text, "a slip is no receipt and counts no prints");
    }

    [Fact]
    public async Task A_declined_payment_has_a_slip_that_says_why()
    {
        await centre.Client.PayAsync("slip-2", HttpCentre.Payment(account: "012345678966601"));
        var json = await centre.Client.LookAsync("/v1/payments/slip-2/receipt", ("Accept-Language", "en"));
        ((string)json.Json!["kind"]!).Should().Be("slip");
        ((string)json.Json["decline"]!["title"]!).Should().Be("The organisation does not know this account");
    }

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("text/*", "text/plain")]
    [InlineData("text/plain;q=0.5, application/json;q=0.4", "text/plain")]
    [InlineData("text/plain;q=0.3, application/json;q=0.4", "application/json")]
    [InlineData("application/json;q=0, */*", "text/plain")]
    public async Task The_form_that_is_liked_best_is_given(string? accept, string form)
    {
        await centre.Client.PayAsync("accept", HttpCentre.Payment());
        (string, string)[] headers = accept is null ? [] : [("Accept", accept)];
        var answer = await centre.Client.LookAsync("/v1/payments/accept/receipt", headers);
        answer.Response.Content.Headers.ContentType!.MediaType.Should().Be(form);
    }

    [Theory]
    [InlineData("image/png")]
    [InlineData("application/pdf")]
    [InlineData("nonsense")]
    public async Task A_form_that_this_server_does_not_have_is_406(string accept)
    {
        await centre.Client.PayAsync("accept", HttpCentre.Payment());
        var answer = await centre.Client.LookAsync("/v1/payments/accept/receipt", ("Accept", accept));
        answer.Status.Should().Be(HttpStatusCode.NotAcceptable);
        answer.Code.Should().Be(100);
    }

    [Fact]
    public async Task Anyone_may_verify_a_receipt_and_sees_no_account()
    {
        var paid = await centre.Client.PayAsync("verify-1", HttpCentre.Payment());
        var url = (string)paid.Json!["receipt"]!["url"]!;
        using var anyone = centre.ClientOf(null);

        var json = await anyone.LookAsync(url, ("Accept", "application/json"));
        json.Text.Should().Be(
            $$"""{"genuine":true,"service":"10101","amountQepik":2350,"feeQepik":0,"at":"{{(string)paid.Json["acceptedAt"]!}}","""
            + "\"state\":\"Confirmed\",\"correction\":null,\"account\":\"0123*******1234\"}");

        var html = await anyone.LookAsync(url + "?lang=en", ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"));
        html.Response.Content.Headers.ContentType!.MediaType.Should().Be("text/html");
        html.Text.Should().Contain("This code is genuine").And.Contain("0123*******1234").And.NotContain("012345678901234");
        html.Response.Headers.GetValues("Content-Security-Policy").Single().Should().Contain("style-src 'self'");
        (await anyone.LookAsync(VerifyPage.CssPath)).Response.Content.Headers.ContentType!.MediaType.Should().Be("text/css");
    }

    [Fact]
    public async Task A_code_that_is_forged_or_of_nothing_is_not_genuine()
    {
        var cancelled = await centre.Client.PostAsync("/v1/payments/nothing-paid/cancel");
        var unseen = (string)cancelled.Json!["receipt"]!["code"]!;
        using var anyone = centre.ClientOf(null);
        foreach (var code in new[] { "7K3M", "0000000000000000000000000", unseen, new string('A', 500) })
        {
            (await anyone.LookAsync("/verify/" + code, ("Accept", "application/json"))).Code.Should().Be(414);
            var html = await anyone.LookAsync("/verify/" + code, ("Accept", "text/html"));
            html.Status.Should().Be(HttpStatusCode.NotFound);
            html.Text.Should().Contain("Bu kod həqiqi deyil").And.NotContain(code);
        }
    }

    [Fact]
    public async Task Smart_card_data_are_given_again_until_the_card_is_written()
    {
        var paid = await centre.Client.PayAsync("card-1", HttpCentre.Payment(500, "120012345", "10202"));
        var data = (string)paid.Json!["cardData"]!;
        Encoding.ASCII.GetString(Convert.FromBase64String(data)).Should().StartWith("CARD:");

        ((string)(await centre.Client.PostAsync("/v1/payments/card-1/card-restore")).Json!["cardData"]!).Should().Be(data);
        (await centre.Client.PostAsync("/v1/payments/card-1/card-written")).Status.Should().Be(HttpStatusCode.OK);
        (await centre.Client.PostAsync("/v1/payments/card-1/card-written")).Status.Should().Be(HttpStatusCode.OK);
        (await centre.Client.PostAsync("/v1/payments/card-1/card-restore")).Code.Should().Be(413);

        await centre.Client.PayAsync("card-2", HttpCentre.Payment());
        foreach (var call in new[] { "card-restore", "card-written" })
        {
            var none = await centre.Client.PostAsync("/v1/payments/card-2/" + call);
            none.Status.Should().Be(HttpStatusCode.Conflict);
            none.Code.Should().Be(413);
            ((string)none.Json!["field"]!).Should().Be("cardData");
        }

        (await centre.Client.PostAsync("/v1/payments/card-3/card-written")).Code.Should().Be(414);
    }

    [Fact]
    public async Task A_suspended_terminal_still_says_that_its_own_card_was_written()
    {
        var (key, terminal) = await centre.AddTerminalAsync();
        var (otherKey, _) = await centre.AddTerminalToAsync(terminal.AgentId, terminal.TerminalCode + "-b");
        using var client = centre.ClientOf(key);
        using var other = centre.ClientOf(otherKey);
        await client.PayAsync("own", HttpCentre.Payment(500, "120012345", "10202"));
        await other.PayAsync("others", HttpCentre.Payment(500, "120012345", "10202"));
        await centre.Engine.Administer.SuspendTerminalAsync(terminal.TerminalCode, suspended: true);
        await centre.Engine.Directory.RefreshAsync();

        (await client.PostAsync("/v1/payments/others/card-written")).Code.Should().Be(120);
        (await client.PostAsync("/v1/payments/own/card-restore")).Code.Should().Be(120, "it may write no more cards");
        (await client.PostAsync("/v1/payments/own/card-written")).Status.Should().Be(HttpStatusCode.OK);
        (await other.PostAsync("/v1/payments/own/card-restore")).Code.Should().Be(413);
        (await other.PostAsync("/v1/payments/others/card-restore")).Status.Should().Be(HttpStatusCode.OK);
    }

    private Task<Answered> TextAsync(string reference, string? language = null) => centre.Client.LookAsync(
        $"/v1/payments/{reference}/receipt", ("Accept", "text/plain"), ("Accept-Language", language ?? "az"));
}
