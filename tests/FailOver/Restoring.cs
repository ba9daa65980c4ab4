using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Schema;
using EGovPay.Providers.Simulator;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.FailOver;

/// <summary>A backup is put back, and what was given out in between is never given out again.</summary>
public sealed class Restoring : IAsyncLifetime
{
    private readonly ScratchFolder folder = new();
    private ReplicatedCluster cluster = null!;
    private ProviderSimulator simulator = null!;
    private TestPeople people = null!;

    public async ValueTask InitializeAsync()
    {
        cluster = await ReplicatedCluster.StartAsync(standbys: 0, archives: true);
        await Migrate.RunAsync(cluster.First.ConnectionString);
        simulator = await ProviderSimulator.StartAsync(
            new SimulatorSettings
            {
                RecordFile = Path.Combine(folder.Path, "simulator.record"),
                Providers = EmbeddedCatalogue.Load().Providers,
            },
            SystemClock.Instance, CancellationToken.None);
        await using var pool = Processing.PostgreSql.Database.Open(cluster.First.ConnectionString);
        people = await TestPeople.InAsync(pool);
    }

    public async ValueTask DisposeAsync()
    {
        await simulator.DisposeAsync();
        await cluster.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task After_a_restore_nothing_is_taken_until_somebody_owns_up_and_no_number_is_given_twice()
    {
        var keys = await LoggingTerminals.AddAsync(cluster.First.ConnectionString, 4);
        var restored = cluster.Add("restored");
        await cluster.BackUpAsync(cluster.First, restored.Data);
        List<Told> before, lost;
        await using (var server = Serve(cluster.First))
        {
            var node = await AddressAsync(server);
            before = await PayAsync(node, keys, 40);
            await cluster.First.ExecuteAsync("select pg_create_restore_point('middle')");
            lost = await PayAsync(node, keys, 40);
            await cluster.First.ExecuteAsync("select pg_switch_wal()");
            server.Signal(PosixSignal.SIGTERM);
            (await server.EndAsync()).ExitCode.Should().Be(0);
        }

        await cluster.First.StopAsync();
        restored.RestoreTo("middle");
        await restored.StartAsync();
        await restored.UntilAsync("select not pg_is_in_recovery()");
        var asked = await AskedAsync();

        await using var again = Serve(restored);
        var address = await AddressAsync(again);
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", keys[0]);
        await NothingIsTakenAsync(restored, http, lost[0].Reference);
        (await restored.AskAsync<long>("select count(*) from payment")).Should().Be(before.Count, "nothing was taken");
        (await AskedAsync()).Should().Be(asked, "and nothing sent");

        var nothing = await RunningProgram.RunAsync(folder.Path, People(restored), "restored", "--nothing-lost");
        nothing.ExitCode.Should().Be(1, "a server remembers what is not there");
        var owned = await RunningProgram.RunAsync(folder.Path, People(restored), "restored", "--json");
        owned.ExitCode.Should().Be(0, owned.Errors);
        var break_ = JsonNode.Parse(owned.LastLine)!;
        ((string)break_["known"]!).Should().Contain(" remembers: ");
        await UntilReadyAsync(http);

        var after = await PayAsync(address, keys, 40);
        var all = before.Concat(lost).Concat(after).ToList();
        all.Should().OnlyContain(one => one.State == "Confirmed");
        all.Select(one => one.Number).Should().OnlyHaveUniqueItems();
        all.Select(one => one.Receipt).Should().OnlyHaveUniqueItems();
        var (from, next) = ((long)break_["fromNumber"]!, (long)break_["nextNumber"]!);
        lost.Select(Number).Should().OnlyContain(number => number >= from && number < next);
        after.Select(Number).Should().OnlyContain(number => number >= next);
        (await CreditedAsync()).Should().HaveCount(all.Count).And.OnlyContain(times => times == "1");
        (await restored.AskAsync<long>("select count(*) from break_lost_interval where settled_at is null")).Should().Be(1);

        again.Signal(PosixSignal.SIGTERM);
        (await again.EndAsync()).ExitCode.Should().Be(0);
        var audit = await RunningProgram.RunAsync(folder.Path, People(restored), "audit");
        audit.ExitCode.Should().Be(0, audit.Output);
    }

    private async Task NothingIsTakenAsync(ReplicatedServer restored, HttpClient http, string known)
    {
        var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        ready.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        JsonNode.Parse(await ready.Content.ReadAsStringAsync())!["reasons"]!.AsArray().Select(one => (string)one!)
            .Should().Contain("restored");
        foreach (var (method, path) in new[] { ("PUT", "/v1/payments/x"), ("GET", "/v1/payments/" + known), ("POST", "/v1/payments/y/cancel") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            var refused = await http.SendAsync(request);
            refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            ((int)JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["code"]!).Should().Be(900);
            refused.Headers.RetryAfter.Should().NotBeNull();
        }

        var topup = await RunningProgram.RunAsync(
            folder.Path, People(restored), "agent", "topup", "propose", "agent-0", "--amount", "1.00", "--reference", "late");
        topup.ExitCode.Should().Be(1);
        topup.Errors.Should().Contain("egovpay restored");
    }

    [Fact]
    public async Task A_server_that_slept_through_a_restore_ends_and_says_why_and_gives_none_of_its_numbers()
    {
        var keys = await LoggingTerminals.AddAsync(cluster.First.ConnectionString, 2);
        var restored = cluster.Add("restored");
        await cluster.BackUpAsync(cluster.First, restored.Data);
        await using var server = Serve(cluster.ConnectionString, "sleeper");
        var node = await AddressAsync(server);
        var before = await PayAsync(node, keys, 10);
        await cluster.First.ExecuteAsync("select pg_create_restore_point('middle')");
        before.AddRange(await PayAsync(node, keys, 10));
        var last = await cluster.First.AskAsync<string>("select pg_walfile_name(pg_switch_wal())");
        await cluster.First.UntilAsync($"select coalesce(last_archived_wal >= '{last}', false) from pg_stat_archiver");
        server.Freeze();
        await cluster.First.StopAsync();
        restored.RestoreTo("middle");
        await restored.StartAsync();
        await restored.UntilAsync("select not pg_is_in_recovery()");
        var owned = await RunningProgram.RunAsync(folder.Path, People(restored), "restored", "--json");
        owned.ExitCode.Should().Be(0, owned.Errors);
        var next = (long)JsonNode.Parse(owned.LastLine)!["nextNumber"]!;
        const string Leases = "select string_agg(format('%s %s', n.node_id, n.lease_until), ',' order by n.node_id) from node n";
        var leases = await restored.AskAsync<string>(Leases);

        server.Thaw();
        var ended = await server.EndAsync();
        ended.ExitCode.Should().Be(1);
        ended.Errors.Should().Contain("egovpay: The database was restored while this server ran");
        (await restored.AskAsync<string>(Leases)).Should().Be(leases, "its number may be another's there");

        await using var again = Serve(cluster.ConnectionString, "sleeper");
        var after = await PayAsync(await AddressAsync(again), keys, 5);
        after.Select(Number).Should().OnlyContain(number => number >= next);
        after.Concat(before).Select(one => one.Receipt).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task A_promotion_that_nobody_saw_is_taken_for_one_when_somebody_says_so()
    {
        var keys = await LoggingTerminals.AddAsync(cluster.First.ConnectionString, 1);
        var standby = await cluster.AddStandbyAsync(cluster.First, "n2");
        await standby.UntilAsync("select count(*) > 0 from cluster_epoch");
        await cluster.First.KillAsync();
        await standby.PromoteAsync();
        await standby.SetSynchronousAsync("");

        // A new machine, without a memory of its own.
        await using var server = Serve(standby, "elsewhere");
        var address = await AddressAsync(server);
        using var http = new HttpClient { BaseAddress = address };
        (await http.GetAsync(new Uri("/health/ready", UriKind.Relative))).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        var nothing = await RunningProgram.RunAsync(folder.Path, People(standby), "restored", "--nothing-lost");
        nothing.ExitCode.Should().Be(0, nothing.Errors);
        await UntilReadyAsync(http);
        (await PayAsync(address, keys, 3)).Should().OnlyContain(one => one.State == "Confirmed");
        (await standby.AskAsync<long>("select count(*) from break_lost_interval")).Should().Be(0);
    }

    private static long Number(Told told) => long.Parse(told.Number, CultureInfo.InvariantCulture);

    private int round;

    private async Task<List<Told>> PayAsync(Uri node, IReadOnlyList<string> keys, int payments)
    {
        var terminals = new LoggingTerminals([node], keys, prefix: FormattableString.Invariant($"R{round++}-"));
        terminals.Start();
        await terminals.UntilToldAsync(payments);
        await terminals.FinishAsync();
        terminals.Surprises.Should().BeEmpty();
        return [.. terminals.Told];
    }

    private async Task<int> AskedAsync() => (await LedgerAsync()).Count;

    private async Task<List<string>> CreditedAsync() => [.. (await LedgerAsync()).Select(cells => cells[3])];

    private async Task<List<string[]>> LedgerAsync()
    {
        using var http = new HttpClient { BaseAddress = simulator.Address };
        var text = await http.GetStringAsync(new Uri("/_sim/ledger", UriKind.Relative));
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split('\t'))];
    }

    private static async Task UntilReadyAsync(HttpClient http)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await http.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token)).StatusCode != HttpStatusCode.OK)
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private Dictionary<string, string> People(ReplicatedServer server) => people.Environment(ServerOf(server));

    /// <summary>As a server connects: its commits wait as configured.</summary>
    private static string ServerOf(ReplicatedServer server) => $"Host={server.SocketFolder};Username=egovpay;Database=egovpay";

    private RunningProgram Serve(ReplicatedServer server, string node = "a") => Serve(ServerOf(server), node);

    private RunningProgram Serve(string database, string node) => RunningProgram.Start(
        folder.Path,
        new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = database,
            ["EGOVPAY_SECRET"] = new string('s', 32),
            ["EGOVPAY_PROVIDERS"] = simulator.Address.GetLeftPart(UriPartial.Authority),
            ["EGOVPAY_DATA"] = Path.Combine(folder.Path, "data-" + node),
            ["EGOVPAY_LOG"] = "warning",
        },
        "serve", "--listen", "http://127.0.0.1:0", "--node", node);

    private static async Task<Uri> AddressAsync(RunningProgram server)
    {
        var line = await server.LineAsync("listens on");
        return new Uri(line[(line.LastIndexOf(' ') + 1)..]);
    }
}
