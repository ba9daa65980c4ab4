using System.CommandLine;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay agent topup …` and `egovpay agent limit …`: how much of ours an agent may take, decided by two people.</summary>
internal static class AgentMoney
{
    public static Verb TopUp() => new Verb("topup", "Deposits of an agent: one person proposes, another approves.").With(
        ProposeTopUp(),
        ProposalVerbs.Approve(
            Acts.TopUpApprove, [ProposalKind.TopUp], "Approves a deposit as the second person, and books it.",
            "egovpay agent topup approve 7"));

    public static Verb Limit() => new Verb("limit", "An agent's credit limit: one person proposes, another approves.").With(
        ProposeLimit(),
        ProposalVerbs.Approve(
            Acts.LimitApprove, [ProposalKind.CreditLimit], "Approves a credit limit as the second person, and sets it.",
            "egovpay agent limit approve 8"));

    private static Verb ProposeTopUp()
    {
        var code = AgentCommands.CodeArgument("agent");
        var amount = Print.AmountOption("--amount", "how much was deposited", required: true);
        var reference = new Option<string>("--reference")
        {
            Description = "the bank document's number: names one deposit for ever", HelpName = "TEXT", Required = true,
        };
        var reason = ProposalVerbs.ReasonOption(required: false);
        var json = Print.JsonOption();
        return new Verb(
                "propose", "Proposes a deposit of an agent; it is booked when another person approves it.",
                "egovpay agent topup propose btb --amount 250000.00 --reference MT103-20261122-7")
            .With(code, amount, reference, reason, json)
            .Does(Acts.TopUpPropose, async (parsed, cancel) =>
            {
                var document = parsed.GetValue(reference)!;
                if (document.Length is 0 or > 100)
                {
                    throw CommandException.Usage("--reference: 1 to 100 characters.");
                }

                var why = ProposalVerbs.Reason(parsed, reason) ?? "deposit by bank document";
                await using var books = await Books.OpenAsync(parsed, cancel);
                var (agentId, parts) = await AgentCommands.FindAsync(books.Engine.Database, parsed.GetValue(code)!);
                var qepik = parsed.GetValue(amount)!.Value;
                if (qepik < parts)
                {
                    throw CommandException.Usage($"--amount: a qəpik for each of the agent's {parts} parts at least.");
                }

                var proposed = await books.Engine.Proposals.ProposeTopUpAsync(
                    books.Person, agentId, parts, document, qepik, why);
                return await ProposalVerbs.SayAsync(
                    parsed, json, proposed, Acts.TopUpApprove,
                    $"The deposit '{document}' is booked already. A deposit is never changed: give each document its own "
                    + "reference.");
            });
    }

    private static Verb ProposeLimit()
    {
        var code = AgentCommands.CodeArgument("agent");
        var amount = Print.AmountOption(
            "--amount", "what it may take beyond its deposits; 0.00 for none", required: true, zero: true);
        var reason = ProposalVerbs.ReasonOption(required: true);
        var json = Print.JsonOption();
        return new Verb(
                "propose", "Proposes an agent's credit limit; it is set when another person approves it.",
                "egovpay agent limit propose btb --amount 50000.00 --reason \"contract 2026/17\"")
            .With(code, amount, reason, json)
            .Does(Acts.LimitPropose, async (parsed, cancel) =>
            {
                var why = ProposalVerbs.Reason(parsed, reason)!;
                await using var books = await Books.OpenAsync(parsed, cancel);
                var (agentId, parts) = await AgentCommands.FindAsync(books.Engine.Database, parsed.GetValue(code)!);
                var proposed = await books.Engine.Proposals.ProposeLimitAsync(
                    books.Person, agentId, parts, parsed.GetValue(amount)!.Value, why);
                return await ProposalVerbs.SayAsync(parsed, json, proposed, Acts.LimitApprove, "It cannot be proposed.");
            });
    }

    /// <summary>What an agent has now, after a decision about it.</summary>
    internal static string Describe(FundsNow funds) =>
        $"Balance {Print.Manat(funds.BalanceQepik)}, held {Print.Manat(funds.HeldQepik)}, credit limit "
        + $"{Print.Manat(funds.CreditLimitQepik)}, available {Print.Manat(funds.AvailableQepik)} manat.";

    /// <summary>The same as JSON.</summary>
    internal static void Write(System.Text.Json.Utf8JsonWriter line, FundsNow funds)
    {
        line.WriteNumber("balanceQepik", funds.BalanceQepik);
        line.WriteNumber("heldQepik", funds.HeldQepik);
        line.WriteNumber("availableQepik", funds.AvailableQepik);
        line.WriteNumber("creditLimitQepik", funds.CreditLimitQepik);
    }
}
