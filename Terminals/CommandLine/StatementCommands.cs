using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.People;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Statements;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay statement …`: what our banks say moved on our accounts.</summary>
internal static class StatementCommands
{
    private const int WidestText = 60;

    public static Verb Build() =>
        new Verb("statement", "Banks' statements: camt.052, 053 and 054, MT940, MT942, and tables by mapping, as files.").With(Import(), List(), Show());

    private const string Tables = """
        A bank's own table (CSV) is read by a mapping in the settlement terms, section mappings; "amount" has its sign, or else there are
        "debit" and "credit"; further columns: valueDate, currency, account, bankReference, ownReference, endToEndId, counterpartyName,
        counterpartyAccount, text:
          {"name": "mybank", "for": "statement", "encoding": "windows-1251", "delimiter": ";", "date": "dd.MM.yyyy", "decimal": ",",
           "columns": {"date": "DATE", "debit": "DEBIT", "credit": "CREDIT", "bankReference": "REF", "text": "DETAILS"}, "account": "IBAN"}
        `egovpay settle apply FILE` puts terms in force; which mapping a file is read by, its columns say, or --mapping.

        """;

    private static Verb Import()
    {
        var files = new Argument<string[]>("file") { Description = "one or more files; what each is, its content says", Arity = ArgumentArity.OneOrMore };
        var mapping = new Option<string?>("--mapping")
        {
            Description = "a bank's own table: the mapping in the settlement terms; default: the one whose columns it has", HelpName = "NAME",
        };
        var json = Print.JsonOption();
        return new Verb(
                "import",
                "Imports statements: each file whole or not at all, the same file once, a booking that another message brought before not "
                + "counted again. Exit code 1 if any was refused.",
                "egovpay statement import 2026-11-20.xml", "egovpay statement import bank/*.sta --json")
        {
            Notes = () => Tables,
        }
            .With(files, mapping, json)
            .Does(Acts.StatementImport, async (parsed, cancel) =>
            {
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var import = new ImportStatements(
                    desk.Store.Database, await Ours.AccountsAsync(desk.Store.Database, cancel), await Ours.MappingsAsync(desk.Store.Database, cancel));
                var done = new List<(string File, StatementImport Import)>();
                foreach (var path in parsed.GetValue(files)!)
                {
                    done.Add((path, await FileAsync(path, desk.Person, import, parsed.GetValue(mapping), cancel)));
                    if (parsed.GetValue(json))
                    {
                        Print.Json(parsed.InvocationConfiguration.Output, line => Write(line, path, done[^1].Import));
                    }
                }

                if (!parsed.GetValue(json))
                {
                    Print.Table(
                        parsed.InvocationConfiguration.Output, null, ["file", "format", ">statements", ">entries", ">known", "verdict"],
                        done.Select(one => Cells(one.File, one.Import)));
                }

                return done.Exists(one => one.Import.Receipt.Verdict == FileVerdict.Refused) ? Exit.Failed : Exit.Done;
            });
    }

    private static async Task<StatementImport> FileAsync(string path, Person by, ImportStatements import, string? mapping, CancellationToken cancel)
    {
        await using var content = GivenFile.Open(path);
        return await import.FromAsync(new IncomingFile(Path.GetFileName(path), content, FileSource.Command, by.Login), mapping, cancel);
    }

    private static Verb List()
    {
        var account = new Option<string?>("--account") { Description = "only this account's", HelpName = "IBAN" };
        var before = new Option<long?>("--before") { Description = "only those with a lower number", HelpName = "NUMBER" };
        var listing = new Listing(StatementBook.PageLimit, 50);
        return new Verb(
                "list", "Shows the statements that were imported, newest first.",
                "egovpay statement list", "egovpay statement list --account AZ21NABZ00000000137010001944 --format csv")
            .With([account, before, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var book = new StatementBook(store.Database, await Ours.AccountsAsync(store.Database, cancel));
                var found = await book.ListAsync(most, parsed.GetValue(before), parsed.GetValue(account), cancel: cancel);
                return listing.Show(
                    parsed, found,
                    [">statement", "message", "account", "ours", "from", "to", ">opening", ">closing", "currency", ">entries", ">known", "odd"],
                    one => Cells(one.Statement),
                    (line, one) =>
                    {
                        Write(line, one.Statement);
                        line.WriteString("file", one.FileName);
                        line.WriteString("importedAt", InstantPattern.ExtendedIso.Format(one.ImportedAt));
                    },
                    one => string.Create(CultureInfo.InvariantCulture, $"--before {one.Statement.Id}"));
            });
    }

    private static Verb Show()
    {
        var number = new Argument<long>("statement") { Description = "its number, as `egovpay statement list` shows it" };
        var after = new Option<int>("--after") { Description = "only entries with a higher number", HelpName = "NUMBER" };
        var listing = new Listing(StatementBook.PageLimit, 100);
        return new Verb(
                "show", "Shows the entries of a statement.", "egovpay statement show 12", "egovpay statement show 12 --format csv")
            .With(number).With([after, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                var id = parsed.GetValue(number);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var book = new StatementBook(store.Database, await Ours.AccountsAsync(store.Database, cancel));
                if (id < 1 || id == long.MaxValue || await book.FindAsync(id, cancel) is not { } kept)
                {
                    throw new CommandException(string.Create(
                        CultureInfo.InvariantCulture, $"There is no statement {id}. `egovpay statement list` shows them."));
                }

                if (!listing.Json(parsed) && !listing.Csv(parsed))
                {
                    Tell(parsed, kept);
                }

                return listing.Show(
                    parsed, await book.EntriesAsync(id, most, parsed.GetValue(after), cancel),
                    [">entry", ">amount", "booked", "value", "status", "bank's reference", "end to end", "counterparty", "remittance", "same as"],
                    one => Cells(one, kept.Statement.Currency), Write,
                    one => string.Create(CultureInfo.InvariantCulture, $"--after {one.Number}"));
            });
    }

    private static void Tell(ParseResult parsed, KeptStatement kept)
    {
        var output = parsed.InvocationConfiguration.Output;
        var one = kept.Statement;
        output.WriteLine($"{one.Message} of {one.Account} ({(one.Ours ? "ours" : "not ours")}), {Text(one.From)} to {Text(one.To)}, "
            + $"opening {Amount(one.OpeningMinor, one.Currency)}, closing {Amount(one.ClosingMinor, one.Currency)} {one.Currency}; file {kept.FileName}.");
        foreach (var line in new[] { Odd(one) }.Concat(one.Notes).Where(line => line.Length > 0))
        {
            output.WriteLine(line);
        }
    }

    private static string[] Cells(string file, StatementImport import) =>
    [
        Path.GetFileName(file), import.Receipt.Format ?? "",
        Number(import.Statements.Count), Number(import.Entries), Number(import.Statements.Sum(one => one.Repeated)), Verdict(import),
    ];

    private static string[] Cells(ImportedStatement one) =>
    [
        Number(one.Id), one.Message, one.Account, one.Ours ? "yes" : "no", Text(one.From), Text(one.To), Amount(one.OpeningMinor, one.Currency),
        Amount(one.ClosingMinor, one.Currency), one.Currency ?? "", Number(one.Entries), Number(one.Repeated), Odd(one),
    ];

    private static string[] Cells(KeptEntry one, string? currency) =>
    [
        Number(one.Number), Amount(one.AmountMinor, one.Currency ?? currency), Text(one.BookingDay), Text(one.ValueDay), one.Status,
        one.BankReference ?? "", one.EndToEndId ?? "", Short(one.CounterpartyName), Short(one.Remittance),
        one.SameAs is { } same ? string.Create(CultureInfo.InvariantCulture, $"{same.Statement}/{same.Entry}") : "",
    ];

    private static string Verdict(StatementImport import) => import.Receipt switch
    {
        { Verdict: FileVerdict.Refused, Refusal: { } why } => $"refused, {why}",
        { Verdict: FileVerdict.KnownBefore, FileId: { } id } => $"known before as file {Number(id)}: nothing changed",
        { FileId: var id } => string.Join("; ", import.Statements.Select(Odd).Where(odd => odd.Length > 0).Take(3)
            .Prepend($"read as file {Number(id ?? 0)}")),
    };

    /// <summary>What somebody should look at, in one line; empty: nothing.</summary>
    private static string Odd(ImportedStatement one)
    {
        var odd = new List<string>();
        if (one.DifferenceMinor is { } difference and not 0)
        {
            odd.Add($"balances differ by {Amount(difference, one.Currency)} {one.Currency}");
        }

        if (one.GapMinor is { } gap)
        {
            odd.Add($"the opening balance is {Amount(gap, one.Currency)} {one.Currency} off the statement before");
        }

        if (one is { OpeningMinor: not null, ClosingMinor: null, Intraday: false })
        {
            odd.Add("no closing balance: the file may be cut off");
        }

        if (!one.Ours)
        {
            odd.Add("not our account");
        }

        return string.Join("; ", odd);
    }

    private static void Write(Utf8JsonWriter line, string file, StatementImport import)
    {
        line.WriteString("file", Path.GetFileName(file));
        line.WriteString("verdict", import.Receipt.Verdict switch
        {
            FileVerdict.Imported => "imported", FileVerdict.KnownBefore => "known", _ => "refused",
        });
        line.WriteString("fileId", import.Receipt.FileId?.ToString(CultureInfo.InvariantCulture));
        line.WriteString("sha256", import.Receipt.Sha256);
        line.WriteString("format", import.Receipt.Format);
        line.WriteNumber("entries", import.Entries);
        if (import.Receipt.Refusal is { } why)
        {
            line.WriteString("refused", why.ToString());
        }

        line.WriteStartArray("statements");
        foreach (var one in import.Statements)
        {
            line.WriteStartObject();
            Write(line, one);
            line.WriteEndObject();
        }

        line.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter line, ImportedStatement one)
    {
        line.WriteNumber("statement", one.Id);
        line.WriteString("message", one.Message);
        line.WriteString("account", one.Account);
        line.WriteBoolean("ours", one.Ours);
        line.WriteString("currency", one.Currency);
        line.WriteString("identification", one.Identification);
        line.WriteString("sequence", one.Sequence);
        line.WriteString("from", one.From is { } from ? Text(from) : null);
        line.WriteString("to", one.To is { } to ? Text(to) : null);
        Minor(line, "openingMinor", one.OpeningMinor);
        Minor(line, "closingMinor", one.ClosingMinor);
        line.WriteNumber("entries", one.Entries);
        line.WriteNumber("known", one.Repeated);
        Minor(line, "differenceMinor", one.DifferenceMinor);
        Minor(line, "gapMinor", one.GapMinor);
        line.WriteBoolean("intraday", one.Intraday);
        line.WriteStartArray("notes");
        foreach (var note in one.Notes)
        {
            line.WriteStringValue(note);
        }

        line.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter line, KeptEntry one)
    {
        line.WriteNumber("entry", one.Number);
        line.WriteNumber("line", one.Line);
        line.WriteNumber("amountMinor", one.AmountMinor);
        line.WriteString("currency", one.Currency);
        line.WriteString("booked", one.BookingDay is { } booked ? Text(booked) : null);
        line.WriteString("value", one.ValueDay is { } value ? Text(value) : null);
        line.WriteString("status", one.Status);
        line.WriteBoolean("reversal", one.Reversal);
        line.WriteString("bankReference", one.BankReference);
        line.WriteString("ownReference", one.OwnReference);
        line.WriteString("endToEndId", one.EndToEndId);
        line.WriteString("counterpartyName", one.CounterpartyName);
        line.WriteString("counterpartyAccount", one.CounterpartyAccount);
        line.WriteString("remittance", one.Remittance);
        line.WriteString("info", one.Info);
        line.WriteString("sameAs", one.SameAs is { } same ? string.Create(CultureInfo.InvariantCulture, $"{same.Statement}/{same.Entry}") : null);
    }

    private static void Minor(Utf8JsonWriter line, string name, long? value)
    {
        if (value is { } known)
        {
            line.WriteNumber(name, known);
        }
        else
        {
            line.WriteNull(name);
        }
    }

    private static string Amount(long? minor, string? currency)
    {
        if (minor is not { } value)
        {
            return "";
        }

        var decimals = BankAmount.DecimalsOf(currency);
        var digits = Int128.Abs(value).ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        return (value < 0 ? "-" : "") + (decimals == 0 ? digits : $"{digits[..^decimals]}.{digits[^decimals..]}");
    }

    private static string Short(string? text)
    {
        var line = text?.ReplaceLineEndings(" ") ?? "";
        return line.Length <= WidestText ? line : line[..(WidestText - 1)] + "…";
    }

    private static string Text(LocalDate? day) => day is { } known ? LocalDatePattern.Iso.Format(known) : "";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
