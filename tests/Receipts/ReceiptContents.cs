using System.Text.Json;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Receipts;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Receipts;

/// <summary>What is on a receipt, and what of it is masked, whatever its form.</summary>
public sealed class ReceiptContents
{
    private const string FinPattern = "[0-9A-HJ-NP-Z]{7}";

    [Theory]
    [InlineData("fin", "^" + FinPattern + "$", Normaliser.Fin, "5ABC12Z", "5*****Z")]
    [InlineData("fin_ve_ya_voen", @"^(?:\d{9}[12]|" + FinPattern + ")$", Normaliser.None, "5ABC12Z", "5*****Z")]
    [InlineData("fin_ve_ya_voen", @"^(?:\d{9}[12]|" + FinPattern + ")$", Normaliser.None, "1400057421", "1400057421")]
    [InlineData("sened", "^(?:" + FinPattern + @"|[0-9A-Z/\-]{4,25})$", Normaliser.None, "5ABC12Z", "5*****Z")]
    [InlineData("kredit_kodu", @"^\d{6,12}$", Normaliser.None, "1234567", "1234567")]
    [InlineData("muqavile", @"^\d{5,10}$", Normaliser.None, "7654321", "7654321")]
    public void A_FIN_is_never_printed_in_full_and_other_accounts_are(
        string name, string pattern, Normaliser normaliser, string account, string printed)
    {
        var field = Examples.Field(name, new("Hesab", "Account", "Счёт"), pattern, account, normaliser);
        var service = Examples.ServiceOf(40103, Examples.Tax.Name, "x", field);
        var asAccount = Examples.Facts(Examples.Confirmed() with { Account = account }, service);
        var asField = Examples.Facts(
            Examples.Confirmed() with { Fields = [new FieldValue(name, account)] },
            Examples.ServiceOf(40103, Examples.Tax.Name, "x", Examples.Electricity.Fields[0], field));
        asAccount.Fields[0].Value.Should().Be(printed);
        asField.Fields[1].Value.Should().Be(printed);
        if (printed != account)
        {
            JsonOf(asAccount).Should().NotContain(account);
            TextReceipt.Render(asAccount).Should().NotContain(account);
        }
    }

    [Fact]
    public void A_field_that_the_catalogue_no_longer_has_is_printed_but_a_FIN_in_it_is_masked()
    {
        var payment = Examples.Confirmed() with { Fields = [new FieldValue("gone", "5ABC12Z")] };
        Examples.Facts(payment).Fields[1].Should().Be(new PrintedField("gone", Texts.Account, "5*****Z"));
    }

    [Fact]
    public void A_card_number_that_came_unmasked_leaves_masked()
    {
        var facts = Examples.Facts(Examples.TaxByCard() with { MaskedPan = "4111111111111111" });
        JsonOf(facts).Should().NotContain("4111111111111111").And.Contain("************1111");
    }

    [Fact]
    public void The_number_is_the_business_day_the_lane_and_the_counter()
    {
        var ofLane15 = Enumerable.Range(1, 1_000).First(agent => Lanes.Of(agent) == 15);
        ReceiptFacts.NumberOf(Examples.Confirmed() with { AgentId = ofLane15 })
            .Should().StartWith("26326" + "016" + "0000042");
        ReceiptFacts.NumberOf(Examples.In(PaymentState.Unknown)).Should().BeNull();
    }

    [Fact]
    public void The_budget_code_is_the_payers_choice_or_the_services_own()
    {
        Examples.TaxFacts().BudgetCode.Should().Be("111100");
        Examples.TaxFacts().BudgetLevel.Should().Be("1");
        Examples.Facts(Examples.Confirmed()).BudgetCode.Should().BeNull();
        Examples.Facts(Examples.TaxByCard() with { BudgetCode = "142100", BudgetLevel = "2" }, Examples.Tax)
            .Should().Match<ReceiptFacts>(facts => facts.BudgetCode == "142100" && facts.BudgetLevel == "2");
    }

    [Fact]
    public void As_JSON_a_confirmed_receipt_is_this()
    {
        var facts = Examples.TaxFacts() with
        {
            Reprint = 1,
            Correction = new Correction(
                Instant.FromUtc(2026, 11, 23, 8, 0), PaymentState.Declined, PaymentState.Confirmed, "reyestrdə var"),
        };
        using var actual = JsonDocument.Parse(JsonOf(facts, "en"));
        using var expected = JsonDocument.Parse(
            """
            {
              "kind": "receipt", "title": "Receipt", "language": "en",
              "operator": { "name": "Məlumat Hesablama Mərkəzi", "voen": "1400057421" },
              "number": "2632600900000422", "code": "20HN8SFXKHA402TYC5V1AJX9",
              "verifyUrl": "https://odenis.example/verify/20HN8SFXKHA402TYC5V1AJX9",
              "paymentNumber": "731000000042", "reference": "T7-000123", "state": "Confirmed",
              "paidAt": "2026-11-22T10:15:30Z", "confirmedAt": "2026-11-22T10:15:31Z", "businessDay": "2026-11-22",
              "payer": null,
              "fields": [
                { "name": "voen", "label": "TIN", "value": "1400057421" },
                { "name": "budce_tesnifati_kodu", "label": "Budget classification code", "value": "111100" }
              ],
              "centre": { "agentCode": "0017", "agentName": "Şəbəkə xidmət mərkəzi",
                "point": "Yasamal, İnşaatçılar pr. 12", "terminal": "T7", "cashier": null },
              "provider": { "name": "Ministry of Taxes", "voen": null },
              "service": { "code": "40401", "name": "Tax by budget code" },
              "lines": [], "amountQepik": 187630, "feeQepik": 281, "totalQepik": 187911, "currency": "AZN",
              "totalInWords": "min səkkiz yüz yetmiş doqquz manat on bir qəpik",
              "totalInWordsTranslated": "one thousand eight hundred seventy-nine manat eleven qəpik",
              "tender": { "form": "card", "maskedPan": "411111******1111", "rrn": "632610154211" },
              "budget": { "code": "111100", "level": "1" }, "decline": null,
              "correction": { "at": "2026-11-23T08:00:00Z", "from": "Declined", "to": "Confirmed",
                "reason": "reyestrdə var" },
              "reprint": 1
            }
            """);
        JsonElement.DeepEquals(actual.RootElement, expected.RootElement).Should().BeTrue(JsonOf(facts, "en"));
    }

    [Theory]
    [InlineData(PaymentState.Unknown, "acceptance")]
    [InlineData(PaymentState.Accepted, "acceptance")]
    [InlineData(PaymentState.Declined, "slip")]
    [InlineData(PaymentState.Reversed, "slip")]
    public void As_JSON_what_is_no_receipt_says_so_and_has_no_number(PaymentState state, string kind)
    {
        using var json = JsonDocument.Parse(JsonOf(Examples.Facts(Examples.In(state))));
        json.RootElement.GetProperty("kind").GetString().Should().Be(kind);
        json.RootElement.GetProperty("number").ValueKind.Should().Be(JsonValueKind.Null);
        json.RootElement.GetProperty("totalInWordsTranslated").ValueKind.Should().Be(JsonValueKind.Null);
        var declined = json.RootElement.GetProperty("decline").ValueKind == JsonValueKind.Object;
        declined.Should().Be(state == PaymentState.Declined);
    }

    [Fact]
    public void A_payment_whose_reversal_is_asked_for_still_has_its_receipt_and_says_so()
    {
        var facts = Examples.Facts(Examples.Confirmed() with { State = PaymentState.Reversing });
        facts.Kind.Should().Be(ReceiptKind.Receipt);
        TextReceipt.Render(facts).Should().Contain("2632600900000422").And.Contain("Geri qaytarılma soruşulur");
    }

    private static string JsonOf(ReceiptFacts facts, string? language = null) =>
        System.Text.RegularExpressions.Regex.Unescape(
            JsonSerializer.Serialize(ReceiptJson.Of(facts, language), ReceiptJsonContext.Default.ReceiptJson));
}
