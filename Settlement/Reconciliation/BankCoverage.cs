using NodaTime;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>Days of an account that statements speak of, without a gap; both included.</summary>
internal sealed record SpokenRange(string Account, LocalDate From, LocalDate To);

/// <summary>
/// Which days of which account statements speak of. Days on which banks do not book need none. A day that no statement speaks of says nothing,
/// until those of the same account have gone on for so long that nothing will come for it any more.
/// </summary>
internal sealed class BankCoverage
{
    /// <summary>Bank days after which a gap that is still there is taken for said: that a statement is missing is a break of its own.</summary>
    private const int GapDays = 10;

    private readonly Dictionary<string, List<SpokenRange>> ranges;
    private readonly IReadOnlyList<string>? manat;
    private readonly BankDays days;
    private readonly SpokenRange? everywhere;

    /// <param name="spoken">What statements speak of; in an account's order.</param>
    /// <param name="manat">Accounts that agents may pay into.</param>
    public BankCoverage(IReadOnlyList<SpokenRange> spoken, IEnumerable<string> manat, BankDays days)
    {
        ranges = spoken.GroupBy(one => MatchBank.Plain(one.Account), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.OrderBy(one => one.From).ToList(), StringComparer.Ordinal);
        (this.manat, this.days) = ([.. manat.Select(MatchBank.Plain).Distinct(StringComparer.Ordinal)], days);
    }

    private BankCoverage(SpokenRange everywhere) => (ranges, days, this.everywhere) = ([], BankDays.Every, everywhere);

    /// <summary>Every account, on all of these days.</summary>
    public static BankCoverage Of(LocalDate from, LocalDate to) => new(new SpokenRange("", from, to));

    /// <summary>The first day that any statement of the account speaks of; null: none does.</summary>
    public LocalDate? FirstOf(string account) => RangesOf(account) is [var first, ..] ? first.From : null;

    /// <summary>Whether the account's statements speak of each bank day between two; what they do not show, the bank did not book.</summary>
    public bool Speaks(string account, LocalDate from, LocalDate to)
    {
        var spoken = RangesOf(account);
        if (spoken.Count == 0 || from < spoken[0].From)
        {
            return false;
        }

        if (spoken[^1].To >= days.Plus(to, GapDays))
        {
            return true;
        }

        for (var day = from; day <= to; day = day.PlusDays(1))
        {
            if (days.Is(day) && !spoken.Exists(one => day >= one.From && day <= one.To))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The same of all accounts into which agents pay; one that no statement has spoken of since a day is not in use.</summary>
    /// <param name="since">The first of the days that are looked at.</param>
    public bool SpeakOfDeposits(LocalDate since, LocalDate from, LocalDate to)
    {
        if (manat is null)
        {
            return Speaks("", from, to);
        }

        var used = manat.Where(account => RangesOf(account) is [.., var last] && last.To >= since).ToList();
        return used.Count > 0 && used.TrueForAll(account => Speaks(account, from, to));
    }

    private List<SpokenRange> RangesOf(string account) =>
        everywhere is { } all ? [all] : ranges.GetValueOrDefault(MatchBank.Plain(account)) ?? [];
}
