using EGovPay.Processing.Days;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Schema;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EGovPay.Benchmarks.Journal;

/// <summary>A durable private cluster with a migrated database and 100 agents that never run out of money.</summary>
internal sealed class BookToFill : IAsyncDisposable
{
    public const int Agents = 100;

    private readonly string folder;

    private BookToFill(string folder, PrivateCluster cluster, string connectionString, NpgsqlDataSource database, Node node)
    {
        this.folder = folder;
        Cluster = cluster;
        ConnectionString = connectionString;
        Database = database;
        Node = node;
    }

    public PrivateCluster Cluster { get; }

    public string ConnectionString { get; }

    public NpgsqlDataSource Database { get; }

    public Node Node { get; }

    public static async Task<BookToFill> StartAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"egovpay-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        var cluster = await PrivateCluster.StartAsync(
            PrivateClusterSettings.FromEnvironment(folder), NullLogger.Instance, CancellationToken.None);
        var connectionString = cluster.ConnectionString;
        await Migrate.RunAsync(connectionString);
        var database = Processing.PostgreSql.Database.Open(connectionString);
        await new BusinessDays(database, NullLogger<BusinessDays>.Instance).PrepareAsync();
        for (var agent = 0; agent < Agents; agent++)
        {
            var id = AgentId(agent);
            await using var add = database.CreateCommand(FormattableString.Invariant($"""
                insert into agent (agent_id, lane, code, name) values ({id}, {Lanes.Of(id)}, 'a{id}', 'A{id}') on conflict do nothing;
                insert into funds (agent_id, credits_posted) values ({id}, 4000000000000000) on conflict do nothing;
                """));
            await add.ExecuteNonQueryAsync();
        }

        var node = await Node.StartAsync(database, "benchmark", NullLogger.Instance);
        return new BookToFill(folder, cluster, connectionString, database, node);
    }

    public static int AgentId(int agent) => 16 * (agent + 1);

    /// <summary>A full row: everything that a terminal's payment fills in.</summary>
    public async ValueTask<Acceptance> AcceptanceAsync(int caller)
    {
        var number = await Node.NextNumberAsync();
        Node.Done(number);
        return new Acceptance
        {
            AgentId = AgentId(caller % Agents),
            Number = number,
            Reference = FormattableString.Invariant($"T{caller}-{Random.Shared.NextInt64():x16}"),
            TerminalId = caller,
            ServiceCode = 10101,
            Account = "012345678901234",
            Lines = """[["2026-10",2350]]""",
            AmountQepik = 2_350,
            FeeQepik = 40,
            ProviderId = 1,
            Tender = Tender.Cash,
            CutoffGroup = 1,
            Cashier = "Aysel Məmmədova",
            Payer = "Ə*** M********",
            NodeId = Node.Id,
            SendSeconds = 11,
        };
    }

    public Processing.Journal.Journal OpenJournal(int batchLimit, out NpgsqlDataSource lanes)
    {
        lanes = Processing.PostgreSql.Database.Open(Processing.Journal.Journal.ConnectionString(ConnectionString));
        return new Processing.Journal.Journal(
            lanes, new JournalSettings(BatchLimit: batchLimit), NullLogger<Processing.Journal.Journal>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        await Database.DisposeAsync();
        await Cluster.StopAndDeleteAsync();
        Directory.Delete(folder, recursive: true);
    }
}
