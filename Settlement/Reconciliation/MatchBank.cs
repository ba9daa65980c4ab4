using EGovPay.Settlement.Breaks;
using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Holds what banks booked against what we told them to pay and what we booked as deposits, by the strategies in their order. Whatever is
/// left on either side is a difference; nothing is matched by its amount alone, nor in another currency, nor where something else names it.
/// </summary>
/// <param name="agentOf">The agents that pay in, by the accounts that the terms name. Of an agent without one a deposit that no bank shows is none
/// of our business: it may have been paid in cash.</param>
/// <param name="spokenFrom">The first day that is looked at.</param>
/// <param name="spokenTo">The last day that statements speak of.</param>
internal sealed class MatchBank(
    IReadOnlyList<MatchStrategy> strategies, IReadOnlyDictionary<string, string> agentOf, LocalDate spokenFrom, LocalDate spokenTo)
{
    /// <summary>A bank may book so many bank days after it was to.</summary>
    public const int DaysLate = 3;

    private readonly HashSet<string> agents = agentOf.Values.ToHashSet(StringComparer.Ordinal);
    private readonly List<BankDifference> differences = [];
    private readonly List<BankMatch> matches = [];
    private BackOfBatches cameBack = new([]);
    private readonly HashSet<BankEntry> used = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> found = new(ReferenceEqualityComparer.Instance);
    private IReadOnlyList<BankEntry> entries = [];
    private IReadOnlyList<BankEntry> earlier = [];
    private readonly HashSet<object> outside = new(ReferenceEqualityComparer.Instance);
    private IReadOnlyList<ToldPayout> payouts = [];
    private IReadOnlyList<BookedDeposit> deposits = [];
    private ILookup<string, BankEntry> byWord = Array.Empty<BankEntry>().ToLookup(_ => "", StringComparer.Ordinal);
    private HashSet<string> namedIds = [];
    private HashSet<string> toldIds = [];
    private HashSet<(string Agent, string Reference)> documents = [];
    private ILookup<string, BookedDeposit> byReference = Array.Empty<BookedDeposit>().ToLookup(_ => "", StringComparer.Ordinal);

    /// <summary>The days on which banks book; every one, unless it is said.</summary>
    public BankDays Days { get; init; } = BankDays.Every;

    /// <summary>Which days statements speak of, by account; all of those that are looked at, unless it is said.</summary>
    public BankCoverage Coverage { get; init; } = BankCoverage.Of(spokenFrom, spokenTo);

    /// <summary>Bookings that are just what we say.</summary>
    public int Matched { get; private set; }

    public IReadOnlyList<BankDifference> Differences => differences;

    public IReadOnlyList<BankMatch> Matches => matches;

    /// <summary>Bookings, and parts of them, that name payouts by their ids.</summary>
    public IReadOnlyList<PayoutBooking> Booked { get; private set; } = [];

    /// <summary>Payouts that were given back whole, with the booking that says so.</summary>
    public List<(ToldPayout Payout, BankEntry Entry)> GivenBack { get; } = [];

    /// <param name="before">Bookings before the days that are looked at: what they say of payouts that are named within these days counts, too.</param>
    /// <param name="aside">Bookings before these days that deposits and payouts of these days may be; of themselves nothing is said.</param>
    public void Run(
        IReadOnlyList<BankEntry> booked, IReadOnlyList<ToldPayout> told, IReadOnlyList<BookedDeposit> bookedDeposits,
        IReadOnlyList<BankEntry>? before = null, IReadOnlyList<BankEntry>? aside = null)
    {
        earlier = before ?? [];
        toldIds = told.Select(one => one.EndToEndId).ToHashSet(StringComparer.Ordinal);
        outside.UnionWith((aside ?? []).Where(entry => !entry.Ids.Any(toldIds.Contains)));
        (entries, payouts, deposits) = ([.. outside.Cast<BankEntry>(), .. booked], told, bookedDeposits);
        byWord = entries.SelectMany(entry => entry.Words, (entry, word) => (entry, word))
            .ToLookup(one => one.word, one => one.entry, StringComparer.Ordinal);
        namedIds = entries.SelectMany(entry => entry.Ids).ToHashSet(StringComparer.Ordinal);
        cameBack = new BackOfBatches(entries.Concat(earlier));
        documents = [.. deposits.Select(one => (one.Agent, one.Reference))];
        byReference = deposits.ToLookup(one => one.Reference, StringComparer.Ordinal);
        Corrected();
        foreach (var strategy in strategies)
        {
            switch (strategy.By)
            {
                case MatchBy.Number:
                    ByEndToEndId();
                    break;
                case MatchBy.AccountAmountDay:
                    PayoutsByAccount();
                    break;
                case MatchBy.OneToMany:
                    WholeFiles(strategy.WithinDays);
                    break;
                case MatchBy.ReferenceAmountDay:
                    DepositsByReference(strategy.WithinDays);
                    break;
                case MatchBy.AccountAmountWindow:
                    DepositsByAccount(strategy.WithinDays);
                    break;
                case MatchBy.ManyToOne:
                    SumsOfDeposits(strategy.WithinDays);
                    break;
                default:
                    throw new InvalidOperationException($"Nothing is matched with banks by {strategy.Name}.");
            }
        }

        differences.AddRange(cameBack.TakenThoughRefused);
        GivenBack.AddRange(cameBack.Given(Booked, Coverage));
        Left();
    }

    /// <summary>What two people booked to settle a booking's break is the deposit of that booking where it is all of it; neither is ever another's.</summary>
    private void Corrected()
    {
        foreach (var of in deposits.Where(one => one.Settles is not null).GroupBy(one => one.Settles!.Value).ToList())
        {
            found.UnionWith(of);
            Match(MatchBy.Number, [.. entries.Where(entry => entry.IsWhole(of.Key, of.Sum(one => one.AmountQepik)))], [], [.. of]);
            used.UnionWith(entries.Where(entry => (entry.StatementId, entry.EntryNo) == of.Key));
        }
    }

    private void ByEndToEndId()
    {
        var read = new ReadBookings(payouts);
        foreach (var entry in entries.Where(read.Take))
        {
            used.Add(entry);
        }

        var named = read.Bookings.Select(one => one.Payout.Id).ToHashSet();
        var past = new ReadBookings(payouts);
        foreach (var entry in earlier)
        {
            past.Take(entry);
        }

        // What was booked before these days alone, was looked at then.
        found.UnionWith(past.Bookings.Select(one => one.Payout));
        Booked = [.. past.Bookings.Where(one => named.Contains(one.Payout.Id)), .. read.Bookings];
        differences.AddRange(read.Rests.Select(rest => new BankDifference(
            BreakKind.Unidentified, rest.Entry.Currency == "AZN" ? Math.Abs(rest.Qepik) : 0, "bank-rest", "ask-bank", rest.Entry)));
        foreach (var of in Booked.GroupBy(one => one.Payout).OrderBy(one => one.Key.Id))
        {
            found.Add(of.Key);
            OfPayout(of.Key, [.. of.Where(one => one.AmountQepik < 0)], [.. of.Where(one => one.AmountQepik > 0)]);
        }
    }

    /// <summary>What was taken for a payout and what was given back of it.</summary>
    private void OfPayout(ToldPayout payout, List<PayoutBooking> taken, List<PayoutBooking> back)
    {
        // A debit that takes something back is neither the payout nor its return: somebody has to ask.
        var turned = taken.Where(one => one.Entry.Reversal).ToList();
        taken.RemoveAll(turned.Contains);
        differences.AddRange(turned.DistinctBy(one => one.Entry).Select(one => new BankDifference(
            BreakKind.MissingHere, -one.AmountQepik, "bank-reversed", "ask-bank", one.Entry, payout)));
        if (payout.Returned)
        {
            differences.AddRange(PaidThoughReturned.Of(payout, taken, back));
            Matched += taken.Concat(back).Count(one => one.InManat);
            GivenBack.AddRange(back.Where(one => one.IsAllBack).Take(1).Select(one => (payout, one.Entry)));
            return;
        }

        foreach (var one in back.ToList())
        {
            // What was booked too often, and given back, is as if it had not been.
            if (taken.Count > 1 && taken.FindLastIndex(each => each.AmountQepik == -one.AmountQepik && each.SameCurrency(one)) is > 0 and var at)
            {
                taken.RemoveAt(at);
                back.Remove(one);
                Matched += 2;
            }
        }

        if (back.Count > 0)
        {
            differences.Add(new BankDifference(
                BreakKind.PayoutRejected, payout.AmountQepik, "bank-returned", "ask-bank", back[^1].Entry, payout));
            // Never without its own debit, nor where some of what was booked of it may be in no statement of ours.
            GivenBack.AddRange(
                turned.Count == 0 && payout.Day >= Coverage.FirstOf(payout.Debtor) && taken is [{ IsDebit: true }]
                    && back is [{ IsAllBack: true } only]
                    ? [(payout, only.Entry)] : []);
            return;
        }

        if (taken.Count == 0)
        {
            return;
        }

        Compare(taken[0]);
        differences.AddRange(taken.Skip(1).Select(again => new BankDifference(
            BreakKind.Duplicate, payout.AmountQepik, "bank-repeated", "ask-bank", again.Entry, payout)));
    }

    private void Compare(PayoutBooking booking)
    {
        var (entry, payout, amount) = (booking.Entry, booking.Payout, -booking.AmountQepik);
        var before = differences.Count;
        if (entry.Currency != "AZN")
        {
            differences.Add(new BankDifference(
                BreakKind.CurrencyDiffers, payout.AmountQepik, "bank-other-currency", "ask-bank", entry, payout));
        }
        else if (amount != payout.AmountQepik)
        {
            differences.Add(new BankDifference(
                amount > payout.AmountQepik ? BreakKind.OverAmount : BreakKind.UnderAmount, Math.Abs(amount - payout.AmountQepik),
                amount > payout.AmountQepik ? "bank-more" : "bank-less", "ask-bank", entry, payout));
        }

        if (!SameAccount(entry.Account, payout.Debtor))
        {
            differences.Add(new BankDifference(
                BreakKind.WrongAccount, payout.AmountQepik, "bank-other-debtor", "ask-bank", entry, payout));
        }

        if (booking.Creditor is { } creditor && !SameAccount(creditor, payout.Creditor))
        {
            differences.Add(new BankDifference(
                BreakKind.WrongAccount, payout.AmountQepik, "bank-other-account", "ask-bank-move", entry, payout));
        }

        booking.Agrees = differences.Count == before;
        if (entry.Day < payout.Day || entry.Day > Days.Plus(payout.Day, DaysLate))
        {
            differences.Add(new BankDifference(BreakKind.WrongDay, 0, "bank-other-day", "accept-if-paid-once", entry, payout));
        }
        else if (booking.Agrees)
        {
            Match(MatchBy.Number, [entry], [payout]);
        }
    }

    private void PayoutsByAccount()
    {
        var debits = entries.Where(entry => Nameless(entry) && entry is { AmountQepik: < 0, Counterparty: not null })
            .GroupBy(entry => (-entry.AmountQepik, entry.Day, Plain(entry.Counterparty!), Plain(entry.Account)));
        var batches = payouts.SelectMany(one => new[] { one.MessageId, one.BlockId }).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var open = payouts.Where(NotNamed).ToLookup(one => (one.AmountQepik, one.Day, Plain(one.Creditor), Plain(one.Debtor)));
        foreach (var debit in debits.Where(group => group.Count() == 1).ToList())
        {
            // What names a file or a block of ours is none of another.
            if (open[debit.Key].Where(one => !debit.Single().Batches.Any(
                name => batches.Contains(name) && name != one.MessageId && name != one.BlockId)).ToList() is [var payout])
            {
                Match(MatchBy.AccountAmountDay, [debit.Single()], [payout]);
            }
        }
    }

    /// <summary>One booking for all payouts of one of our files, or of a block of it.</summary>
    private void WholeFiles(int days)
    {
        foreach (var (entry, paid) in new MatchBatches(payouts, NotNamed, cameBack, Days, days).Run(entries.Where(Free)))
        {
            Match(MatchBy.OneToMany, [entry], paid);
            cameBack.Add(entry, paid);
        }
    }

    private void DepositsByReference(int days)
    {
        var fits = deposits.Where(Open).SelectMany(
            deposit => byWord[deposit.Reference].Where(entry => Free(entry) && Near(entry, deposit, days) && MayBe(entry, deposit)),
            (deposit, entry) => (Deposit: deposit, Entry: entry)).ToList();
        var ofEntry = fits.ToLookup(one => one.Entry, one => one.Deposit, ReferenceEqualityComparer.Instance);
        foreach (var one in fits.GroupBy(fit => fit.Deposit, ReferenceEqualityComparer.Instance).Where(group => group.Count() == 1).ToList())
        {
            var (deposit, entry) = one.Single();
            if (ofEntry[entry].Count() == 1)
            {
                Match(MatchBy.ReferenceAmountDay, [entry], [], [deposit]);
            }
        }
    }

    private void DepositsByAccount(int days)
    {
        var credits = FreeDeposits().Where(NotNaming).ToLookup(one => (one.Agent, one.Entry.AmountQepik), one => one.Entry);
        var open = deposits.Where(one => Open(one) && NotNamed(one)).ToLookup(one => (one.Agent, one.AmountQepik));
        foreach (var deposit in open.SelectMany(group => group).ToList())
        {
            var key = (deposit.Agent, deposit.AmountQepik);
            if (credits[key].Where(entry => Free(entry) && Near(entry, deposit, days)).ToList() is [var entry]
                && open[key].Count(other => Open(other) && Near(entry, other, days)) == 1)
            {
                Match(MatchBy.AccountAmountWindow, [entry], [], [deposit]);
            }
        }
    }

    /// <summary>Several payments of an agent that people booked as one deposit: all that are left of its days, to the qəpik.</summary>
    private void SumsOfDeposits(int days)
    {
        var credits = FreeDeposits().Where(NotNaming).ToLookup(one => one.Agent, one => one.Entry, StringComparer.Ordinal);
        var open = deposits.Where(Open).ToLookup(one => one.Agent, StringComparer.Ordinal);
        foreach (var deposit in deposits.Where(one => Open(one) && NotNamed(one)).ToList())
        {
            var left = credits[deposit.Agent].Where(entry => Free(entry) && Near(entry, deposit, days)).ToList();
            // Another deposit of these days may be what some of them are for.
            if (left.Count > 1 && left.Sum(entry => entry.AmountQepik) == deposit.AmountQepik
                && !open[deposit.Agent].Any(other => other != deposit && Open(other) && left.Exists(entry => Near(entry, other, days))))
            {
                Match(MatchBy.ManyToOne, left, [], [deposit]);
            }
        }
    }

    private void Left()
    {
        foreach (var entry in entries.Where(entry => Free(entry) && !outside.Contains(entry)))
        {
            differences.Add(
                DepositorOf(entry) is { } agent
                ? new BankDifference(BreakKind.MissingHere, entry.AmountQepik, "bank-deposit", "book-deposit", entry, SuggestedAgent: agent)
                : NamedBy(entry) is { } named
                ? new BankDifference(
                    BreakKind.Unidentified, entry.AmountQepik, agents.Contains(named) ? "bank-deposit-unsure" : "bank-deposit-unlisted",
                    agents.Contains(named) ? "ask-sender" : "name-account", entry, SuggestedAgent: named)
                : BankDifference.Unknown(entry));
        }

        foreach (var payout in payouts.Where(one => Open(one) && SpokenOf(one)))
        {
            differences.Add(new BankDifference(BreakKind.MissingThere, payout.AmountQepik, "bank-absent", "ask-bank", Payout: payout));
        }

        foreach (var deposit in deposits.Where(one => Open(one) && SpokenOf(one) && agents.Contains(one.Agent)))
        {
            differences.Add(new BankDifference(BreakKind.MissingThere, deposit.AmountQepik, "bank-absent", "ask-bank", Deposit: deposit));
        }
    }

    /// <summary>Statements of its account speak of the day and, for as long as a bank may be late, of those after it.</summary>
    private bool SpokenOf(ToldPayout payout) =>
        payout.Day >= spokenFrom && Coverage.Speaks(payout.Debtor, payout.Day, Days.Plus(payout.Day, DaysLate));

    private bool SpokenOf(BookedDeposit deposit) =>
        deposit.Day >= spokenFrom && Coverage.SpeakOfDeposits(spokenFrom, deposit.Day, Days.Plus(deposit.Day, DaysLate));

    private bool Open(ToldPayout payout) => !payout.Returned && !found.Contains(payout);

    private bool Open(BookedDeposit deposit) => !found.Contains(deposit);

    private bool Free(BankEntry entry) => !used.Contains(entry);

    /// <summary>A booking that names a payment by its id is no other payment, in whatever order one looks.</summary>
    private bool Nameless(BankEntry entry) => Free(entry) && entry is { Currency: "AZN", Reversal: false, NamesPayments: false };

    private bool NotNamed(ToldPayout payout) => Open(payout) && !namedIds.Contains(payout.EndToEndId);

    /// <summary>No booking of the agent's names its document: else it is that one or none.</summary>
    private bool NotNamed(BookedDeposit deposit) => !byWord[deposit.Reference].Any(entry => DepositorOf(entry) == deposit.Agent);

    private bool NotNaming((string Agent, BankEntry Entry) credit) =>
        !credit.Entry.Words.Any(word => documents.Contains((credit.Agent, word)));

    private IEnumerable<(string Agent, BankEntry Entry)> FreeDeposits() =>
        entries.Where(Free).Select(entry => (Agent: DepositorOf(entry)!, Entry: entry)).Where(one => one.Agent is not null);

    /// <summary>By the account it came from, or null: it is no deposit, or nobody's that is known.</summary>
    private string? DepositorOf(BankEntry entry) =>
        entry is { AmountQepik: > 0, Currency: "AZN", Reversal: false, Counterparty: { } from } && !NamesOurs(entry)
            ? agentOf.GetValueOrDefault(Plain(from)) : null;

    private bool NamesOurs(BankEntry entry) => entry.Ids.Any(toldIds.Contains);

    /// <summary>From the agent's own account. Whose one is that the terms do not name, is never assumed.</summary>
    private bool MayBe(BankEntry entry, BookedDeposit deposit) =>
        entry.AmountQepik == deposit.AmountQepik && DepositorOf(entry) == deposit.Agent;

    /// <summary>The agent whose deposit it may be, by amount and document, though not by the account; null: none, or not one alone.</summary>
    private string? NamedBy(BankEntry entry)
    {
        if (strategies.FirstOrDefault(one => one.ByReference) is not { } by
            || entry is not { AmountQepik: > 0, Currency: "AZN", Reversal: false } || NamesOurs(entry))
        {
            return null;
        }

        var agentsOf = entry.Words.SelectMany(word => byReference[word])
            .Where(one => Open(one) && one.AmountQepik == entry.AmountQepik && Near(entry, one, by.WithinDays))
            .Select(one => one.Agent).Distinct(StringComparer.Ordinal).ToList();
        return agentsOf is [var agent] ? agent : null;
    }

    private void Match(
        MatchBy by, List<BankEntry> matched, IReadOnlyList<ToldPayout> paid, IReadOnlyList<BookedDeposit>? paidIn = null)
    {
        used.UnionWith(matched);
        found.UnionWith(paid);
        found.UnionWith(paidIn ?? []);
        Matched += matched.Count(entry => !outside.Contains(entry));
        matches.Add(new BankMatch(by, matched, paid, paidIn ?? []));
    }

    private bool Near(BankEntry entry, BookedDeposit deposit, int days) => Days.Within(entry.Day, deposit.Day, days);

    public static bool SameAccount(string one, string other) => string.Equals(Plain(one), Plain(other), StringComparison.Ordinal);

    /// <summary>An account without the spaces that people put into it.</summary>
    public static string Plain(string account) => account.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
}
