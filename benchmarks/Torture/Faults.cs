using System.Globalization;

namespace EGovPay.Benchmarks.Torture;

internal enum FaultKind
{
    KillNode,
    KillSimulator,
    StopPostgres,
    Freeze,
    Slow,
    Narrow,
    Block,
    Cut,
    HalfClose,
}

/// <summary>One fault: when, what, and whom it meets.</summary>
/// <param name="Node">0 or 1.</param>
/// <param name="Link">0: terminals–node, 1: node–simulator, 2: node–PostgreSQL.</param>
/// <param name="For">How long it lasts; of a kill, how long its victim stays away.</param>
/// <param name="Choice">For what is left to decide.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, int Node, int Link, TimeSpan For, int Choice)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{At.TotalSeconds:0.0} s {Kind} node {Node} link {Link} for {For.TotalSeconds:0.0} s");
}

/// <summary>The faults of a round, drawn from the run's seed and the round's number alone.</summary>
internal static class FaultPlan
{
    public static IReadOnlyList<Fault> Draw(TortureOptions options, int round)
    {
        var random = new Random(HashCode.Stable(options.Seed, round, 2));
        var kinds = new List<FaultKind>();
        void Add(string name, int count, params FaultKind[] among)
        {
            if (options.Has(name))
            {
                kinds.AddRange(Enumerable.Range(0, count).Select(_ => among[random.Next(among.Length)]));
            }
        }

        Add("kill-node", 3, FaultKind.KillNode);
        Add("kill-simulator", 1 + random.Next(2), FaultKind.KillSimulator);
        Add("stop-postgres", AtLeast(random.Next(2)), FaultKind.StopPostgres);
        Add("freeze", AtLeast(random.Next(3) < 2 ? 1 : 0), FaultKind.Freeze);
        Add("links", 3 + random.Next(3), FaultKind.Slow, FaultKind.Narrow, FaultKind.Block, FaultKind.Cut, FaultKind.HalfClose);
        // Whoever names few kinds wants to see each of them.
        int AtLeast(int drawn) => options.Faults.Count < TortureOptions.AllFaults.Length ? 1 : drawn;
        var shuffled = kinds.OrderBy(_ => random.Next()).ToList();

        // Spread over the round, and none before there is something to break.
        var room = (options.Seconds - 2.0) / Math.Max(1, shuffled.Count);
        return [.. shuffled.Select((kind, at) => Draw(options, random, kind, 1.5 + (room * (at + random.NextDouble()))))];
    }

    private static Fault Draw(TortureOptions options, Random random, FaultKind kind, double at)
    {
        var seconds = kind switch
        {
            FaultKind.KillNode => random.NextDouble() * 2,
            FaultKind.KillSimulator => random.NextDouble() * 4,
            FaultKind.Freeze => options.FreezeSeconds + (random.NextDouble() * (options.FreezeSeconds > 6 ? 2 : 14)),
            FaultKind.StopPostgres => 0,
            _ => 0.5 + (random.NextDouble() * 5),
        };
        return new Fault(
            TimeSpan.FromSeconds(at), kind, random.Next(2), random.Next(3), TimeSpan.FromSeconds(seconds), random.Next());
    }
}

/// <summary>Rates of all lies of the simulator at once, as its control takes them.</summary>
internal static class LiesPlan
{
    public const string None = """{"magicAccounts":false}""";

    /// <summary>
    /// Not those that last for ever: what they meet is not settled by asking, within a round or after it, but by people.
    /// </summary>
    private static readonly string[] Names =
    [
        "late", "silent-after-credit", "silent-before-credit", "drop-after-credit", "drop-before-credit", "error-after-credit",
        "error-before-credit", "broken-after-credit", "broken-before-credit", "temporary", "not-finished", "decline", "not-ours",
        "twice", "another-transaction", "another-sum", "final-error-after-credit",
    ];

    public static string Draw(TortureOptions options, int round)
    {
        if (options.Lies is { } given)
        {
            return given;
        }

        if (!options.Has("lies"))
        {
            return None;
        }

        var random = new Random(HashCode.Stable(options.Seed, round, 3));
        var rates = Names.Select(name =>
            string.Create(CultureInfo.InvariantCulture, $"\"{name}\":{0.001 + (random.NextDouble() * 0.012):0.######}"));
        return "{\"magicAccounts\":false,\"lateMilliseconds\":1500,\"silenceMilliseconds\":12000,\"rates\":{"
            + string.Join(',', rates) + "}}";
    }
}
