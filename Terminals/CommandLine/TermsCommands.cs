using System.CommandLine;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Settlement.Terms;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay settle terms|apply`: our accounts, where providers are paid, how agents settle.</summary>
internal static class TermsCommands
{
    public static Verb Show()
    {
        var example = new Option<bool>("--example")
        {
            Description = "prints a file to begin with; its accounts are invented", Arity = ArgumentArity.ZeroOrOne,
        };
        var proposal = new Option<long?>("--proposal")
        {
            Description = "prints the document that a proposal would put in force", HelpName = "ID",
        };
        var listing = new Listing(20_000, 1_000);
        return new Verb(
                "terms",
                "Shows the settlement terms in force: where each provider's money goes, and how each agent settles.",
                "egovpay settle terms", "egovpay settle terms --format csv", "egovpay settle terms --example",
                "egovpay settle terms --proposal 7")
            .With([example, proposal, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                if (parsed.GetValue(example))
                {
                    await parsed.InvocationConfiguration.Output.WriteAsync(System.Text.Encoding.UTF8.GetString(ExampleTerms.Read()));
                    return Exit.Done;
                }

                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                if (parsed.GetValue(proposal) is { } id)
                {
                    await parsed.InvocationConfiguration.Output.WriteLineAsync(
                        await TermsStore.ProposedDocumentAsync(store.Database, id, cancel)
                        ?? throw new CommandException("No proposal of this number is about terms. `egovpay proposal list --all` shows them."));
                    return Exit.Done;
                }

                var now = (await TermsStore.ReadAsync(store.Database, cancel)).Of(Today());
                if (now is null)
                {
                    await Console.Error.WriteLineAsync(
                        "egovpay: no settlement terms are in force; nothing can be paid out. `egovpay settle terms --example` prints a "
                        + "file to begin with, `egovpay settle apply FILE` puts it in force.");
                }

                return listing.Show(
                    parsed, Lines(now), ["kind", "code", "name", "account", "bank", "settles", ">version"],
                    line => [line.Kind, line.Code, line.Name, line.Account, line.Bank, line.Settles, Number(now!.Version)],
                    (json, line) =>
                    {
                        json.WriteString("kind", line.Kind);
                        json.WriteString("code", line.Code);
                        json.WriteString("name", line.Name);
                        json.WriteString("account", line.Account);
                        json.WriteString("bank", line.Bank);
                        json.WriteString("settles", line.Settles);
                        json.WriteNumber("version", now!.Version);
                        json.WriteString("validFrom", LocalDatePattern.Iso.Format(now.ValidFrom));
                    });
            });
    }

    public static Verb Apply()
    {
        var file = new Argument<string>("file") { Description = "the terms, JSON in UTF-8" };
        var from = new Option<string?>("--from")
        {
            Description = "the first day on which they are in force; default: today in Baku", HelpName = "YYYY-MM-DD",
        };
        var dry = new Option<bool>("--dry-run") { Description = "only says what is wrong with the file" };
        var reason = ProposalVerbs.ReasonOption(required: false);
        var json = Print.JsonOption();
        return new Verb(
                "apply",
                "Puts settlement terms in force from a day on, as a new version; or refuses them whole. Where they change a receiver's account, "
                + "they are proposed to another person (`egovpay proposal approve`); only the first terms of all are not.",
                "egovpay settle apply terms.json --dry-run", "egovpay settle apply terms.json --from 2027-01-01")
            .With(file, from, dry, reason, json)
            .Does(Acts.SettleApply, async (parsed, cancel) =>
            {
                var path = parsed.GetValue(file)!;
                var start = ReadDay(parsed.GetValue(from)) ?? Today();
                var why = ProposalVerbs.Reason(parsed, reason);
                await using var books = await Books.OpenAsync(parsed, cancel);
                var applied = await TermsStore.ApplyAsync(
                    books.Engine, CatalogueFiles.Read(path), start, Today(), parsed.GetValue(dry) ? null : books.Person, why, cancel);
                if (applied.Faults.Count > 0)
                {
                    return await CatalogueCommands.NameFaultsAsync(path, applied.Faults);
                }

                if (applied.Refused is { } refused)
                {
                    throw new CommandException(refused);
                }

                if (applied.Proposed is { Result: not ProposeResult.Made } not)
                {
                    throw new CommandException(Unproposed(not));
                }

                await AgentCommands.SayAsync(
                    parsed, json, Said(applied, start, parsed.GetValue(dry)),
                    line =>
                    {
                        line.WriteBoolean("applied", applied.Version is not null);
                        line.WriteString("version", applied.Version is { } version ? Number(version) : null);
                        line.WriteNumber("providers", applied.Terms!.Providers.Count);
                        line.WriteNumber("agents", applied.Terms.Agents.Count);
                        line.WriteString("proposal", applied.Proposed?.Id.ToString(CultureInfo.InvariantCulture));
                        line.WriteStartArray("receivers");
                        foreach (var one in applied.Receivers)
                        {
                            line.WriteStringValue(Describe(one));
                        }

                        line.WriteEndArray();
                    });
                return Exit.Done;
            });
    }

    /// <summary>A receiver's account as it is and as it would be.</summary>
    public static string Describe(ChangedReceiver one) => one.Before is null ? $"{one.Provider}: new, {Whole(one.After)}"
        : $"{one.Provider}: {Whole(one.Before)} → {Whole(one.After)}";

    /// <summary>Why terms that change receivers' accounts were not proposed.</summary>
    public static string Unproposed(Proposed not) => not.Result == ProposeResult.There
        ? string.Create(CultureInfo.InvariantCulture, $"Proposal {not.Id} would change receivers' accounts, too: let that be decided first.")
        : "Somebody else applied terms in this moment. Look at them, and try again.";

    private static string Whole(Beneficiary of) => string.Join(' ', new[] { of.Name, of.Voen, of.Iban, of.Bic, of.BankCode }.Where(one => one.Length > 0));

    private static string Said(TermsApplication applied, LocalDate start, bool dry)
    {
        var (terms, day) = (applied.Terms!, LocalDatePattern.Iso.Format(start));
        var changes = applied.Receivers.Count == 0 ? "" : "\nAccounts of receivers that it changes, which another person has to approve:"
            + string.Concat(applied.Receivers.Select(one => "\n  " + Describe(one)));
        return string.Create(CultureInfo.InvariantCulture, $"{terms.Providers.Count} providers, {terms.Agents.Count} agents. ")
            + (applied.Version is { } now ? string.Create(CultureInfo.InvariantCulture, $"Version {now} is in force from {day}.")
            : applied.Proposed is { } proposed ? string.Create(
                CultureInfo.InvariantCulture,
                $"Nothing is in force of it yet. Proposal {proposed.Id} waits for another person: egovpay proposal approve {proposed.Id}")
            : dry ? "The file is good; nothing was applied: it was only looked at."
            : "They are in force already; nothing was changed.") + changes;
    }

    private static IReadOnlyList<Line> Lines(TermsVersion? now) => now is not { Terms: { } terms } ? [] :
    [
        .. terms.Accounts.Select(one => new Line("account", one.Currency, one.Name, one.Iban, one.Bic, "")),
        .. terms.Providers.Select(one => new Line(
            "provider", one.Code, one.Beneficiary.Name, one.Beneficiary.Iban, one.Beneficiary.Bic, one.PaysOut ? "by payout" : "otherwise")),
        .. terms.Agents.Select(one => new Line(
            "agent", one.Code, "", string.Join(' ', one.DepositAccounts), "",
            one.Afterwards ? string.Create(CultureInfo.InvariantCulture, $"afterwards, {one.DueBankDays} bank days") : "in advance")),
    ];

    private static LocalDate Today() => Baku.DateOf(SystemClock.Instance.GetCurrentInstant());

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static LocalDate? ReadDay(string? text) =>
        text is null ? null
        : LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var day } ? day
        : throw CommandException.Usage($"--from '{text}' is no date such as 2027-01-01.");

    private sealed record Line(string Kind, string Code, string Name, string Account, string Bank, string Settles);
}
