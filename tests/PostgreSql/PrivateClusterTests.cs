using System.Globalization;
using EGovPay.Processing.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.PostgreSql;

/// <summary>
/// The life of a cluster: made, run, adopted, recovered, stopped. One cluster is made and taken through them all.
/// </summary>
public sealed class PrivateClusterTests : IClassFixture<PrivateClusterTests.OneCluster>
{
    private readonly ScratchCluster scratch;

    public PrivateClusterTests(OneCluster one) => scratch = one.Scratch;

    [Fact]
    public async Task A_cluster_is_durable_utf8_checksummed_and_off_the_network()
    {
        await using var cluster = await scratch.StartAsync();
        (string Name, string Value)[] expected =
        [
            ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"), ("data_checksums", "on"),
            ("server_encoding", "UTF8"), ("lc_collate", "C.UTF-8"), ("lc_ctype", "C.UTF-8"),
            ("listen_addresses", ""), ("unix_socket_permissions", "0700"), ("max_connections", "200"),
            ("shared_buffers", "128MB"), ("max_wal_size", "8GB"), ("checkpoint_timeout", "15min"),
            ("wal_compression", "lz4"), ("jit", "off"), ("TimeZone", "UTC"), ("logging_collector", "on"),
        ];
        foreach (var (name, value) in expected)
        {
            (await ScratchCluster.AskAsync<string>(cluster, $"show {name}")).Should().Be(value, name);
        }
        (await ScratchCluster.AskAsync<string>(cluster, "select current_user || '@' || current_database()"))
            .Should().Be("egovpay@egovpay");
    }

    [Fact]
    public async Task The_server_never_runs_as_root_and_only_its_user_enters_the_socket_folder()
    {
        await using var cluster = await scratch.StartAsync();
        var server = Linux.Facts($"/proc/{cluster.PostmasterProcessId}")!.Value;
        server.Uid.Should().NotBe(0);
        var socket = Linux.Facts(new NpgsqlConnectionStringBuilder(cluster.ConnectionString).Host!)!.Value;
        socket.Uid.Should().Be(server.Uid);
        (socket.Mode & 0x1FF).Should().Be(Convert.ToUInt16("700", 8));
    }

    [Fact]
    public async Task The_server_has_a_session_of_its_own_so_the_terminals_interrupt_passes_it_by()
    {
        await using var cluster = await scratch.StartAsync();
        SessionOf(cluster.PostmasterProcessId!.Value).Should().NotBe(SessionOf(Environment.ProcessId));
    }

    [Fact]
    public async Task Nothing_in_the_data_folder_takes_the_durability_away()
    {
        await using (var cluster = await scratch.StartAsync())
        {
            await ScratchCluster.ExecuteAsync(cluster, "alter system set fsync = off");
            await ScratchCluster.ExecuteAsync(cluster, "alter system set synchronous_commit = off");
        }
        await using var again = await scratch.StartAsync();
        (await ScratchCluster.AskAsync<string>(again, "show fsync")).Should().Be("on");
        (await ScratchCluster.AskAsync<string>(again, "show synchronous_commit")).Should().Be("on");
        await ScratchCluster.ExecuteAsync(again, "alter system reset all");
    }

    [Fact]
    public async Task A_second_owner_is_refused_naming_the_folder_and_the_process()
    {
        await using var cluster = await scratch.StartAsync();
        var refused = await scratch.RefusedAsync();
        refused.Fault.Should().Be(PostgreSqlFault.FolderInUse);
        refused.Message.Should().Contain(cluster.Folder).And.Contain($"process {Environment.ProcessId}.");
        (await ScratchCluster.AskAsync<int>(cluster, "select 1")).Should().Be(1, "the first owner is not disturbed");
    }

    [Fact]
    public async Task A_stopped_cluster_keeps_its_rows_and_leaves_no_socket()
    {
        var cluster = await scratch.StartAsync();
        var table = await MakeTableAsync(cluster);
        var host = new NpgsqlConnectionStringBuilder(cluster.ConnectionString).Host!;
        await using var client = await ScratchCluster.OpenAsync(cluster);
        await cluster.StopAsync(); // fast: the open client does not hold it up
        await cluster.StopAsync(); // and a second time is no error
        cluster.PostmasterProcessId.Should().BeNull();
        Directory.Exists(host).Should().BeFalse();
        await using var again = await scratch.StartAsync();
        again.Adopted.Should().BeFalse();
        (await ScratchCluster.AskAsync<int>(again, $"select n from {table}")).Should().Be(42);
    }

    [Fact]
    public async Task A_server_that_its_owner_left_running_is_adopted_with_its_rows()
    {
        var first = await scratch.StartAsync();
        var table = await MakeTableAsync(first);
        var number = first.PostmasterProcessId;
        await scratch.AbandonAsync();
        await using var second = await scratch.StartAsync();
        second.Adopted.Should().BeTrue();
        second.PostmasterProcessId.Should().Be(number);
        second.ConnectionString.Should().Be(first.ConnectionString);
        (await ScratchCluster.AskAsync<int>(second, $"select n from {table}")).Should().Be(42);
    }

    [Fact]
    public async Task A_server_killed_under_its_owner_is_started_again_with_its_rows()
    {
        await using var cluster = await scratch.StartAsync();
        var table = await MakeTableAsync(cluster);
        var killed = cluster.PostmasterProcessId!.Value;
        Linux.Signal(killed, Linux.SigKill);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (cluster.PostmasterProcessId is not { } number || number == killed)
        {
            await Task.Delay(20, limit.Token);
        }
        (await AskWhenReadyAsync(cluster, $"select n from {table}", limit.Token)).Should().Be(42);
    }

    [Fact]
    public async Task A_killed_server_recovers_at_the_next_start_though_a_long_statement_outlived_it()
    {
        var cluster = await scratch.StartAsync();
        var table = await MakeTableAsync(cluster);
        await using var busy = await ScratchCluster.OpenAsync(cluster);
        // Busy in a loop without a wait, a back end does not notice that its postmaster died.
        await using var spin = new NpgsqlCommand("select count(*) from generate_series(1, 100000000000)", busy);
        spin.CommandTimeout = 0;
        var spinning = spin.ExecuteScalarAsync();
        await UntilSpinningAsync(cluster);
        var killed = cluster.PostmasterProcessId!.Value;
        await scratch.AbandonAsync();
        Linux.Signal(killed, Linux.SigKill);
        await using var again = await scratch.StartAsync();
        again.Adopted.Should().BeFalse();
        (await ScratchCluster.AskAsync<int>(again, $"select n from {table}")).Should().Be(42);
        await spinning.Invoking(task => task).Should().ThrowAsync<NpgsqlException>();
    }

    [Fact]
    public async Task A_pid_file_whose_number_belongs_to_another_process_is_stale()
    {
        await (await scratch.StartAsync()).StopAsync();
        var stale = Path.Combine(scratch.Data, "postmaster.pid");
        var us = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        await File.WriteAllLinesAsync(stale, [us, scratch.Data, "1", "5432", "/tmp", "", "1 1", "ready"]);
        await using var cluster = await scratch.StartAsync();
        cluster.Adopted.Should().BeFalse();
        (await ScratchCluster.AskAsync<int>(cluster, "select 1")).Should().Be(1);
    }

    [Fact]
    public async Task A_server_that_lost_its_socket_is_restarted_instead_of_adopted()
    {
        var first = await scratch.StartAsync();
        var table = await MakeTableAsync(first);
        await scratch.AbandonAsync();
        Directory.Delete(new NpgsqlConnectionStringBuilder(first.ConnectionString).Host!, recursive: true);
        await using var second = await scratch.StartAsync();
        second.Adopted.Should().BeFalse();
        (await ScratchCluster.AskAsync<int>(second, $"select n from {table}")).Should().Be(42);
    }

    [Fact]
    public async Task A_server_found_without_fsync_is_restarted_with_it()
    {
        var careless = await PrivateCluster.StartAsync(scratch.Settings with { FsyncOff = true });
        (await ScratchCluster.AskAsync<string>(careless, "show fsync")).Should().Be("off");
        await careless.AbandonAsync();
        await using var cluster = await scratch.StartAsync();
        cluster.Adopted.Should().BeFalse();
        (await ScratchCluster.AskAsync<string>(cluster, "show fsync")).Should().Be("on");
    }

    private static async Task<string> MakeTableAsync(PrivateCluster cluster)
    {
        var name = "t" + Guid.NewGuid().ToString("N");
        await ScratchCluster.ExecuteAsync(cluster, $"create table {name} as select 42 as n");
        return name;
    }

    private static async Task<int> AskWhenReadyAsync(
        PrivateCluster cluster, string sql, CancellationToken limit)
    {
        while (true)
        {
            try
            {
                return await ScratchCluster.AskAsync<int>(cluster, sql);
            }
            catch (NpgsqlException) when (!limit.IsCancellationRequested)
            {
                await Task.Delay(20, limit);
            }
        }
    }

    private static async Task UntilSpinningAsync(PrivateCluster cluster)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await ScratchCluster.AskAsync<long>(
            cluster,
            "select count(*) from pg_stat_activity where state = 'active' and query like '%100000000000%' "
            + "and pid <> pg_backend_pid()") == 0)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private static string SessionOf(int processId)
    {
        var line = File.ReadAllText($"/proc/{processId}/stat");
        return line[(line.LastIndexOf(')') + 2)..].Split(' ')[3];
    }

    /// <summary>One cluster for the class: making one costs a second, starting one a fifth of that.</summary>
    public sealed class OneCluster : IAsyncDisposable
    {
        public ScratchCluster Scratch { get; } = new(durable: true);

        public ValueTask DisposeAsync() => Scratch.DisposeAsync();
    }
}
