using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>The defects that the torture must find are in no build but the one that its tests make.</summary>
public sealed class NoPlantedDefects
{
    private const string Fence = "#if PLANTED_DEFECTS";

    [Fact]
    public void This_build_has_none()
    {
        typeof(Processing.Engine).Assembly.GetTypes().Select(type => type.Name).Should().NotContain("PlantedDefects");
    }

    [Fact]
    public void They_are_few_and_each_stands_behind_its_fence()
    {
        var fenced = Tree.Files("*.cs").Where(path => IsOfTheEngine(path)
            && File.ReadAllText(path).Contains("PlantedDefects", StringComparison.Ordinal)).ToList();
        fenced.Should().HaveCountLessThanOrEqualTo(4);
        fenced.SelectMany(Outside).Should().BeEmpty();
    }

    private static bool IsOfTheEngine(string path) => Tree.Relative(path).Split('/')[0] is not ("tests" or "benchmarks");

    /// <summary>Lines that name a defect and would be built always.</summary>
    private static IEnumerable<string> Outside(string path)
    {
        var inside = false;
        foreach (var line in File.ReadLines(path))
        {
            inside = line == Fence || (inside && line != "#endif");
            if (!inside && line.Contains("PlantedDefects", StringComparison.Ordinal))
            {
                yield return $"{Tree.Relative(path)}: {line.Trim()}";
            }
        }
    }
}
