using System.Buffers;
using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace EGovPay.Processing.Catalogue;

/// <summary>
/// The part of regular expressions that a field's pattern may use: text, classes, <c>\d</c>, groups, alternatives and
/// counts, anchored at both ends. It means the same in a browser, at a terminal and here. Look-around, back-references
/// and named classes are refused. A pattern in a data file can never make the engine slow: where a backtracking matcher
/// has few ways to try, it is compiled (50 ns a value); where it has many, it is matched in linear time without
/// backtracking (100 ns and up).
/// </summary>
internal static class FieldPattern
{
    private const int MostCharacters = 200;
    private const int HighestCount = 200;
    private const int DeepestGroup = 16;

    /// <summary>
    /// The most ways to split a value that a compiled pattern may have; each costs at most 200 steps.
    /// </summary>
    private const long MostWays = 1_000;

    /// <summary>
    /// Compiled patterns are kept over catalogue versions; beyond these, patterns are matched without compiling.
    /// </summary>
    private const int MostCompiled = 500;

    private static readonly ConcurrentDictionary<string, Regex> Compiled = new(StringComparer.Ordinal);
    private static readonly SearchValues<char> Counts = SearchValues.Create("0123456789,");

    /// <summary>Compiles a pattern, or says what is wrong with it.</summary>
    public static Regex? Compile(string pattern, out string? fault)
    {
        fault = null;
        if (Compiled.TryGetValue(pattern, out var known))
        {
            return known;
        }

        fault = Judge(pattern, out var ways);
        if (fault is not null)
        {
            return null;
        }

        try
        {
            // Made without backtracking in any case: what that engine refuses is not for a data file.
            var linear = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return ways > MostWays || Compiled.Count >= MostCompiled
                ? linear
                : Compiled.GetOrAdd(
                    pattern, static text => new Regex(text, RegexOptions.Compiled | RegexOptions.CultureInvariant));
        }
        catch (Exception refused) when (refused is ArgumentException or NotSupportedException)
        {
            fault = $"the pattern does not compile: {refused.Message}";
            return null;
        }
    }

    private static string? Judge(string pattern, out long ways)
    {
        ways = long.MaxValue;
        if (pattern.Length > MostCharacters || pattern.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return $"the pattern must be ASCII and at most {MostCharacters} characters";
        }

        if (pattern.Length < 3 || pattern[0] != '^' || pattern[^1] != '$' || EscapedAt(pattern, pattern.Length - 1))
        {
            return "the pattern must begin with ^ and end with $, so that the whole value is judged";
        }

        return Walk(pattern.AsSpan(1, pattern.Length - 2), out ways);
    }

    /// <summary>
    /// Finds what is not allowed, and counts (never too low) the ways in which a value can be split: the product of the
    /// lengths that each count leaves open and of the alternatives of each group. A group that is itself repeated
    /// multiplies without end.
    /// </summary>
    private static string? Walk(ReadOnlySpan<char> inner, out long ways)
    {
        ways = 1;
        Span<int> alternatives = stackalloc int[DeepestGroup + 1];
        var depth = 0;
        for (var i = 0; i < inner.Length; i++)
        {
            var next = i + 1 < inner.Length ? inner[i + 1] : '\0';
            switch (inner[i])
            {
                case '\\' when next != 'd' && (char.IsAsciiLetterOrDigit(next) || next == '\0'):
                    return $"\\{next} is not allowed; write the class out, such as [A-Z] or \\d";
                case '\\':
                    i++;
                    break;
                case '*' or '+' or '?' or '{' when i == 0:
                    return $"there is nothing before {inner[0]} to repeat; escape it as \\{inner[0]}";
                case '^' or '$':
                    return "^ and $ are allowed at the two ends only";
                case '|' when depth == 0:
                    return "alternatives need brackets: ^(?:a|b)$, or only a part of the value is judged";
                case '|':
                    alternatives[depth]++;
                    break;
                case '(' when next == '?' && (i + 2 >= inner.Length || inner[i + 2] != ':'):
                    return "only (…) and (?:…) groups are allowed";
                case '(' when depth == DeepestGroup:
                    return $"groups may not be nested more than {DeepestGroup} deep";
                case '(':
                    alternatives[++depth] = 1;
                    i += next == '?' ? 2 : 0;
                    break;
                case ')' when depth == 0:
                    return "a ) closes nothing; escape it as \\)";
                case ')':
                    ways = Times(ways, next is '*' or '+' or '?' or '{' ? MostWays + 1 : alternatives[depth]);
                    depth--;
                    break;
                case '[':
                    if (ClassEnd(inner, i) is not { } end)
                    {
                        return "a class [ … ] is not closed, or holds a [ that is not escaped";
                    }

                    i = end;
                    break;
                case '*' or '+':
                    ways = Times(ways, MostCharacters);
                    break;
                case '?':
                    ways = Times(ways, 2);
                    break;
                case '{':
                    if (CountFault(inner[(i + 1)..], out var lengths) is { } fault)
                    {
                        return fault;
                    }

                    ways = Times(ways, lengths);
                    break;
            }
        }

        return null;
    }

    /// <summary>The product, as far as it is of interest.</summary>
    private static long Times(long ways, long factor) => Math.Min(ways * factor, MostWays + 1);

    private static int? ClassEnd(ReadOnlySpan<char> inner, int start)
    {
        for (var i = start + 1; i < inner.Length; i++)
        {
            switch (inner[i])
            {
                case '\\':
                    i++;
                    break;
                case ']':
                    return i;
                case '[':
                    return null;
            }
        }

        return null;
    }

    private static string? CountFault(ReadOnlySpan<char> rest, out int lengths)
    {
        lengths = 1;
        var end = rest.IndexOf('}');
        var count = end <= 0 ? [] : rest[..end];
        if (count.IsEmpty || count.ContainsAnyExcept(Counts) || count[0] == ',' || count.Count(',') > 1)
        {
            return "a { must begin a count such as {5} or {4,12}; escape it as \\{ otherwise";
        }

        var comma = count.IndexOf(',');
        var least = comma < 0 ? count : count[..comma];
        var most = comma < 0 ? count : count[(comma + 1)..];
        if (!TryCount(least, out var from) || !TryCount(most, out var to) || to < from)
        {
            return $"a count may not be above {HighestCount}, nor end below its beginning";
        }

        lengths = to - from + 1;
        return null;
    }

    private static bool TryCount(ReadOnlySpan<char> text, out int count)
    {
        count = HighestCount;
        return text.IsEmpty || (int.TryParse(text, out count) && count <= HighestCount);
    }

    private static bool EscapedAt(string pattern, int position)
    {
        var slashes = 0;
        while (position - slashes > 0 && pattern[position - slashes - 1] == '\\')
        {
            slashes++;
        }

        return slashes % 2 == 1;
    }
}
