using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.People;
using EGovPay.Settlement.Payouts;
using NodaTime;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay payout export`: the file in which a bank is told of payouts, made once and given again as it was.</summary>
internal static class PayoutExport
{
    private static readonly Option<string> Format = new("--format")
    {
        Description = "of a new file: pain.001.001.09, pain.001.001.03 or dm-csv", HelpName = "FORMAT",
        DefaultValueFactory = _ => ExportPayouts.Text(PayoutFormat.Pain00100109),
    };

    private static readonly Option<string?> Where = new("--file") { Description = "where to write it; default: standard output", HelpName = "PATH" };

    private static readonly Option<bool> Overwrite = new("--overwrite") { Description = "also where --file is there already" };

    private static readonly Option<long?> Only = new("--payout")
    {
        Description = "only this payout; if it is in a file, that file again", HelpName = "ID",
    };

    private static readonly Option<string?> Again = new("--again")
    {
        Description = "a file that was made before, the same bytes", HelpName = "MESSAGE-ID",
    };

    private static readonly Option<bool> Latin = new("--latin") { Description = "Latin letters only, where the bank takes no others" };

    private static readonly Option<bool> Structured = new("--structured")
    {
        Description = "purpose and budget line as fields (pain.001.001.09)",
    };

    public static Verb Build() => new Verb(
            "export",
            "Makes the file in which a bank is told of the approved payouts that are in no file yet; each payout is in one, for ever.",
            "egovpay payout export --file payouts.xml", "egovpay payout export --format dm-csv --file payouts.csv",
            "egovpay payout export --again EGPF261123-0123456789AB --file payouts.xml")
        .With(Format, Where, Overwrite, Only, Again, Latin, Structured)
        .Does(Acts.PayoutExport, async (parsed, cancel) =>
        {
            var form = ExportPayouts.Find(parsed.GetValue(Format)!)
                ?? throw CommandException.Usage("--format: pain.001.001.09, pain.001.001.03 or dm-csv.");
            if (parsed.GetValue(Again) is not null
                && (parsed.GetValue(Only) is not null || parsed.GetValue(Latin) || parsed.GetValue(Structured)))
            {
                throw CommandException.Usage("--again gives the bytes of before: say no --payout, --latin or --structured beside it.");
            }

            // Before anything is made: a payout that is in a file counts as told.
            Writable(parsed);
            await using var desk = await Desk.OpenAsync(parsed, cancel);
            var made = await FileAsync(parsed, desk, form, cancel);
            if (!made.New && parsed.GetResult(Format) is { Implicit: false } && made.Format != form)
            {
                throw new CommandException(Refusal(made));
            }

            await WriteAsync(parsed, made, cancel);
            await parsed.InvocationConfiguration.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{ExportPayouts.Text(made.Format)} {made.MessageId}: {made.Payouts} {(made.Payouts == 1 ? "payout" : "payouts")}, "
                + $"{Print.Manat(made.TotalQepik)} manat, sha-256 {made.Sha256}{(made.New ? "" : "; it was made before")}."));
            return Exit.Done;
        });

    private static async Task<PayoutFile> FileAsync(ParseResult parsed, Desk desk, PayoutFormat form, CancellationToken cancel)
    {
        var export = new ExportPayouts(desk.Store.Database, SystemClock.Instance);
        if (parsed.GetValue(Again) is { } message)
        {
            return await export.AgainAsync(message, null, cancel)
                ?? throw new CommandException($"No file has the message id '{message}'. `egovpay payout list --all` shows them.");
        }

        var only = parsed.GetValue(Only);
        var made = await export.RunAsync(
            desk.Person, form, parsed.GetValue(Latin) ? PayoutLetters.Latin : PayoutLetters.Real,
            parsed.GetValue(Structured) ? PayoutRemittance.Structured : PayoutRemittance.Unstructured, only, cancel);
        var withdrawn = made.Withdrawn.Count == 0 ? ""
            : $"Withdrawn, for the terms name other receivers than they were approved for: {string.Join(", ", made.Withdrawn.Select(Number))}. "
                + $"Their money goes back, and `egovpay {Acts.PayoutPropose.Name}` proposes it anew.\n";
        if (made.File is { } file)
        {
            await parsed.InvocationConfiguration.Error.WriteAsync(withdrawn);
            return file;
        }

        throw new CommandException(
            withdrawn + (made.Faults.Count > 0
                ? "Nothing was made, because this form cannot express:\n" + string.Join(
                    '\n', made.Faults.Take(50).Select(fault => $"  {fault.EndToEndId} {fault.Field}: {fault.Text}"))
                : only is { } id
                    ? Why(id, await new ReadPayouts(desk.Store.Database).FindAsync(id, cancel))
                    : "No approved payout waits for a bank. `egovpay payout list` shows how they stand; --again makes a former file anew."));
    }

    private static string Number(long id) => id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Why nothing is made of this one.</summary>
    private static string Why(long id, Payout? one)
    {
        var which = Number(id);
        return one switch
        {
            null => $"There is no payout {which}. `egovpay payout list --all` shows them.",
            { State: PayoutState.Proposed } => $"Payout {which} is not approved yet. `egovpay payout show {which}` says by which proposal.",
            { State: PayoutState.Dropped } =>
                $"Payout {which} was dropped, and no bank is told of it. `egovpay {Acts.PayoutPropose.Name}` proposes its money anew.",
            _ => $"Payout {which} does not wait for a bank: `egovpay payout show {which}` says how it stands.",
        };
    }

    private static string Refusal(PayoutFile made)
    {
        var form = ExportPayouts.Text(made.Format);
        return $"The file {made.MessageId} was made as {form}, and stays so: in another form the bank might pay it twice. Leave --format out, "
            + $"or say --format {form}.";
    }

    private static void Writable(ParseResult parsed)
    {
        if (parsed.GetValue(Where) is not { } path)
        {
            return;
        }

        if (Directory.Exists(path))
        {
            throw CommandException.Usage($"--file: '{path}' is a folder. Nothing was made.");
        }

        if (!parsed.GetValue(Overwrite) && File.Exists(path))
        {
            throw new CommandException($"'{path}' is there already. Choose another name, or say --overwrite. Nothing was made.");
        }
    }

    private static async Task WriteAsync(ParseResult parsed, PayoutFile made, CancellationToken cancel)
    {
        if (parsed.GetValue(Where) is not { } path)
        {
            await parsed.InvocationConfiguration.Output.WriteAsync(System.Text.Encoding.UTF8.GetString(made.Body.Span));
            return;
        }

        try
        {
            await using var to = new FileStream(
                path, parsed.GetValue(Overwrite) ? FileMode.Create : FileMode.CreateNew, FileAccess.Write, FileShare.None);
            await to.WriteAsync(made.Body, cancel);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"'{path}' cannot be written: {refused.Message} The file is made and kept; it is given again by\n"
                + $"  egovpay {Acts.PayoutExport.Name} --again {made.MessageId} --file PATH",
                inner: refused);
        }
    }
}
