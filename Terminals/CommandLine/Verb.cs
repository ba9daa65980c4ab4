using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using EGovPay.Processing.People;

namespace EGovPay.Terminals.CommandLine;

/// <summary>The exit codes: a script may rely on them.</summary>
internal static class Exit
{
    public const int Done = 0;

    /// <summary>It could not be done, or what was looked at is not in order.</summary>
    public const int Failed = 1;

    /// <summary>The command line or a setting is wrong; nothing was begun.</summary>
    public const int Usage = 2;
}

/// <summary>
/// A failure that somebody at the keyboard can mend: the message says how. It is printed without a stack trace.
/// </summary>
internal sealed class CommandException(string message, int exitCode = Exit.Failed, Exception? inner = null)
    : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>A setting or an argument is wrong.</summary>
    public static CommandException Usage(string message) => new(message, Exit.Usage);
}

/// <summary>A command with examples, which its help prints.</summary>
internal sealed class Verb : Command
{
    public Verb(string name, string description, params string[] examples)
        : base(name, description) => Examples = examples;

    public IReadOnlyList<string> Examples { get; }

    /// <summary>What it does to the centre, and so who may; null: it changes nothing there.</summary>
    public Act? Act { get; private set; }

    /// <summary>What the help says after the examples, or null.</summary>
    public Func<string>? Notes { get; init; }

    /// <summary>
    /// Sets what the command does to the centre: only a person with a role for the act gets to a <see cref="Desk"/>.
    /// </summary>
    public Verb Does(Act act, Func<ParseResult, CancellationToken, Task<int>> action)
    {
        Act = act;
        return Does(action);
    }

    /// <summary>Sets what the command does; it changes nothing.</summary>
    public Verb Does(Func<ParseResult, CancellationToken, Task<int>> action)
    {
        SetAction(action);
        return this;
    }

    /// <summary>Adds arguments, options and commands under it.</summary>
    public Verb With(params Symbol[] symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Argument argument:
                    Add(argument);
                    break;
                case Option option:
                    Add(option);
                    break;
                case Command command:
                    Add(command);
                    break;
                default:
                    throw new ArgumentException("Neither an argument nor an option nor a command.", nameof(symbols));
            }
        }

        return this;
    }
}

/// <summary>The usual help, and below it the examples.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    /// <summary>Who asks for help has not finished the command line.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb verb)
        {
            var output = parseResult.InvocationConfiguration.Output;
            if (verb.Examples.Count > 0)
            {
                output.WriteLine("Examples:");
                foreach (var example in verb.Examples)
                {
                    output.WriteLine($"  {example}");
                }

                output.WriteLine();
            }

            if (verb.Act is { } act)
            {
                output.WriteLine($"For: {act.RolesText}. The personal key is in EGOVPAY_USER_KEY, or in the file that "
                    + "EGOVPAY_USER_KEY_FILE or --user-key-file names.");
                output.WriteLine();
            }

            if (verb.Notes is { } notes)
            {
                output.WriteLine(notes());
            }
        }

        return Exit.Done;
    }
}
