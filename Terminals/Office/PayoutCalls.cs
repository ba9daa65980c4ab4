using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Settlement;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Payouts;
using EGovPay.Terminals.Api;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>A figure of netting, qəpik; what the cut is not by is null.</summary>
/// <param name="NetQepik">gross − reversed + corrected − provider fee.</param>
/// <param name="PaidOutQepik">Null of a window: a payout is posted on its day and in no window; <c>windows/{window}</c> says it.</param>
public sealed record NettingRowJson(
    string? Agent, string? Provider, string? Group, string? BudgetLevel, string? BudgetCode, long Payments, long GrossQepik,
    long ReversedQepik, long CorrectedQepik, long ProviderFeeQepik, long NetQepik, long? PaidOutQepik, long PayerFeeQepik,
    long CommissionQepik);

/// <summary>A cut of a day, of several or of a window.</summary>
/// <param name="More">There are more rows than these.</param>
public sealed record NettingJson(IReadOnlyList<NettingRowJson> Rows, bool More);

/// <summary>A payout.</summary>
/// <param name="State">proposed, approved, exported, accepted, settled, rejected, returned or dropped.</param>
/// <param name="Proposal">What is approved: <c>POST /v1/settlement/proposals/{id}/approve</c>.</param>
/// <param name="MessageId">Of the file in which a bank was told of it.</param>
public sealed record PayoutJson(
    long Id, string Provider, string? BudgetLevel, string? BudgetCode, long AmountQepik, string EndToEndId, string ExecutionDay,
    string CreditorIban, string State, long? Proposal, string ProposedBy, string? ApprovedBy, string? MessageId, string? BankCode,
    string? BankReason);

/// <summary>Payouts, newest first.</summary>
public sealed record PayoutListJson(IReadOnlyList<PayoutJson> Payouts, bool More);

/// <summary>A window whose money a payout is, or was.</summary>
/// <param name="Group">C1 to C4.</param>
/// <param name="Released">It is free for another payout.</param>
public sealed record PayoutWindowJson(string Group, string BankDay, long AmountQepik, bool Released);

/// <summary>A payout with its windows.</summary>
/// <param name="Creditor">Whom it goes to.</param>
public sealed record PayoutWholeJson(PayoutJson Payout, string Creditor, string Purpose, IReadOnlyList<PayoutWindowJson> Windows);

/// <summary>What a bank says of a payout file.</summary>
/// <param name="Verdict"><c>imported</c>, or <c>known</c>: the same bytes were read before and nothing changed.</param>
/// <param name="Told">Payouts of which it says something.</param>
/// <param name="Untold">Payouts of the same file of ours of which it says nothing.</param>
/// <param name="Returned">Payouts whose money was put back now.</param>
public sealed record PaymentStatusJson(string Verdict, int Told, int Untold, IReadOnlyList<long> Returned);

/// <summary>Which windows are to be paid out.</summary>
/// <param name="Through">Windows up to this bank day; null: all that are closed.</param>
/// <param name="Provider">Only this one; null: all.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PayoutAsked(string? Through, string? Provider);

/// <summary>What is owed and not proposed.</summary>
public sealed record OwedJson(string Provider, string? BudgetLevel, string? BudgetCode, long OwedQepik);

/// <summary>A payout that waits for its approval.</summary>
public sealed record ProposedPayoutJson(long Payout, long Proposal);

/// <summary>What came of proposing.</summary>
/// <param name="Carried">Nothing or less is owed: it waits for the next windows.</param>
/// <param name="WithoutTerms">Owed, and the settlement terms name no account.</param>
public sealed record PayoutRoundJson(
    IReadOnlyList<ProposedPayoutJson> Proposals, IReadOnlyList<OwedJson> Carried, IReadOnlyList<OwedJson> WithoutTerms,
    IReadOnlyList<long> Withdrawn);

/// <summary>In which form a bank is told.</summary>
/// <param name="Format">pain.001.001.09 (default), pain.001.001.03 or dm-csv; a file of before is refused in another than its own.</param>
/// <param name="Payout">Only this one; if it is in a file, that file again.</param>
/// <param name="Latin">Latin letters only.</param>
/// <param name="Structured">Purpose and budget line as fields.</param>
/// <param name="Again">The message id of a file that was made before: the same bytes; it goes with nothing else.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ExportAsked(string? Format, long? Payout, bool? Latin, bool? Structured, string? Again);

/// <summary>A file for a bank.</summary>
/// <param name="Content">The file itself, whose UTF-8 bytes have this hash.</param>
/// <param name="New">It was made now; false: these are the bytes of before.</param>
/// <param name="Withdrawn">Payouts that were withdrawn now, for the terms name other receivers than they do; they are proposed anew.</param>
public sealed record PayoutFileJson(
    string MessageId, string Format, int Payouts, long TotalQepik, string Sha256, bool New, string Content, IReadOnlyList<long> Withdrawn);

/// <summary>What is owed to whom, and how it leaves.</summary>
internal static class PayoutCalls
{
    private const int Shown = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/netting", NettingAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/payouts", ListAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/payouts", ProposeAsync).Accepts<PayoutAsked>("application/json").WithTags("settlement");
        routes.MapGet("/v1/settlement/payouts/{id:long}", ShowAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/payouts/status", ImportStatusAsync).WithMetadata(new TakesFile()).WithTags("settlement");
        routes.MapPost("/v1/settlement/payouts/export", ExportAsync).Accepts<ExportAsked>("application/json").WithTags("settlement");
    }

    private static async Task<Results<Ok<NettingJson>, OfficeProblem>> NettingAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? day = null, string? to = null, string? window = null, string? by = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var scope = query.Scope(day, to, window);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        if (CommandLine.SettleCommands.CutOf(by ?? "provider") is not { } cut)
        {
            return OfficeProblem.Malformed("by", OfficeReasons.OneOf("agent", "provider", "group", "budget"));
        }

        var found = await new ReadNetting(engine.Database).CutAsync(
            scope ?? await ReadNetting.LastDayAsync(engine.Database, http.RequestAborted), cut, Shown + 1, http.RequestAborted);
        return TypedResults.Ok(new NettingJson(
            [.. found.Take(Shown).Select(row => Of(row, engine.Catalogue.Current, window is not null))], found.Count > Shown));
    }

    private static async Task<Results<Ok<PayoutListJson>, OfficeProblem>> ListAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? provider = null, bool? all = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var catalogue = engine.Catalogue.Current;
        if (provider is not null && catalogue.Provider(provider) is null)
        {
            return new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoProvider, "provider");
        }

        var found = await new ReadPayouts(engine.Database).ListAsync(
            provider is null ? null : catalogue.Provider(provider)!.Id, all != true, Shown + 1, http.RequestAborted);
        return TypedResults.Ok(new PayoutListJson([.. found.Take(Shown).Select(one => Of(one, catalogue))], found.Count > Shown));
    }

    private static async Task<Results<Ok<PayoutRoundJson>, OfficeProblem>> ProposeAsync(HttpContext http, OfficeDoor door, Engine engine)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.PayoutPropose);
        if (refused is not null)
        {
            return refused;
        }

        (var asked, refused) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.PayoutAsked);
        if (refused is not null)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var through = query.Day("through", asked!.Through);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        var catalogue = engine.Catalogue.Current;
        if (asked.Provider is { } code && catalogue.Provider(code) is null)
        {
            return OfficeProblem.Malformed("provider", OfficeReasons.NoProvider);
        }

        var today = Baku.DateOf(engine.Clock.GetCurrentInstant());
        if (await PayoutTerms.ReadAsync(engine.Database, catalogue, today, http.RequestAborted) is not { } terms)
        {
            return new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.NoManatAccount);
        }

        PayoutRound round;
        try
        {
            round = await new ProposePayouts(engine.Database, engine.Proposals, engine.Postings).RoundAsync(
                person, terms, await PayoutTerms.ExecutionDayAsync(engine.Database, today, http.RequestAborted), through,
                asked.Provider is null ? null : [catalogue.Provider(asked.Provider)!.Id], http.RequestAborted);
        }
        catch (RoundFailedException failed)
        {
            return new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.NotProposed(failed.Message));
        }

        return TypedResults.Ok(new PayoutRoundJson(
            [.. round.Proposals.Select(one => new ProposedPayoutJson(one.PayoutId, one.ProposalId))],
            [.. round.Carried.Select(one => Of(one, catalogue))], [.. round.WithoutTerms.Select(one => Of(one, catalogue))],
            round.Withdrawn));
    }

    private static async Task<Results<Ok<PayoutFileJson>, OfficeProblem>> ExportAsync(HttpContext http, OfficeDoor door, Engine engine)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.PayoutExport);
        if (refused is not null)
        {
            return refused;
        }

        (var asked, refused) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.ExportAsked);
        if (refused is not null)
        {
            return refused;
        }

        if (asked!.Again is { } message)
        {
            return await AgainAsync(http, engine, asked, message);
        }

        if (ExportPayouts.Find(asked.Format ?? "pain.001.001.09") is not { } format)
        {
            return OfficeProblem.Malformed("format", OfficeReasons.OneOf("pain.001.001.09", "pain.001.001.03", "dm-csv"));
        }

        var made = await new ExportPayouts(engine.Database, engine.Clock).RunAsync(
            person, format, asked.Latin == true ? PayoutLetters.Latin : PayoutLetters.Real,
            asked.Structured == true ? PayoutRemittance.Structured : PayoutRemittance.Unstructured, asked.Payout, http.RequestAborted);
        if (made.File is { New: false } before && asked.Format is not null && before.Format != format)
        {
            return new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.MadeAs(before.MessageId, ExportPayouts.Text(before.Format)), "format");
        }

        if (made.File is null && asked.Payout is { } id && await new ReadPayouts(engine.Database).FindAsync(id, http.RequestAborted) is null)
        {
            return new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoSuch(Thing.Payout, id), "payout");
        }

        return made.File is { } file ? TypedResults.Ok(Of(file, made.Withdrawn))
            : new OfficeProblem(OfficeRefusal.NotPossible, made.Faults.Count == 0
                ? made.Withdrawn.Count > 0 ? OfficeReasons.Withdrawn(made.Withdrawn) : OfficeReasons.NoPayoutToTell
                : OfficeReasons.CannotExpress(string.Join(
                    ' ', made.Faults.Take(20).Select(fault => $"{fault.EndToEndId} {fault.Field}: {fault.Text}"))));
    }

    private static async Task<Results<Ok<PayoutFileJson>, OfficeProblem>> AgainAsync(
        HttpContext http, Engine engine, ExportAsked asked, string message)
    {
        if (asked is not { Format: null, Payout: null, Latin: null, Structured: null })
        {
            return OfficeProblem.Malformed("again", OfficeReasons.AgainAlone);
        }

        if (FileCalls.Unfit(("again", message)) is { } unfit)
        {
            return unfit;
        }

        return await new ExportPayouts(engine.Database, engine.Clock).AgainAsync(message, null, http.RequestAborted) is { } file
            ? TypedResults.Ok(Of(file, []))
            : new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoFileOfMessage, "again");
    }

    private static PayoutFileJson Of(PayoutFile file, IReadOnlyList<long> withdrawn) => new(
        file.MessageId, ExportPayouts.Text(file.Format), file.Payouts, file.TotalQepik, file.Sha256, file.New,
        Encoding.UTF8.GetString(file.Body.Span), withdrawn);

    private static async Task<Results<Ok<PayoutWholeJson>, OfficeProblem>> ShowAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var read = new ReadPayouts(engine.Database);
        if (await read.FindAsync(id, http.RequestAborted) is not { } one)
        {
            return new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoSuch(Thing.Payout, id));
        }

        var windows = await read.WindowsAsync(id, http.RequestAborted);
        return TypedResults.Ok(new PayoutWholeJson(
            Of(one, engine.Catalogue.Current), one.CreditorName, one.Purpose,
            [
                .. windows.Select(window => new PayoutWindowJson(
                    FormattableString.Invariant($"C{window.Group}"), LocalDatePattern.Iso.Format(window.BankDay), window.AmountQepik,
                    window.Released)),
            ]));
    }

    private static async Task<Results<Ok<PaymentStatusJson>, OfficeProblem>> ImportStatusAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? name = null)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.PayoutStatusImport);
        if (refused is not null || (refused = FileCalls.Unfit(("name", name))) is not null)
        {
            return refused;
        }

        return await UploadedFile.UseAsync<Results<Ok<PaymentStatusJson>, OfficeProblem>>(
            http,
            async file =>
            {
                if (file.Length > ImportPaymentStatus.LongestFile)
                {
                    return new OfficeProblem(OfficeRefusal.Unreadable, OfficeReasons.TooLargeForAnswer, "body");
                }

                var bytes = new byte[file.Length];
                file.Position = 0;
                await file.ReadExactlyAsync(bytes, http.RequestAborted);
                PaymentStatusImport done;
                try
                {
                    done = await new ImportPaymentStatus(engine.Database, engine.Postings).RunAsync(
                        person, name ?? "upload", bytes, "http", http.RequestAborted);
                }
                catch (RoundFailedException failed)
                {
                    return new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.NotPutBack(failed.Message));
                }

                if (done.Refused is { } why)
                {
                    return new OfficeProblem(OfficeRefusal.Unreadable, FileReasons.OfAnswer(why), "body");
                }

                await new AnsweredBreaks(engine.Database).RoundAsync(http.RequestAborted);
                return TypedResults.Ok(new PaymentStatusJson(
                    done.Before ? "known" : "imported", done.Told, done.Untold, done.Returned));
            },
            why => why);
    }

    private static NettingRowJson Of(NettingRow row, CatalogueSnapshot catalogue, bool ofWindow) => new(
        row.Agent, row.ProviderId is { } id ? Code(catalogue, id) : null,
        row.Group is { } group ? string.Create(CultureInfo.InvariantCulture, $"C{group}") : null, row.BudgetLevel, row.BudgetCode,
        row.Sums.Payments, row.Sums.GrossQepik, row.Sums.ReversedQepik, row.Sums.CorrectedQepik, row.Sums.ProviderFeeQepik, row.Sums.NetQepik,
        ofWindow ? null : row.Sums.PaidOutQepik, row.Sums.PayerFeeQepik, row.Sums.CommissionQepik);

    private static PayoutJson Of(Payout one, CatalogueSnapshot catalogue) => new(
        one.Id, Code(catalogue, one.ProviderId), one.Budget?.Level, one.Budget?.Code, one.AmountQepik, one.EndToEndId,
        LocalDatePattern.Iso.Format(one.ExecutionDay), one.CreditorIban, one.State.ToString().ToLowerInvariant(), one.ProposalId,
        one.ProposedBy, one.ApprovedBy, one.MessageId, one.BankCode, one.BankReason);

    private static OwedJson Of(PayoutCarried one, CatalogueSnapshot catalogue) =>
        new(Code(catalogue, one.ProviderId), one.Budget?.Level, one.Budget?.Code, one.OwedQepik);

    private static string Code(CatalogueSnapshot catalogue, int id) =>
        catalogue.Provider(id)?.Code ?? id.ToString(CultureInfo.InvariantCulture);
}
