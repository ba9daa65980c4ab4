using NodaTime;

namespace EGovPay.Settlement.Statements;

/// <summary>
/// A <c>:61:</c> and what follows it. RC, a reversed credit, is a debit, and RD a credit; EC and ED are expected ones.
/// </summary>
internal sealed class MtEntry
{
    private readonly MtField _field;
    private readonly StatementEntry _entry;
    private readonly string? _type;
    private readonly string? _own;
    private readonly List<MtField> _about = [];

    private MtEntry(MtField field, StatementEntry entry, string? type, string? own)
    {
        _field = field;
        _entry = entry;
        _type = type;
        _own = own;
    }

    /// <summary>Reads the line itself.</summary>
    /// <param name="interim">Of an MT942: what it lists is not final.</param>
    public static async ValueTask<MtEntry> Begin(MtField field, string? currency, bool interim, Reckoning to)
    {
        var text = field.First.TrimEnd();
        var valued = (text.Length < 6 ? null : MtText.Date(text.AsSpan(0, 6), out _)) ?? throw field.Refuse(0, "It begins with no date.");
        _ = MtText.Date(text.AsSpan(0, 6), out var mended);
        if (mended)
        {
            await to.Note(NoteKind.DateMended, field.Line, ":61:", $"The month has no such day: {text[..6]}; {valued} is taken.");
        }

        var at = 6;
        LocalDate? booked = null;
        if (text.Length >= 10 && !text.AsSpan(6, 4).ContainsAnyExceptInRange('0', '9'))
        {
            booked = MtText.DateNear(text.AsSpan(6, 4), valued, out mended) ?? throw field.Refuse(6, "The entry's day is no date.");
            at = 10;
            if (mended)
            {
                await to.Note(NoteKind.DateMended, field.Line, ":61:", $"The month has no such day: {text[6..10]}; {booked} is taken.");
            }
        }

        while (at is >= 6 and < 10 && at < text.Length && text[at] == ' ')
        {
            // Some banks leave the entry's day blank, where others leave it out.
            at++;
        }

        var mark = Mark(field, text, ref at, out var reversal, out var expected);
        var funds = at < text.Length && char.IsAsciiLetterUpper(text[at]) ? text[at++].ToString() : null;
        var amountAt = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] is ',' or '.'))
        {
            at++;
        }

        if (MtText.Amount(text.AsSpan(amountAt, at - amountAt), currency, out var amount) is { } wrong)
        {
            throw field.Refuse(amountAt, $"What stands there {wrong}.");
        }

        var (type, own, servicer) = After(field, text, at);
        var entry = new StatementEntry
        {
            Index = 0,
            Line = field.Line,
            Amount = amount,
            Direction = mark,
            Reversal = reversal,
            Status = interim || expected ? EntryStatus.Pending : EntryStatus.Booked,
            BookingDate = booked,
            ValueDate = valued,
            FundsCode = funds,
            References = new EntryReferences { AccountServicer = CamtEntry.Given(servicer) },
            Supplement = field.Lines.Count > 1 ? new MtField("61", 0, field.Lines[1..]).Text : null,
        };
        return new MtEntry(field, entry, type, CamtEntry.Given(own));
    }

    /// <summary>What follows the amount: the type, and the references of both sides.</summary>
    private static (string? Type, string Own, string? Servicer) After(MtField field, string text, int at)
    {
        var rest = text.AsSpan(at);
        if (rest.TrimStart() is [not (>= 'A' and <= 'Z' or '/'), ..])
        {
            // A sign between thousands would make a thousand one.
            throw field.Refuse(at, "No type of transaction follows the amount; perhaps the amount goes on there.");
        }

        var type = rest.Length >= 4 ? rest[..4].ToString() : rest.Length == 0 ? null : rest.ToString();
        var references = rest.Length > 4 ? rest[4..] : [];
        var slashes = references.IndexOf("//");
        var own = (slashes < 0 ? references : references[..slashes]).Trim().ToString();
        var servicer = slashes < 0 ? null : references[(slashes + 2)..].Trim().ToString();
        return (type, own, servicer);
    }

    /// <summary>Takes a <c>:86:</c> or <c>:NS:</c>.</summary>
    public void Add(MtField field)
    {
        _about.Add(field);
        if (_about.Count > 100)
        {
            throw _field.Refuse(0, "An entry has more than 100 fields about it.");
        }
    }

    public StatementEntry End(long index)
    {
        var incoming = (_entry.Direction == Direction.Credit) != _entry.Reversal;
        var about = new MtAbout(_own, _entry.Supplement);
        foreach (var field in _about)
        {
            about.Read(field);
        }

        var party = about.Party;
        var own = about.Own;
        var code = new BankTransactionCode(null, null, null, about.Code, about.Code is null ? null : "GVC", _type);
        var references = _entry.References with
        {
            Own = own,
            EndToEndId = about.EndToEndId,
            Mandate = about.Mandate,
            Cheque = _type == "NCHK" && own?.All(char.IsAsciiDigit) == true ? own : null,
            Proprietary = about.Others,
        };
        return _entry with
        {
            Index = index,
            Code = code,
            References = references,
            Info = about.Info,
            Transactions =
            [
                new EntryTransaction
                {
                    Direction = _entry.Direction,
                    References = references,
                    Code = code,
                    Counterparty = party,
                    Debtor = incoming ? party : null,
                    Creditor = incoming ? null : party,
                    Unstructured = about.Unstructured,
                    Structured = about.Structured,
                    PostingText = about.PostingText,
                    JournalNumber = about.JournalNumber,
                    ReturnCode = about.ReturnCode,
                },
            ],
        };
    }

    private static Direction Mark(MtField field, string text, ref int at, out bool reversal, out bool expected)
    {
        reversal = at < text.Length && text[at] == 'R';
        expected = at < text.Length && text[at] == 'E';
        at += reversal || expected ? 1 : 0;
        if (at >= text.Length || text[at] is not ('C' or 'D'))
        {
            throw field.Refuse(at, "It says neither credit nor debit.");
        }

        var credit = text[at++] == 'C';
        return credit != reversal ? Direction.Credit : Direction.Debit;
    }
}
