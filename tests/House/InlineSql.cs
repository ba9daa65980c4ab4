using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>Statements of a line or two that stand in the code: what <see cref="Bounds"/> asks of files is asked of them.</summary>
public sealed partial class InlineSql
{
    /// <summary>File and first table of selections that may give many rows without a limit, and why that is right.</summary>
    private static readonly Dictionary<string, string> WithoutLimit = new(StringComparer.Ordinal)
    {
        ["Processing/Agents/AgentDirectory.cs: webhook_endpoint"] = "providers that subscribed, held in memory with the directory",
        ["Processing/Agents/AgentDirectory.cs: directory_version"] = "one row",
        ["Processing/Audit/AuditAgent.cs: business_day"] = "a row a day",
        ["Processing/Audit/AuditLane.cs: receipt_series"] = "a row a day and generation of one lane",
        ["Processing/Audit/AuditRecord.cs: business_day"] = "a row a day",
        ["Processing/Audit/AuditWhole.cs: business_day"] = "a row a day",
        ["Processing/Audit/AuditWhole.cs: transition"] = "the table of states",
        ["Processing/Days/BusinessDays.cs: business_day"] = "days that are not closed or totalled: a row a day that nobody ran",
        ["Processing/Days/SettlementWindows.cs: (select 1) one"] = "the holidays of the calendar",
        ["Processing/Dispatch/ClusterTables.cs: node"] = "nodes that are alive or not yet taken over",
        ["Processing/Schema/Migrate.cs: schema_migration"] = "a row a migration",
        ["Processing/Telling/Endpoints.cs: webhook_endpoint"] = "endpoints have a limit when they are added",
        ["Terminals/Demo/RunDemo.cs: pg_database"] = "its own database: one row",
        ["Terminals/Demo/RunDemo.cs: payment_number"] = "a sequence: one row",
    };

    [Fact]
    public void A_selection_in_the_code_that_gives_many_rows_has_a_limit_or_stands_here_with_its_reason()
    {
        var all = Product().SelectMany(path => Statements(File.ReadAllText(path)).Select(sql => (Tree.Relative(path), sql))).ToList();
        all.Should().HaveCountGreaterThan(30, "they are found at all");
        var unbounded = all.Where(one => !Bounded(one.sql)).Select(one => $"{one.Item1}: {FirstTable(one.sql)}")
            .Distinct().Order(StringComparer.Ordinal).ToList();

        unbounded.Except(WithoutLimit.Keys).Should().BeEmpty("a list without a limit is one day the whole table");
        WithoutLimit.Keys.Except(unbounded).Should().BeEmpty("what has a limit by now needs no excuse");
        WithoutLimit.Values.Should().OnlyContain(reason => reason.Length > 5);
    }

    [Theory]
    [InlineData("\"select a from t where b is null\"", false)]
    [InlineData("\"select a \"\n  + \"from t \" + \"where b is null order by a\"", false)]
    [InlineData("$\"select {Columns} from t\"", false)]
    [InlineData("\"select a from t limit $1\"", true)]
    [InlineData("\"select a from t where id = $1\"", true)]
    [InlineData("\"select count(*) from t\"", true)]
    [InlineData("\"select exists (select from t where a is null)\"", true)]
    [InlineData("\"select a, (select max(b) from u) from t\"", false)]
    public void What_gives_one_row_or_few_is_told_from_what_gives_any_number(string code, bool bounded) =>
        Bounded(Statements(code).Should().ContainSingle().Subject).Should().Be(bounded);

    private static IEnumerable<string> Product() => Tree.Files("*.cs").Where(path =>
        !Tree.Relative(path).StartsWith("tests/", StringComparison.Ordinal)
        && !Tree.Relative(path).StartsWith("benchmarks/", StringComparison.Ordinal));

    /// <summary>Literals, put together where they are added up, that select.</summary>
    private static IEnumerable<string> Statements(string code) => Added().Matches(code)
        .Select(added => string.Concat(Literal().Matches(added.Value).Select(one => one.Groups["text"].Value)))
        .Where(text => Selects().IsMatch(text));

    private static bool Bounded(string sql)
    {
        var outer = Outer(sql);
        return Limit().IsMatch(outer) || OneRow().IsMatch(outer) || Aggregate().IsMatch(sql) || Keyed().IsMatch(outer)
            || !outer.Contains(" from ", StringComparison.Ordinal);
    }

    private static string FirstTable(string sql) => Table().Match(Outer(sql)) is { Success: true } found && found.Value.Length > 0
        ? found.Value == "()" ? sql[sql.IndexOf("(select 1) one", StringComparison.Ordinal)..][..14] : found.Value
        : sql;

    /// <summary>The statement without what stands in parentheses.</summary>
    private static string Outer(string sql)
    {
        for (var before = ""; before != sql;)
        {
            before = sql;
            sql = Innermost().Replace(sql, "\u0001");
        }

        return sql.Replace("\u0001", "()", StringComparison.Ordinal);
    }

    [GeneratedRegex("\\$?\"(?:[^\"\\\\\n]|\\\\.)*\"(?:\\s*\\+\\s*\\$?\"(?:[^\"\\\\\n]|\\\\.)*\")*", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Added();

    [GeneratedRegex("\"(?<text>(?:[^\"\\\\\n]|\\\\.)*)\"", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Literal();

    [GeneratedRegex("^select\\b.*\\bfrom\\b", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Selects();

    [GeneratedRegex("\\([^()]*\\)", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Innermost();

    [GeneratedRegex("\\blimit (?:\\$[0-9]+|[0-9]+)", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Limit();

    /// <summary>An aggregate over all of it.</summary>
    [GeneratedRegex("^select (?:(?! from ).)*\\b(?:count|max|min|sum)\\(\\)(?!.* group by )", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex OneRow();

    [GeneratedRegex("^select coalesce\\((?:count|max|min|sum)\\(", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Aggregate();

    [GeneratedRegex(" (?:where|and|on) (?:\\w+\\.)?\\w+ = \\$[0-9]+", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Keyed();

    [GeneratedRegex("(?<= from )(?:\\w+|\\(\\))", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Table();
}
