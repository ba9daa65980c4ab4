using System.Xml.Linq;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>Who may know whom.</summary>
public sealed class Arrows
{
    public static TheoryData<string, string[]> Allowed => new()
    {
        { "Processing", [] },
        { "Providers", ["Processing"] },
        { "Settlement", ["Processing"] },
        { "Terminals", ["Processing", "Providers", "Settlement"] },
        { "tests", ["Terminals"] },
        { "benchmarks", ["Terminals"] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void A_folder_knows_only_those_it_may(string folder, string[] may)
    {
        var project = Tree.Files("*.csproj").Single(path => Tree.Relative(path).StartsWith(folder + "/", StringComparison.Ordinal));
        XDocument.Load(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value))
            .Should().BeSubsetOf(may);
    }

    [Fact]
    public void There_are_six_projects_and_all_are_in_the_solution()
    {
        var projects = Tree.Files("*.csproj").Select(Tree.Relative).ToList();
        projects.Should().HaveCount(6);
        var solution = File.ReadAllText(Path.Combine(Tree.Root, "EGovPay.sln")).Replace('\\', '/');
        projects.Should().OnlyContain(project => solution.Contains(project));
    }

    [Fact]
    public void The_engine_knows_neither_web_server_nor_web_client_nor_a_provider_by_name()
    {
        typeof(Processing.Engine).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name)
            .Should().NotContain(name => name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
                || name == "System.Net.Http");
        string[] providers = ["azercell", "bakcell", "azerishiq", "azersu", "azeriqaz"];
        Tree.Files("*.cs").Where(path => Tree.Relative(path).StartsWith("Processing/", StringComparison.Ordinal))
            .Where(path => providers.Any(name => Code(path).Contains(name, StringComparison.OrdinalIgnoreCase)))
            .Select(Tree.Relative).Should().BeEmpty();
    }

    [Fact]
    public void The_top_of_the_tree_holds_only_the_agreed_folders()
    {
        Directory.EnumerateDirectories(Tree.Root).Select(path => Path.GetFileName(path)!)
            .Where(name => name is not (".git" or ".egovpay" or ".vs" or ".idea" or "TestResults"))
            .Should().BeEquivalentTo(["Processing", "Providers", "Settlement", "Terminals", "benchmarks", "tests", ".ci"]);
    }

    private static string Code(string path) =>
        string.Join('\n', File.ReadLines(path).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
            && !line.Contains("for example", StringComparison.Ordinal)));
}
