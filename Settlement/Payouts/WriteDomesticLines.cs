using System.Globalization;
using System.Text;
using EGovPay.Processing;
using NodaTime;

namespace EGovPay.Settlement.Payouts;

/// <summary>
/// Writes orders as the "DM" lines that a bank's corporate channel takes: comma-separated, 12 to 15 fields, no quotes, so a comma can stand in no
/// field. What the form cannot express is refused, field by field; nothing is cut.
/// </summary>
public static class WriteDomesticLines
{
    private const int LongestText = 35;

    /// <summary>A line has four purposes; a budget line's first two are the level and the code.</summary>
    private const int Purposes = 4;

    /// <summary>Where this form's bank has the currency in its IBANs, from 0.</summary>
    private static readonly Range CurrencyOfIban = 13..16;

    /// <summary>Writes the file, or nothing where anything in it cannot be expressed.</summary>
    /// <param name="today">The date of all lines: the bank takes no other than the day on which it gets the file.</param>
    /// <param name="commissionIban">The account that bears the bank's commission; null: the one that is debited.</param>
    public static IReadOnlyList<PayoutFault> To(
        Stream stream, LocalDate today, IReadOnlyList<PayoutOrder> orders, string? commissionIban = null)
    {
        var faults = CheckOrders.Of(orders).ToList();
        var lines = orders.Select(order => Line(order, today, commissionIban ?? order.Debtor.Iban, faults)).ToList();
        if (faults.Count > 0)
        {
            return faults;
        }

        using var text = new StreamWriter(stream, Encoding.ASCII, leaveOpen: true) { NewLine = "\r\n" };
        foreach (var line in lines)
        {
            text.WriteLine(string.Join(',', line));
        }

        return [];
    }

    private static List<string> Line(PayoutOrder order, LocalDate today, string commissionIban, List<PayoutFault> faults)
    {
        void Fault(string field, string text) => faults.Add(new PayoutFault(order.EndToEndId, field, text));

        if (order.ExecutionDay > today)
        {
            Fault("ExecutionDay", "The bank executes such a file on the day it gets it, and this order is for a later one.");
        }

        if (order.Debtor.Iban.Length != 28 || order.Debtor.Iban[CurrencyOfIban] != PayoutOrder.Currency)
        {
            Fault("Debtor.Iban", $"Characters 14 to 16 of the debited IBAN are the currency, {PayoutOrder.Currency}, at the bank of this form.");
        }

        if (commissionIban.Length != 28)
        {
            Fault("CommissionIban", "An IBAN has 28 characters.");
        }

        if (order.Creditor.BankCode is null)
        {
            Fault("Creditor.BankCode", "This form names the receiver's bank by its code.");
        }

        if (order is { Urgent: true, Budget: not null })
        {
            Fault("Urgent", "A budget line is of type T, and there is no urgent one.");
        }

        var name = Plain(order.Creditor.Name, "Creditor.Name", Fault);
        if (name.Length > LongestText)
        {
            Fault("Creditor.Name", $"It has more than {LongestText} characters, and nothing is cut.");
        }

        var room = order.Budget is null ? Purposes : Purposes - 2;
        var purposes = Split(Plain(order.Purpose, "Purpose", Fault));
        if (purposes.Count > room)
        {
            Fault("Purpose", $"It does not go into {room} lines of {LongestText} characters, and nothing is cut.");
        }

        return
        [
            "DM",
            order.Budget is not null ? "T" : order.Urgent ? "U" : "S",
            today.ToString("ddMMuuuu", CultureInfo.InvariantCulture),
            order.Debtor.Iban,
            PayoutOrder.Currency,
            name,
            order.Creditor.Iban,
            order.Creditor.Voen ?? "",
            order.Creditor.BankCode ?? "",
            order.AmountQepik > 0 ? new Money(order.AmountQepik).ToString() : "",
            commissionIban,
            .. order.Budget is { } budget ? new[] { budget.Level, budget.Code } : [],
            .. purposes,
        ];
    }

    private static string Plain(string text, string field, Action<string, string> fault)
    {
        if (LatinLetters.Of(text, out var strange) is not { } latin)
        {
            fault(field, $"\"{strange}\" has no Latin letter.");
            return text;
        }

        if (latin.Contains(',', StringComparison.Ordinal))
        {
            fault(field, "A comma ends the field in this form.");
        }

        return latin;
    }

    /// <summary>Between words where that is possible; a longer word is divided.</summary>
    private static List<string> Split(string text)
    {
        var lines = new List<string>();
        var rest = text.AsSpan();
        while (rest.Length > LongestText)
        {
            var space = rest[..(LongestText + 1)].LastIndexOf(' ');
            var length = space > 0 ? space : LongestText;
            lines.Add(rest[..length].TrimEnd().ToString());
            rest = rest[length..].TrimStart();
        }

        lines.Add(rest.ToString());
        return lines;
    }
}
