using System.Globalization;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Spreadsheet;
using DocumentFormat.OpenXml.Validation;
using EGovPay.Settlement.Reports;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.Journal;
using EGovPay.Tests.Netting;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Reports;

/// <summary>Reports add up to the ledger, whichever way they are cut, on the screen and in files.</summary>
public sealed class Reporting : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(5)]
    [InlineData(20261122)]
    public async Task Every_cut_has_the_ledgers_sum_and_its_shares_are_a_whole(int seed)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await NettingTests.FillAsync(book, seed);
        // What providers are owed, and what they left us of it.
        var ledger = await database.AskAsync<long>("select sum(credits_qepik - debits_qepik)::bigint from day_total where account > 1000 or account = 5");
        var report = new ReadReport(database.DataSource);
        foreach (var cut in Enum.GetValues<ReportCut>())
        {
            var lines = await report.RunAsync(cut, days[0], days[^1], cancel: TestContext.Current.CancellationToken);
            lines.Sum(line => line.SumQepik).Should().Be(ledger, $"by {cut}");
            lines.Should().OnlyContain(line => line.TotalQepik == ledger).And.OnlyHaveUniqueItems(line => line.Key);
            lines.Sum(line => line.ShareHundredths).Should().BeCloseTo(10_000, (uint)lines.Count);
            lines.Where(line => line.Rank == 1).Should().OnlyContain(line => line.SumQepik == lines.Max(one => one.SumQepik));
        }

        var byDay = await report.RunAsync(ReportCut.Day, days[0], days[^1], cancel: TestContext.Current.CancellationToken);
        byDay.Select(line => line.Key).Should().Equal(days.Select(day => day.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture)));
        foreach (var line in byDay)
        {
            line.SumQepik.Should().Be(await database.AskAsync<long>(
                $"select sum(credits_qepik - debits_qepik)::bigint from day_total where (account > 1000 or account = 5) and business_day = '{line.Key}'"));
        }

        (await report.RunAsync(ReportCut.Agent, days[0], days[0], limit: 1, cancel: TestContext.Current.CancellationToken))
            .Should().ContainSingle().Which.TotalQepik.Should().Be(byDay[0].SumQepik, "a limit leaves the whole as it is");
    }

    [Fact]
    public async Task The_screen_a_table_for_spreadsheets_and_a_workbook_say_the_same()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(database);
        var days = await NettingTests.FillAsync(book, 9);
        string[] span =
        [
            "--from", days[0].ToString("uuuu-MM-dd", CultureInfo.InvariantCulture), "--to",
            days[^1].ToString("uuuu-MM-dd", CultureInfo.InvariantCulture),
        ];
        var csv = await RunAsync(database, ["report", "--by", "agent", "--format", "csv", .. span]);
        csv.ExitCode.Should().Be(0, csv.Errors);
        var lines = csv.Output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        lines.Should().HaveCount(3, "two agents under a head");

        var file = Path.Combine(folder.Path, "agents.xlsx");
        (await RunAsync(database, ["report", "--by", "agent", "--xlsx", file, .. span])).ExitCode.Should().Be(0);
        using (var workbook = SpreadsheetDocument.Open(file, isEditable: false))
        {
            var rows = workbook.WorkbookPart!.WorksheetParts.Single().Worksheet.Descendants<Row>()
                .Select(row => row.Elements<Cell>().Select(cell => cell.InlineString?.Text?.Text ?? cell.CellValue!.Text).ToList()).ToList();
            rows.Should().HaveCount(3);
            for (var i = 1; i < rows.Count; i++)
            {
                string.Join(',', rows[i]).Should().Be(lines[i].Replace("\"", "", StringComparison.Ordinal));
            }

            IsFitToLookAt(workbook);
        }

        lines[0].Should().Contain("agent").And.NotContain("organisation");
        var shown = await RunAsync(database, ["report", "--by", "provider", .. span]);
        shown.Output.Should().Contain("organisation");
        var sum = await new ReadReport(database.DataSource).RunAsync(ReportCut.Provider, days[0], days[^1], cancel: TestContext.Current.CancellationToken);
        shown.Output.TrimEnd().Should().EndWith(
            $"In all {sum.Sum(line => line.Payments)} payments, {SheetCell.Manat(sum[0].TotalQepik).Text} AZN.");
        (await RunAsync(database, ["report", "--by", "provider", "--limit", "1", .. span])).Output.TrimEnd().Should().EndWith(
            $"In all {SheetCell.Manat(sum[0].TotalQepik).Text} AZN.", "of what is left out the payments are not counted");
        var empty = await RunAsync(database, ["report", "--from", "2020-01-01", "--to", "2020-01-31"]);
        (empty.ExitCode, empty.Errors.TrimEnd()).Should().Be(
            (0, "egovpay: nothing was sold from 2020-01-01 to 2020-01-31. --from and --to say which days."));

        (await RunAsync(database, ["report", "--xlsx", file, .. span])).ExitCode.Should().Be(1, "nothing is overwritten");
        (await RunAsync(database, ["report", "--by", "colour"])).ExitCode.Should().Be(2);
        (await RunAsync(database, ["report", "--from", "2026-12-01", "--to", "2026-11-01"])).ExitCode.Should().Be(2);
    }

    private static void IsFitToLookAt(SpreadsheetDocument workbook)
    {
        new OpenXmlValidator().Validate(workbook, TestContext.Current.CancellationToken).Select(fault => fault.Description).Should().BeEmpty();
        var book = workbook.WorkbookPart!;
        var formats = book.WorkbookStylesPart!.Stylesheet.CellFormats!.Elements<CellFormat>().ToList();
        var fonts = book.WorkbookStylesPart.Stylesheet.Fonts!.Elements<Font>().ToList();
        var sheet = book.WorksheetParts.Single().Worksheet;
        var rows = sheet.Descendants<Row>().Select(row => row.Elements<Cell>().ToList()).ToList();
        rows[0].Should().OnlyContain(cell => fonts[(int)formats[(int)cell.StyleIndex!.Value].FontId!.Value].Bold != null);
        rows[1].Select(cell => formats[(int)cell.StyleIndex!.Value].NumberFormatId?.Value ?? 0).Should().Equal(3u, 0u, 3u, 3u, 4u, 4u);
        sheet.Descendants<Column>().Should().HaveCount(6);
        foreach (var (column, at) in sheet.Descendants<Column>().Select((column, at) => (column, at)))
        {
            column.Width!.Value.Should().BeGreaterThan(rows.Max(row => row[at].InnerText.Length));
        }
    }

    [Theory]
    [InlineData(-5, "-0.05")]
    [InlineData(0, "0.00")]
    [InlineData(123_456_789_012_345_678, "1234567890123456.78")]
    public void An_amount_in_a_workbook_is_written_to_the_qepik(long qepik, string text) => SheetCell.Manat(qepik).Text.Should().Be(text);

    private Task<ProgramRun> RunAsync(TestDatabase database, string[] arguments) => RunningProgram.RunAsync(
        folder.Path, new Dictionary<string, string> { ["EGOVPAY_DATABASE"] = database.ConnectionString }, arguments);
}
