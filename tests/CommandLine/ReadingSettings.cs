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

    [Fact]
    public void A_password_of_the_database_is_not_taken_from_the_arguments_which_everybody_sees()
    {
        const string database = "Host=db;Username=e; Password = secret";
        var refused = Refused(() => Read(arguments: new() { ["database"] = database }));
        refused.Should().Contain("EGOVPAY_DATABASE").And.NotContain("secret");
        Read(environment: new() { ["EGOVPAY_DATABASE"] = database }).Database.Should().Be(database);
        Read(arguments: new() { ["database"] = "Host=db;Username=e" }).Database.Should().Be("Host=db;Username=e");
    }

    [Fact]
    public void Further_secrets_come_from_the_environment_or_a_file_and_are_as_long_as_the_first()
    {
        var (one, two) = (new string('1', 32), new string('2', 40));
        ServerSecret.Others(Read()).Should().BeEmpty();
        ServerSecret.Others(Read(environment: new() { ["EGOVPAY_SECRET_PREVIOUS"] = $"{one} {two}" })).Should().HaveCount(2);
        var file = folder.File("previous", $"{one}\n{two}\n");
        ServerSecret.Others(Read(environment: new() { ["EGOVPAY_SECRET_PREVIOUS_FILE"] = file })).Should().HaveCount(2);
        Refused(() => ServerSecret.Others(Read(environment: new() { ["EGOVPAY_SECRET_PREVIOUS"] = $"{one} short" })))
            .Should().Contain("at least 32").And.NotContain(one);
        FluentActions.Invoking(() => ServerSecret.Others(Read(environment: new() { ["EGOVPAY_SECRET_PREVIOUS_FILE"] = "none" })))
            .Should().Throw<CommandException>();
    }

    [Theory]
    [InlineData("{", "not a JSON object")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("""{"listen": 8080}""", "quotation marks")]
    [InlineData("""{"lisen": "x"}""", "no setting 'lisen'")]
    [InlineData("""{"node": "a", "node": "b"}""", "not a JSON object")]
    [InlineData("""{"listen": "8080"}""", "http://HOST:PORT")]
    [InlineData("""{"listen": "https://127.0.0.1:8080"}""", "certificate")]
    [InlineData("""{"tlsCertificate": "server.pem"}""", "https")]
    [InlineData("""{"agentRequests": "many"}""", "many")]
    [InlineData("""{"trustedProxies": "10.0.0.0/33"}""", "no network")]
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
