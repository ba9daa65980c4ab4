using System.CommandLine;
using EGovPay.Processing.People;
using EGovPay.Terminals.CommandLine;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.People;

/// <summary>Who may do what: the table, and the command line held against it.</summary>
public sealed class TableOfActs(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    /// <summary>They change nothing in the centre; those that look at it are run on a database that refuses to be written.</summary>
    private static readonly string[] Reading =
    [
        "catalogue check", "catalogue show", "statement list", "statement show", "register list", "agent list", "user list", "payment show", "day status", "calendar show", "record list", "audit",
        "proposal list", "payment proposals", "payment unknown", "payment contradictions", "lost list",
        "webhook list", "telling status", "telling dead", "settle show", "settle window", "settle agents", "register sent",
        "payout list", "payout show", "settle terms", "jobs list", "jobs history", "breaks list", "breaks show",
        "report",
    ];

    /// <summary>They are the program itself, run by whoever runs machines, before there is anybody who could show a key.</summary>
    private static readonly string[] Running = ["serve", "demo", "simulate", "migrate"];

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Changing() => new(Leaves().Where(leaf => leaf.Verb.Act is not null).Select(leaf => leaf.Path));

    [Fact]
    public void Every_command_changes_by_an_act_of_the_table_or_only_reads_or_is_the_program_itself()
    {
        foreach (var (path, verb) in Leaves())
        {
            if (verb.Act is { } act)
            {
                act.Name.Should().Be(path, "an act is named as its command");
                Acts.All.Should().Contain(act);
                (Reading.Contains(path) || Running.Contains(path)).Should().BeFalse(path);
            }
            else
            {
                (Reading.Contains(path) || Running.Contains(path)).Should().BeTrue($"{path} is in none of the three");
            }
        }
    }

    [Fact]
    public void Every_act_is_a_command_and_is_for_somebody()
    {
        Acts.All.Select(act => act.Name).Should().OnlyHaveUniqueItems()
            .And.BeEquivalentTo(Leaves().Select(leaf => leaf.Verb.Act).OfType<Act>().Select(act => act.Name));
        Acts.All.Should().OnlyContain(act => act.Roles.Count > 0);
        Acts.All.Where(act => act.IsFor([Role.Auditor]) || act.IsFor([Role.Teller])).Should().BeEmpty();
        Acts.All.Where(act => act.Name.Contains("approve", StringComparison.Ordinal) || act.Name.Contains("reject", StringComparison.Ordinal))
            .All(act => act.Roles.SequenceEqual([Role.Approver])).Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(Changing))]
    public async Task A_changing_command_lets_nobody_in_without_a_key_or_without_the_role(string path)
    {
        var people = await TestPeople.OfAsync(database);
        var before = await StateAsync();
        var line = Example(path);
        var without = await RunningProgram.RunAsync(
            folder.Path, new Dictionary<string, string> { ["EGOVPAY_DATABASE"] = database.ConnectionString }, line);
        without.ExitCode.Should().Be(1, without.Errors);
        without.Errors.Should().Contain("EGOVPAY_USER_KEY").And.Contain(path).And.NotContain("   at ");

        var other = new Person("p" + path.Replace(' ', '-'), "x", [.. Enum.GetValues<Role>().Where(
            role => !Acts.All.Single(act => act.Name == path).IsFor([role]))]);
        var key = await people.AddAsync(other);
        before = await StateAsync();
        var wrong = await RunningProgram.RunAsync(folder.Path, people.Environment(database.ConnectionString, key), line);
        wrong.ExitCode.Should().Be(1, wrong.Errors);
        wrong.Errors.Should().Contain($"`egovpay {path}` is for").And.Contain(other.Login);
        (await StateAsync()).Should().Be(before);
    }

    [Fact]
    public async Task What_only_reads_works_where_nothing_can_be_written_and_without_a_key()
    {
        await using var own = await TestDatabase.CreateAsync();
        await Processing.Catalogue.CatalogueStore.LatestOrEmbeddedAsync(own.DataSource);
        var variables = new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = own.ConnectionString + ";Options=-c default_transaction_read_only=on",
        };
        foreach (var path in Reading.Where(path => path is not ("catalogue check" or "payment show" or "statement show" or "payout show" or "breaks show" or "settle window")))
        {
            var run = await RunningProgram.RunAsync(folder.Path, variables, path.Split(' '));
            run.ExitCode.Should().Be(0, $"{path}: {run.Errors}");
        }
    }

    private async Task<string> StateAsync() =>
        await database.AskAsync<string>(
            "select (select count(*) from act) || ' ' || (select count(*) from agent) || ' ' || (select count(*) from terminal) "
            + "|| ' ' || (select count(*) from proposal) || ' ' || (select count(*) from catalogue_version) || ' ' "
            + "|| (select count(*) from business_day where closed_at is not null)") ?? "";

    /// <summary>The command line of a verb's first example, without a file that is not there.</summary>
    private static string[] Example(string path)
    {
        if (path == "catalogue apply")
        {
            return ["catalogue", "apply", Path.Combine(House.Tree.Root, "Processing", "Catalogue", "catalogue.json")];
        }

        var example = Leaves().Single(leaf => leaf.Path == path).Verb.Examples[0];
        return [.. RunCommandLine.Build().Parse(example["egovpay ".Length..]).Tokens.Select(token => token.Value)];
    }

    private static IEnumerable<(string Path, Verb Verb)> Leaves() => Leaves(RunCommandLine.Build(), "");

    private static IEnumerable<(string Path, Verb Verb)> Leaves(Command command, string path) =>
        command.Subcommands.SelectMany(sub => sub.Subcommands.Count > 0
            ? Leaves(sub, $"{path} {sub.Name}".Trim())
            : [($"{path} {sub.Name}".Trim(), (Verb)sub)]);
}
