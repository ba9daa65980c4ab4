using EGovPay.Settlement.Breaks;
using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>A booking on an account of ours.</summary>
/// <param name="AmountQepik">Into the account positive; of another currency its minor units.</param>
internal sealed record BankEntry(
    long StatementId, int EntryNo, long FileId, int Line, string Account, string Currency, long AmountQepik, LocalDate Day, bool Reversal,
    string? BankReference, string? OwnReference, string? EndToEndId, string? Counterparty, string? Remittance)
{
    /// <summary>What it is made of, where it says so.</summary>
    public IReadOnlyList<BankPart> Parts { get; init; } = [];
}

/// <summary>A part of a booking.</summary>
internal sealed record BankPart(long? AmountQepik, string? EndToEndId, string? Counterparty);

/// <summary>A payout that a bank was told of.</summary>
/// <param name="Returned">It came back, and the money stands in the payables again: what the bank booked of it makes nothing.</param>
internal sealed record ToldPayout(
    long Id, int ProviderId, long AmountQepik, string EndToEndId, LocalDate Day, string Creditor, long FileId, string MessageId,
    bool Returned);

/// <summary>A deposit that people booked for an agent.</summary>
internal sealed record BookedDeposit(int AgentId, string Agent, string Reference, long AmountQepik, LocalDate Day);

/// <summary>One difference with a bank; of the entry, the payout and the deposit, what it is about.</summary>
internal sealed record BankDifference(
    BreakKind Kind, long AtRiskQepik, string Cause, string Step, BankEntry? Entry = null, ToldPayout? Payout = null,
    BookedDeposit? Deposit = null, string? SuggestedAgent = null);

/// <summary>
/// Holds what banks booked against what we told them to pay and what we booked as deposits. In order: by end-to-end id; by amount, day
/// and account, where one and one are left; several for one by their exact sum. Whatever is left on either side is a difference; nothing is
/// matched by its amount alone.
/// </summary>
/// <param name="agentOf">The agents that pay in, by the accounts that the terms name. Of an agent without one a deposit that no bank shows is none
/// of our business: it may have been paid in cash.</param>
/// <param name="spokenTo">The last day that statements speak of; null: none came.</param>
internal sealed class MatchBank(IReadOnlyDictionary<string, string> agentOf, LocalDate? spokenFrom, LocalDate? spokenTo)
{
    /// <summary>A bank may book so many days after it was to.</summary>
    private const int DaysLate = 3;

    private readonly HashSet<string> agents = agentOf.Values.ToHashSet(StringComparer.Ordinal);
    private readonly List<BankDifference> differences = [];
    private readonly HashSet<BankEntry> used = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> found = new(ReferenceEqualityComparer.Instance);

    /// <summary>Bookings that are just what we say.</summary>
    public int Matched { get; private set; }

    public IReadOnlyList<BankDifference> Differences => differences;

    public void Run(IReadOnlyList<BankEntry> entries, IReadOnlyList<ToldPayout> payouts, IReadOnlyList<BookedDeposit> deposits)
    {
        ByEndToEndId(entries, payouts);
        ByAmountDayAndAccount(entries, payouts);
        WholeFiles(entries, payouts);
        ByReference(entries, deposits);
        SumsOfDeposits(entries, deposits);
        Left(entries, payouts, deposits);
    }

    private void ByEndToEndId(IReadOnlyList<BankEntry> entries, IReadOnlyList<ToldPayout> payouts)
    {
        var named = payouts.ToDictionary(one => one.EndToEndId, StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var parts = entry.Parts.Where(part => part.EndToEndId is not null).ToList();
            if (parts.Count == 0 && entry.EndToEndId is { } alone)
            {
                parts = [new BankPart(entry.AmountQepik, alone, entry.Counterparty)];
            }

            foreach (var part in parts)
            {
                if (named.GetValueOrDefault(part.EndToEndId!) is not { } payout)
                {
                    continue;
                }

                used.Add(entry);
                if (payout.Returned)
                {
                    Matched++;
                    continue;
                }

                var amount = part.AmountQepik ?? (parts.Count == 1 ? entry.AmountQepik : -payout.AmountQepik);
                if (amount > 0 || entry.Reversal)
                {
                    differences.Add(new BankDifference(
                        BreakKind.PayoutRejected, payout.AmountQepik, "bank-returned", "ask-bank", entry, payout));
                    found.Add(payout);
                }
                else if (!found.Add(payout))
                {
                    differences.Add(new BankDifference(
                        BreakKind.Duplicate, payout.AmountQepik, "repeated-there", "ask-bank", entry, payout));
                }
                else
                {
                    Compare(entry, payout, -amount, part.Counterparty ?? entry.Counterparty);
                }
            }
        }
    }

    private void Compare(BankEntry entry, ToldPayout payout, long amount, string? creditor)
    {
        var before = differences.Count;
        if (entry.Currency != "AZN")
        {
            differences.Add(new BankDifference(BreakKind.CurrencyDiffers, payout.AmountQepik, "other-currency", "ask-bank", entry, payout));
        }
        else if (amount != payout.AmountQepik)
        {
            differences.Add(new BankDifference(
                amount > payout.AmountQepik ? BreakKind.OverAmount : BreakKind.UnderAmount, Math.Abs(amount - payout.AmountQepik),
                amount > payout.AmountQepik ? "more-there" : "less-there", "ask-bank", entry, payout));
        }

        if (creditor is not null && !SameAccount(creditor, payout.Creditor))
        {
            differences.Add(new BankDifference(BreakKind.WrongAccount, payout.AmountQepik, "other-account", "ask-bank", entry, payout));
        }

        if (entry.Day < payout.Day || entry.Day > payout.Day.PlusDays(DaysLate))
        {
            differences.Add(new BankDifference(BreakKind.WrongDay, 0, "other-day", "accept-if-paid-once", entry, payout));
        }

        Matched += differences.Count == before ? 1 : 0;
    }

    private void ByAmountDayAndAccount(IReadOnlyList<BankEntry> entries, IReadOnlyList<ToldPayout> payouts)
    {
        // An entry that names another payment by its id is no payout of ours, whatever else it says.
        var debits = entries.Where(entry => Free(entry) && entry is { AmountQepik: < 0, EndToEndId: null, Counterparty: not null })
            .GroupBy(entry => (-entry.AmountQepik, entry.Day, Plain(entry.Counterparty!)));
        var open = payouts.Where(Open).ToLookup(one => (one.AmountQepik, one.Day, Plain(one.Creditor)));
        foreach (var debit in debits.Where(group => group.Count() == 1).ToList())
        {
            if (open[debit.Key].ToList() is [var payout])
            {
                Match([debit.Single()], [payout]);
            }
        }
    }

    /// <summary>One booking for all payouts of one of our files.</summary>
    private void WholeFiles(IReadOnlyList<BankEntry> entries, IReadOnlyList<ToldPayout> payouts)
    {
        foreach (var file in payouts.Where(Open).GroupBy(one => (one.FileId, one.MessageId, one.Day)).ToList())
        {
            var sum = file.Sum(one => one.AmountQepik);
            var whole = payouts.Count(one => one.FileId == file.Key.FileId) == file.Count();
            var fits = entries.Where(entry => Free(entry) && entry.AmountQepik == -sum && entry.Day >= file.Key.Day
                && entry.Day <= file.Key.Day.PlusDays(DaysLate) && Names(entry, file.Key.MessageId)).ToList();
            if (whole && fits is [var entry])
            {
                Match([entry], file);
            }
        }
    }

    private void ByReference(IReadOnlyList<BankEntry> entries, IReadOnlyList<BookedDeposit> deposits)
    {
        foreach (var deposit in deposits)
        {
            var fits = entries.Where(entry => Free(entry) && (IsDeposit(entry, deposit) || !KnowsAccountsOf(deposit.Agent))
                && entry.Currency == "AZN" && entry.AmountQepik == deposit.AmountQepik && Names(entry, deposit.Reference)).ToList();
            if (fits is [var entry])
            {
                Match([entry], [deposit]);
            }
        }

        var open = deposits.Where(one => !found.Contains(one)).ToList();
        foreach (var deposit in open)
        {
            var fits = entries.Where(entry => Free(entry) && IsDeposit(entry, deposit) && entry.AmountQepik == deposit.AmountQepik
                && Near(entry.Day, deposit.Day)).ToList();
            if (fits is [var entry] && open.Count(other => other.Agent == deposit.Agent && other.AmountQepik == deposit.AmountQepik
                && Near(entry.Day, other.Day)) == 1)
            {
                Match([entry], [deposit]);
            }
        }
    }

    /// <summary>Several payments of an agent that people booked as one deposit: all that are left of its days, to the qəpik.</summary>
    private void SumsOfDeposits(IReadOnlyList<BankEntry> entries, IReadOnlyList<BookedDeposit> deposits)
    {
        foreach (var deposit in deposits.Where(one => !found.Contains(one)))
        {
            var left = entries.Where(entry => Free(entry) && IsDeposit(entry, deposit) && Near(entry.Day, deposit.Day)).ToList();
            if (left.Count > 1 && left.Sum(entry => entry.AmountQepik) == deposit.AmountQepik)
            {
                Match(left, [deposit]);
            }
        }
    }

    private void Left(IReadOnlyList<BankEntry> entries, IReadOnlyList<ToldPayout> payouts, IReadOnlyList<BookedDeposit> deposits)
    {
        foreach (var entry in entries.Where(Free))
        {
            var agent = entry.AmountQepik > 0 && entry.Counterparty is { } from ? agentOf.GetValueOrDefault(Plain(from)) : null;
            differences.Add(agent is null
                ? new BankDifference(BreakKind.Unidentified, Math.Abs(entry.AmountQepik), "bank-unknown", "ask-bank", entry)
                : new BankDifference(
                    BreakKind.MissingHere, entry.AmountQepik, "bank-deposit", "book-deposit", entry, SuggestedAgent: agent));
        }

        foreach (var payout in payouts.Where(one => Open(one) && SpokenOf(one.Day)))
        {
            differences.Add(new BankDifference(BreakKind.MissingThere, payout.AmountQepik, "bank-absent", "ask-bank", Payout: payout));
        }

        foreach (var deposit in deposits.Where(one => !found.Contains(one) && SpokenOf(one.Day) && KnowsAccountsOf(one.Agent)))
        {
            differences.Add(new BankDifference(BreakKind.MissingThere, deposit.AmountQepik, "bank-absent", "ask-bank", Deposit: deposit));
        }
    }

    /// <summary>Statements speak of the day and, for as long as a bank may be late, of those after it.</summary>
    private bool SpokenOf(LocalDate day) => spokenFrom is { } from && spokenTo is { } to && day >= from && day.PlusDays(DaysLate) <= to;

    private bool Open(ToldPayout payout) => !payout.Returned && !found.Contains(payout);

    private bool KnowsAccountsOf(string agent) => agents.Contains(agent);

    private bool Free(BankEntry entry) => !used.Contains(entry);

    private bool IsDeposit(BankEntry entry, BookedDeposit deposit) =>
        entry is { AmountQepik: > 0, Currency: "AZN", Counterparty: { } from } && agentOf.GetValueOrDefault(Plain(from)) == deposit.Agent;

    private void Match(List<BankEntry> entries, IEnumerable<object> ours)
    {
        used.UnionWith(entries);
        found.UnionWith(ours);
        Matched += entries.Count;
    }

    private static bool Near(LocalDate one, LocalDate other) => Math.Abs(Period.DaysBetween(one, other)) <= DaysLate;

    /// <summary>The reference stands in one of the entry's texts, and not as a part of a longer word.</summary>
    private static bool Names(BankEntry entry, string reference) =>
        new[] { entry.BankReference, entry.OwnReference, entry.EndToEndId }.Contains(reference, StringComparer.Ordinal)
        || (entry.Remittance ?? "").Split([' ', ',', ';', '/', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Contains(reference, StringComparer.Ordinal);

    private static bool SameAccount(string one, string other) => string.Equals(Plain(one), Plain(other), StringComparison.Ordinal);

    /// <summary>An account without the spaces that people put into it.</summary>
    public static string Plain(string account) => account.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
}
