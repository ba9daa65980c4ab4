using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>A file holds one thought; it fits into a head.</summary>
public sealed class Sizes
{
    private const int FileLines = 400;
    private const int FunctionLines = 60;
    private const int LineColumns = 160;

    /// <summary>Longer files that there are; a number here only ever falls.</summary>
    private static readonly Dictionary<string, int> Ratchet = new(StringComparer.Ordinal)
    {
        ["tests/Providers/Osmp/OsmpOverTheWireTests.cs"] = 510,
        ["Processing/Schema/0001_engine.sql"] = 431,
    };

    /// <summary>Longer functions that there are, each one flat switch; a number here only ever falls.</summary>
    private static readonly Dictionary<string, int> FunctionRatchet = new(StringComparer.Ordinal)
    {
        ["Processing/Catalogue/FieldPattern.cs"] = 62,
    };

    [Fact]
    public void No_source_file_is_longer_than_400_lines()
    {
        Tree.Files("*.cs").Concat(Tree.Files("*.sql"))
            .Select(path => (Path: Tree.Relative(path), Lines: File.ReadLines(path).Count()))
            .Where(file => file.Lines > Ratchet.GetValueOrDefault(file.Path, FileLines))
            .Should().BeEmpty();
    }

    [Fact]
    public void No_function_is_longer_than_60_lines()
    {
        var long_ = Tree.Files("*.cs").SelectMany(path => LongFunctions(path)
            .Select(function => $"{Tree.Relative(path)}:{function.Line} has {function.Lines} lines"));
        long_.Should().BeEmpty();
    }

    [Fact]
    public void No_line_of_source_is_wider_than_a_screen()
    {
        Tree.Files("*.cs").SelectMany(path => File.ReadLines(path)
                .Select((line, index) => (Where: $"{Tree.Relative(path)}:{index + 1}", Text: line)))
            .Where(line => line.Text.Length > LineColumns && !line.Text.Contains("Regex(", StringComparison.Ordinal)
                && !line.Text.Contains("LoggerMessage(", StringComparison.Ordinal)
                && !line.Where.StartsWith("tests/", StringComparison.Ordinal)
                && !line.Where.Contains("Transitions.cs", StringComparison.Ordinal))
            .Select(line => line.Where)
            .Should().BeEmpty();
    }

    /// <summary>
    /// A function's body is what stands between a brace at four columns and its partner: the style's indentation makes it plain.
    /// </summary>
    private static IEnumerable<(int Line, int Lines)> LongFunctions(string path)
    {
        var lines = File.ReadAllLines(path);
        var opened = -1;
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i] == "    {" && i > 0 && !lines[i - 1].Contains("class ", StringComparison.Ordinal)
                && !lines[i - 1].Contains("struct ", StringComparison.Ordinal)
                && !lines[i - 1].Contains("record ", StringComparison.Ordinal)
                && !lines[i - 1].Contains("enum ", StringComparison.Ordinal)
                && (lines[i - 1].EndsWith(')') || lines[i - 1].Contains("where ", StringComparison.Ordinal)))
            {
                opened = i;
            }
            else if (lines[i] == "    }" && opened >= 0)
            {
                if (i - opened - 1 > FunctionRatchet.GetValueOrDefault(Tree.Relative(path), FunctionLines))
                {
                    yield return (opened, i - opened - 1);
                }

                opened = -1;
            }
        }
    }
}
