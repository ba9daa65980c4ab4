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

    public static Verb Commission() => new Verb("commission", "Agents' shares, by date.").With(SetCommission());

    private static Verb SetCommission()
    {
        var code = AgentCommands.CodeArgument("agent");
        var from = new Option<string>("--from")
        {
            Description = "the first day of it; one that has not begun", HelpName = "YYYY-MM-DD", Required = true,
        };
        var percent = new Option<string>("--percent")
        {
            Description = "its share of an amount, percent with two decimals", HelpName = "PERCENT", Required = true,
        };
        var json = Print.JsonOption();
        return new Verb(
                "set", "Sets an agent's share from a day on; payments that were accepted before keep what they had.",
                "egovpay agent commission set btb --from 2027-01-01 --percent 0.20")
            .With(code, from, percent, json)
            .Does(Acts.AgentCommissionSet, async (parsed, cancel) =>
            {
                if (NodaTime.Text.LocalDatePattern.Iso.Parse(parsed.GetValue(from)!) is not { Success: true, Value: var day })
                {
                    throw CommandException.Usage($"--from '{parsed.GetValue(from)}' is no date such as 2027-01-01.");
                }

                if (!Print.TryReadManat(parsed.GetValue(percent)!, out var hundredths) || hundredths > 10_000)
                {
                    throw CommandException.Usage("--percent: percent with two decimals, such as 0.15; at most 100.00.");
                }

                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var agent = parsed.GetValue(code)!;
                await AgentCommands.FindAsync(desk.Store.Database, agent);
                if (!await desk.Administer.SetCommissionAsync(agent, day, (int)hundredths))
                {
                    throw new CommandException(
                        $"{parsed.GetValue(from)} has begun: what was accepted on it has its commission already. Name a later day.");
                }

                await AgentCommands.SayAsync(
                    parsed, json, $"From {parsed.GetValue(from)} on agent {agent} has {parsed.GetValue(percent)} %.", line =>
                    {
                        line.WriteString("agent", agent);
                        line.WriteString("from", parsed.GetValue(from));
                        line.WriteNumber("hundredthsPercent", (int)hundredths);
                    });
                return Exit.Done;
            });
    }

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
