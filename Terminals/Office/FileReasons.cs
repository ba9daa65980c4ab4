using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Incoming;

namespace EGovPay.Terminals.Office;

/// <summary>
/// Why a file was refused: where, and of what kind the fault is, in the asked language. What its reader says in particular is English, and
/// stands behind it.
/// </summary>
internal static class FileReasons
{
    public static Localised Of(FileRefusal why)
    {
        var kind = TextOf(why.What);
        return new(
            Said(why, "Sətir", "sütun", kind.Az, "Təfərrüatı ingiliscə"), why.ToString(),
            Said(why, "Строка", "столбец", kind.Ru, "Подробности по-английски"));
    }

    /// <summary>Of a bank's answer, whose reader says in one text where and what.</summary>
    public static Localised OfAnswer(string why) => new(
        "Bankın cavabı oxunmur. Təfərrüatı ingiliscə: " + why, why, "Ответ банка не читается. Подробности по-английски: " + why);

    private static Localised TextOf(FileFault what) => what switch
    {
        FileFault.Empty => new("Fayl boşdur.", "The file is empty.", "Файл пуст."),
        FileFault.TooLarge => new("Fayl və ya bir hissəsi həddən artıq böyükdür.", "It is too large.", "Файл или его часть слишком велики."),
        FileFault.NotRecognised => new(
            "Bu nə çıxarışdır (camt, MT940, MT942), nə də sütunları tanınan cədvəldir. Cədvəlin təsvirini şərtlərin mappings bölməsinə yazın.",
            "It is neither a statement nor a table whose columns are known.",
            "Это не выписка (camt, MT940, MT942) и не таблица с известными столбцами. Опишите таблицу в разделе mappings условий."),
        FileFault.NotWellFormed => new(
            "Fayl düzgün qurulmayıb və ya yarımçıqdır.", "It is not well formed, or ends too early.", "Файл построен неверно или обрывается."),
        FileFault.Missing => new(
            "Vacib hissə çatmır: fayl yarımçıq ola bilər.", "What must stand there does not.", "Не хватает обязательной части: файл мог оборваться."),
        FileFault.Another => new("Bu, başqa növ sənəddir.", "It is a document of another kind.", "Это документ другого рода."),
        FileFault.TotalsDiffer => new("Yekun sətirlərlə düz gəlmir.", "The totals are not those of the lines.", "Итог не сходится со строками."),
        FileFault.NoMapping => new(
            "Şərtlərin mappings bölməsində belə təsvir yoxdur.", "The terms have no such mapping.", "В разделе mappings условий нет такого описания."),
        FileFault.SeveralMappings => new(
            "Fayl bir neçə təsvirə uyğundur: mapping yazın.", "Several mappings fit: say which.", "Подходит несколько описаний: укажите mapping."),
        FileFault.Changed => new(
            "Fayl oxunarkən dəyişdi: tam olanda yenidən göndərin.", "It changed while it was read.", "Файл изменился при чтении: пришлите его целиком."),
        _ => new("Orada yazılan oxunmur.", "What stands there cannot be read.", "Записанное там не читается."),
    };

    private static string Said(FileRefusal why, string line, string column, string kind, string detail)
    {
        var place = why.Line <= 0 ? ""
            : string.Create(CultureInfo.InvariantCulture, $"{line} {why.Line}{(why.Column > 0 ? $", {column} {why.Column}" : "")}: ");
        return $"{place}{kind} {detail}: {(why.Where.Length > 0 ? why.Where + ": " : "")}{why.Text}";
    }
}
