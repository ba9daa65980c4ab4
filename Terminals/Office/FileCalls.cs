using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Settlement.Acquirers;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.RegistersIn;
using EGovPay.Settlement.Statements;
using EGovPay.Settlement.Terms;
using EGovPay.Terminals.Api;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>A statement of one of our accounts, or of another's.</summary>
/// <param name="OpeningMinor">Minor units of the currency, negative for a debit; null where the file has none.</param>
/// <param name="Known">Entries that another message had brought before; they do not count again.</param>
/// <param name="DifferenceMinor">The closing balance less what opening and booked entries make; null: there is nothing to compare.</param>
/// <param name="GapMinor">The opening balance less the closing one of the statement before; null: it goes on where that ended.</param>
/// <param name="Intraday">Not the bank's last word on its days.</param>
public sealed record StatementJson(
    long Statement, long File, string Message, string Account, bool Ours, string? Currency, string? Identification, string? Sequence,
    string? From, string? To, long? OpeningMinor, long? ClosingMinor, int Entries, int Known, long? DifferenceMinor, long? GapMinor,
    bool Intraday, IReadOnlyList<string> Notes);

/// <summary>Statements, newest first.</summary>
/// <param name="Next">What <c>before</c> has to be for those that follow; null: there are none.</param>
public sealed record StatementListJson(IReadOnlyList<StatementJson> Items, string? Next);

/// <summary>What became of a file of statements.</summary>
/// <param name="Verdict"><c>imported</c>, or <c>known</c>: the same bytes were imported before and nothing changed.</param>
public sealed record StatementFileJson(
    string Verdict, long File, string Sha256, string? Format, long Entries, IReadOnlyList<StatementJson> Statements);

/// <summary>A provider's register, or a card acquirer's report.</summary>
/// <param name="Provider">The code; null: an acquirer's.</param>
/// <param name="TotalQepik">Of an acquirer, net.</param>
public sealed record RegisterJson(
    long File, string Name, string? Format, string? Provider, string? Acquirer, string? Day, int Lines, long TotalQepik, string ImportedAt,
    string ImportedBy);

/// <summary>Registers and acquirers' reports, newest first.</summary>
/// <param name="Next">What <c>before</c> has to be for those that follow; null: there are none.</param>
public sealed record RegisterListJson(IReadOnlyList<RegisterJson> Items, string? Next);

/// <summary>What became of a register's file.</summary>
/// <param name="Verdict"><c>imported</c>, or <c>known</c>: the same bytes were imported before and nothing changed.</param>
public sealed record RegisterFileJson(string Verdict, long File, string Sha256, string? Format, int Lines, long TotalQepik);

/// <summary>Files that come in over HTTP: the body is the file. What is refused is 422 with its line and reason, and left nothing behind.</summary>
internal static class FileCalls
{
    private const int UsualLimit = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/settlement/statements", ImportStatementsAsync).WithMetadata(new TakesFile()).WithTags("settlement");
        routes.MapGet("/v1/settlement/statements", ListStatementsAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/registers", ImportRegisterAsync).WithMetadata(new TakesFile()).WithTags("settlement");
        routes.MapGet("/v1/settlement/registers", ListRegistersAsync).WithTags("settlement");
    }

    private static async Task<Results<Ok<StatementFileJson>, OfficeProblem>> ImportStatementsAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? name = null, string? mapping = null)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.StatementImport);
        if (refused is not null || (refused = Unfit(("name", name), ("mapping", mapping))) is not null)
        {
            return refused;
        }

        var terms = await TermsStore.TodayAsync(engine.Database, engine.Clock, http.RequestAborted);
        var import = new ImportStatements(engine.Database, OurAccounts.Of(terms), terms?.Mappings);
        return await UploadedFile.UseAsync<Results<Ok<StatementFileJson>, OfficeProblem>>(
            http,
            async file =>
            {
                var done = await import.FromAsync(Given(name, file, person), mapping, http.RequestAborted);
                return Unreadable(done.Receipt) is { } why ? why : TypedResults.Ok(new StatementFileJson(
                    Verdict(done.Receipt), done.Receipt.FileId!.Value, done.Receipt.Sha256, done.Receipt.Format, done.Entries,
                    [.. done.Statements.Select(Of)]));
            },
            why => why);
    }

    private static async Task<Results<Ok<StatementListJson>, OfficeProblem>> ListStatementsAsync(
        HttpContext http, OfficeDoor door, Engine engine, int? limit = null, long? before = null, string? account = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        if (limit is < 1 or >= StatementBook.PageLimit)
        {
            return OfficeProblem.Malformed("limit", OfficeReasons.From(1, StatementBook.PageLimit - 1));
        }

        if (Unfit(("account", account)) is { } unfit)
        {
            return unfit;
        }

        var most = limit ?? UsualLimit;
        var terms = await TermsStore.TodayAsync(engine.Database, engine.Clock, http.RequestAborted);
        var found = await new StatementBook(engine.Database, OurAccounts.Of(terms)).ListAsync(
            most + 1, before, account, cancel: http.RequestAborted);
        var shown = found.Take(most).Select(one => Of(one.Statement)).ToList();
        return TypedResults.Ok(new StatementListJson(shown, found.Count > most ? Text(shown[^1].Statement) : null));
    }

    private static async Task<Results<Ok<RegisterFileJson>, OfficeProblem>> ImportRegisterAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? name = null, string? provider = null, string? day = null,
        string? acquirer = null)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.RegisterImport);
        if (refused is not null || (refused = Unfit(("name", name), ("acquirer", acquirer))) is not null)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var said = query.Day("day", day);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        RegisterOf? of = null;
        if (acquirer is null && (of = RegisterName.Find(engine.Catalogue.Current, name ?? "", provider, said, out var why)) is null)
        {
            return OfficeProblem.Malformed(why == RegisterUnknown.Day ? "day" : "provider", OfficeReasons.Unnamed(why));
        }

        var mappings = (await TermsStore.TodayAsync(engine.Database, engine.Clock, http.RequestAborted))?.Mappings ?? [];
        return await UploadedFile.UseAsync<Results<Ok<RegisterFileJson>, OfficeProblem>>(
            http,
            async file =>
            {
                var given = Given(name, file, person);
                var (receipt, lines, qepik) = of is null
                    ? Figures(await new ImportAcquirers(engine.Database, mappings).FromAsync(given, acquirer!, http.RequestAborted))
                    : Figures(await new ImportRegisters(engine.Database, mappings).FromAsync(given, of, http.RequestAborted));
                return Unreadable(receipt) is { } problem ? problem : TypedResults.Ok(
                    new RegisterFileJson(Verdict(receipt), receipt.FileId!.Value, receipt.Sha256, receipt.Format, lines, qepik));
            },
            problem => problem);
    }

    private static async Task<Results<Ok<RegisterListJson>, OfficeProblem>> ListRegistersAsync(
        HttpContext http, OfficeDoor door, Engine engine, int? limit = null, long? before = null, string? provider = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        if (limit is < 1 or >= RegisterBook.PageLimit)
        {
            return OfficeProblem.Malformed("limit", OfficeReasons.From(1, RegisterBook.PageLimit - 1));
        }

        var catalogue = engine.Catalogue.Current;
        if (provider is not null && catalogue.Provider(provider) is null)
        {
            return new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoProvider, "provider");
        }

        var most = limit ?? UsualLimit;
        var found = await new RegisterBook(engine.Database).ListAsync(
            most + 1, before, provider is null ? null : catalogue.Provider(provider)!.Id, http.RequestAborted);
        var shown = found.Take(most).Select(one => Of(one, catalogue)).ToList();
        return TypedResults.Ok(new RegisterListJson(shown, found.Count > most ? Text(shown[^1].File) : null));
    }

    /// <summary>What is wrong with one of these texts: a file's name, a mapping's, an acquirer's; it may stand in the record.</summary>
    internal static OfficeProblem? Unfit(params ReadOnlySpan<(string Field, string? Text)> given)
    {
        var query = new OfficeQuery();
        foreach (var (field, text) in given)
        {
            query.Text(field, text);
        }

        return query.Refused;
    }

    private static IncomingFile Given(string? name, Stream file, Person person) => new(name ?? "upload", file, FileSource.Http, person.Login);

    private static (FileReceipt Receipt, int Lines, long Qepik) Figures(RegisterImport done) => (done.Receipt, done.Lines, done.TotalQepik);

    private static (FileReceipt Receipt, int Lines, long Qepik) Figures(AcquirerImport done) => (done.Receipt, done.Lines, done.NetQepik);

    private static OfficeProblem? Unreadable(FileReceipt receipt) =>
        receipt.Verdict == FileVerdict.Refused ? new OfficeProblem(OfficeRefusal.Unreadable, FileReasons.Of(receipt.Refusal!), "body") : null;

    private static string Verdict(FileReceipt receipt) => receipt.Verdict == FileVerdict.Imported ? "imported" : "known";

    internal static RegisterJson Of(KeptRegister one, CatalogueSnapshot catalogue) => new(
        one.FileId, one.FileName, one.Format,
        one.ProviderId is { } id ? catalogue.Provider(id)?.Code ?? id.ToString(CultureInfo.InvariantCulture) : null, one.Acquirer, Text(one.Day),
        one.Lines, one.TotalQepik, InstantPattern.ExtendedIso.Format(one.ImportedAt), one.ImportedBy);

    internal static StatementJson Of(ImportedStatement one) => new(
        one.Id, one.FileId, one.Message, one.Account, one.Ours, one.Currency, one.Identification, one.Sequence, Text(one.From), Text(one.To),
        one.OpeningMinor, one.ClosingMinor, one.Entries, one.Repeated, one.DifferenceMinor, one.GapMinor, one.Intraday, one.Notes);

    private static string? Text(LocalDate? day) => day is { } known ? LocalDatePattern.Iso.Format(known) : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
