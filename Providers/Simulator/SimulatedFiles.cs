using System.Globalization;
using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Osmp;
using NodaTime;

namespace EGovPay.Providers.Simulator;

/// <summary>How a register may be made to differ from the record. Each touches one line.</summary>
[Flags]
internal enum RegisterLies
{
    None = 0,

    /// <summary>A credited transaction is left out.</summary>
    Missing = 1,

    /// <summary>A transaction that nobody asked for is put in.</summary>
    Extra = 2,

    /// <summary>A transaction has a qəpik more.</summary>
    Changed = 4,
}

/// <summary>
/// The files that a provider and its bank send for a day, written from the simulator's own record and never from ours.
/// The day is that of the caller's accounting date.
/// </summary>
internal static class SimulatedFiles
{
    /// <summary>
    /// The register in OSMP's form, and what of it is planted; which lines lie is drawn from the seed, the provider and the day.
    /// </summary>
    public static (string Text, IReadOnlyList<Planted> Planted) Register(
        SimulatedBook book, ProviderSettings provider, LocalDate day, RegisterLies lies, long seed)
    {
        var lines = Credited(book, provider, day)
            .Select(known => (known.Number, known.Date, known.Account, known.AmountQepik)).ToList();
        var planted = new List<Planted>();
        var drawn = Draw.From(seed, provider.Code, (ulong)Key(day));
        if (lies.HasFlag(RegisterLies.Missing) && lines.Count > 0)
        {
            var gone = (int)(drawn % (ulong)lines.Count);
            planted.Add(new Planted("MissingThere", lines[gone].Number.ToString(CultureInfo.InvariantCulture)));
            lines.RemoveAt(gone);
        }

        if (lies.HasFlag(RegisterLies.Changed) && lines.Count > 0)
        {
            var at = (int)(drawn / 1_000 % (ulong)lines.Count);
            planted.Add(new Planted("OverAmount", lines[at].Number.ToString(CultureInfo.InvariantCulture)));
            lines[at] = lines[at] with { AmountQepik = lines[at].AmountQepik + 1 };
        }

        if (lies.HasFlag(RegisterLies.Extra))
        {
            var number = 9_000_000_000_000_000_000UL + (drawn % 1_000_000_000);
            planted.Add(new Planted("MissingHere", number.ToString(CultureInfo.InvariantCulture)));
            lines.Add((number, (Key(day) * 1_000_000) + 120_000, "0000000000", 100));
        }

        var text = new StringBuilder(lines.Count * 64);
        foreach (var (txn, date, account, amount) in lines)
        {
            var at = date.ToString("00000000000000", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"{txn}\t{at[..4]}-{at[4..6]}-{at[6..8]}\t");
            text.Append(CultureInfo.InvariantCulture,
                $"{at[8..10]}:{at[10..12]}:{at[12..]}\t{account}\t{OsmpText.Sum(amount)}\n");
        }

        var sum = lines.Sum(line => line.AmountQepik);
        return (text.Append(CultureInfo.InvariantCulture, $"Total: {lines.Count} {OsmpText.Sum(sum)}\n").ToString(), planted);
    }

    /// <summary>
    /// The statement of the provider's bank: one booked credit for the day's takings, as MT940 or as lines of
    /// <c>date;reference;amount;purpose</c>.
    /// </summary>
    public static string Statement(SimulatedBook book, ProviderSettings provider, LocalDate day, bool asMt940)
    {
        var sum = Credited(book, provider, day).Sum(known => known.AmountQepik);
        var reference = $"EGP{provider.Id:000}{Key(day)}";
        if (!asMt940)
        {
            return "date;reference;amount;purpose\n"
                + $"{day:uuuu'-'MM'-'dd};{reference};{OsmpText.Sum(sum)};takings {provider.Code}\n";
        }

        var amount = OsmpText.Sum(sum).Replace('.', ',');
        var date = day.ToString("yyMMdd", CultureInfo.InvariantCulture);
        return string.Join("\r\n",
            $":20:{reference}",
            $":25:AZ00SIMU{provider.Id:00000000000000000000}",
            $":28C:{day.DayOfYear}/1",
            $":60F:C{date}AZN0,00",
            $":61:{date}{date[2..]}C{amount}NTRF{reference}",
            $":86:takings {provider.Code} {day:uuuu'-'MM'-'dd}",
            $":62F:C{date}AZN{amount}",
            "-",
            "");
    }

    /// <summary>Ascending by number; one that was credited twice is there twice, one that was taken back is not there.</summary>
    private static IEnumerable<Transaction> Credited(SimulatedBook book, ProviderSettings provider, LocalDate day)
    {
        var key = Key(day);
        return book.All
            .Where(known => known.Provider.Id == provider.Id && known.Credited > 0 && known.Date / 1_000_000 == key)
            .OrderBy(known => known.Number)
            .SelectMany(known => Enumerable.Repeat(known, Math.Max(0, known.Credited - known.Reversed)));
    }

    private static long Key(LocalDate day) => (((day.Year * 100L) + day.Month) * 100) + day.Day;
}
