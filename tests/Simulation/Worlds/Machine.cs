using EGovPay.Processing.Agents;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Inquiry;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Telling;
using EGovPay.Processing.Validation;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>
/// One node: the engine's own parts, wired as the engine wires them, on a machine of a world, with the model for a database.
/// </summary>
internal sealed class Machine
{
    public static readonly CatalogueSnapshot Catalogue = EmbeddedCatalogue.Load();

    /// <summary>For how many minutes of the rules a payment of a world may be taken back.</summary>
    public static readonly int ReversibleMinutes = Catalogue.Find(10101)!.RuleOn(Processing.Baku.DateOf(Host.Epoch))!.ReversibleMinutes;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly SealQuotes Quotes = new([new QuoteKey(1, new byte[32])]);

    private readonly World world;
    private readonly WorldProviders providers;
    private readonly PlantedInMachine planted;
    private readonly CancellationTokenSource stop = new();
    private PayPayment? pay;
    private CancelPayment? cancel;
    private ReversePayment? reverse;

    public Machine(World world, DatabaseServer server, WorldProviders providers, int number, PlantedInMachine planted)
    {
        this.world = world;
        this.providers = providers;
        this.planted = planted;
        Host = new Host(world, number);
        Database = new ModelDatabase(world, Host, server) { BrokenIsCommitted = planted == PlantedInMachine.BrokenIsCommitted };
        _ = Host.Run(StartAsync);
    }

    public Host Host { get; }

    public ModelDatabase Database { get; }

    public Node? Node { get; private set; }

    public Processing.Journal.Journal? Journal { get; private set; }

    public bool Up => pay is not null && !Host.Dead;

    public static Terminal Terminal { get; } = new()
    {
        AgentId = 16,
        Parts = 1,
        AgentCode = "bank",
        AgentName = "Bank",
        PointId = 1,
        PointCode = "p1",
        PointName = "Mərkəz",
        TerminalId = 1,
        TerminalCode = "bank-t1",
        TerminalName = "Kassa",
        Suspended = false,
        Signed = false,
        AgentServices = AllowedServices.Of(null),
        TerminalServices = AllowedServices.Of(null),
    };

    public Task<PayAnswer> PayAsync(PaymentRequest request) => pay!.PayAsync(Terminal, request, Patience);

    public Task<Payment> CancelAsync(string reference) => cancel!.CancelAsync(Terminal, reference);

    /// <summary>Looks the payment up and asks for it back, as the terminals' side does; null: there is none.</summary>
    public async Task<ReverseAnswer?> ReverseAsync(string reference) =>
        await ((IFindPayments)Database).FindAsync(Terminal.AgentId, reference) is { } payment
            ? await reverse!.ReverseAsync(Terminal, payment, "səhv hesab")
            : null;

    /// <summary>Accepts without a claim, and breaks off: it is for whoever takes over.</summary>
    public async Task OnlyAcceptAsync(PaymentRequest request)
    {
        var number = await Node!.NextNumberAsync();
        try
        {
            await Journal!.AcceptAsync(new Acceptance
            {
                AgentId = Terminal.AgentId,
                Number = number,
                Reference = request.Reference,
                TerminalId = 1,
                ServiceCode = 10101,
                Account = request.Account,
                AmountQepik = request.AmountQepik,
                ProviderId = Catalogue.Provider("azerishiq")!.Id,
                Tender = Tender.Cash,
                CutoffGroup = 1,
                NodeId = Node.Id,
                Claim = false,
            });
        }
        finally
        {
            Node.LoseSight(Terminal.AgentId, number);
        }
    }

    private async Task StartAsync()
    {
        var time = Host.Clock;
        IClusterTables cluster = planted == PlantedInMachine.NothingUnfinished ? new Boastful(Database) : Database;
        while (Node is null)
        {
            try
            {
                Node = await Node.StartAsync(cluster, $"n{Host.Number}", NullLogger.Instance, time);
            }
            catch (NpgsqlException)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), time);
            }
        }

        var catalogue = CatalogueInForce.Fixed(Catalogue);
        var waiting = new Waiting(Database, time);
        var gates = new Gates(time);
        gates.Replace([new WorldProvider(Catalogue.Provider("azerishiq")!, world, Host, providers)
        {
            Heedless = planted is PlantedInMachine.DeadlineIgnored or PlantedInMachine.SendsWhenItWakes,
            TakesSilenceForYes = planted == PlantedInMachine.SilenceIsYes,
        }]);
        Journal = new Processing.Journal.Journal(
            Database, new JournalSettings(1, QueueLimit: 64, BatchLimit: 8), NullLogger.Instance, time);
        var conclude = new Conclude(Journal, Database, Node, waiting, NullLogger<Conclude>.Instance);
        var deliver = new Deliver(
            gates, conclude, Node, planted == PlantedInMachine.DeadlineIgnored ? new Standstill(time) : time,
            NullLogger<Deliver>.Instance);
        cancel = new CancelPayment(Journal, Database, Node);
        var recover = new Recover(cluster, Journal, Database, gates, deliver, Node, time, NullLogger<Recover>.Instance);
        var ask = new AskUnknown(cluster, Database, gates, deliver, Node, time, NullLogger<AskUnknown>.Instance);
        var reversals = new AskReversals(cluster, Database, gates, deliver, Node, time, NullLogger<AskReversals>.Instance);
        reverse = new ReversePayment(catalogue, Journal, Database, Node, reversals);
        var probe = new ProbeProviders(catalogue, gates, Node, time, time, NullLogger<ProbeProviders>.Instance);
        pay = new PayPayment(
            catalogue, Quotes, gates, (_, _) => null, Journal, Database, deliver, Node, waiting,
            new Subscribers(_ => false, default), time, time,
            NullLogger<PayPayment>.Instance);
        foreach (var work in new Func<CancellationToken, Task>[] { recover.RunAsync, ask.RunAsync, reversals.RunAsync, probe.RunAsync })
        {
            _ = KeepAsync(work);
        }
    }

    /// <summary>As the engine keeps its background work.</summary>
    private async Task KeepAsync(Func<CancellationToken, Task> work)
    {
        while (true)
        {
            try
            {
                await work(stop.Token);
            }
            catch (Exception defect)
            {
                world.Complain($"background work ended by {defect.GetType().Name}: {defect.Message}");
                await Task.Delay(TimeSpan.FromSeconds(1), Host.Clock);
            }
        }
    }

    /// <summary>A clock that has stopped.</summary>
    private sealed class Standstill(HostClock clock) : TimeProvider
    {
        private readonly long stands = clock.GetTimestamp();

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => stands;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, dueTime, period);
    }

    /// <summary>Tells everybody that this node has finished everything.</summary>
    private sealed class Boastful(IClusterTables cluster) : IClusterTables
    {
        public Task<Instant> BeatAsync(int nodeId, int leaseSeconds, long lowNumber) => cluster.BeatAsync(nodeId, leaseSeconds, lowNumber + 500);

        public Task CloseAsync(int nodeId, CancellationToken cancel) => cluster.CloseAsync(nodeId, cancel);

        public Task<IReadOnlyList<DueQuestion>> LeaseDueAsync(
            int[] providerIds, int[] room, int leaseSeconds, CancellationToken cancel) =>
            cluster.LeaseDueAsync(providerIds, room, leaseSeconds, cancel);

        public Task<IReadOnlyList<LostPayment>> LostAsync(int nodeId, long after, CancellationToken cancel) =>
            cluster.LostAsync(nodeId, after, cancel);

        public Task<IReadOnlyList<NodeSeen>> NodesAsync(int nodeId, CancellationToken cancel) => cluster.NodesAsync(nodeId, cancel);

        public Task<IReadOnlyList<DueReversal>> LeaseReversalsAsync(
            int[] providerIds, int[] room, int[] leaseSeconds, CancellationToken cancel) =>
            cluster.LeaseReversalsAsync(providerIds, room, leaseSeconds, cancel);

        public Task<IReadOnlyList<LostPayment>> UnfinishedAsync(int[] agentIds, long[] numbers, CancellationToken cancel) =>
            cluster.UnfinishedAsync(agentIds, numbers, cancel);

        public Task<int> RegisterAsync(string name) => cluster.RegisterAsync(name);

        public Task<long> TakeBlockAsync(int nodeId) => cluster.TakeBlockAsync(nodeId);
    }
}
