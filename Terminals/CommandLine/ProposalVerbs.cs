using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.People;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay proposal …`, and what commands about payments, deposits and limits share: deciding, and saying so.</summary>
internal static class ProposalVerbs
{
    private static readonly ProposalKind[] All = Enum.GetValues<ProposalKind>();

    public static Verb Build() => new Verb("proposal", "What one person proposed and another is to approve.").With(
        List("list", "Shows what waits for a decision, of every kind.", All, "egovpay proposal list", "egovpay proposal list --all"),
        Approve(Acts.ProposalApprove, All, "Approves a proposal as the second person, and carries it out.", "egovpay proposal approve 7"),
        Reject(Acts.ProposalReject, All, "egovpay proposal reject 7 --reason \"no such document\""),
        Withdraw());

    public static Option<string?> ReasonOption(bool required) => new("--reason")
    {
        Description = $"why, 1 to {Proposals.LongestReason} characters; it stays on the record", HelpName = "TEXT", Required = required,
    };

    public static string? Reason(ParseResult parsed, Option<string?> option)
    {
        var given = parsed.GetValue(option);
        return given is null or { Length: > 0 and <= Proposals.LongestReason } ? given : throw CommandException.Usage(
            $"--reason: 1 to {Proposals.LongestReason} characters.");
    }

    /// <summary>Approving, for some kinds of proposals; the verb's name is the last word of the act's.</summary>
    public static Verb Approve(Act act, IReadOnlyList<ProposalKind> kinds, string description, string example)
    {
        var id = IdArgument();
        var json = Print.JsonOption();
        return new Verb("approve", description, example)
            .With(id, json)
            .Does(act, async (parsed, cancel) =>
            {
                await using var books = await Books.OpenAsync(parsed, cancel);
                await RefuseOtherKindAsync(books, parsed.GetValue(id), kinds, "approve", cancel);
                var decided = await books.Engine.Decide.ApproveAsync(books.Person, parsed.GetValue(id));
                return await SayAsync(parsed, json, books, decided, "approved", cancel);
            });
    }

    /// <summary>Rejecting, for some kinds of proposals.</summary>
    public static Verb Reject(Act act, IReadOnlyList<ProposalKind> kinds, string example)
    {
        var id = IdArgument();
        var reason = ReasonOption(required: false);
        var json = Print.JsonOption();
        return new Verb("reject", "Refuses a proposal as the second person; asking about its payment goes on.", example)
            .With(id, reason, json)
            .Does(act, async (parsed, cancel) =>
            {
                var why = Reason(parsed, reason);
                await using var books = await Books.OpenAsync(parsed, cancel);
                await RefuseOtherKindAsync(books, parsed.GetValue(id), kinds, "reject", cancel);
                var decided = await books.Engine.Decide.RejectAsync(books.Person, parsed.GetValue(id), why);
                return await SayAsync(parsed, json, books, decided, "rejected", cancel);
            });
    }

    /// <summary>A list of what waits, of some kinds.</summary>
    public static Verb List(string name, string description, IReadOnlyList<ProposalKind> kinds, params string[] examples)
    {
        var all = new Option<bool>("--all") { Description = "also those that were decided" };
        var listing = new Listing(Proposals.ListLimit, 100);
        return new Verb(name, description, examples).With([all, .. listing.Options]).Does(async (parsed, cancel) =>
        {
            var most = listing.Ask(parsed);
            await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
            var found = await Proposals.ListAsync(store.Database, !parsed.GetValue(all), kinds, most, cancel);
            return listing.Show(
                parsed, found, [">id", "state", "what", "agent", "made by", "at (UTC)", "approve from (UTC)", "reason", "outcome"],
                one =>
                [
                    one.Id.ToString(CultureInfo.InvariantCulture), Word(one.State), Describe(one), one.AgentCode, one.MadeBy,
                    InstantPattern.General.Format(one.MadeAt), InstantPattern.General.Format(one.ApproveFrom), one.Reason,
                    one.Outcome ?? "",
                ],
                Write);
        });
    }

    /// <summary>Says what came of proposing something.</summary>
    public static async Task<int> SayAsync(
        ParseResult parsed, Option<bool> json, Proposed proposed, Act approve, string notPossible)
    {
        if (proposed.Result != ProposeResult.Made)
        {
            throw new CommandException(proposed.Result == ProposeResult.There
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"Proposal {proposed.Id} is about this already. `egovpay proposal list --all` shows it.")
                : notPossible);
        }

        await AgentCommands.SayAsync(
            parsed, json,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Proposal {proposed.Id} waits for another person, from {InstantPattern.General.Format(proposed.ApproveFrom)} on: "
                + $"egovpay {approve.Name} {proposed.Id}"),
            line =>
            {
                line.WriteNumber("proposal", proposed.Id);
                line.WriteString("approveFrom", InstantPattern.ExtendedIso.Format(proposed.ApproveFrom));
            });
        return Exit.Done;
    }

    private static Verb Withdraw()
    {
        var id = IdArgument();
        var reason = ReasonOption(required: false);
        var json = Print.JsonOption();
        return new Verb(
                "withdraw", "Takes back one's own proposal; asking about its payment goes on.", "egovpay proposal withdraw 7")
            .With(id, reason, json)
            .Does(Acts.ProposalWithdraw, async (parsed, cancel) =>
            {
                var why = Reason(parsed, reason);
                await using var books = await Books.OpenAsync(parsed, cancel);
                var decided = await books.Engine.Decide.WithdrawAsync(books.Person, parsed.GetValue(id), why);
                if (decided is { Result: DecideResult.SamePerson, Proposal: { } other })
                {
                    throw new CommandException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"Proposal {other.Id} is {other.MadeBy}'s; only they take it back. An approver may reject it."));
                }

                return await SayAsync(parsed, json, books, decided, "withdrawn", cancel);
            });
    }

    private static Argument<long> IdArgument() => new("id") { Description = "the proposal's number" };

    private static async Task RefuseOtherKindAsync(
        Books books, long id, IReadOnlyList<ProposalKind> kinds, string verb, CancellationToken cancel)
    {
        if (await books.Engine.Proposals.FindAsync(id, cancel) is { } proposal && !kinds.Contains(proposal.Kind))
        {
            throw new CommandException(string.Create(
                CultureInfo.InvariantCulture,
                $"Proposal {id} is about something else: {Describe(proposal)}. `egovpay proposal {verb} {id}` takes any."));
        }
    }

    private static async Task<int> SayAsync(
        ParseResult parsed, Option<bool> json, Books books, Decided decided, string word, CancellationToken cancel)
    {
        if (decided.Proposal is not { } proposal)
        {
            throw new CommandException("There is no such proposal. `egovpay proposal list --all` shows them.");
        }

        var done = decided.Result is DecideResult.Done or DecideResult.DoneBefore;
        if (!done)
        {
            throw new CommandException(Refusal(decided.Result, proposal));
        }

        var funds = proposal.Kind is ProposalKind.TopUp or ProposalKind.CreditLimit
            ? await books.Engine.Funds.LookAsync(proposal.AgentId, proposal.Parts, cancel)
            : null;
        await AgentCommands.SayAsync(
            parsed, json,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Proposal {proposal.Id} ({Describe(proposal)}) {(decided.Result == DecideResult.Done ? "is" : "was before")} {word}"
                + $"{(decided.Result == DecideResult.DoneBefore ? $" by {proposal.DecidedBy}; nothing more was done" : "")}."
                + $"{(funds is null ? "" : " " + AgentMoney.Describe(funds))}"),
            line =>
            {
                Write(line, proposal);
                line.WriteBoolean("now", decided.Result == DecideResult.Done);
                if (funds is not null)
                {
                    AgentMoney.Write(line, funds);
                }
            });
        return Exit.Done;
    }

    /// <summary>Why a decision was not taken, for people.</summary>
    public static string Refusal(DecideResult result, Proposal proposal) => string.Create(
        CultureInfo.InvariantCulture,
        $"Proposal {proposal.Id} ") + result switch
    {
        DecideResult.SamePerson =>
            $"is {proposal.MadeBy}'s own: another person decides. They may take it back: egovpay proposal withdraw {proposal.Id}",
        DecideResult.NotEntitled => "is decided by an approver, and you are none any more.",
        DecideResult.TooEarly =>
            $"cannot be approved before {InstantPattern.General.Format(proposal.ApproveFrom)}: asking stopped when it was made, and an "
            + "answer of the provider may be on its way until then.",
        DecideResult.BeingCompared => "is about a break that is being compared anew just now. Try again in a minute.",
        DecideResult.Void => $"is void: {proposal.Outcome}. Nothing was done.",
        _ => $"is {Word(proposal.State)} already{(proposal.DecidedBy is { } by ? $", by {by}" : "")}.",
    };

    private static string Describe(Proposal one) => one.Kind switch
    {
        ProposalKind.Payment => string.Create(
            CultureInfo.InvariantCulture, $"payment {one.Number}: {one.Edge!.Event}, {one.Edge.From} → {one.Edge.To}"),
        ProposalKind.Contradiction => string.Create(
            CultureInfo.InvariantCulture, $"payment {one.Number}: stands, against its provider's late word"),
        ProposalKind.TopUp => $"deposit {one.Reference}: {Print.Manat(one.AmountQepik!.Value)}",
        ProposalKind.CreditLimit =>
            $"credit limit: {Print.Manat(one.BeforeQepik!.Value)} → {Print.Manat(one.AmountQepik!.Value)}",
        ProposalKind.TerminalLimits =>
            $"limits of {one.TerminalCode}: single {Limit(one.SingleLimitQepik)}, daily {Limit(one.DailyLimitQepik)}",
        ProposalKind.LostInterval => string.Create(CultureInfo.InvariantCulture, $"lost interval {one.Epoch}: it was worked"),
        ProposalKind.Payout => ShowProposal.Payout(one),
        ProposalKind.Terms => ShowProposal.Terms(one),
        ProposalKind.Break => ShowProposal.Break(one),
        _ => one.Kind.ToString(),
    };

    private static string Limit(long? qepik) => qepik is { } some ? Print.Manat(some) : "none";

    private static string Word(ProposalState state) => state.ToString().ToLowerInvariant();

    private static void Write(System.Text.Json.Utf8JsonWriter line, Proposal one)
    {
        string? At(Instant? at) => at is { } some ? InstantPattern.ExtendedIso.Format(some) : null;
        line.WriteNumber("proposal", one.Id);
        line.WriteString("state", Word(one.State));
        line.WriteString("kind", one.Kind.ToString());
        line.WriteString("what", Describe(one));
        line.WriteString("agent", one.AgentCode);
        line.WriteString("epoch", one.Epoch?.ToString(CultureInfo.InvariantCulture));
        line.WriteString("payout", one.PayoutId?.ToString(CultureInfo.InvariantCulture));
        ShowProposal.Write(line, one);
        line.WriteString("break", one.BreakId?.ToString(CultureInfo.InvariantCulture));
        line.WriteString("resolution", one.Resolution);
        line.WriteString("number", one.Number?.ToString(CultureInfo.InvariantCulture));
        line.WriteString("reason", one.Reason);
        line.WriteString("madeBy", one.MadeBy);
        line.WriteString("madeAt", At(one.MadeAt));
        line.WriteString("approveFrom", At(one.ApproveFrom));
        line.WriteString("expiresAt", At(one.ExpiresAt));
        line.WriteString("decidedBy", one.DecidedBy);
        line.WriteString("decidedAt", At(one.DecidedAt));
        line.WriteString("outcome", one.Outcome);
    }
}
