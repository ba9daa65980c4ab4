using EGovPay.Settlement.Terms;

namespace EGovPay.Settlement.Statements;

/// <summary>Our own bank accounts, and how statements name them.</summary>
public sealed class OurAccounts
{
    /// <summary>Characters of an IBAN before the number that a bank's own systems use: country, check digits, bank.</summary>
    private const int BeforeNumber = 8;

    private readonly Dictionary<string, string> byName = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="ibans">As the terms write them.</param>
    public OurAccounts(IEnumerable<string> ibans)
    {
        var numbers = new List<(string Number, string Iban)>();
        foreach (var iban in ibans.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            byName[Plain(iban)] = iban;
            if (Plain(iban).Length > BeforeNumber)
            {
                numbers.Add((Plain(iban)[BeforeNumber..], iban));
            }
        }

        // The number without its bank names an account only where no two banks gave us the same.
        foreach (var one in numbers.GroupBy(pair => pair.Number, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() == 1))
        {
            byName.TryAdd(one.Key, one.First().Iban);
        }
    }

    /// <summary>Nobody's.</summary>
    public static OurAccounts None { get; } = new([]);

    /// <summary>Those of the terms; nobody's without terms.</summary>
    public static OurAccounts Of(SettlementTerms? terms) => terms is null ? None : new OurAccounts(terms.Accounts.Select(account => account.Iban));

    /// <summary>The account as the terms write it, or null: it is not ours.</summary>
    public string? Find(string account) => byName.GetValueOrDefault(Plain(account));

    private static string Plain(string account) => account.Replace(" ", "", StringComparison.Ordinal);
}
