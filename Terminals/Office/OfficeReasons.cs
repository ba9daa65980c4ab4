using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Settlement.RegistersIn;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>What exactly stands in the way, in three languages and in the API's own terms.</summary>
internal static class OfficeReasons
{
    public static readonly Localised NotTheJson = new(
        "Sorğunun gövdəsi tələb olunan JSON deyil.", "The body is not the JSON that is asked for.", "Тело запроса — не тот JSON, который нужен.");

    public static readonly Localised NoSuchCall = new(
        "Burada belə ünvan yoxdur.", "There is no such path here.", "Здесь нет такого адреса.");

    public static readonly Localised NotThisMethod = new(
        "Bu ünvan başqa metodla çağırılır.", "This path is called by another method.", "Этот адрес вызывают другим методом.");

    public static readonly Localised AgainAlone = new(
        "again ilə birlikdə başqa heç nə yazılmır: fayl olduğu kimi qaytarılır.",
        "Nothing else goes with again: the file comes as it was made.", "Вместе с again ничего не указывают: файл выдаётся таким, каким был.");

    public static readonly Localised NoFileOfMessage = new(
        "Bu nömrə (messageId) ilə fayl yaradılmayıb.", "No file was made with this messageId.", "Файла с таким messageId не создавали.");

    public static readonly Localised NoProvider = new(
        "Kataloqda belə təşkilat yoxdur.", "The catalogue has no provider of this code.", "В каталоге нет такой организации.");

    public static readonly Localised NoAgent = new("Belə agent yoxdur.", "There is no such agent.", "Такого агента нет.");

    public static readonly Localised NotAfterwards = new(
        "Şərtlərə görə, bu kodlu heç bir agent sonradan hesablaşmır.", "By the terms, no agent of this code settles afterwards.",
        "По условиям ни один агент с таким кодом не рассчитывается после приёма.");

    public static readonly Localised DepositBooked = new(
        "Bu sənədlə depozit artıq yazılıb. Depozit dəyişdirilmir: hər sənədə öz nömrəsini verin.",
        "A deposit of this reference is booked already. A deposit is never changed: give each document its own reference.",
        "Депозит с такой ссылкой уже проведён. Депозит не меняют: у каждого документа своя ссылка.");

    public static readonly Localised NoJob = new("Belə iş yoxdur.", "There is no such job.", "Такой работы нет.");

    public static readonly Localised NoTerms = new(
        "Qüvvədə olan hesablaşma şərtləri yoxdur.", "No settlement terms are in force.", "Действующих условий расчётов нет.");

    public static readonly Localised NoAccounts = new(
        "Hesablarımızı göstərən hesablaşma şərtləri qüvvədə deyil.", "No settlement terms, which say what our accounts are, are in force.",
        "Нет действующих условий расчётов, в которых указаны наши счета.");

    public static readonly Localised NoManatAccount = new(
        "Manat hesabımızı göstərən hesablaşma şərtləri qüvvədə deyil.",
        "No settlement terms with an account of ours in manat are in force.",
        "Нет действующих условий расчётов с нашим счётом в манатах.");

    public static readonly Localised NotBackwards = new(
        "Bu gündən əvvəlki tarix olmaz: keçmiş yenidən yazılmır.", "In force from today on or later; what was is not rewritten.",
        "Только с сегодняшнего дня или позже: прошлое не переписывается.");

    public static readonly Localised AppliedMeanwhile = new(
        "Bu anda başqası yenisini qüvvəyə mindirdi. Ona baxın və yenidən cəhd edin.",
        "Somebody else applied another in this moment. Look at it, and try again.",
        "В этот момент другой человек ввёл новую версию. Посмотрите её и повторите.");

    public static readonly Localised ClosedMeanwhile = new(
        "Bu anda başqası onu bağladı.", "Somebody else has closed it in this moment.", "В этот момент его закрыл другой человек.");

    public static readonly Localised NameTheDay = new(
        "Bağlanacaq günü yazın: 2026-11-22.", "Name the day to close, as 2026-11-22.", "Назовите день, который закрыть: 2026-11-22.");

    public static readonly Localised NextOfPage = new(
        "Əvvəlki səhifənin `next` dəyəri.", "As `next` of the page before says it.", "Как в `next` предыдущей страницы.");

    public static readonly Localised NoRegistersHere = new(
        "Bu server reyestr göndərmir.", "This server hands over no registers.", "Этот сервер не передаёт реестры.");

    public static readonly Localised ProviderAndWindow = new(
        "provider və window birlikdə verilir.", "Provider and window go together.", "provider и window указывают вместе.");

    public static readonly Localised AWindow = new(
        "Qrup və onun bank günü, məsələn C3:2026-11-23.", "A cut-off group and its bank day, such as C3:2026-11-23.",
        "Группа и её банковский день, например C3:2026-11-23.");

    public static readonly Localised WindowOrDays = new(
        "Ya window, ya da day və to; to günü day ilə birlikdə verilir və ondan əvvəl olmur.",
        "A window, or day and to; to goes with day, and is not before it.",
        "Либо window, либо day и to; to указывают вместе с day и не раньше него.");

    public static readonly Localised NoRegisterOfWindow = new(
        "Bu pəncərədə bu təşkilatın reyestri yoxdur.", "This window has no register for this provider.",
        "В этом окне нет реестра для этой организации.");

    public static readonly Localised RegisterChanged = new(
        "Reyestr əvvəl göndərilənlə eyni olmazdı: forması və ya faylı sonradan dəyişib.",
        "The register would not be what was sent: its form or its file was changed since.",
        "Реестр не совпал бы с отправленным: его форма или файл с тех пор изменены.");

    public static readonly Localised OneOfThree = new(
        "decision, accept və postings-dən yalnız birini yazın.", "Say one of decision, accept and postings.",
        "Укажите одно из decision, accept и postings.");

    public static readonly Localised GroupWithPostings = new("postings ilə, 0–4.", "With postings, 0 to 4.", "Вместе с postings, от 0 до 4.");

    public static readonly Localised OneFromFunds = new(
        "Agentin vəsaitindən yalnız biri götürə bilər.", "At most one takes from an agent's funds.",
        "Не более одной проводки списывает со средств агента.");

    public static readonly Localised NoBudgetLine = new(
        "Büdcə pulu səviyyə və kod üzrə ödənilir, uyğunsuzluqda isə onları göstərən ödəniş yoxdur: group 0 yazın.",
        "Budget money is paid out by level and code, and the break is about no payment that says them: group 0.",
        "Бюджетные деньги перечисляют по уровню и коду, а расхождение не связано с платежом, где они указаны: group 0.");

    public static readonly Localised WhoseAccounts = new(
        "Uyğunsuzluq heç bir agentə aid deyil: kimin hesabları düzəldilir, agent-də yazın.",
        "The break is about no agent: say whose accounts are corrected.",
        "Расхождение не связано с агентом: укажите, чьи счета исправить.");

    public static readonly Localised BreakSettledNow = new(
        "Uyğunsuzluq bu anda həll olundu.", "The break has been settled in this moment.", "Расхождение улажено в этот момент.");

    public static readonly Localised SettledByItself = new(
        "Uyğunsuzluq özü həll olunub: tutuşdurma onu daha tapmayıb.", "The break is settled by itself: a comparison found it no more.",
        "Расхождение уладилось само: при сверке его больше нет.");

    public static readonly Localised NoPayment = new(
        "Uyğunsuzluq heç bir ödənişə aid deyil: postings ilə düzəldin və ya accept yazın.",
        "The break is about no payment: correct by postings, or accept it.",
        "Расхождение не связано с платежом: исправьте через postings или укажите accept.");

    public static readonly Localised ComparisonsBusy = new(
        "İndi başqa tutuşdurmalar gedir; bir azdan yenidən cəhd edin.", "Other comparisons are being made in this moment; try again.",
        "Сейчас идут другие сверки; попробуйте ещё раз.");

    public static readonly Localised NothingToCompare = new(
        "Tutuşdurmağa heç nə gəlməyib: o günün reyestri və ya çıxarış yoxdur.",
        "Nothing to compare with has come: no register of that day, or no statement.",
        "Сверять не с чем: нет реестра за этот день или выписки.");

    public static readonly Localised ProviderDayOrBank = new(
        "provider və day, yaxud bank: true yazın.", "Say provider and day, or bank: true.", "Укажите provider и day либо bank: true.");

    public static readonly Localised Reports = new(
        "Hesabatlar belədir: service, provider, group, agent, point, day, month, quarter.",
        "There are reports by service, provider, group, agent, point, day, month and quarter.",
        "Отчёты бывают по service, provider, group, agent, point, day, month и quarter.");

    public static readonly Localised FromAndTo = new(
        "from ilə birlikdə, və ondan əvvəl olmamalıdır.", "With from, and not before it.", "Вместе с from и не раньше него.");

    public static readonly Localised NoPayoutToTell = new(
        "Banka göndərilməli təsdiqlənmiş köçürmə yoxdur.", "No approved payout waits for a bank.", "Нет утверждённых выплат, ожидающих банка.");

    public static readonly Localised TooLargeForAnswer = new(
        "Heç bir bankın cavabı bu qədər böyük olmur.", "It is larger than any bank's answer.", "Ответ банка не бывает таким большим.");

    public static readonly Localised WholeQepik = new("Tam qəpik, 0 və ya çox.", "Whole qəpik, 0 or more.", "Целые гяпики, 0 или больше.");

    /// <summary>Words that a program reads; they are the same in every language.</summary>
    public static Localised AsIs(string text) => new(text, text, text);

    public static Localised From(long least, long most) => AsIs(FormattableString.Invariant($"{least}–{most}."));

    public static Localised OneOf(params IEnumerable<string> words) => With("Bunlardan biri: ", "One of ", "Одно из: ", string.Join(", ", words) + ".");

    public static Localised Characters(int most) => new(
        FormattableString.Invariant($"1–{most} simvol, idarəetmə simvolları olmadan."),
        FormattableString.Invariant($"1 to {most} characters, no control characters."),
        FormattableString.Invariant($"От 1 до {most} символов, без управляющих символов."));

    public static Localised ADay(int first, int last) => new(
        FormattableString.Invariant($"Gün belə yazılır: 2026-11-20; illər {first}–{last}."),
        FormattableString.Invariant($"A day is written as 2026-11-20; the years are {first} to {last}."),
        FormattableString.Invariant($"День пишут так: 2026-11-20; годы с {first} по {last}."));

    public static Localised NoMember(string name, string known) => new(
        $"Belə üzv yoxdur: {name}. Olanlar: {known}.", $"There is no member {name} here; there are: {known}.",
        $"Здесь нет поля {name}; есть: {known}.");

    public static Localised AnObjectOf(string name, string known) => new(
        $"{name} yalnız bu üzvləri olan obyektdir: {known}.", $"{name} is an object with these members only: {known}.",
        $"{name} — объект только с такими полями: {known}.");

    public static Localised AtMost(int most) => new(
        FormattableString.Invariant($"Ən çoxu {most}."), FormattableString.Invariant($"At most {most}."),
        FormattableString.Invariant($"Не больше {most}."));

    public static Localised TwoAccounts(string names) => new(
        $"debit və credit üçün bunlardan ikisi: {names}, payable:PROVIDER.", $"Two of {names}, payable:PROVIDER as debit and credit.",
        $"Для debit и credit два из: {names}, payable:PROVIDER.");

    public static Localised NoSuch(Thing thing, long id) => thing switch
    {
        Thing.Statement => With($"{id} nömrəli çıxarış yoxdur.", $"There is no statement {id}.", $"Выписки {id} нет."),
        Thing.Register => With($"{id} nömrəli reyestr yoxdur.", $"There is no register {id}.", $"Реестра {id} нет."),
        Thing.Run => With($"{id} nömrəli icra yoxdur.", $"There is no run {id}.", $"Запуска {id} нет."),
        Thing.Break => With($"{id} nömrəli uyğunsuzluq yoxdur.", $"There is no break {id}.", $"Расхождения {id} нет."),
        Thing.Payout => With($"{id} nömrəli köçürmə yoxdur.", $"There is no payout {id}.", $"Выплаты {id} нет."),
        Thing.Proposal => With($"{id} nömrəli təklif yoxdur.", $"There is no proposal {id}.", $"Предложения {id} нет."),
        Thing.Terms => With(
            $"Şərtlərin {id} nömrəli versiyası yoxdur.", $"There is no version {id} of the terms.", $"Версии {id} условий нет."),
        _ => With($"{id} nömrəli tutuşdurma yoxdur.", $"There is no reconciliation {id}.", $"Сверки {id} нет."),
    };

    public static Localised NotForYou(Act act, string login)
    {
        var roles = string.Join(", ", act.Roles.Select(Acts.Text));
        return new(
            $"'{act.Name}' bu rollar üçündür: {roles}; {login} bunlardan deyil.", $"'{act.Name}' is for {act.RolesText}; {login} is none.",
            $"'{act.Name}' — для ролей: {roles}; у {login} такой нет.");
    }

    public static Localised ThereAlready(long proposal) => With(
        $"Bu barədə {proposal} nömrəli təklif artıq var.", $"Proposal {proposal} is about this already.",
        $"Об этом уже есть предложение {proposal}.");

    public static Localised TermsUnproposed(Proposed not) => not.Result != ProposeResult.There ? AppliedMeanwhile : With(
        $"{not.Id} nömrəli təklif də alıcıların hesablarını dəyişir: əvvəlcə onun haqqında qərar verilsin.",
        $"Proposal {not.Id} would change receivers' accounts, too: let that be decided first.",
        $"Предложение {not.Id} тоже меняет счета получателей: сначала нужно решение по нему.");

    public static Localised SettledBy(string by) => new(
        $"Uyğunsuzluğu {by} həll edib.", $"The break is settled by {by}.", $"Расхождение уладил {by}.");

    public static Localised SaysNothing(long number, string state) => With(
        $"{number} nömrəli ödəniş {state} vəziyyətindədir: bu qərar ona aid deyil.",
        $"Payment {number} is {state}: that decision says nothing of it.",
        $"Платёж {number} в состоянии {state}: такое решение к нему не относится.");

    public static Localised UploadsBusy(int atOnce) => With(
        $"İndi {atOnce} fayl daxil edilir; bir azdan yenidən cəhd edin.", $"{atOnce} files are being imported in this moment; try again.",
        $"Сейчас загружаются {atOnce} файла; попробуйте ещё раз.");

    public static Localised CannotExpress(string faults) => new(
        "Bu forma bunları ifadə edə bilmir: " + faults, "This form cannot express: " + faults, "Эта форма не может выразить: " + faults);

    public static Localised Withdrawn(IReadOnlyList<long> payouts)
    {
        var which = string.Join(", ", payouts.Select(one => one.ToString(CultureInfo.InvariantCulture)));
        return new(
            $"Şərtlər indi başqa alıcı göstərir, ona görə bu köçürmələr geri götürüldü: {which}. Onlar yenidən təklif ediləcək.",
            $"The terms name other receivers now, so these payouts were withdrawn: {which}. Propose payouts anew.",
            $"В условиях теперь другие получатели, поэтому эти выплаты отозваны: {which}. Предложите выплаты заново.");
    }

    public static Localised MadeAs(string message, string format) => new(
        $"{message} faylı {format} kimi hazırlanıb və belə də qalır: format yazmayın, ya da {format} yazın.",
        $"The file {message} was made as {format}, and stays so: say no format, or {format}.",
        $"Файл {message} сделан в форме {format} и таким остаётся: не указывайте format или укажите {format}.");

    public static Localised NotProposed(string what) => With(
        "Qalanı təklif edilib; bu isə yox: ", "The rest is proposed; this is not: ", "Остальное предложено, а это нет: ", what);

    public static Localised NotPutBack(string what) => With(
        "Fayl oxunub; bu isə geri yazılmadı: ", "The file is read; this could not be put back: ",
        "Файл прочитан, но это вернуть не удалось: ", what);

    public static Localised Faults(int count, CatalogueFault first) => With(
        $"{count} səhv, birincisi: {first}", $"{count} faults, the first: {first}", $"Ошибок: {count}, первая: {first}");

    public static Localised Unnamed(RegisterUnknown why) => why switch
    {
        RegisterUnknown.NoSuchProvider => NoProvider,
        RegisterUnknown.AnotherProvider => new(
            "Faylın adı başqa təşkilatın kodu ilə başlayır: provider dəyərini və ya faylın adını (name) düzəldin.",
            "Its name begins with another provider's code: correct provider, or name.",
            "Имя файла начинается с кода другой организации: исправьте provider или имя файла (name)."),
        RegisterUnknown.Provider => new(
            "Faylın adından kimin reyestri olduğu bilinmir: provider yazın.", "Its name does not say whose register it is: give provider.",
            "По имени файла не видно, чей это реестр: укажите provider."),
        _ => new(
            "Faylın adından hansı günün reyestri olduğu bilinmir: day yazın.", "Its name does not say of which day it is: give day.",
            "По имени файла не видно, за какой это день: укажите day."),
    };

    /// <summary>Why a decision was not taken.</summary>
    public static Localised NotDecided(DecideResult result, Proposal one) => result switch
    {
        DecideResult.SamePerson => With(
            $"{one.Id} nömrəli təklifi {one.MadeBy} özü edib: başqa şəxs qərar verir. Özü onu geri götürə bilər (…/withdraw).",
            $"Proposal {one.Id} is {one.MadeBy}'s own: another person decides. They may take it back (…/withdraw).",
            $"Предложение {one.Id} внёс сам {one.MadeBy}: решает другой человек. Он может его отозвать (…/withdraw)."),
        DecideResult.NotEntitled => With(
            $"{one.Id} nömrəli təklif haqqında təsdiqedici qərar verir, siz isə artıq deyilsiniz.",
            $"Proposal {one.Id} is decided by an approver, and you are none any more.",
            $"Решение по предложению {one.Id} принимает утверждающий, а вы им больше не являетесь."),
        DecideResult.TooEarly => With(
            $"{one.Id} nömrəli təklif {At(one)} anından əvvəl təsdiqlənmir: təşkilatın cavabı hələ yolda ola bilər.",
            $"Proposal {one.Id} cannot be approved before {At(one)}: an answer of the provider may be on its way until then.",
            $"Предложение {one.Id} нельзя утвердить раньше {At(one)}: ответ организации может быть ещё в пути."),
        DecideResult.Void => With(
            $"{one.Id} nömrəli təklif qüvvəsini itirib: {one.Outcome}. Heç nə edilməyib.",
            $"Proposal {one.Id} is void: {one.Outcome}. Nothing was done.",
            $"Предложение {one.Id} утратило силу: {one.Outcome}. Ничего не сделано."),
        DecideResult.BeingCompared => With(
            $"{one.Id} nömrəli təklifin aid olduğu fərq elə indi yenidən yoxlanılır. Bir dəqiqədən sonra təkrar edin.",
            $"The break that proposal {one.Id} is about is being compared anew just now. Try again in a minute.",
            $"Расхождение, о котором предложение {one.Id}, как раз сверяется заново. Повторите через минуту."),
        DecideResult.Ended => With(
            $"{one.Id} nömrəli təklif artıq bu vəziyyətdədir: {one.State}{By(one)}.", $"Proposal {one.Id} is {one.State} already{By(one)}.",
            $"Предложение {one.Id} уже в состоянии {one.State}{By(one)}."),
        _ => throw new ArgumentOutOfRangeException(nameof(result), result, "That is no refusal of a decision."),
    };

    private static string By(Proposal one) => one.DecidedBy is { } by ? $" ({by})" : "";

    private static string At(Proposal one) => InstantPattern.General.Format(one.ApproveFrom);

    private static Localised With(FormattableString az, FormattableString en, FormattableString ru) => new(
        FormattableString.Invariant(az), FormattableString.Invariant(en), FormattableString.Invariant(ru));

    private static Localised With(string az, string en, string ru, string rest) => new(az + rest, en + rest, ru + rest);
}

/// <summary>What a number is the number of.</summary>
internal enum Thing
{
    Statement = 1,
    Register,
    Run,
    Break,
    Payout,
    Proposal,
    Terms,
    Reconciliation,
}
