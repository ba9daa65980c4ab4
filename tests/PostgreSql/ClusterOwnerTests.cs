using System.Diagnostics;
using System.Globalization;
using EGovPay.Processing.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.PostgreSql;

/// <summary>
/// Owners in processes of their own, killed with SIGKILL. The owner is this test program itself, told to run the one
/// explicit test below.
/// </summary>
public sealed class ClusterOwnerTests
{
    private const string FolderVariable = "EGOVPAY_TEST_OWNER_FOLDER";
    private const string DurableVariable = "EGOVPAY_TEST_OWNER_DURABLE";
    private const int EnoughRows = 200;

    /// <summary>
    /// The owner: writes rows one by one, and each number into a file once its commit was acknowledged.
    /// </summary>
    [Fact(Explicit = true)]
    public async Task Owns_a_cluster_and_writes_until_killed()
    {
        var place = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(place is null, "Started by the tests below only.");
        var cluster = await PrivateCluster.StartAsync(SettingsIn(place));
        await ScratchCluster.ExecuteAsync(cluster, "create table if not exists written (n integer primary key)");
        await using var connection = await ScratchCluster.OpenAsync(cluster);
        await using var insert = new NpgsqlCommand("insert into written values ($1)", connection);
        insert.Parameters.Add(new NpgsqlParameter<int>());
        await using var acknowledged = new StreamWriter(Path.Combine(place, "acknowledged")) { AutoFlush = true };
        await File.WriteAllTextAsync(Path.Combine(place, "server"), Invariant(cluster.PostmasterProcessId!.Value));
        for (var n = 1; ; n++)
        {
            insert.Parameters[0].Value = n;
            await insert.ExecuteNonQueryAsync();
            await acknowledged.WriteLineAsync(Invariant(n));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_acknowledged_is_lost_when_the_owner_is_killed_with_or_without_its_server(bool serverToo)
    {
        await using var scratch = new ScratchCluster(durable: true);
        using var owner = StartOwner(scratch.Place, asUser: null, durable: true);
        await UntilWrittenAsync(scratch.Place, owner);
        var server = await ServerAsync(scratch.Place);
        (await scratch.RefusedAsync()).Message.Should().Contain($"process {owner.Id}.");

        if (serverToo)
        {
            Linux.Signal(server, Linux.SigKill);
        }
        owner.Kill();
        await owner.WaitForExitAsync();

        await using var cluster = await scratch.StartAsync();
        cluster.Adopted.Should().Be(!serverToo);
        if (!serverToo)
        {
            cluster.PostmasterProcessId.Should().Be(server);
        }
        await AllAcknowledgedIsThereAsync(scratch.Place, cluster);
    }

    [Fact]
    public async Task An_ordinary_users_cluster_runs_as_that_user_and_root_takes_it_up_where_it_lies()
    {
        Assert.SkipUnless(Linux.IsRoot, "Only root can start a program as another user.");
        await using var scratch = new ScratchCluster();
        var user = Linux.UserNamed("nobody")!;
        Linux.GiveTo(scratch.Place, user);
        using var owner = StartOwner(scratch.Place, user);
        await UntilWrittenAsync(scratch.Place, owner);
        var server = await ServerAsync(scratch.Place);
        Linux.Facts($"/proc/{server}")!.Value.Uid.Should().Be(user.Uid);

        owner.Kill();
        await owner.WaitForExitAsync();
        await using (var cluster = await scratch.StartAsync())
        {
            cluster.Adopted.Should().BeTrue();
            cluster.Folder.Should().Be(Path.Combine(scratch.Settings.Folder, "postgresql"));
            await AllAcknowledgedIsThereAsync(scratch.Place, cluster);
        }

        // And back: root left nothing that the user could not open.
        File.Delete(Path.Combine(scratch.Place, "acknowledged"));
        using var again = StartOwner(scratch.Place, user);
        await again.WaitForExitAsync();
        var said = await again.StandardOutput.ReadToEndAsync();
        said.Should().Contain("23505", "it got as far as writing row 1, which is there already");
    }

    [Fact]
    public async Task A_cluster_of_roots_is_refused_to_an_ordinary_user_naming_the_owner()
    {
        Assert.SkipUnless(Linux.IsRoot, "Only root can start a program as another user.");
        await using var scratch = new ScratchCluster();
        await (await scratch.StartAsync()).StopAsync();
        Linux.GiveTo(scratch.Place, Linux.UserNamed("nobody")!);
        using var owner = StartOwner(scratch.Place, Linux.UserNamed("nobody"));
        await owner.WaitForExitAsync();
        (await owner.StandardOutput.ReadToEndAsync())
            .Should().Contain("cannot be written").And.Contain("belongs to the user root");
    }

    private static PrivateClusterSettings SettingsIn(string place) => new()
    {
        Folder = Path.Combine(place, ".egovpay"),
        RootDataParent = Path.Combine(place, "data-of-root"),
        SharedBuffersMebibytes = 128,
        FsyncOff = Environment.GetEnvironmentVariable(DurableVariable) is null,
    };

    private static Process StartOwner(
        string place, RunAs? asUser, bool durable = false)
    {
        List<string> words =
        [
            "dotnet", "exec", typeof(ClusterOwnerTests).Assembly.Location,
            "-method",
            $"{typeof(ClusterOwnerTests).FullName}.{nameof(Owns_a_cluster_and_writes_until_killed)}",
            "-explicit", "only",
        ];
        if (asUser is not null)
        {
            words.InsertRange(
                0,
                ["setpriv", "--reuid=" + Invariant(asUser.Uid), "--regid=" + Invariant(asUser.Gid), "--clear-groups"]);
        }
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        start.Environment[FolderVariable] = place;
        start.Environment[DurableVariable] = durable ? "yes" : null;
        start.Environment["HOME"] = place;
        return Process.Start(start)!;
    }

    private static async Task UntilWrittenAsync(string place, Process owner)
    {
        var path = Path.Combine(place, "acknowledged");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!File.Exists(path) || File.ReadLines(path).Count() < EnoughRows)
        {
            if (owner.HasExited)
            {
                throw new InvalidOperationException(await owner.StandardOutput.ReadToEndAsync(limit.Token));
            }
            await Task.Delay(20, limit.Token);
        }
    }

    private static async Task<int> ServerAsync(string place) => int.Parse(
        await File.ReadAllTextAsync(Path.Combine(place, "server")), CultureInfo.InvariantCulture);

    private static async Task AllAcknowledgedIsThereAsync(string place, PrivateCluster cluster)
    {
        // The last line may be cut: the writer was killed in the middle of it.
        var text = await File.ReadAllTextAsync(Path.Combine(place, "acknowledged"));
        var last = text[..text.LastIndexOf('\n')].Split('\n')[^1];
        last.Should().MatchRegex("^[0-9]{3,}$");
        (await ScratchCluster.AskAsync<long>(cluster, $"select count(*) from written where n <= {last}"))
            .Should().Be(long.Parse(last, CultureInfo.InvariantCulture));
    }

    private static string Invariant(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
