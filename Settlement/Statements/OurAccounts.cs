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

    /// <summary>Those of many spellings that are of one account: its IBAN with spaces or without, and its number alone.</summary>
    /// <param name="account">One of them.</param>
    public static string[] SpellingsOf(string account, IReadOnlyList<string> all)
    {
        var known = new OurAccounts(all.Select(Plain).Where(IsIban).Distinct(StringComparer.OrdinalIgnoreCase));
        var one = known.Find(account);
        return [.. all.Where(other => other == account || (one is not null && known.Find(other) == one)).Append(account).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The account as the terms write it, or null: it is not ours.</summary>
    public string? Find(string account) => byName.GetValueOrDefault(Plain(account));

    private static bool IsIban(string account) =>
        account.Length is >= 15 and <= 34 && char.IsAsciiLetter(account[0]) && char.IsAsciiLetter(account[1])
        && char.IsAsciiDigit(account[2]) && char.IsAsciiDigit(account[3]);

    private static string Plain(string account) => account.Replace(" ", "", StringComparison.Ordinal);
}
