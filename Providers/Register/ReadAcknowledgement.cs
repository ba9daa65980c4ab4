using System.Globalization;
using EGovPay.Providers.Osmp;

namespace EGovPay.Providers.Register;

/// <summary>What the receiver says of one line of a register.</summary>
/// <param name="Reason">Why it was rejected, ≤ 200 characters; null with accepted.</param>
public sealed record AcknowledgedLine(long Number, bool Accepted, string? Reason);

/// <summary>What came of reading an acknowledgement: it counts only without a fault.</summary>
/// <param name="Lines">The lines it names; accepted ones may be left out by the receiver.</param>
public sealed record Acknowledgement(
    IReadOnlyList<AcknowledgedLine> Lines,
    int AcceptedCount,
    long AcceptedQepik,
    int RejectedCount,
    long RejectedQepik,
    string? Fault)
{
    public bool Good => Fault is null;
}

/// <summary>
/// Reads the receiver's acknowledgement: lines <c>number TAB accepted</c> or <c>number TAB rejected TAB reason</c>, and
/// last <c>Total: accepted-count accepted-sum rejected-count rejected-sum</c>. Accepted lines may be left out, rejected
/// ones may not. A file without its last line is not finished, and says nothing.
/// </summary>
public static class ReadAcknowledgement
{
    private const int MostLines = 5_000_000;
    private const int LongestLine = 400;
    private const int LongestReason = 200;

    public static Acknowledgement Read(TextReader file)
    {
        var lines = new List<AcknowledgedLine>();
        var seen = new HashSet<long>();
        var at = 0;
        while (file.ReadLine() is { } text)
        {
            at++;
            if (text.StartsWith("Total:", StringComparison.Ordinal))
            {
                return file.ReadToEnd().Trim().Length > 0 ? Faulty(at + 1, "something follows the total")
                    : Total(at, text, lines);
            }

            if (text.Length > LongestLine || lines.Count == MostLines)
            {
                return Faulty(at, "the line or the file is too long");
            }

            var parts = text.Split('\t');
            if (parts.Length < 2
                || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || !seen.Add(number))
            {
                return Faulty(at, "there is no number, or it is there twice");
            }

            switch (parts)
            {
                case [_, "accepted"]:
                    lines.Add(new(number, true, null));
                    break;
                case [_, "rejected", { Length: > 0 and <= LongestReason } reason]:
                    lines.Add(new(number, false, reason));
                    break;
                default:
                    return Faulty(at, "it is neither accepted nor rejected with a reason");
            }
        }

        return Faulty(at, "the total is missing");
    }

    private static Acknowledgement Total(int at, string text, List<AcknowledgedLine> lines)
    {
        var parts = text["Total:".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 4
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var acceptedCount)
            || !OsmpText.TryReadSum(parts[1], out var acceptedQepik)
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var rejectedCount)
            || !OsmpText.TryReadSum(parts[3], out var rejectedQepik))
        {
            return Faulty(at, "the total cannot be read");
        }

        var rejected = lines.Count(line => !line.Accepted);
        var accepted = lines.Count - rejected;
        return rejected != rejectedCount || (accepted != 0 && accepted != acceptedCount)
            ? Faulty(at, "the total does not count the lines")
            : new(lines, acceptedCount, acceptedQepik, rejectedCount, rejectedQepik, null);
    }

    private static Acknowledgement Faulty(int line, string what) => new([], 0, 0, 0, 0, $"line {line}: {what}");
}
