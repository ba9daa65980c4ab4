namespace EGovPay.Processing.Catalogue;

/// <summary>One thing that is wrong with a catalogue file, where, and what to do about it.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">English; names the thing and says what to do.</param>
public readonly record struct CatalogueFault(int Line, string Message)
{
    public override string ToString() => $"line {Line}: {Message}";
}

/// <summary>Collects the faults of one file, and stops collecting (not counting) at a limit.</summary>
internal sealed class CatalogueFaults
{
    private const int MostKept = 10_000;
    private readonly List<CatalogueFault> _kept = [];

    public int Count { get; private set; }

    public void Add(int line, string message)
    {
        Count++;
        if (Count <= MostKept)
        {
            _kept.Add(new CatalogueFault(line, message));
        }
    }

    /// <summary>All of them by line; a stable order, so that two runs over one file print the same.</summary>
    public IReadOnlyList<CatalogueFault> InOrder()
    {
        var ordered = _kept.OrderBy(fault => fault.Line).ToList();
        if (Count > MostKept)
        {
            ordered.Add(new CatalogueFault(ordered[^1].Line, $"And {Count - MostKept} more faults; mend these first."));
        }

        return ordered;
    }

    /// <summary>What stood in the file, short enough for a message and without control characters.</summary>
    public static string Shorten(string text)
    {
        const int most = 60;
        var clean = text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) : text;
        return clean.Length <= most ? clean : string.Concat(clean.AsSpan(0, most), "…");
    }
}
