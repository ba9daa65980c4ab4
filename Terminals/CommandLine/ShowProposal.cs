using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Settlement.Terms;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// What whoever approves has to see: of a payout and of terms whose account the money goes to, and whether that is another than before; of a break
/// what is posted.
/// </summary>
internal static class ShowProposal
{
    /// <summary>A payout in a line.</summary>
    public static string Payout(Proposal one)
    {
        var number = string.Create(CultureInfo.InvariantCulture, $"payout {one.PayoutId}");
        return one.Payout is not { } order ? number
            : $"{number}: {Print.Manat(order.AmountQepik)} to {order.CreditorName}, {order.CreditorIban}"
                + (order.BudgetLevel is null ? "" : $", budget {order.BudgetLevel} {order.BudgetCode}")
                + order.AccountChanged switch
                {
                    true => string.Create(
                        CultureInfo.InvariantCulture, $"; ANOTHER ACCOUNT than payout {order.LastPayoutId} went to, {order.LastIban}"),
                    false => string.Create(CultureInfo.InvariantCulture, $"; the account that payout {order.LastPayoutId} went to"),
                    null => "; no payout to them was carried out before",
                };
    }

    /// <summary>Terms in a line: each receiver whose account they change.</summary>
    public static string Terms(Proposal one) => one.Terms is not { } terms ? "terms"
        : $"terms from {LocalDatePattern.Iso.Format(terms.ValidFrom)} on: "
            + string.Join("; ", ChangedReceiver.Read(terms.Receivers).Select(TermsCommands.Describe));

    /// <summary>A break in a line: what becomes of its payment, or what is posted to whose accounts.</summary>
    public static string Break(Proposal one) => string.Create(CultureInfo.InvariantCulture, $"break {one.BreakId}: {one.Resolution}")
        + (one.Edge is { } edge ? string.Create(CultureInfo.InvariantCulture, $", payment {one.Number}: {edge.From} → {edge.To}") : "")
        + string.Concat((one.Postings ?? []).Select(each => string.Create(
            CultureInfo.InvariantCulture,
            $", {Accounts.Name(each.Debit)} > {Accounts.Name(each.Credit)} {Print.Manat(each.AmountQepik)} of {each.Agent}")
            + (each.Group > 0 ? string.Create(CultureInfo.InvariantCulture, $", paid out with group {each.Group}") : "")));

    /// <summary>The same as members of an object.</summary>
    public static void Write(Utf8JsonWriter line, Proposal one)
    {
        if (one.Payout is { } order)
        {
            line.WriteNumber("amountQepik", order.AmountQepik);
            line.WriteString("creditor", order.CreditorName);
            line.WriteString("creditorIban", order.CreditorIban);
            line.WriteString("budgetLevel", order.BudgetLevel);
            line.WriteString("budgetCode", order.BudgetCode);
            line.WriteString("executionDay", LocalDatePattern.Iso.Format(order.ExecutionDay));
            line.WriteString("lastPayout", order.LastPayoutId?.ToString(CultureInfo.InvariantCulture));
            line.WriteString("lastIban", order.LastIban);
            line.WritePropertyName("accountChanged");
            if (order.AccountChanged is { } changed)
            {
                line.WriteBooleanValue(changed);
            }
            else
            {
                line.WriteNullValue();
            }
        }

        if (one.Postings is { } postings)
        {
            line.WriteStartArray("postings");
            foreach (var each in postings)
            {
                line.WriteStartObject();
                line.WriteString("agent", each.Agent);
                line.WriteString("debit", Accounts.Name(each.Debit));
                line.WriteString("credit", Accounts.Name(each.Credit));
                line.WriteNumber("amountQepik", each.AmountQepik);
                line.WriteNumber("group", each.Group);
                line.WriteEndObject();
            }

            line.WriteEndArray();
        }

        if (one.Terms is { } terms)
        {
            line.WriteString("validFrom", LocalDatePattern.Iso.Format(terms.ValidFrom));
            line.WriteString("sha256", terms.Sha256);
            line.WritePropertyName("receivers");
            line.WriteRawValue(terms.Receivers);
        }
    }
}
