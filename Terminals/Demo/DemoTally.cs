using System.Collections.Concurrent;

namespace EGovPay.Terminals.Demo;

/// <summary>
/// What the demo's terminals saw, counted while they work. Each count is raised by many terminals at once.
/// </summary>
internal sealed class DemoTally
{
    private readonly ConcurrentQueue<string> surprises = new();
    private readonly ConcurrentDictionary<int, int> refusals = new();
    private readonly int[] scenes = new int[Enum.GetValues<Scene>().Length];
    private int finished;
    private int repeats;
    private int refused;
    private int retries;
    private int surprised;

    /// <summary>Payers served to their end.</summary>
    public int Finished => finished;

    /// <summary>
    /// Requests sent again, by plan or after a lost answer, and answered with the payment that stood.
    /// </summary>
    public int Repeats => repeats;

    /// <summary>Requests refused.</summary>
    public int RefusedRequests => refused;

    /// <summary>Requests without an answer, or with "later": each was sent again.</summary>
    public int Retries => retries;

    public int Surprises => surprised;

    /// <summary>What the terminals were told at the end, by reference: the state.</summary>
    public ConcurrentDictionary<string, string> Told { get; } = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<int, int>> RefusalsByCode => refusals.OrderBy(one => one.Key);

    /// <summary>The first things that went otherwise than planned.</summary>
    public IEnumerable<string> FirstSurprises => surprises;

    public int Of(Scene scene) => scenes[(int)scene];

    public void Finish(Scene scene)
    {
        Interlocked.Increment(ref scenes[(int)scene]);
        Interlocked.Increment(ref finished);
    }

    public void Repeat() => Interlocked.Increment(ref repeats);

    public void Retry() => Interlocked.Increment(ref retries);

    public void Refuse(int code)
    {
        Interlocked.Increment(ref refused);
        refusals.AddOrUpdate(code, 1, static (_, count) => count + 1);
    }

    public void Surprise(string what)
    {
        if (Interlocked.Increment(ref surprised) <= 10)
        {
            surprises.Enqueue(what);
        }
    }
}
