using System.Globalization;
using System.Text;

namespace EGovPay.Benchmarks.Torture;

/// <summary>One answer that said something of a payment.</summary>
/// <param name="At">When it was said, milliseconds.</param>
/// <param name="AskedAt">When it was asked for.</param>
internal readonly record struct Said(
    long At, long AskedAt, string Verb, int Status, int Code, string State, bool Final, string Number, string Receipt, long AmountQepik);

/// <summary>Everything that a terminal asked and was told about one reference.</summary>
internal sealed class ToldPayment
{
    public required string Agent { get; init; }
    public required string Reference { get; init; }

    /// <summary>Of the first request to pay; null: it was only cancelled or looked at.</summary>
    public long? AmountQepik { get; set; }

    /// <summary>Of the first request to pay: what a payer owes whom, and what the payer gave in all.</summary>
    public string Service { get; set; } = "";
    public string Account { get; set; } = "";
    public long TotalQepik { get; set; }

    /// <summary>A terminal has asked for the money back.</summary>
    public bool Reversed { get; set; }

    /// <summary>Other amounts that were tried under the reference, which must never be taken.</summary>
    public HashSet<long> OtherAmounts { get; } = [];

    public int Asked { get; set; }
    public int Answered { get; set; }

    /// <summary>Requests to pay or to cancel that were answered with a refusal, which recorded nothing.</summary>
    public int Refused { get; set; }

    /// <summary>Requests to pay or to cancel, whatever came of them.</summary>
    public int Writes { get; set; }

    public List<Said> Said { get; } = [];
    public string? End { get; set; }
    public bool Ended => End is not null;
}

/// <summary>The first book: the terminals' own logs, read as far as they have grown.</summary>
internal sealed class ToldBook
{
    private readonly Dictionary<string, long> read = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Agent, string Reference), ToldPayment> payments = [];
    private readonly Dictionary<(string Log, string Request), long> asked = [];

    public IReadOnlyDictionary<(string Agent, string Reference), ToldPayment> Payments => payments;

    /// <summary>Reads what has been added to the logs since it last did.</summary>
    /// <param name="agentOf">Whose terminal a log is, by the file's name.</param>
    public void Read(string folder, Func<string, string> agentOf)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.log"))
        {
            var agent = agentOf(Path.GetFileNameWithoutExtension(path));
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Position = read.GetValueOrDefault(path);
            using var lines = new StreamReader(file, Encoding.UTF8);
            while (lines.ReadLine() is { } line)
            {
                Take(path, agent, line.Split('\t'));
            }

            read[path] = file.Length;
        }
    }

    /// <summary>The lines of all logs that speak of a reference, for people.</summary>
    public static IEnumerable<string> Lines(string folder, string agent, string reference, Func<string, string> agentOf) =>
        Directory.EnumerateFiles(folder, "*.log").Where(path => agentOf(Path.GetFileNameWithoutExtension(path)) == agent)
            .SelectMany(File.ReadLines).Where(line => line.Split('\t') is { Length: > 4 } parts && parts[4] == reference);

    private void Take(string log, string agent, string[] parts)
    {
        var (kind, verb, reference) = (parts[0], parts[3], parts[4]);
        if (!payments.TryGetValue((agent, reference), out var payment))
        {
            payments[(agent, reference)] = payment = new ToldPayment { Agent = agent, Reference = reference };
        }

        switch (kind)
        {
            case "A":
                payment.Asked++;
                payment.Reversed |= verb == "REVERSE";
                asked[(log, parts[2])] = Whole(parts[1]);
                payment.Writes += verb is "PUT" or "CANCEL" or "REVERSE" ? 1 : 0;
                if (verb == "PUT")
                {
                    var amount = Whole(parts[8]);
                    if (payment.AmountQepik is null)
                    {
                        (payment.AmountQepik, payment.TotalQepik) = (amount, Whole(parts[9]));
                        (payment.Service, payment.Account) = (parts[6], parts[7]);
                    }

                    if (amount != payment.AmountQepik)
                    {
                        payment.OtherAmounts.Add(amount);
                    }
                }

                break;
            case "S":
                payment.Answered++;
                var said = new Said(
                    Whole(parts[1]), asked[(log, parts[2])], verb, (int)Whole(parts[6]), (int)Whole(parts[7]), parts[9], parts[10] == "True", parts[11],
                    parts[12], Whole(parts[13]));
                payment.Refused += verb is "PUT" or "CANCEL" or "REVERSE" && SaysNothingHappened(said.Code) ? 1 : 0;
                payment.Said.Add(said);
                break;
            case "E":
                payment.End = parts[6];
                break;
        }
    }

    /// <summary>A refusal of the request; not those that speak of a payment that is there.</summary>
    private static bool SaysNothingHappened(int code) => code is > 0 and < 910 and not (140 or 411 or 412 or 413);

    private static long Whole(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
