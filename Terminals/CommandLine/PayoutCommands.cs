using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Payouts;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay payout …`: what is owed to providers leaves, proposed by one person and approved by another.</summary>
internal static class PayoutCommands
{
    public static Verb Build() => new Verb("payout", "Payouts to providers: proposed by one person, approved by another, told to a bank once.")
        .With(
            Propose(),
            ProposalVerbs.Approve(
                Acts.PayoutApprove, [ProposalKind.Payout],
                "Approves a payout as the second person, and posts it; `payout export` tells a bank of it.", "egovpay payout approve 7"),
            PayoutExport.Build(), List("list", "Shows payouts and how they stand."), Show(),
            List("status", "Shows how payouts stand; with `import`, reads what a bank says of a payout file.").With(ImportStatus()));

    private static Verb Propose()
    {
        var through = new Option<string?>("--through")
        {
            Description = "only windows up to this bank day; default: all that are closed", HelpName = "YYYY-MM-DD",
        };
        var provider = ProviderOption("only this provider");
        var json = Print.JsonOption();
        return new Verb(
                "propose",
                "Proposes to pay out what is owed for closed windows: one payout for each provider, for budget money one for each "
                + "organisation, level and code. A window in which more was taken back than taken is carried into the next.",
                "egovpay payout propose", "egovpay payout propose --through 2026-11-20 --provider azercell")
            .With(through, provider, json)
            .Does(Acts.PayoutPropose, async (parsed, cancel) =>
            {
                var last = Day("--through", parsed.GetValue(through));
                await using var books = await Books.OpenAsync(parsed, cancel);
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(books.Engine.Database, cancel);
                var only = ProviderId(catalogue, parsed.GetValue(provider));
                var today = Baku.DateOf(books.Engine.Clock.GetCurrentInstant());
                if (await PayoutTerms.ReadAsync(books.Engine.Database, catalogue, today, cancel) is not { } terms)
                {
                    throw new CommandException(
                        "No settlement terms with an account of ours in manat are in force, so nobody can be paid: `egovpay settle apply`.");
                }

                var round = await new ProposePayouts(books.Engine.Database, books.Engine.Proposals, books.Engine.Postings).RoundAsync(
                    books.Person, terms, await PayoutTerms.ExecutionDayAsync(books.Engine.Database, today, cancel), last,
                    only is { } id ? [id] : null, cancel);
                return await SayAsync(parsed, json, round, catalogue);
            });
    }

    private static async Task<int> SayAsync(ParseResult parsed, Option<bool> json, PayoutRound round, CatalogueSnapshot catalogue)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
        {
            Print.Json(output, line =>
            {
                line.WriteStartArray("proposals");
                foreach (var made in round.Proposals)
                {
                    line.WriteStartObject();
                    line.WriteNumber("payout", made.PayoutId);
                    line.WriteNumber("proposal", made.ProposalId);
                    line.WriteEndObject();
                }

                line.WriteEndArray();
                Write(line, "carried", round.Carried, catalogue);
                Write(line, "withoutTerms", round.WithoutTerms, catalogue);
                line.WriteStartArray("withdrawn");
                foreach (var id in round.Withdrawn)
                {
                    line.WriteNumberValue(id);
                }

                line.WriteEndArray();
            });
            return round.WithoutTerms.Count == 0 ? Exit.Done : Exit.Failed;
        }

        foreach (var id in round.Withdrawn)
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"Payout {id} is withdrawn: the terms name another receiver now, and no bank was told of it."));
        }

        foreach (var made in round.Proposals)
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"Payout {made.PayoutId} waits for another person: egovpay {Acts.PayoutApprove.Name} {made.ProposalId}"));
        }

        foreach (var carried in round.Carried)
        {
            await output.WriteLineAsync($"{Whose(catalogue, carried)}: {Print.Manat(carried.OwedQepik)} is carried into the next.");
        }

        foreach (var without in round.WithoutTerms)
        {
            await output.WriteLineAsync(
                $"{Whose(catalogue, without)}: {Print.Manat(without.OwedQepik)} is owed, and the terms name no account of theirs.");
        }

        if (round.Proposals.Count + round.Carried.Count + round.WithoutTerms.Count == 0)
        {
            await output.WriteLineAsync("Nothing is owed for closed windows that is not in a payout already.");
        }

        return round.WithoutTerms.Count == 0 ? Exit.Done : Exit.Failed;
    }

    private static Verb List(string name, string description)
    {
        var all = new Option<bool>("--all") { Description = "also those that are settled, returned or dropped" };
        var provider = ProviderOption("only of this provider");
        var listing = new Listing(ReadPayouts.Limit, 100);
        return new Verb(name, description, $"egovpay payout {name}", $"egovpay payout {name} --all --format csv")
            .With([all, provider, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel);
                var found = await new ReadPayouts(store.Database).ListAsync(
                    ProviderId(catalogue, parsed.GetValue(provider)), !parsed.GetValue(all), listing.Ask(parsed), cancel);
                return listing.Show(
                    parsed, found,
                    [">id", "provider", "level", "code", ">amount", "day", "state", ">proposal", "approved by", "message", "bank", "end-to-end id"],
                    one =>
                    [
                        Number(one.Id), Provider(catalogue, one.ProviderId), one.Budget?.Level ?? "", one.Budget?.Code ?? "",
                        Print.Manat(one.AmountQepik), LocalDatePattern.Iso.Format(one.ExecutionDay), Word(one.State),
                        one.ProposalId is { } proposal ? Number(proposal) : "", one.ApprovedBy ?? "", one.MessageId ?? "",
                        string.Join(' ', new[] { one.BankCode, one.BankReason }.Where(part => part is not null)), one.EndToEndId,
                    ],
                    (line, one) => Write(line, one, catalogue));
            });
    }

    private static Verb Show()
    {
        var id = new Argument<long>("id") { Description = "the payout's number" };
        var json = Print.JsonOption();
        return new Verb("show", "Shows a payout with the windows whose money it is.", "egovpay payout show 7", "egovpay payout show 7 --json")
            .With(id, json)
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel);
                var read = new ReadPayouts(store.Database);
                if (await read.FindAsync(parsed.GetValue(id), cancel) is not { } one)
                {
                    throw new CommandException("There is no such payout. `egovpay payout list --all` shows them.");
                }

                var windows = await read.WindowsAsync(one.Id, cancel);
                var output = parsed.InvocationConfiguration.Output;
                if (parsed.GetValue(json))
                {
                    Print.Json(output, line =>
                    {
                        Write(line, one, catalogue);
                        line.WriteStartArray("windows");
                        foreach (var window in windows)
                        {
                            line.WriteStartObject();
                            line.WriteString("group", $"C{window.Group}");
                            line.WriteString("bankDay", LocalDatePattern.Iso.Format(window.BankDay));
                            line.WriteNumber("amountQepik", window.AmountQepik);
                            line.WriteBoolean("released", window.Released);
                            line.WriteEndObject();
                        }

                        line.WriteEndArray();
                    });
                    return Exit.Done;
                }

                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Payout {one.Id} to {one.CreditorName} ({Provider(catalogue, one.ProviderId)}), {one.CreditorIban}: "
                    + $"{Print.Manat(one.AmountQepik)} manat on {LocalDatePattern.Iso.Format(one.ExecutionDay)}, {Word(one.State)}."));
                await output.WriteLineAsync(
                    $"{one.EndToEndId}{(one.Budget is { } budget ? $", budget {budget.Level} {budget.Code}" : "")}: {one.Purpose}");
                foreach (var line in Story(one))
                {
                    await output.WriteLineAsync(line);
                }

                Print.Table(output, null, ["group", "bank day", ">amount", ""], windows.Select(window => new[]
                {
                    $"C{window.Group}", LocalDatePattern.Iso.Format(window.BankDay), Print.Manat(window.AmountQepik),
                    window.Released ? "free again" : "",
                }));
                return Exit.Done;
            });
    }

    /// <summary>Who wanted it, in which file it is, and what the bank says of it.</summary>
    private static IEnumerable<string> Story(Payout one)
    {
        yield return $"Proposed by {one.ProposedBy} on {InstantPattern.General.Format(one.ProposedAt)}"
            + (one.ProposalId is { } proposal ? $", proposal {Number(proposal)}" : "")
            + (one.ApprovedBy is { } by ? $"; approved by {by}." : "; approved by nobody.");
        if (one.MessageId is { } message)
        {
            yield return $"In the file {message}.";
        }

        if (one is { MessageId: null, BankReason: { } why })
        {
            yield return $"No bank was told: {why}.";
        }
        else if ((one.BankCode ?? one.BankReason) is not null)
        {
            yield return $"The bank says: {string.Join(' ', new[] { one.BankCode, one.BankReason }.Where(part => part is not null))}";
        }
    }

    private static Verb ImportStatus()
    {
        var path = new Argument<string>("file") { Description = "pain.002, edition .03 or newer" };
        var json = Print.JsonOption();
        return new Verb(
                "import",
                "Reads what a bank says of a payout file. What it refuses goes back into the ledger, once, and is in the next payout.",
                "egovpay payout status import answer.xml")
            .With(path, json)
            .Does(Acts.PayoutStatusImport, async (parsed, cancel) =>
            {
                await using var books = await Books.OpenAsync(parsed, cancel);
                await using var given = GivenFile.Open(parsed.GetValue(path)!);
                if (given.Length > ImportPaymentStatus.LongestFile)
                {
                    throw new CommandException("The file is larger than any bank's answer.");
                }

                var bytes = new byte[given.Length];
                await given.ReadExactlyAsync(bytes, cancel);
                var done = await new ImportPaymentStatus(books.Engine.Database, books.Engine.Postings).RunAsync(
                    books.Person, Path.GetFileName(parsed.GetValue(path)!), bytes, "command", cancel);
                if (done.Refused is { } refused)
                {
                    throw new CommandException($"The file is refused: {refused}");
                }

                await new AnsweredBreaks(books.Engine.Database).RoundAsync(cancel);

                await AgentCommands.SayAsync(
                    parsed, json,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{(done.Before ? "It was read before. " : "")}It says something of {done.Told} payouts and nothing of {done.Untold}; "
                        + $"{done.Returned.Count} were put back: {string.Join(", ", done.Returned)}").TrimEnd(':', ' ') + ".",
                    line =>
                    {
                        line.WriteBoolean("before", done.Before);
                        line.WriteNumber("told", done.Told);
                        line.WriteNumber("untold", done.Untold);
                        line.WriteStartArray("returned");
                        foreach (var id in done.Returned)
                        {
                            line.WriteNumberValue(id);
                        }

                        line.WriteEndArray();
                    });
                return Exit.Done;
            });
    }

    private static void Write(Utf8JsonWriter line, Payout one, CatalogueSnapshot catalogue)
    {
        line.WriteNumber("payout", one.Id);
        line.WriteString("provider", Provider(catalogue, one.ProviderId));
        line.WriteString("budgetLevel", one.Budget?.Level);
        line.WriteString("budgetCode", one.Budget?.Code);
        line.WriteNumber("amountQepik", one.AmountQepik);
        line.WriteString("endToEndId", one.EndToEndId);
        line.WriteString("executionDay", LocalDatePattern.Iso.Format(one.ExecutionDay));
        line.WriteString("creditorIban", one.CreditorIban);
        line.WriteString("state", Word(one.State));
        line.WriteString("proposal", one.ProposalId?.ToString(CultureInfo.InvariantCulture));
        line.WriteString("proposedBy", one.ProposedBy);
        line.WriteString("approvedBy", one.ApprovedBy);
        line.WriteString("messageId", one.MessageId);
        line.WriteString("bankCode", one.BankCode);
        line.WriteString("bankReason", one.BankReason);
    }

    private static void Write(Utf8JsonWriter line, string name, IReadOnlyList<PayoutCarried> owed, CatalogueSnapshot catalogue)
    {
        line.WriteStartArray(name);
        foreach (var one in owed)
        {
            line.WriteStartObject();
            line.WriteString("provider", Provider(catalogue, one.ProviderId));
            line.WriteString("budgetLevel", one.Budget?.Level);
            line.WriteString("budgetCode", one.Budget?.Code);
            line.WriteNumber("owedQepik", one.OwedQepik);
            line.WriteEndObject();
        }

        line.WriteEndArray();
    }

    private static string Whose(CatalogueSnapshot catalogue, PayoutCarried one) =>
        Provider(catalogue, one.ProviderId) + (one.Budget is { } budget ? $" (budget {budget.Level} {budget.Code})" : "");

    private static string Word(PayoutState state) => state.ToString().ToLowerInvariant();

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static Option<string?> ProviderOption(string description) => new("--provider") { Description = description, HelpName = "CODE" };

    private static int? ProviderId(CatalogueSnapshot catalogue, string? code) => code is null ? null
        : catalogue.Provider(code)?.Id ?? throw new CommandException($"The catalogue has no provider '{code}'.");

    private static string Provider(CatalogueSnapshot catalogue, int id) =>
        catalogue.Provider(id)?.Code ?? id.ToString(CultureInfo.InvariantCulture);

    private static LocalDate? Day(string option, string? text) => text is null ? null
        : LocalDatePattern.Iso.Parse(text) is { Success: true } read ? read.Value
        : throw CommandException.Usage($"{option} '{text}' is no date such as 2026-11-22.");
}
