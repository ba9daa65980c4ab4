using System.Globalization;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>What a provider does with one payment.</summary>
internal enum Temper
{
    Honest,
    Declines,
    NotSent,

    /// <summary>Loses the request and says nothing.</summary>
    Loses,

    /// <summary>Credits and says nothing.</summary>
    SilentAfter,

    /// <summary>Credits long after the time limit.</summary>
    TooLate,

    /// <summary>Credits and answers late, but within the limit.</summary>
    Slow,

    /// <summary>The adapter fails by a defect, before or after crediting.</summary>
    FailsBefore,
    FailsAfter,

    /// <summary>Confirms with a text that no database keeps, until it is asked.</summary>
    Garbles,
}

/// <summary>What a provider does when it is asked to take a payment back. What it decided once it says for ever.</summary>
internal enum Parting
{
    Returns,
    Keeps,

    /// <summary>Loses the first request and says nothing.</summary>
    Loses,

    /// <summary>Gives back, or decides to keep, and says nothing of it at first.</summary>
    ReturnsSilently,
    KeepsSilently,

    /// <summary>Gives back long after the time limit.</summary>
    TooLate,

    /// <summary>Gives back and answers late, but within the limit.</summary>
    Slow,

    /// <summary>The adapter fails by a defect, before or after the money went back.</summary>
    FailsBefore,
    FailsAfter,
}

/// <summary>Somebody wants a payment back.</summary>
/// <param name="AtMilliseconds">When it is asked for, each time at another node: perhaps before it is confirmed, perhaps too late.</param>
/// <param name="Silences">How many questions are met with silence before there is any answer.</param>
internal sealed record SceneReversal(int[] AtMilliseconds, int Node, Parting Parting, int Silences);

/// <summary>A payment, and what its terminal does about it.</summary>
/// <param name="AtMilliseconds">When it is first asked for.</param>
/// <param name="Node">Which of the nodes that are up is asked.</param>
/// <param name="Repeats">When the same request is made again.</param>
/// <param name="CancelAt">When the terminal cancels the reference, or null.</param>
/// <param name="Silences">How many questions are met with silence.</param>
/// <param name="AskDelivers">A question about what never arrived delivers it (as a repeat does), instead of declining it.</param>
/// <param name="OnlyAccepted">It is accepted without a claim and its way breaks off there.</param>
internal sealed record ScenePayment(
    int Index, int AtMilliseconds, int Node, long AmountQepik, Temper Temper, int[] Repeats, int? CancelAt, int Silences,
    bool AskDelivers, bool OnlyAccepted)
{
    /// <summary>Who wants it back, or null.</summary>
    public SceneReversal? Back { get; init; }
}

/// <summary>What goes wrong.</summary>
internal enum Blow
{
    KillNode,
    FreezeNode,
    CutOffNode,
    DatabaseDown,
    DatabaseTroubled,
    DatabaseFull,
    StandbyGone,
    ProviderGone,
    NodeClockSteps,
    DatabaseClockSteps,
}

/// <summary>Something that goes wrong at a moment, for a while.</summary>
internal sealed record SceneFault(int Index, Blow Blow, int AtMilliseconds, int ForMilliseconds, int Node, int Size);

/// <summary>One run, as it is made from a seed: who pays what when, and what goes wrong.</summary>
/// <param name="Weather">The seed of chance within the run: latencies, the order of steps.</param>
internal sealed record Scenario(int Seed, int Weather, int Nodes, ScenePayment[] Payments, SceneFault[] Faults)
{
    private const int PaysWithinMilliseconds = 4_000;
    private const int AimedWithinMilliseconds = 30;

    /// <summary>The network is quick and stays so: an answer within the time limit is heard. No scenario of a seed is.</summary>
    public bool Calm { get; init; }

    public static Scenario From(int seed)
    {
        var random = new Random(seed);
        var payments = new ScenePayment[random.Next(1, 9)];
        for (var i = 0; i < payments.Length; i++)
        {
            var at = random.Next(PaysWithinMilliseconds);
            payments[i] = new ScenePayment(
                i, at, random.Next(4), 100 * random.Next(1, 8), Roll(random),
                [.. Enumerable.Range(0, random.Next(3) == 0 ? random.Next(1, 4) : 0).Select(_ => at + random.Next(random.Next(2) == 0 ? 20 : 9_000))],
                random.Next(7) == 0 ? Math.Max(0, at + random.Next(-50, 3_000)) : null,
                random.Next(3), random.Next(2) == 0, random.Next(12) == 0);
        }

        var nodes = random.Next(1, 4);
        var faults = new SceneFault[random.Next(5)];
        for (var i = 0; i < faults.Length; i++)
        {
            var blow = (Blow)random.Next(10);
            faults[i] = new SceneFault(
                i, blow, random.Next(PaysWithinMilliseconds + 2_000), random.Next(50, random.Next(3) == 0 ? 20_000 : 3_000),
                random.Next(nodes),
                blow == Blow.DatabaseClockSteps ? random.Next(-60, 60) : random.Next(-7_200, 7_200));
            if (random.Next(2) == 0)
            {
                var at = payments[random.Next(payments.Length)];
                faults[i] = Aimed(faults[i], at.AtMilliseconds, at.Node, nodes, random);
            }
        }

        WantBack(payments, faults, nodes, random);
        return new Scenario(seed, seed, nodes, payments, faults);
    }

    /// <summary>A third of the payments are wanted back, by one or by several at once, and some of what goes wrong is aimed at that.</summary>
    private static void WantBack(ScenePayment[] payments, SceneFault[] faults, int nodes, Random random)
    {
        for (var i = 0; i < payments.Length; i++)
        {
            if (random.Next(3) == 0)
            {
                var at = payments[i].AtMilliseconds + random.Next(random.Next(4) == 0 ? 60 : 9_000);
                int[] times = [at, .. Enumerable.Range(0, random.Next(3)).Select(_ => at + random.Next(random.Next(2) == 0 ? 20 : 9_000))];
                payments[i] = payments[i] with
                {
                    Back = new SceneReversal(times, random.Next(4), RollParting(random), random.Next(3)),
                };
            }
        }

        var wanted = payments.Where(p => p.Back is not null).ToList();
        for (var i = 0; i < faults.Length && wanted.Count > 0; i++)
        {
            if (random.Next(3) == 0)
            {
                var back = wanted[random.Next(wanted.Count)].Back!;
                faults[i] = Aimed(faults[i], back.AtMilliseconds[0], back.Node, nodes, random);
            }
        }
    }

    /// <summary>Reads what <see cref="ToString"/> wrote: a seed, and which of its payments and faults are kept.</summary>
    public static Scenario Parse(string text)
    {
        var parts = text.Split('/');
        var whole = From(int.Parse(parts[0], CultureInfo.InvariantCulture));
        foreach (var part in parts[1..])
        {
            var kept = part[1..].Split(',', StringSplitOptions.RemoveEmptyEntries)
                .Select(i => int.Parse(i, CultureInfo.InvariantCulture)).ToHashSet();
            whole = part[0] switch
            {
                'p' => whole with { Payments = [.. whole.Payments.Where(p => kept.Contains(p.Index))] },
                'f' => whole with { Faults = [.. whole.Faults.Where(f => kept.Contains(f.Index))] },
                'b' => whole with { Payments = [.. whole.Payments.Select(p => kept.Contains(p.Index) ? p : p with { Back = null })] },
                'w' => whole with { Weather = kept.Single() },
                'n' => whole with { Nodes = kept.Single() },
                _ => throw new FormatException($"'{text}' is not a scenario."),
            };
        }

        return whole;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Seed}/p{Indexes(Payments)}/b{Indexes(Payments.Where(p => p.Back is not null))}/f{Indexes(Faults)}/n{Nodes}/w{Weather}");

    private static string Indexes(IEnumerable<ScenePayment> payments) => string.Join(',', payments.Select(p => p.Index));

    private static string Indexes(IEnumerable<SceneFault> faults) => string.Join(',', faults.Select(f => f.Index));

    /// <summary>The scenario in words, a line each.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{Nodes} nodes";
        foreach (var p in Payments)
        {
            yield return $"{p.AtMilliseconds,6} ms: payment {p.Index} of {p.AmountQepik} qəpik at node {p.Node}, provider {p.Temper}, "
                + $"silent to {p.Silences} questions, a question about nothing {(p.AskDelivers ? "delivers" : "declines")}"
                + (p.Repeats.Length > 0 ? $", again at {string.Join(", ", p.Repeats)}" : "")
                + (p.CancelAt is { } at ? $", cancelled at {at}" : "") + (p.OnlyAccepted ? ", only accepted" : "");
            if (p.Back is { } back)
            {
                yield return $"{back.AtMilliseconds[0],6} ms: payment {p.Index} is wanted back at node {back.Node}, provider {back.Parting}, "
                    + $"silent {back.Silences} times first"
                    + (back.AtMilliseconds.Length > 1 ? $", again at {string.Join(", ", back.AtMilliseconds.Skip(1))}" : "");
            }
        }

        foreach (var f in Faults)
        {
            yield return $"{f.AtMilliseconds,6} ms: {f.Blow} for {f.ForMilliseconds} ms"
                + (f.Blow is Blow.KillNode or Blow.FreezeNode or Blow.CutOffNode or Blow.NodeClockSteps ? $", node {f.Node}" : "")
                + (f.Blow is Blow.NodeClockSteps or Blow.DatabaseClockSteps ? $", by {f.Size} s" : "");
        }
    }

    /// <summary>
    /// The way of a payment from its request to its provider takes a few dozen milliseconds of seconds: by mere chance hardly anything
    /// falls between two of its steps. So it is aimed, at the payment's own node, and lasts about as long as a claim.
    /// </summary>
    private static SceneFault Aimed(SceneFault fault, int atMilliseconds, int node, int nodes, Random random) => fault with
    {
        AtMilliseconds = atMilliseconds + random.Next(AimedWithinMilliseconds),
        ForMilliseconds = random.Next(3) == 0 ? fault.ForMilliseconds : random.Next(3_500, 9_000),
        Node = node % nodes,
    };

    private static Parting RollParting(Random random) => random.Next(100) switch
    {
        < 30 => Parting.Returns,
        < 45 => Parting.Keeps,
        < 55 => Parting.Loses,
        < 65 => Parting.ReturnsSilently,
        < 75 => Parting.KeepsSilently,
        < 84 => Parting.TooLate,
        < 92 => Parting.Slow,
        < 96 => Parting.FailsBefore,
        _ => Parting.FailsAfter,
    };

    private static Temper Roll(Random random) => random.Next(100) switch
    {
        < 45 => Temper.Honest,
        < 52 => Temper.Declines,
        < 57 => Temper.NotSent,
        < 65 => Temper.Loses,
        < 75 => Temper.SilentAfter,
        < 82 => Temper.TooLate,
        < 88 => Temper.Slow,
        < 92 => Temper.FailsBefore,
        < 96 => Temper.FailsAfter,
        _ => Temper.Garbles,
    };
}
