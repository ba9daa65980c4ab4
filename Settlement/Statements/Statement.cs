using NodaTime;

namespace EGovPay.Settlement.Statements;

/// <summary>What kind of message a file holds, as its content says; a file's name says nothing.</summary>
public enum StatementFormat
{
    /// <summary>Interim report of an account, ISO 20022.</summary>
    Camt052,

    /// <summary>Statement of booked entries, ISO 20022.</summary>
    Camt053,

    /// <summary>Debit and credit notification, ISO 20022; it carries no balances.</summary>
    Camt054,

    /// <summary>Customer statement, SWIFT.</summary>
    Mt940,

    /// <summary>Interim transaction report, SWIFT: what it lists comes again in an MT940.</summary>
    Mt942,

    /// <summary>A bank's own table, read by a mapping.</summary>
    Csv,
}

/// <summary>Which way the money went on the account that the statement is of.</summary>
public enum Direction
{
    Credit,
    Debit,
}

/// <summary>Whether the bank has booked an entry. Only what is booked is part of a closing balance.</summary>
public enum EntryStatus
{
    Booked,

    /// <summary>Not booked yet: PDNG and FUTR, and all that an MT942 lists.</summary>
    Pending,

    /// <summary>For information only, or of a status that is not known here (a note says which).</summary>
    Information,
}

/// <summary>The account that a statement is of.</summary>
/// <param name="Scheme"><c>IBAN</c> where the number has that shape, <c>BBAN</c> for the MT's own forms, else the bank's own scheme or <c>Othr</c>.</param>
/// <param name="Id">The number without spaces; never validated by its check digits, since banks send wrong ones.</param>
/// <param name="Currency">Three letters, or null where neither the account nor a balance names one.</param>
/// <param name="ServicerBic">The bank that keeps the account, where the file says so.</param>
public sealed record StatementAccount(string Scheme, string Id, string? Currency, string? ServicerBic, string? Owner);

/// <summary>What stands above a statement's entries.</summary>
public sealed record StatementHead
{
    public required StatementFormat Format { get; init; }

    /// <summary>Two digits of a camt (<c>02</c> to <c>13</c>); null for an MT or a namespace that does not say.</summary>
    public string? Version { get; init; }

    /// <summary>The message that carried it: several statements may share one.</summary>
    public string? MessageId { get; init; }

    /// <summary>The bank's identification of this statement; <c>:20:</c> of an MT.</summary>
    public string? Id { get; init; }

    /// <summary>Null only for fragments of an MT; a note says so, and nothing can be imported from it.</summary>
    public StatementAccount? Account { get; init; }

    /// <summary>Electronic sequence number; for an MT the statement number of <c>:28C:</c>, as written.</summary>
    public string? Number { get; init; }

    /// <summary>Legal sequence number; for an MT the sequence (page) within the number.</summary>
    public string? Sequence { get; init; }

    public string? Page { get; init; }

    /// <summary>False where more pages follow, null where the file does not say.</summary>
    public bool? LastPage { get; init; }

    /// <summary>As written, with the bank's offset where it gave one.</summary>
    public string? CreatedAt { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    /// <summary>The day of the closing balance, where that stands before the entries: in a camt it does.</summary>
    public LocalDate? ClosingDay { get; init; }

    /// <summary>CODU, COPY or DUPL: what was sent before.</summary>
    public string? CopyDuplicate { get; init; }

    /// <summary><c>:21:</c> of an MT, unless NONREF.</summary>
    public string? RelatedReference { get; init; }

    /// <summary>Line of the file, from 1, where the statement begins.</summary>
    public int Line { get; init; }
}

/// <summary>A balance.</summary>
/// <param name="Kind">ISO's code: OPBD, PRCD, CLBD, OPAV, CLAV, FWAV, ITBD, ITAV, …, or the bank's own word.</param>
/// <param name="Intermediate">Of a page in the middle (<c>:60M:</c>, <c>:62M:</c>, INTM).</param>
public sealed record StatementBalance(
    string Kind, bool Intermediate, BankAmount Amount, Direction Direction, LocalDate? Date, int Line)
{
    /// <summary>Minor units, negative for a debit balance.</summary>
    public long SignedMinor => Direction == Direction.Debit ? -Amount.Minor : Amount.Minor;
}

/// <summary>A count and a sum that the bank says that its entries have.</summary>
/// <param name="Direction">Null where the total is of both.</param>
/// <param name="Sum">Null where only the count is given.</param>
public sealed record StatementTotal(Direction? Direction, long? Count, BankAmount? Sum, int Line);

/// <summary>What is known once a statement's entries are read.</summary>
public sealed record StatementFoot
{
    public required IReadOnlyList<StatementBalance> Balances { get; init; }

    public required IReadOnlyList<StatementTotal> Totals { get; init; }

    /// <summary>Smallest amounts that an MT942 lists, from its <c>:34F:</c>.</summary>
    public IReadOnlyList<StatementTotal> Floors { get; init; } = [];

    /// <summary>Entries of all statuses.</summary>
    public long Entries { get; init; }

    /// <summary>Credits less debits of what is booked, in minor units of the entries' currency.</summary>
    public Int128 BookedMinor { get; init; }

    /// <summary>What the bank says of the statement as a whole.</summary>
    public string? Info { get; init; }
}

/// <summary>One entry: one movement on the account, of one or of many transactions.</summary>
public sealed record StatementEntry
{
    /// <summary>From 0 within its statement.</summary>
    public required long Index { get; init; }

    public required int Line { get; init; }

    public required BankAmount Amount { get; init; }

    /// <summary>What happened to the account. <see cref="Reversal"/> never turns it: RC is a debit and RD a credit already.</summary>
    public required Direction Direction { get; init; }

    public bool Reversal { get; init; }

    public EntryStatus Status { get; init; }

    /// <summary>The bank's local date; null where an MT leaves it out.</summary>
    public LocalDate? BookingDate { get; init; }

    public LocalDate? ValueDate { get; init; }

    /// <summary>The entry's own references; those of a transaction stand with it.</summary>
    public EntryReferences References { get; init; } = EntryReferences.None;

    public BankTransactionCode Code { get; init; } = BankTransactionCode.None;

    /// <summary>Third letter of the currency in <c>:61:</c>, where given.</summary>
    public string? FundsCode { get; init; }

    public EntryBatch? Batch { get; init; }

    /// <summary>One for an MT. None or many for a camt, whose sum may differ from the entry's amount (a note says so).</summary>
    public IReadOnlyList<EntryTransaction> Transactions { get; init; } = [];

    /// <summary>What the bank adds in words: AddtlNtryInf; all of <c>:86:</c> by lines.</summary>
    public string? Info { get; init; }

    /// <summary>Second line of <c>:61:</c>.</summary>
    public string? Supplement { get; init; }

    /// <summary>Minor units, negative for a debit.</summary>
    public long SignedMinor => Direction == Direction.Debit ? -Amount.Minor : Amount.Minor;
}

/// <summary>What an entry says of the order that it stands for.</summary>
public sealed record EntryBatch(string? MessageId, string? PaymentInformationId, long? Transactions, BankAmount? Total);

/// <summary>One transaction of an entry.</summary>
public sealed record EntryTransaction
{
    /// <summary>Null where the bank gives none: it is not to be taken for the entry's.</summary>
    public BankAmount? Amount { get; init; }

    /// <summary>Its own word, else the entry's.</summary>
    public required Direction Direction { get; init; }

    public BankAmount? Instructed { get; init; }

    public EntryReferences References { get; init; } = EntryReferences.None;

    public BankTransactionCode Code { get; init; } = BankTransactionCode.None;

    /// <summary>Who stands on the other side.</summary>
    public BankParty? Counterparty { get; init; }

    public BankParty? Debtor { get; init; }

    public BankParty? Creditor { get; init; }

    public IReadOnlyList<string> Unstructured { get; init; } = [];

    public IReadOnlyList<StructuredRemittance> Structured { get; init; } = [];

    /// <summary>The bank's posting text (<c>?00</c>), journal number (<c>?10</c>) and return code (<c>?34</c>, or ISO's of a return).</summary>
    public string? PostingText { get; init; }

    public string? JournalNumber { get; init; }

    public string? ReturnCode { get; init; }

    public string? Info { get; init; }
}

/// <summary>A party with its account and bank.</summary>
/// <param name="Scheme">As in <see cref="StatementAccount.Scheme"/>.</param>
/// <param name="Bank">BIC, or a national code where there is no BIC.</param>
public sealed record BankParty(string? Name, string? Account, string? Scheme, string? Bank, string? BankName = null);

/// <summary>A creditor's reference and what is said beside it.</summary>
public sealed record StructuredRemittance(string? Reference, string? Kind, string? Issuer, string? Additional);

/// <summary>References. NOTPROVIDED and NONREF are none.</summary>
public sealed record EntryReferences
{
    public static readonly EntryReferences None = new();

    public string? EndToEndId { get; init; }

    public string? AccountServicer { get; init; }

    public string? InstructionId { get; init; }

    public string? TransactionId { get; init; }

    public string? MessageId { get; init; }

    public string? PaymentInformationId { get; init; }

    public string? Mandate { get; init; }

    public string? Cheque { get; init; }

    public string? ClearingSystem { get; init; }

    public string? Uetr { get; init; }

    /// <summary>NtryRef, or the account owner's reference of <c>:61:</c> (KREF+ where that says so).</summary>
    public string? Own { get; init; }

    /// <summary>Bank's own: kind and reference.</summary>
    public IReadOnlyList<(string? Kind, string? Reference)> Proprietary { get; init; } = [];
}

/// <summary>What kind of booking it is, by ISO's domains, the bank's own code, or an MT's type.</summary>
/// <param name="MtType">Four characters of <c>:61:</c>, as NTRF.</param>
public sealed record BankTransactionCode(
    string? Domain, string? Family, string? SubFamily, string? Proprietary, string? Issuer, string? MtType)
{
    public static readonly BankTransactionCode None = new(null, null, null, null, null, null);
}
