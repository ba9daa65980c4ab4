using System.Diagnostics;
using EGovPay.Processing.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.PostgreSql;

/// <summary>What goes wrong before a server runs, and what the person at the keyboard is told.</summary>
public sealed class ClusterFaultsTests
{
    [Fact]
    public async Task Programs_that_are_not_where_the_setting_points_are_named_with_what_to_install()
    {
        await using var scratch = new ScratchCluster();
        var refused = await ScratchCluster.RefusedAsync(scratch.Settings with { ProgramsFolder = scratch.Place });
        refused.Fault.Should().Be(PostgreSqlFault.ProgramsMissing);
        refused.Message.Should().Contain(scratch.Place).And.Contain("EGOVPAY_POSTGRES_BIN")
            .And.Contain("apt-get install postgresql").And.Contain("EGOVPAY_DATABASE");
    }

    [Fact]
    public async Task Programs_older_than_what_is_tested_are_refused()
    {
        await using var scratch = new ScratchCluster();
        var folder = MakePrograms(scratch.Place, "postgres (PostgreSQL) 13.4 (Debian 13.4-1)");
        var refused = await ScratchCluster.RefusedAsync(scratch.Settings with { ProgramsFolder = folder });
        refused.Fault.Should().Be(PostgreSqlFault.ProgramsMissing);
        refused.Message.Should().Contain("older than 15");
    }

    [Fact]
    public async Task Data_of_another_major_version_is_refused_naming_both_versions_and_left_alone()
    {
        await using var scratch = new ScratchCluster();
        Directory.CreateDirectory(scratch.Data);
        var version = Path.Combine(scratch.Data, "PG_VERSION");
        await File.WriteAllTextAsync(version, "12\n");
        var refused = await scratch.RefusedAsync();
        refused.Fault.Should().Be(PostgreSqlFault.OtherMajorVersion);
        refused.Message.Should().Contain("made by PostgreSQL 12").And.Contain("postgresql-12")
            .And.MatchRegex("only 1[5-9] in /");
        (await File.ReadAllTextAsync(version)).Should().Be("12\n");
    }

    [Fact]
    public async Task A_socket_path_too_long_for_Linux_is_refused_with_its_length()
    {
        await using var scratch = new ScratchCluster();
        var refused = await ScratchCluster.RefusedAsync(
            scratch.Settings with { SocketParent = "/tmp/" + new string('x', 90) });
        refused.Fault.Should().Be(PostgreSqlFault.PathTooLong);
        refused.Message.Should().Contain("107").And.Contain("shorter");
    }

    [Theory]
    [InlineData("/proc/egovpay")]
    [InlineData("/sys/kernel/egovpay")]
    [InlineData("/dev/null/egovpay")]
    public async Task A_place_that_cannot_be_written_is_refused_by_name(string folder)
    {
        await using var scratch = new ScratchCluster();
        var refused = await ScratchCluster.RefusedAsync(scratch.Settings with { Folder = folder });
        refused.Fault.Should().Be(PostgreSqlFault.NotWritable);
        refused.Message.Should().Contain(folder).And.Contain("start in another working folder");
    }

    [Fact]
    public async Task A_folder_locked_by_another_process_is_in_use()
    {
        await using var scratch = new ScratchCluster();
        var lockFile = Path.Combine(ClusterFolder.Prepare(scratch.Settings).Root, "owner.lock");
        using var other = Process.Start(new ProcessStartInfo("flock", [lockFile, "sh", "-c", "echo locked; cat"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        (await other.StandardOutput.ReadLineAsync()).Should().Be("locked");
        (await scratch.RefusedAsync()).Fault.Should().Be(PostgreSqlFault.FolderInUse);
        other.StandardInput.Close();
        await other.WaitForExitAsync();
        // Free as soon as that process is gone: the next fault in the order is another one.
        var next = await ScratchCluster.RefusedAsync(scratch.Settings with { ProgramsFolder = scratch.Place });
        next.Fault.Should().Be(PostgreSqlFault.ProgramsMissing);
    }

    [Fact]
    public async Task A_refused_start_lets_the_folder_go()
    {
        await using var scratch = new ScratchCluster();
        var noPrograms = scratch.Settings with { ProgramsFolder = scratch.Place };
        (await ScratchCluster.RefusedAsync(noPrograms)).Fault.Should().Be(PostgreSqlFault.ProgramsMissing);
        (await ScratchCluster.RefusedAsync(noPrograms)).Fault.Should().Be(PostgreSqlFault.ProgramsMissing);
    }

    [Fact]
    public async Task What_initdb_says_is_passed_on_and_a_full_disk_is_called_one()
    {
        await using var scratch = new ScratchCluster();
        var folder = MakePrograms(scratch.Place, "postgres (PostgreSQL) 15.9", "No space left on device");
        var refused = await ScratchCluster.RefusedAsync(scratch.Settings with { ProgramsFolder = folder });
        refused.Fault.Should().Be(PostgreSqlFault.NotWritable);
        refused.Message.Should().Contain("initdb").And.Contain("No space left on device").And.Contain("free some");
    }

    [Fact]
    public async Task A_half_made_cluster_is_made_anew_and_a_crash_in_the_making_loses_nothing_else()
    {
        await using var scratch = new ScratchCluster();
        var folder = ClusterFolder.Prepare(scratch.Settings);
        Directory.CreateDirectory(folder.UnfinishedData);
        await File.WriteAllTextAsync(Path.Combine(folder.UnfinishedData, "PG_VERSION"), "15\n");
        await using var cluster = await scratch.StartAsync();
        (await ScratchCluster.AskAsync<int>(cluster, "select 1")).Should().Be(1);
        Directory.Exists(folder.UnfinishedData).Should().BeFalse();
    }

    [Fact]
    public async Task A_socket_folder_that_another_user_could_have_planted_is_refused()
    {
        await using var scratch = new ScratchCluster();
        var planted = ClusterFolder.Prepare(scratch.Settings).SocketFolder;
        Directory.CreateSymbolicLink(planted, scratch.Place);
        try
        {
            var refused = await scratch.RefusedAsync();
            refused.Fault.Should().Be(PostgreSqlFault.NotWritable);
            refused.Message.Should().Contain(planted);
        }
        finally
        {
            File.Delete(planted);
        }
    }

    [Fact]
    public async Task A_folder_deleted_under_a_running_server_does_not_stand_in_the_way_of_a_new_one()
    {
        await using var scratch = new ScratchCluster();
        var first = await scratch.StartAsync();
        var orphan = first.PostmasterProcessId!.Value;
        var root = first.Folder;
        await scratch.AbandonAsync();
        Directory.Delete(root, recursive: true);
        await using var second = await scratch.StartAsync();
        second.Adopted.Should().BeFalse();
        (await ScratchCluster.AskAsync<int>(second, "select 1")).Should().Be(1);
        Linux.LivingProgram(orphan).Should().BeNull();
    }

    private static string MakePrograms(string place, string version, string initDbError = "")
    {
        var folder = Directory.CreateDirectory(Path.Combine(place, "bin")).FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        foreach (var (name, script) in new[]
        {
            ("postgres", $"echo '{version}'"), ("pg_ctl", "exit 1"), ("initdb", $"echo '{initDbError}' >&2; exit 1"),
        })
        {
            var path = Path.Combine(folder, name);
            File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
            File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        }
        return folder;
    }
}
