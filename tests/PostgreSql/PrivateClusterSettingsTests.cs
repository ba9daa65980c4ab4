using EGovPay.Processing.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.PostgreSql;

public sealed class PrivateClusterSettingsTests
{
    [Fact]
    public void The_folder_lies_beside_the_working_folder_and_durability_is_the_default()
    {
        var settings = PrivateClusterSettings.FromEnvironment("/srv/centre/../payments");
        settings.Folder.Should().Be("/srv/payments/.egovpay");
        settings.FsyncOff.Should().BeFalse();
        settings.ProgramsFolder.Should().Be(Environment.GetEnvironmentVariable("EGOVPAY_POSTGRES_BIN"));
    }

    [Fact]
    public void Nothing_is_installed_when_that_is_not_allowed_or_another_place_was_named()
    {
        var settings = PrivateClusterSettings.FromEnvironment("/srv");
        InstallPostgres.IsPossible(settings with { MayInstall = false }).Should().BeFalse();
        InstallPostgres.IsPossible(settings with { ProgramsFolder = "/opt/pg/bin" }).Should().BeFalse();
        InstallPostgres.IsPossible(settings with { ProgramsFolder = null })
            .Should().Be(Linux.IsRoot && File.Exists("/etc/debian_version"));
    }

    [Theory]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("$(touch x)", "'$(touch x)'")]
    public void A_socket_folder_is_quoted_for_the_shell_that_starts_the_server(string folder, string quotedTail)
    {
        var line = ServerOptions.CommandLine(PrivateClusterSettings.FromEnvironment("/srv"), folder, "lz4");
        line.Should().Contain("-c 'unix_socket_directories=" + quotedTail[1..]);
    }

    [Fact]
    public void Shared_buffers_are_a_quarter_of_the_memory_within_bounds()
    {
        var line = ServerOptions.CommandLine(PrivateClusterSettings.FromEnvironment("/srv"), "/tmp/x", "lz4");
        var quarter = Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024 / 1024 / 4, 128, 2048);
        line.Should().Contain($"-c 'shared_buffers={quarter}MB'");
    }
}
