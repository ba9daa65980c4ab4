using System.Diagnostics;
using System.Text.RegularExpressions;
using EGovPay.Processing.Catalogue;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.Catalogue;

public sealed class FieldPatterns
{
    [Theory]
    [InlineData(@"^\d{15}$")]
    [InlineData(@"^(?:10|50|51|55|60|70|77|99)[2-9]\d{6}$")]
    [InlineData(@"^(?:12[2-9]\d{6}|(?:18|20|21|22|23|24|25|26|36|46)\d{7})$")]
    [InlineData(@"^[A-Z]{2,3}\d{6,8}$")]
    [InlineData(@"^[0-9A-Z/\-]{4,25}$")]
    public void A_plain_pattern_is_compiled(string pattern) =>
        Compiled(pattern).Options.Should().HaveFlag(RegexOptions.Compiled)
            .And.NotHaveFlag(RegexOptions.NonBacktracking);

    [Theory]
    [InlineData(@"^(a+)+$")]
    [InlineData(@"^(?:a|a)*b$")]
    [InlineData(@"^(?:a?){30}a{30}$")]
    [InlineData(@"^\d*\d*\d*\d*x$")]
    [InlineData(@"^(?:[a-z]{1,50}){2}[a-z]{1,50}!$")]
    [InlineData(@"^a{0,200}a{0,200}a{0,200}b$")]
    public void A_pattern_that_could_be_made_to_backtrack_is_matched_in_linear_time(string pattern)
    {
        var regex = Compiled(pattern);
        regex.Options.Should().HaveFlag(RegexOptions.NonBacktracking);
        var clock = Stopwatch.StartNew();
        foreach (var value in new[] { new string('a', 199) + "!", new string('1', 200), new string('a', 200) })
        {
            regex.IsMatch(value);
        }

        // Backtracking, the first of these would take longer than there has been time.
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Deep_nesting_is_refused() =>
        FieldPattern.Compile("^" + new string('(', 17) + "a" + new string(')', 17) + "$", out _).Should().BeNull();

    [Fact]
    public void No_pattern_makes_the_check_throw() => Prop.ForAll(
        Arb.From(Gen.Choose(0, 12).SelectMany(
            length => Gen.ArrayOf(Gen.Elements(@"\d", "a", "[", "]", "(", "(?:", ")", "|", "{", "2", ",", "}", "*",
                "+", "?", "-", "^", "$", "."), length),
            (_, parts) => "^" + string.Concat(parts) + "$")),
        pattern =>
        {
            var regex = FieldPattern.Compile(pattern, out var fault);
            regex?.IsMatch("aa22");
            return (regex is null) == (fault is not null);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));

    private static Regex Compiled(string pattern)
    {
        var regex = FieldPattern.Compile(pattern, out var fault);
        fault.Should().BeNull();
        return regex!;
    }
}
