using System.CommandLine;
using EGovPay.Terminals.CommandLine;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>Every command explains itself.</summary>
public sealed class Helps
{
    public static TheoryData<string> AllCommands()
    {
        var all = new TheoryData<string> { "" };
        void Collect(Command command, string path)
        {
            foreach (var sub in command.Subcommands)
            {
                all.Add((path + " " + sub.Name).Trim());
                Collect(sub, (path + " " + sub.Name).Trim());
            }
        }

        Collect(RunCommandLine.Build(), "");
        return all;
    }

    [Theory]
    [MemberData(nameof(AllCommands))]
    public void A_command_has_a_help_with_what_it_does_and_an_example(string path)
    {
        using var output = new StringWriter();
        var parsed = RunCommandLine.Build().Parse([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        parsed.Errors.Should().BeEmpty();
        parsed.Invoke(new InvocationConfiguration { Output = output }).Should().Be(0);
        var command = parsed.CommandResult.Command;
        command.Description.Should().NotBeNullOrWhiteSpace();
        command.Options.Should().NotContain(option => string.IsNullOrWhiteSpace(option.Description));
        command.Arguments.Should().NotContain(argument => string.IsNullOrWhiteSpace(argument.Description));
        output.ToString().Should().Contain(command.Description);
        if (command.Subcommands.Count == 0)
        {
            output.ToString().Should().Contain("Examples:").And.Contain($"egovpay {path}");
        }
    }

    [Fact]
    public void An_example_is_a_command_line_that_parses()
    {
        foreach (var verb in Verbs(RunCommandLine.Build()))
        {
            foreach (var example in verb.Examples)
            {
                var from = example.LastIndexOf("egovpay ", StringComparison.Ordinal);
                if (from < 0 || example.Contains('|', StringComparison.Ordinal))
                {
                    continue;
                }

                RunCommandLine.Build().Parse(example[(from + "egovpay ".Length)..]).Errors.Should().BeEmpty(example);
            }
        }
    }

    [Fact]
    public void The_help_of_serve_lists_every_setting()
    {
        using var output = new StringWriter();
        RunCommandLine.Build().Parse(["serve", "--help"]).Invoke(new InvocationConfiguration { Output = output });
        foreach (var setting in SettingsTable.All)
        {
            output.ToString().Should().Contain(setting.Variable).And.Contain(setting.Key);
        }
    }

    private static IEnumerable<Verb> Verbs(Command command) =>
        command.Subcommands.SelectMany(sub => Verbs(sub).Concat(sub is Verb verb ? [verb] : []));
}
