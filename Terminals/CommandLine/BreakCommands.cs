using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Settlement.Breaks;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay breaks …`: where two sides do not agree, what each says, and how it is settled by two people.</summary>
internal static class BreakCommands
{
    private static readonly ProposalKind[] Proposed = [ProposalKind.Break];

    private static readonly (PaymentDecision Decision, Option<bool> Option)[] Decisions =
    [
        (PaymentDecision.Confirm, Flag("--confirm", "its payment is unknown: it was delivered")),
        (PaymentDecision.Decline, Flag("--decline", "its payment is unknown: it was not delivered")),
        (PaymentDecision.Absent, Flag("--absent", "its payment is unknown or confirmed: the register does not have it")),
        (PaymentDecision.Delivered, Flag("--delivered", "its payment is declined, cancelled or reversed: the register has it")),
        (PaymentDecision.Reversed, Flag("--reversed", "its payment is reversing: the provider took it back")),
        (PaymentDecision.Kept, Flag("--kept", "its payment is reversing: the provider kept it")),
    ];

    public static Verb Build() =>
        new Verb("breaks", "Where our books and a provider's register or a bank's statement do not agree.").With(
            List(), ShowBreak.Build(), Propose(),
            ProposalVerbs.Approve(
                Acts.BreaksApprove, Proposed, "Approves as the second person how a break is settled, and carries it out.",
                "egovpay breaks approve 12"));

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    private static Verb List()
    {
        var side = Choice<BreakSide>("--side", "only against this side", text: OpenBreaks.TextOf);
        var kind = Choice<BreakKind>("--kind", "only of this kind", one => one.ToString());
        var provider = new Option<string?>("--provider") { Description = "only of this provider", HelpName = "CODE" };
        var day = new Option<string?>("--day") { Description = "only of this day", HelpName = "YYYY-MM-DD" };
        var all = new Option<bool>("--all") { Description = "also those that are settled" };
        var after = new Option<long>("--after") { Description = "only with a higher number", HelpName = "NUMBER", DefaultValueFactory = _ => 0 };
        var listing = new Listing(BreakBook.ListLimit, 1_000);
        return new Verb(
                "list",
                "Shows breaks, oldest first: what differs, since when, how much money is in question, what has probably happened and "
                + "what to do next.",
                "egovpay breaks list", "egovpay breaks list --provider azercell --kind MissingThere --format csv",
                "egovpay breaks list --all --json")
            .With([side, kind, provider, day, all, after, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                var on = parsed.GetValue(day) is { } text
                    ? LocalDatePattern.Iso.Parse(text) is { Success: true } read ? read.Value
                        : throw CommandException.Usage($"--day '{text}' is no date such as 2026-11-21.")
                    : (NodaTime.LocalDate?)null;
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel);
                var only = parsed.GetValue(provider) is { } code
                    ? catalogue.Provider(code)?.Id ?? throw new CommandException($"There is no provider '{code}' in the catalogue.")
                    : (int?)null;
                var book = new BreakBook(store.Database);
                var filter = new BreakFilter(
                    parsed.GetValue(all), Chosen<BreakSide>(parsed, side, OpenBreaks.TextOf), Chosen<BreakKind>(parsed, kind, one => one.ToString()),
                    only, on, parsed.GetValue(after));
                var found = await book.ListAsync(filter, most, cancel);
                listing.Show(
                    parsed, found,
                    [">id", "kind", "about", "day", ">age, days", ">at risk", "state", "cause", "next"],
                    one =>
                    [
                        Number(one.Id), one.Kind.ToString(), one.Subject, LocalDatePattern.Iso.Format(one.Day), Number(one.AgeDays),
                        Print.Manat(one.AmountAtRiskQepik), ShowBreak.State(one), BreakTexts.Cause(one.Cause, "en"),
                        BreakTexts.Step(one.Step, "en"),
                    ],
                    (line, one) => ShowBreak.Write(line, one, catalogue), one => $"--after {Number(one.Id)}");
                if (!listing.Json(parsed) && !listing.Csv(parsed))
                {
                    Totals(parsed, await book.TotalsAsync(filter, cancel));
                }

                return Exit.Done;
            });
    }

    private static void Totals(ParseResult parsed, IReadOnlyList<BreakTotal> totals)
    {
        string[] bands = ["0-1 days", "2-7 days", "8-30 days", "over 30 days"];
        Print.Table(
            parsed.InvocationConfiguration.Output, null, ["open for", ">open breaks", ">at risk"],
            Enum.GetValues<AgeBand>().Select(band => (band, of: totals.Where(one => one.Band == band).ToList()))
                .Select(pair => (string[])
                [
                    bands[(int)pair.band], Number(pair.of.Sum(one => one.Breaks)), Print.Manat(pair.of.Sum(one => one.AtRiskQepik)),
                ]));
    }

    private static Verb Propose()
    {
        var id = new Argument<long>("id") { Description = "the break's number, as `egovpay breaks list` shows it" };
        var accept = Flag("--accept", "it stays as it is");
        var post = new Option<string[]>("--post")
        {
            Description = "a correction: from, to, amount in manat; accounts as payment show names them. Several are posted together",
            HelpName = "DEBIT>CREDIT:AMOUNT",
        };
        var agent = new Option<string?>("--agent") { Description = "with --post: whose accounts; default: the break's agent", HelpName = "CODE" };
        var group = new Option<short>("--group")
        {
            Description = "with --post: it is paid out with the next window of this cut-off group, 1 to 4; 0: with none",
            HelpName = "NUMBER", DefaultValueFactory = _ => (short)0,
        };
        var reason = ProposalVerbs.ReasonOption(required: true);
        var json = Print.JsonOption();
        return new Verb(
                "propose",
                "Proposes how a break is settled, for another person to approve: by what is true of its payment, by correcting postings "
                + "in the day that is open then, or by accepting it as it is.",
                "egovpay breaks propose 31 --absent --reason \"azercell's letter 44: never received\"",
                "egovpay breaks propose 32 --post \"suspense>payable:12:1.50\" --group 2 --reason \"azercell credited 1.50 more, letter 45\"",
                "egovpay breaks propose 33 --accept --reason \"register dated by their server's clock\"")
            .With([id, accept, post, agent, group, reason, json, .. Decisions.Select(one => one.Option)])
            .Does(Acts.BreaksPropose, async (parsed, cancel) =>
            {
                var chosen = Decisions.Where(one => parsed.GetValue(one.Option)).Select(one => one.Decision).ToList();
                var posts = parsed.GetValue(post) ?? [];
                if (chosen.Count + (parsed.GetValue(accept) ? 1 : 0) + (posts.Length > 0 ? 1 : 0) != 1)
                {
                    throw CommandException.Usage(
                        $"Say one of {string.Join(", ", Decisions.Select(one => one.Option.Name))}, --post, --accept.");
                }

                if (parsed.GetValue(group) is < 0 or > 4)
                {
                    throw CommandException.Usage("--group: 0 to 4.");
                }

                var why = ProposalVerbs.Reason(parsed, reason)!;
                var corrections = posts.Select(Correction).ToList();
                await using var books = await Books.OpenAsync(parsed, cancel);
                var agentId = parsed.GetValue(agent) is { } code
                    ? (await AgentCommands.FindAsync(books.Engine.Database, code)).AgentId : (int?)null;
                var proposed = await new SettleBreak(books.Engine).ProposeAsync(
                    books.Person, parsed.GetValue(id),
                    new BreakResolution(
                        chosen.Count == 1 ? chosen[0] : null,
                        [.. corrections.Select(one => one with { AgentId = agentId, CutoffGroup = parsed.GetValue(group) })]),
                    why, cancel);
                return await ProposalVerbs.SayAsync(
                    parsed, json, proposed.Proposed, Acts.BreaksApprove, Refusal(proposed, parsed.GetValue(id)));
            });
    }

    private static string Refusal(BreakProposed proposed, long id) => proposed.Result switch
    {
        SettleBreakResult.NoSuchBreak => $"There is no break {Number(id)}. `egovpay breaks list --all` shows them.",
        SettleBreakResult.Settled when proposed.Break is not { State: BreakState.Settled } => $"Break {Number(id)} has been settled in this moment.",
        SettleBreakResult.Settled => $"Break {Number(id)} is {ShowBreak.State(proposed.Break!)}.",
        SettleBreakResult.NoAgent => $"Break {Number(id)} is about no agent: say whose accounts with --agent.",
        SettleBreakResult.NoBudgetLine => $"Break {Number(id)} is about no payment of that budget receiver, so nothing says of which level and code the "
            + "money is: --group 0, and pay it by hand.",
        _ => proposed.Payment is { } payment
            ? $"Payment {Number(payment.Number)} is {payment.State}: that says nothing of it."
            : $"Break {Number(id)} is about no payment: --post or --accept.",
    };

    /// <summary>The accounts that a correction may name, beside providers'.</summary>
    internal static string AccountNames => string.Join(", ", Enumerable.Range(1, 11).Select(Accounts.Name));

    /// <summary><c>suspense>payable:12:1.50</c>.</summary>
    private static Correcting Correction(string text)
    {
        var arrow = text.IndexOf('>', StringComparison.Ordinal);
        var colon = text.LastIndexOf(':');
        if (arrow > 0 && colon > arrow && Account(text[..arrow]) is { } debit && Account(text[(arrow + 1)..colon]) is { } credit
            && debit != credit && Print.TryReadManat(text[(colon + 1)..], out var qepik) && qepik > 0)
        {
            return new Correcting(null, debit, credit, qepik);
        }

        throw CommandException.Usage(
            $"--post '{text}': from, to and manat, such as \"suspense>payable:12:1.50\". Accounts: "
            + $"{AccountNames}, payable:PROVIDER.");
    }

    internal static int? Account(string name)
    {
        const string Payable = "payable:";
        if (name.StartsWith(Payable, StringComparison.Ordinal))
        {
            return int.TryParse(name.AsSpan(Payable.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var provider) && provider > 0
                ? Accounts.Payable(provider) : null;
        }

        var found = Enumerable.Range(1, 11).FirstOrDefault(account => Accounts.Name(account) == name);
        return found == 0 ? null : found;
    }

    private static Option<string?> Choice<T>(string name, string description, Func<T, string> text) where T : struct, Enum => new(name)
    {
        Description = $"{description}: {string.Join(", ", Enum.GetValues<T>().Select(text))}", HelpName = "NAME",
    };

    private static T? Chosen<T>(ParseResult parsed, Option<string?> option, Func<T, string> text) where T : struct, Enum =>
        parsed.GetValue(option) is not { } given ? null
        : Enum.GetValues<T>().Where(one => text(one) == given).Select(one => (T?)one).FirstOrDefault()
            ?? throw CommandException.Usage($"{option.Name}: one of {string.Join(", ", Enum.GetValues<T>().Select(text))}.");

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
