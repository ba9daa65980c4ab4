namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>
/// Time, order and chance of one simulated run. Everything happens on one thread: what a node is ready to do next, and what arrives
/// over the network at a virtual moment, is picked by the seed. The same seed gives the same run, to the last step.
/// </summary>
internal sealed class World(int seed)
{
    /// <summary>Ticks of virtual time in a second: 100 ns each.</summary>
    public const long Second = TimeSpan.TicksPerSecond;

    private readonly PriorityQueue<Action, (long At, int Chance, long Order)> coming = new();
    private readonly List<Host> hosts = [];
    private readonly List<string> complaints = [];
    private readonly int thread = Environment.CurrentManagedThreadId;
    private ulong fingerprint = 14_695_981_039_346_656_037;
    private long order;

    public Random Random { get; } = new(seed);

    /// <summary>Ticks since the world began.</summary>
    public long Now { get; private set; }

    /// <summary>Steps taken.</summary>
    public int Steps { get; private set; }

    /// <summary>A number that two runs share only if every step of theirs is the same.</summary>
    public ulong Fingerprint => fingerprint;

    public IReadOnlyList<Host> Hosts => hosts;

    /// <summary>What must never happen, as it was seen to happen.</summary>
    public IReadOnlyList<string> Complaints => complaints;

    /// <summary>What happened, in order; kept only when somebody will read it.</summary>
    public List<string>? Story { get; set; }

    /// <summary>Nothing takes long on the network, nor in the database.</summary>
    public bool Calm { get; init; }

    public bool OnItsThread => Environment.CurrentManagedThreadId == thread;

    public void Add(Host host) => hosts.Add(host);

    public void Complain(string what)
    {
        complaints.Add(what);
        Tell("COMPLAINT " + what);
    }

    public void Tell(string what) => Story?.Add($"{Now / (double)Second,10:F4} {what}");

    /// <summary>Something happens at a moment; among those of one moment chance decides.</summary>
    public void At(long when, Action happens) => coming.Enqueue(happens, (Math.Max(when, Now), Random.Next(), order++));

    public void After(TimeSpan delay, Action happens) => At(Now + delay.Ticks, happens);

    /// <summary>A delay of the network, in ticks: as a rule a millisecond or two, now and then much more.</summary>
    public TimeSpan Latency(int mostMilliseconds = 2) => TimeSpan.FromTicks(
        Random.Next(64) == 0 && !Calm ? Random.NextInt64(1, 900 * TimeSpan.TicksPerMillisecond)
            : Random.NextInt64(1, mostMilliseconds * TimeSpan.TicksPerMillisecond));

    /// <summary>Goes on until it is done, nothing can happen any more, or the moment has come. True: it is done.</summary>
    public bool Run(Func<bool> done, long until)
    {
        var able = new List<Host>();
        while (!done())
        {
            able.Clear();
            foreach (var host in hosts)
            {
                if (host.Able)
                {
                    able.Add(host);
                }
            }

            if (able.Count > 0)
            {
                var host = able[Random.Next(able.Count)];
                var place = Random.Next(3) == 0 ? Random.Next(host.Ready) : 0;
                Note(((ulong)host.Number << 32) | (uint)place);
                Now += 10;
                host.RunOne(place);
                if (coming.TryPeek(out _, out var due) && due.At <= Now)
                {
                    coming.Dequeue()();
                }
            }
            else if (coming.TryPeek(out _, out var next) && next.At <= until)
            {
                Now = Math.Max(Now, next.At);
                Note((ulong)next.At ^ (1UL << 63));
                coming.Dequeue()();
            }
            else
            {
                Now = Math.Max(Now, until);
                return done();
            }

            if (Now > until)
            {
                return done();
            }
        }

        return true;
    }

    private void Note(ulong what)
    {
        Steps++;
        fingerprint = unchecked((fingerprint ^ what) * 1_099_511_628_211);
    }
}
