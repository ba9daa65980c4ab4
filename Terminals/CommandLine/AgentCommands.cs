using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.People;
using EGovPay.Processing.Validation;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay agent …`: who takes the money, and how much of ours they may take.</summary>
internal static partial class AgentCommands
{
    private const int MostListed = 10_000;

    private static readonly string ListAgents = Sql.Load("CommandLine/ListAgents.sql");

    public static Verb Build() => new Verb("agent", "Agents: banks, Şəbəkə centres, the portal.")
        .With(Add(), AgentMoney.TopUp(), AgentMoney.Limit(), AgentMoney.Commission(), Suspend(), List());

    internal static Argument<string> CodeArgument(string what) => new("code") { Description = $"the {what}'s code" };

    /// <summary>Refuses a code that could not stand in a path, a file's name or a table.</summary>
    internal static string GoodCode(string code, string what) =>
        CodeShape().IsMatch(code) ? code : throw CommandException.Usage(
        $"'{code}' is no code of {what}: 1 to 32 letters, digits, '-', '_' or '.', beginning with a letter or digit.");

    internal static async Task<(int AgentId, int Parts)> FindAsync(NpgsqlDataSource database, string code) =>
        await Administer.FindAgentAsync(database, code) ?? throw new CommandException(
            $"There is no agent '{code}'. `egovpay agent list` shows them.");

    /// <summary>Service codes and groups separated by commas, or null for all.</summary>
    internal static string[]? Services(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var services = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        try
        {
            _ = AllowedServices.Of(services);
            return services;
        }
        catch (FormatException wrong)
        {
            throw CommandException.Usage($"--services: {wrong.Message}");
        }
    }

    internal static Option<string?> ServicesOption() => new("--services")
    {
        Description = "services it may sell: five-digit codes and groups, separated by commas; default all",
        HelpName = "LIST",
    };

    internal static Option<string> NameOption(string what) => new("--name")
    {
        Description = $"the {what}'s name, as receipts print it", HelpName = "TEXT", Required = true,
    };

    private static Verb Add()
    {
        var code = CodeArgument("agent");
        var name = NameOption("agent");
        var voen = new Option<string?>("--voen") { Description = "tax number, ten digits", HelpName = "VÖEN" };
        var parts = new Option<int>("--parts")
        {
            Description = "1–16 parts, for a busy agent without shifts and daily limits; never changes",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 1,
        };
        var commission = new Option<string>("--commission")
        {
            Description = "its share of an amount, percent with two decimals", HelpName = "PERCENT",
            DefaultValueFactory = _ => "0.00",
        };
        var services = ServicesOption();
        var json = Print.JsonOption();
        return new Verb(
                "add", "Makes an agent with its funds at zero.",
                "egovpay agent add btb --name \"Bank BTB\" --voen 1400057421 --commission 0.15",
                "egovpay agent add portal --name \"e-GovPay portalı\" --parts 4")
            .With(code, name, voen, parts, commission, services, json)
            .Does(Acts.AgentAdd, async (parsed, cancel) =>
            {
                var agent = GoodCode(parsed.GetValue(code)!, "an agent");
                if (parsed.GetValue(voen) is { } tax && !CheckDigits.Voen(tax))
                {
                    throw CommandException.Usage($"--voen '{tax}' is no VÖEN: ten digits, the ninth a check digit.");
                }

                if (parsed.GetValue(parts) is < 1 or > 16)
                {
                    throw CommandException.Usage("--parts: 1 to 16.");
                }

                if (!Print.TryReadManat(parsed.GetValue(commission)!, out var hundredths) || hundredths > 10_000)
                {
                    throw CommandException.Usage(
                        "--commission: percent with two decimals, such as 0.15; at most 100.00.");
                }

                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var id = await desk.Administer.AddAgentAsync(
                    agent, parsed.GetValue(name)!, parsed.GetValue(voen), parsed.GetValue(parts), (int)hundredths,
                    Services(parsed.GetValue(services)));
                if (id is null)
                {
                    throw new CommandException(
                        $"The code '{agent}' is taken. Choose another; `egovpay agent list` shows them.");
                }

                await SayAsync(
                    parsed, json, $"Agent {agent} is made; its funds are at zero: top it up or set a limit.", line =>
                {
                    line.WriteString("agent", agent);
                    line.WriteNumber("agentId", id.Value);
                });
                return Exit.Done;
            });
    }

    private static Verb Suspend()
    {
        var code = CodeArgument("agent");
        var resume = new Option<bool>("--resume") { Description = "let it go on" };
        return new Verb(
                "suspend", "Suspends an agent with all its terminals: they may read and cancel, and not pay.",
                "egovpay agent suspend btb", "egovpay agent suspend btb --resume")
            .With(code, resume)
            .Does(Acts.AgentSuspend, async (parsed, cancel) =>
            {
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var (agent, suspended) = (parsed.GetValue(code)!, !parsed.GetValue(resume));
                if (!await desk.Administer.SuspendAgentAsync(agent, suspended))
                {
                    throw new CommandException($"There is no agent '{agent}'. `egovpay agent list` shows them.");
                }

                await parsed.InvocationConfiguration.Output.WriteLineAsync(
                    suspended ? $"Agent {agent} is suspended." : $"Agent {agent} goes on.");
                return Exit.Done;
            });
    }

    private static Verb List()
    {
        var after = new Option<string?>("--after") { Description = "only agents whose code comes after this one", HelpName = "CODE" };
        var listing = new Listing(MostListed, 1_000);
        return new Verb("list", "Shows all agents with their funds.", "egovpay agent list", "egovpay agent list --json")
            .With([after, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                return listing.Show(
                    parsed, await ListAsync(store.Database, parsed.GetValue(after), most, cancel),
                    ["agent", "name", "state", ">balance", ">held", ">credit limit", ">points", ">terminals"],
                    agent =>
                    [
                        agent.Code, agent.Name, agent.Suspended ? "suspended" : "works", Print.Manat(agent.BalanceQepik),
                        Print.Manat(agent.HeldQepik), Print.Manat(agent.LimitQepik), Number(agent.Points), Number(agent.Terminals),
                    ],
                    Write,
                    last => $"--after {last.Code}");
            });
    }

    private static async Task<List<AgentWithFunds>> ListAsync(
        NpgsqlDataSource database, string? after, int most, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ListAgents);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = most });
        await using var row = await command.ExecuteReaderAsync(cancel);
        var agents = new List<AgentWithFunds>();
        while (await row.ReadAsync(cancel))
        {
            agents.Add(new AgentWithFunds(
                row.GetString(0), row.GetString(1), row.GetInt16(2), row.GetBoolean(3), row.GetInt64(4), row.GetInt64(5),
                row.GetInt64(6), row.GetInt64(7), row.GetInt64(8)));
        }

        return agents;
    }

    private static void Write(System.Text.Json.Utf8JsonWriter line, AgentWithFunds agent)
    {
        line.WriteString("agent", agent.Code);
        line.WriteString("name", agent.Name);
        line.WriteNumber("parts", agent.Parts);
        line.WriteBoolean("suspended", agent.Suspended);
        line.WriteNumber("balanceQepik", agent.BalanceQepik);
        line.WriteNumber("heldQepik", agent.HeldQepik);
        line.WriteNumber("creditLimitQepik", agent.LimitQepik);
        line.WriteNumber("points", agent.Points);
        line.WriteNumber("terminals", agent.Terminals);
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Says what was done: a sentence, or the same as JSON.</summary>
    internal static async Task SayAsync(
        ParseResult parsed, Option<bool> json, string sentence, Action<System.Text.Json.Utf8JsonWriter> write)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(json))
        {
            Print.Json(output, write);
        }
        else
        {
            await output.WriteLineAsync(sentence);
        }
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$", RegexOptions.CultureInvariant)]
    private static partial Regex CodeShape();

    private sealed record AgentWithFunds(
        string Code, string Name, short Parts, bool Suspended, long BalanceQepik, long HeldQepik, long LimitQepik, long Points,
        long Terminals);
}
