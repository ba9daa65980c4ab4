using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>
/// Finds what swallows exceptions. A catch whose block does nothing, or only leaves, must name what it expects: being
/// cancelled needs no reason, everything else a comment that gives one, and no comment excuses catching whatever comes.
/// </summary>
public sealed partial class Catches
{
    /// <summary>The heads of the catches of a file that swallow in silence.</summary>
    internal static IEnumerable<string> Silent(string source) =>
        Head().Matches(source).Where(head => Swallows(head, source)).Select(head => head.Value.TrimEnd('{').Trim());

    [Theory]
    [InlineData("catch { }")]
    [InlineData("catch\n{\n}")]
    [InlineData("catch { /* it is fine */ }")]
    [InlineData("catch (Exception) { }")]
    [InlineData("catch (Exception) { return; }")]
    [InlineData("catch (Exception) when (http.RequestAborted.IsCancellationRequested)\n{\n    // Nobody listens.\n    return;\n}")]
    [InlineData("catch (Exception any) when (Gone(any) && !(a || b)) { continue; }")]
    [InlineData("catch (System.Exception) { // whatever\n break; }")]
    [InlineData("catch (IOException) { }")]
    [InlineData("catch (IOException) when (File.Exists(path)) { return; }")]
    [InlineData("catch (Exception e) when (e is IOException or TimeoutException) { return; }")]
    [InlineData("catch when (Once()) { return; }")]
    [InlineData("try { } catch (OperationCanceledException) { } catch (IOException) { ; }")]
    public void A_catch_that_hides_what_happened_is_found(string source) => Silent(source).Should().ContainSingle();

    [Theory]
    [InlineData("catch (OperationCanceledException) { return; }")]
    [InlineData("catch (OperationCanceledException) when (stop.IsCancellationRequested) { }")]
    [InlineData("catch (IOException)\n{\n    // The pipe is gone, and so is who held it.\n}")]
    [InlineData("catch (Exception e) when (e is IOException or TimeoutException) { return; /* it is asked again */ }")]
    [InlineData("catch (Exception defect) { Log.Failed(log, defect); }")]
    [InlineData("catch (JsonException) { return null; }")]
    [InlineData("catch { file.Dispose(); throw; }")]
    [InlineData("watchcatch(x) { }")]
    public void A_catch_that_says_what_it_expects_is_not(string source) => Silent(source).Should().BeEmpty();

    private static bool Swallows(Match head, string source)
    {
        var from = head.Index + head.Length;
        if (Nothing().Match(source, from) is not { Success: true } block)
        {
            return false;
        }

        var type = head.Groups["type"].Value;
        if (type is "OperationCanceledException" or "TaskCanceledException")
        {
            return false;
        }

        var any = type is "" or "Exception" or "System.Exception" && !Narrowed().IsMatch(head.Value);
        return any || !block.Value.Contains("//", StringComparison.Ordinal) && !block.Value.Contains("/*", StringComparison.Ordinal);
    }

    /// <summary>Everything up to the block's brace; parentheses lie at most three deep.</summary>
    [GeneratedRegex(
        @"(?<![\w.])catch\s*(?:\(\s*(?<type>[\w.]+)[^)]*\)\s*)?(?:when\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*)?\{",
        RegexOptions.None, 2000)]
    private static partial Regex Head();

    /// <summary>Comments, and at most one way out.</summary>
    [GeneratedRegex(
        @"\G(?:\s|//[^\n]*|/\*[\s\S]*?\*/)*(?:(?:return|continue|break)?\s*;)?(?:\s|//[^\n]*|/\*[\s\S]*?\*/)*\}",
        RegexOptions.None, 2000)]
    private static partial Regex Nothing();

    [GeneratedRegex(@"when\s*\([\s\S]*\bis\s+(?!not\b)[A-Z]", RegexOptions.None, 2000)]
    private static partial Regex Narrowed();
}
