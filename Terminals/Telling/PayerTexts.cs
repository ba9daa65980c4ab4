using System.Globalization;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Receipts;
using NodaTime.Text;

namespace EGovPay.Terminals.Telling;

/// <summary>What a payer is told.</summary>
/// <param name="Subject">Of an e-mail, one line.</param>
/// <param name="Text">Of an e-mail, plain text.</param>
/// <param name="Short">An SMS: two parts at most.</param>
internal sealed record PayerText(string Subject, string Text, string Short);

/// <summary>
/// Writes to payers, in the language they left: that the payment has arrived, has been taken back, could not be delivered. The account
/// is masked; the link leads to the public verification, which shows no more.
/// </summary>
internal sealed class PayerTexts(Engine engine, string publicAddress)
{
    /// <summary>
    /// The most of an SMS, in UTF-16 units: two parts of 67, since ə, ı, ş, ğ and Cyrillic are in no other alphabet of SMS. English
    /// has room for more, and is kept as short.
    /// </summary>
    public const int ShortLimit = 134;

    private static readonly LocalDateTimePattern Time = LocalDateTimePattern.CreateWithInvariantCulture("dd.MM.uuuu HH:mm");

    private static readonly Said Arrived = new(
        new("Ödənişiniz çatdı", "Your payment has arrived", "Ваш платёж дошёл"),
        new("Ödənişiniz təşkilata çatdı.", "Your payment has arrived at the organisation.", "Ваш платёж дошёл до организации."),
        new("ödənişiniz çatdı", "your payment has arrived", "ваш платёж дошёл"));

    private static readonly Said TakenBack = new(
        new("Ödənişiniz geri qaytarıldı", "Your payment has been taken back", "Ваш платёж возвращён"),
        new(
            "Ödənişiniz geri qaytarıldı. Pulunuzu ödədiyiniz yerdə ala bilərsiniz.",
            "Your payment has been taken back. Your money is given back where you paid.",
            "Ваш платёж возвращён. Деньги вернут там, где вы платили."),
        new("ödənişiniz geri qaytarıldı", "your payment has been taken back", "ваш платёж возвращён"));

    private static readonly Said Undelivered = new(
        new("Ödənişiniz çatdırıla bilmədi", "Your payment could not be delivered", "Ваш платёж не удалось доставить"),
        new(
            "Ödənişiniz çatdırıla bilmədi. Pulunuzu ödədiyiniz yerdə geri istəyin; qəbzinizi götürün.",
            "Your payment could not be delivered. Ask for your money where you paid, and bring your slip.",
            "Ваш платёж не удалось доставить. Потребуйте деньги там, где платили; возьмите с собой чек."),
        new(
            "çatdırıla bilmədi, pulu ödədiyiniz yerdə istəyin", "not delivered: ask for your money where you paid",
            "не доставлен, потребуйте деньги, где платили"));

    private static readonly Said NeverArrived = new(
        new("Ödənişiniz təşkilata çatmayıb", "Your payment did not arrive", "Ваш платёж не дошёл"),
        new(
            "Ödənişiniz təşkilata çatmayıb. Pulunuz çıxarışa əsasən istənilən xidmət məntəqəsində qaytarılır.",
            "Your payment did not reach the organisation. Your money is given back at any desk, against the receipt.",
            "Ваш платёж не дошёл до организации. Деньги вернут в любом пункте обслуживания по выписке."),
        new(
            "təşkilata çatmayıb, pul çıxarışla qaytarılır", "did not arrive: your money is given back against the receipt",
            "не дошёл, деньги вернут по выписке"));

    private static readonly Localised Baku = new("Bakı vaxtı", "Baku time", "бакинское время");
    private static readonly Localised Number = new("Çıxarışın nömrəsi", "Receipt number", "Номер выписки");
    private static readonly Localised PaidAt = new("Ödəniş vaxtı", "Paid at", "Время платежа");
    private static readonly Localised Check = new("Yoxlamaq", "Verify", "Проверить");
    private static readonly Localised Automatic = new(
        "Bu məktub avtomatik göndərilib, ona cavab yazmayın.", "This message was sent automatically; please do not answer it.",
        "Это письмо отправлено автоматически, не отвечайте на него.");

    /// <summary>What the payer of a payment is told of its last event.</summary>
    public PayerText Write(Payment payment, string? language)
    {
        var lang = Texts.Language(language);
        var said = SaidOf(payment);
        var service = engine.Catalogue.Current.Find(payment.ServiceCode);
        var name = OneLine(In(service?.Name, lang) ?? payment.ServiceCode.ToString(CultureInfo.InvariantCulture));
        var amount = Manat(payment.TotalQepik);
        var link = $"{publicAddress}/verify/{engine.Codes.Encode(payment.AgentId, payment.Number)}";
        return new PayerText(
            $"{In(said.Subject, lang)}: {name}, {amount} AZN",
            LongText(payment, said, lang, name, link),
            ShortText(payment, In(said.Short, lang)!, amount, link));
    }

    private static Said SaidOf(Payment payment) => payment.State switch
    {
        PaymentState.Confirmed => Arrived,
        PaymentState.Reversed when payment.Correction is { To: PaymentState.Reversed } => NeverArrived,
        PaymentState.Reversed => TakenBack,
        PaymentState.Declined => Undelivered,
        _ => throw new InvalidOperationException($"Payers are told nothing of {payment.State}."),
    };

    private static string LongText(Payment payment, Said said, string lang, string service, string link)
    {
        var text = new StringBuilder();
        void Line(Localised label, string value) => text.Append(In(label, lang)).Append(": ").Append(value).Append("\r\n");
        text.Append(In(said.Text, lang)).Append("\r\n\r\n");
        Line(Texts.Service, service);
        Line(Texts.Account, Mask.Account(payment.Account));
        Line(Texts.Amount, Manat(payment.AmountQepik) + " AZN");
        if (payment.FeeQepik > 0)
        {
            Line(Texts.Fee, Manat(payment.FeeQepik) + " AZN");
            Line(Texts.Total, Manat(payment.TotalQepik) + " AZN");
        }

        Line(PaidAt, $"{Time.Format(payment.AcceptedAt.InZone(Processing.Baku.Zone).LocalDateTime)} ({In(Baku, lang)})");
        if (payment is { BusinessDay: { } day, ReceiptCounter: { } counter })
        {
            Line(Number, new ReceiptNumber(day, Lanes.Of(payment.AgentId), counter).ToString());
        }

        Line(Check, link);
        return text.Append("\r\n").Append(In(Automatic, lang)).Append("\r\n").ToString();
    }

    /// <summary>With the link where it fits; the rest is what matters.</summary>
    private static string ShortText(Payment payment, string said, string amount, string link)
    {
        var masked = Mask.Account(payment.Account);
        var tail = masked[(masked.LastIndexOf('*') + 1)..];
        var text = string.Create(
            CultureInfo.InvariantCulture, $"{amount} AZN ({payment.ServiceCode}, *{tail}): {said}.");
        return text.Length + 1 + link.Length <= ShortLimit ? $"{text} {link}" : text;
    }

    private static string? In(Localised? text, string lang) => lang switch { "en" => text?.En, "ru" => text?.Ru, _ => text?.Az };

    private static string Manat(long qepik) =>
        string.Create(CultureInfo.InvariantCulture, $"{qepik / 100}.{qepik % 100:00}");

    /// <summary>A name may stand in a header: no control characters, no lines.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));

    private sealed record Said(Localised Subject, Localised Text, Localised Short);
}
