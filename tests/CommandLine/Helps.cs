using System.CommandLine;
using System.Text;
using EGovPay.Processing.Calendar;
using EGovPay.Settlement.Mapping;
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

    [Fact]
    public async Task A_calendar_and_mappings_are_shown_and_are_good_as_they_are_shown()
    {
        var help = Help("calendar", "apply");
        CheckCalendar.Run(Encoding.UTF8.GetBytes(ObjectsIn(help, "{\"format\"").Single())).Faults.Should().BeEmpty();
        using var shown = new StringWriter();
        var run = RunCommandLine.Build().Parse(["calendar", "show", "--example"]).InvokeAsync(
            new InvocationConfiguration { Output = shown, EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken);
        (await run).Should().Be(0, "it needs no database");
        CheckCalendar.Run(Encoding.UTF8.GetBytes(shown.ToString())).Faults.Should().BeEmpty();
        ObjectsIn(Help("register", "import") + Help("statement", "import"), "{\"name\"").Select(Mapping.Mappings.One).Select(one => one.Use)
            .Should().Equal(MappingUse.Register, MappingUse.Acquirer, MappingUse.Statement);
    }

    internal static string Help(params string[] path)
    {
        using var output = new StringWriter();
        RunCommandLine.Build().Parse([.. path, "--help"]).Invoke(new InvocationConfiguration { Output = output });
        return output.ToString();
    }

    /// <summary>The JSON objects in a text that begin so.</summary>
    internal static IEnumerable<string> ObjectsIn(string text, string beginning)
    {
        for (var at = text.IndexOf(beginning, StringComparison.Ordinal); at >= 0; at = text.IndexOf(beginning, at + 1, StringComparison.Ordinal))
        {
            var (end, depth) = (at, 0);
            do
            {
                depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
                end++;
            }
            while (depth > 0);
            yield return text[at..end];
        }
    }

    private static IEnumerable<Verb> Verbs(Command command) =>
        command.Subcommands.SelectMany(sub => Verbs(sub).Concat(sub is Verb verb ? [verb] : []));
}
