using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;

namespace EGovPay.Terminals.Receipts;

/// <summary>
/// Every word that a receipt or the verification page says, in the three languages, in this one place.
/// What a payer or a provider is called is not here: that is data.
/// </summary>
public static class Texts
{
    public static readonly Localised Title = new("Çıxarış", "Receipt", "Выписка");
    public static readonly Localised AcceptanceTitle = new("Qəbul qəbzi", "Acceptance slip", "Квитанция о приёме");
    public static readonly Localised DeclinedTitle = new("Ödəniş keçmədi", "Payment declined", "Платёж отклонён");
    public static readonly Localised CancelledTitle = new("Ödəniş ləğv edildi", "Payment cancelled", "Платёж отменён");
    public static readonly Localised ReversedTitle =
        new("Ödəniş geri qaytarıldı", "Payment reversed", "Платёж возвращён");

    public static readonly Localised NotAReceipt =
        new("BU SƏNƏD ÇIXARIŞ DEYİL", "THIS IS NOT A RECEIPT", "ЭТО НЕ ВЫПИСКА");

    public static readonly Localised BeingClarified = new("DƏQİQLƏŞDİRİLİR", "BEING CLARIFIED", "УТОЧНЯЕТСЯ");
    public static readonly Localised AcceptanceAdvice = new(
        "Ödəniş qəbul olunub, nəticəsi dəqiqləşdirilir. Yenidən ödəməyin. Nəticəni yoxlama kodu ilə öyrənin.",
        "The payment was accepted, its outcome is being clarified. Do not pay again. Learn the outcome by the code.",
        "Платёж принят, результат уточняется. Не платите повторно. Узнайте результат по коду проверки.");

    public static readonly Localised MoneyBackAdvice = new(
        "Ödəyicidən alınmış məbləğ xidmət haqqı ilə birlikdə ödəyiciyə qaytarılmalıdır.",
        "The money taken from the payer, with the fee, is to be given back to the payer.",
        "Принятые деньги вместе с комиссией подлежат возврату плательщику.");

    public static readonly Localised Reprint = new("TƏKRAR ÇAP № {0}", "REPRINT No. {0}", "ПОВТОРНАЯ ПЕЧАТЬ № {0}");

    public static readonly Localised Voen = new("VÖEN", "TIN (VÖEN)", "ИНН (VÖEN)");
    public static readonly Localised Number = new("Çıxarış №", "Receipt No.", "Выписка №");
    public static readonly Localised ReversedNumber =
        new("Qüvvədən düşmüş çıxarış №", "Receipt no longer valid, No.", "Недействительная выписка №");

    public static readonly Localised PaymentNumber = new("Ödəniş №", "Payment No.", "Платёж №");
    public static readonly Localised Reference = new("Terminalın istinadı", "Terminal's reference", "Ссылка терминала");
    public static readonly Localised Code = new("Yoxlama kodu", "Verification code", "Код проверки");
    public static readonly Localised Verify =
        new("Həqiqiliyini yoxlayın", "Check that it is genuine", "Проверьте подлинность");

    public static readonly Localised PaidAt = new("Ödəniş vaxtı (Bakı)", "Paid at (Baku)", "Время оплаты (Баку)");
    public static readonly Localised ConfirmedAt =
        new("Təsdiq vaxtı (Bakı)", "Confirmed at (Baku)", "Подтверждено (Баку)");

    public static readonly Localised BusinessDay = new("Əməliyyat günü", "Business day", "Операционный день");
    public static readonly Localised State = new("Vəziyyət", "State", "Состояние");
    public static readonly Localised Correction = new("Düzəliş", "Correction", "Исправление");
    public static readonly Localised DeclineReason = new("İmtinanın səbəbi", "Reason", "Причина отказа");
    public static readonly Localised DeclinedByProvider = new(
        "Təşkilat ödənişi qəbul etmədi", "The organisation did not take the payment", "Организация не приняла платёж");

    public static readonly Localised PayerHeading = new("Ödəyici", "Payer", "Плательщик");
    public static readonly Localised Payer = new("Adı", "Name", "Имя");
    public static readonly Localised PayeeHeading = new("Alıcı", "Payee", "Получатель");
    public static readonly Localised Provider = new("Təşkilat", "Organisation", "Организация");
    public static readonly Localised ProviderVoen = new("Təşkilatın VÖEN-i", "Organisation's TIN", "ИНН организации");
    public static readonly Localised Service = new("Xidmət", "Service", "Услуга");
    public static readonly Localised BudgetCode =
        new("Büdcə təsnifatı kodu", "Budget classification code", "Код бюджетной классификации");

    public static readonly Localised BudgetLevel =
        new("Büdcə səviyyəsinin kodu", "Budget level code", "Код уровня бюджета");

    public static readonly Localised MoneyHeading = new("Hesablama", "Amounts", "Расчёт");
    public static readonly Localised Amount = new("Məbləğ", "Amount", "Сумма");
    public static readonly Localised Fee = new("Xidmət haqqı", "Service fee", "Комиссия");
    public static readonly Localised Total = new("Cəmi", "Total", "Итого");
    public static readonly Localised InWords = new("Sözlə", "In words", "Прописью");
    public static readonly Localised Tender = new("Ödəniş forması", "Paid by", "Форма оплаты");
    public static readonly Localised Cash = new("nağd", "cash", "наличные");
    public static readonly Localised Card = new("bank kartı", "bank card", "банковская карта");
    public static readonly Localised FromAccount = new("bank hesabından", "bank account", "с банковского счёта");
    public static readonly Localised CardNumber = new("Kart", "Card", "Карта");
    public static readonly Localised Rrn =
        new("Kart əməliyyatı (RRN)", "Card transaction (RRN)", "Карточная операция (RRN)");

    public static readonly Localised CentreHeading = new("Xidmət mərkəzi", "Service centre", "Центр обслуживания");
    public static readonly Localised Agent = new("Agent", "Agent", "Агент");
    public static readonly Localised Point = new("Məntəqə", "Service point", "Пункт");
    public static readonly Localised Terminal = new("Terminal", "Terminal", "Терминал");
    public static readonly Localised Cashier = new("Kassir", "Cashier", "Кассир");
    public static readonly Localised PaymentHeading = new("Ödəniş", "Payment", "Платёж");

    public static readonly Localised Signed =
        new("Elektron imza ilə imzalanıb", "Signed electronically", "Подписано электронной подписью");

    public static readonly Localised Certificate = new("Sertifikat", "Certificate", "Сертификат");
    public static readonly Localised Page = new("Səhifə", "Page", "Страница");

    public static readonly Localised VerifyTitle =
        new("Çıxarışın yoxlanması", "Receipt verification", "Проверка выписки");
    public static readonly Localised Genuine =
        new("Bu kod həqiqidir", "This code is genuine", "Этот код подлинный");

    public static readonly Localised NotGenuine =
        new("Bu kod həqiqi deyil", "This code is not genuine", "Этот код не подлинный");

    public static readonly Localised NotGenuineAdvice = new(
        "Belə çıxarış verilməyib. Kodu çıxarışdakı ilə yenidən tutuşdurun: bir səhv hərf kifayətdir.",
        "No such receipt was given. Compare the code with the one on the receipt: one wrong letter is enough.",
        "Такая выписка не выдавалась. Сверьте код с выпиской: достаточно одной ошибочной буквы.");

    public static readonly Localised CompareAdvice = new(
        "Aşağıdakıları əlinizdəki çıxarışla tutuşdurun.",
        "Compare the following with the receipt in your hand.",
        "Сверьте эти данные с выпиской, которую вы держите.");

    public static readonly Localised Account = new("Hesab", "Account", "Счёт");

    /// <summary>The name of a state as a payer reads it.</summary>
    public static Localised Of(PaymentState state) => state switch
    {
        PaymentState.Accepted => Accepted,
        PaymentState.Dispatched => Dispatched,
        PaymentState.Unknown => Unknown,
        PaymentState.Confirmed => Confirmed,
        PaymentState.Declined => Declined,
        PaymentState.Cancelled => Cancelled,
        PaymentState.Reversing => Reversing,
        PaymentState.Reversed => Reversed,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "A payment that is printed has a state."),
    };

    /// <summary>The name of a tender as a payer reads it.</summary>
    public static Localised Of(Tender tender) => tender switch
    {
        Processing.Payments.Tender.Card => Card,
        Processing.Payments.Tender.Account => FromAccount,
        _ => Cash,
    };

    /// <summary>
    /// The language that will be used for an asked one: <c>en</c>, <c>ru</c>, and <c>az</c> for all else.
    /// </summary>
    public static string Language(string? asked) => asked switch { "en" => "en", "ru" => "ru", _ => "az" };

    private static readonly Localised Accepted = new("Qəbul olunub", "Accepted", "Принят");
    private static readonly Localised Dispatched = new("Göndərilib", "Sent", "Отправлен");
    private static readonly Localised Unknown = new("Dəqiqləşdirilir", "Being clarified", "Уточняется");
    private static readonly Localised Confirmed = new("Təsdiqlənib", "Confirmed", "Подтверждён");
    private static readonly Localised Declined = new("Rədd edilib", "Declined", "Отклонён");
    private static readonly Localised Cancelled = new("Ləğv edilib", "Cancelled", "Отменён");
    private static readonly Localised Reversing =
        new("Geri qaytarılma soruşulur", "Reversal requested", "Запрошен возврат");

    private static readonly Localised Reversed = new("Geri qaytarılıb", "Reversed", "Возвращён");
}
