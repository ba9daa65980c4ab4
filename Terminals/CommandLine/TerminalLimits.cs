using EGovPay.Processing.Agents;
using EGovPay.Processing.People;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay terminal limit …`: what a terminal may take, decided by two people.</summary>
internal static class TerminalLimits
{
    public static Verb Build() => new Verb("limit", "A terminal's limits: one person proposes, another approves.").With(
        Propose(),
        ProposalVerbs.Approve(
            Acts.TerminalLimitApprove, [ProposalKind.TerminalLimits], "Approves a terminal's limits as the second person, and sets them.",
            "egovpay terminal limit approve 9"));

    private static Verb Propose()
    {
        var code = AgentCommands.CodeArgument("terminal");
        var single = Print.AmountOption("--single-limit", "the most of one payment with its fee; default none");
        var daily = Print.AmountOption("--daily-limit", "the most of one business day; default none");
        var reason = ProposalVerbs.ReasonOption(required: true);
        var json = Print.JsonOption();
        return new Verb(
                "propose", "Proposes both limits of a terminal; they are set when another person approves them.",
                "egovpay terminal limit propose btb-nizami-1 --single-limit 5000.00 --reason \"letter 14\"")
            .With(code, single, daily, reason, json)
            .Does(Acts.TerminalLimitPropose, async (parsed, cancel) =>
            {
                var why = ProposalVerbs.Reason(parsed, reason)!;
                await using var books = await Books.OpenAsync(parsed, cancel);
                var terminal = parsed.GetValue(code)!;
                var found = await Administer.FindTerminalAsync(books.Engine.Database, terminal)
                    ?? throw TerminalCommands.NoTerminal(terminal);
                if (found.Parts > 1 && parsed.GetValue(daily) is not null)
                {
                    throw CommandException.Usage("The agent has parts, so its terminals have no daily limits.");
                }

                var proposed = await books.Engine.Proposals.ProposeTerminalLimitsAsync(
                    books.Person, found.AgentId, found.TerminalId, parsed.GetValue(single), parsed.GetValue(daily), why);
                return await ProposalVerbs.SayAsync(parsed, json, proposed, Acts.TerminalLimitApprove, "It cannot be proposed.");
            });
    }
}
