using System.Globalization;

namespace EGovPay.Benchmarks.WholeWay;

/// <summary>Processor time that processes used so far, microseconds, as the kernel counts it (in hundredths of a second).</summary>
internal static class ProcessorTime
{
    private const long MicrosecondsOfATick = 10_000;

    /// <summary>Of one process, and of those of its children that ended.</summary>
    public static long Of(int process) => Read(process) is { } fields ? (Own(fields) + fields[13] + fields[14]) * MicrosecondsOfATick : 0;

    /// <summary>Of a process and all its children: PostgreSQL with its backends.</summary>
    public static long OfFamily(int parent) => Of(parent) + Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var process) ? process : 0)
        .Where(process => process > 0 && process != parent)
        .Select(Read).OfType<long[]>().Where(fields => fields[1] == parent).Sum(Own) * MicrosecondsOfATick;

    private static long Own(long[] fields) => fields[11] + fields[12];

    /// <summary>What stands after the name in the kernel's line; null: it has ended. The state, a letter, is zero.</summary>
    private static long[]? Read(int process)
    {
        try
        {
            var line = File.ReadAllText(FormattableString.Invariant($"/proc/{process}/stat"));
            return [.. line[(line.LastIndexOf(')') + 2)..].Split(' ').Take(20).Select(
                field => long.TryParse(field, CultureInfo.InvariantCulture, out var number) ? number : 0)];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
