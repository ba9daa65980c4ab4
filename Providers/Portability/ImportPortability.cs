using NodaTime;
using NodaTime.Text;

namespace EGovPay.Providers.Portability;

/// <summary>One thing wrong in a file, by its line from 1.</summary>
public readonly record struct ImportFault(int Line, string What)
{
    public override string ToString() => $"line {Line}: {What}";
}

/// <summary>What came of an import: a table, or faults; never both.</summary>
public sealed record PortabilityImport(PortabilityTable? Table, IReadOnlyList<ImportFault> Faults, int Lines);

/// <summary>
/// Reads the file of ported numbers: <c>number,operator,from</c>, one a line, a header allowed; the number as nine
/// national digits (<c>+994</c>, <c>994</c> and <c>0</c> before them are taken off), the operator as a provider code,
/// the first day as <c>yyyy-MM-dd</c>. All or nothing: one fault and the table before stays in force.
/// </summary>
public static class ImportPortability
{
    private const int MostFaults = 100;
    private const int MostLines = 20_000_000;
    private const int LongestLine = 200;

    /// <param name="operators">The provider codes that a number may be routed to, 255 at most.</param>
    public static PortabilityImport Read(TextReader file, IReadOnlyCollection<string> operators)
    {
        var reading = new Reading([.. operators.Order(StringComparer.Ordinal)]);
        var line = 0;
        while (file.ReadLine() is { } text)
        {
            line++;
            if (line > MostLines)
            {
                reading.Fault(line, $"there are more than {MostLines} lines");
                break;
            }

            if (!reading.Take(line, text))
            {
                break;
            }
        }

        return reading.End(line);
    }

    private sealed class Reading(string[] operators)
    {
        private readonly List<long> entries = [];
        private readonly List<int> lines = [];
        private readonly List<ImportFault> faults = [];

        /// <summary>False when enough is wrong to stop.</summary>
        public bool Take(int line, string text)
        {
            if (text.Length > LongestLine)
            {
                return Fault(line, "the line is too long");
            }

            var trimmed = text.AsSpan().Trim().TrimStart('\uFEFF');
            if (trimmed.IsEmpty || (line == 1 && trimmed.StartsWith("number", StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }

            Span<Range> parts = stackalloc Range[4];
            if (trimmed.Split(parts, ',') != 3)
            {
                return Fault(line, "three values are needed: number,operator,from");
            }

            var number = National(trimmed[parts[0]].Trim());
            var code = trimmed[parts[1]].Trim();
            if (!PortabilityTable.TryParse(number, out var digits)
                || PortabilityTable.Empty.PrefixOperator(number) is null)
            {
                return Fault(line, "the number is not nine digits of a mobile number");
            }

            var index = Array.BinarySearch(operators, code.ToString(), StringComparer.Ordinal);
            if (index < 0)
            {
                return Fault(line, $"the operator '{Shortened(code)}' is not a provider");
            }

            if (!LocalDatePattern.Iso.Parse(trimmed[parts[2]].Trim().ToString()).TryGetValue(default, out var from)
                || from < PortabilityTable.FirstDay || from.Year > 2170)
            {
                return Fault(line, "the day is not yyyy-MM-dd, from 2000 on");
            }

            entries.Add(PortabilityTable.Pack(digits, Period.DaysBetween(PortabilityTable.FirstDay, from), index));
            lines.Add(line);
            return true;
        }

        public bool Fault(int line, string what)
        {
            faults.Add(new ImportFault(line, what));
            return faults.Count < MostFaults;
        }

        public PortabilityImport End(int read)
        {
            var sorted = entries.ToArray();
            var itsLines = lines.ToArray();
            Array.Sort(sorted, itsLines);
            var kept = 0;
            for (var i = 0; i < sorted.Length; i++)
            {
                if (i > 0 && sorted[i] >> 8 == sorted[kept - 1] >> 8)
                {
                    // The same row again says nothing new; another operator from the same day is a contradiction.
                    if (sorted[i] != sorted[kept - 1] && !Fault(Math.Max(itsLines[i], itsLines[i - 1]),
                        $"the number has two operators from one day, see line {Math.Min(itsLines[i], itsLines[i - 1])}"))
                    {
                        break;
                    }

                    continue;
                }

                sorted[kept++] = sorted[i];
            }

            faults.Sort((one, other) => one.Line.CompareTo(other.Line));
            return faults.Count > 0
                ? new(null, faults, read)
                : new(new PortabilityTable(sorted[..kept], operators, PortabilityTable.CountryPrefixes), [], read);
        }

        private static ReadOnlySpan<char> National(ReadOnlySpan<char> number)
        {
            number = number.TrimStart('+');
            return number.Length == 12 && number.StartsWith("994") ? number[3..]
                : number.Length == 10 && number[0] == '0' ? number[1..] : number;
        }

        private static string Shortened(ReadOnlySpan<char> text) =>
            text.Length <= 32 ? text.ToString() : $"{text[..32]}…";
    }
}

/// <summary>The table in force, and its replacement while payments run.</summary>
public sealed class PortabilityInForce
{
    private volatile PortabilityTable table = PortabilityTable.Empty;

    /// <summary>The table in force. Take it once for one payment.</summary>
    public PortabilityTable Table => table;

    /// <summary>
    /// The code of the provider that serves a number on a Baku day, or null where it is no mobile number.
    /// </summary>
    public string? Route(string msisdn9, LocalDate on) => table.Route(msisdn9, on);

    /// <summary>Reads a file and puts it in force; with a fault, what was in force stays.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public PortabilityImport Load(string file, IReadOnlyCollection<string> operators)
    {
        using var reader = new StreamReader(file);
        var import = ImportPortability.Read(reader, operators);
        table = import.Table ?? table;
        return import;
    }
}
