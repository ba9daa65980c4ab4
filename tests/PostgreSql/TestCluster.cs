using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Schema;
using EGovPay.Tests.PostgreSql;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(TestClusterEnd))]

namespace EGovPay.Tests.PostgreSql;

/// <summary>
/// The one server of a test run, started by the first test that asks for a database. It has fsync off; what a killed
/// run left is taken up and emptied by the next. Two runs of one checkout at a time take two folders.
/// </summary>
internal sealed class TestCluster
{
    private const string TemplateName = "egovpay_template";
    private const int MostRunsAtOnce = 8;
    private const int DatabasesMadeAtOnce = 4;

    private static readonly Lazy<Task<TestCluster>> OfThisRun = new(StartAsync);

    // In /tmp whatever TMPDIR says: as root, the server's user has to get there.
    private static readonly string Parent = $"/tmp/egovpay-tests-{Environment.UserName}-"
        + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(AppContext.BaseDirectory)))[..8];

    private static int databases;

    private readonly PrivateCluster cluster;
    private readonly NpgsqlDataSource admin;
    private readonly SemaphoreSlim making = new(DatabasesMadeAtOnce);

    private TestCluster(PrivateCluster cluster)
    {
        this.cluster = cluster;
        admin = Database.Open(ConnectionString("postgres"), DatabasesMadeAtOnce);
    }

    public static Task<TestCluster> Started => OfThisRun.Value;

    /// <summary>Makes a database and returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(bool migrated)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref databases)}");
        await making.WaitAsync();
        try
        {
            await ExecuteAsync($"create database {name} template {(migrated ? TemplateName : "template0")}");
        }
        finally
        {
            making.Release();
        }
        return ConnectionString(name);
    }

    public async Task DropDatabaseAsync(string connectionString) =>
        await ExecuteAsync(
            $"drop database {new NpgsqlConnectionStringBuilder(connectionString).Database} with (force)");

    public static async Task EndAsync()
    {
        if (OfThisRun.IsValueCreated && OfThisRun.Value.IsCompletedSuccessfully)
        {
            var started = await OfThisRun.Value;
            await started.admin.DisposeAsync();
            await started.cluster.StopAndDeleteAsync();
            foreach (var run in Directory.GetDirectories(Parent).Where(run => Path.GetFileName(run) != "data"))
            {
                await RemoveKilledRunAsync(run);
                DeleteEmpty(run);
            }
            DeleteEmpty(Path.Combine(Parent, "data"));
            DeleteEmpty(Parent);
        }
    }

    // A run that was killed beside another one left its server in a folder that no later single run would take.
    private static async Task RemoveKilledRunAsync(string folder)
    {
        try
        {
            if (Directory.EnumerateFileSystemEntries(folder).Any())
            {
                await (await PrivateCluster.StartAsync(SettingsIn(folder))).StopAndDeleteAsync();
            }
        }
        catch (PostgreSqlException busy) when (busy.Fault == PostgreSqlFault.FolderInUse)
        {
            // Not killed, but at work.
        }
    }

    // What another run is about to use is not empty, or is made again by that run.
    private static void DeleteEmpty(string folder)
    {
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
        }
    }

    private static async Task<TestCluster> StartAsync()
    {
        var started = new TestCluster(await TakeAFolderAsync());
        await started.RemoveLeftoversAsync();
        await started.MakeTemplateAsync();
        return started;
    }

    private static async Task<PrivateCluster> TakeAFolderAsync()
    {
        Directory.CreateDirectory(Parent);
        File.SetUnixFileMode(Parent, (UnixFileMode)0b111_101_101); // whatever the umask says
        for (var run = 0; ; run++)
        {
            var folder = Path.Combine(Parent, run.ToString(CultureInfo.InvariantCulture));
            try
            {
                return await PrivateCluster.StartAsync(SettingsIn(folder));
            }
            catch (PostgreSqlException busy)
                when (busy.Fault == PostgreSqlFault.FolderInUse && run < MostRunsAtOnce)
            {
                // Another run of this checkout is at work there.
            }
        }
    }

    private static PrivateClusterSettings SettingsIn(string folder) => new()
    {
        Folder = folder,
        RootDataParent = Path.Combine(Parent, "data"),
        FsyncOff = true,
        SharedBuffersMebibytes = 256,
    };

    private async Task RemoveLeftoversAsync()
    {
        var names = new List<string>();
        await using (var command = admin.CreateCommand(
            "select datname from pg_database where datname like 'test\\_%' or datname = $1"))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = TemplateName });
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                names.Add(reader.GetString(0));
            }
        }
        foreach (var name in names)
        {
            await ExecuteAsync($"alter database {name} is_template false");
            await ExecuteAsync($"drop database {name} with (force)");
        }
    }

    private async Task MakeTemplateAsync()
    {
        await ExecuteAsync($"create database {TemplateName}");
        await Migrate.RunAsync(ConnectionString(TemplateName));
        // One connection to a template is enough to fail every clone of it, so none can be made from here on.
        await ExecuteAsync($"alter database {TemplateName} with allow_connections false is_template true");
    }

    private string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder(cluster.ConnectionString)
        {
            Database = database,
            MaxPoolSize = TestDatabase.PoolSize,
        }.ConnectionString;

    private async Task ExecuteAsync(string sql)
    {
        await using var command = admin.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>Ends the run's server after the last test.</summary>
public sealed class TestClusterEnd : IAsyncLifetime
{
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await TestCluster.EndAsync();
}
