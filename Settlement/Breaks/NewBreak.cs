using NodaTime;

namespace EGovPay.Settlement.Breaks;

/// <summary>How two sides differ. Stored by name.</summary>
public enum BreakKind
{
    /// <summary>We have it, and the other side has not.</summary>
    MissingThere = 1,

    /// <summary>The other side has it, and we have not, or not as delivered.</summary>
    MissingHere,

    /// <summary>The other side has more than we.</summary>
    OverAmount,

    /// <summary>The other side has less than we.</summary>
    UnderAmount,
    WrongDay,
    WrongAccount,

    /// <summary>The other side has it more than once.</summary>
    Duplicate,
    CurrencyDiffers,

    /// <summary>The other side has something that names nothing of ours.</summary>
    Unidentified,

    /// <summary>A receiver refused a line of a register of ours.</summary>
    RejectedLine,
    PayoutRejected,

    /// <summary>A statement's balances do not add up.</summary>
    BalanceDiffers,
}

/// <summary>Whose word differs from our books. Stored in lower case.</summary>
public enum BreakSide
{
    Register = 1,
    Bank,
    Acquirer,
    Acknowledgement,
    Payout,
}

/// <summary>A difference that somebody found. Found again, it is the same break.</summary>
/// <param name="Subject">
/// What it is about, the same whoever looks and however often: with side and kind it names the break. At most 300 characters.
/// </param>
/// <param name="Day">Whose books differ: the register's day, the entry's value day.</param>
/// <param name="AmountAtRiskQepik">What may be lost, or be owed; 0 where money is in no question.</param>
/// <param name="Cause">A name of <see cref="BreakTexts"/>.</param>
/// <param name="Step">A name of <see cref="BreakTexts"/>.</param>
public sealed record NewBreak(
    BreakSide Side, BreakKind Kind, string Subject, LocalDate Day, long AmountAtRiskQepik, string Cause, string Step)
{
    public int? ProviderId { get; init; }
    public int? AgentId { get; init; }
    public long? Number { get; init; }
    public long? FileId { get; init; }

    /// <summary>Of the file, from 1.</summary>
    public int? Line { get; init; }
    public long? StatementId { get; init; }
    public int? EntryNo { get; init; }
    public long? PayoutId { get; init; }

    /// <summary>What we say of it, as a JSON object; null: nothing.</summary>
    public string? Ours { get; init; }

    /// <summary>What the other side says of it, as a JSON object; null: nothing.</summary>
    public string? Theirs { get; init; }

    /// <summary>What of ours it may be, as a JSON object; never more than a suggestion.</summary>
    public string? Suggestion { get; init; }
}
