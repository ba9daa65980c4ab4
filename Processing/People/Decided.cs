namespace EGovPay.Processing.People;

/// <summary>What came of a decision about a proposal.</summary>
public enum DecideResult
{
    /// <summary>Decided now; with an approval, and carried out.</summary>
    Done = 1,

    /// <summary>It was decided so before; nothing more was done.</summary>
    DoneBefore,

    /// <summary>There is no such proposal.</summary>
    Unknown,

    /// <summary>Who proposed it may withdraw it, and nothing else; nobody else may withdraw it.</summary>
    SamePerson,

    /// <summary>They are no approver (any more).</summary>
    NotEntitled,

    /// <summary>The provider may still answer: not before the time that the proposal tells.</summary>
    TooEarly,

    /// <summary>The break that it is about is being compared anew in this moment: once more a little later.</summary>
    BeingCompared,

    /// <summary>What it was about has changed, and the proposal is void; the proposal says how.</summary>
    Void,

    /// <summary>It was decided otherwise before, or its time was up.</summary>
    Ended,
}

/// <summary>What came of a decision, and the proposal as it then stands.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct Decided(DecideResult Result, Proposal? Proposal);
