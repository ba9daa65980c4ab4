using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Settlement.Statements;

/// <summary>Turns an entry of a camt and its transactions into the one shape.</summary>
internal sealed class CamtEntry
{
    private readonly XmlTree _entry;
    private readonly Direction _direction;
    private readonly bool _reversal;
    private readonly EntryStatus _status;

    public CamtEntry(XmlTree entry, StatementFormat format)
    {
        _entry = entry;
        _direction = Way(entry);
        _reversal = entry.TextAt("RvslInd") is { } word && IsTrue(word);
        _status = Status(format);
    }

    public List<StatementNote> Notes { get; } = [];

    public StatementEntry Entry(long index, XmlTree? batch, IReadOnlyList<EntryTransaction> transactions) => new()
    {
        Index = index,
        Line = _entry.Line,
        Amount = Amount(_entry),
        Direction = _direction,
        Reversal = _reversal,
        Status = _status,
        BookingDate = Date(_entry, "BookgDt"),
        ValueDate = Date(_entry, "ValDt"),
        References = new EntryReferences
        {
            AccountServicer = Given(_entry.TextAt("AcctSvcrRef")),
            Own = Given(_entry.TextAt("NtryRef")),
        },
        Code = Code(_entry.At("BkTxCd")),
        Batch = batch is null ? null : Batch(batch),
        Transactions = transactions,
        Info = _entry.TextAt("AddtlNtryInf"),
    };

    public EntryTransaction Transaction(XmlTree details)
    {
        var amount = details.At("Amt") is { Text: not null } own ? own : details.At("AmtDtls", "TxAmt", "Amt");
        var direction = details.At("CdtDbtInd") is null ? _direction : Way(details);
        var parties = details.At("RltdPties");
        var agents = details.At("RltdAgts");
        var debtor = Party(parties, agents, "Dbtr");
        var creditor = Party(parties, agents, "Cdtr");
        var instructed = details.At("AmtDtls", "InstdAmt", "Amt");
        return new EntryTransaction
        {
            Amount = amount is null ? null : ReadAmount(amount),
            Instructed = instructed is null ? null : ReadAmount(instructed),
            Direction = direction,
            References = References(details.At("Refs")),
            Code = Code(details.At("BkTxCd")),
            Debtor = debtor,
            Creditor = creditor,
            // What is taken back goes the other way, between the same two.
            Counterparty = (_direction == Direction.Credit) != _reversal ? debtor : creditor,
            Unstructured = [.. (details.At("RmtInf")?.All("Ustrd") ?? []).Select(one => one.Text).OfType<string>()],
            Structured = [.. (details.At("RmtInf")?.All("Strd") ?? []).Select(Remittance).OfType<StructuredRemittance>()],
            ReturnCode = details.TextAt("RtrInf", "Rsn", "Cd") ?? details.TextAt("RtrInf", "Rsn", "Prtry"),
            Info = details.TextAt("AddtlTxInf"),
        };
    }

    /// <summary>Amt of an element, which must be there.</summary>
    public static BankAmount Amount(XmlTree holder) => ReadAmount(
        holder.At("Amt") ?? throw holder.Refuse(StatementRefusalReason.Missing, $"{holder.Name} has no amount."));

    /// <summary>CdtDbtInd of an element, which must be there.</summary>
    public static Direction Way(XmlTree holder) => holder.At("CdtDbtInd") switch
    {
        { Text: "CRDT" } => Direction.Credit,
        { Text: "DBIT" } => Direction.Debit,
        { } wrong => throw wrong.Refuse(StatementRefusalReason.Malformed, "The indicator is neither CRDT nor DBIT."),
        null => throw holder.Refuse(StatementRefusalReason.Missing, $"{holder.Name} does not say whether it is credit or debit."),
    };

    /// <summary>A date, or the local date of a time as the bank wrote it; its offset never moves it to another day.</summary>
    public static LocalDate? Date(XmlTree holder, string name)
    {
        if (holder.At(name) is not { } date || (date.At("Dt") ?? date.At("DtTm") ?? date) is not { Text: { } text } found)
        {
            return null;
        }

        var read = LocalDatePattern.Iso.Parse(text.Length > 10 ? text[..10] : text);
        return read.Success ? read.Value : throw found.Refuse(StatementRefusalReason.Malformed, "It is no date.");
    }

    public static bool IsTrue(string word) => word is "true" or "1";

    /// <summary>An account's number and its scheme.</summary>
    public static (string? Scheme, string? Id) AccountId(XmlTree account)
    {
        if (account.TextAt("Id", "IBAN") is { } iban)
        {
            return ("IBAN", iban.Replace(" ", "", StringComparison.Ordinal));
        }

        var other = account.At("Id", "Othr");
        return other?.TextAt("Id") is { } id
            ? (other.TextAt("SchmeNm", "Cd") ?? other.TextAt("SchmeNm", "Prtry") ?? "Othr", id)
            : (null, null);
    }

    private static BankAmount ReadAmount(XmlTree amount)
    {
        if (amount.Currency is null || !BankAmount.IsCurrency(amount.Currency))
        {
            throw amount.Refuse(StatementRefusalReason.Malformed, "The amount has no currency of three letters.");
        }

        return BankAmount.Read(amount.Text, '.', amount.Currency, out var read) is { } wrong
            ? throw amount.Refuse(StatementRefusalReason.Malformed, $"What stands there {wrong}.")
            : read;
    }

    private EntryStatus Status(StatementFormat format)
    {
        var status = _entry.At("Sts");
        switch (status?.TextAt("Cd") ?? status?.TextAt("Prtry") ?? status?.Text)
        {
            case "BOOK":
                return EntryStatus.Booked;
            case "PDNG" or "FUTR":
                return EntryStatus.Pending;
            case "INFO":
                return EntryStatus.Information;
            case null when format == StatementFormat.Camt053:
                Note(NoteKind.FieldMissing, "The entry has no status; a statement's entries are booked.");
                return EntryStatus.Booked;
            case null:
                Note(NoteKind.FieldMissing, "The entry has no status; it is taken as information.");
                return EntryStatus.Information;
            default:
                Note(NoteKind.WordUnknown, "The status is not known; the entry is taken as information.");
                return EntryStatus.Information;
        }
    }

    private void Note(NoteKind kind, string text) => Notes.Add(new StatementNote(kind, _entry.Line, "Sts", text));

    private static EntryBatch Batch(XmlTree batch) => new(
        Given(batch.TextAt("MsgId")), Given(batch.TextAt("PmtInfId")),
        long.TryParse(batch.TextAt("NbOfTxs"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null,
        batch.At("TtlAmt") is { } total ? ReadAmount(total) : null);

    private static BankTransactionCode Code(XmlTree? code) => code is null
        ? BankTransactionCode.None
        : new BankTransactionCode(
            code.TextAt("Domn", "Cd"), code.TextAt("Domn", "Fmly", "Cd"), code.TextAt("Domn", "Fmly", "SubFmlyCd"),
            code.TextAt("Prtry", "Cd"), code.TextAt("Prtry", "Issr"), null);

    private static EntryReferences References(XmlTree? refs) => refs is null
        ? EntryReferences.None
        : new EntryReferences
        {
            EndToEndId = Given(refs.TextAt("EndToEndId")),
            AccountServicer = Given(refs.TextAt("AcctSvcrRef")),
            InstructionId = Given(refs.TextAt("InstrId")),
            TransactionId = Given(refs.TextAt("TxId")),
            MessageId = Given(refs.TextAt("MsgId")),
            PaymentInformationId = Given(refs.TextAt("PmtInfId")),
            Mandate = Given(refs.TextAt("MndtId")),
            Cheque = Given(refs.TextAt("ChqNb")),
            ClearingSystem = Given(refs.TextAt("ClrSysRef")),
            Uetr = Given(refs.TextAt("UETR")),
            Proprietary = [.. refs.All("Prtry").Select(one => (one.TextAt("Tp"), one.TextAt("Ref")))],
        };

    private static BankParty? Party(XmlTree? parties, XmlTree? agents, string role)
    {
        var party = parties?.At(role);
        var account = parties?.At(role + "Acct");
        var bank = agents?.At(role + "Agt", "FinInstnId");
        if (party is null && account is null && bank is null)
        {
            return null;
        }

        var (scheme, id) = account is null ? (null, null) : AccountId(account);
        var name = party?.TextAt("Nm") ?? party?.TextAt("Pty", "Nm") ?? party?.TextAt("Agt", "FinInstnId", "Nm");
        var bic = bank?.TextAt("BICFI") ?? bank?.TextAt("BIC") ?? bank?.TextAt("ClrSysMmbId", "MmbId") ?? bank?.TextAt("Othr", "Id");
        return new BankParty(name, id, scheme, bic, bank?.TextAt("Nm"));
    }

    private static StructuredRemittance? Remittance(XmlTree structured)
    {
        var reference = structured.At("CdtrRefInf");
        var additional = structured.All("AddtlRmtInf").Select(one => one.Text).OfType<string>().ToList();
        var kind = reference?.TextAt("Tp", "CdOrPrtry", "Cd") ?? reference?.TextAt("Tp", "CdOrPrtry", "Prtry");
        return reference is null && additional.Count == 0
            ? null
            : new StructuredRemittance(
                reference?.TextAt("Ref"), kind, reference?.TextAt("Tp", "Issr"), additional.Count == 0 ? null : string.Join('\n', additional));
    }

    /// <summary>Words that banks put where there is no reference.</summary>
    internal static string? Given(string? reference) =>
        reference is null or "NOTPROVIDED" or "NOT PROVIDED" or "NONREF" or "" ? null : reference;
}
