using System.Collections.Frozen;
using EGovPay.Processing.Catalogue;

namespace EGovPay.Settlement.Breaks;

/// <summary>What people read of a break, in three languages: its kind, what has probably happened, and what to do next.</summary>
public static class BreakTexts
{
    public static FrozenDictionary<BreakKind, Localised> Kinds { get; } = new Dictionary<BreakKind, Localised>
    {
        [BreakKind.MissingThere] = new("Onlarda yoxdur", "Missing there", "Нет у них"),
        [BreakKind.MissingHere] = new("Bizdə yoxdur", "Missing here", "Нет у нас"),
        [BreakKind.OverAmount] = new("Onlarda çoxdur", "More there", "У них больше"),
        [BreakKind.UnderAmount] = new("Onlarda azdır", "Less there", "У них меньше"),
        [BreakKind.WrongDay] = new("Başqa gün", "Another day", "Другой день"),
        [BreakKind.WrongAccount] = new("Başqa hesab", "Another account", "Другой счёт"),
        [BreakKind.Duplicate] = new("Təkrar", "Duplicate", "Повтор"),
        [BreakKind.CurrencyDiffers] = new("Başqa valyuta", "Another currency", "Другая валюта"),
        [BreakKind.Unidentified] = new("Tanınmır", "Unidentified", "Не опознано"),
        [BreakKind.RejectedLine] = new("Sətir qaytarılıb", "Line rejected", "Строка отклонена"),
        [BreakKind.PayoutRejected] = new("Köçürmə qaytarılıb", "Payout rejected", "Выплата отклонена"),
        [BreakKind.BalanceDiffers] = new("Qalıq tutmur", "Balance differs", "Остаток не сходится"),
    }.ToFrozenDictionary();

    /// <summary>What has probably happened.</summary>
    public static FrozenDictionary<string, Localised> Causes { get; } = new Dictionary<string, Localised>(StringComparer.Ordinal)
    {
        ["confirmed-absent"] = new(
            "Təşkilat ödənişi təsdiq edib, amma reyestrə salmayıb",
            "The organisation confirmed the payment and left it out of its register",
            "Организация подтвердила платёж, но не включила его в реестр"),
        ["confirmed-next-day"] = new(
            "Ödəniş gün bitəndən sonra təsdiqlənib, növbəti günün reyestrində ola bilər",
            "It was confirmed after the day's end, and may stand in the next register",
            "Платёж подтверждён после конца дня и может быть в следующем реестре"),
        ["unknown-absent"] = new(
            "Cavab gəlməyib, reyestrdə də yoxdur: yəqin ki, çatmayıb",
            "There was no answer and the register has not got it: it was probably never delivered",
            "Ответа не было, и в реестре его нет: вероятно, платёж не дошёл"),
        ["reversed-there"] = new(
            "Təşkilat ödənişi geri alıb", "The organisation took the payment back", "Организация отменила платёж"),
        ["declined-here"] = new(
            "Bizdə imtina edilib, təşkilatda isə qəbul olunub",
            "Declined here, and delivered there",
            "У нас отклонён, у них зачислен"),
        ["cancelled-here"] = new(
            "Bizdə ləğv edilib, təşkilatda isə qəbul olunub",
            "Cancelled here, and delivered there",
            "У нас отменён, у них зачислен"),
        ["reversed-here"] = new(
            "Bizdə geri alınıb, təşkilatda isə qalıb",
            "Reversed here, and kept there",
            "У нас возвращён, у них остался"),
        ["more-there"] = new(
            "Reyestrdəki məbləğ böyükdür",
            "The register has a larger amount",
            "В реестре сумма больше"),
        ["less-there"] = new(
            "Reyestrdəki məbləğ kiçikdir",
            "The register has a smaller amount",
            "В реестре сумма меньше"),
        ["other-account"] = new(
            "Pul başqa hesaba yazılıb",
            "It was credited to another account",
            "Зачислено на другой счёт"),
        ["other-day"] = new(
            "Reyestr başqa gün göstərir",
            "The register shows another day",
            "В реестре указан другой день"),
        ["other-currency"] = new(
            "Reyestrdə başqa valyutadır",
            "The register has another currency",
            "В реестре другая валюта"),
        ["repeated-there"] = new(
            "Reyestrdə bir neçə dəfə var",
            "It stands in the register more than once",
            "В реестре указан несколько раз"),
        ["in-two-registers"] = new(
            "İki günün reyestrində var", "It stands in the registers of two days", "Указан в реестрах двух дней"),
        ["other-provider"] = new(
            "Bu nömrə başqa təşkilata ödənişdir", "The number is that of a payment to another organisation",
            "Это номер платежа другой организации"),
        ["number-never-used"] = new(
            "Bu nömrə ilə ödənişimiz yoxdur",
            "We have no payment of this number",
            "Платежа с таким номером у нас нет"),
        ["no-number-of-ours"] = new(
            "Sətirdə bizim nömrə yoxdur", "The line has no number of ours", "В строке нет нашего номера"),
        ["not-our-register"] = new(
            "Sətirlərin çoxu bu təşkilata ödənişlərimiz deyil: başqa təşkilatın reyestridir və ya reyestr deyil",
            "Most lines are no payments of ours to this organisation: it is the register of another one, or no register",
            "Большинство строк — не наши платежи этой организации: это реестр другой организации или вообще не реестр"),
        ["bank-absent"] = new(
            "Bank çıxarışında yoxdur", "The bank's statement has not got it", "В банковской выписке его нет"),
        ["bank-unknown"] = new(
            "Bizdə bu əməliyyat yoxdur", "We know of no such movement", "У нас такой операции нет"),
        ["bank-deposit"] = new(
            "Agentin depoziti olmalıdır, hələ yazılmayıb", "An agent's deposit, which is not booked yet",
            "Вероятно, депозит агента, который ещё не проведён"),
        ["bank-deposit-unlisted"] = new(
            "Sənədinə görə agentin artıq qeyd olunmuş mədaxili ola bilər, şərtlərdə isə onun hesabı yoxdur",
            "By its document it may be a deposit that is booked already, of an agent of whom the terms name no account",
            "Судя по документу, это может быть уже учтённое пополнение агента, счёт которого в условиях не указан"),
        ["bank-deposit-unsure"] = new(
            "Sənədi və məbləği agentin qeyd olunmuş mədaxilidir, göndərən hesab isə onun şərtlərdəki hesabı deyil və ya göstərilməyib",
            "Document and amount are those of a booked deposit of the agent; the sender's account is not its own, or is not named",
            "Документ и сумма — как у учтённого пополнения агента, но счёт отправителя не его или не указан"),
        ["line-rejected"] = new(
            "Təşkilat reyestrin sətrini qəbul etməyib", "The receiver refused a line of its register",
            "Получатель не принял строку реестра"),
        ["rejected-not-sent"] = new(
            "Təşkilat reyestrdə olmayan sətri qaytarıb", "The receiver refused a line that its register has not got",
            "Получатель отклонил строку, которой нет в реестре"),
        ["payout-rejected"] = new(
            "Bank köçürməni yerinə yetirməyib", "The bank did not carry out the payout", "Банк не исполнил выплату"),
        ["payout-contradicted"] = new(
            "Bank əvvəl ödəyib, sonra imtina edib", "The bank called the payout settled, and refused it later",
            "Банк сначала исполнил выплату, затем отклонил"),
        ["payout-settled-after-all"] = new(
            "Bank imtina etdiyi, geri yazılmış köçürməni sonra icra olunmuş sayıb: iki dəfə ödənə bilər",
            "The bank refused the payout, which was put back, and called it settled later: it may be paid twice",
            "Банк отклонил выплату, деньги возвращены на счёт, а затем назвал её исполненной: она может быть оплачена дважды"),
        ["payout-repeated"] = new(
            "Bank köçürməni təkrar sayıb: birincisi yerinə yetirilə bilər",
            "The bank refused the payout as a repetition: the first one may be carried out",
            "Банк отклонил выплату как повторную: первая может быть исполнена"),
        ["bank-more"] = new(
            "Bank tapşırığımızdan çox köçürüb", "The bank booked more than we told it to pay", "Банк списал больше, чем мы поручили"),
        ["bank-less"] = new(
            "Bank tapşırığımızdan az köçürüb", "The bank booked less than we told it to pay", "Банк списал меньше, чем мы поручили"),
        ["bank-other-account"] = new(
            "Bank pulu başqa hesaba köçürüb", "The bank paid it to another account", "Банк перечислил на другой счёт"),
        ["bank-other-debtor"] = new(
            "Bank onu başqa hesabımızda yazıb", "The bank booked it on another account of ours", "Банк провёл это по другому нашему счёту"),
        ["bank-other-currency"] = new(
            "Bank onu başqa valyutada yazıb", "The bank booked it in another currency", "Банк провёл это в другой валюте"),
        ["bank-other-day"] = new(
            "Bank onu başqa gün yazıb", "The bank booked it on another day", "Банк провёл это в другой день"),
        ["bank-repeated"] = new(
            "Bank onu bir neçə dəfə yazıb", "The bank booked it more than once", "Банк провёл это несколько раз"),
        ["bank-rest"] = new(
            "Bankın yazdığı məbləğ hissələrindən fərqlidir", "The booking is not the sum of what it is made of",
            "Сумма проводки не равна сумме её частей"),
        ["bank-reversed"] = new(
            "Bank qaytardığı pulu geri götürüb", "The bank took back what it had given back", "Банк снова списал то, что вернул"),
        ["bank-paid-refused"] = new(
            "Bank imtina etdiyi köçürməni yenə də yazıb: iki dəfə ödənə bilər",
            "The bank booked a payout that it had refused: it may be paid twice",
            "Банк провёл выплату, от которой отказался: она может быть оплачена дважды"),
        ["acquirer-unpaid"] = new(
            "Ekvayerin hesabatındakı məbləği bank almayıb", "The acquirer reported it, and the bank has not got it",
            "Эквайер отчитался, а в банк деньги не поступили"),
        ["acquirer-unreported"] = new(
            "Ekvayer köçürüb, hesabatı isə yoxdur", "The acquirer paid it, and no report of its says so",
            "Эквайер перечислил, но отчёта об этом нет"),
        ["acquirer-more"] = new(
            "Ekvayer hesabatından çox köçürüb", "The acquirer paid more than it reported", "Эквайер перечислил больше, чем в отчёте"),
        ["acquirer-less"] = new(
            "Ekvayer hesabatından az köçürüb", "The acquirer paid less than it reported", "Эквайер перечислил меньше, чем в отчёте"),
        ["acquirer-other-currency"] = new(
            "Ekvayer başqa valyutada köçürüb", "The acquirer paid in another currency", "Эквайер перечислил в другой валюте"),
        ["acquirer-repeated"] = new(
            "Ekvayerin hesabatlarında bir neçə dəfə var", "It stands in the acquirer's reports more than once",
            "В отчётах эквайера указано несколько раз"),
        ["reversal-without-sale"] = new(
            "Ekvayer olmayan satışı geri alıb", "The acquirer took back a sale that it never reported",
            "Эквайер отменил продажу, которой нет в его отчётах"),
        ["reversed-above-sale"] = new(
            "Ekvayer satışdan çox geri alıb", "The acquirer took back more than the sale", "Эквайер отменил больше суммы продажи"),
        ["acquirer-other-amount"] = new(
            "Ekvayerdə kart ödənişinin məbləği başqadır", "The acquirer has another amount for the card payment",
            "У эквайера другая сумма платежа картой"),
        ["balance-differs"] = new(
            "Çıxarışın qalığı əməliyyatların cəminə uyğun deyil",
            "The statement's closing balance is not its opening balance and its bookings",
            "Конечный остаток выписки не равен начальному с учётом операций"),
        ["statement-missing"] = new(
            "Çıxarış əvvəlkinin qalığından başlamır: arada biri çatışmır",
            "The statement does not begin where the one before it ended: one between them is missing",
            "Выписка начинается не с остатка предыдущей: между ними одной не хватает"),
        ["bank-returned"] = new("Bank köçürməni qaytarıb", "The bank returned the payout", "Банк вернул выплату"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What to do next.</summary>
    public static FrozenDictionary<string, Localised> Steps { get; } = new Dictionary<string, Localised>(StringComparer.Ordinal)
    {
        ["ask-then-absent"] = new(
            "Təşkilatdan həmin nömrə ilə yenidən soruşun; yoxdursa, `--absent` təklif edin",
            "Ask the organisation again under the same number; if it has not got it, propose `--absent`",
            "Запросите организацию ещё раз по тому же номеру; если платежа нет, предложите `--absent`"),
        ["wait-for-next-register"] = new(
            "Növbəti günün reyestrini gözləyin",
            "Wait for the register of the next day",
            "Дождитесь реестра следующего дня"),
        ["propose-absent"] = new("`--absent` təklif edin", "Propose `--absent`", "Предложите `--absent`"),
        ["propose-delivered"] = new("`--delivered` təklif edin", "Propose `--delivered`", "Предложите `--delivered`"),
        ["correct-line"] = new(
            "Səbəbi təşkilatla aydınlaşdırın; çatmayıbsa, `--absent` təklif edin",
            "Clear up the reason with the receiver; if it stays undelivered, propose `--absent`",
            "Выясните причину с получателем; если платёж не дойдёт, предложите `--absent`"),
        ["ask-receiver"] = new(
            "Təşkilatdan hansı sətir olduğunu soruşun", "Ask the receiver which line it is", "Узнайте у получателя, какая это строка"),
        ["pay-again"] = new(
            "Rekvizitləri düzəldin: növbəti köçürmə həmin pulu aparacaq", "Mend the account in the terms: the next payout carries the money",
            "Исправьте реквизиты: следующая выплата включит эти деньги"),
        ["ask-first-upload"] = new(
            "Bankdan birinci faylın yerinə yetirildiyini soruşun; yenidən göndərməyin",
            "Ask the bank whether the first upload is carried out; do not send it again",
            "Узнайте в банке, исполнена ли первая загрузка; не отправляйте повторно"),
        ["get-right-register"] = new(
            "Təşkilatdan həmin günün düzgün reyestrini alın və idxal edin",
            "Get the right register of that day from the organisation, and import it",
            "Получите у организации верный реестр за этот день и импортируйте его"),
        ["ask-provider"] = new(
            "Təşkilatla aydınlaşdırın; sonra düzəliş və ya `--accept` təklif edin",
            "Clear it up with the organisation; then propose a correction, or `--accept`",
            "Выясните с организацией; затем предложите исправление или `--accept`"),
        ["ask-provider-move"] = new(
            "Təşkilatdan düzgün hesaba keçirməsini istəyin", "Ask the organisation to move it to the right account",
            "Попросите организацию перенести на правильный счёт"),
        ["accept-if-paid-once"] = new(
            "Bir dəfə ödənilibsə, `--accept` təklif edin", "If it was paid once, propose `--accept`",
            "Если оплачено один раз, предложите `--accept`"),
        ["compare-suggested"] = new(
            "Təklif olunan ödənişlə tutuşdurun",
            "Compare it with the payment that is suggested",
            "Сравните с предложенным платежом"),
        ["ask-bank"] = new(
            "Bankdan soruşun; sonra düzəliş təklif edin", "Ask the bank; then propose a correction",
            "Запросите банк; затем предложите исправление"),
        ["ask-acquirer"] = new(
            "Ekvayerlə aydınlaşdırın; sonra düzəliş və ya `--accept` təklif edin",
            "Clear it up with the acquirer; then propose a correction, or `--accept`",
            "Выясните с эквайером; затем предложите исправление или `--accept`"),
        ["get-report"] = new(
            "Ekvayerin hesabatını alıb daxil edin", "Get the acquirer's report and import it", "Получите отчёт эквайера и загрузите его"),
        ["ask-statement"] = new(
            "Bankdan düzəldilmiş çıxarış istəyin", "Ask the bank for a corrected statement", "Запросите у банка исправленную выписку"),
        ["get-statement"] = new(
            "Çatışmayan çıxarışı bankdan alıb daxil edin", "Get the missing statement from the bank and import it",
            "Получите у банка недостающую выписку и загрузите её"),
        ["ask-bank-move"] = new(
            "Bankdan düzgün hesaba köçürməsini istəyin", "Ask the bank to move it to the right account",
            "Попросите банк перечислить на правильный счёт"),
        ["name-account"] = new(
            "Göndərən hesab agentindirsə, onu şərtlərə əlavə edin",
            "If the sender's account is the agent's, add it to the terms",
            "Если счёт отправителя принадлежит агенту, внесите его в условия"),
        ["ask-sender"] = new(
            "Kimin göndərdiyini bankdan soruşun. Agentdirsə: bu fərqi və mədaxilinkini qəbul edin, yeni hesabı varsa, şərtlərə əlavə edin",
            "Ask the bank who sent it. If the agent did: accept this break and its deposit's, and add a new account of its to the terms",
            "Спросите у банка, кто отправил. Если агент: примите это расхождение и расхождение пополнения, новый счёт внесите в условия"),
        ["book-deposit"] = new(
            "Depoziti yazın: egovpay agent topup propose", "Book the deposit: egovpay agent topup propose",
            "Проведите депозит: egovpay agent topup propose"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The text of a cause; what is not here reads as it is.</summary>
    public static string Cause(string name, string? language) => Causes.GetValueOrDefault(name)?.In(language) ?? name;

    /// <summary>The text of a step; what is not here reads as it is.</summary>
    public static string Step(string name, string? language) => Steps.GetValueOrDefault(name)?.In(language) ?? name;
}
