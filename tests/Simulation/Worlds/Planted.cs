namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>Which defect a run is to find.</summary>
internal sealed record Planted(
    PlantedInModel Model = PlantedInModel.None, PlantedInMachine Machine = PlantedInMachine.None)
{
    public static Planted Nothing { get; } = new();
}

/// <summary>What a defect that is planted in the model does; with None it does what PostgreSQL does.</summary>
internal enum PlantedInModel
{
    None,

    /// <summary>An event is appended wherever the payment stands.</summary>
    NoCompareAndSet,

    /// <summary>A reference may name two payments.</summary>
    NoReferences,

    /// <summary>The hold is given back when the provider is silent.</summary>
    ReleaseOnSilence,

    /// <summary>Claims end when they are made.</summary>
    ClaimsEndAtOnce,

    /// <summary>The money comes back with the wish, and once more with the provider's yes.</summary>
    ReturnBeforeTheAnswer,

    /// <summary>Each question about a reversal has a number of its own.</summary>
    ReversalsUnderNewNumbers,

    /// <summary>Each question about a reversal says that nobody asked before.</summary>
    ReversalsAlwaysNew,

    /// <summary>A wish is committed and nobody's turn comes to ask.</summary>
    ReversalsForgotten,
}

/// <summary>A defect that is planted in a machine's wiring.</summary>
internal enum PlantedInMachine
{
    None,

    /// <summary>Deadlines are looked at by nobody but a timer.</summary>
    DeadlineIgnored,

    /// <summary>A deadline is not looked at where the first byte leaves.</summary>
    SendsWhenItWakes,

    /// <summary>The heartbeat says that nothing is unfinished.</summary>
    NothingUnfinished,

    /// <summary>What the connection broke under is taken for committed.</summary>
    BrokenIsCommitted,

    /// <summary>A provider that says nothing to a reversal has taken the payment back.</summary>
    SilenceIsYes,
}
