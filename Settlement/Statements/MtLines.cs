using System.Text;

namespace EGovPay.Settlement.Statements;

/// <summary>
/// Lines of an MT file: ended by CR LF, LF or CR, without control characters, in whatever charset. Which one is seen line by line, since a
/// million lines are not held: what is UTF-8 is UTF-8; else Cyrillic, where letters beyond ASCII stand side by side as in no Latin word,
/// is windows-1251, and stays so; else it is windows-1252.
/// </summary>
internal sealed class MtLines(Stream bytes)
{
    /// <summary>SWIFT's lines have 65 characters; some banks do not wrap.</summary>
    private const int LongestLine = 16_384;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly byte[] _buffer = new byte[65_536];
    private readonly byte[] _line = new byte[LongestLine];
    private int _at;
    private int _end;
    private bool _afterCr;
    private bool _cyrillic;

    /// <summary>The number of the line that was read last, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>The next line, or null at the end.</summary>
    public string? Next()
    {
        var length = 0;
        while (true)
        {
            if (_at == _end)
            {
                _at = 0;
                _end = bytes.Read(_buffer, 0, _buffer.Length);
                if (_end == 0)
                {
                    return length == 0 ? null : Line(length);
                }
            }

            var one = _buffer[_at++];
            var newLine = one == (byte)'\n';
            if (newLine && _afterCr)
            {
                _afterCr = false;
                continue;
            }

            _afterCr = one == (byte)'\r';
            if (newLine || _afterCr)
            {
                return Line(length);
            }

            if (length == LongestLine)
            {
                throw RefusedStatementException.Of(StatementRefusalReason.TooLarge, Number + 1, LongestLine, "",
                    $"A line is longer than {LongestLine} bytes.");
            }

            _line[length++] = one;
        }
    }

    private string Line(int length)
    {
        Number++;
        var line = _line.AsSpan(0, length);
        if (Number == 1 && line.StartsWith("\uFEFF"u8))
        {
            line = line[3..];
        }

        var text = Decoded(line);
        return text.AsSpan().ContainsAnyInRange('\0', '\u001f')
            ? string.Concat(text.Where(letter => letter >= ' ' || letter == '\t'))
            : text;
    }

    private string Decoded(ReadOnlySpan<byte> line)
    {
        if (Ascii.IsValid(line))
        {
            return Encoding.ASCII.GetString(line);
        }

        try
        {
            return Strict.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            _cyrillic |= LongestRunOfLetters(line) >= 3;
            return CodePagesEncodingProvider.Instance.GetEncoding(_cyrillic ? 1251 : 1252)!.GetString(line);
        }
    }

    private static int LongestRunOfLetters(ReadOnlySpan<byte> line)
    {
        var (longest, run) = (0, 0);
        foreach (var one in line)
        {
            run = one >= 0xC0 ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }
}
