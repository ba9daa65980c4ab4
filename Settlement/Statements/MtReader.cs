using System.Globalization;
using System.Text.RegularExpressions;

namespace EGovPay.Settlement.Statements;

/// <summary>One tag of an MT with its lines, the first without the tag.</summary>
internal sealed record MtField(string Tag, int Line, List<string> Lines)
{
    public string First => Lines[0];

    /// <summary>Without line ends, as banks wrap it wherever 65 characters are full.</summary>
    public string Joined => Lines.Count == 1 ? First : string.Concat(Lines);

    /// <summary>As text of lines, without empty ones.</summary>
    public string? Text
    {
        get
        {
            var lines = Lines.Select(line => line.TrimEnd()).Where(line => line.Length > 0);
            return string.Join('\n', lines).Trim() is { Length: > 0 } text ? text : null;
        }
    }

    /// <param name="at">Place in the first line, from 0.</param>
    public RefusedStatementException Refuse(int at, string text) => RefusedStatementException.Of(
        StatementRefusalReason.Malformed, Line, at + Tag.Length + 3, $":{Tag}:", text);
}

/// <summary>
/// Reads MT940 and MT942, bare or in SWIFT's blocks, any number in one file, with whatever stands between them. A new <c>:20:</c> begins a
/// statement where nothing ended the last.
/// </summary>
internal sealed partial class MtReader(MtLines lines, Reckoning to)
{
    private const int MostLines = 500;

    private static readonly HashSet<string> Tags = new(StringComparer.Ordinal)
    {
        "13", "13D", "20", "21", "25", "25P", "28", "28C", "34F", "60F", "60M", "61", "62F", "62M", "64", "65", "86", "90C", "90D", "NS",
        "940", "942",
    };

    private MtStatement? _open;
    private MtField? _field;
    private string? _type;
    private string? _bank;

    public async Task Read(CancellationToken cancellation)
    {
        while (lines.Next() is { } line)
        {
            cancellation.ThrowIfCancellationRequested();
            line = line.StartsWith('$') ? line[1..] : line;
            if (line.StartsWith("{1:", StringComparison.Ordinal) || line.StartsWith("{2:", StringComparison.Ordinal))
            {
                await EndMessage();
                line = Blocks(line);
            }

            if (TagOf(line) is { } tag)
            {
                await Take();
                _field = new MtField(tag, lines.Number, [line[(tag.Length + 2)..]]);
            }
            else if (Ends(line))
            {
                await EndMessage();
            }
            else if (_field is not null)
            {
                _field.Lines.Add(line);
                if (_field.Lines.Count > MostLines)
                {
                    throw RefusedStatementException.Of(StatementRefusalReason.TooLarge, _field.Line, 1, $":{_field.Tag}:",
                        $"A field has more than {MostLines} lines.");
                }
            }
        }

        await EndMessage();
        if (to.Statements == 0)
        {
            throw RefusedStatementException.Of(StatementRefusalReason.NoStatement, lines.Number, 1, "", "The file holds no statement.");
        }
    }

    private static string? TagOf(string line)
    {
        if (line.Length < 4 || line[0] != ':')
        {
            return null;
        }

        var end = line.IndexOf(':', 1);
        return end is 3 or 4 && Tags.TryGetValue(line[1..end], out var tag) ? tag : null;
    }

    /// <summary>A hyphen alone, or with the block's brace; with a bank's letters only where the closing balance was already.</summary>
    private bool Ends(string line) =>
        line.StartsWith("-}", StringComparison.Ordinal) || line.AsSpan().TrimEnd() is "-"
        || (_open?.HasClosing == true && line.Length is > 1 and <= 4 && line[0] == '-' && line.AsSpan(1).IndexOfAnyExceptInRange('A', 'Z') < 0);

    /// <summary>What kind the message is and whose, from its blocks; leaves what stands in the line behind them.</summary>
    private string Blocks(string line)
    {
        if (BlockTwo().Match(line) is { Success: true } two)
        {
            _type = two.Groups["type"].Value;
            if (_type is not ("940" or "942" or "950"))
            {
                throw RefusedStatementException.Of(StatementRefusalReason.NotAStatement, lines.Number, two.Index + 1, "{2:",
                    $"An MT{_type} is no statement.");
            }

            // What comes out of the network names its sender here; what goes in names its receiver, and its sender in block 1.
            _bank = two.Groups["bic"] is { Success: true } bic && line[two.Index + 3] == 'O' ? bic.Value : null;
            _bank ??= BlockOne().Match(line) is { Success: true } one ? one.Groups["bic"].Value : null;
        }

        var text = line.IndexOf("{4:", StringComparison.Ordinal);
        return text < 0 ? "" : line[(text + 3)..];
    }

    private async ValueTask EndMessage()
    {
        await Take();
        if (_open is not null)
        {
            await _open.Close();
            _open = null;
        }

        (_type, _bank) = (null, null);
    }

    private async ValueTask Take()
    {
        if (_field is not { } field)
        {
            return;
        }

        _field = null;
        if (field.Tag is "940" or "942")
        {
            await EndMessage();
            _type = field.Tag;
            return;
        }

        if (field.Tag == "20" && _open is not null)
        {
            await _open.Close();
            _open = null;
        }

        _open ??= new MtStatement(to, field.Line, _type, _bank);
        await _open.Take(field);
    }

    [GeneratedRegex(@"\{2:[IO](?<type>[0-9]{3})(?:[0-9]{10})?(?<bic>[A-Z]{6}[A-Z0-9]{2})?", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex BlockTwo();

    [GeneratedRegex(@"\{1:[A-Z][0-9]{2}(?<bic>[A-Z]{6}[A-Z0-9]{2})", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex BlockOne();
}

/// <summary>The small things that an MT's fields are made of.</summary>
internal static class MtText
{
    /// <summary>YYMMDD; a day that its month does not have becomes the month's last, and <paramref name="mended"/> says so.</summary>
    public static NodaTime.LocalDate? Date(ReadOnlySpan<char> text, out bool mended)
    {
        mended = false;
        if (text.Length != 6 || text.ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        var year = Two(text);
        return Day(year + (year < 80 ? 2000 : 1900), Two(text[2..]), Two(text[4..]), out mended);
    }

    /// <summary>MMDD of the year that brings it nearest to another date.</summary>
    public static NodaTime.LocalDate? DateNear(ReadOnlySpan<char> text, NodaTime.LocalDate near, out bool mended)
    {
        mended = false;
        NodaTime.LocalDate? best = null;
        for (var year = near.Year - 1; year <= near.Year + 1; year++)
        {
            if (Day(year, Two(text), Two(text[2..]), out var mendedHere) is { } date
                && (best is null || Apart(date, near) < Apart(best.Value, near)))
            {
                (best, mended) = (date, mendedHere);
            }
        }

        return best;
    }

    /// <summary>
    /// Reads an amount with SWIFT's comma, or with a point where just the currency's decimals stand behind it: anything else with a point
    /// could be thousands.
    /// </summary>
    /// <returns>Null if it was read, else why not.</returns>
    public static string? Amount(ReadOnlySpan<char> text, string? currency, out BankAmount amount)
    {
        var point = text.IndexOf('.');
        var decimals = BankAmount.DecimalsOf(currency);
        return BankAmount.Read(
            text, point >= 0 && decimals > 0 && text.Length - point - 1 == decimals ? '.' : ',', currency, out amount);
    }

    /// <summary>Whether it is shaped like an IBAN; its check digits are not looked at.</summary>
    public static bool LooksLikeIban(ReadOnlySpan<char> text) =>
        text.Length is >= 15 and <= 34 && char.IsAsciiLetterUpper(text[0]) && char.IsAsciiLetterUpper(text[1])
        && char.IsAsciiDigit(text[2]) && char.IsAsciiDigit(text[3]) && text.IndexOfAnyExcept(Letters) < 0;

    private static readonly System.Buffers.SearchValues<char> Letters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    private static int Apart(NodaTime.LocalDate one, NodaTime.LocalDate other) =>
        Math.Abs(NodaTime.Period.DaysBetween(one, other));

    private static int Two(ReadOnlySpan<char> text) => int.Parse(text[..2], NumberStyles.None, CultureInfo.InvariantCulture);

    private static NodaTime.LocalDate? Day(int year, int month, int day, out bool mended)
    {
        mended = false;
        if (month is < 1 or > 12 || day is < 1 or > 31)
        {
            return null;
        }

        var last = NodaTime.CalendarSystem.Iso.GetDaysInMonth(year, month);
        mended = day > last;
        return new NodaTime.LocalDate(year, month, Math.Min(day, last));
    }
}
