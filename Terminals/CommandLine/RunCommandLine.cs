using System.CommandLine;
using System.CommandLine.Help;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement;
using EGovPay.Terminals.Demo;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>The command line `egovpay`: every command, and what is made of its failures.</summary>
internal static class RunCommandLine
{
    /// <summary>
    /// Runs one command line to its exit code (<see cref="Exit"/>). What is expected to fail says so in words on
    /// stderr.
    /// </summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var parsed = Build().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync($"egovpay: {Said(error)}");
            }

            await Console.Error.WriteLineAsync($"See: {PathOf(parsed.CommandResult)} --help");
            return Exit.Usage;
        }

        using var signals = new StopSignals();
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                signals.Stop);
        }
        catch (CommandException failed)
        {
            return await FailedAsync(failed.Message, failed.ExitCode);
        }
        catch (RoundFailedException failed)
        {
            return await FailedAsync($"The rest was done; this was not: {failed.Message}", Exit.Failed);
        }
        catch (PostgreSqlException failed)
        {
            return await FailedAsync(failed.Message, Exit.Failed);
        }
        catch (NpgsqlException failed) when (failed.InnerException is IOException)
        {
            return await FailedAsync(
                $"The connection to the database broke off ({failed.Message}): it may be down, or this machine was so busy that the server ended a "
                + "change that had been silent for three seconds. What was not committed is undone. Look whether it was done, and run it again.",
                Exit.Failed);
        }
        catch (NpgsqlException failed)
        {
            return await FailedAsync(
                $"The database did not do it: {failed.Message} Is it up, and is EGOVPAY_DATABASE right?", Exit.Failed);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return await FailedAsync("stopped", Exit.Failed);
        }
    }

    /// <summary>The tree of commands. Made anew at each call: the tests look into it.</summary>
    public static RootCommand Build()
    {
        var root = new RootCommand(
            "eGovPay: takes payments for utilities, telecoms and the state, and delivers each once.")
        {
            ServeCommand.Build(),
            DemoCommand.Build(),
            SimulateCommand.Build(),
            MigrateCommand.Build(),
            UserCommands.Build(),
            CatalogueCommands.Build(),
            AgentCommands.Build(),
            TerminalCommands.BuildPoint(),
            TerminalCommands.BuildTerminal(),
            PaymentCommands.Build(),
            DayCommands.Build(),
            CalendarCommands.Build(),
            SettleCommands.Build(), JobCommands.Build(), ReportCommand.Build(),
            PayoutCommands.Build(),
            StatementCommands.Build(),
            RegisterCommands.Build(),
            ReconcileCommand.Build(),
            BreakCommands.Build(),
            ProposalVerbs.Build(),
            RecordCommands.Build(),
            RestoredCommand.Build(),
            LostCommands.Build(),
            WebhookCommands.Build(),
            TellingCommands.Build(),
            AuditCommand.Build(),
        };
        root.Add(SettingsTable.FileOption);
        foreach (var option in SettingsTable.Everywhere.Select(setting => setting.Option).OfType<Option<string?>>())
        {
            root.Add(option);
        }

        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>What is wrong, in words for people: a type of the program is none.</summary>
    private static string Said(System.CommandLine.Parsing.ParseError error)
    {
        var (type, name, about, tokens) = error.SymbolResult switch
        {
            System.CommandLine.Parsing.ArgumentResult { Argument: { HelpName: var help } one } of =>
                (one.ValueType, one.Name, one.Description ?? help, of.Tokens),
            System.CommandLine.Parsing.OptionResult { Option: { } one } of => (one.ValueType, one.Name, one.Description, of.Tokens),
            _ => (typeof(string), "", null, []),
        };
        type = Nullable.GetUnderlyingType(type) ?? type;
        return tokens.Count == 1 && (type == typeof(int) || type == typeof(long)) && error.Message.Contains(type.FullName!, StringComparison.Ordinal)
            ? $"{name} '{tokens[0].Value}' is no whole number{(type == typeof(int) ? " of this size" : "")}{(about is null ? "." : $": {about}.")}"
            : error.Message;
    }

    private static string PathOf(System.CommandLine.Parsing.CommandResult command)
    {
        var names = new Stack<string>();
        for (System.CommandLine.Parsing.SymbolResult? at = command; at is not null; at = at.Parent)
        {
            if (at is System.CommandLine.Parsing.CommandResult one)
            {
                names.Push(one.Command is RootCommand ? "egovpay" : one.Command.Name);
            }
        }

        return string.Join(' ', names);
    }

    private static async Task<int> FailedAsync(string message, int exitCode)
    {
        await Console.Error.WriteLineAsync($"egovpay: {message}");
        return exitCode;
    }
}
