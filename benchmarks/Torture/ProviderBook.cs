using System.Globalization;

namespace EGovPay.Benchmarks.Torture;

/// <summary>One transaction as the simulated provider recorded it.</summary>
internal sealed class Credited
{
    public required string Provider { get; init; }
    public required string Account { get; init; }
    public required long AmountQepik { get; init; }
    public int Credits { get; set; }
    public int Reversals { get; set; }
    public bool Declined { get; set; }

    /// <summary>Every line of it is of the same amount and account: nothing was credited or taken back in part.</summary>
    public bool Even { get; set; } = true;
}

/// <summary>The third book: the simulator's append-only record, read by its lines and not by asking the simulator.</summary>
internal sealed class ProviderBook
{
    private readonly Dictionary<long, Credited> transactions = [];

    public IReadOnlyDictionary<long, Credited> Transactions => transactions;

    /// <summary>Numbers that two providers were asked about.</summary>
    public HashSet<long> AtTwoProviders { get; } = [];

    public static ProviderBook Read(string path)
    {
        var book = new ProviderBook();
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var lines = new StreamReader(file);
        while (lines.ReadLine() is { } line)
        {
            var parts = line.Split('\t');
            if (parts.Length < 9)
            {
                // The torn end of a record whose writer was killed: it was never answered.
                continue;
            }

            book.Take(parts);
        }

        return book;
    }

    public static IEnumerable<string> Lines(string path, long number)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var lines = new StreamReader(file);
        var found = new List<string>();
        while (lines.ReadLine() is { } line)
        {
            if (line.Split('\t') is { Length: > 2 } parts && parts[2] == number.ToString(CultureInfo.InvariantCulture))
            {
                found.Add(line);
            }
        }

        return found;
    }

    private void Take(string[] parts)
    {
        var number = long.Parse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture);
        if (!transactions.TryGetValue(number, out var known))
        {
            transactions[number] = known = new Credited
            {
                Provider = parts[1],
                AmountQepik = long.Parse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture),
                Account = parts[8],
            };
        }

        if (known.Provider != parts[1])
        {
            AtTwoProviders.Add(number);
        }

        known.Even &= parts[8] == known.Account
            && long.Parse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture) == known.AmountQepik;
        known.Credits += parts[0] == "C" ? 1 : 0;
        known.Reversals += parts[0] == "R" ? 1 : 0;
        known.Declined |= parts[0] == "D";
    }
}
