using EGovPay.Settlement.Mapping;
using EGovPay.Settlement.Reconciliation;
using NodaTime;

namespace EGovPay.Settlement.Terms;

/// <summary>
/// What settlement has to be told: who we are at our banks, where providers want their money, how agents settle. Data, by version; of a
/// day, the newest version that is valid from it or before is in force.
/// </summary>
/// <param name="Providers">Each provider once; one without a beneficiary here is not paid out.</param>
/// <param name="Agents">Each agent once; one that is not here pays in advance.</param>
public sealed record SettlementTerms(
    Payer Payer, IReadOnlyList<OwnAccount> Accounts, IReadOnlyList<ProviderTerms> Providers, IReadOnlyList<AgentTerms> Agents)
{
    /// <summary>How tables of banks, providers and acquirers are read; none where the document has no such section.</summary>
    public IReadOnlyList<FileMapping> Mappings { get; init; } = [];

    /// <summary>Card acquirers that pay us; none where the document has no such section.</summary>
    public IReadOnlyList<AcquirerTerms> Acquirers { get; init; } = [];

    /// <summary>By which ways, and in which order, what came in is matched; the usual ones where the document has no such section.</summary>
    public MatchStrategies Strategies { get; init; } = MatchStrategies.Usual;

    /// <summary>A provider's terms, or null.</summary>
    public ProviderTerms? Provider(string code) => Providers.FirstOrDefault(one => one.Code == code);

    /// <summary>An agent's terms; in advance where the document says nothing of it.</summary>
    public AgentTerms Agent(string code) =>
        Agents.FirstOrDefault(one => one.Code == code) ?? new AgentTerms(code, Afterwards: false, 0, false, []);

    /// <summary>The agent that pays in from an account, or null.</summary>
    public AgentTerms? AgentOfAccount(string account) => Agents.FirstOrDefault(one => one.DepositAccounts.Contains(account, StringComparer.Ordinal));
}

/// <summary>Who orders payouts: the operator, as banks know it.</summary>
public sealed record Payer(string Name, string Voen);

/// <summary>An account of ours. The first pays out.</summary>
/// <param name="Bic">8 or 11 characters.</param>
/// <param name="BankCode">The bank's 6 digits.</param>
/// <param name="Currency">Three letters.</param>
public sealed record OwnAccount(string Iban, string Bic, string BankCode, string Currency, string Name);

/// <summary>Where a provider's money goes.</summary>
/// <param name="PaysOut">False: nothing is proposed for it; it is settled otherwise.</param>
public sealed record ProviderTerms(string Code, Beneficiary Beneficiary, bool PaysOut);

/// <summary>The receiver of a payout.</summary>
public sealed record Beneficiary(string Name, string Voen, string Iban, string Bic, string BankCode);

/// <summary>How an agent settles.</summary>
/// <param name="Afterwards">True: what it took on a business day is due later; false: it pays in before it takes.</param>
/// <param name="DueBankDays">Bank days after the business day on which it is due, 0 to 60.</param>
/// <param name="SuspendWhenOverdue">True: it takes nothing while anything is overdue.</param>
/// <param name="DepositAccounts">Accounts that its deposits come from.</param>
public sealed record AgentTerms(
    string Code, bool Afterwards, int DueBankDays, bool SuspendWhenOverdue, IReadOnlyList<string> DepositAccounts);

/// <summary>A card acquirer.</summary>
/// <param name="Code">As its reports are imported; with a mapping of this name they can be read.</param>
/// <param name="PayAccounts">Accounts that it pays from.</param>
public sealed record AcquirerTerms(string Code, IReadOnlyList<string> PayAccounts);

/// <summary>A version of the terms, and from which day on it is in force.</summary>
public sealed record TermsVersion(int Version, LocalDate ValidFrom, string Sha256, SettlementTerms Terms);
