using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using EGovPay.Processing;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Reports;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.CommandLine;
using EGovPay.Terminals.Problems;
using EGovPay.Terminals.Receipts;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>A line of a report.</summary>
/// <param name="Rank">By sum, from 1; equals share one.</param>
/// <param name="Subject">What the line is of: a service's code, a provider's number, a day …</param>
/// <param name="Name">What the key is called, in the asked language.</param>
/// <param name="Services">Different services among the payments.</param>
/// <param name="Payments">What was taken back is taken off; so it may be negative.</param>
/// <param name="ShareHundredths">Hundredths of a per cent of the whole.</param>
public sealed record ReportLineJson(
    long Rank, [property: JsonPropertyName("key")] string Subject, string Name, long Services, long Payments, long SumQepik,
    long ShareHundredths);

/// <summary>What was sold in a span of business days.</summary>
/// <param name="By">service, provider, group, agent, point, day, month or quarter.</param>
/// <param name="TotalQepik">Of the whole.</param>
public sealed record ReportJson(string By, string From, string To, long TotalQepik, IReadOnlyList<ReportLineJson> Lines);

/// <summary>What was sold, as JSON, as a table for spreadsheets, or as a workbook.</summary>
internal static class ReportCalls
{
    private const string Json = "application/json";
    private const string Csv = "text/csv";
    private const string Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/settlement/reports/{by}", GetAsync).WithTags("settlement")
            .Produces<ReportJson>(StatusCodes.Status200OK, Json, Csv, Workbook);

    private static async Task<Results<ReportAnswer, OfficeProblem>> GetAsync(
        HttpContext http, OfficeDoor door, Engine engine, string by, string? from = null, string? to = null, string? format = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        if (ReportCommand.CutOf(by) is not { } cut)
        {
            return new OfficeProblem(
                OfficeRefusal.NotThere, OfficeReasons.Reports, "by");
        }

        var query = new OfficeQuery();
        var first = query.Day("from", from);
        var last = query.Day("to", to);
        if (format is not (null or "json" or "csv" or "xlsx"))
        {
            query.Fault("format", OfficeReasons.OneOf("json", "csv", "xlsx"));
        }

        if (query.Refused is null && last is not null && (first is null || last < first))
        {
            query.Fault("to", OfficeReasons.FromAndTo);
        }

        if (query.Refused is not null)
        {
            return query.Refused;
        }

        http.Response.Headers.Vary = "Accept, Accept-Language, Authorization";
        var form = format switch
        {
            "json" => Json, "csv" => Csv, "xlsx" => Workbook, _ => ReceiptCalls.Preferred(http.Request, [Json, Csv, Workbook]),
        };
        if (form is null)
        {
            return new OfficeProblem(OfficeRefusal.NotAcceptable, OfficeReasons.OneOf(Json, Csv, Workbook), "Accept");
        }

        first ??= (await ReadNetting.LastDayAsync(engine.Database, http.RequestAborted)).From!.Value;
        return new ReportAnswer(engine, cut, first.Value, last ?? first.Value, form);
    }

    /// <summary>Writes the lines as the database gives them; what fails before the first is a problem, what fails later breaks off.</summary>
    internal sealed class ReportAnswer(Engine engine, ReportCut cut, LocalDate from, LocalDate to, string form) : IResult
    {
        private const int LinesAtOnce = 200;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var cancel = httpContext.RequestAborted;
            var language = AskedLanguage.OfQueryOr(httpContext.Request);
            var names = ReportCommand.Names(cut, engine.Catalogue.Current, language);
            var report = new ReadReport(engine.Database);
            var response = httpContext.Response;
            await using var lines = report.EachAsync(cut, from, to, cancel: cancel).GetAsyncEnumerator(cancel);
            var any = await lines.MoveNextAsync();
            response.Headers.ContentLanguage = language;
            response.Headers.ContentDisposition = FormattableString.Invariant(
                $"attachment; filename=\"report-{By}-{Text(from)}-{Text(to)}.{(form == Json ? "json" : form == Csv ? "csv" : "xlsx")}\"");
            response.ContentType = form == Workbook ? form : form + "; charset=utf-8";
            switch (form)
            {
                case Csv:
                    await WriteCsvAsync(response, lines, any, names, cancel);
                    break;
                case Json:
                    await WriteJsonAsync(response, lines, any, names, cancel);
                    break;
                default:
                    await WriteSheetAsync(response, lines, any, names, cancel);
                    break;
            }
        }

        private string By => cut.ToString().ToLowerInvariant();

        private async Task WriteCsvAsync(
            HttpResponse response, IAsyncEnumerator<ReportLine> lines, bool any, Func<string, string> names, CancellationToken cancel)
        {
            var text = new StringBuilder(WriteCsv.Mark + WriteCsv.Line([.. ReportCommand.Heads(cut).Select(head => head.TrimStart('>'))]));
            for (var written = 1; any; written++)
            {
                text.Append(WriteCsv.Line(ReportCommand.Cells(lines.Current, names)));
                if (written % LinesAtOnce == 0)
                {
                    await response.WriteAsync(text.ToString(), cancel);
                    text.Clear();
                }

                any = await lines.MoveNextAsync();
            }

            await response.WriteAsync(text.ToString(), cancel);
        }

        private async Task WriteJsonAsync(
            HttpResponse response, IAsyncEnumerator<ReportLine> lines, bool any, Func<string, string> names, CancellationToken cancel)
        {
            await using var json = new Utf8JsonWriter(response.BodyWriter, new JsonWriterOptions { Encoder = ApiJson.Letters });
            json.WriteStartObject();
            json.WriteString("by", By);
            json.WriteString("from", Text(from));
            json.WriteString("to", Text(to));
            json.WriteNumber("totalQepik", any ? lines.Current.TotalQepik : 0);
            json.WriteStartArray("lines");
            for (var written = 1; any; written++)
            {
                var line = lines.Current;
                JsonSerializer.Serialize(
                    json,
                    new ReportLineJson(
                        line.Rank, line.Key, names(line.Key), line.Services, line.Payments, line.SumQepik, line.ShareHundredths),
                    OfficeJson.Wire.ReportLineJson);
                if (written % LinesAtOnce == 0)
                {
                    await json.FlushAsync(cancel);
                    await response.BodyWriter.FlushAsync(cancel);
                }

                any = await lines.MoveNextAsync();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            await json.FlushAsync(cancel);
        }

        /// <summary>A workbook is a zip whose directory is at its end: it is made in a file of its own first.</summary>
        private async Task WriteSheetAsync(
            HttpResponse response, IAsyncEnumerator<ReportLine> lines, bool any, Func<string, string> names, CancellationToken cancel)
        {
            var all = new List<ReportLine>();
            for (; any; any = await lines.MoveNextAsync())
            {
                all.Add(lines.Current);
            }

            var path = Path.Combine(Path.GetTempPath(), $"egovpay-{Path.GetRandomFileName()}");
            await using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
                UnixCreateMode = OperatingSystem.IsWindows() ? null : UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            ReportCommand.WriteSheet(file, cut, all, names);
            file.Position = 0;
            response.ContentLength = file.Length;
            await file.CopyToAsync(response.Body, cancel);
        }

        private static string Text(LocalDate day) => LocalDatePattern.Iso.Format(day);
    }
}
