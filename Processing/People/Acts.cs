namespace EGovPay.Processing.People;

/// <summary>What somebody is in the centre. Stored in lower case.</summary>
public enum Role
{
    Teller = 1,
    Supervisor = 2,

    /// <summary>Proposes what moves money: deposits, limits, decisions about payments.</summary>
    Finance = 3,

    /// <summary>Approves what another proposed.</summary>
    Approver = 4,

    /// <summary>Keeps the centre running: agents, terminals, the catalogue, the day.</summary>
    Operator = 5,

    /// <summary>Decides who may do what.</summary>
    Administrator = 6,

    /// <summary>Reads everything and changes nothing.</summary>
    Auditor = 7,
}

/// <summary>Something that a person may do, which changes something.</summary>
/// <param name="Name">As on the command line; it stands in the record.</param>
/// <param name="Roles">Who may: one of these is enough.</param>
public sealed record Act(string Name, params IReadOnlyList<Role> Roles)
{
    /// <summary>True when one of these roles is enough for it.</summary>
    public bool IsFor(IEnumerable<Role> roles) => Roles.Intersect(roles).Any();

    /// <summary>For people: "operator or administrator".</summary>
    public string RolesText => string.Join(" or ", Roles.Select(Acts.Text));
}

/// <summary>
/// Who may do what: one visible table. Every command that changes something stands in it; a test holds the command line against
/// it. What only reads is open to whoever may open the database.
/// </summary>
public static class Acts
{
    public static readonly Act UserAdd = new("user add", Role.Administrator);
    public static readonly Act UserRole = new("user role", Role.Administrator);
    public static readonly Act UserDisable = new("user disable", Role.Administrator);
    public static readonly Act UserKey = new("user key", Role.Administrator);

    public static readonly Act AgentAdd = new("agent add", Role.Operator, Role.Administrator);
    public static readonly Act AgentSuspend = new("agent suspend", Role.Operator, Role.Supervisor);
    public static readonly Act AgentCommissionSet = new("agent commission set", Role.Finance);
    public static readonly Act PointAdd = new("point add", Role.Operator, Role.Administrator);
    public static readonly Act TerminalAdd = new("terminal add", Role.Operator, Role.Administrator);
    public static readonly Act TerminalSuspend = new("terminal suspend", Role.Operator, Role.Supervisor);
    public static readonly Act TerminalRotateKey = new("terminal rotate-key", Role.Operator);
    public static readonly Act CatalogueApply = new("catalogue apply", Role.Operator);
    public static readonly Act CalendarApply = new("calendar apply", Role.Operator, Role.Finance);
    public static readonly Act DayClose = new("day close", Role.Operator, Role.Finance);
    public static readonly Act JobsRun = new("jobs run", Role.Operator, Role.Finance);
    public static readonly Act JobsPause = new("jobs pause", Role.Operator, Role.Finance);
    public static readonly Act JobsResume = new("jobs resume", Role.Operator, Role.Finance);
    public static readonly Act SettleApply = new("settle apply", Role.Finance, Role.Operator);
    public static readonly Act PayoutPropose = new("payout propose", Role.Finance);
    public static readonly Act PayoutApprove = new("payout approve", Role.Approver);
    public static readonly Act PayoutExport = new("payout export", Role.Finance, Role.Operator);
    public static readonly Act PayoutStatusImport = new("payout status import", Role.Finance, Role.Operator);
    public static readonly Act BreaksPropose = new("breaks propose", Role.Finance, Role.Supervisor);
    public static readonly Act BreaksApprove = new("breaks approve", Role.Approver);
    public static readonly Act Reconcile = new("reconcile", Role.Finance, Role.Operator);

    public static readonly Act StatementImport = new("statement import", Role.Finance, Role.Operator);
    public static readonly Act RegisterSend = new("register send", Role.Operator, Role.Finance);
    public static readonly Act RegisterImport = new("register import", Role.Finance, Role.Operator);

    public static readonly Act Restored = new("restored", Role.Operator, Role.Administrator);
    public static readonly Act LostPropose = new("lost propose", Role.Operator, Role.Finance);
    public static readonly Act LostApprove = new("lost approve", Role.Approver);
    public static readonly Act PaymentReverse = new("payment reverse", Role.Operator, Role.Supervisor);
    public static readonly Act WebhookAdd = new("webhook add", Role.Operator, Role.Administrator);
    public static readonly Act WebhookRemove = new("webhook remove", Role.Operator, Role.Administrator);
    public static readonly Act WebhookOn = new("webhook on", Role.Operator);
    public static readonly Act WebhookRotate = new("webhook rotate", Role.Operator, Role.Administrator);
    public static readonly Act WebhookTest = new("webhook test", Role.Operator);
    public static readonly Act TellingResend = new("telling resend", Role.Operator, Role.Supervisor);

    public static readonly Act TopUpPropose = new("agent topup propose", Role.Finance);
    public static readonly Act TopUpApprove = new("agent topup approve", Role.Approver);
    public static readonly Act LimitPropose = new("agent limit propose", Role.Finance);
    public static readonly Act LimitApprove = new("agent limit approve", Role.Approver);
    public static readonly Act TerminalLimitPropose = new("terminal limit propose", Role.Finance, Role.Operator);
    public static readonly Act TerminalLimitApprove = new("terminal limit approve", Role.Approver);
    public static readonly Act PaymentPropose = new("payment propose", Role.Finance, Role.Supervisor);
    public static readonly Act PaymentApprove = new("payment approve", Role.Approver);
    public static readonly Act PaymentReject = new("payment reject", Role.Approver);
    public static readonly Act ProposalApprove = new("proposal approve", Role.Approver);
    public static readonly Act ProposalReject = new("proposal reject", Role.Approver);
    public static readonly Act ProposalWithdraw = new("proposal withdraw", Role.Finance, Role.Supervisor, Role.Operator);

    /// <summary>Every act.</summary>
    public static IReadOnlyList<Act> All { get; } =
    [
        UserAdd, UserRole, UserDisable, UserKey,
        AgentAdd, AgentSuspend, AgentCommissionSet, PointAdd, TerminalAdd, TerminalSuspend, TerminalRotateKey, CatalogueApply, CalendarApply, DayClose,
        SettleApply,
        JobsRun, JobsPause, JobsResume,
        StatementImport,
        RegisterImport,
        Restored, LostPropose, LostApprove, PaymentReverse, TopUpPropose, TopUpApprove, LimitPropose, LimitApprove, TerminalLimitPropose, TerminalLimitApprove,
        PaymentPropose, PaymentApprove, PaymentReject, ProposalApprove, ProposalReject, ProposalWithdraw,
        RegisterSend, PayoutPropose, PayoutApprove, PayoutExport, PayoutStatusImport,
        BreaksPropose, BreaksApprove,
        Reconcile,
        WebhookAdd, WebhookRemove, WebhookOn, WebhookRotate, WebhookTest, TellingResend,
    ];

    /// <summary>A role as it is stored and written on the command line.</summary>
    public static string Text(Role role) => role switch
    {
        Role.Teller => "teller",
        Role.Supervisor => "supervisor",
        Role.Finance => "finance",
        Role.Approver => "approver",
        Role.Operator => "operator",
        Role.Administrator => "administrator",
        Role.Auditor => "auditor",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "No such role."),
    };

    /// <summary>The role of this name, or null.</summary>
    public static Role? Find(string text)
    {
        foreach (var role in Enum.GetValues<Role>())
        {
            if (Text(role) == text)
            {
                return role;
            }
        }

        return null;
    }
}

/// <summary>Somebody who has shown a key, or whom the demo made: what acts are done and recorded by.</summary>
public sealed record Person(string Login, string Name, IReadOnlyList<Role> Roles)
{
    public bool May(Act act) => act.IsFor(Roles);

    /// <exception cref="InvalidOperationException">They may not: whoever let them in should have asked.</exception>
    internal void Require(Act act)
    {
        if (!May(act))
        {
            throw new InvalidOperationException($"'{act.Name}' is for {act.RolesText}; {Login} is none.");
        }
    }
}
