using System.Text.RegularExpressions;
using EGovPay.Terminals.Observing;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>Whoever is woken finds a page, and the page speaks of what there is.</summary>
public sealed partial class Runbook
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Tree.Root, "RUNBOOK.md")).ReplaceLineEndings("\n");

    private static readonly HashSet<string> Measures = [.. Product()
        .SelectMany(path => Measure().Matches(File.ReadAllText(path)).Select(match => match.Groups["name"].Value))];

    [Fact]
    public void The_rules_for_prometheus_are_the_table_in_the_code()
    {
        if (Environment.GetEnvironmentVariable("EGOVPAY_REWRITE") == "1")
        {
            Rewrite();
        }

        var file = File.ReadAllText(Path.Combine(Tree.Root, "Terminals", "Observing", "alarms.yaml"));
        file.ReplaceLineEndings("\n").Should().Be(Alarms.Yaml().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void The_table_of_alarms_is_the_one_in_the_code()
    {
        const string begin = "<!-- alarms:begin -->\n";
        var from = Page.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        Page[from..Page.IndexOf("<!-- alarms:end -->", StringComparison.Ordinal)].Should().Be(Alarms.Markdown());
    }

    [Fact]
    public void Each_alarm_has_a_page_that_says_what_it_means_what_first_what_never_and_when_it_is_over()
    {
        var pages = AlarmPage().Matches(Page).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["text"].Value);
        pages.Keys.Should().Contain(Alarms.All.Select(alarm => alarm.Name));
        foreach (var alarm in Alarms.All)
        {
            foreach (var part in new[] { "- **Means:** ", "- **First:** ", "- **Never:** ", "- **Over when:** " })
            {
                pages[alarm.Name].Should().Contain(part, alarm.Name);
            }
        }
    }

    [Fact]
    public void Each_log_event_that_is_an_error_is_on_a_page()
    {
        var errors = Product().SelectMany(path => Event().Matches(File.ReadAllText(path)).Select(match => match.Groups["id"].Value)).ToList();
        errors.Should().HaveCountGreaterThan(15);
        errors.Where(id => !Regex.IsMatch(Page, $@"(?m)^\| .*\b{id}\b")).Should().BeEmpty("RUNBOOK.md has a table of log events");
    }

    [Fact]
    public void Each_measure_that_an_alarm_or_a_page_names_is_measured()
    {
        Measures.Should().HaveCountGreaterThan(30);
        Alarms.All.SelectMany(alarm => alarm.Measures).Where(name => name.StartsWith("egovpay.", StringComparison.Ordinal))
            .Where(name => !Measures.Contains(name)).Should().BeEmpty();
        Shown().Matches(Page + Alarms.Yaml()).Select(match => match.Value).Distinct()
            .Where(shown => !Measures.Any(name => Forms(name).Contains(shown))).Should().BeEmpty();
    }

    /// <summary>After a change of the alarms: EGOVPAY_REWRITE=1 writes both files anew.</summary>
    private static void Rewrite()
    {
        File.WriteAllText(Path.Combine(Tree.Root, "Terminals", "Observing", "alarms.yaml"), Alarms.Yaml());
        var table = Regex.Replace(Page, "(?<=<!-- alarms:begin -->\n)[\\s\\S]*?(?=<!-- alarms:end -->)", _ => Alarms.Markdown());
        File.WriteAllText(Path.Combine(Tree.Root, "RUNBOOK.md"), table);
    }

    private static string[] Forms(string name)
    {
        var plain = name.Replace('.', '_');
        return [plain, plain + "_total", plain + "_seconds", plain + "_days", plain + "_bytes", plain + "_seconds_bucket"];
    }

    private static IEnumerable<string> Product() => Tree.Files("*.cs").Where(path =>
        Tree.Relative(path) is var relative && !relative.StartsWith("tests/", StringComparison.Ordinal)
        && !relative.StartsWith("benchmarks/", StringComparison.Ordinal)
        && !relative.EndsWith("Observing/Alarms.cs", StringComparison.Ordinal));

    [GeneratedRegex(@"LoggerMessage\(\s*(?<id>\d+),\s*LogLevel\.(?:Error|Critical)", RegexOptions.None, 2000)]
    private static partial Regex Event();

    [GeneratedRegex(@"""(?<name>egovpay\.[a-z_.]+)""", RegexOptions.None, 2000)]
    private static partial Regex Measure();

    [GeneratedRegex(@"\begovpay_[a-z_]+", RegexOptions.None, 2000)]
    private static partial Regex Shown();

    [GeneratedRegex(@"### (?<name>[a-z-]+)\n(?<text>(?:(?!\n#)[\s\S])*)", RegexOptions.None, 2000)]
    private static partial Regex AlarmPage();
}
