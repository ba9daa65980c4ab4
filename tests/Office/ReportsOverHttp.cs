using System.Globalization;
using System.Net;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Spreadsheet;
using EGovPay.Processing.People;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Reports over real HTTP, in the form that is asked for.</summary>
public sealed class ReportsOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private const string Reports = "/v1/settlement/reports/";
    private const string Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

    [Fact]
    public async Task The_three_forms_of_a_report_say_the_same_and_what_they_are_called()
    {
        foreach (var amount in new[] { 2_350, 1_005 })
        {
            var reference = HttpCentre.Reference("report");
            await centre.Client.PayAsync(reference, HttpCentre.Payment(amount));
            (await centre.FinalAsync(reference)).State.Should().Be("Confirmed");
        }

        using var client = await centre.ClientAsync(Role.Auditor);
        var day = (await centre.Database.AskAsync<string>("select max(business_day)::text from transfer"))!;
        var json = await client.LookAsync(Reports + "service");
        json.Status.Should().Be(HttpStatusCode.OK, json.Text);
        ((string)json.Json!["by"]!, (string)json.Json["from"]!, (string)json.Json["to"]!).Should().Be(("service", day, day));
        var total = (long)json.Json["totalQepik"]!;
        total.Should().Be(await centre.Database.AskAsync<long>("select sum(amount_qepik)::bigint from transfer where leg = 1 and credit > 1000"));
        var lines = json.Json["lines"]!.AsArray();
        lines.Sum(line => (long)line!["sumQepik"]!).Should().Be(total);
        ((string)lines[0]!["key"]!, (long)lines[0]!["rank"]!).Should().Be(("10101", 1));
        json.Response.Content.Headers.ContentDisposition!.FileName.Should().Be($"report-service-{day}-{day}.json");

        var csv = await client.LookAsync(Reports + $"service?from={day}&to={day}", ("Accept", "text/csv"));
        csv.Response.Content.Headers.ContentType!.ToString().Should().Be("text/csv; charset=utf-8");
        csv.Response.Content.Headers.ContentDisposition!.FileName.Should().EndWith(".csv");
        var rows = csv.Text.TrimStart('\uFEFF').Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        rows.Should().HaveCount(lines.Count + 1);
        rows[1].Should().Contain("10101").And.Contain(string.Create(CultureInfo.InvariantCulture, $",{total / 100m:0.00},"));

        using var answer = await client.GetAsync(Reports + "service?format=xlsx", TestContext.Current.CancellationToken);
        answer.Content.Headers.ContentType!.MediaType.Should().Be(Workbook);
        answer.Content.Headers.ContentDisposition!.FileName.Should().Be($"report-service-{day}-{day}.xlsx");
        using var workbook = SpreadsheetDocument.Open(
            new MemoryStream(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)), isEditable: false);
        var cells = workbook.WorkbookPart!.WorksheetParts.Single().Worksheet!.Descendants<Row>().Skip(1)
            .Select(row => decimal.Parse(row.Elements<Cell>().ElementAt(4).InnerText, CultureInfo.InvariantCulture)).ToList();
        cells.Sum().Should().Be(total / 100m);
    }

    [Theory]
    [InlineData("service")]
    [InlineData("provider")]
    [InlineData("group")]
    [InlineData("agent")]
    [InlineData("point")]
    [InlineData("day")]
    [InlineData("month")]
    [InlineData("quarter")]
    public async Task There_is_a_report_of_each_cut_also_where_nothing_was_sold(string by)
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var none = await client.LookAsync(Reports + by + "?from=2020-01-01&to=2020-03-31");
        none.Status.Should().Be(HttpStatusCode.OK, none.Text);
        none.Json!["lines"]!.AsArray().Should().BeEmpty();
        ((long)none.Json["totalQepik"]!).Should().Be(0);
        (await client.LookAsync(Reports + by + "?from=2020-01-01&format=csv")).Text.Trim('\uFEFF').Should().StartWith("rank," + (by == "provider" ? "organisation" : by));
        (await client.LookAsync(Reports + by + "?from=2020-01-01&format=xlsx")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Names_are_read_in_the_language_that_is_asked_for()
    {
        var reference = HttpCentre.Reference("named");
        await centre.Client.PayAsync(reference, HttpCentre.Payment());
        await centre.FinalAsync(reference);
        using var client = await centre.ClientAsync(Role.Finance);
        var group = centre.Engine.Catalogue.Current.Group(centre.Engine.Catalogue.Current.Find("10101")!.Group)!.Name;
        foreach (var (language, name) in new[] { ("az", group.Az), ("en", group.In("en")), ("ru", group.In("ru")) })
        {
            var report = await client.LookAsync(Reports + "group", ("Accept-Language", language));
            report.Json!["lines"]!.AsArray().Select(line => (string)line!["name"]!).Should().Contain(name);
            report.Response.Content.Headers.ContentLanguage.Should().Equal(language);
        }
    }

    [Theory]
    [InlineData("colour", null, HttpStatusCode.NotFound, "by")]
    [InlineData("1", null, HttpStatusCode.NotFound, "by")]
    [InlineData("service?format=pdf", null, HttpStatusCode.BadRequest, "format")]
    [InlineData("service?from=01.01.2026", null, HttpStatusCode.BadRequest, "from")]
    [InlineData("service?to=2026-01-01", null, HttpStatusCode.BadRequest, "to")]
    [InlineData("service?from=2026-01-02&to=2026-01-01", null, HttpStatusCode.BadRequest, "to")]
    [InlineData("service?from=2026-02-30", null, HttpStatusCode.BadRequest, "from")]
    [InlineData("service", "application/pdf", HttpStatusCode.NotAcceptable, "Accept")]
    [InlineData("service", "text/csv;q=0", HttpStatusCode.NotAcceptable, "Accept")]
    public async Task A_report_that_cannot_be_given_is_a_problem(string path, string? accept, HttpStatusCode status, string field)
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var answer = accept is null ? await client.LookAsync(Reports + path) : await client.LookAsync(Reports + path, ("Accept", accept));
        answer.Status.Should().Be(status, answer.Text);
        ((string?)answer.Json!["field"]).Should().Be(field);
        answer.Response.Content.Headers.ContentDisposition.Should().BeNull();
    }

    [Fact]
    public async Task Who_has_no_office_role_reads_no_report()
    {
        using var teller = await centre.ClientAsync(Role.Teller);
        (await teller.LookAsync(Reports + "service")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await centre.Client.LookAsync(Reports + "service")).Status.Should().Be(HttpStatusCode.Unauthorized);
    }
}
