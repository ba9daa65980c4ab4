using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EGovPay.Benchmarks.Torture;

/// <summary>
/// What one terminal asked and was told, line by line as it happened, in a file that only grows: TAB-separated. A line is with
/// the operating system before the terminal goes on.
/// <code>
/// A  ms  request  verb  reference  node  service  account  amountQepik  totalQepik     asked
/// S  ms  request  verb  reference  node  status  code  transient  state  final  number  receipt  amountQepik     said
/// L  ms  request  verb  reference  node  why     the answer is lost
/// E  ms  0        END   reference  -     how     the terminal is done with it
/// </code>
/// </summary>
internal sealed class ToldLog : IDisposable
{
    private static readonly long Began = Stopwatch.GetTimestamp();

    private readonly FileStream file;
    private readonly Lock gate = new();
    private int requests;

    public ToldLog(string path)
    {
        file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, 1);
    }

    /// <summary>Milliseconds since the run began.</summary>
    public static long Now => (long)Stopwatch.GetElapsedTime(Began).TotalMilliseconds;

    /// <summary>The number of the request that is about to be sent.</summary>
    public int Ask(string verb, string reference, int node, string service, string account, long amountQepik, long totalQepik)
    {
        var request = Interlocked.Increment(ref requests);
        Write('A', request, verb, reference, node, string.Create(
            CultureInfo.InvariantCulture, $"{service}\t{account}\t{amountQepik}\t{totalQepik}"));
        return request;
    }

    public void Said(int request, string verb, string reference, int node, in Answer answer) =>
        Write('S', request, verb, reference, node, string.Create(
            CultureInfo.InvariantCulture,
            $"{answer.Status}\t{answer.Code}\t{answer.Transient}\t{answer.State}\t{answer.Final}\t")
            + string.Create(CultureInfo.InvariantCulture, $"{answer.Number}\t{answer.Receipt}\t{answer.AmountQepik}"));

    public void Lost(int request, string verb, string reference, int node, string why) =>
        Write('L', request, verb, reference, node, why);

    public void End(string reference, string how) => Write('E', 0, "END", reference, 0, how);

    public void Dispose() => file.Dispose();

    private void Write(char kind, int request, string verb, string reference, int node, string rest)
    {
        var line = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{kind}\t{Now}\t{request}\t{verb}\t{reference}\t{node}\t{rest}\n"));
        lock (gate)
        {
            file.Write(line);
        }
    }
}
