using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.People;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay payment propose` and what follows: what two people decide where no provider gives an answer.</summary>
internal static class PaymentDecisionCommands
{
    private static readonly ProposalKind[] Kinds = [ProposalKind.Payment, ProposalKind.Contradiction];

    private static readonly (PaymentDecision Decision, Option<bool> Option)[] Decisions =
    [
        (PaymentDecision.Confirm, Flag("--confirm", "unknown: it was delivered")),
        (PaymentDecision.Decline, Flag("--decline", "unknown: it was not delivered")),
        (PaymentDecision.Absent, Flag("--absent", "unknown or confirmed: the provider's register does not have it")),
        (PaymentDecision.Delivered, Flag("--delivered", "declined, cancelled or reversed: the provider's register has it")),
        (PaymentDecision.Reversed, Flag("--reversed", "reversing: the provider took it back")),
        (PaymentDecision.Kept, Flag("--kept", "reversing: the provider kept it")),
        (PaymentDecision.Stands, Flag("--stands", "a contradiction: the payment stands as it is")),
    ];

    public static Verb[] Build() =>
    [
        Propose(),
        ProposalVerbs.Approve(
            Acts.PaymentApprove, Kinds, "Approves a decision about a payment as the second person, and carries it out.",
            "egovpay payment approve 9"),
        ProposalVerbs.Reject(Acts.PaymentReject, Kinds, "egovpay payment reject 9 --reason \"the statement shows it\""),
        ProposalVerbs.List(
            "proposals", "Shows the decisions about payments that wait.", Kinds, "egovpay payment proposals",
            "egovpay payment proposals --all --json"),
    ];

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    private static Verb Propose()
    {
        var which = PaymentCommands.PaymentArgument();
        var agent = PaymentCommands.AgentOption();
        var reason = ProposalVerbs.ReasonOption(required: true);
        var transaction = new Option<string?>("--provider-transaction")
        {
            Description = "with --confirm or --delivered: the provider's number of it", HelpName = "TEXT",
        };
        var json = Print.JsonOption();
        var verb = new Verb(
                "propose",
                "Proposes what is true of a payment, for another person to approve. Asking its provider stops meanwhile.",
                "egovpay payment propose 731000000042 --confirm --reason \"letter of 2026-11-20\" --provider-transaction 991",
                "egovpay payment propose T7-000123 --agent btb --decline --reason \"not in their register\"")
            .With(which, agent, reason, transaction, json);
        foreach (var (_, option) in Decisions)
        {
            verb.Add(option);
        }

        return verb.Does(Acts.PaymentPropose, async (parsed, cancel) =>
        {
            var chosen = Decisions.Where(one => parsed.GetValue(one.Option)).ToList();
            if (chosen.Count != 1)
            {
                throw CommandException.Usage(
                    $"Say one of {string.Join(", ", Decisions.Select(one => one.Option.Name))}.");
            }

            var why = ProposalVerbs.Reason(parsed, reason)!;
            if (parsed.GetValue(transaction) is { Length: 0 or > 100 })
            {
                throw CommandException.Usage("--provider-transaction: 1 to 100 characters.");
            }

            await using var books = await Books.OpenAsync(parsed, cancel);
            var payment = await PaymentCommands.FindAsync(
                books.Engine.Database, parsed.GetValue(which)!, parsed.GetValue(agent), cancel);
            var proposed = await books.Engine.Proposals.ProposeAsync(
                books.Person, payment, chosen[0].Decision, why, parsed.GetValue(transaction));
            var possible = PaymentDecisions.Possible(proposed.State).Select(
                one => Decisions.Single(known => known.Decision == one).Option.Name);
            return await ProposalVerbs.SayAsync(
                parsed, json, proposed, Acts.PaymentApprove,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Payment {payment.Number} is {proposed.State}: {chosen[0].Option.Name} says nothing of it. What can be said: "
                    + $"{string.Join(", ", possible.DefaultIfEmpty("nothing"))}."));
        });
    }
}
