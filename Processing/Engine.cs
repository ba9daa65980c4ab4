using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Continuity;
using EGovPay.Processing.Days;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Inquiry;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.Observing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.People;
using EGovPay.Processing.Receipts;
using EGovPay.Processing.Shifts;
using EGovPay.Processing.Telling;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing;

/// <summary>What the engine needs to be told.</summary>
public sealed record EngineSettings
{
    /// <summary>The database; its schema is at this program's number.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>
    /// The server's secret, at least 32 bytes, the same on all nodes; keys of quotes, receipts and signatures are
    /// derived from it.
    /// </summary>
    public required ReadOnlyMemory<byte> Secret { get; init; }

    /// <summary>
    /// Secrets whose keys are good too and make nothing new: the one before this, and while several nodes are being changed
    /// the next one. At least 32 bytes each. Default none.
    /// </summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> OtherSecrets { get; init; } = [];

    /// <summary>This node's name, for people.</summary>
    public string NodeName { get; init; } = Environment.MachineName;
    public JournalSettings Journal { get; init; } = new();

    /// <summary>
    /// Speaks to the providers of a catalogue; called again for each new one. Unchanged providers come back as the
    /// same objects.
    /// </summary>
    public required Func<IReadOnlyList<ProviderSettings>, IReadOnlyDictionary<string, IProvider>> Connect { get; init; }

    /// <summary>Who serves a portable number.</summary>
    public required RouteNumber Route { get; init; }

    /// <summary>By what payers are told of their payments. Default: by nothing, and no address is kept.</summary>
    public PayerChannels Payers { get; init; }

    /// <summary>How long the end waits for payments under way at their providers. Default 15 s.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Where this node remembers, outside the database, what it saw committed; it must outlive a restore. Null: nowhere.
    /// </summary>
    public string? MemoryFile { get; init; }

    /// <summary>
    /// False: only what a command line needs; nothing is asked, recovered or rolled in the background.
    /// </summary>
    public bool Background { get; init; } = true;

    /// <summary>Never prints what it holds.</summary>
    public override string ToString() => nameof(EngineSettings);
}

/// <summary>
/// The engine, put together: one object with everything that the doors (HTTP, OSMP, command line) call.
/// </summary>
public sealed class Engine : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource lanePool;
    private readonly ReadOnlyMemory<byte>[] secrets;
    private readonly TimeSpan stopPatience;
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource going;
    private readonly List<Task> background = [];
    private Task watching = Task.CompletedTask;
    private readonly ILogger log;
    private readonly WatchEngine watch;

    private Engine(
        EngineSettings settings, NpgsqlDataSource database, NpgsqlDataSource lanes, WatchContinuity continuity,
        CatalogueInForce catalogue, AgentDirectory directory, Node node, IClock clock, ILoggerFactory logs)
    {
        Continuity = continuity;
        going = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, continuity.Broken);
        secrets = [settings.Secret, .. settings.OtherSecrets];
        stopPatience = settings.StopPatience;
        Directory = directory;
        Nonces = new UsedNonces(database);
        Users = new Users(database);
        KnowPerson = new KnowPerson(database);
        Record = new ActRecord(database);
        lanePool = lanes;
        log = logs.CreateLogger<Engine>();
        Database = database;
        Catalogue = catalogue;
        Node = node;
        Clock = clock;
        Quotes = new SealQuotes([.. Keys("inquiry").Select(key => new QuoteKey(1, key))]);
        Codes = new VerificationCode([.. Keys("receipt")]);
        Book = new PaymentBook(database);
        var time = TimeProvider.System;
        var cluster = new ClusterTables(database);
        Waiting = new Waiting(Book, time);
        Gates = new Gates(time);
        Journal = new Journal.Journal(
            lanes, settings.Journal with { Saw = continuity.Saw }, logs.CreateLogger<Journal.Journal>(), time);
        Readiness = new Readiness(OneConnection(settings.ConnectionString, continuity), Journal, node, continuity, time);
        Conclude = new Conclude(Journal, Book, node, Waiting, logs.CreateLogger<Conclude>());
        Deliver = new Deliver(Gates, Conclude, node, time, logs.CreateLogger<Deliver>());
        Pay = new PayPayment(
            catalogue, Quotes, Gates, settings.Route, Journal, Book, Deliver, node, Waiting,
            new Subscribers(directory.ProviderSubscribed, settings.Payers), clock, time,
            logs.CreateLogger<PayPayment>());
        Inquire = new AskInquiry(catalogue, Quotes, Gates, settings.Route, node, clock);
        Cancel = new CancelPayment(Journal, Book, node);
        Endpoints = new Endpoints(database);
        Deliveries = new Deliveries(settings.ConnectionString, settings.Payers);
        Funds = new AgentFunds(database, Journal, node);
        Postings = new Postings(Journal, node);
        Proposals = new Proposals(database, Journal, catalogue);
        Decide = new DecideProposals(
            Proposals, Journal, Book, Funds, Postings, new SetTerminalLimits(database),
            new PutTermsInForce(database), node, Waiting, logs.CreateLogger<DecideProposals>());
        Rebalance = new RebalanceParts(database, Journal, node, logs.CreateLogger<RebalanceParts>());
        Shifts = new TellerShifts(database, Journal);
        Reports = new TerminalReports(database);
        PaperAndCards = new PaperAndCards(database);
        Days = new BusinessDays(database, logs.CreateLogger<BusinessDays>());
        Recover = new Recover(cluster, Journal, Book, Gates, Deliver, node, time, logs.CreateLogger<Recover>());
        Probe = new ProbeProviders(catalogue, Gates, node, clock, time, logs.CreateLogger<ProbeProviders>());
        AskUnknown = new AskUnknown(cluster, Book, Gates, Deliver, node, time, logs.CreateLogger<AskUnknown>());
        AskReversals = new AskReversals(cluster, Book, Gates, Deliver, node, time, logs.CreateLogger<AskReversals>());
        Reverse = new ReversePayment(catalogue, Journal, Book, node, AskReversals);
        watch = new WatchEngine(this, new ReadBook(database, clock), logs.CreateLogger<WatchEngine>());
    }

    public NpgsqlDataSource Database { get; }

    /// <summary>Whether the database is still the one that is known.</summary>
    public WatchContinuity Continuity { get; }
    public CatalogueInForce Catalogue { get; }
    public AgentDirectory Directory { get; }
    public UsedNonces Nonces { get; }
    public Users Users { get; }
    public KnowPerson KnowPerson { get; }
    public ActRecord Record { get; }
    public Proposals Proposals { get; }
    public DecideProposals Decide { get; }
    public Node Node { get; }
    public IClock Clock { get; }
    public SealQuotes Quotes { get; }
    public VerificationCode Codes { get; }
    public PaymentBook Book { get; }
    public Waiting Waiting { get; }
    public Gates Gates { get; }
    public Journal.Journal Journal { get; }
    public Readiness Readiness { get; }
    public PayPayment Pay { get; }
    public AskInquiry Inquire { get; }
    public CancelPayment Cancel { get; }
    public Endpoints Endpoints { get; }

    /// <summary>What is on its way to subscribers; whoever has a network tells them (Terminals).</summary>
    public Deliveries Deliveries { get; }
    public ReversePayment Reverse { get; }
    public AgentFunds Funds { get; }
    public Postings Postings { get; }
    public TellerShifts Shifts { get; }
    public TerminalReports Reports { get; }
    public PaperAndCards PaperAndCards { get; }
    public BusinessDays Days { get; }
    internal Recover Recover { get; }
    internal AskUnknown AskUnknown { get; }
    internal AskReversals AskReversals { get; }
    internal Conclude Conclude { get; }
    internal Deliver Deliver { get; }
    internal ProbeProviders Probe { get; }
    internal RebalanceParts Rebalance { get; }
    internal WatchEngine Watch => watch;

    /// <summary>Starts the engine on a migrated database.</summary>
    /// <param name="clock">
    /// A <see cref="DatabaseClock"/>, which then follows the database; another one only where a test says what time it is.
    /// </param>
    public static async Task<Engine> StartAsync(
        EngineSettings settings, IClock clock, ILoggerFactory logs, CancellationToken cancel = default)
    {
        var continuity = new WatchContinuity(
            settings.MemoryFile, settings.NodeName, TimeProvider.System, logs.CreateLogger<WatchContinuity>());
        var database = PostgreSql.Database.Open(settings.ConnectionString, meet: continuity.MeetAsync);
        var catalogue = await CatalogueInForce.OpenAsync(database, logs.CreateLogger<CatalogueInForce>(), cancel);
        var node = await Node.StartAsync(
            database, settings.NodeName, logs.CreateLogger<Node>(), clock as DatabaseClock, continuity.Took);
        var lanes = PostgreSql.Database.Open(
            Processing.Journal.Journal.ConnectionString(settings.ConnectionString, node.Id), meet: continuity.MeetToWriteAsync);
        var directory = await AgentDirectory.OpenAsync(database, logs.CreateLogger<AgentDirectory>(), cancel);
        var engine = new Engine(settings, database, lanes, continuity, catalogue, directory, node, clock, logs);
        await engine.Days.PrepareAsync(cancel);
        engine.Gates.Replace(settings.Connect(catalogue.Current.Providers).Values);
        catalogue.Swapped += next => engine.Gates.Replace(settings.Connect(next.Providers).Values);
        if (settings.Background)
        {
            engine.watching = Task.Run(() => continuity.RunAsync(database, engine.stop.Token), CancellationToken.None);
            engine.background.AddRange(
            [
                engine.KeepAsync("following the catalogue", catalogue.FollowAsync),
                engine.KeepAsync("following the directory", directory.FollowAsync),
                engine.KeepAsync("taking over from dead nodes", engine.Recover.RunAsync),
                engine.KeepAsync("asking about unknown payments", engine.AskUnknown.RunAsync),
                engine.KeepAsync("asking for reversals", engine.AskReversals.RunAsync),
                engine.KeepAsync("probing providers", engine.Probe.RunAsync),
                engine.KeepAsync("looking after proposals", engine.Decide.RunAsync),
                engine.KeepAsync("rebalancing the parts of agents", engine.Rebalance.RunAsync),
                engine.KeepAsync("rolling the business day", engine.Days.RunAsync),
            ]);
        }

        return engine;
    }

    /// <summary>A key of 32 bytes for one purpose, derived from this engine's secret.</summary>
    public byte[] Key(string purpose) => Derive(secrets[0], purpose);

    /// <summary>That key, and those of the other secrets that are good: what came from any of them is ours.</summary>
    public IEnumerable<byte[]> Keys(string purpose) => secrets.Select(secret => Derive(secret, purpose));

    /// <summary>A key of 32 bytes for one purpose, derived from the server's secret (HKDF, SHA-256).</summary>
    public static byte[] Derive(ReadOnlyMemory<byte> secret, string purpose)
    {
        if (secret.Length < 32)
        {
            throw new ArgumentException("The server's secret has at least 32 bytes.", nameof(secret));
        }

        return HKDF.DeriveKey(
            HashAlgorithmName.SHA256, secret.ToArray(), 32, info: Encoding.UTF8.GetBytes("egovpay:" + purpose));
    }

    private static NpgsqlDataSource OneConnection(string database, WatchContinuity continuity) => PostgreSql.Database.Open(
        new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = 1, MinPoolSize = 0 }.ConnectionString, 1, continuity.MeetAsync);

    /// <summary>
    /// Background work begins when the database is known to be the right one, and goes on until the engine ends, whatever it meets:
    /// nobody else would take over, ask or roll. Being stopped in the middle of a statement is an end like any other.
    /// </summary>
    private Task KeepAsync(string work, Func<CancellationToken, Task> run) => Task.Run(async () =>
    {
        while (!going.IsCancellationRequested)
        {
            try
            {
                await Continuity.SureAsync(going.Token);
                await run(going.Token);
            }
            catch (Exception ended) when (going.IsCancellationRequested
                && ended is OperationCanceledException or NpgsqlException or ObjectDisposedException or TimeoutException
                    or ChannelClosedException)
            {
                // What was cut off by the end is done again by whoever comes next.
                return;
            }
            catch (Exception defect)
            {
                Log.BackgroundFailed(log, defect, work);
                await Task.Delay(Pause, going.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    });

    /// <summary>
    /// Ends in order: no background work, then what is under way (<see cref="EngineSettings.StopPatience"/>), then the journal
    /// (<see cref="JournalSettings.StopPatience"/>), then this node's lease. No step waits longer than its patience: a database that
    /// answers nobody, or a standby that is missing, keeps it no longer than three seconds beyond the two. What is left is open, and is
    /// taken over by another node, or by this one when it starts again.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        var ending = Task.WhenAll(background.Append(watching));
        var began = Stopwatch.GetTimestamp();
        // Background work may wait for the journal as well; both have the same time.
        while ((Node.UnderWay > 0 || !ending.IsCompleted) && Stopwatch.GetElapsedTime(began) < stopPatience)
        {
            await Task.Delay(20);
        }

        await Journal.DisposeAsync();
        Continuity.Keep();
        // Whoever waited for the journal has been told that the outcome is open; what waits for the network is left to itself.
        var whole = await EndsAsync(ending);
        whole &= await EndsAsync(watch.DisposeAsync().AsTask());
        whole &= await EndsAsync(Node.DisposeAsync().AsTask());
        Gates.Dispose();
        Directory.Dispose();
        await Readiness.DisposeAsync();
        await Deliveries.DisposeAsync();
        await lanePool.DisposeAsync();
        await Database.DisposeAsync();
        if (whole)
        {
            going.Dispose();
            Continuity.Dispose();
            stop.Dispose();
        }
    }

    /// <summary>It ended within <see cref="LastPatience"/>; else it goes on by itself, and what it meets then is nobody's concern.</summary>
    private static async Task<bool> EndsAsync(Task work)
    {
        await Task.WhenAny(work, Task.Delay(LastPatience));
        if (work.IsCompleted)
        {
            await work;
        }
        else
        {
            _ = work.ContinueWith(
                static left => _ = left.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        return work.IsCompleted;
    }
}
