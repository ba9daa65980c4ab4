using System.Globalization;

namespace EGovPay.Settlement.Statements;

/// <summary>One statement of an MT while its fields come in.</summary>
internal sealed class MtStatement(Reckoning to, int line, string? type, string? bank)
{
    private const int MostBalances = 1_000;

    private readonly List<StatementBalance> _balances = [];
    private readonly List<StatementTotal> _totals = [];
    private readonly List<StatementTotal> _floors = [];
    private readonly List<string> _info = [];
    private string? _id;
    private string? _related;
    private MtField? _account;
    private string? _number;
    private string? _createdAt;
    private string? _currency;
    private bool _interim;
    private bool _opened;
    private MtEntry? _entry;
    private int _last;

    /// <summary>After it nothing but the bank's own words come.</summary>
    public bool HasClosing { get; private set; }

    public async ValueTask Take(MtField field)
    {
        _last = field.Line;
        switch (field.Tag)
        {
            case "20":
                _id = field.First.Trim();
                break;
            case "21":
                _related = CamtEntry.Given(field.First.Trim());
                break;
            case "25" or "25P":
                _account = field;
                break;
            case "28" or "28C":
                _number = field.First.Trim();
                break;
            case "13" or "13D":
                _interim = true;
                _createdAt = field.First.Trim();
                break;
            case "34F":
                _interim = true;
                _floors.Add(Floor(field));
                break;
            case "60F" or "60M" or "62F" or "62M" or "64" or "65":
                await TakeBalance(field);
                break;
            case "61":
                await EndEntry();
                await Open();
                _entry = await MtEntry.Begin(field, _currency, Interim, to);
                break;
            case "86" or "NS" when _entry is not null:
                _entry.Add(field);
                break;
            case "86" or "NS":
                _info.AddRange(field.Text is { } text ? [text] : []);
                break;
            case "90C" or "90D":
                _interim = true;
                await EndEntry();
                _totals.Add(Total(field));
                break;
        }
    }

    public async ValueTask Close()
    {
        await EndEntry();
        await Open();
        if (!Interim && !HasClosing)
        {
            await to.Note(
                NoteKind.ClosingMissing, _last, ":62F:",
                "The statement has no closing balance behind its last field: the file is cut off. Ask the bank for the whole file.");
        }

        await to.Closed(new StatementFoot
        {
            Balances = _balances,
            Totals = _totals,
            Floors = _floors,
            Info = _info.Count == 0 ? null : string.Join('\n', _info),
        });
    }

    private bool Interim => type is null ? _interim : type == "942";

    private async ValueTask Open()
    {
        if (_opened)
        {
            return;
        }

        _opened = true;
        var (number, sequence) = Number();
        var account = Account();
        await to.Opened(new StatementHead
        {
            Format = Interim ? StatementFormat.Mt942 : StatementFormat.Mt940,
            Id = _id,
            Account = account,
            Number = number,
            Sequence = sequence,
            CreatedAt = CreatedAt(),
            RelatedReference = _related,
            Line = line,
        });
        if (account is null)
        {
            await to.Note(NoteKind.AccountMissing, line, ":25:", "The statement does not name its account; it is a fragment.");
        }
    }

    private async ValueTask EndEntry()
    {
        if (_entry is { } entry)
        {
            _entry = null;
            await to.Entered(entry.End(to.NextIndex));
        }
    }

    private async ValueTask TakeBalance(MtField field)
    {
        await EndEntry();
        var text = field.First.TrimEnd();
        if (text.Length < 10 || text[0] is not ('C' or 'D') || !BankAmount.IsCurrency(text.AsSpan(7, 3)))
        {
            throw field.Refuse(0, "A balance is C or D, a date, a currency and an amount.");
        }

        var date = MtText.Date(text.AsSpan(1, 6), out var mended) ?? throw field.Refuse(1, "It is no date.");
        var currency = text.Substring(7, 3);
        if (MtText.Amount(text.AsSpan(10).TrimEnd(), currency, out var amount) is { } wrong)
        {
            throw field.Refuse(10, $"What stands there {wrong}.");
        }

        var kind = field.Tag switch { "60F" or "60M" => "OPBD", "62F" or "62M" => "CLBD", "64" => "CLAV", _ => "FWAV" };
        HasClosing |= kind == "CLBD";
        _currency ??= currency;
        _balances.Add(new StatementBalance(
            kind, field.Tag[^1] == 'M', amount, text[0] == 'D' ? Direction.Debit : Direction.Credit, date, field.Line));
        if (_balances.Count > MostBalances)
        {
            throw field.Refuse(0, $"There are more than {MostBalances} balances.");
        }

        if (mended)
        {
            await to.Note(NoteKind.DateMended, field.Line, $":{field.Tag}:", $"The month has no such day: {text[1..7]}; {date} is taken.");
        }
    }

    /// <summary>A currency, perhaps a sign, an amount.</summary>
    private StatementTotal Floor(MtField field)
    {
        var text = field.First.AsSpan().TrimEnd();
        if (text.Length < 5 || !BankAmount.IsCurrency(text[..3]))
        {
            throw field.Refuse(0, "A smallest amount is a currency, perhaps a sign, and an amount.");
        }

        var sign = text[3] is 'C' or 'D' ? 1 : 0;
        var currency = text[..3].ToString();
        _currency ??= currency;
        return MtText.Amount(text[(3 + sign)..], currency, out var amount) is { } wrong
            ? throw field.Refuse(3 + sign, $"What stands there {wrong}.")
            : new StatementTotal(sign == 0 ? null : text[3] == 'C' ? Direction.Credit : Direction.Debit, null, amount, field.Line);
    }

    /// <summary>A count, a currency, an amount.</summary>
    private static StatementTotal Total(MtField field)
    {
        var text = field.First.AsSpan().TrimEnd();
        var digits = text.IndexOfAnyExceptInRange('0', '9');
        if (digits < 1 || digits > 9 || text.Length < digits + 4 || !BankAmount.IsCurrency(text.Slice(digits, 3)))
        {
            throw field.Refuse(0, "A total is a count, a currency and an amount.");
        }

        return MtText.Amount(text[(digits + 3)..], text.Slice(digits, 3).ToString(), out var amount) is { } wrong
            ? throw field.Refuse(digits + 3, $"What stands there {wrong}.")
            : new StatementTotal(field.Tag == "90C" ? Direction.Credit : Direction.Debit,
                long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture), amount, field.Line);
    }

    /// <summary>
    /// An IBAN, a bank's BIC and a number, a national code and a number, or a number; some put the currency behind it.
    /// </summary>
    private StatementAccount? Account()
    {
        if (_account is null)
        {
            return null;
        }

        var text = _account.First.Trim();
        if (text.Length == 0)
        {
            return null;
        }

        var currency = _currency;
        var space = text.LastIndexOf(' ');
        if (space > 0 && BankAmount.IsCurrency(text.AsSpan(space + 1)))
        {
            currency = text[(space + 1)..];
            text = text[..space].TrimEnd();
        }
        else if (_currency is not null && text.Length > 3 && text.EndsWith(_currency, StringComparison.Ordinal) && char.IsAsciiDigit(text[^4]))
        {
            text = text[..^3];
        }

        var bic = _account.Tag == "25P" && _account.Lines.Count > 1 ? _account.Lines[1].Trim() : bank;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash is 8 or 11 && text.AsSpan(0, 6).IndexOfAnyExceptInRange('A', 'Z') < 0)
        {
            bic = text[..slash];
            text = text[(slash + 1)..];
        }

        var whole = text.Replace(" ", "", StringComparison.Ordinal);
        return MtText.LooksLikeIban(whole)
            ? new StatementAccount("IBAN", whole, currency, bic, null)
            : new StatementAccount("BBAN", text, currency, bic, null);
    }

    /// <summary>Number and page; ten digits without a slash are five and five.</summary>
    private (string? Number, string? Sequence) Number()
    {
        if (_number is null)
        {
            return (null, null);
        }

        var slash = _number.IndexOf('/', StringComparison.Ordinal);
        return slash >= 0 ? (_number[..slash], _number[(slash + 1)..])
            : _number.Length == 10 ? (_number[..5], _number[5..])
            : (_number, null);
    }

    /// <summary>YYMMDDhhmm and an offset as ISO writes it; anything else as it stands there.</summary>
    private string? CreatedAt()
    {
        var text = _createdAt;
        if (text is null || text.Length < 10 || text.AsSpan(0, 10).ContainsAnyExceptInRange('0', '9')
            || MtText.Date(text.AsSpan(0, 6), out _) is not { } date)
        {
            return text;
        }

        var offset = text.Length == 15 ? $"{text[10..13]}:{text[13..]}" : text[10..];
        return $"{date.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture)}T{text[6..8]}:{text[8..10]}:00{offset}";
    }
}
