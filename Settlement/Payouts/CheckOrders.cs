using System.Text.RegularExpressions;
using System.Xml;
using EGovPay.Processing.Validation;

namespace EGovPay.Settlement.Payouts;

/// <summary>What every order must satisfy, whatever the form of its file.</summary>
internal static partial class CheckOrders
{
    /// <summary>ISO 20022's amounts have 18 digits; more than that is a defect anyway.</summary>
    private const long MostQepik = 999_999_999_999_999_999;

    private const int LongestId = 35;

    public static IReadOnlyList<PayoutFault> Of(IReadOnlyList<PayoutOrder> orders)
    {
        var faults = new List<PayoutFault>();
        if (orders.Count == 0)
        {
            faults.Add(new PayoutFault("", "orders", "A file has at least one order."));
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        Int128 sum = 0;
        foreach (var order in orders)
        {
            if (!seen.Add(order.EndToEndId))
            {
                faults.Add(new PayoutFault(order.EndToEndId, "EndToEndId", "Two orders have this id."));
            }

            sum += order.AmountQepik;
            faults.AddRange(Of(order).Select(fault => new PayoutFault(order.EndToEndId, fault.Field, fault.Text)));
        }

        if (sum > MostQepik)
        {
            faults.Add(new PayoutFault("", "AmountQepik", "The sum has more than 18 digits."));
        }

        return faults;
    }

    /// <summary>Ids come back through systems of all ages: capitals, digits and a hyphen inside.</summary>
    public static bool IsId(string id) => id.Length <= LongestId && Id().IsMatch(id);

    private static IEnumerable<(string Field, string Text)> Of(PayoutOrder order)
    {
        if (!IsId(order.EndToEndId))
        {
            yield return ("EndToEndId", $"An id has 1 to {LongestId} capitals, digits and hyphens, no hyphen first or last.");
        }

        if (order.AmountQepik is < 1 or > MostQepik)
        {
            yield return ("AmountQepik", "An amount is from 1 qəpik and has 18 digits at most.");
        }

        if (string.IsNullOrWhiteSpace(order.Purpose) || !Writable(order.Purpose))
        {
            yield return ("Purpose", "A purpose is one line of text.");
        }

        if (order.Budget is { } budget)
        {
            if (!Level().IsMatch(budget.Level))
            {
                yield return ("Budget.Level", $"\"{budget.Level}\" is no budget level: 1 to 7, or that and Y.");
            }

            if (!Classification().IsMatch(budget.Code))
            {
                yield return ("Budget.Code", $"\"{budget.Code}\" is no budget classification: six digits.");
            }

            if (order.Creditor.Voen is null)
            {
                yield return ("Creditor.Voen", "A budget receiver has a VÖEN.");
            }
        }

        foreach (var (side, party) in new[] { ("Debtor", order.Debtor), ("Creditor", order.Creditor) })
        {
            foreach (var (field, text) in Of(party))
            {
                yield return ($"{side}.{field}", text);
            }
        }
    }

    private static IEnumerable<(string Field, string Text)> Of(BankParty party)
    {
        if (string.IsNullOrWhiteSpace(party.Name) || !Writable(party.Name) || party.Name.Length > 140)
        {
            yield return ("Name", "A name is one line of 1 to 140 characters.");
        }

        if (!Iban().IsMatch(party.Iban) || !CheckDigits.Mod97(party.Iban))
        {
            yield return ("Iban", "An IBAN is AZ, two check digits that fit, four letters and 20 letters or digits.");
        }

        if (party.Voen is { } voen && !CheckDigits.Voen(voen))
        {
            yield return ("Voen", "A VÖEN has ten digits, the ninth fits the others, the last is 1 or 2.");
        }

        if (party.Bic is { } bic && !Bic().IsMatch(bic))
        {
            yield return ("Bic", $"\"{bic}\" is no BIC.");
        }

        if (party.BankCode is { } code && !Classification().IsMatch(code))
        {
            yield return ("BankCode", "A bank's code has six digits.");
        }

        if (party is { Bic: null, BankCode: null })
        {
            yield return ("Bic", "The bank is named by its BIC or its code.");
        }
    }

    private static bool Writable(string text) =>
        text.AsSpan().IndexOfAnyInRange('\0', '\u001F') < 0 && text.Trim().Length == text.Length && IsXml(text);

    private static bool IsXml(string text)
    {
        try
        {
            XmlConvert.VerifyXmlChars(text);
            return true;
        }
        catch (XmlException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^[0-9A-Z](?:[0-9A-Z-]*[0-9A-Z])?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Id();

    [GeneratedRegex(@"^[1-7]Y?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Level();

    [GeneratedRegex(@"^[0-9]{6}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Classification();

    [GeneratedRegex(@"^AZ[0-9]{2}[A-Z]{4}[0-9A-Z]{20}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Iban();

    [GeneratedRegex(@"^[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Bic();
}
