using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EGovPay.Terminals.CommandLine;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>Every list has a limit: of statements, of commands, of the API.</summary>
public sealed partial class Bounds
{
    /// <summary>Statements that return rows and neither carry a limit nor answer to what the caller names, and why that is right.</summary>
    private static readonly Dictionary<string, string> WithoutLimit = new(StringComparer.Ordinal)
    {
        ["Processing/Agents/ReadDirectory.sql"] = "the directory is held in memory: a row a terminal that people made",
        ["Processing/Agents/RecordCollection.sql"] = "one row",
        ["Processing/Agents/ReportStatus.sql"] = "writes one row",
        ["Processing/Continuity/Witness.sql"] = "writes one row",
        ["Processing/Ledger/SetLimit.sql"] = "writes one row",
        ["Processing/People/CountWrongKey.sql"] = "one row",
        ["Settlement/Jobs/MakeScheduled.sql"] = "writes one row",
        ["Settlement/Jobs/StartRun.sql"] = "writes one row",
        ["Processing/People/EndProposal.sql"] = "writes one row",
        ["Processing/Audit/DayTotals.sql"] = "a row a day and account, of one part of an agent's numbers",
        ["Processing/Audit/Funds.sql"] = "a row an agent named by the caller",
        ["Processing/Audit/Receipts.sql"] = "one part of an agent's numbers, streamed",
        ["Processing/Audit/TotalsOfAgent.sql"] = "a row a day and account of one agent",
        ["Processing/Audit/SealPieces.sql"] = "a row an agent and a hundred thousand payments of one day",
        ["Processing/Days/ReckonWindow.sql"] = "writes rows and returns none",
        ["Processing/Days/DayTransfers.sql"] = "all transfers of one day, streamed into a hash",
        ["Processing/Catalogue/AddCatalogueVersion.sql"] = "one row",
        ["Processing/Catalogue/LatestCatalogueVersion.sql"] = "one row",
        ["Processing/Catalogue/LockCatalogue.sql"] = "one row",
        ["Processing/Dispatch/Heartbeat.sql"] = "one row",
        ["Processing/Dispatch/TakeBlock.sql"] = "one row",
        ["Processing/Dispatch/FenceNodes.sql"] = "a row a session of a node that is given up",
        ["Processing/Ledger/MoveOut.sql"] = "one row",
        ["Processing/Ledger/TopUp.sql"] = "one row",
        ["Processing/Ledger/UnevenParts.sql"] = "a row a part of a divided agent",
        ["Processing/Observing/CentreNow.sql"] = "one row",
        ["Processing/Observing/UnknownNow.sql"] = "a row a provider",
        ["Settlement/Breaks/AddBreaks.sql"] = "writes rows and returns none",
        ["Settlement/Reconciliation/EnterReconciliation.sql"] = "one row",
        ["Settlement/Reconciliation/OurEvents.sql"] = "what has happened since a day began, one row, of two packed lists",
        ["Settlement/Reconciliation/OurPayments.sql"] = "a provider's day in as many parts as memory needs, copied out",
        ["Settlement/Reconciliation/TheirLines.sql"] = "a register, copied out and compared line by line",
        ["Processing/Payments/FindPayment.sql"] = "one row: a reference names one payment",
        ["Processing/People/Decide.sql"] = "one row",
        ["Processing/People/UnknownAges.sql"] = "a row a provider",
        ["Processing/PostgreSql/Greet.sql"] = "one row",
        ["Processing/Shifts/CloseShift.sql"] = "one row",
        ["Processing/Shifts/LookShift.sql"] = "one row",
        ["Processing/Shifts/OpenShift.sql"] = "one row",
        ["Processing/Telling/SettleDeliveries.sql"] = "one row",
        ["Settlement/Incoming/AddRefused.sql"] = "writes one row",
        ["Providers/Register/ReadLines.sql"] = "a register holds all of its window; streamed into its file",
        ["Terminals/CommandLine/WindowStatus.sql"] = "a row a cut-off group, of which there are four",
        ["Terminals/Demo/DemoBook.sql"] = "the demo's own payments, streamed",
        ["Terminals/Demo/EventsToTell.sql"] = "the demo's own payments",
        ["Terminals/Demo/RegistersOpen.sql"] = "one row",
    };

    /// <summary>Commands that show something and are no list.</summary>
    private static readonly Dictionary<string, string> NoLists = new(StringComparer.Ordinal)
    {
        ["catalogue show"] = "the catalogue, one file that people applied",
        ["day status"] = "the last five days and the four groups' windows",
        ["payout show"] = "one payout; of its windows the last thousands",
        ["breaks show"] = "one break; of its payment's evidence as much as payment show",
        ["payment show"] = "one payment; of its events the last thousand",
        ["telling status"] = "a few figures",
    };

    [Fact]
    public void A_statement_that_returns_many_rows_has_a_limit_or_stands_here_with_its_reason()
    {
        var unbounded = Tree.Files("*.sql").Where(path => !BoundedByItself(path)).Select(Tree.Relative).Order(StringComparer.Ordinal).ToList();

        unbounded.Except(WithoutLimit.Keys).Should().BeEmpty("a list without a limit is one day the whole table");
        WithoutLimit.Keys.Except(unbounded).Should().BeEmpty("what has a limit by now needs no excuse");
        WithoutLimit.Values.Should().OnlyContain(reason => reason.Length > 5);
    }

    [Fact]
    public void A_command_that_shows_a_list_has_a_limit_and_writes_CSV()
    {
        var shows = new SortedDictionary<string, Command>(StringComparer.Ordinal);
        void Collect(Command command, string path)
        {
            foreach (var sub in command.Subcommands)
            {
                var name = (path + " " + sub.Name).Trim();
                if (sub.Description!.StartsWith("Shows", StringComparison.Ordinal) || sub.Name is "list")
                {
                    shows.Add(name, sub);
                }

                Collect(sub, name);
            }
        }

        Collect(RunCommandLine.Build(), "");
        NoLists.Keys.Except(shows.Keys).Should().BeEmpty();
        shows.Count.Should().BeGreaterThan(8);
        shows.Where(show => !NoLists.ContainsKey(show.Key)
                && !new[] { "--limit", "--format" }.All(name => show.Value.Options.Any(option => option.Name == name)))
            .Select(show => show.Key).Should().BeEmpty();
    }

    [Fact]
    public void A_call_that_answers_a_list_has_a_limit_and_says_whether_there_is_more()
    {
        var api = JsonNode.Parse(File.ReadAllText(Path.Combine(Tree.Root, "Terminals", "openapi.v1.json")))!;
        var lists = new List<string>();
        foreach (var (path, calls) in api["paths"]!.AsObject())
        {
            foreach (var (method, call) in calls!.AsObject())
            {
                if (call!["responses"]?["200"]?["content"]?["application/json"]?["schema"]?["$ref"] is not { } reference)
                {
                    continue;
                }

                var schema = api["components"]!["schemas"]![((string)reference!).Split('/')[^1]]!;
                if (schema["properties"]?["items"] is null)
                {
                    continue;
                }

                lists.Add(path);
                // The catalogue is one thing, held in memory and known by its entity tag.
                if (path != "/v1/services")
                {
                    call["parameters"]!.AsArray().Select(parameter => (string?)parameter!["name"]).Should().Contain("limit", $"{method} {path}");
                    schema["properties"]!.AsObject().Select(property => property.Key).Should().Contain("next", $"{method} {path}");
                }
            }
        }

        lists.Should().Contain(["/v1/services", "/v1/payments"]);
    }

    /// <summary>It carries a limit, answers to keys that its caller names, or returns no rows at all.</summary>
    private static bool BoundedByItself(string path)
    {
        var relative = Tree.Relative(path);
        if (relative.StartsWith("tests/", StringComparison.Ordinal) || relative.StartsWith("benchmarks/", StringComparison.Ordinal)
            || relative.StartsWith("Processing/Schema/", StringComparison.Ordinal))
        {
            return true;
        }

        var code = Comment().Replace(File.ReadAllText(path), "");
        var last = LastStatement().Matches(code) is { Count: > 0 } found ? found[^1].Groups[1].Value : "";
        var returns = last == "select" || code.Contains("returning", StringComparison.Ordinal);
        var writes = last is "insert" or "update" or "delete" && !Returning().IsMatch(code);
        return !returns || writes || Limit().IsMatch(code) || code.Contains("unnest($", StringComparison.Ordinal);
    }

    [GeneratedRegex("--[^\n]*", RegexOptions.CultureInvariant)]
    private static partial Regex Comment();

    /// <summary>Words that begin a line at its very beginning: the statement itself, not what it is made of.</summary>
    [GeneratedRegex("^(select|insert|update|delete)\\b", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex LastStatement();

    [GeneratedRegex("^returning\\b", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Returning();

    [GeneratedRegex("\\blimit (?:\\$[0-9]+|[0-9]+|f\\.room)", RegexOptions.CultureInvariant)]
    private static partial Regex Limit();
}
