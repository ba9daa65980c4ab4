using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>Words of the domain, and no job titles.</summary>
public sealed partial class Names
{
    private static readonly string[] Banned =
        ["Manager", "Helper", "Utils", "Util", "Repository", "Handler", "Dto", "Base", "Impl", "Wrapper", "Processor"];

    private static readonly string[] BannedFolders = ["Models", "Services", "Interfaces", "Common", "Helpers", "Utils", "Shared", "Core"];

    [Fact]
    public void No_type_is_named_by_a_job_title()
    {
        var types = Tree.Files("*.cs").SelectMany(path => TypeName().Matches(File.ReadAllText(path))
            .Select(match => (Name: match.Groups["name"].Value, Path: Tree.Relative(path))));
        types.Where(type => Banned.Any(word => type.Name.EndsWith(word, StringComparison.Ordinal))
                || (type.Name.EndsWith("Service", StringComparison.Ordinal)
                    && type.Name is not ("Service" or "CheckService" or "ReadService")))
            .Should().BeEmpty();
    }

    [Fact]
    public void No_folder_is_a_drawer_for_everything()
    {
        Tree.Files("*.cs").SelectMany(path => Tree.Relative(path).Split('/')[..^1]).Distinct()
            .Should().NotContain(folder => BannedFolders.Contains(folder));
    }

    [Fact]
    public void Identifiers_are_ascii()
    {
        Tree.Files("*.cs").SelectMany(path => TypeName().Matches(File.ReadAllText(path)).Select(match => match.Groups["name"].Value))
            .Should().OnlyContain(name => name.All(char.IsAscii));
    }

    [Fact]
    public void No_amount_is_a_floating_point_number()
    {
        var money = Tree.Files("*.cs").Where(path => !Tree.Relative(path).StartsWith("benchmarks/", StringComparison.Ordinal)
            && !Tree.Relative(path).StartsWith("tests/", StringComparison.Ordinal));
        money.SelectMany(path => Floating().Matches(File.ReadAllText(path)).Select(match => (match.Value, Tree.Relative(path))))
            .Should().BeEmpty("money is whole qəpik in a long");
    }

    [GeneratedRegex(@"^\s*(?:public|internal|private|file|protected|sealed|static|abstract|partial|readonly|ref|\s)*(?:class|record struct|record class|record|struct|interface|enum)\s+(?<name>[\p{L}_][\p{L}\p{N}_]*)", RegexOptions.Multiline, 2000)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\b(?:double|float|decimal)\??\s+\w*(?:[qQ]epik|[aA]mount|[fF]ee|[mM]oney|[bB]alance)\w*", RegexOptions.None, 2000)]
    private static partial Regex Floating();
}
