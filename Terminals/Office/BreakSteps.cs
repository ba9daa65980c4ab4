using System.Collections.Frozen;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Breaks;

namespace EGovPay.Terminals.Office;

/// <summary>What to do next about a break, where the command line's words would say nothing: in the API's own terms.</summary>
internal static class BreakSteps
{
    private const string Propose = "POST …/breaks/{id}/proposals";

    private static readonly FrozenDictionary<string, Localised> Own = new Dictionary<string, Localised>(StringComparer.Ordinal)
    {
        ["ask-then-absent"] = new(
            $"Təşkilatdan həmin nömrə ilə yenidən soruşun; yoxdursa, decision: absent təklif edin ({Propose})",
            $"Ask the organisation again under the same number; if it has not got it, propose decision: absent ({Propose})",
            $"Запросите организацию ещё раз по тому же номеру; если платежа нет, предложите decision: absent ({Propose})"),
        ["propose-absent"] = new(
            $"decision: absent təklif edin ({Propose})", $"Propose decision: absent ({Propose})", $"Предложите decision: absent ({Propose})"),
        ["propose-delivered"] = new(
            $"decision: delivered təklif edin ({Propose})", $"Propose decision: delivered ({Propose})",
            $"Предложите decision: delivered ({Propose})"),
        ["correct-line"] = new(
            $"Səbəbi təşkilatla aydınlaşdırın; çatmayıbsa, decision: absent təklif edin ({Propose})",
            $"Clear up the reason with the receiver; if it stays undelivered, propose decision: absent ({Propose})",
            $"Выясните причину с получателем; если платёж не дойдёт, предложите decision: absent ({Propose})"),
        ["ask-provider"] = new(
            $"Təşkilatla aydınlaşdırın; sonra postings və ya accept təklif edin ({Propose})",
            $"Clear it up with the organisation; then propose postings, or accept ({Propose})",
            $"Выясните с организацией; затем предложите postings или accept ({Propose})"),
        ["accept-if-paid-once"] = new(
            $"Bir dəfə ödənilibsə, accept təklif edin ({Propose})", $"If it was paid once, propose accept ({Propose})",
            $"Если оплачено один раз, предложите accept ({Propose})"),
        ["ask-acquirer"] = new(
            $"Ekvayerlə aydınlaşdırın; sonra postings və ya accept təklif edin ({Propose})",
            $"Clear it up with the acquirer; then propose postings, or accept ({Propose})",
            $"Выясните с эквайером; затем предложите postings или accept ({Propose})"),
        ["ask-bank"] = new(
            $"Bankdan soruşun; sonra postings təklif edin ({Propose})", $"Ask the bank; then propose postings ({Propose})",
            $"Запросите банк; затем предложите postings ({Propose})"),
        ["book-deposit"] = new(
            "Depoziti təklif edin: POST /v1/settlement/agents/{code}/top-ups",
            "Propose the deposit: POST /v1/settlement/agents/{code}/top-ups",
            "Предложите депозит: POST /v1/settlement/agents/{code}/top-ups"),
        ["pay-again"] = new(
            "Şərtlərdə rekvizitləri düzəldin (PUT /v1/settlement/terms): növbəti köçürmə həmin pulu aparacaq",
            "Mend the account in the terms (PUT /v1/settlement/terms): the next payout carries the money",
            "Исправьте реквизиты в условиях (PUT /v1/settlement/terms): следующая выплата включит эти деньги"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The text of a step; what is the same everywhere is read from the breaks' own texts.</summary>
    public static string Text(string step, string language) => Own.GetValueOrDefault(step)?.In(language) ?? BreakTexts.Step(step, language);
}
