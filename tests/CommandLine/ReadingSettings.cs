using EGovPay.Terminals.CommandLine;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>Where settings come from, and what is said of wrong ones.</summary>
public sealed class ReadingSettings : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Without_any_setting_the_defaults_are_those_of_the_table()
    {
        var settings = Read();
        settings.Database.Should().BeNull();
        settings.Data.Should().Be(Path.Combine(folder.Path, ".egovpay"));
        settings.Registers.Should().Be(Path.Combine(folder.Path, ".egovpay", "registers"));
        settings.Listen.Should().Be(new Uri("http://127.0.0.1:8080"));
        settings.Log.Should().Be(LogLevel.Information);
    }

    [Fact]
    public void The_environment_beats_the_file_and_an_argument_beats_both()
    {
        folder.File("egovpay.json", """{"listen": "http://127.0.0.1:1", "node": "file", "log": "error"}""");
        var settings = Read(
            environment: new() { ["EGOVPAY_LISTEN"] = "http://127.0.0.1:2", ["EGOVPAY_NODE"] = "environment" },
            arguments: new() { ["listen"] = "http://127.0.0.1:3" });
        settings.Listen.Port.Should().Be(3);
        settings.Node.Should().Be("environment");
        settings.Log.Should().Be(LogLevel.Error);
    }

    [Fact]
    public void A_file_may_be_named_and_then_must_be_there()
    {
        var file = folder.File("other.json", """{"node": "other"}""");
        Read(file).Node.Should().Be("other");
        Read(environment: new() { ["EGOVPAY_SETTINGS"] = file }).Node.Should().Be("other");
        Refused(() => Read("no-such-file.json")).Should().Contain("cannot be read");
    }

    [Theory]
    [InlineData("{", "not a JSON object")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("""{"listen": 8080}""", "quotation marks")]
    [InlineData("""{"lisen": "x"}""", "no setting 'lisen'")]
    [InlineData("""{"node": "a", "node": "b"}""", "not a JSON object")]
    [InlineData("""{"listen": "8080"}""", "http://HOST:PORT")]
    [InlineData("""{"listen": "https://127.0.0.1:8080"}""", "proxy")]
    [InlineData("""{"providers": "somewhere"}""", "providers")]
    [InlineData("""{"log": "loud"}""", "no level")]
    [InlineData("""{"log": "3"}""", "no level")]
    public void A_wrong_file_is_refused_and_says_what_is_wrong(string text, string says)
    {
        folder.File("egovpay.json", text);
        Refused(() => Read()).Should().Contain(says);
    }

    [Fact]
    public void A_wrong_variable_is_named()
    {
        Refused(() => Read(environment: new() { ["EGOVPAY_PROVIDERS"] = "nowhere" })).Should().Contain("EGOVPAY_PROVIDERS");
    }

    [Fact]
    public void Settings_never_print_what_they_hold()
    {
        var settings = Read(environment: new() { ["EGOVPAY_SECRET"] = "hidden-hidden-hidden-hidden-hidden" });
        settings.Secret.Should().NotBeNull();
        settings.ToString().Should().NotContain("hidden");
    }

    [Fact]
    public void A_generated_secret_is_kept_is_its_owners_alone_and_a_short_one_is_refused()
    {
        var settings = Read();
        var home = Path.Combine(folder.Path, "home");
        var first = ServerSecret.Take(settings, home);
        ServerSecret.Take(settings, home).Should().Equal(first);
        first.Length.Should().BeGreaterThanOrEqualTo(32);
        File.GetUnixFileMode(Path.Combine(home, "secret"))
            .Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Refused(() => ServerSecret.Take(settings with { Secret = "short" }, home)).Should().Contain("at least 32");
        var missing = settings with { SecretFile = Path.Combine(folder.Path, "nowhere") };
        FluentActions.Invoking(() => ServerSecret.Take(missing, home)).Should().Throw<CommandException>();
    }

    [Fact]
    public void The_readme_shows_the_table_of_settings_as_it_is()
    {
        File.ReadAllText(Path.Combine(Repository(), "README.md")).Should().Contain(SettingsTable.Markdown());
    }

    private static string Repository()
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "EGovPay.sln")))
        {
            at = Path.GetDirectoryName(at)!;
        }

        return at;
    }

    private static string Refused(Action read) => FluentActions.Invoking(read).Should().Throw<CommandException>()
        .Where(refused => refused.ExitCode == Exit.Usage).Which.Message;

    private Settings Read(
        string? file = null, Dictionary<string, string>? environment = null, Dictionary<string, string>? arguments = null) =>
        ReadSettings.From(
            file, name => environment?.GetValueOrDefault(name), row => arguments?.GetValueOrDefault(row.Key), folder.Path);
}
