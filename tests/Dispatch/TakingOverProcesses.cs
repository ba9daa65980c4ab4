using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using EGovPay.Processing.Journal;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>Real processes: one is killed or frozen with payments in its hands, and the other one takes them over in time.</summary>
public sealed class TakingOverProcesses(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan InTime = TimeSpan.FromSeconds(15);

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_killed_nodes_payments_are_another_nodes_within_fifteen_seconds()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var silent = new SilentProvider();
        var key = await AddTerminalAsync(database);
        await using var first = await ServeAsync(database, "n1", silent);
        await using var second = await ServeAsync(database, "n2", silent);
        using var http = Client(first.Address, key);
        _ = Enumerable.Range(0, 30).Select(i => PayAsync(http, $"K-{i}")).ToList();
        await UntilAsync(database, "select count(*) from event where edge = 2", 30, TimeSpan.FromSeconds(30));

        first.Program.KillHard();
        var took = await UntilAsync(database, "select count(*) from unknown_payment", 30, InTime);

        output.WriteLine($"taken over {took.TotalSeconds:F1} s after the kill");
        (await database.AskAsync<long>("select count(*) from event e join node n on n.node_id = e.node_id "
            + "where e.edge = 12 and n.name = 'n2'")).Should().Be(30);
        (await database.AskAsync<long>("select count(distinct number) from payment")).Should().Be(30, "each keeps its number");
    }

    [Fact]
    public async Task A_node_that_is_frozen_between_claim_and_send_wakes_and_sends_nothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var itsProvider = new SilentProvider();
        using var othersProvider = new SilentProvider();
        var key = await AddTerminalAsync(database);
        await using var first = await ServeAsync(database, "n1", itsProvider);
        await using var second = await ServeAsync(database, "n2", othersProvider);
        using var http = Client(first.Address, key);
        var agent = await database.AskAsync<int>("select agent_id from agent where code = 'bank'");
        await using (var hold = new NpgsqlConnection(database.ConnectionString + ";Pooling=false"))
        {
            // The lane is held, so that the claim is on its way to the database when its node freezes, and is committed afterwards.
            await hold.OpenAsync();
            await using var take = new NpgsqlCommand($"select pg_advisory_lock({Lanes.LaneLock}, {Lanes.Of(agent)})", hold);
            await take.ExecuteNonQueryAsync();
            _ = PayAsync(http, "F-1");
            await UntilAsync(
                database, Stage.WaitingForLanes, 1, TimeSpan.FromSeconds(10));
            first.Program.Freeze();
        }

        try
        {
            await UntilAsync(database, "select count(*) from event where edge = 2", 1, TimeSpan.FromSeconds(5));
            var took = await UntilAsync(database, "select count(*) from unknown_payment", 1, InTime);
            output.WriteLine($"taken over {took.TotalSeconds:F1} s after the claim");
            await othersProvider.AskedAsync();
        }
        finally
        {
            first.Program.Thaw();
        }

        // When its heartbeat has reached the database again, it has long seen what became of its claim.
        await UntilAsync(
            database, "select count(*) from node where name = 'n1' and lease_until > now()", 1, TimeSpan.FromSeconds(20));
        await UntilAsync(database, "select count(*) from event where edge in (12, 13) and node_id = "
            + "(select node_id from node where name = 'n1')", 1, TimeSpan.FromSeconds(20), orMore: true);
        itsProvider.Requests.Should().Be(0);
        (await database.AskAsync<long>("select count(*) from event where edge in (6, 7, 8, 10)")).Should().Be(0);
    }

    private static async Task<TimeSpan> UntilAsync(
        TestDatabase database, string sql, long wanted, TimeSpan limit, bool orMore = false)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var now = await database.AskAsync<long>(sql);
            if (now == wanted || (orMore && now > wanted))
            {
                return Stopwatch.GetElapsedTime(began);
            }

            Stopwatch.GetElapsedTime(began).Should().BeLessThan(limit, "{0} gives {1} and not {2}", sql, now, wanted);
            await Task.Delay(100);
        }
    }

    private static HttpClient Client(Uri address, string key)
    {
        var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return http;
    }

    /// <summary>Its answer is of no interest: the server is killed before it comes.</summary>
    private static async Task PayAsync(HttpClient http, string reference)
    {
        using var body = new StringContent(
            """{"service":"10101","account":"012345678901234","amountQepik":2350,"totalQepik":2350,"tender":"cash"}""",
            Encoding.UTF8, "application/json");
        try
        {
            using var answer = await http.PutAsync(new Uri($"/v1/payments/{reference}", UriKind.Relative), body);
        }
        catch (Exception gone) when (gone is HttpRequestException or TaskCanceledException or ObjectDisposedException)
        {
            // As expected.
        }
    }

    private async Task<(RunningProgram Program, Uri Address)> StartAsync(TestDatabase database, string node, SilentProvider provider)
    {
        var program = RunningProgram.Start(
            folder.Path,
            new Dictionary<string, string>
            {
                ["EGOVPAY_DATABASE"] = database.ConnectionString,
                ["EGOVPAY_PROVIDERS"] = $"http://127.0.0.1:{provider.Port}",
            },
            "serve", "--listen", "http://127.0.0.1:0", "--node", node);
        var line = await program.LineAsync("listens on");
        return (program, new Uri(line[(line.LastIndexOf(' ') + 1)..]));
    }

    private async Task<Served> ServeAsync(TestDatabase database, string node, SilentProvider provider)
    {
        var (program, address) = await StartAsync(database, node, provider);
        return new Served(program, address);
    }

    private async Task<string> AddTerminalAsync(TestDatabase database)
    {
        var people = await TestPeople.OfAsync(database);
        var person = people.Environment(database.ConnectionString);
        string[][] commands =
        [
            ["agent", "add", "bank", "--name", "Bank"],
            ["point", "add", "p", "--agent", "bank", "--name", "Mərkəz"],
        ];
        foreach (var command in commands)
        {
            var run = await RunningProgram.RunAsync(folder.Path, person, command);
            run.ExitCode.Should().Be(0, run.Errors);
        }

        var proposed = await RunningProgram.RunAsync(
            folder.Path, person, "agent", "topup", "propose", "bank", "--amount", "10000.00", "--reference", "d-1", "--json");
        var approved = await RunningProgram.RunAsync(
            folder.Path, people.Environment(database.ConnectionString, people.ApproverKey), "agent", "topup", "approve",
            JsonDocument.Parse(proposed.LastLine).RootElement.GetProperty("proposal").GetRawText());
        approved.ExitCode.Should().Be(0, approved.Errors);
        var made = await RunningProgram.RunAsync(
            folder.Path, person, "terminal", "add", "t1", "--agent", "bank", "--point", "p", "--name", "Kassa", "--json");
        return JsonDocument.Parse(made.LastLine).RootElement.GetProperty("key").GetString()!;
    }

    private sealed class Served(RunningProgram program, Uri address) : IAsyncDisposable
    {
        public RunningProgram Program => program;

        public Uri Address => address;

        public ValueTask DisposeAsync() => program.DisposeAsync();
    }

    /// <summary>Takes connections and what they send, and never says anything.</summary>
    private sealed class SilentProvider : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int requests;

        public SilentProvider()
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
            _ = TakeAsync();
        }

        public int Port { get; }

        /// <summary>Connections on which anything was sent.</summary>
        public int Requests => Volatile.Read(ref requests);

        public Task AskedAsync() => asked.Task.WaitAsync(TimeSpan.FromSeconds(20));

        public void Dispose() => listener.Dispose();

        private async Task TakeAsync()
        {
            try
            {
                while (true)
                {
                    _ = HearAsync(await listener.AcceptTcpClientAsync());
                }
            }
            catch (Exception ended) when (ended is ObjectDisposedException or SocketException)
            {
                // The test is over.
            }
        }

        private async Task HearAsync(TcpClient client)
        {
            using (client)
            {
                var buffer = new byte[4_096];
                try
                {
                    var first = true;
                    while (await client.GetStream().ReadAsync(buffer) > 0)
                    {
                        if (first)
                        {
                            first = false;
                            Interlocked.Increment(ref requests);
                            asked.TrySetResult();
                        }
                    }
                }
                catch (IOException)
                {
                    // Its sender gave up.
                }
            }
        }
    }
}
