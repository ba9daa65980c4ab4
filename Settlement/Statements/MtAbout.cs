namespace EGovPay.Settlement.Statements;

/// <summary>
/// What a bank says about an entry in <c>:86:</c> or <c>:NS:</c>: subfields of two digits behind a separator, with SEPA's words in them;
/// words between slashes; numbered lines; or just text. What has no place of its own stays under its own name.
/// </summary>
internal sealed class MtAbout(string? own, string? supplement)
{
    /// <summary>Words of SEPA's purpose lines; each begins a subfield and ends with a plus.</summary>
    private static readonly string[] Purposes =
    [
        "EREF", "KREF", "MREF", "BREF", "RREF", "CRED", "DEBT", "COAM", "OAMT", "SVWZ", "ABWA", "ABWE", "PURP", "MDAT", "SQTP", "ORCR",
        "ORMR", "DDAT", "IBAN", "BIC", "ANAM",
    ];

    /// <summary>Words between slashes.</summary>
    private static readonly HashSet<string> Slashed = new(StringComparer.Ordinal)
    {
        "EREF", "KREF", "PREF", "MARF", "CSID", "BENM", "ORDP", "NAME", "ADDR", "IBAN", "BIC", "CNTP", "REMI", "USTD", "STRD", "CDTRREF",
        "CDTRREFTP", "ISDT", "TRTP", "RTRN", "PURP", "ULTC", "ULTD", "ULTB", "TRCD", "SVCL", "EXCH", "CHGS", "OCMT", "IREF", "INIT",
    };

    private readonly List<(string? Kind, string? Reference)> _others = [];
    private readonly List<string> _unstructured = [];
    private readonly List<string> _info = [];
    private string? _name;
    private string? _account;
    private string? _bank;
    private string? _owners;

    public string? Code { get; private set; }

    public string? EndToEndId { get; private set; }

    public string? Mandate { get; private set; }

    public string? PostingText { get; private set; }

    public string? JournalNumber { get; private set; }

    public string? ReturnCode { get; private set; }

    public List<StructuredRemittance> Structured { get; } = [];

    public IReadOnlyList<string> Unstructured => _unstructured;

    public IReadOnlyList<(string? Kind, string? Reference)> Others => _others;

    public string? Info => _info.Count == 0 ? null : string.Join('\n', _info);

    /// <summary>The owner's reference: where <c>:61:</c> only says that it stands here, that.</summary>
    public string? Own => own is null or "KREF" or "KREF+" or "EREF" or "EREF+" ? _owners : own;

    public BankParty? Party => _name is null && _account is null && _bank is null
        ? null
        : new BankParty(_name, _account, _account is null ? null : MtText.LooksLikeIban(_account) ? "IBAN" : "BBAN", _bank);

    public void Read(MtField field)
    {
        if (field.Text is { } text)
        {
            _info.Add(text);
        }

        if (field.Tag == "NS")
        {
            ReadNumberedLines(field);
            return;
        }

        var joined = field.Joined.Trim();
        if (joined.Length >= 6 && !joined.AsSpan(0, 3).ContainsAnyExceptInRange('0', '9') && "?<>^~|@!*".Contains(joined[3], StringComparison.Ordinal)
            && char.IsAsciiDigit(joined[4]) && char.IsAsciiDigit(joined[5]))
        {
            ReadSubfields(joined);
        }
        else if (joined.StartsWith('/') && joined.IndexOf('/', 1) is > 2 and < 11 and var second && Slashed.Contains(joined[1..second]))
        {
            ReadSlashed(joined);
        }
        else if (field.Text is { } plain)
        {
            _unstructured.Add(plain);
            // Some banks put the other side's IBAN before the text and into :61: too; only where both agree is it one.
            if (own is not null && MtText.LooksLikeIban(own) && plain.StartsWith(own, StringComparison.Ordinal))
            {
                _account = own;
                _name = supplement;
            }
        }
    }

    private void ReadSubfields(string text)
    {
        Code = text[..3];
        var separator = text[3];
        var purpose = new List<string>();
        var at = 3;
        while (at < text.Length)
        {
            var number = text.Substring(at + 1, 2);
            var end = at + 3;
            while (end < text.Length
                && !(text[end] == separator && end + 2 < text.Length && char.IsAsciiDigit(text[end + 1]) && char.IsAsciiDigit(text[end + 2])))
            {
                end++;
            }

            ReadSubfield(number, text[(at + 3)..end], purpose);
            at = end;
        }

        ReadPurpose(purpose);
    }

    private void ReadSubfield(string number, string value, List<string> purpose)
    {
        switch (number)
        {
            case "00":
                PostingText = Filled(value);
                break;
            case "10":
                JournalNumber = Filled(value);
                break;
            case "30":
                _bank = Filled(value);
                break;
            case "31":
                _account ??= Filled(value);
                break;
            case "38" when MtText.LooksLikeIban(value):
                _account = value;
                break;
            case "32" or "33":
                _name += value;
                break;
            case "34":
                ReturnCode = Filled(value);
                break;
            case ['2', _] or "60" or "61" or "62" or "63":
                purpose.Add(value);
                break;
            default:
                _others.Add(("?" + number, value));
                break;
        }
    }

    /// <summary>A word goes on over subfields until the next; a message of the bank (MTLG:) is no part of a reference.</summary>
    private void ReadPurpose(List<string> purpose)
    {
        string? word = null;
        var value = "";
        foreach (var piece in purpose)
        {
            var next = Array.Find(Purposes, candidate => piece.StartsWith(candidate + "+", StringComparison.Ordinal))
                ?? (piece.StartsWith("MTLG:", StringComparison.Ordinal) ? "MTLG" : null);
            if (next is null)
            {
                value += piece;
                continue;
            }

            TakeWord(word, value);
            (word, value) = (next, next == "MTLG" ? piece : piece[(next.Length + 1)..]);
        }

        TakeWord(word, value);
    }

    private void ReadSlashed(string text)
    {
        string? word = null;
        var value = new List<string>();
        foreach (var piece in text.Split('/'))
        {
            if (Slashed.Contains(piece))
            {
                TakeWord(word, string.Join('/', value).Trim('/'));
                (word, value) = (piece, []);
            }
            else
            {
                value.Add(piece);
            }
        }

        TakeWord(word, string.Join('/', value).Trim('/'));
    }

    private void TakeWord(string? word, string value)
    {
        if (value.Trim().Length == 0)
        {
            return;
        }

        switch (word)
        {
            case null or "SVWZ" or "REMI" or "USTD" or "MTLG":
                _unstructured.Add(value);
                break;
            case "EREF":
                EndToEndId = CamtEntry.Given(value.Trim());
                break;
            case "MREF" or "MARF":
                Mandate = CamtEntry.Given(value.Trim());
                break;
            case "KREF" or "PREF":
                _owners ??= CamtEntry.Given(value.Trim());
                break;
            case "CDTRREF":
                Structured.Add(new StructuredRemittance(value.Trim(), null, null, null));
                break;
            case "NAME" or "ANAM":
                _name ??= value.Trim();
                break;
            case "IBAN":
                _account ??= value.Trim();
                break;
            case "BIC":
                _bank ??= value.Trim();
                break;
            case "CNTP":
                var parts = value.Split('/');
                _account ??= Filled(parts[0]);
                _bank ??= parts.Length > 1 ? Filled(parts[1]) : null;
                _name ??= parts.Length > 2 ? Filled(parts[2]) : null;
                break;
            default:
                _others.Add((word, value.Trim()));
                break;
        }
    }

    /// <summary>Lines that begin with two digits: 01 to 14 are the purpose, 15 and 16 the name, 33 the bank, 34 the account.</summary>
    private void ReadNumberedLines(MtField field)
    {
        foreach (var line in field.Lines.Select(line => line.TrimEnd()))
        {
            if (line.Length < 3 || !char.IsAsciiDigit(line[0]) || !char.IsAsciiDigit(line[1]))
            {
                continue;
            }

            var value = line[2..];
            switch ((line[0] - '0') * 10 + line[1] - '0')
            {
                case >= 1 and <= 14:
                    _unstructured.Add(value);
                    break;
                case 15 or 16:
                    _name += value;
                    break;
                case 17:
                    PostingText = value;
                    break;
                case 18:
                    JournalNumber = value;
                    break;
                case 33:
                    _bank = value;
                    break;
                case 34:
                    _account = value;
                    break;
                default:
                    _others.Add((line[..2], value));
                    break;
            }
        }
    }

    private static string? Filled(string value) => value.Trim() is { Length: > 0 } filled ? filled : null;
}
