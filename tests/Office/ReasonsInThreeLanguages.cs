using System.Net;
using System.Reflection;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Settlement.Breaks;
using EGovPay.Terminals.Office;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>What stands in the way, and what to do next, is said in the asked language and in the API's own terms.</summary>
public sealed class ReasonsInThreeLanguages(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private static readonly string[] Languages = ["az", "en", "ru"];

    [Theory]
    [InlineData("GET", "payouts/999999", HttpStatusCode.NotFound, "999999 nömrəli köçürmə yoxdur.", "There is no payout 999999.", "Выплаты 999999 нет.")]
    [InlineData("GET", "payouts?provider=nobody", HttpStatusCode.NotFound, "Kataloqda belə təşkilat yoxdur.", "The catalogue has no provider of this code.", "В каталоге нет такой организации.")]
    [InlineData("GET", "netting?day=x", HttpStatusCode.BadRequest, "Gün belə yazılır", "A day is written as", "День пишут так")]
    [InlineData("GET", "netting?to=2026-11-22", HttpStatusCode.BadRequest, "Ya window, ya da day", "A window, or day and to", "Либо window, либо day")]
    [InlineData("GET", "nothing/here", HttpStatusCode.NotFound, "belə ünvan yoxdur", "There is no such path", "нет такого адреса")]
    [InlineData("GET", "days/close", HttpStatusCode.MethodNotAllowed, "başqa metodla", "another method", "другим методом")]
    [InlineData("POST", "statements", HttpStatusCode.UnprocessableEntity, "Sətir 1, sütun 1: Bu nə çıxarışdır", "line 1, column 1: ", "Строка 1, столбец 1: Это не выписка")]
    [InlineData("POST", "statements?mapping=none", HttpStatusCode.UnprocessableEntity, "belə təsvir yoxdur", "no mapping 'none'", "нет такого описания")]
    [InlineData("POST", "payouts/status", HttpStatusCode.UnprocessableEntity, "Bankın cavabı oxunmur", "line 1", "Ответ банка не читается")]
    [InlineData("GET", "jobs/runs/999999", HttpStatusCode.NotFound, "icra yoxdur", "There is no run", "Запуска 999999 нет")]
    [InlineData("POST", "proposals/1/approve", HttpStatusCode.Forbidden, "bu rollar üçündür: approver", "is for approver", "для ролей: approver")]
    [InlineData("POST", "registers?provider=azersu", HttpStatusCode.BadRequest, "day yazın", "give day", "укажите day")]
    [InlineData("POST", "payouts", HttpStatusCode.BadRequest, "JSON deyil", "not the JSON", "не тот JSON")]
    public async Task A_reason_is_in_the_language_that_is_asked_for_and_else_in_Azerbaijani(
        string method, string path, HttpStatusCode status, string az, string en, string ru)
    {
        using var client = await centre.ClientAsync(Role.Finance);
        foreach (var (language, text) in new[] { (null, az), ("az", az), ("en-GB,az;q=0.5", en), ("ru", ru), ("fr", az) })
        {
            using var body = method == "POST" ? Asking.Json("x") : null;
            var answer = await client.AskAsync(
                new HttpMethod(method), "/v1/settlement/" + path, body, language is null ? [] : [("Accept-Language", language)]);
            answer.Status.Should().Be(status, answer.Text);
            ((string)answer.Json!["reason"]!).Should().Contain(text);
            ((string)answer.Json["type"]!).Should().StartWith("urn:egovpay:office:");
            ((int)answer.Json["status"]!).Should().Be((int)status);
            answer.Response.Content.Headers.ContentLanguage.Should().Equal(text == az ? "az" : text == en ? "en" : "ru");
        }
    }

    [Theory]
    [InlineData("payouts/export", """{"payuot": 5}""", "payuot", "format, payout, latin, structured, again")]
    [InlineData("payouts", """{"through": "2026-11-20", "Provider": "azersu"}""", "Provider", "through, provider")]
    [InlineData("breaks/1/proposals", """{"postings": [{"debit": "a", "credti": "b"}], "reason": "x"}""", "postings[0].credti", "debit, credit, amountQepik")]
    [InlineData("days/close", """{"dya": "2026-11-20"}""", "dya", "day, early")]
    [InlineData("reconciliations", """{"bnak": true}""", "bnak", "provider, day, bank")]
    public async Task A_member_that_there_is_not_is_named_and_nothing_is_done(string path, string body, string field, string known)
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var acts = await centre.Database.AskAsync<long>("select count(*) from act");
        foreach (var (language, text) in new[] { ("az", "üzv"), ("en", "member"), ("ru", "пол") })
        {
            using var content = Asking.Json(body);
            var answer = await client.AskAsync(HttpMethod.Post, "/v1/settlement/" + path, content, ("Accept-Language", language));
            answer.Status.Should().Be(HttpStatusCode.BadRequest, answer.Text);
            ((string)answer.Json!["field"]!).Should().Be(field);
            ((string)answer.Json["reason"]!).Should().Contain(text).And.Contain(known);
        }

        (await centre.Database.AskAsync<long>("select count(*) from act")).Should().Be(acts);
    }

    [Fact]
    public void Every_fixed_reason_has_three_texts_and_none_names_a_command()
    {
        var all = typeof(OfficeReasons).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (Localised)field.GetValue(null)!).ToList();
        all.Should().HaveCountGreaterThan(30);
        foreach (var one in all)
        {
            new[] { one.Az, one.En, one.Ru }.Should().OnlyHaveUniqueItems().And.OnlyContain(text => IsForTheApi(text));
            one.Ru.Should().MatchRegex("[а-я]");
        }
    }

    [Fact]
    public void Each_reason_why_nothing_was_decided_has_a_text_of_its_own()
    {
        var then = Instant.FromUtc(2026, 11, 22, 8, 0);
        var one = new Proposal(
            7, ProposalKind.Break, 1, "a", 1, null, null, null, null, null, null, null, null, null, null, "why", "aysel", then, then, then,
            ProposalState.Open, null, null, null, "gone", null);
        var refusals = Enum.GetValues<DecideResult>().Except([DecideResult.Done, DecideResult.DoneBefore, DecideResult.Unknown]).ToList();
        foreach (var text in new Func<Localised, string>[] { said => said.Az, said => said.En, said => said.Ru })
        {
            refusals.Select(refusal => text(OfficeReasons.NotDecided(refusal, one))).Should().OnlyHaveUniqueItems()
                .And.OnlyContain(line => IsForTheApi(line));
        }

        OfficeReasons.NotDecided(DecideResult.BeingCompared, one).En.Should().Contain("Try again");
    }

    [Fact]
    public void No_step_of_a_break_names_a_command_or_its_flags_over_HTTP()
    {
        foreach (var (step, language) in BreakTexts.Steps.Keys.SelectMany(step => Languages, (step, language) => (step, language)))
        {
            BreakSteps.Text(step, language).Should().Match(text => IsForTheApi(text), step).And.NotBe(step);
        }

        BreakSteps.Text("book-deposit", "az").Should().Contain("/v1/settlement/agents/{code}/top-ups");
        BreakTexts.Step("book-deposit", "en").Should().Contain("egovpay agent topup propose", "the command line says its own");
    }

    private static bool IsForTheApi(string text) =>
        !text.Contains("--", StringComparison.Ordinal) && !text.Contains("egovpay", StringComparison.Ordinal) && text.Length > 5;
}
