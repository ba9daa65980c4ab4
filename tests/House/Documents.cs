using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>What the documents name exists.</summary>
public sealed partial class Documents
{
    private static readonly string[] Pages =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "DECISIONS.md", "CHANGELOG.md", "RUNBOOK.md", "LICENSE"];

    [Fact]
    public void All_root_documents_exist() =>
        Pages.Should().OnlyContain(page => File.Exists(Path.Combine(Tree.Root, page)));

    [Fact]
    public void Each_file_and_folder_that_a_document_names_exists()
    {
        var missing = new List<string>();
        foreach (var page in Pages.Where(page => page.EndsWith(".md", StringComparison.Ordinal) && page != "CHANGELOG.md"))
        {
            foreach (Match match in NamedPath().Matches(File.ReadAllText(Path.Combine(Tree.Root, page))))
            {
                var path = match.Groups["path"].Value.TrimEnd('/');
                if (!File.Exists(Path.Combine(Tree.Root, path)) && !Directory.Exists(Path.Combine(Tree.Root, path)))
                {
                    missing.Add($"{page} names {path}");
                }
            }
        }

        missing.Should().BeEmpty();
    }

    [Fact]
    public void The_two_commands_of_the_readme_are_the_ones_that_continuous_integration_and_people_run()
    {
        var readme = File.ReadAllText(Path.Combine(Tree.Root, "README.md"));
        readme.Should().Contain("dotnet run --project Terminals -- demo").And.Contain("dotnet test");
        File.ReadAllText(Path.Combine(Tree.Root, ".ci", "run")).Should().MatchRegex(@"(?m)^dotnet test\b");
    }

    [Fact]
    public void Nothing_in_the_tree_names_a_path_of_one_machine_or_a_package_registry()
    {
        var offending = new[] { "*.cs", "*.md", "*.sql", "*.json", "*.csproj", "*.props" }.SelectMany(Tree.Files)
            .Where(path => Tree.Relative(path) != "tests/House/Documents.cs")
            .Where(path => MachinePath().IsMatch(File.ReadAllText(path)))
            .Select(Tree.Relative);
        offending.Should().BeEmpty();
    }

    [GeneratedRegex(@"`(?<path>(?:Processing|Providers|Settlement|Terminals|benchmarks|tests|\.ci)/[A-Za-z0-9_./-]*)`", RegexOptions.None, 2000)]
    private static partial Regex NamedPath();

    [GeneratedRegex(@"/[w]ork/|/home/[a-z]|nuget[.]org|npmjs[.]", RegexOptions.None, 2000)]
    private static partial Regex MachinePath();
}
