using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>What is secret is compared in constant time and is not printed by accident.</summary>
public sealed partial class Secrets
{
    private static readonly string[] Product = ["Processing/", "Providers/", "Settlement/", "Terminals/"];

    [Theory]
    [InlineData("if (key.SequenceEqual(other))", true)]
    [InlineData("return givenHash == keyHash;", true)]
    [InlineData("tag.AsSpan().SequenceEqual(right)", true)]
    [InlineData("if (password != expected)", true)]
    [InlineData("string.Equals(given, apiSecret, StringComparison.Ordinal)", true)]
    [InlineData("if (signature is null)", false)]
    [InlineData("if (keyId == asked)", false)]
    [InlineData("key == null", false)]
    [InlineData("member.Key == name", false)]
    [InlineData("CryptographicOperations.FixedTimeEquals(right, signature)", false)]
    public void The_pattern_finds_what_compares_a_secret_in_a_time_that_tells(string line, bool found) =>
        Compares(line).Should().Be(found);

    [Fact]
    public void Nothing_that_is_secret_is_compared_in_a_time_that_tells_where_it_differs()
    {
        Tree.Files("*.cs").Where(path => Product.Any(Tree.Relative(path).StartsWith))
            .SelectMany(path => File.ReadLines(path).Select((text, index) => (Where: $"{Tree.Relative(path)}:{index + 1}", Text: text)))
            .Where(line => !line.Text.TrimStart().StartsWith("//", StringComparison.Ordinal) && Compares(line.Text))
            .Select(line => $"{line.Where}: {line.Text.Trim()}").Should().BeEmpty();
    }

    [Fact]
    public void A_record_that_holds_a_secret_does_not_print_it()
    {
        var assemblies = new[]
        {
            typeof(Processing.Engine).Assembly, typeof(EGovPay.Providers.ConnectProviders).Assembly, typeof(EGovPay.Terminals.Server).Assembly,
        };
        assemblies.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.GetMethod("<Clone>$") is not null || type is { IsValueType: true, IsEnum: false })
            .Where(type => type.GetProperties().Any(property => property.PropertyType == typeof(string) && Secret().IsMatch(property.Name)))
            .Where(type => type != typeof(EGovPay.Terminals.CommandLine.Setting))
            .Where(type => type.GetMethod(nameof(ToString), Type.EmptyTypes) is { } print && print.DeclaringType == type
                && print.GetCustomAttribute<CompilerGeneratedAttribute>() is not null)
            .Select(type => type.FullName).Should().BeEmpty();
    }

    private static bool Compares(string line) => Comparison().IsMatch(line);

    /// <summary>Names of secrets, not of what names or counts them.</summary>
    [GeneratedRegex(
        @"\b(?:\w*(?:[sS]ecret|[pP]assword|[kK]eyHash|[sS]ignature|[pP]in)|(?<![\w.])(?:key|tag|hash|mac))(?:\.AsSpan\(\)|\.Span)?(?:\.SequenceEqual\(|\s*[!=]=\s*(?!null|default|""""|0)\w)"
        + @"|\w\s*[!=]=\s*(?:\w*(?:[sS]ecret|[pP]assword|[kK]eyHash))\b|string\.Equals\([^)]*(?:[sS]ecret|[pP]assword|[kK]eyHash)\b",
        RegexOptions.CultureInvariant, 2000)]
    private static partial Regex Comparison();

    [GeneratedRegex("(?:Secret|Password|ConnectionString|UserKey|ApiKey)s?$|^Key$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Secret();
}
