using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EGovPay.Tests.Journal;

/// <summary>A journal over a database of the test's own, with a day open and an agent that has money.</summary>
internal sealed class OpenBook : IAsyncDisposable
{
    public const int Agent = 16;

    private readonly NpgsqlDataSource lanePool;

    private OpenBook(TestDatabase database, NpgsqlDataSource lanes, Processing.Journal.Journal journal, Node node)
    {
        Database = database;
        lanePool = lanes;
        Journal = journal;
        Node = node;
        Book = new PaymentBook(database.DataSource);
    }

    public TestDatabase Database { get; }

    public Processing.Journal.Journal Journal { get; }

    public Node Node { get; }

    public PaymentBook Book { get; }

    public static async Task<OpenBook> OnAsync(TestDatabase database, int connections = 1)
    {
        await new Processing.Days.BusinessDays(
            database.DataSource, NullLogger<Processing.Days.BusinessDays>.Instance).PrepareAsync();
        var lanes = Processing.PostgreSql.Database.Open(
            Processing.Journal.Journal.ConnectionString(database.ConnectionString));
        var journal = new Processing.Journal.Journal(
            lanes, new JournalSettings(connections) { SpreadAt = 2 }, NullLogger<Processing.Journal.Journal>.Instance);
        var node = await Node.StartAsync(database.DataSource, "test", NullLogger.Instance);
        return new OpenBook(database, lanes, journal, node);
    }

    /// <summary>An agent with this much money, and the lane's true number.</summary>
    public Task AddAgentAsync(int agentId, long creditsQepik) => Database.ExecuteAsync(
        FormattableString.Invariant($"""
            insert into agent (agent_id, lane, code, name) values ({agentId}, {Lanes.Of(agentId)}, 'a{agentId}', 'Agent {agentId}');
            insert into funds (agent_id, credits_posted) values ({agentId}, {creditsQepik});
            """));

    public async Task<Acceptance> AcceptanceAsync(
        string reference, long amountQepik = 1_000, int agentId = Agent, bool claim = true) => new()
    {
        AgentId = agentId,
        Number = await Node.NextNumberAsync(),
        Reference = reference,
        TerminalId = 1,
        ServiceCode = 10101,
        Account = "012345678901234",
        AmountQepik = amountQepik,
        ProviderId = 1,
        Tender = Tender.Cash,
        CutoffGroup = 1,
        NodeId = Node.Id,
        SendSeconds = 10,
        Claim = claim,
    };

    public Task<Recorded> HappenAsync(Payment payment, PaymentEvent happened, string? transaction = null) =>
        Journal.RecordAsync(new Happening
        {
            AgentId = payment.AgentId,
            Number = payment.Number,
            SeenStep = payment.Step,
            SeenEdge = payment.Edge,
            Edge = Transitions.Find(payment.State, happened)!,
            NodeId = Node.Id,
            ProviderTransaction = transaction,
        });

    public async Task<(long Pending, long Posted, long Credits)> FundsAsync(int agentId = Agent)
    {
        await using var command = Database.DataSource.CreateCommand(
            "select debits_pending, debits_posted, credits_posted from funds where agent_id = $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    public async ValueTask DisposeAsync()
    {
        await Journal.DisposeAsync();
        await Node.DisposeAsync();
        await lanePool.DisposeAsync();
    }
}
