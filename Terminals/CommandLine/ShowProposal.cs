using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.People;
using EGovPay.Settlement.Terms;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>What whoever approves has to see of a payout and of terms: whose account the money goes to, and whether that is another than before.</summary>
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

        if (one.Terms is { } terms)
        {
            line.WriteString("validFrom", LocalDatePattern.Iso.Format(terms.ValidFrom));
            line.WriteString("sha256", terms.Sha256);
            line.WritePropertyName("receivers");
            line.WriteRawValue(terms.Receivers);
        }
    }
}
