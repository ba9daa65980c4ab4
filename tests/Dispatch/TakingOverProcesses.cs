using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EGovPay.Processing.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>Real processes: one is killed or frozen with payments in its hands, and the other one takes them over in time.</summary>
public sealed class TakingOverProcesses(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan InTime = TimeSpan.FromSeconds(15);

    private readonly RealNodes nodes = new();

    public void Dispose() => nodes.Dispose();

    [Fact]
    public async Task A_killed_nodes_payments_are_another_nodes_within_fifteen_seconds()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var silent = new SilentProvider();
        var key = await nodes.AddTerminalAsync(database);
        await using var first = await nodes.ServeAsync(database, "n1", silent.Address);
        var metrics = FreeAddress();
        await using var second = await nodes.ServeAsync(database, "n2", silent.Address, metrics);
        using var http = first.Client(key);
        (await TakenOverAsync(metrics)).Should().Be(0, "a counter that begins above zero is no increase to an alarm");
        _ = Enumerable.Range(0, 30).Select(i => PayAsync(http, $"K-{i}")).ToList();
        await RealNodes.UntilAsync(database, "select count(*) from event where edge = 2", 30, TimeSpan.FromSeconds(30));

        first.Program.KillHard();
        var took = await RealNodes.UntilAsync(database, "select count(*) from unknown_payment", 30, InTime);

        output.WriteLine($"taken over {took.TotalSeconds:F1} s after the kill");
        (await database.AskAsync<long>("select count(*) from event e join node n on n.node_id = e.node_id "
            + "where e.edge = 12 and n.name = 'n2'")).Should().Be(30);
        (await database.AskAsync<long>("select count(distinct number) from payment")).Should().Be(30, "each keeps its number");
        // It is counted after the commit that was just seen.
        await RealNodes.UntilAsync(() => TakenOverAsync(metrics), 30, TimeSpan.FromSeconds(5), what: "egovpay_takeovers_total");
    }

    [Fact]
    public async Task A_node_that_is_frozen_between_claim_and_send_wakes_and_sends_nothing()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var itsProvider = new SilentProvider();
        using var othersProvider = new SilentProvider();
        var key = await nodes.AddTerminalAsync(database);
        await using var first = await nodes.ServeAsync(database, "n1", itsProvider.Address);
        await using var second = await nodes.ServeAsync(database, "n2", othersProvider.Address);
        using var http = first.Client(key);
        var agent = await database.AskAsync<int>("select agent_id from agent where code = 'bank'");
        await using (var hold = new NpgsqlConnection(database.ConnectionString + ";Pooling=false"))
        {
            // The lane is held, so that the claim is on its way to the database when its node freezes, and is committed afterwards.
            await hold.OpenAsync();
            await using var take = new NpgsqlCommand($"select pg_advisory_lock({Lanes.LaneLock}, {Lanes.Of(agent)})", hold);
            await take.ExecuteNonQueryAsync();
            _ = PayAsync(http, "F-1");
            await RealNodes.UntilAsync(
                database, Stage.WaitingForLanes, 1, TimeSpan.FromSeconds(10));
            first.Program.Freeze();
        }

        try
        {
            await RealNodes.UntilAsync(database, "select count(*) from event where edge = 2", 1, TimeSpan.FromSeconds(5));
            var took = await RealNodes.UntilAsync(database, "select count(*) from unknown_payment", 1, InTime);
            output.WriteLine($"taken over {took.TotalSeconds:F1} s after the claim");
            await othersProvider.AskedAsync();
        }
        finally
        {
            first.Program.Thaw();
        }

        // When its heartbeat has reached the database again, it has long seen what became of its claim.
        await RealNodes.UntilAsync(
            database, "select count(*) from node where name = 'n1' and lease_until > now()", 1, TimeSpan.FromSeconds(20));
        await RealNodes.UntilAsync(database, "select count(*) from event where edge in (12, 13) and node_id = "
            + "(select node_id from node where name = 'n1')", 1, TimeSpan.FromSeconds(20), orMore: true);
        itsProvider.Requests.Should().Be(0);
        (await database.AskAsync<long>("select count(*) from event where edge in (6, 7, 8, 10)")).Should().Be(0);
    }

    private static Uri FreeAddress()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}");
    }

    private static async Task<long> TakenOverAsync(Uri metrics)
    {
        using var http = new HttpClient { BaseAddress = metrics };
        var text = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return text.Split('\n').Where(line => line.StartsWith("egovpay_takeovers_total", StringComparison.Ordinal))
            .Sum(line => long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
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

    /// <summary>Takes connections and what they send, and never says anything.</summary>
    private sealed class SilentProvider : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int requests;

        public SilentProvider()
        {
            listener.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
            _ = TakeAsync();
        }

        public Uri Address { get; }

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
