using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>Rules that the compiler's analyzers do not know.</summary>
public sealed partial class SourceText
{
    [Fact]
    public void No_exception_is_swallowed_in_silence()
    {
        Product().SelectMany(path => Catches.Silent(File.ReadAllText(path)).Select(what => $"{Tree.Relative(path)}: {what}"))
            .Should().BeEmpty();
    }

    [Fact]
    public void Log_lines_are_generated_and_numbered_once()
    {
        var numbers = Product().SelectMany(path => EventId().Matches(File.ReadAllText(path))
            .Select(match => (Number: int.Parse(match.Groups["id"].Value, System.Globalization.CultureInfo.InvariantCulture), Path: Tree.Relative(path))));
        numbers.GroupBy(line => (line.Number, Project: line.Path.Split('/')[0])).Where(group => group.Count() > 1)
            .Select(group => group.Key).Should().BeEmpty();
        Product().Where(path => DirectLog().IsMatch(File.ReadAllText(path))).Select(Tree.Relative).Should().BeEmpty();
    }

    [Fact]
    public void No_test_is_skipped_without_a_reason_and_none_sleeps()
    {
        Tree.Files("*.cs").Where(path => Tree.Relative(path).StartsWith("tests/", StringComparison.Ordinal))
            .Where(path => Sleep().IsMatch(File.ReadAllText(path)))
            .Select(Tree.Relative).Should().BeEmpty();
    }

    private static IEnumerable<string> Product() => Tree.Files("*.cs").Where(path =>
        !Tree.Relative(path).StartsWith("tests/", StringComparison.Ordinal)
        && !Tree.Relative(path).StartsWith("benchmarks/", StringComparison.Ordinal));

    [GeneratedRegex(@"LoggerMessage\(\s*(?:EventId\s*=\s*)?(?<id>\d+)", RegexOptions.None, 2000)]
    private static partial Regex EventId();

    [GeneratedRegex(@"\.Log(?:Information|Warning|Error|Debug|Critical|Trace)\(", RegexOptions.None, 2000)]
    private static partial Regex DirectLog();

    [GeneratedRegex(@"Thread\.Sleep\(\d", RegexOptions.None, 2000)]
    private static partial Regex Sleep();
}
