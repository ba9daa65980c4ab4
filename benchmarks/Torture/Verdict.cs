namespace EGovPay.Benchmarks.Torture;

/// <summary>What can be wrong. Each offender counts once, however many rounds see it.</summary>
internal enum Wrong
{
    /// <summary>Confirmed and not credited, credited and not confirmed, or told and not known.</summary>
    Lost,

    /// <summary>Credited more than once, delivered under two numbers, or with two receipts.</summary>
    Doubled,

    /// <summary>A terminal was told one thing, and the book says another without an approved correction.</summary>
    Untold,

    /// <summary>Holds, funds, transfers or receipt numbers that do not add up.</summary>
    Unbalanced,

    /// <summary>Not final after the round settled.</summary>
    Unfinished,
}

/// <summary>What the auditor found.</summary>
internal sealed class Verdict
{
    private readonly Dictionary<Wrong, SortedDictionary<string, string>> found =
        Enum.GetValues<Wrong>().ToDictionary(kind => kind, _ => new SortedDictionary<string, string>(StringComparer.Ordinal));

    /// <param name="offender">What names it: <c>agent/reference</c>, or what is not a payment's.</param>
    public void Add(Wrong kind, string offender, string what) => found[kind].TryAdd(offender, what);

    public int Count(Wrong kind) => found[kind].Count;

    public bool Good => found.Values.All(kind => kind.Count == 0);

    /// <summary>The first few of each kind.</summary>
    public IEnumerable<(Wrong Kind, string Offender, string What)> First(int most) =>
        found.SelectMany(kind => kind.Value.Take(most).Select(one => (kind.Key, one.Key, one.Value)));
}
