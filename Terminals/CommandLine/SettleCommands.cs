using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Netting;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay settle …`: what is owed to whom.</summary>
internal static partial class SettleCommands
{
    private static readonly string[] Sums =
    [
        ">payments", ">gross", ">reversed", ">corrected", ">provider fees", ">net", ">paid out", ">payers' fees", ">commissions",
    ];

    public static Verb Build() => new Verb("settle", "Settlement: what a day or a window is made of, and the terms it is settled by.").With(
        Show(), SettleWindow.Build(), SettleAgents.Build(), TermsCommands.Show(), TermsCommands.Apply());

    private static Verb Show()
    {
        var day = Date("--day", "a business day; default: the open one");
        var to = Date("--to", "with --day: the last of several days");
        var window = new Option<string?>("--window")
        {
            Description = "a settlement window: cut-off group and bank day", HelpName = "C1..C4:YYYY-MM-DD",
        };
        var by = new Option<string>("--by")
        {
            Description = "the cut: agent, provider, group or budget (organisation, level and code)", HelpName = "CUT",
            DefaultValueFactory = _ => "provider",
        };
        var trace = new Option<bool>("--trace") { Description = "list the postings behind the figures, one by one" };
        var agent = Only("--agent", "with --trace: of this agent", "CODE");
        var provider = Only("--provider", "with --trace: of this provider", "CODE");
        var group = Only("--group", "with --trace: of this cut-off group", "C1..C4");
        var level = Only("--budget-level", "with --trace: of this budget level", "LEVEL");
        var code = Only("--budget-code", "with --trace: of this budget classification", "CODE");
        var listing = new Listing(ReadNetting.Limit, 1_000);
        return new Verb(
                "show",
                "Shows what was taken, given back, kept and owed on a business day or in a settlement window, from the ledger; "
                + "the sums of every cut are the same.",
                "egovpay settle show --day 2026-11-22", "egovpay settle show --window C3:2026-11-23 --by budget --format csv",
                "egovpay settle show --day 2026-11-22 --trace --provider azercell")
            .With([day, to, window, by, trace, agent, provider, group, level, code, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var asked = Scope(parsed.GetValue(day), parsed.GetValue(to), parsed.GetValue(window));
                var cut = Cut(parsed.GetValue(by)!);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var scope = asked ?? await ReadNetting.LastDayAsync(store.Database, cancel);
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel);
                var netting = new ReadNetting(store.Database);
                if (parsed.GetValue(trace))
                {
                    var filter = new NettingFilter(
                        parsed.GetValue(agent), ProviderId(catalogue, parsed.GetValue(provider)), Group(parsed.GetValue(group)),
                        parsed.GetValue(level), parsed.GetValue(code));
                    var postings = await netting.TraceAsync(scope, filter, listing.Ask(parsed), cancel);
                    return ShowTrace(parsed, listing, postings, catalogue);
                }

                if (new[] { agent, provider, group, level, code }.Any(one => parsed.GetValue(one) is not null))
                {
                    throw CommandException.Usage("--agent, --provider, --group and --budget-… choose postings: they need --trace.");
                }

                var rows = await netting.CutAsync(scope, cut, listing.Ask(parsed), cancel);
                return ShowCut(parsed, listing, rows, cut, scope, catalogue);
            });
    }

    private static int ShowCut(
        ParseResult parsed, Listing listing, IReadOnlyList<NettingRow> rows, NettingCut cut, NettingScope scope, CatalogueSnapshot catalogue)
    {
        var isWindow = scope.BankDay is not null;
        string[] heads = cut == NettingCut.Budget ? ["provider", "level", "code"] : [Word(cut)];
        string[] Keys(NettingRow row) => cut == NettingCut.Budget
            ? [Provider(catalogue, row.ProviderId), row.BudgetLevel ?? "", row.BudgetCode ?? ""]
            : [row.Agent ?? (row.Group is { } group ? GroupText(group) : Provider(catalogue, row.ProviderId))];
        listing.Show(parsed, rows, [.. heads, .. Sums], row => [.. Keys(row), .. Cells(row.Sums, isWindow)], (line, row) =>
        {
            WriteKeys(line, catalogue, row.Agent, row.ProviderId, row.Group, row.BudgetLevel, row.BudgetCode);
            Write(line, row.Sums, isWindow);
        });
        var isTable = !listing.Json(parsed) && !listing.Csv(parsed);
        if (isWindow && isTable)
        {
            parsed.InvocationConfiguration.Error.WriteLine(
                "egovpay: a payout is posted on its day and in no window: what is paid out of one, `egovpay settle window` shows.");
        }

        if (rows.Count > 1 && isTable)
        {
            var total = rows.Aggregate(new NettingSums(0, 0, 0, 0, 0, 0, 0, 0), (sum, row) => sum + row.Sums);
            Print.Table(parsed.InvocationConfiguration.Output, null, ["all of these", .. Sums], [["", .. Cells(total, isWindow)]]);
        }

        return Exit.Done;
    }

    private static int ShowTrace(
        ParseResult parsed, Listing listing, IReadOnlyList<NettingTraceRow> postings, CatalogueSnapshot catalogue) => listing.Show(
        parsed, postings,
        [">number", "reference", "agent", "provider", "group", "day", "window", "level", "code", .. Sums[1..]],
        row =>
        [
            row.Number.ToString(CultureInfo.InvariantCulture), row.Reference ?? "", row.Agent, Provider(catalogue, row.ProviderId),
            GroupText(row.Group), Text(row.Day), row.Window is { } window ? Text(window) : "", row.BudgetLevel ?? "",
            row.BudgetCode ?? "", .. Cells(row.Sums)[1..],
        ],
        (line, row) =>
        {
            line.WriteNumber("number", row.Number);
            line.WriteString("reference", row.Reference);
            WriteKeys(line, catalogue, row.Agent, row.ProviderId, row.Group, row.BudgetLevel, row.BudgetCode);
            line.WriteString("day", Text(row.Day));
            line.WriteString("window", row.Window is { } window ? Text(window) : null);
            Write(line, row.Sums);
        });

    private static void WriteKeys(
        Utf8JsonWriter line, CatalogueSnapshot catalogue, string? agent, int? provider, short? group, string? level, string? code)
    {
        if (agent is not null)
        {
            line.WriteString("agent", agent);
        }

        if (provider is not null)
        {
            line.WriteString("provider", Provider(catalogue, provider));
        }

        if (group is not null)
        {
            line.WriteString("group", GroupText(group.Value));
        }

        if (level is not null || code is not null)
        {
            line.WriteString("budgetLevel", level);
            line.WriteString("budgetCode", code);
        }
    }

    private static void Write(Utf8JsonWriter line, NettingSums sums, bool ofWindow = false)
    {
        line.WriteNumber("payments", sums.Payments);
        line.WriteNumber("grossQepik", sums.GrossQepik);
        line.WriteNumber("reversedQepik", sums.ReversedQepik);
        line.WriteNumber("correctedQepik", sums.CorrectedQepik);
        line.WriteNumber("providerFeeQepik", sums.ProviderFeeQepik);
        line.WriteNumber("netQepik", sums.NetQepik);
        if (ofWindow)
        {
            line.WriteNull("paidOutQepik");
        }
        else
        {
            line.WriteNumber("paidOutQepik", sums.PaidOutQepik);
        }

        line.WriteNumber("payerFeeQepik", sums.PayerFeeQepik);
        line.WriteNumber("commissionQepik", sums.CommissionQepik);
    }

    private static string[] Cells(NettingSums sums, bool ofWindow = false) =>
    [
        sums.Payments.ToString(CultureInfo.InvariantCulture), Print.Manat(sums.GrossQepik), Print.Manat(sums.ReversedQepik),
        Print.Manat(sums.CorrectedQepik), Print.Manat(sums.ProviderFeeQepik), Print.Manat(sums.NetQepik),
        ofWindow ? "" : Print.Manat(sums.PaidOutQepik), Print.Manat(sums.PayerFeeQepik), Print.Manat(sums.CommissionQepik),
    ];

    /// <summary>What is looked at; null: nothing was said. What is wrong is a <see cref="CommandException"/>.</summary>
    internal static NettingScope? Scope(string? day, string? to, string? window)
    {
        if (window is not null)
        {
            return day is null && to is null && Window(window) is { } scope ? scope
                : throw CommandException.Usage("--window: a cut-off group and its bank day, C3:2026-11-23, and no --day beside it.");
        }

        if (day is null)
        {
            return to is null ? null : throw CommandException.Usage("--to goes with --day.");
        }

        var from = Day("--day", day);
        var last = to is null ? from : Day("--to", to);
        return last >= from ? NettingScope.Days(from, last) : throw CommandException.Usage("--to: not before --day.");
    }

    /// <summary>The window of this name, C3:2026-11-23; null: that is none.</summary>
    internal static NettingScope? Window(string text) =>
        WindowShape().Match(text) is { Success: true } found && LocalDatePattern.Iso.Parse(found.Groups[2].Value) is { Success: true } day
            ? NettingScope.Window((short)(found.Groups[1].Value[0] - '0'), day.Value) : null;

    private static NettingCut Cut(string text) => CutOf(text) ?? throw CommandException.Usage("--by: agent, provider, group or budget.");

    /// <summary>The cut of this word, or null.</summary>
    internal static NettingCut? CutOf(string text) =>
        Enum.GetValues<NettingCut>().Cast<NettingCut?>().FirstOrDefault(cut => Word(cut!.Value) == text);

    private static string Word(NettingCut cut) => cut switch
    {
        NettingCut.Agent => "agent",
        NettingCut.Provider => "provider",
        NettingCut.Group => "group",
        _ => "budget",
    };

    private static short? Group(string? text) => text is null ? null
        : GroupShape().IsMatch(text) ? (short)(text[1] - '0') : throw CommandException.Usage("--group: C1, C2, C3 or C4.");

    private static int? ProviderId(CatalogueSnapshot catalogue, string? code) => code is null ? null
        : catalogue.Provider(code)?.Id ?? throw new CommandException($"The catalogue has no provider '{code}'.");

    private static string Provider(CatalogueSnapshot catalogue, int? id) => id is null ? ""
        : catalogue.Provider(id.Value)?.Code ?? id.Value.ToString(CultureInfo.InvariantCulture);

    private static string GroupText(short group) => group == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"C{group}");

    private static LocalDate Day(string option, string text) => LocalDatePattern.Iso.Parse(text) is { Success: true } read
        ? read.Value : throw CommandException.Usage($"{option} '{text}' is no date such as 2026-11-22.");

    private static string Text(LocalDate day) => LocalDatePattern.Iso.Format(day);

    private static Option<string?> Date(string name, string description) =>
        new(name) { Description = description, HelpName = "YYYY-MM-DD" };

    private static Option<string?> Only(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value };

    [GeneratedRegex("^C([1-4]):(.+)$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex WindowShape();

    [GeneratedRegex("^C[1-4]$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex GroupShape();
}
