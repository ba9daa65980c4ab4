using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Simulation;
using Npgsql;

namespace EGovPay.Tests.Dispatch;

/// <summary>Two nodes without background work, so that a test says when one looks; one agent, and providers whose lies a test picks.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly Dictionary<int, (long Next, long End)> blocks = [];
    private readonly SemaphoreSlim taking = new(1);

    private Stage(TestDatabase database)
    {
        Database = database;
        Centre = new SimulatedCentre(database, Record);
    }

    /// <summary>Counts who waits for a lane in this database; the tests of other databases share its server.</summary>
    public const string WaitingForLanes = "select count(*) from pg_locks where locktype = 'advisory' and not granted "
        + "and database = (select oid from pg_database where datname = current_database())";

    public ProvidersRecord Record { get; } = new(HonestSeed());

    public TestDatabase Database { get; }

    public SimulatedCentre Centre { get; }

    public SimulatedNode A => Centre.Nodes[0];

    public SimulatedNode B => Centre.Nodes[1];

    public SimulatedAgent Agent { get; private set; } = null!;

    public static async Task<Stage> SetAsync(long depositQepik = 1_000_000)
    {
        var stage = new Stage(await TestDatabase.CreateAsync());
        await stage.Centre.AddNodeAsync(background: false);
        await stage.Centre.AddNodeAsync(background: false);
        stage.Agent = await stage.Centre.AddAgentAsync("bank", depositQepik);
        return stage;
    }

    /// <summary>A node that once lived: its lease ended long ago.</summary>
    public async Task<int> DeadNodeAsync() => await Database.AskAsync<int>(
        "insert into node (name, lease_until, low_number) values ('dead', now() - interval '1 hour', 0) returning node_id");

    /// <summary>Enters a payment for a node, which then does nothing more with it.</summary>
    public async Task<long> EnterAsync(string reference, bool claim, int nodeId, int sendSeconds = 0)
    {
        var engine = A.Engine;
        var number = nodeId == engine.Node.Id ? await engine.Node.NextNumberAsync() : await NumberOfAsync(nodeId);
        await engine.Journal.AcceptAsync(new Acceptance
        {
            AgentId = Agent.AgentId,
            Number = number,
            Reference = reference,
            TerminalId = 1,
            ServiceCode = 10101,
            Account = "000000000000001",
            AmountQepik = 500,
            ProviderId = engine.Gates.Find("azerishiq")!.Settings.Id,
            Tender = Tender.Cash,
            CutoffGroup = 1,
            NodeId = nodeId,
            Claim = claim,
            SendSeconds = sendSeconds,
        });
        engine.Node.Done(number);
        return number;
    }

    /// <summary>A number of a block that this node took.</summary>
    private async Task<long> NumberOfAsync(int nodeId)
    {
        await taking.WaitAsync();
        try
        {
            var (next, end) = blocks.GetValueOrDefault(nodeId);
            if (next == end)
            {
                next = await new ClusterTables(Database.DataSource).TakeBlockAsync(nodeId);
                end = next + Node.BlockSize;
            }

            blocks[nodeId] = (next + 1, end);
            return next;
        }
        finally
        {
            taking.Release();
        }
    }

    public async Task<PayAnswer> PayAsync(
        SimulatedNode node, string reference, long amountQepik = 500, string account = "000000000000001",
        string? inquiry = null, SimulatedAgent? agent = null) =>
        await node.Engine.Pay.PayAsync(
            await node.TerminalAsync(agent ?? Agent), Request(reference, amountQepik, account, inquiry), TimeSpan.FromSeconds(15));

    public static PaymentRequest Request(string reference, long amountQepik, string account, string? inquiry) => new()
    {
        Reference = reference,
        Service = "10101",
        Account = account,
        AmountQepik = amountQepik,
        TotalQepik = amountQepik,
        Inquiry = inquiry,
        Tender = Tender.Cash,
    };

    public async Task<PaymentState> StateAsync(string reference) =>
        (await B.Engine.Book.FindAsync(Agent.AgentId, reference))!.State;

    /// <summary>An account with which providers tell this lie.</summary>
    public string AccountThat(Lie lie) =>
        Enumerable.Range(0, 10_000).Select(i => $"{i:D15}").First(account => Record.LieFor(account) == lie);

    /// <summary>Until it is disposed of, nothing can be written for the agent.</summary>
    public async Task<NpgsqlConnection> HoldLaneAsync()
    {
        var connection = new NpgsqlConnection(Database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var hold = new NpgsqlCommand(
            $"select pg_advisory_lock({Lanes.LaneLock}, {Lanes.Of(Agent.AgentId)})", connection);
        await hold.ExecuteNonQueryAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        taking.Dispose();
        await Centre.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>A seed with which the account of most tests meets honest providers.</summary>
    private static int HonestSeed() =>
        Enumerable.Range(0, 1_000).First(seed => new ProvidersRecord(seed).LieFor("000000000000001") == Lie.Honest);
}
