using System.Globalization;
using System.Text;

namespace EGovPay.Benchmarks.Reconcile;

/// <summary>
/// A provider's register of the day that FillDay.sql makes, unsorted, with differences of every kind, and the list of them. The list is
/// held by this process alone: the engine runs in another, and is given the file and the database.
/// </summary>
internal sealed class PlantedDay(long first, int payments, int seed, DateOnly day)
{
    private readonly Random random = new(seed);
    private readonly HashSet<int> touched = [];
    private long total;

    /// <summary>What must be found: (transaction, kind).</summary>
    public HashSet<(string Txn, string Kind)> Planted { get; } = [];

    public int Lines { get; private set; }

    /// <summary>One in a thousand payments of each kind.</summary>
    public int OfEach => Math.Max(1, payments / 1_000);

    /// <summary>Writes the register.</summary>
    public async Task WriteAsync(string path)
    {
        var lines = new List<(int Payment, Change Change, int Draw)>(payments + (5 * OfEach));
        var changes = Draw();
        for (var i = 0; i < payments; i++)
        {
            var change = changes.GetValueOrDefault(i);
            if (change == Change.LeftOut || (change == Change.None && !Delivered(i)))
            {
                continue;
            }

            lines.Add((i, change == Change.Repeated ? Change.None : change, random.Next()));
            if (change == Change.Repeated)
            {
                lines.Add((i, Change.None, random.Next()));
            }
        }

        for (var extra = 0; extra < OfEach; extra++)
        {
            lines.Add((extra, Change.Stranger, random.Next()));
            lines.Add((extra, Change.Nameless, random.Next()));
        }

        var shuffled = lines.ToArray();
        random.Shuffle(shuffled);
        await using var text = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 20) { NewLine = "\n" };
        foreach (var (i, change, draw) in shuffled)
        {
            Write(text, i, change, draw);
        }

        await text.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Total: {shuffled.Length} {total / 100}.{total % 100:00}"));
        Lines = shuffled.Length;
    }

    private static long AmountOf(int i) => 100 + ((long)i * 7_919 % 500_000);

    private static long AccountOf(int i) => 500_000_000 + ((long)i * 104_729 % 99_999_989);

    private static bool Declined(int i) => i % 100 == 37;

    private static bool Delivered(int i) => !Declined(i) && i % 1_000 != 511;

    private string TxnOf(int i) => (first + i).ToString(CultureInfo.InvariantCulture);

    private Dictionary<int, Change> Draw()
    {
        var changes = new Dictionary<int, Change>();
        foreach (var (change, kind) in new[]
        {
            (Change.LeftOut, "MissingThere"), (Change.More, "OverAmount"), (Change.Less, "UnderAmount"),
            (Change.OtherDay, "WrongDay"), (Change.OtherAccount, "WrongAccount"), (Change.Repeated, "Duplicate"),
            (Change.Dollars, "CurrencyDiffers"),
        })
        {
            for (var made = 0; made < OfEach; made++)
            {
                var i = Untouched(Delivered);
                changes.Add(i, change);
                Planted.Add((TxnOf(i), kind));
            }
        }

        // Declined here, and delivered there.
        for (var made = 0; made < OfEach / 2; made++)
        {
            var i = Untouched(Declined);
            changes.Add(i, Change.Declined);
            Planted.Add((TxnOf(i), "MissingHere"));
        }

        return changes;
    }

    private int Untouched(Func<int, bool> which)
    {
        while (true)
        {
            var i = random.Next(payments);
            if (which(i) && touched.Add(i))
            {
                return i;
            }
        }
    }

    private void Write(StreamWriter text, int i, Change change, int draw)
    {
        var amount = AmountOf(i) + (change switch { Change.More => 1 + (draw % 1_000), Change.Less => -1 - (draw % 99), _ => 0 });
        var account = AccountOf(i) + (change == Change.OtherAccount ? 1 : 0);
        var on = change == Change.OtherDay ? day.AddDays(-2 - (draw % 3)) : day;
        // Above every number that was taken, and without the shape of one.
        var txn = change switch
        {
            Change.Stranger => TxnOf(payments + 5_000_000 + (i * 7)),
            Change.Nameless => string.Create(CultureInfo.InvariantCulture, $"QR-{i}-{draw}"),
            _ => TxnOf(i),
        };
        if (change is Change.Stranger or Change.Nameless)
        {
            Planted.Add((txn, change == Change.Stranger ? "MissingHere" : "Unidentified"));
        }

        var second = i * 86_000L / payments;
        total += amount;
        text.Write(string.Create(
            CultureInfo.InvariantCulture, $"{txn}\t{on:yyyy-MM-dd}\t{second / 3_600:00}:{second / 60 % 60:00}:{second % 60:00}\t"));
        text.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{account}\t{amount / 100}.{amount % 100:00}\t{(change == Change.Dollars ? "USD" : "AZN")}"));
    }

    private enum Change
    {
        None,
        LeftOut,
        More,
        Less,
        OtherDay,
        OtherAccount,
        Repeated,
        Dollars,
        Declined,
        Stranger,
        Nameless,
    }
}
