using System.Net;
using System.Text.Json.Nodes;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class CatalogueOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    [Fact]
    public async Task The_catalogue_is_whole_and_has_an_entity_tag()
    {
        var all = await centre.Client.LookAsync("/v1/services");
        all.Json!["items"]!.AsArray().Count.Should().Be(68);
        var tag = all.Response.Headers.ETag!.ToString();

        var again = await centre.Client.LookAsync("/v1/services", ("If-None-Match", tag));
        again.Status.Should().Be(HttpStatusCode.NotModified);
        again.Text.Should().BeEmpty();
        again.Response.Headers.ETag!.ToString().Should().Be(tag);
        (await centre.Client.LookAsync("/v1/services", ("If-None-Match", "\"another\", W/" + tag))).Status
            .Should().Be(HttpStatusCode.NotModified);
        (await centre.Client.LookAsync("/v1/services", ("If-None-Match", "\"another\""))).Status
            .Should().Be(HttpStatusCode.OK);
        (await centre.Client.LookAsync("/v1/services", ("If-None-Match", tag), ("Accept-Language", "ru"))).Status
            .Should().Be(HttpStatusCode.OK, "another language is another representation");
    }

    [Fact]
    public async Task A_service_is_exactly_this_JSON()
    {
        var one = await centre.Client.LookAsync("/v1/services/10101");
        one.Text.Should().Be("""
            {"code":"10101","group":{"code":"kommunal","name":"Kommunal"},"name":"Azərişıq (Bakı)","provider":"azerishiq",
            "fields":[{"name":"abonent_kodu","label":"Abonent kodu","pattern":"^\\d{15}$","check":null,"example":"012345678901234"}],
            "amount":{"mode":"any","minQepik":10,"maxQepik":1000000,"choicesQepik":null},
            "fee":{"rule":"none","percent":null,"minQepik":null,"maxQepik":null,"paidBy":"payer"},
            "inquiry":"optional","reversibleMinutes":15,"deliveryBy":"online","open":true,"hours":null}
            """.Replace("\n", "", StringComparison.Ordinal));

        var fee = (await centre.Client.LookAsync("/v1/services/40303")).Json!["fee"]!;
        fee.ToJsonString().Should().Be(
            """{"rule":"percent","percent":0.15,"minQepik":40,"maxQepik":1500,"paidBy":"payer"}""");
        (await centre.Client.LookAsync("/v1/services/99999")).Code.Should().Be(414);
        (await centre.Client.LookAsync("/v1/services/1010")).Code.Should().Be(414);
    }

    [Theory]
    [InlineData("q=azerisiq", "10101")]
    [InlineData("q=AZƏRİŞIQ", "10101")]
    [InlineData("q=азеришыг&lang=ru", "10101")]
    [InlineData("q=10101", "10101")]
    [InlineData("q=electricity", "10101")]
    [InlineData("group=ipoteka", "30101")]
    public async Task A_service_is_found_by_code_group_or_name_with_or_without_diacritics(string query, string code)
    {
        var found = await centre.Client.LookAsync("/v1/services?" + query);
        found.Json!["items"]!.AsArray().Select(service => (string)service!["code"]!).Should().Contain(code);
    }

    [Fact]
    public async Task Names_come_in_the_asked_language()
    {
        ((string)(await centre.Client.LookAsync("/v1/services/10101?lang=ru")).Json!["name"]!).Should().Be("Азеришыг (Баку)");
        ((string)(await centre.Client.LookAsync("/v1/services/10101", ("Accept-Language", "en"))).Json!["name"]!)
            .Should().Be("Azerishiq electricity, Baku");
        (await centre.Client.LookAsync("/v1/services?lang=de")).Code.Should().Be(100);
        var nothing = await centre.Client.LookAsync("/v1/services?group=nothing");
        nothing.Status.Should().Be(HttpStatusCode.OK);
        nothing.Json!["items"]!.AsArray().Should().BeEmpty();
        (await centre.Client.LookAsync("/v1/services?q=" + new string('x', 101))).Code.Should().Be(100);
        (await centre.Client.LookAsync("/v1/services?q=qqqq")).Json!["items"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task An_inquiry_tells_what_is_owed_line_by_line_and_pays_exactly_that()
    {
        var inquiry = await centre.Client.PostAsync(
            "/v1/inquiries", new JsonObject { ["service"] = "10101", ["account"] = " 012345678901234 " });
        inquiry.Status.Should().Be(HttpStatusCode.OK);
        var json = inquiry.Json!.AsObject();
        json.Select(pair => pair.Key).Should().Equal(
            "inquiry", "service", "account", "payer", "lines", "dueQepik", "minQepik", "maxQepik", "feeQepik", "expiresAt");
        ((string)json["account"]!).Should().Be("012345678901234");
        var lines = json["lines"]!.AsArray();
        lines.Sum(line => (long)line!["dueQepik"]!).Should().Be((long)json["dueQepik"]!);

        var asked = HttpCentre.Payment((long)json["dueQepik"]!);
        asked["inquiry"] = (string)json["inquiry"]!;
        asked["lines"] = new JsonArray([.. lines.Select(line => (JsonNode)new JsonObject
        {
            ["id"] = (string)line!["id"]!,
            ["amountQepik"] = (long)line["dueQepik"]!,
        })]);
        (await centre.Client.PayAsync(HttpCentre.Reference("lines"), asked)).Status.Should().Be(HttpStatusCode.Created);
    }
}
