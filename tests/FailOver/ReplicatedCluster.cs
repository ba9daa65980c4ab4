using System.Globalization;
using EGovPay.Processing.PostgreSql;
using Npgsql;

namespace EGovPay.Tests.FailOver;

/// <summary>
/// Some PostgreSQL servers of a test's own that replicate to each other by streaming, as Patroni would set them up: each may be the
/// primary, and a commit waits for any one of the others. They are reached over sockets; a dead one is a socket that nobody
/// answers.
/// </summary>
internal sealed class ReplicatedCluster : IAsyncDisposable
{
    /// <summary>What each server says: a commit waits for any of the others.</summary>
    public const string AnyOther = "ANY 1 (n1, n2, n3)";

    private const string Role = "egovpay";
    private readonly string place = Directory.CreateTempSubdirectory("egovpay-ha-").FullName;
    private readonly RunAs? runAs;
    private readonly PostgresPrograms programs;
    private readonly List<ReplicatedServer> servers = [];

    private ReplicatedCluster(PostgresPrograms programs)
    {
        this.programs = programs;
        runAs = Linux.IsRoot ? Linux.UserNamed("postgres") ?? Linux.UserNamed("nobody") : null;
        File.SetUnixFileMode(place, (UnixFileMode)0b111_101_101);
    }

    public IReadOnlyList<ReplicatedServer> Servers => servers;

    public string Place => place;

    /// <summary>Where the log is kept for a restore.</summary>
    public string Archive => Path.Combine(place, "archive");

    /// <summary>The server that was made first.</summary>
    public ReplicatedServer First => servers[0];

    /// <summary>One connection string over all servers, as an operator writes it.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = string.Join(',', servers.Select(server => server.SocketFolder)),
        Username = Role,
        Database = Role,
        MaxPoolSize = 16,
    }.ConnectionString;

    /// <summary>A primary and so many standbys that follow it.</summary>
    public static async Task<ReplicatedCluster> StartAsync(int standbys, bool archives = false)
    {
        var programs = await FindPostgres.FindAsync(
            new PrivateClusterSettings { Folder = "/tmp" }, null, CancellationToken.None);
        var cluster = new ReplicatedCluster(programs);
        var primary = cluster.Add("n1");
        await cluster.RunAsync(
            programs.InitDb, "--pgdata", primary.Data, "--encoding", "UTF8", "--locale", "C.UTF-8", "--username", Role,
            "--auth-local", "trust", "--auth-host", "reject", "--no-sync");
        primary.Configure(cluster.CommonSettings(primary));
        if (archives)
        {
            Directory.CreateDirectory(cluster.Archive);
            cluster.Give(cluster.Archive);
            primary.Configure(["archive_mode = on", $"archive_command = 'cp %p {cluster.Archive}/%f'"]);
        }

        await primary.StartAsync();
        await primary.ExecuteAsync("create database " + Role, "postgres");
        for (var i = 0; i < standbys; i++)
        {
            await cluster.AddStandbyAsync(primary, FormattableString.Invariant($"n{i + 2}"));
        }

        await primary.SetSynchronousAsync(standbys == 0 ? "" : AnyOther);
        return cluster;
    }

    /// <summary>A standby made by pg_basebackup, following.</summary>
    public async Task<ReplicatedServer> AddStandbyAsync(ReplicatedServer primary, string name)
    {
        var standby = Add(name);
        await BackUpAsync(primary, standby.Data);
        standby.Configure(CommonSettings(standby).Append($"synchronous_standby_names = '{AnyOther}'"));
        standby.Follow(primary);
        await standby.StartAsync();
        return standby;
    }

    /// <summary>A base backup, whole with the log that it needs.</summary>
    public Task BackUpAsync(ReplicatedServer primary, string into) => RunAsync(
        Path.Combine(programs.Folder, "pg_basebackup"), "--pgdata", into, "--host", primary.SocketFolder, "--username", Role,
        "--wal-method", "stream", "--checkpoint", "fast", "--no-sync");

    /// <summary>A server in a place of its own, not made yet.</summary>
    public ReplicatedServer Add(string name)
    {
        var folder = Path.Combine(place, name);
        Directory.CreateDirectory(folder);
        if (runAs is not null)
        {
            Linux.GiveTo(folder, runAs);
        }

        var server = new ReplicatedServer(this, name, folder);
        servers.Add(server);
        return server;
    }

    public IEnumerable<string> CommonSettings(ReplicatedServer server) =>
    [
        "listen_addresses = ''",
        $"unix_socket_directories = '{server.SocketFolder}'",
        "fsync = off", // what kills a process loses nothing that the kernel has
        "full_page_writes = off",
        "shared_buffers = 64MB",
        "wal_level = replica",
        "max_wal_senders = 10",
        "max_connections = 120",
        "wal_keep_size = 512MB",
        "hot_standby = on",
        "wal_retrieve_retry_interval = '200ms'",
        "wal_receiver_status_interval = '1s'",
        "log_min_messages = warning",
        "jit = off",
    ];

    public async Task RunAsync(string program, params string[] arguments)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var end = await RunProgram.ToEndAsync(runAs, place, program, arguments, limit.Token);
        if (!end.Succeeded)
        {
            var logs = servers.Where(one => File.Exists(one.Log)).SelectMany(one => File.ReadLines(one.Log).TakeLast(8));
            throw new InvalidOperationException($"{Path.GetFileName(program)}: {end.Said}\n{string.Join('\n', logs)}");
        }
    }

    internal Task ControlAsync(params string[] arguments) => RunAsync(programs.PgCtl, arguments);

    internal void Give(string path)
    {
        if (runAs is not null)
        {
            Linux.GiveTo(path, runAs);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers)
        {
            await server.StopAsync();
        }

        Directory.Delete(place, recursive: true);
    }
}

/// <summary>One server of a <see cref="ReplicatedCluster"/>.</summary>
internal sealed class ReplicatedServer(ReplicatedCluster cluster, string name, string folder)
{
    public string Name => name;

    public string Data => Path.Combine(folder, "data");

    public string SocketFolder => folder;

    public string Log => Path.Combine(folder, "server.log");

    /// <summary>This server alone, for the test's own eyes; its own writes wait for nobody.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = folder,
        Username = "egovpay",
        Database = "egovpay",
        Options = "-c synchronous_commit=local",
        MaxPoolSize = 8,
    }.ConnectionString;

    public void Configure(IEnumerable<string> lines)
    {
        var path = Path.Combine(Data, "postgresql.conf");
        File.AppendAllLines(path, lines);
        cluster.Give(path);
    }

    /// <summary>Makes it a standby of another one.</summary>
    public void Follow(ReplicatedServer primary)
    {
        Configure([$"primary_conninfo = '{ConnectionTo(primary)}'"]);
        var signal = Path.Combine(Data, "standby.signal");
        File.WriteAllText(signal, "");
        cluster.Give(signal);
    }

    /// <summary>Points a running standby to another primary.</summary>
    public async Task FollowNowAsync(ReplicatedServer primary)
    {
        await ExecuteAsync($"alter system set primary_conninfo = '{ConnectionTo(primary)}'", "postgres");
        await ExecuteAsync("select pg_reload_conf()", "postgres");
    }

    public async Task StartAsync() =>
        await cluster.ControlAsync("start", "--pgdata", Data, "--wait", "--timeout", "60", "--log", Log);

    /// <summary>Stops it in order where it runs.</summary>
    public async Task StopAsync()
    {
        if (Running() is not null)
        {
            await cluster.ControlAsync("stop", "--pgdata", Data, "--mode", "immediate", "--wait");
        }
    }

    /// <summary>`kill -9` of the postmaster and of all that it began.</summary>
    public async Task KillAsync()
    {
        var postmaster = Running() ?? throw new InvalidOperationException($"{name} does not run.");
        var all = Children(postmaster).Append(postmaster).ToList();
        foreach (var process in all)
        {
            Linux.Signal(process, Linux.SigKill);
        }

        while (all.Any(process => Linux.LivingProgram(process) is not null))
        {
            await Task.Delay(5);
        }

        // Where process 1 reaps nobody the killed one keeps its number, and its locks would look alive.
        File.Delete(Path.Combine(Data, "postmaster.pid"));
        File.Delete(Path.Combine(folder, ".s.PGSQL.5432.lock"));
        File.Delete(Path.Combine(folder, ".s.PGSQL.5432"));
    }

    /// <summary>Makes a base backup that lies here ready to be rolled forward from the archive to a named point.</summary>
    public void RestoreTo(string point)
    {
        Configure(cluster.CommonSettings(this).Concat(
        [
            "archive_mode = off",
            $"restore_command = 'cp {cluster.Archive}/%f %p'",
            $"recovery_target_name = '{point}'",
            "recovery_target_action = 'promote'",
        ]));
        var signal = Path.Combine(Data, "recovery.signal");
        File.WriteAllText(signal, "");
        cluster.Give(signal);
    }

    public async Task PromoteAsync() =>
        await cluster.ControlAsync("promote", "--pgdata", Data, "--wait", "--timeout", "60");

    public async Task SetSynchronousAsync(string names)
    {
        await ExecuteAsync($"alter system set synchronous_standby_names = '{names}'", "postgres");
        await ExecuteAsync("select pg_reload_conf()", "postgres");
    }

    public async Task<T?> AskAsync<T>(string sql, string database = "egovpay")
    {
        var own = new NpgsqlConnectionStringBuilder(ConnectionString) { Database = database, Pooling = false };
        await using var connection = new NpgsqlConnection(own.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    public Task ExecuteAsync(string sql, string database = "egovpay") => AskAsync<object>(sql, database);

    /// <summary>Looks again until the statement says true.</summary>
    public async Task UntilAsync(string sql, int seconds = 30)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await AskAsync<bool>(sql))
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private int? Running()
    {
        var file = Path.Combine(Data, "postmaster.pid");
        return File.Exists(file)
            && int.TryParse(File.ReadLines(file).First(), CultureInfo.InvariantCulture, out var process)
            && Linux.LivingProgram(process) is not null
            ? process
            : null;
    }

    private static IEnumerable<int> Children(int of)
    {
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var process)
                && Linux.LivingProgram(process) is not null && ParentOf(process) == of)
            {
                yield return process;
            }
        }
    }

    private static int? ParentOf(int process)
    {
        try
        {
            var line = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            return int.Parse(line[(line.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null; // it ended meanwhile
        }
    }

    private string ConnectionTo(ReplicatedServer primary) =>
        $"host={primary.SocketFolder} user=egovpay application_name={name}";
}
