using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Settlement.Acquirers;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.RegistersIn;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay register …`: what providers and card acquirers say that they have.</summary>
internal static class RegisterCommands
{
    private const string Forms = """
        Forms of a provider's register; the content says which it is:
          OSMP's form, text with tabs between and the totals last (txn, date, time, account, manat):
            731000000001<TAB>2026-11-20<TAB>09:30:01<TAB>0012345678<TAB>10.40
            Total: 1 10.40
          JSON, amounts in manat ("amount") or in qəpik ("amountQepik"); "total" may be left out:
            {"lines": [{"txn": "731000000001", "date": "2026-11-20", "time": "09:30:01", "account": "0012345678", "amount": "10.40"}],
             "total": {"count": 1, "amount": "10.40"}}
          A table (CSV) by the mapping in the settlement terms, section mappings, whose name is the provider's code (of an acquirer, its own):
            {"name": "azersu", "for": "register", "delimiter": ";", "date": "dd.MM.yyyy",
             "columns": {"txn": "ID", "date": "DATE", "account": "ACCOUNT", "amount": "SUM"}}
            {"name": "millikart", "for": "acquirer", "columns": {"date": "DATE", "gross": "GROSS", "fee": "FEE", "net": "NET", "rrn": "RRN"}}
        `egovpay settle terms` shows the terms in force, `egovpay settle apply FILE` puts others in force.

        """;

    public static Verb Build() =>
        new Verb("register", "Registers that providers are sent, and those and acquirers' reports that come in.").With(
            SendRegisters.Send(), SendRegisters.Sent(), Import(), List());

    private static Verb Import()
    {
        var file = new Argument<string>("file") { Description = "OSMP's form, JSON, or a table by the mapping in the settlement terms" };
        var provider = new Option<string?>("--provider")
        {
            Description = "whose register it is; default: from a file name such as azersu_20261120.txt", HelpName = "CODE",
        };
        var day = new Option<string?>("--day") { Description = "the provider day that it is about; default: from the file name", HelpName = "YYYY-MM-DD" };
        var acquirer = new Option<string?>("--acquirer") { Description = "a card acquirer's report instead, by its mapping", HelpName = "NAME" };
        var json = Print.JsonOption();
        return new Verb(
                "import",
                "Imports a provider's register or an acquirer's report, whole or not at all, and the same file once. Totals that are not those of "
                + "the lines refuse it. Exit code 1 if it was refused.",
                "egovpay register import azersu_20261120.txt --provider azersu --day 2026-11-20", "egovpay register import azersu_20261120.txt",
                "egovpay register import acq.csv --acquirer millikart")
        {
            Notes = () => Forms,
        }
            .With(file, provider, day, acquirer, json)
            .Does(Acts.RegisterImport, async (parsed, cancel) =>
            {
                var path = parsed.GetValue(file)!;
                var asAcquirer = parsed.GetValue(acquirer);
                if (asAcquirer is not null && (parsed.GetValue(provider) ?? parsed.GetValue(day)) is not null)
                {
                    throw CommandException.Usage("--acquirer goes without --provider and --day.");
                }

                var said = parsed.GetValue(day) is { } text
                    ? LocalDatePattern.Iso.Parse(text) is { Success: true } read ? read.Value
                        : throw CommandException.Usage($"--day '{text}' is no date such as 2026-11-20.")
                    : (NodaTime.LocalDate?)null;
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var mappings = await Ours.MappingsAsync(desk.Store.Database, cancel);
                await using var content = GivenFile.Open(path);
                var given = new IncomingFile(Path.GetFileName(path), content, FileSource.Command, desk.Person.Login);
                if (asAcquirer is not null)
                {
                    var report = await new ImportAcquirers(desk.Store.Database, mappings).FromAsync(given, asAcquirer, cancel);
                    return Tell(parsed, parsed.GetValue(json), given.Name, report.Receipt, report.Lines, report.NetQepik);
                }

                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(desk.Store.Database, cancel);
                var of = RegisterName.Of(catalogue, given.Name, parsed.GetValue(provider), said, out var why)
                    ?? throw CommandException.Usage(why);
                var import = await new ImportRegisters(desk.Store.Database, mappings).FromAsync(given, of, cancel);
                return Tell(parsed, parsed.GetValue(json), given.Name, import.Receipt, import.Lines, import.TotalQepik);
            });
    }

    private static Verb List()
    {
        var before = new Option<long?>("--before") { Description = "only files with a lower number", HelpName = "NUMBER" };
        var listing = new Listing(RegisterBook.PageLimit, 50);
        return new Verb(
                "list", "Shows the registers and acquirers' reports that were imported, newest first.",
                "egovpay register list", "egovpay register list --format csv")
            .With([before, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var found = await new RegisterBook(store.Database).ListAsync(most, parsed.GetValue(before), cancel: cancel);
                // A provider whom the catalogue in force no longer has is shown by its number.
                var providers = found.Count == 0 ? null : await CatalogueStore.LatestAsync(store.Database, cancellation: cancel) ?? EmbeddedCatalogue.Load();
                string Whose(KeptRegister one) => one.Acquirer
                    ?? providers?.Provider(one.ProviderId!.Value)?.Code ?? one.ProviderId!.Value.ToString(CultureInfo.InvariantCulture);
                return listing.Show(
                    parsed, found, [">file", "name", "form", "of", "day", ">lines", ">manat", "by"],
                    one =>
                    [
                        one.FileId.ToString(CultureInfo.InvariantCulture), one.FileName, one.Format ?? "", Whose(one),
                        one.Day is { } day ? LocalDatePattern.Iso.Format(day) : "", one.Lines.ToString(CultureInfo.InvariantCulture),
                        Print.Manat(one.TotalQepik), one.ImportedBy,
                    ],
                    (line, one) =>
                    {
                        line.WriteNumber("file", one.FileId);
                        line.WriteString("name", one.FileName);
                        line.WriteString("format", one.Format);
                        line.WriteString(one.Acquirer is null ? "provider" : "acquirer", Whose(one));
                        line.WriteString("day", one.Day is { } day ? LocalDatePattern.Iso.Format(day) : null);
                        line.WriteNumber("lines", one.Lines);
                        line.WriteNumber("totalQepik", one.TotalQepik);
                        line.WriteString("importedAt", InstantPattern.ExtendedIso.Format(one.ImportedAt));
                        line.WriteString("importedBy", one.ImportedBy);
                    },
                    one => string.Create(CultureInfo.InvariantCulture, $"--before {one.FileId}"));
            });
    }

    private static int Tell(ParseResult parsed, bool json, string name, FileReceipt receipt, int lines, long qepik)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (json)
        {
            Print.Json(output, line =>
            {
                line.WriteString("file", name);
                line.WriteString("verdict", receipt.Verdict switch
                {
                    FileVerdict.Imported => "imported", FileVerdict.KnownBefore => "known", _ => "refused",
                });
                line.WriteString("fileId", receipt.FileId?.ToString(CultureInfo.InvariantCulture));
                line.WriteString("sha256", receipt.Sha256);
                line.WriteString("format", receipt.Format);
                line.WriteNumber("lines", lines);
                line.WriteNumber("totalQepik", qepik);
                if (receipt.Refusal is { } why)
                {
                    line.WriteString("refused", why.ToString());
                }
            });
        }
        else
        {
            output.WriteLine(receipt switch
            {
                { Verdict: FileVerdict.Refused, Refusal: { } why } => $"{name} is refused, {why}",
                { Verdict: FileVerdict.KnownBefore } => string.Create(
                    CultureInfo.InvariantCulture, $"{name} was imported before, as file {receipt.FileId}: nothing changed."),
                _ => string.Create(CultureInfo.InvariantCulture, $"{name} is file {receipt.FileId}: {lines} lines, {Print.Manat(qepik)} manat."),
            });
        }

        return receipt.Verdict == FileVerdict.Refused ? Exit.Failed : Exit.Done;
    }
}
