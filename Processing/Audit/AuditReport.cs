namespace EGovPay.Processing.Audit;

/// <summary>How far an audit has got.</summary>
/// <param name="AgentsDone">Agents (parts count by themselves) whose payments have been walked.</param>
/// <param name="Payments">Payments walked so far.</param>
public sealed record AuditProgress(int AgentsDone, int Agents, long Payments);

/// <summary>One thing that is wrong.</summary>
/// <param name="AgentId">The agent, or the part of it; null where none is concerned.</param>
/// <param name="Number">The payment's or movement's number, or null.</param>
/// <param name="What">In English, for an operator; never an account or a name.</param>
public sealed record AuditOffender(int? AgentId, long? Number, string What);

/// <summary>One invariant and what was found of it.</summary>
/// <param name="Name">Stable, kebab-case: <c>day-totals</c>.</param>
/// <param name="Statement">What must hold, in one sentence.</param>
/// <param name="Checked">How many things were held against it.</param>
/// <param name="Violations">How many of them break it; 0 in an honest book.</param>
/// <param name="Offenders">The first few, at most <see cref="AuditReport.OffenderLimit"/>.</param>
public sealed record AuditedInvariant(
    string Name, string Statement, long Checked, long Violations, IReadOnlyList<AuditOffender> Offenders);

/// <summary>What an audit found.</summary>
/// <param name="LongestSnapshot">The longest that one of its transactions stayed open; a long one would stop pruning.</param>
public sealed record AuditReport(
    IReadOnlyList<AuditedInvariant> Invariants, long Payments, long Transfers, TimeSpan LongestSnapshot, TimeSpan Took)
{
    /// <summary>Offenders that are named for each invariant; the others are counted.</summary>
    public const int OffenderLimit = 5;

    /// <summary>0 when every invariant holds.</summary>
    public long Violations => Invariants.Sum(invariant => invariant.Violations);
}

/// <summary>The invariants by name, and what has been found of each so far.</summary>
internal sealed class Findings
{
    public const string States = "states";
    public const string Agents = "agents";
    public const string Events = "events";
    public const string Acceptance = "acceptance";
    public const string Claims = "claims";
    public const string TwoPeople = "two-people";
    public const string Transfers = "transfers";
    public const string Movements = "movements";
    public const string Entries = "entries";
    public const string Orphans = "orphans";
    public const string Held = "held";
    public const string Sums = "funds";
    public const string Overdrawn = "overdrawn";
    public const string References = "references";
    public const string Inquiries = "inquiries";
    public const string Numbers = "numbers";
    public const string Unknown = "unknown";
    public const string Reversals = "reversals";
    public const string ToReturn = "to-return";
    public const string Receipts = "receipts";
    public const string BusinessDays = "business-days";
    public const string Days = "days";
    public const string DayTotals = "day-totals";
    public const string Seals = "seals";
    public const string Windows = "windows";
    public const string Record = "record";
    public const string Contradictions = "contradictions";
    public const string Telling = "telling";
    public const string Payouts = "payouts";

    private static readonly (string Name, string Statement)[] Known =
    [
        (States, "The table of states in the database is the engine's, row by row."),
        (Agents, "Every agent is on the lane of its number, has all its parts, and each part has funds."),
        (Events, "A payment's events are numbered 0…n, the first out of nothing, each out of where the one before led."),
        (Acceptance, "A payment begins at its acceptance; one that was cancelled unseen has neither service nor money."),
        (Claims, "A claim, and nothing else, says until when something may be sent."),
        (TwoPeople, "What needs two people was proposed by one and approved by another."),
        (Transfers, "A payment's transfers are what its events say, leg by leg, and no others."),
        (Movements, "A top-up or a shift of funds has its one transfer."),
        (Entries, "Every transfer has a positive amount and two different accounts that exist."),
        (Orphans, "Every row of a payment has its payment, every row of an agent its agent."),
        (Held, "An agent's funds hold amount and fee of its payments in Accepted, Dispatched and Unknown."),
        (Sums, "An agent's funds are the sums of its transfers."),
        (Overdrawn, "No agent has more held and posted than deposits and credit limit."),
        (References, "An agent's reference names one payment, in the part that its hash names."),
        (Inquiries, "An inquiry has paid one payment."),
        (Numbers, "A number is given out once, over all agents, out of a block that a node took."),
        (Unknown, "What is asked about is what is Unknown."),
        (Reversals, "A reversal belongs to the step that asked for it, under a number of its own, and is asked for while it is Reversing."),
        (ToReturn, "Cash is to be returned of what came to nothing after its first answer, and of nothing else."),
        (Receipts, "The receipt numbers of a day and series run from 1 to the last without gap or repeat, one a confirmed payment."),
        (BusinessDays, "Every posting and confirmation lies in its business day, and none after that day's close."),
        (Days, "One business day is open, the last; days follow each other and do not overlap."),
        (DayTotals, "A closed day's totals are the sums of its transfers."),
        (Seals, "A closed day's transfers are those that were sealed, and each seal follows the one of the day before."),
        (Telling, "Every event that somebody subscribed to waits, is on its way, was given up or was told."),
        (Payouts, "A payout is the money of its windows, each in one living payout; it is posted as approved, told to one bank, put back whole."),
        (Windows, "Every posting is in the first settlement window of its group that closed after it."),
        (Record, "Each entry of the record of acts follows the one before by its hash, and each close has seen its end."),
        (Contradictions, "Every late truth is an open contradiction or one that two people decided, and nothing else is one."),
    ];

    private readonly Dictionary<string, Found> found = Known.ToDictionary(k => k.Name, _ => new Found(), StringComparer.Ordinal);

    /// <summary>So many things have been held against an invariant.</summary>
    public void Check(string name, long things = 1) => found[name].Checked += things;

    /// <summary>Something breaks an invariant.</summary>
    public void Fault(string name, int? agentId, long? number, string what) => Fault(name, 1, [new(agentId, number, what)]);

    /// <summary>So many things break an invariant; the first few are named.</summary>
    public void Fault(string name, long count, IEnumerable<AuditOffender> first)
    {
        var one = found[name];
        one.Violations += count;
        one.Offenders.AddRange(first.Take(AuditReport.OffenderLimit - one.Offenders.Count));
    }

    public IReadOnlyList<AuditedInvariant> Tell() =>
    [
        .. Known.Select(known => new AuditedInvariant(
            known.Name, known.Statement, found[known.Name].Checked, found[known.Name].Violations, found[known.Name].Offenders)),
    ];

    private sealed class Found
    {
        public long Checked { get; set; }

        public long Violations { get; set; }

        public List<AuditOffender> Offenders { get; } = [];
    }
}
