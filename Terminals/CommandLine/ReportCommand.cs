using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Reports;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay report`: what was sold, as the bulletins' tables show it.</summary>
internal static class ReportCommand
{
    /// <summary>Of a table; what begins with &gt; is a number.</summary>
    internal static string[] Heads(ReportCut cut) =>
    [
        ">rank", cut == ReportCut.Provider ? "organisation" : cut.ToString().ToLowerInvariant(), ">services", ">payments", ">sum, AZN", ">share, %",
    ];

    public static Verb Build()
    {
        var by = new Option<string>("--by")
        {
            Description = "the cut: service, provider, group, agent, point, day, month or quarter", HelpName = "CUT",
            DefaultValueFactory = _ => "provider",
        };
        var from = new Option<string?>("--from") { Description = "the first business day; default: the open one", HelpName = "YYYY-MM-DD" };
        var to = new Option<string?>("--to") { Description = "the last business day; default: the first", HelpName = "YYYY-MM-DD" };
        var xlsx = new Option<string?>("--xlsx") { Description = "writes a workbook here instead; nothing there is overwritten", HelpName = "FILE" };
        var listing = new Listing(ReadReport.Limit, 1_000);
        return new Verb(
                "report",
                "Shows what was sold in a span of business days: rank, organisation, services, payments, sum, share. The sums are the "
                + "ledger's; what was taken back is taken off.",
                "egovpay report --by group --from 2026-07-01 --to 2026-09-30", "egovpay report --by month --from 2026-01-01 --to 2026-12-31 --format csv",
                "egovpay report --by service --xlsx services.xlsx")
            .With([by, from, to, xlsx, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var cut = CutOf(parsed.GetValue(by)!)
                    ?? throw CommandException.Usage("--by: service, provider, group, agent, point, day, month or quarter.");
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var first = Day("--from", parsed.GetValue(from)) ?? (await ReadNetting.LastDayAsync(store.Database, cancel)).From!.Value;
                var last = Day("--to", parsed.GetValue(to)) ?? first;
                if (last < first)
                {
                    throw CommandException.Usage("--to is before --from.");
                }

                var file = parsed.GetValue(xlsx);
                var lines = await new ReadReport(store.Database).RunAsync(
                    cut, first, last, file is null ? listing.Ask(parsed) : ReadReport.Limit, cancel);
                var names = Names(cut, await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel));
                if (lines.Count == 0)
                {
                    var span = first == last ? $"on {Text(first)}" : $"from {Text(first)} to {Text(last)}";
                    await parsed.InvocationConfiguration.Error.WriteLineAsync($"egovpay: nothing was sold {span}. --from and --to say which days.");
                }

                return file is null ? Show(parsed, listing, lines, cut, names) : Write(parsed, file, cut, lines, names);
            });
    }

    private static int Show(
        ParseResult parsed, Listing listing, IReadOnlyList<ReportLine> lines, ReportCut cut, Func<string, string> names)
    {
        var done = listing.Show(
            parsed, lines, Heads(cut),
            line => Cells(line, names),
            (json, line) =>
            {
                json.WriteNumber("rank", line.Rank);
                json.WriteString("by", cut.ToString().ToLowerInvariant());
                json.WriteString("key", line.Key);
                json.WriteString("name", names(line.Key));
                json.WriteNumber("services", line.Services);
                json.WriteNumber("payments", line.Payments);
                json.WriteNumber("sumQepik", line.SumQepik);
                json.WriteNumber("totalQepik", line.TotalQepik);
                json.WriteNumber("shareHundredths", line.ShareHundredths);
            });
        if (lines.Count > 0 && !listing.Json(parsed) && !listing.Csv(parsed))
        {
            // Where the limit left lines out, how many payments there are is not known here; the sum of all is.
            var all = lines.Sum(line => line.SumQepik) == lines[0].TotalQepik;
            parsed.InvocationConfiguration.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"In all {(all ? $"{lines.Sum(line => line.Payments)} payments, " : "")}{Print.Manat(lines[0].TotalQepik)} AZN."));
        }

        return done;
    }

    private static int Write(
        ParseResult parsed, string file, ReportCut cut, IReadOnlyList<ReportLine> lines, Func<string, string> names)
    {
        try
        {
            using var output = new FileStream(file, FileMode.CreateNew, FileAccess.ReadWrite);
            WriteSheet(output, cut, lines, names);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The workbook cannot be written: {refused.Message}", inner: refused);
        }

        parsed.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{lines.Count} lines in {file}."));
        return Exit.Done;
    }

    /// <summary>The cut of this name, or null.</summary>
    internal static ReportCut? CutOf(string text) =>
        Enum.GetValues<ReportCut>().Where(one => string.Equals(one.ToString(), text, StringComparison.OrdinalIgnoreCase))
            .Select(one => (ReportCut?)one).FirstOrDefault();

    /// <summary>A line as cells of a table, under <see cref="Heads"/>.</summary>
    internal static string[] Cells(ReportLine line, Func<string, string> names) =>
    [
        Text(line.Rank), names(line.Key), Text(line.Services), Text(line.Payments), SheetCell.Manat(line.SumQepik).Text, Share(line),
    ];

    /// <summary>The report as a workbook.</summary>
    internal static void WriteSheet(Stream output, ReportCut cut, IReadOnlyList<ReportLine> lines, Func<string, string> names) =>
        WriteWorkbook.To(
            output, cut.ToString().ToLowerInvariant(), [.. Heads(cut).Select(head => head.TrimStart('>'))],
            lines.Select(line => (IReadOnlyList<SheetCell>)
            [
                SheetCell.Of(line.Rank), SheetCell.Of(names(line.Key)), SheetCell.Of(line.Services), SheetCell.Of(line.Payments),
                SheetCell.Manat(line.SumQepik), new SheetCell(Share(line), true),
            ]));

    /// <summary>What a key is called, for people.</summary>
    internal static Func<string, string> Names(ReportCut cut, CatalogueSnapshot catalogue, string language = "az") => key => cut switch
    {
        ReportCut.Service => $"{key} {catalogue.Find(key)?.Name.In(language)}".TrimEnd(),
        ReportCut.Provider => catalogue.Provider(int.Parse(key, CultureInfo.InvariantCulture))?.Name.In(language) ?? key,
        ReportCut.Group => catalogue.Services.FirstOrDefault(service => Text(service.Code / 10_000) == key) is { } one
            ? catalogue.Group(one.Group)!.Name.In(language) : key,
        _ => key,
    };

    private static string Share(ReportLine line) => string.Create(CultureInfo.InvariantCulture, $"{line.ShareHundredths / 100m:0.00}");

    private static string Text(LocalDate day) => LocalDatePattern.Iso.Format(day);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static LocalDate? Day(string option, string? text) =>
        text is null ? null
        : LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var day } ? day
        : throw CommandException.Usage($"{option} '{text}' is no date such as 2026-11-22.");
}
