using EGovPay.Settlement.Breaks;
using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>What an acquirer's report says that it owes us for a day; what is negative it takes.</summary>
internal sealed record AcquirerDay(string Acquirer, long FileId, string File, LocalDate Day, long GrossQepik, long FeeQepik, long NetQepik);

/// <summary>One difference between an acquirer's reports and the bank; of the day and the booking, what it is about.</summary>
internal sealed record AcquirerDifference(
    BreakKind Kind, long AtRiskQepik, string Cause, string Step, string Acquirer, AcquirerDay? Day = null, BankEntry? Entry = null);

/// <summary>
/// Holds the nets of acquirers' days against what the bank booked from their accounts, by the strategies in their order; amounts are equal to the
/// qəpik, and where two fit, neither is taken.
/// </summary>
/// <param name="acquirerOf">The acquirers by the accounts from which they pay.</param>
/// <param name="spokenFrom">The first day that is reported on; what is matched before it competes with nothing in it.</param>
/// <param name="spokenTo">The last day that statements speak of.</param>
internal sealed class MatchAcquirers(
    IReadOnlyList<MatchStrategy> strategies, IReadOnlyDictionary<string, string> acquirerOf, LocalDate spokenFrom, LocalDate spokenTo)
{
    /// <summary>Bank days after a sale in which it is paid.</summary>
    private const int DaysLate = 5;

    /// <summary>Characters of a file's name with its ending that a booking may name it by, and of one without.</summary>
    private const int LeastName = 8;

    private const int LeastBareName = 6;

    private readonly List<AcquirerDifference> differences = [];
    private readonly HashSet<object> used = new(ReferenceEqualityComparer.Instance);

    /// <summary>The days on which banks book; every one, unless it is said.</summary>
    public BankDays Days { get; init; } = BankDays.Every;

    /// <summary>Which days statements speak of, by account; all of those that are looked at, unless it is said.</summary>
    public BankCoverage Coverage { get; init; } = BankCoverage.Of(spokenFrom, spokenTo);

    public int Matched { get; private set; }

    public IReadOnlyList<AcquirerDifference> Differences => differences;

    /// <summary>Whether a booking is an acquirer's.</summary>
    public bool IsOf(BankEntry entry) => OfEntry(entry) is not null;

    public void Run(IReadOnlyList<BankEntry> entries, IReadOnlyList<AcquirerDay> days)
    {
        var byAcquirer = days.ToLookup(one => one.Acquirer, StringComparer.Ordinal);
        foreach (var own in entries.Where(IsOf).GroupBy(entry => OfEntry(entry)!, StringComparer.Ordinal))
        {
            One([.. own], [.. byAcquirer[own.Key]]);
        }

        foreach (var day in days.Where(one => !used.Contains(one) && one.NetQepik != 0))
        {
            if (day.Day >= spokenFrom && Coverage.SpeakOfDeposits(spokenFrom, day.Day, Days.Plus(day.Day, DaysLate)))
            {
                differences.Add(new AcquirerDifference(
                    BreakKind.MissingThere, Math.Abs(day.NetQepik), "acquirer-unpaid", "ask-acquirer", day.Acquirer, day));
            }
        }

        foreach (var entry in entries.Where(entry => IsOf(entry) && !used.Contains(entry) && entry.Day >= spokenFrom))
        {
            differences.Add(new AcquirerDifference(
                entry.Currency == "AZN" ? BreakKind.MissingHere : BreakKind.CurrencyDiffers, entry.Currency == "AZN" ? Math.Abs(entry.AmountQepik) : 0,
                entry.Currency == "AZN" ? "acquirer-unreported" : "acquirer-other-currency", "get-report", OfEntry(entry)!, Entry: entry));
        }
    }

    private void One(List<BankEntry> entries, List<AcquirerDay> days)
    {
        foreach (var strategy in strategies)
        {
            var free = entries.Where(entry => !used.Contains(entry) && entry is { Currency: "AZN", Reversal: false }).ToList();
            var open = days.Where(day => !used.Contains(day) && day.NetQepik != 0).ToList();
            switch (strategy.By)
            {
                case MatchBy.Number:
                    ByReport(free, open);
                    break;
                case MatchBy.AccountAmountDay or MatchBy.AccountAmountWindow:
                    OneForOne(free, open, strategy.WithinDays);
                    break;
                case MatchBy.OneToMany:
                    SeveralDays(free, open, strategy.WithinDays);
                    break;
                case MatchBy.ManyToOne:
                    SeveralBookings(free, open, strategy.WithinDays);
                    break;
                default:
                    throw new InvalidOperationException($"Nothing is matched with acquirers by {strategy.Name}.");
            }
        }
    }

    /// <summary>A booking that names a report is what the report says in all, or it differs.</summary>
    private void ByReport(List<BankEntry> free, List<AcquirerDay> open)
    {
        foreach (var report in open.GroupBy(day => (day.FileId, day.File)).ToList())
        {
            var names = NamesOf(report.Key.File);
            var named = free.Where(entry => entry.Words.Any(names.Contains)).ToList();
            if (named is not [var entry] || used.Contains(entry))
            {
                continue;
            }

            var more = entry.AmountQepik - report.Sum(day => day.NetQepik);
            Take([entry], [.. report], counts: more == 0);
            if (more != 0 && entry.Day >= spokenFrom)
            {
                differences.Add(new AcquirerDifference(
                    more > 0 ? BreakKind.OverAmount : BreakKind.UnderAmount, Math.Abs(more), more > 0 ? "acquirer-more" : "acquirer-less",
                    "ask-acquirer", report.First().Acquirer, report.First(), entry));
            }
        }
    }

    /// <summary>Words by which a booking names a report: not a number, a date or a word that may stand in any booking.</summary>
    private static List<string> NamesOf(string file)
    {
        var bare = Path.GetFileNameWithoutExtension(file);
        var names = new List<string>();
        if (file.Length > bare.Length && file.Length >= LeastName && bare.Length > 0)
        {
            names.Add(file);
        }

        if (bare.Length >= LeastBareName && bare.Any(char.IsLetter) && bare.Any(char.IsDigit))
        {
            names.Add(bare);
        }

        return names;
    }

    private void OneForOne(List<BankEntry> free, List<AcquirerDay> open, int days)
    {
        foreach (var day in open)
        {
            bool Fits(BankEntry entry, AcquirerDay of) => !used.Contains(entry) && !used.Contains(of) && entry.AmountQepik == of.NetQepik
                && IsWithin(entry.Day, of.Day, days);
            if (free.Where(entry => Fits(entry, day)).ToList() is [var entry] && open.Count(other => Fits(entry, other)) == 1)
            {
                Take([entry], [day]);
            }
        }
    }

    /// <summary>One booking for all that is open of some days, such as those of a weekend.</summary>
    private void SeveralDays(List<BankEntry> free, List<AcquirerDay> open, int days)
    {
        foreach (var entry in free)
        {
            var all = open.Where(day => !used.Contains(day) && IsWithin(entry.Day, day.Day, days)).ToList();
            if (all.Count > 1 && all.Sum(day => day.NetQepik) == entry.AmountQepik
                && free.Count(other => !used.Contains(other) && all.Exists(day => IsWithin(other.Day, day.Day, days))) == 1)
            {
                Take([entry], all);
            }
        }
    }

    /// <summary>Several bookings for one day: all that are free within some days of it.</summary>
    private void SeveralBookings(List<BankEntry> free, List<AcquirerDay> open, int days)
    {
        foreach (var day in open)
        {
            var all = free.Where(entry => !used.Contains(entry) && IsWithin(entry.Day, day.Day, days)).ToList();
            if (all.Count > 1 && all.Sum(entry => entry.AmountQepik) == day.NetQepik
                && open.Count(other => !used.Contains(other) && all.Exists(entry => IsWithin(entry.Day, other.Day, days))) == 1)
            {
                Take(all, [day]);
            }
        }
    }

    private void Take(List<BankEntry> entries, List<AcquirerDay> days, bool counts = true)
    {
        used.UnionWith(entries);
        used.UnionWith(days);
        Matched += counts ? entries.Count(entry => entry.Day >= spokenFrom) : 0;
    }

    private string? OfEntry(BankEntry entry) => entry.Counterparty is { } from ? acquirerOf.GetValueOrDefault(MatchBank.Plain(from)) : null;

    private bool IsWithin(LocalDate booked, LocalDate of, int days) => booked >= of && booked <= Days.Plus(of, days);
}
