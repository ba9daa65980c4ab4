using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace EGovPay.Benchmarks.Torture;

/// <summary>Everything that is tortured: the centre, two nodes, the simulator, and the links between them.</summary>
internal sealed class Scene : IAsyncDisposable
{
    public const int Nodes = 2;

    private readonly TcpLink[] toNode = [new("terminals–node 0"), new("terminals–node 1")];
    private readonly TcpLink[] toSimulator = [new("node 0–simulator"), new("node 1–simulator")];
    private readonly TcpLink[] toPostgres = [new("node 0–PostgreSQL"), new("node 1–PostgreSQL")];
    private readonly Kept[] nodes = new Kept[Nodes];
    private readonly HttpClient control = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly TortureOptions options;
    private readonly string folder;
    private Kept simulator = null!;
    private volatile string lies = LiesPlan.None;

    private Scene(TortureOptions options, string folder, Centre centre)
    {
        this.options = options;
        this.folder = folder;
        Centre = centre;
    }

    public Centre Centre { get; }

    public string RecordFile => Path.Combine(folder, "providers.record");

    public IReadOnlyList<TcpLink> ToNodes => toNode;

    public int Kills { get; private set; }

    public int KillsInFlight { get; private set; }

    public int Stops { get; private set; }

    public int Crashes => nodes.Sum(node => node.Crashes) + simulator.Crashes;

    public static async Task<Scene> StartAsync(
        TortureOptions options, string folder, Action<string> say, CancellationToken stop)
    {
        var scene = new Scene(options, folder, await Centre.StartAsync(folder, stop));
        try
        {
            foreach (var link in scene.toPostgres)
            {
                link.Target = new UnixDomainSocketEndPoint(scene.Centre.Socket);
                link.Usual = new LinkWeather(options.PostgresDelay, 0, false, AnswersOnly: true);
                link.Weather = link.Usual;
            }

            scene.simulator = await Kept.StartAsync("the simulator", scene.toSimulator, scene.StartSimulatorAsync, say, stop);
            for (var node = 0; node < Nodes; node++)
            {
                var at = node;
                scene.nodes[at] = await Kept.StartAsync(
                    $"node {at}", [scene.toNode[at]], ending => scene.StartNodeAsync(at, ending), say, stop);
            }

            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>Throws when something cannot be kept running.</summary>
    public async Task ThrowIfLostAsync()
    {
        foreach (var kept in nodes.Append(simulator).Where(kept => kept.Keeping.IsFaulted))
        {
            await kept.Keeping;
        }
    }

    /// <summary>Puts lies in force, also after the simulator was killed.</summary>
    public async Task LieAsync(string told, CancellationToken stop)
    {
        lies = told;
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if (simulator.Address is { } address && await TryLieAsync(address, told, stop))
            {
                return;
            }

            await Task.Delay(200, stop);
        }

        throw new InvalidOperationException("The simulator does not take its lies.");
    }

    /// <summary>Carries out one fault, as far as it lasts.</summary>
    /// <param name="underWay">Payments that terminals have asked for and not been answered.</param>
    /// <param name="over">Cancelled when the round's faults end: links become fair again.</param>
    public async Task SufferAsync(Fault fault, UnderWay underWay, CancellationToken over, CancellationToken stop)
    {
        switch (fault.Kind)
        {
            case FaultKind.KillNode:
                await KillNodeAsync(fault, underWay, over);
                break;
            case FaultKind.KillSimulator:
                if (await UpAsync(simulator, over))
                {
                    Count(underWay.Everywhere, simulator.TryKill((int)fault.For.TotalMilliseconds, fault.Choice % 2 == 0));
                }

                break;
            case FaultKind.StopPostgres:
                if (Centre.ServerProcess is { } server)
                {
                    // What `pg_ctl stop -m immediate` sends; whoever watches the cluster starts it again.
                    Stops++;
                    using var kill = Process.Start("/bin/kill", ["-QUIT", FormattableString.Invariant($"{server}")]);
                    await kill.WaitForExitAsync(stop);
                }

                break;
            case FaultKind.Freeze:
                await nodes[fault.Node].FreezeAsync(fault.For.TotalSeconds);
                break;
            default:
                await DisturbAsync(Link(fault), fault, over, stop);
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var kept in nodes.Append(simulator))
        {
            if (kept is not null)
            {
                await kept.DisposeAsync();
            }
        }

        foreach (var link in toNode.Concat(toSimulator).Concat(toPostgres))
        {
            await link.DisposeAsync();
        }

        control.Dispose();
        await Centre.DisposeAsync();
    }

    private TcpLink Link(Fault fault) => fault.Link switch
    {
        0 => toNode[fault.Node],
        1 => toSimulator[fault.Node],
        _ => toPostgres[fault.Node],
    };

    private async Task KillNodeAsync(Fault fault, UnderWay underWay, CancellationToken over)
    {
        var victim = nodes[fault.Node].Up ? fault.Node : 1 - fault.Node;
        if (await UpAsync(nodes[victim], over))
        {
            Count(underWay.At(victim), nodes[victim].TryKill((int)fault.For.TotalMilliseconds, fault.Choice % 2 == 0));
        }
    }

    private void Count(int underWay, bool killed)
    {
        Kills += killed ? 1 : 0;
        KillsInFlight += killed && underWay > 0 ? 1 : 0;
    }

    private static async Task<bool> UpAsync(Kept kept, CancellationToken over)
    {
        while (!kept.Up && !over.IsCancellationRequested)
        {
            await Task.Delay(50, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return kept.Up;
    }

    private static async Task DisturbAsync(TcpLink link, Fault fault, CancellationToken over, CancellationToken stop)
    {
        var random = new Random(fault.Choice);
        switch (fault.Kind)
        {
            case FaultKind.Cut:
                link.Reset(random, 0.2 + (random.NextDouble() * 0.8));
                return;
            case FaultKind.HalfClose:
                link.HalfClose(random, 0.2 + (random.NextDouble() * 0.8));
                return;
            case FaultKind.Slow:
                link.Weather = new LinkWeather(random.Next(20, 600), 0, false);
                break;
            case FaultKind.Narrow:
                link.Weather = new LinkWeather(0, random.Next(4_000, 60_000), false);
                break;
            default:
                link.Weather = new LinkWeather(0, 0, true);
                break;
        }

        await Task.Delay(fault.For, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
        if (fault.Kind == FaultKind.Block && random.Next(2) == 0)
        {
            // What was held is lost with its connection; else it arrives late.
            link.Reset(random, 1);
        }

        link.Weather = link.Usual;
    }

    private async Task<Child?> StartSimulatorAsync(CancellationToken stop)
    {
        var child = await Child.StartAsync(
            options.Program, Path.Combine(folder, "simulator.log"), Variables([]), stop,
            "simulate", "--port", "0", "--record", RecordFile, "--seed", FormattableString.Invariant($"{options.Seed}"));
        for (var attempt = 0; child is not null && attempt < 20 && !await TryLieAsync(child.Address, lies, stop); attempt++)
        {
            await Task.Delay(100, stop);
        }

        return child;
    }

    private Task<Child?> StartNodeAsync(int node, CancellationToken stop) => Child.StartAsync(
        options.Program, Path.Combine(folder, FormattableString.Invariant($"node-{node}.log")),
        Variables(new(StringComparer.Ordinal)
        {
            ["EGOVPAY_DATABASE"] = Centre.ThroughLink(toPostgres[node].Port),
            ["EGOVPAY_PROVIDERS"] = toSimulator[node].Address.GetLeftPart(UriPartial.Authority),
            ["EGOVPAY_LISTEN"] = "http://127.0.0.1:0",
            ["EGOVPAY_SECRET"] = "the secret of a torture is worth nothing",
            ["EGOVPAY_NODE"] = FormattableString.Invariant($"node {node}"),
            ["EGOVPAY_LOG"] = "warning",
            ["EGOVPAY_PLANTED_DEFECT"] = options.Defect ?? "",
        }), stop, "serve");

    private Dictionary<string, string> Variables(Dictionary<string, string> more)
    {
        more["EGOVPAY_DATA"] = Path.Combine(folder, "egovpay");
        return more;
    }

    private async Task<bool> TryLieAsync(Uri address, string told, CancellationToken stop)
    {
        try
        {
            using var body = new StringContent(told, Encoding.UTF8, "application/json");
            using var response = await control.PostAsync(new Uri(address, "/_sim/lies"), body, stop);
            return response.IsSuccessStatusCode;
        }
        catch (Exception away) when (away is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            return false;
        }
    }
}
