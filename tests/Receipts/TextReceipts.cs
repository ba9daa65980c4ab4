using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Receipts;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Receipts;

public sealed class TextReceipts
{
    [Fact]
    public void A_confirmed_payment_in_cash() => TextReceipt.Render(Examples.Facts(Examples.Confirmed())).Should().Be(
        """
                Məlumat Hesablama Mərkəzi
                     VÖEN 1400057421
        ==========================================
                         ÇIXARIŞ
        ------------------------------------------
        ÖDƏNİŞ
        Çıxarış №                 2632600900000422
        Ödəniş vaxtı (Bakı)    22.11.2026 14:15:30
        Təsdiq vaxtı (Bakı)    22.11.2026 14:15:31
        Əməliyyat günü                  22.11.2026
        Vəziyyət                       Təsdiqlənib
        Ödəniş №                      731000000042
        Terminalın istinadı              T7-000123
        ------------------------------------------
        ÖDƏYİCİ
        Adı                         Ə*** M********
        Abonent kodu               012345678901234
        ------------------------------------------
        ALICI
        Təşkilat                      Azərişıq ASC
        Təşkilatın VÖEN-i               1401555071
        Xidmət               10101 Azərişıq (Bakı)
        ------------------------------------------
        HESABLAMA
        Məbləğ                           23.50 AZN
        Xidmət haqqı                      0.00 AZN
        CƏMİ                             23.50 AZN
          İyirmi üç manat əlli qəpik
        Ödəniş forması                        nağd
        ------------------------------------------
        XİDMƏT MƏRKƏZİ
        Agent           0017 Şəbəkə xidmət mərkəzi
        Məntəqə        Yasamal, İnşaatçılar pr. 12
        Terminal                                T7
        Kassir                               Aygün
        ==========================================
                       Yoxlama kodu
              20HN-8SFX-KHA4-02TY-C5V1-AJX9
        https://odenis.example/verify/
        20HN8SFXKHA402TYC5V1AJX9

        """);

    [Fact]
    public void A_reprint_of_a_tax_paid_by_card_in_English() =>
        TextReceipt.Render(Examples.TaxFacts() with { Reprint = 2 }, "en").Should().Be(
        """
                Məlumat Hesablama Mərkəzi
                  TIN (VÖEN) 1400057421
        ==========================================
                         RECEIPT
                      REPRINT No. 2
        ------------------------------------------
        PAYMENT
        Receipt No.               2632600900000422
        Paid at (Baku)         22.11.2026 14:15:30
        Confirmed at (Baku)    22.11.2026 14:15:31
        Business day                    22.11.2026
        State                            Confirmed
        Payment No.                   731000000042
        Terminal's reference             T7-000123
        ------------------------------------------
        PAYER
        TIN                             1400057421
        ------------------------------------------
        PAYEE
        Organisation             Ministry of Taxes
        Service           40401 Tax by budget code
        Budget classification code          111100
        Budget level code                        1
        ------------------------------------------
        AMOUNTS
        Amount                        1 876.30 AZN
        Service fee                       2.81 AZN
        TOTAL                         1 879.11 AZN
          Min səkkiz yüz yetmiş doqquz manat on
          bir qəpik
          One thousand eight hundred seventy-nine
          manat eleven qəpik
        Paid by                          bank card
        Card                      411111******1111
        Card transaction (RRN)        632610154211
        ------------------------------------------
        SERVICE CENTRE
        Agent           0017 Şəbəkə xidmət mərkəzi
        Service point  Yasamal, İnşaatçılar pr. 12
        Terminal                                T7
        ==========================================
                    Verification code
              20HN-8SFX-KHA4-02TY-C5V1-AJX9
        https://odenis.example/verify/
        20HN8SFXKHA402TYC5V1AJX9

        """);

    [Fact]
    public void A_tax_paid_by_card_in_Russian() => TextReceipt.Render(Examples.TaxFacts(), "ru").Should().Be(
        """
                Məlumat Hesablama Mərkəzi
                  ИНН (VÖEN) 1400057421
        ==========================================
                         ВЫПИСКА
        ------------------------------------------
        ПЛАТЁЖ
        Выписка №                 2632600900000422
        Время оплаты (Баку)    22.11.2026 14:15:30
        Подтверждено (Баку)    22.11.2026 14:15:31
        Операционный день               22.11.2026
        Состояние                      Подтверждён
        Платёж №                      731000000042
        Ссылка терминала                 T7-000123
        ------------------------------------------
        ПЛАТЕЛЬЩИК
        ИНН                             1400057421
        ------------------------------------------
        ПОЛУЧАТЕЛЬ
        Организация           Министерство налогов
        Услуга      40401 Налог по бюджетному коду
        Код бюджетной классификации         111100
        Код уровня бюджета                       1
        ------------------------------------------
        РАСЧЁТ
        Сумма                         1 876.30 AZN
        Комиссия                          2.81 AZN
        ИТОГО                         1 879.11 AZN
          Min səkkiz yüz yetmiş doqquz manat on
          bir qəpik
          Одна тысяча восемьсот семьдесят девять
          манатов одиннадцать гяпиков
        Форма оплаты              банковская карта
        Карта                     411111******1111
        Карточная операция (RRN)      632610154211
        ------------------------------------------
        ЦЕНТР ОБСЛУЖИВАНИЯ
        Агент           0017 Şəbəkə xidmət mərkəzi
        Пункт          Yasamal, İnşaatçılar pr. 12
        Терминал                                T7
        ==========================================
                       Код проверки
              20HN-8SFX-KHA4-02TY-C5V1-AJX9
        https://odenis.example/verify/
        20HN8SFXKHA402TYC5V1AJX9

        """);

    [Fact]
    public void A_payment_that_is_being_clarified() =>
        TextReceipt.Render(Examples.Facts(Examples.In(PaymentState.Unknown))).Should().Be(
        """
                Məlumat Hesablama Mərkəzi
                     VÖEN 1400057421
        ==========================================
                       QƏBUL QƏBZİ
                 *** DƏQİQLƏŞDİRİLİR ***
        ------------------------------------------
        ÖDƏNİŞ
        Ödəniş vaxtı (Bakı)    22.11.2026 14:15:30
        Vəziyyət                   Dəqiqləşdirilir
        Ödəniş №                      731000000042
        Terminalın istinadı              T7-000123
        ------------------------------------------
        ÖDƏYİCİ
        Adı                         Ə*** M********
        Abonent kodu               012345678901234
        ------------------------------------------
        ALICI
        Təşkilat                      Azərişıq ASC
        Təşkilatın VÖEN-i               1401555071
        Xidmət               10101 Azərişıq (Bakı)
        ------------------------------------------
        HESABLAMA
        Məbləğ                           23.50 AZN
        Xidmət haqqı                      0.00 AZN
        CƏMİ                             23.50 AZN
          İyirmi üç manat əlli qəpik
        Ödəniş forması                        nağd
        ------------------------------------------
        XİDMƏT MƏRKƏZİ
        Agent           0017 Şəbəkə xidmət mərkəzi
        Məntəqə        Yasamal, İnşaatçılar pr. 12
        Terminal                                T7
        Kassir                               Aygün
        ==========================================
        Ödəniş qəbul olunub, nəticəsi
        dəqiqləşdirilir. Yenidən ödəməyin.
        Nəticəni yoxlama kodu ilə öyrənin.
        ------------------------------------------
                       Yoxlama kodu
              20HN-8SFX-KHA4-02TY-C5V1-AJX9
        https://odenis.example/verify/
        20HN8SFXKHA402TYC5V1AJX9
                 *** DƏQİQLƏŞDİRİLİR ***

        """);

    [Fact]
    public void A_declined_payment() =>
        TextReceipt.Render(Examples.Facts(Examples.In(PaymentState.Declined))).Should().Be(
        """
                Məlumat Hesablama Mərkəzi
                     VÖEN 1400057421
        ==========================================
                      ÖDƏNİŞ KEÇMƏDİ
              *** BU SƏNƏD ÇIXARIŞ DEYİL ***
        ------------------------------------------
        ÖDƏNİŞ
        Ödəniş vaxtı (Bakı)    22.11.2026 14:15:30
        Vəziyyət                       Rədd edilib
        İmtinanın səbəbi:
          Təşkilat ödənişi qəbul etmədi
          (account-not-found)
        Ödəniş №                      731000000042
        Terminalın istinadı              T7-000123
        ------------------------------------------
        ÖDƏYİCİ
        Adı                         Ə*** M********
        Abonent kodu               012345678901234
        ------------------------------------------
        ALICI
        Təşkilat                      Azərişıq ASC
        Təşkilatın VÖEN-i               1401555071
        Xidmət               10101 Azərişıq (Bakı)
        ------------------------------------------
        HESABLAMA
        Məbləğ                           23.50 AZN
        Xidmət haqqı                      0.00 AZN
        CƏMİ                             23.50 AZN
          İyirmi üç manat əlli qəpik
        Ödəniş forması                        nağd
        ------------------------------------------
        XİDMƏT MƏRKƏZİ
        Agent           0017 Şəbəkə xidmət mərkəzi
        Məntəqə        Yasamal, İnşaatçılar pr. 12
        Terminal                                T7
        Kassir                               Aygün
        ==========================================
        Ödəyicidən alınmış məbləğ xidmət haqqı ilə
        birlikdə ödəyiciyə qaytarılmalıdır.
        ------------------------------------------
                       Yoxlama kodu
              20HN-8SFX-KHA4-02TY-C5V1-AJX9
        https://odenis.example/verify/
        20HN8SFXKHA402TYC5V1AJX9
              *** BU SƏNƏD ÇIXARIŞ DEYİL ***

        """);

    [Theory]
    [InlineData(PaymentState.Accepted)]
    [InlineData(PaymentState.Dispatched)]
    [InlineData(PaymentState.Unknown)]
    public void Before_the_outcome_there_is_no_number_but_a_code(PaymentState state)
    {
        var text = TextReceipt.Render(Examples.Facts(Examples.In(state)));
        text.Should().NotContain("Çıxarış №").And.Contain("*** DƏQİQLƏŞDİRİLİR ***").And.Contain("/verify/");
    }

    [Theory]
    [InlineData(PaymentState.Declined, "az", "BU SƏNƏD ÇIXARIŞ DEYİL")]
    [InlineData(PaymentState.Cancelled, "en", "THIS IS NOT A RECEIPT")]
    [InlineData(PaymentState.Reversed, "ru", "ЭТО НЕ ВЫПИСКА")]
    public void A_slip_says_at_both_ends_that_it_is_no_receipt(PaymentState state, string language, string warning)
    {
        var lines = TextReceipt.Render(Examples.Facts(Examples.In(state)), language).TrimEnd('\n').Split('\n');
        lines[4].Should().Contain(warning);
        lines[^1].Should().Contain(warning);
    }

    [Fact]
    public void A_reversed_payment_names_its_number_as_no_longer_valid()
    {
        var payment = Examples.Confirmed() with { State = PaymentState.Reversed };
        TextReceipt.Render(Examples.Facts(payment)).Should().Contain("Qüvvədən düşmüş çıxarış №");
    }

    [Fact]
    public void A_reference_that_was_cancelled_before_it_was_seen_has_a_slip_too()
    {
        var payment = Examples.In(PaymentState.Cancelled) with
        {
            ServiceCode = 0, Account = "", AmountQepik = 0, Payer = null, ProviderId = 0,
        };
        var facts = ReceiptFacts.Of(payment, null, null, Examples.Centre, Examples.Issuer, Examples.Codes);
        TextReceipt.Render(facts).Should()
            .Contain("ÖDƏNİŞ LƏĞV EDİLDİ").And.Contain("T7-000123")
            .And.NotContain("qaytarılmalıdır", "nothing was taken").And.NotContain("ALICI");
    }

    [Fact]
    public void A_correction_is_told_beside_the_state()
    {
        var correction = new Correction(
            Instant.FromUtc(2026, 11, 23, 8, 0), PaymentState.Declined, PaymentState.Confirmed, "reyestrdə var");
        TextReceipt.Render(Examples.Facts(Examples.Confirmed() with { Correction = correction }))
            .Should().Contain("Düzəliş:\n  23.11.2026 12:00:00, Rədd edilib →\n  Təsdiqlənib: reyestrdə var\n");
    }

    [Fact]
    public void Lines_of_a_bill_are_listed_with_their_amounts_at_the_right()
    {
        var wide = new string('w', 60);
        var payment = Examples.Confirmed() with { Lines = [new("2026-10", 2_000), new(wide, 350)] };
        var text = TextReceipt.Render(Examples.Facts(payment));
        text.Should().Contain("\n2026-10                          20.00 AZN\n");
        text.Should().Contain($"\n{wide[..42]}\n{wide[42..]}{"3.50 AZN",24}\n");
    }

    [Fact]
    public void A_payment_in_the_summer_time_of_2015_shows_the_clock_of_that_day()
    {
        var payment = Examples.Confirmed() with { AcceptedAt = Instant.FromUtc(2015, 7, 1, 10, 0) };
        TextReceipt.Render(Examples.Facts(payment)).Should().Contain("01.07.2015 15:00:00");
    }

    [Fact]
    public void No_text_of_a_payer_or_provider_can_widen_a_line_or_add_one() => Prop.ForAll(
        ArbMap.Default.ArbFor<string?>(),
        ArbMap.Default.ArbFor<string?>(),
        Arb.From(Gen.Elements("az", "en", "ru")),
        (one, other, language) =>
        {
            var name = other ?? "";
            var facts = Examples.Facts(Examples.TaxByCard() with
            {
                Payer = one, Cashier = other, Account = name, Rrn = one, Lines = [new PaidLine(name, 1)],
            }) with
            {
                ProviderName = new Localised(name, name, name),
                Issuer = Examples.Issuer with { Name = name + " MMC" },
            };
            return IsPrintable(TextReceipt.Render(facts, language));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("Ə***\n***ÇIXARIŞ***")]
    [InlineData("Ə\u001b[31mM")]
    [InlineData("\u202eƏ M")]
    [InlineData("Ə\u2028M")]
    [InlineData("Ə😀M")]
    public void A_name_cannot_forge_lines_or_drive_the_printer(string name)
    {
        var text = TextReceipt.Render(Examples.Facts(Examples.Confirmed() with { Payer = name }));
        IsPrintable(text).Should().BeTrue();
        text.Split('\n').Should().NotContain("***ÇIXARIŞ***");
    }

    private static bool IsPrintable(string text) =>
        text.EndsWith('\n')
        && text.Split('\n').All(line => line.Length <= TextReceipt.Columns && line.TrimEnd() == line)
        && text.All(letter => letter == '\n' || !(char.IsControl(letter) || char.IsSurrogate(letter)));
}
