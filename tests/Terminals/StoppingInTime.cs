using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Schema;
using EGovPay.Terminals;
using EGovPay.Terminals.CommandLine;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.FailOver;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>A server is told to stop while what it waits for never comes: it is gone within twenty seconds, and nothing is lost.</summary>
public sealed class StoppingInTime : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Taking_over_behind_lanes_that_are_held_does_not_keep_it()
    {
        await using var database = await TestDatabase.CreateAsync();
        await LoggingTerminals.AddAsync(database.ConnectionString, 1);
        await EnterForAnotherAsync(database);
        await using var server = Serve(database.ConnectionString);
        await AddressAsync(server);
        await using var hold = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await hold.OpenAsync(TestContext.Current.CancellationToken);
        await using var take = new NpgsqlCommand(
            $"select pg_advisory_lock({Lanes.LaneLock}, lane) from generate_series(0, {Lanes.Count - 1}) as g (lane)", hold);
        await take.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        // Its payment is taken over now, and that waits for the lane as well.
        await database.ExecuteAsync("update node set lease_until = now() - interval '1 hour' where name = 'another'");
        await UntilAsync(database, "select count(*) > 0 from pg_locks where locktype = 'advisory' and not granted");

        await GoneInTimeAsync(server);

        (await database.AskAsync<long>("select count(*) from node where name = 'another' and recovered_at is null"))
            .Should().Be(1, "its payment is open, and another node's");
    }

    [Fact]
    public async Task A_missing_standby_does_not_keep_it()
    {
        await using var scratch = new ScratchCluster();
        await using var cluster = await scratch.StartAsync();
        await Migrate.RunAsync(cluster.ConnectionString);
        var keys = await LoggingTerminals.AddAsync(cluster.ConnectionString, 1);
        await using var server = Serve(cluster.ConnectionString);
        using var http = Client(await AddressAsync(server), keys[0]);
        await ScratchCluster.ExecuteAsync(cluster, "alter system set synchronous_standby_names = 'nobody'");
        await ScratchCluster.ExecuteAsync(cluster, "select pg_reload_conf()");
        _ = http.PutAsync(new Uri("/v1/payments/waits", UriKind.Relative), Body());
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20)))
        {
            while (await ScratchCluster.AskAsync<long>(
                cluster, "select count(*) from pg_stat_activity where wait_event = 'SyncRep'") < 2)
            {
                await Task.Delay(50, limit.Token);
            }
        }

        await GoneInTimeAsync(server);
        await ScratchCluster.ExecuteAsync(cluster, "alter system reset synchronous_standby_names");
        await ScratchCluster.ExecuteAsync(cluster, "select pg_reload_conf()");
    }

    [Fact]
    public async Task A_network_that_swallows_what_goes_to_the_database_does_not_keep_it()
    {
        await using var database = await TestDatabase.CreateAsync();
        var keys = await LoggingTerminals.AddAsync(database.ConnectionString, 1);
        var to = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        using var link = new Link(to.Host!, to.Port);
        to.Host = "127.0.0.1";
        to.Port = link.Port;
        await using var server = Serve(to.ConnectionString);
        using var http = Client(await AddressAsync(server), keys[0]);
        (await http.PutAsync(new Uri("/v1/payments/paid", UriKind.Relative), Body())).StatusCode
            .Should().BeOneOf(HttpStatusCode.Created, HttpStatusCode.Accepted, HttpStatusCode.ServiceUnavailable);
        link.Swallow();
        _ = http.PutAsync(new Uri("/v1/payments/waits", UriKind.Relative), Body());
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);

        await GoneInTimeAsync(server);
    }

    [Fact]
    public async Task Osmp_payments_and_cancels_under_way_are_answered_when_their_time_is_over()
    {
        await using var centre = new HttpCentre();
        await centre.InitializeAsync();
        var (key, terminal) = await centre.AddTerminalAsync();
        using var osmp = centre.ClientOf(null);
        osmp.DefaultRequestHeaders.Authorization =
            new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{terminal.TerminalCode}:{key}")));
        var paying = osmp.LookAsync("/osmp?command=pay&txn_id=5&account=012345678966629&sum=1.00&prv_id=10101");
        await UntilAsync(centre.Database, "select count(*) > 0 from event where edge = 2");
        await using var hold = new NpgsqlConnection(centre.Database.ConnectionString + ";Pooling=false");
        await hold.OpenAsync(TestContext.Current.CancellationToken);
        await using var take = new NpgsqlCommand(
            $"select pg_advisory_lock({Lanes.LaneLock}, lane) from generate_series(0, {Lanes.Count - 1}) as g (lane)", hold);
        await take.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        using var client = centre.ClientOf(key);
        var cancelling = client.PostAsync("/v1/payments/never-seen/cancel");
        await UntilAsync(centre.Database, "select count(*) > 0 from pg_locks where locktype = 'advisory' and not granted");

        await Server.StopAsync(centre.App, TimeSpan.FromSeconds(1));

        (await paying).Text.Should().Contain("<result>1</result>").And.Contain("<osmp_txn_id>5</osmp_txn_id>");
        (await cancelling).Code.Should().Be(910);
    }

    private static async Task GoneInTimeAsync(RunningProgram server)
    {
        var began = Stopwatch.GetTimestamp();
        server.Signal(PosixSignal.SIGTERM);
        var ended = await server.EndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Stopwatch.GetElapsedTime(began).Should().BeLessThan(Longest, ended.Errors);
        ended.ExitCode.Should().Be(0, ended.Errors);
    }

    /// <summary>A payment of a node that lives, sent perhaps.</summary>
    private static async Task EnterForAnotherAsync(TestDatabase database)
    {
        var node = await database.AskAsync<int>(
            "insert into node (name, lease_until, low_number) values ('another', now() + interval '1 hour', 0) returning node_id");
        await using var engine = await Books.StartEngineAsync(database.ConnectionString, "test", CancellationToken.None);
        var number = await new ClusterTables(database.DataSource).TakeBlockAsync(node);
        var entered = await engine.Journal.AcceptAsync(new Acceptance
        {
            AgentId = await database.AskAsync<int>("select agent_id from agent"),
            Number = number,
            Reference = "lost",
            TerminalId = 1,
            ServiceCode = 10101,
            Account = "012345678901234",
            AmountQepik = 500,
            ProviderId = engine.Catalogue.Current.Providers.First(one => one.Code == "azerishiq").Id,
            Tender = Tender.Cash,
            CutoffGroup = 1,
            NodeId = node,
            Claim = true,
        });
        entered.Verdict.Should().Be(AcceptVerdict.Entered);
    }

    private static StringContent Body() => Asking.Json(HttpCentre.Payment().ToJsonString());

    private static HttpClient Client(Uri node, string key)
    {
        var http = new HttpClient { BaseAddress = node, Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return http;
    }

    private RunningProgram Serve(string connectionString) => RunningProgram.Start(
        folder.Path,
        new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = connectionString,
            ["EGOVPAY_SECRET"] = new string('s', 32),
            ["EGOVPAY_DATA"] = Path.Combine(folder.Path, "data"),
            ["EGOVPAY_LOG"] = "warning",
        },
        "serve", "--listen", "http://127.0.0.1:0");

    private static async Task<Uri> AddressAsync(RunningProgram server)
    {
        var line = await server.LineAsync("listens on");
        return new Uri(line[(line.LastIndexOf(' ') + 1)..]);
    }

    private static async Task UntilAsync(TestDatabase database, string sql)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await database.AskAsync<bool>(sql))
        {
            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>A way to the database that can be made to take everything and bring nothing.</summary>
    private sealed class Link : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly List<Socket> ends = [];
        private readonly string host;
        private readonly int port;
        private volatile bool swallows;

        public Link(string host, int port)
        {
            (this.host, this.port) = (host, port);
            listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public void Swallow() => swallows = true;

        public void Dispose()
        {
            listener.Dispose();
            lock (ends)
            {
                ends.ForEach(end => end.Dispose());
            }
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    var near = await listener.AcceptSocketAsync();
                    Socket far;
                    if (host.StartsWith('/'))
                    {
                        far = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                        await far.ConnectAsync(new UnixDomainSocketEndPoint($"{host}/.s.PGSQL.{port}"));
                    }
                    else
                    {
                        far = new Socket(SocketType.Stream, ProtocolType.Tcp);
                        await far.ConnectAsync(host, port);
                    }

                    lock (ends)
                    {
                        ends.Add(near);
                        ends.Add(far);
                    }

                    _ = CarryAsync(near, far);
                    _ = CarryAsync(far, near);
                }
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task CarryAsync(Socket from, Socket to)
        {
            var bytes = new byte[16 * 1024];
            try
            {
                while (await from.ReceiveAsync(bytes) is > 0 and var count)
                {
                    if (!swallows)
                    {
                        await to.SendAsync(bytes.AsMemory(0, count));
                    }
                }

                if (!swallows)
                {
                    to.Shutdown(SocketShutdown.Send);
                }
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
            {
                // So is the connection.
            }
        }
    }
}
