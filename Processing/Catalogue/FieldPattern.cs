using System.Buffers;
using System.Text.RegularExpressions;

namespace EGovPay.Processing.Catalogue;

/// <summary>
/// The part of regular expressions that a field's pattern may use: text, classes, <c>\d</c>, groups, alternatives and counts,
/// anchored at both ends. It means the same in a browser, at a terminal and here; it needs no backtracking, so a pattern in a
/// data file can never make the engine slow. Look-around, back-references and named classes are refused.
/// </summary>
internal static class FieldPattern
{
    private const int MostCharacters = 200;
    private const int HighestCount = 200;
    private static readonly SearchValues<char> Counts = SearchValues.Create("0123456789,");

    /// <summary>Compiles a pattern, or says what is wrong with it.</summary>
    public static Regex? Compile(string pattern, out string? fault)
    {
        fault = Judge(pattern);
        if (fault is not null)
        {
            return null;
        }

        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception refused) when (refused is ArgumentException or NotSupportedException)
        {
            fault = $"the pattern does not compile: {refused.Message}";
            return null;
        }
    }

    private static string? Judge(string pattern)
    {
        if (pattern.Length > MostCharacters || pattern.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return $"the pattern must be ASCII and at most {MostCharacters} characters";
        }

        if (pattern.Length < 3 || pattern[0] != '^' || pattern[^1] != '$' || EscapedAt(pattern, pattern.Length - 1))
        {
            return "the pattern must begin with ^ and end with $, so that the whole value is judged";
        }

        return Walk(pattern.AsSpan(1, pattern.Length - 2));
    }

    private static string? Walk(ReadOnlySpan<char> inner)
    {
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
                case '^' or '$':
                    return "^ and $ are allowed at the two ends only";
                case '|' when depth == 0:
                    return "alternatives need brackets: ^(?:a|b)$, or only a part of the value is judged";
                case '(' when next == '?' && (i + 2 >= inner.Length || inner[i + 2] != ':'):
                    return "only (…) and (?:…) groups are allowed";
                case '(':
                    depth++;
                    break;
                case ')':
                    depth--;
                    break;
                case '[':
                    if (ClassEnd(inner, i) is not { } end)
                    {
                        return "a class [ … ] is not closed, or holds a [ that is not escaped";
                    }

                    i = end;
                    break;
                case '{' when CountFault(inner[(i + 1)..]) is { } fault:
                    return fault;
            }
        }

        return null;
    }

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

    private static string? CountFault(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf('}');
        if (end <= 0 || rest[..end].ContainsAnyExcept(Counts))
        {
            return "a { must begin a count such as {5} or {4,12}; escape it as \\{ otherwise";
        }

        foreach (var part in rest[..end].Split(','))
        {
            var number = rest[..end][part];
            if (!number.IsEmpty && (!int.TryParse(number, out var count) || count > HighestCount))
            {
                return $"a count may not be above {HighestCount}";
            }
        }

        return null;
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
