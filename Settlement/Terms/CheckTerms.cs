using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Validation;
using EGovPay.Settlement.Mapping;
using EGovPay.Settlement.Reconciliation;

namespace EGovPay.Settlement.Terms;

/// <summary>Terms, or everything that is wrong with their file.</summary>
/// <param name="Terms">Null if there is any fault.</param>
/// <param name="Faults">Every fault by line; empty if there is none.</param>
public sealed record TermsCheck(SettlementTerms? Terms, IReadOnlyList<CatalogueFault> Faults);

/// <summary>Reads a file of settlement terms and names every fault with its line; a file with one fault is no terms.</summary>
public static class CheckTerms
{
    /// <summary>The largest file that is read, bytes.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    private const int MostAccounts = 50;
    private const int MostProviders = 5_000;
    private const int MostAgents = 20_000;
    private const int MostDepositAccounts = 50;
    private const int MostDueDays = 60;
    private const int MostName = 140;
    private const int IbanLength = 28;

    /// <summary>As long as one that is written in groups, so that it is told what is wrong with it.</summary>
    private const int MostIban = 40;

    /// <summary>Checks a file.</summary>
    /// <param name="utf8">The file, JSON in UTF-8.</param>
    /// <param name="stored">It was applied before: what is asked of new files only is not asked of it, or nobody could read what is in force.</param>
    public static TermsCheck Run(ReadOnlySpan<byte> utf8, bool stored = false)
    {
        var faults = new CatalogueFaults();
        if (utf8.Length > MostBytes)
        {
            faults.Add(1, string.Create(
                CultureInfo.InvariantCulture, $"The file has {utf8.Length} bytes; at most {MostBytes} are read."));
            return new TermsCheck(null, faults.InOrder());
        }

        var root = JsonWithLines.Read(utf8, faults);
        var terms = root is null ? null : Read(root, faults);
        if (root is not null && !stored)
        {
            OneBank(root, faults);
        }

        return faults.Count == 0 ? new TermsCheck(terms, []) : new TermsCheck(null, faults.InOrder());
    }

    /// <summary>True for an Azerbaijani IBAN whose check digits are right.</summary>
    public static bool IsIban(string text) =>
        text.Length == IbanLength && text.StartsWith("AZ", StringComparison.Ordinal) && CheckDigits.Mod97(text)
        && text.All(one => char.IsAsciiDigit(one) || char.IsAsciiLetterUpper(one));

    private static SettlementTerms? Read(JsonWithLines root, CatalogueFaults faults)
    {
        if (ReadObject.From(
                root, "The terms", faults, ["format", "payer", "accounts", "providers", "agents", "acquirers", "mappings", "strategies"]) is not { } file)
        {
            return null;
        }

        file.Whole("format", 1, 1);
        var payer = file.Value("payer") is { } node && ReadObject.From(node, "The payer", faults, ["name", "voen"]) is { } one
            ? new Payer(one.Text("name", MostName) ?? "", Voen(one)) : null;
        var accounts = Accounts(file, faults);
        var providers = Each(
            file, "providers", MostProviders, (item, into) => Provider(item, accounts, into), one => one.Code, faults);
        var agents = Each(file, "agents", MostAgents, Agent, one => one.Code, faults);
        var acquirers = Each(file, "acquirers", MostAccounts, Acquirer, one => one.Code, faults);
        Unshared(file, agents, acquirers);
        var mappings = file.Value("mappings", optional: true) is null ? []
            : ReadMappings.From(file.Items("mappings", ReadMappings.MostMappings), faults);
        var strategies = file.Value("strategies", optional: true) is { } said ? ReadStrategies.From(said, faults) : MatchStrategies.Usual;
        return payer is null ? null
            : new SettlementTerms(payer, accounts, providers, agents) {
                Acquirers = acquirers, Mappings = mappings, Strategies = strategies,
            };
    }

    private static List<OwnAccount> Accounts(ReadObject file, CatalogueFaults faults)
    {
        var accounts = new List<OwnAccount>();
        foreach (var item in file.Items("accounts", MostAccounts))
        {
            if (ReadObject.From(item, "An account", faults, ["iban", "bic", "bankCode", "currency", "name"]) is not { } one)
            {
                continue;
            }

            var currency = one.Text("currency", 3) ?? "";
            if (currency.Length != 3 || !currency.All(char.IsAsciiLetterUpper))
            {
                one.Fault("currency", "An account: \"currency\" must be three letters, such as AZN.");
            }

            var account = new OwnAccount(Iban(one), Bic(one), BankCode(one), currency, one.Text("name", MostName) ?? "");
            if (accounts.Exists(other => other.Iban == account.Iban))
            {
                one.Fault("iban", $"The account {account.Iban} is there twice.");
            }

            accounts.Add(account);
        }

        return accounts;
    }

    private static ProviderTerms? Provider(JsonWithLines item, List<OwnAccount> accounts, CatalogueFaults faults)
    {
        if (ReadObject.From(item, "A provider", faults, ["code", "beneficiary", "paysOut"]) is not { } one
            || one.Text("code", 40) is not { } code || one.Value("beneficiary") is not { } node
            || ReadObject.From(
                node, $"The beneficiary of {code}", faults, ["name", "voen", "iban", "bic", "bankCode"]) is not { } to)
        {
            return null;
        }

        var iban = Iban(to);
        if (accounts.Exists(own => own.Iban == iban && iban.Length > 0))
        {
            to.Fault("iban", $"The beneficiary of {code} would be paid into {iban}, an account of our own.");
        }

        return new ProviderTerms(
            code, new Beneficiary(to.Text("name", MostName) ?? "", Voen(to), iban, Bic(to), BankCode(to)),
            one.Flag("paysOut", absent: true) ?? true);
    }

    private static AgentTerms? Agent(JsonWithLines item, CatalogueFaults faults)
    {
        if (ReadObject.From(
                item, "An agent", faults, ["code", "settles", "dueBankDays", "suspendWhenOverdue", "depositAccounts"]) is not { } one
            || one.Text("code", 40) is not { } code)
        {
            return null;
        }

        var afterwards = one.Word<Settles>("settles", Settles.Prefunded) == Settles.Afterwards;
        var days = afterwards ? one.Whole("dueBankDays", 0, MostDueDays) ?? 0 : 0;
        if (!afterwards && one.Value("dueBankDays", optional: true) is not null)
        {
            one.Fault("dueBankDays", $"Agent {code} pays in advance: nothing is due. Say \"settles\": \"afterwards\", or leave it out.");
        }

        return new AgentTerms(
            code, afterwards, days, one.Flag("suspendWhenOverdue", absent: false) ?? false, Senders(one, "depositAccounts", $"Agent {code}"));
    }

    private static AcquirerTerms? Acquirer(JsonWithLines item, CatalogueFaults faults) =>
        ReadObject.From(item, "An acquirer", faults, ["code", "payAccounts"]) is { } one && one.Text("code", 40) is { } code
            ? new AcquirerTerms(code, Senders(one, "payAccounts", $"Acquirer {code}")) : null;

    /// <summary>Accounts from which somebody pays us, as their bank writes them.</summary>
    private static List<string> Senders(ReadObject one, string property, string who)
    {
        var from = new List<string>();
        foreach (var account in one.Value(property, optional: true)?.Items.Take(MostDepositAccounts) ?? [])
        {
            if (account.Text.Length is 0 or > 34 || !account.Text.All(char.IsAsciiLetterOrDigit))
            {
                one.Fault(property, $"{who}: an account has 1 to 34 letters and digits.");
            }

            from.Add(account.Text);
        }

        return from;
    }

    /// <summary>Who paid in must be known from the account alone.</summary>
    private static void Unshared(ReadObject file, List<AgentTerms> agents, List<AcquirerTerms> acquirers)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (agent, account) in agents.SelectMany(
            agent => agent.DepositAccounts.Distinct(StringComparer.Ordinal), (agent, account) => (agent, account)))
        {
            if (!owners.TryAdd(account, agent.Code))
            {
                file.Fault("agents", $"Deposits from {account} would be of {owners[account]} and of {agent.Code}: an account is of one agent.");
            }
        }

        foreach (var (acquirer, account) in acquirers.SelectMany(
            acquirer => acquirer.PayAccounts.Distinct(StringComparer.Ordinal), (acquirer, account) => (acquirer, account)))
        {
            if (!owners.TryAdd(account, acquirer.Code))
            {
                file.Fault("acquirers", $"Payments from {account} would be of {owners[account]} and of {acquirer.Code}: an account is of one of them.");
            }
        }
    }

    private static List<TItem> Each<TItem>(
        ReadObject file, string property, int most, Func<JsonWithLines, CatalogueFaults, TItem?> read, Func<TItem, string> code,
        CatalogueFaults faults)
        where TItem : class
    {
        var all = new List<TItem>();
        var met = new HashSet<string>(StringComparer.Ordinal);
        if (file.Value(property, optional: true) is null)
        {
            return all;
        }

        foreach (var item in file.Items(property, most))
        {
            if (read(item, faults) is { } one)
            {
                if (!met.Add(code(one)))
                {
                    faults.Add(item.Line, $"{property}: {code(one)} is there twice.");
                }

                all.Add(one);
            }
        }

        return all;
    }

    private static string Voen(ReadObject one)
    {
        var text = one.Text("voen", 10) ?? "";
        if (text.Length > 0 && !CheckDigits.Voen(text))
        {
            one.Fault("voen", $"{CatalogueFaults.Shorten(text)} is no VÖEN: ten digits, of which the ninth checks the others.");
        }

        return text;
    }

    private static string Iban(ReadObject one)
    {
        var text = one.Text("iban", MostIban) ?? "";
        if (text.Length > 0 && WrongWithIban(text) is { } wrong)
        {
            one.Fault("iban", $"{CatalogueFaults.Shorten(text)} is no IBAN of Azerbaijan: {wrong}");
        }

        return text;
    }

    /// <summary>What it is that is wrong and what to do, or null. The digits that would fit are not told: it is the rest that may be wrong.</summary>
    private static string? WrongWithIban(string text) =>
        text.Any(char.IsWhiteSpace) ? "it has spaces. Write it without."
        : text.FirstOrDefault(one => !char.IsAsciiDigit(one) && !char.IsAsciiLetterUpper(one)) is var odd and not '\0'
            ? $"it has '{odd}'. Capital letters A to Z and digits only."
        : !text.StartsWith("AZ", StringComparison.Ordinal) ? "it does not begin with AZ. Payouts go to accounts in this country."
        : text.Length != IbanLength
            ? FormattableString.Invariant($"it has {text.Length} characters, and one has {IbanLength}: AZ, two check digits, 24 more.")
        : !IsIban(text) ? $"its check digits {text[2..4]} do not fit the rest, so at least one character is wrong. "
            + "Compare it, one by one, with what the owner of the account gave you; if it stands so there, ask them."
        : null;

    /// <summary>An account names its bank by the first four letters of the BIC.</summary>
    private static void OneBank(JsonWithLines node, CatalogueFaults faults)
    {
        JsonWithLines? Of(string name) => node.Properties.Find(one => one.Name == name).Value is { Kind: JsonTokenType.String } text ? text : null;
        if (Of("iban") is { } iban && Of("bic") is { Text.Length: >= 4 } bic && IsIban(iban.Text)
            && !iban.Text.AsSpan(4, 4).SequenceEqual(bic.Text.AsSpan(0, 4)))
        {
            faults.Add(bic.Line, $"{CatalogueFaults.Shorten(bic.Text)} is the BIC of another bank than that of the account {iban.Text}: "
                + $"after the check digits it names {iban.Text[4..8]}.");
        }

        node.Properties.ForEach(one => OneBank(one.Value, faults));
        node.Items.ForEach(one => OneBank(one, faults));
    }

    private static string Bic(ReadObject one)
    {
        var text = one.Text("bic", 11) ?? "";
        if (text.Length > 0 && (text.Length is not (8 or 11) || !text.All(c => char.IsAsciiDigit(c) || char.IsAsciiLetterUpper(c))))
        {
            one.Fault("bic", $"{CatalogueFaults.Shorten(text)} is no BIC: 8 or 11 capitals and digits.");
        }

        return text;
    }

    private static string BankCode(ReadObject one)
    {
        var text = one.Text("bankCode", 6) ?? "";
        if (text.Length > 0 && (text.Length != 6 || !text.AsSpan().ContainsOnlyDigits()))
        {
            one.Fault("bankCode", $"{CatalogueFaults.Shorten(text)} is no bank code: six digits.");
        }

        return text;
    }

    private static bool ContainsOnlyDigits(this ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    private enum Settles
    {
        Prefunded = 1,
        Afterwards,
    }
}
