using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Terminals.Problems;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class RefusalsOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    [Fact]
    public void Every_refusal_has_a_name_a_status_and_words_in_three_languages()
    {
        RefusalText.All.Select(text => text.Why).Should().BeEquivalentTo(Enum.GetValues<Refusal>());
        RefusalText.All.Select(text => text.Name).Should().OnlyHaveUniqueItems();
        foreach (var text in RefusalText.All)
        {
            text.Name.Should().MatchRegex("^[a-z]+(-[a-z]+)*$");
            text.Status.Should().BeInRange(400, 503);
            foreach (var words in (Localised[])[text.Title, text.Detail])
            {
                new[] { words.Az, words.En, words.Ru }.Should().OnlyHaveUniqueItems().And.NotContain(string.Empty);
                words.Ru.Should().MatchRegex("[а-яё]", "{0} is said in Russian", text.Name);
            }
        }
    }

    [Theory]
    [InlineData(Refusal.MalformedRequest, 400, false)]
    [InlineData(Refusal.NotAuthenticated, 401, false)]
    [InlineData(Refusal.SignatureInvalid, 401, false)]
    [InlineData(Refusal.Replayed, 401, false)]
    [InlineData(Refusal.TerminalSuspended, 403, false)]
    [InlineData(Refusal.ServiceNotAllowed, 403, false)]
    [InlineData(Refusal.TooManyRequests, 429, true)]
    [InlineData(Refusal.ReferenceUsedDifferently, 409, false)]
    [InlineData(Refusal.UnknownService, 422, false)]
    [InlineData(Refusal.ServiceSuspended, 422, true)]
    [InlineData(Refusal.ServiceClosedNow, 422, true)]
    [InlineData(Refusal.AccountMalformed, 422, false)]
    [InlineData(Refusal.LinesDiffer, 422, false)]
    [InlineData(Refusal.AccountNotFound, 422, false)]
    [InlineData(Refusal.InsufficientFunds, 402, true)]
    [InlineData(Refusal.TerminalLimit, 402, true)]
    [InlineData(Refusal.ProviderUnavailable, 503, true)]
    [InlineData(Refusal.ShiftNotOpen, 409, false)]
    [InlineData(Refusal.NotReversible, 409, false)]
    [InlineData(Refusal.NotFinal, 409, false)]
    [InlineData(Refusal.TooLate, 409, false)]
    [InlineData(Refusal.NotFound, 404, false)]
    [InlineData(Refusal.ShiftAlreadyOpen, 409, false)]
    [InlineData(Refusal.Overloaded, 503, true)]
    [InlineData(Refusal.OutcomeNotKnown, 503, true)]
    [InlineData(Refusal.Internal, 500, true)]
    public void A_refusals_status_and_transience_are_the_contracts(Refusal why, int status, bool transient)
    {
        RefusalText.Of(why).Status.Should().Be(status);
        new Refused(why).Transient.Should().Be(transient);
    }

    public static TheoryData<string, int, int, string?> Judged() => new()
    {
        { """{"service":"99999","account":"1","amountQepik":100,"totalQepik":100,"tender":"cash"}""", 422, 200, "service" },
        { """{"service":"10101","account":"12","amountQepik":100,"totalQepik":100,"tender":"cash"}""", 422, 210, "account" },
        { """{"service":"40402","account":"1400057432","amountQepik":100,"totalQepik":140,"tender":"cash"}""", 422, 211, "account" },
        { """{"service":"10103","account":"990345678901234","amountQepik":100,"totalQepik":100,"tender":"cash"}""", 422, 212, "fields.voen" },
        { """{"service":"10103","account":"990345678901234","fields":{"voen":"1"},"amountQepik":100,"totalQepik":100,"tender":"cash"}""", 422, 213, "fields.voen" },
        { """{"service":"40101","account":"AAA0000001","amountQepik":5000,"totalQepik":5040,"tender":"cash"}""", 422, 220, "inquiry" },
        { """{"service":"10101","account":"012345678901234","inquiry":"forged","amountQepik":100,"totalQepik":100,"tender":"cash"}""", 422, 222, "inquiry" },
        { """{"service":"10101","account":"012345678901234","amountQepik":9,"totalQepik":9,"tender":"cash"}""", 422, 230, "amountQepik" },
        { """{"service":"10101","account":"012345678901234","amountQepik":-9,"totalQepik":-9,"tender":"cash"}""", 422, 230, "amountQepik" },
        { """{"service":"10101","account":"012345678901234","amountQepik":1000001,"totalQepik":1000001,"tender":"cash"}""", 422, 231, "amountQepik" },
        { """{"service":"10101","account":"012345678901234","amountQepik":9223372036854775807,"totalQepik":9223372036854775807,"tender":"cash"}""", 422, 231, "amountQepik" },
        { """{"service":"10101","account":"012345678901234","amountQepik":100,"totalQepik":101,"tender":"cash"}""", 422, 233, "totalQepik" },
        { """{"service":"10101","account":"012345678901234","lines":[{"id":"a","amountQepik":99}],"amountQepik":100,"totalQepik":100,"tender":"cash"}""", 422, 234, "lines" },
    };

    [Theory]
    [MemberData(nameof(Judged))]
    public async Task A_request_that_cannot_be_paid_is_refused_with_its_number_and_records_nothing(
        string body, int status, int code, string? field)
    {
        var reference = HttpCentre.Reference("refused");
        var answer = await centre.Client.PayAsync(reference, JsonNode.Parse(body)!);

        ((int)answer.Status).Should().Be(status);
        answer.Code.Should().Be(code);
        ((string?)answer.Json!["field"]).Should().Be(field);
        ((string)answer.Json["type"]!).Should().Be("urn:egovpay:refusal:" + RefusalText.Of((Refusal)code).Name);
        (await centre.Client.LookAsync("/v1/payments/" + reference)).Code.Should().Be(414);
    }

    [Fact]
    public async Task A_refusal_is_exactly_this_JSON()
    {
        var asked = HttpCentre.Payment(10_000, "1400057421", "40303");
        var answer = await centre.Client.AskAsync(
            HttpMethod.Put, "/v1/payments/exact-1", Asking.Json(asked.ToJsonString()), ("Accept-Language", "en"));

        answer.Text.Should().Be("""
            {"type":"urn:egovpay:refusal:total-differs","title":"The total does not fit","status":422,
            "detail":"feeQepik and totalQepik are the right figures: agree them with the payer and repeat with them.",
            "code":233,"transient":false,"field":"totalQepik","feeQepik":40,"totalQepik":10040}
            """.Replace("\n", "", StringComparison.Ordinal));
        answer.Response.Content.Headers.ContentType!.ToString().Should().StartWith("application/problem+json");
    }

    [Theory]
    [InlineData(null, "Tapılmadı")]
    [InlineData("en", "Not found")]
    [InlineData("ru-RU", "Не найдено")]
    [InlineData("de, fr;q=0.9", "Tapılmadı")]
    [InlineData("de, ru;q=0.4, en;q=0.8", "Not found")]
    [InlineData("en;q=0, ru;q=0.1", "Не найдено")]
    [InlineData("en;q=abc", "Tapılmadı")]
    [InlineData("*", "Tapılmadı")]
    public async Task A_refusal_speaks_the_asked_language(string? acceptLanguage, string title)
    {
        (string, string)[] headers = acceptLanguage is null ? [] : [("Accept-Language", acceptLanguage)];
        var answer = await centre.Client.LookAsync("/v1/payments/unseen", headers);
        ((string)answer.Json!["title"]!).Should().Be(title);
    }

    [Fact]
    public async Task An_inquiry_refuses_an_account_that_the_provider_does_not_know_or_has_closed()
    {
        foreach (var (ending, code) in new[] { ("66601", 240), ("66602", 241), ("66603", 210), ("66626", 400) })
        {
            var answer = await centre.Client.PostAsync(
                "/v1/inquiries", new JsonObject { ["service"] = "10101", ["account"] = "0123456789" + ending });
            answer.Code.Should().Be(code, "the account ends in {0}", ending);
        }
    }

    [Fact]
    public async Task An_inquiry_pays_once_and_a_second_use_names_the_first_reference()
    {
        var inquiry = await centre.Client.PostAsync(
            "/v1/inquiries", new JsonObject { ["service"] = "40101", ["account"] = "AAA0000001" });
        var due = (long)inquiry.Json!["dueQepik"]!;
        ((long)inquiry.Json["feeQepik"]!).Should().Be(40);
        var asked = HttpCentre.Payment(due, "AAA0000001", "40101", 40);
        asked["inquiry"] = (string)inquiry.Json["inquiry"]!;
        var first = HttpCentre.Reference("fine");
        (await centre.Client.PayAsync(first, asked)).Status.Should().Be(HttpStatusCode.Created);

        var second = await centre.Client.PayAsync(HttpCentre.Reference("fine"), asked);
        second.Code.Should().Be(223);
        ((string)second.Json!["reference"]!).Should().Be(first);

        asked["amountQepik"] = due - 1;
        asked["totalQepik"] = due + 39;
        (await centre.Client.PayAsync(HttpCentre.Reference("fine"), asked)).Code.Should().Be(223, "it comes before the amount");

        var fresh = await centre.Client.PostAsync(
            "/v1/inquiries", new JsonObject { ["service"] = "40101", ["account"] = "AAA0000001" });
        asked["inquiry"] = (string)fresh.Json!["inquiry"]!;
        (await centre.Client.PayAsync(HttpCentre.Reference("fine"), asked)).Code.Should().Be(232);
    }

    [Fact]
    public async Task An_inquiry_whose_time_is_over_is_refused()
    {
        var (key, terminal) = await centre.AddTerminalAsync();
        using var client = centre.ClientOf(key);
        var reply = await centre.Engine.Inquire.AskAsync(terminal, "10101", "012345678901234", null, CancellationToken.None);
        var over = reply.Quote! with { ExpiresAt = centre.Engine.Clock.GetCurrentInstant() - Duration.FromSeconds(1) };
        var asked = HttpCentre.Payment();
        asked["inquiry"] = centre.Engine.Quotes.Seal(over);
        (await client.PayAsync("over", asked)).Code.Should().Be(221);
        asked["inquiry"] = reply.Sealed;
        (await client.PayAsync("over", asked)).Status.Should().Be(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_reversal_is_asked_of_a_final_payment_whose_service_grants_it()
    {
        var reason = new JsonObject { ["reason"] = "səhv hesab" };
        (await centre.Client.PostAsync("/v1/payments/unseen/reversal", reason)).Code.Should().Be(414);
        (await centre.Client.PostAsync("/v1/payments/unseen/reversal", new JsonObject())).Code.Should().Be(100);
        await centre.Client.PayAsync("reverse", HttpCentre.Payment(10_000, "1400057421", "40303", 40));
        var no = await centre.Client.PostAsync("/v1/payments/reverse/reversal", reason);
        no.Status.Should().Be(HttpStatusCode.Conflict);
        no.Code.Should().Be(411);
        await centre.Client.PayAsync("reverse-later", HttpCentre.Payment(account: "012345678966628"));
        (await centre.Client.PostAsync("/v1/payments/reverse-later/reversal", reason)).Code.Should().Be(412);
    }

    [Fact]
    public async Task An_inquiry_of_another_agent_does_not_fit()
    {
        var inquiry = await centre.Client.PostAsync(
            "/v1/inquiries", new JsonObject { ["service"] = "10101", ["account"] = "012345678901234" });
        var (key, _) = await centre.AddTerminalAsync();
        using var stranger = centre.ClientOf(key);
        var asked = HttpCentre.Payment();
        asked["inquiry"] = (string)inquiry.Json!["inquiry"]!;
        (await stranger.PayAsync(HttpCentre.Reference("theirs"), asked)).Code.Should().Be(222);
    }

    [Fact]
    public async Task Checks_come_in_the_order_of_their_numbers()
    {
        var reference = HttpCentre.Reference("order");
        await centre.Client.PayAsync(reference, HttpCentre.Payment());
        using var unknown = centre.ClientOf("no-such-key");
        var malformed = new JsonObject { ["service"] = "99999" };
        (await unknown.PayAsync(reference, malformed)).Code.Should().Be(100, "the form comes before the key");
        (await unknown.PayAsync(reference, HttpCentre.Payment())).Code.Should().Be(110);

        var (key, terminal) = await centre.AddTerminalAsync(allowed: ["kommunal"]);
        using var client = centre.ClientOf(key);
        (await client.PayAsync(reference, HttpCentre.Payment(service: "50101"))).Code
            .Should().Be(121, "a permission comes before the account's form");
        await client.PayAsync(reference, HttpCentre.Payment());
        (await client.PayAsync(reference, HttpCentre.Payment(service: "10102", account: "x"))).Code
            .Should().Be(140, "a known reference comes before every judgement from 200 on");
        (await client.PayAsync(reference, HttpCentre.Payment(service: "50101"))).Code
            .Should().Be(121, "a permission comes before a known reference");
        await centre.Engine.Administer.SuspendTerminalAsync(terminal.TerminalCode, true);
        await centre.Engine.Directory.RefreshAsync();
        (await client.PayAsync(reference, HttpCentre.Payment(service: "50101"))).Code.Should().Be(120);
    }

    [Fact]
    public async Task Limits_of_a_terminal_are_kept()
    {
        var (key, _) = await centre.AddTerminalAsync(terminal => terminal with { SingleLimitQepik = 1_000, DailyLimitQepik = 1_500 });
        using var client = centre.ClientOf(key);
        (await client.PayAsync("big", HttpCentre.Payment(1_001))).Code.Should().Be(301);
        (await client.PayAsync("good", HttpCentre.Payment(1_000))).Status.Should().Be(HttpStatusCode.Created);
        (await client.PayAsync("over", HttpCentre.Payment(501))).Code.Should().Be(301);
        (await client.PayAsync("good", HttpCentre.Payment(1_000))).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_suspended_terminal_takes_nothing_and_still_reads_and_cancels_its_own()
    {
        var (key, terminal) = await centre.AddTerminalAsync();
        var (otherKey, _) = await centre.AddTerminalToAsync(terminal.AgentId, terminal.TerminalCode + "-b");
        using var client = centre.ClientOf(key);
        using var other = centre.ClientOf(otherKey);
        await client.PayAsync("own", HttpCentre.Payment());
        await other.PayAsync("others", HttpCentre.Payment());
        await centre.Engine.Administer.SuspendTerminalAsync(terminal.TerminalCode, true);
        await centre.Engine.Directory.RefreshAsync();

        (await client.PayAsync("new", HttpCentre.Payment())).Code.Should().Be(120);
        (await client.PayAsync("own", HttpCentre.Payment())).Code.Should().Be(120);
        (await client.LookAsync("/v1/services")).Code.Should().Be(120);
        (await client.LookAsync("/v1/account")).Code.Should().Be(120);
        (await client.LookAsync("/v1/payments/own")).State.Should().Be("Confirmed");
        (await client.LookAsync("/v1/payments/own/receipt")).Status.Should().Be(HttpStatusCode.OK);
        (await client.LookAsync("/v1/payments/others")).Code.Should().Be(120);
        (await client.PostAsync("/v1/payments/others/cancel")).Code.Should().Be(120);
        (await client.LookAsync("/v1/payments")).Json!["items"]!.AsArray().Should().ContainSingle();
        (await client.PostAsync("/v1/payments/unseen/cancel")).State.Should().Be("Cancelled");
    }

    [Fact]
    public async Task A_closed_service_refuses_the_new_and_answers_the_known()
    {
        await using var own = new HttpCentre();
        await own.InitializeAsync();
        await own.Client.PayAsync("before", HttpCentre.Payment());
        var catalogue = JsonNode.Parse(Encoding.UTF8.GetString(EmbeddedCatalogue.Read()))!;
        Rule(catalogue, "10101")["open"] = false;
        var now = Baku.At(own.Engine.Clock.GetCurrentInstant()).TimeOfDay;
        Rule(catalogue, "10102")["hours"] = new JsonObject
        {
            ["opens"] = now.PlusHours(2).ToString("HH:mm", null),
            ["closes"] = now.PlusHours(3).ToString("HH:mm", null),
        };
        var applied = await CatalogueStore.ApplyAsync(
            own.Database.DataSource, Encoding.UTF8.GetBytes(catalogue.ToJsonString()), TestPeople.Doer);
        applied.Faults.Should().BeEmpty();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (own.Engine.Catalogue.Current.Version < applied.Version)
        {
            await Task.Delay(50, patience.Token);
        }

        var suspended = await own.Client.PayAsync("after", HttpCentre.Payment());
        suspended.Code.Should().Be(201);
        ((bool)suspended.Json!["transient"]!).Should().BeTrue();
        (await own.Client.PayAsync("after", HttpCentre.Payment(account: "450345678901234", service: "10102"))).Code
            .Should().Be(202);
        (await own.Client.PayAsync("before", HttpCentre.Payment())).Status.Should().Be(HttpStatusCode.OK);
        (await own.Client.PayAsync("before", HttpCentre.Payment(1))).Code.Should().Be(140);
    }

    private static JsonNode Rule(JsonNode catalogue, string code) =>
        catalogue["services"]!.AsArray().Single(service => (string)service!["code"]! == code)!["rules"]!.AsArray()[^1]!;
}
