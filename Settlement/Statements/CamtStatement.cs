using System.Globalization;

namespace EGovPay.Settlement.Statements;

/// <summary>What a camt says of a statement as a whole, part by part as it comes.</summary>
internal sealed class CamtStatement(StatementFormat format, string? version, string? messageId, XmlTree place)
{
    private readonly Dictionary<string, XmlTree> _parts = new(StringComparer.Ordinal);
    private readonly List<StatementBalance> _balances = [];
    private readonly List<StatementTotal> _totals = [];
    private StatementAccount? _account;

    public int Balances => _balances.Count;

    public List<StatementNote> Notes { get; } = [];

    public void Take(XmlTree part)
    {
        switch (part.Name)
        {
            case "Acct":
                _account = Account(part);
                break;
            case "Bal":
                _balances.Add(Balance(part));
                break;
            case "TxsSummry":
                Total(part.At("TtlNtries"), null);
                Total(part.At("TtlCdtNtries"), Direction.Credit);
                Total(part.At("TtlDbtNtries"), Direction.Debit);
                break;
            default:
                _parts.TryAdd(part.Name, part);
                break;
        }
    }

    public StatementHead Head()
    {
        var pages = Part("StmtPgntn") ?? Part("RptPgntn") ?? Part("NtfctnPgntn");
        return new StatementHead
        {
            Format = format,
            Version = version,
            MessageId = messageId,
            Id = Text("Id") ?? throw place.Refuse(StatementRefusalReason.Missing, "The statement has no Id."),
            Account = _account ?? throw place.Refuse(StatementRefusalReason.Missing, "The statement does not name its account: no Acct."),
            Number = Text("ElctrncSeqNb"),
            Sequence = Text("LglSeqNb"),
            Page = pages?.TextAt("PgNb"),
            LastPage = pages?.TextAt("LastPgInd") is { } last ? CamtEntry.IsTrue(last) : null,
            CreatedAt = Text("CreDtTm"),
            From = Part("FrToDt")?.TextAt("FrDtTm"),
            To = Part("FrToDt")?.TextAt("ToDtTm"),
            ClosingDay = _balances.FindLast(one => one.Kind == "CLBD")?.Date,
            CopyDuplicate = Text("CpyDplctInd"),
            Line = place.Line,
        };
    }

    public StatementFoot Foot() => new()
    {
        Balances = _balances,
        Totals = _totals,
        Info = Text("AddtlStmtInf") ?? Text("AddtlRptInf") ?? Text("AddtlNtfctnInf"),
    };

    private XmlTree? Part(string name) => _parts.GetValueOrDefault(name);

    private string? Text(string name) => Part(name)?.Text;

    private static StatementAccount Account(XmlTree account)
    {
        var (scheme, id) = CamtEntry.AccountId(account);
        var bank = account.At("Svcr", "FinInstnId");
        return id is null
            ? throw account.Refuse(StatementRefusalReason.Missing, "The account has neither an IBAN nor another number.")
            : new StatementAccount(
                scheme!, id, account.TextAt("Ccy"), bank?.TextAt("BICFI") ?? bank?.TextAt("BIC"), account.TextAt("Ownr", "Nm"));
    }

    private static StatementBalance Balance(XmlTree balance)
    {
        var kind = balance.TextAt("Tp", "CdOrPrtry", "Cd") ?? balance.TextAt("Tp", "CdOrPrtry", "Prtry") ?? balance.TextAt("Tp", "Cd")
            ?? throw balance.Refuse(StatementRefusalReason.Missing, "A balance does not say of what kind it is.");
        var part = balance.TextAt("Tp", "SubTp", "Cd") ?? balance.TextAt("Tp", "SubTp", "Prtry");
        return new StatementBalance(
            kind, part == "INTM", CamtEntry.Amount(balance), CamtEntry.Way(balance), CamtEntry.Date(balance, "Dt"), balance.Line);
    }

    private void Total(XmlTree? total, Direction? direction)
    {
        if (total is null)
        {
            return;
        }

        BankAmount? sum = null;
        if (total.TextAt("Sum") is { } text)
        {
            var currency = _account?.Currency ?? (_balances.Count > 0 ? _balances[0].Amount.Currency : null);
            if (BankAmount.Read(text, '.', currency, out var read) is { } wrong)
            {
                // It is said for comparison only; the entries count.
                Notes.Add(new StatementNote(NoteKind.WordUnknown, total.Line, total.Name, $"The bank's sum {wrong}; it is not compared."));
            }
            else
            {
                sum = read;
            }
        }

        var counted = long.TryParse(total.TextAt("NbOfNtries"), NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        _totals.Add(new StatementTotal(direction, counted ? count : null, sum, total.Line));
    }
}
