using System.Globalization;
using System.Text;

namespace EGovPay.Terminals.Observing;

/// <summary>How soon a person is needed.</summary>
internal enum Urgency
{
    /// <summary>Now, at night too: money stands still or is in doubt.</summary>
    Page,

    /// <summary>On the next working day.</summary>
    Ticket,
}

/// <summary>One alarm; its page in RUNBOOK.md has its name.</summary>
/// <param name="Measures">What it stands on, as the code names it.</param>
/// <param name="Rule">Prometheus: true while it rings; null: no measure can tell, and who looks is said on its page.</param>
/// <param name="For">How long it must be true.</param>
/// <param name="Means">One line.</param>
internal sealed record Alarm(
    string Name, Urgency Urgency, string[] Measures, string? Rule, string For, string Means);

/// <summary>
/// All alarms, as data: `alarms.yaml` for Prometheus and the first table of RUNBOOK.md are made from here, and tests hold them equal.
/// </summary>
internal static class Alarms
{
    /// <summary>A payment that has been unknown for longer rings; the lists of unknown payments mark it.</summary>
    public const int UnknownTooOldSeconds = 3_600;

    private const string LogEvents = "egovpay.log.events";
    private const string Limit = "egovpay.alarm.limit";

    public static IReadOnlyList<Alarm> All { get; } =
    [
        new("nobody-reports", Urgency.Page, ["egovpay.ready"], "absent(egovpay_ready)", "2m",
            "No node has told anything for two minutes."),
        new("standby-missing", Urgency.Page, ["egovpay.unready"], Unready(Processing.Readiness.StandbyMissing), "30s",
            "No standby confirms what the primary commits; nobody is answered."),
        new("lease-lost", Urgency.Page, ["egovpay.unready"], Unready(Processing.Readiness.LeaseLost), "30s",
            "A node's heartbeat does not reach the database; it begins nothing."),
        new("database-unavailable", Urgency.Page, ["egovpay.unready"], Unready(Processing.Readiness.DatabaseUnavailable), "30s",
            "The database does not answer within two seconds."),
        new("not-let-in", Urgency.Page, ["egovpay.unready"], Unready(Processing.Readiness.Restored), "0s",
            "The database is not the continuation of what nodes knew; nothing is dispatched."),
        new("journal-not-moving", Urgency.Page, ["egovpay.journal.queue.age", "egovpay.unready"],
            "max by (instance) (egovpay_journal_queue_age_seconds) > 5", "15s",
            "The journal's oldest command has waited more than five seconds."),
        new("commit-in-doubt", Urgency.Page, ["egovpay.journal.doubts"], Grew("egovpay_journal_doubts_total", "10m"), "0s",
            "A commit was executed again because no standby had confirmed it."),
        new("database-full", Urgency.Page, ["egovpay.journal.no_room"], Grew("egovpay_journal_no_room_total", "10m"), "0s",
            "The database has no room, memory or connections left; acceptances are refused."),
        new("disk-low", Urgency.Page, ["egovpay.disk.free"], "min by (instance) (egovpay_disk_free_bytes) < 10e9", "1m",
            "Less than 10 GB are free where this node writes."),
        new("node-lost", Urgency.Page, ["egovpay.nodes"], "max(egovpay_nodes{egovpay_node_state=\"lost\"}) > 0", "3m",
            "A node's lease has ended and its payments are not all taken over."),
        new("take-over", Urgency.Ticket, ["egovpay.takeovers"], Grew("egovpay_takeovers_total", "15m"), "0s",
            "Payments of a node that ended were taken over."),
        new("breaker-open", Urgency.Page, ["egovpay.provider.breaker"],
            "max by (egovpay_provider) (egovpay_provider_breaker) == 2", "2m",
            "A provider does not answer; its payments are refused before anything is taken."),
        new("provider-contradicts-itself", Urgency.Page, [LogEvents],
            Logged("2001|2002|2003"), "0s", "A provider answered for another transaction, sum or body; it was not believed."),
        new("unknown-too-old", Urgency.Page, ["egovpay.unknown.age"],
            "max by (egovpay_provider) (egovpay_unknown_age_seconds) > "
            + UnknownTooOldSeconds.ToString(CultureInfo.InvariantCulture), "1m",
            "A payment has been unknown for more than an hour."),
        new("reversal-too-old", Urgency.Ticket, ["egovpay.reversals.age"], "max(egovpay_reversals_age_seconds) > 86400", "1m",
            "A provider has not said its last word about a reversal for a day."),
        new("contradiction-open", Urgency.Ticket, ["egovpay.contradictions.open"], "max(egovpay_contradictions_open) > 0", "1m",
            "A provider said late what contradicts a final state."),
        new("proposal-stuck", Urgency.Page, ["egovpay.proposals.stuck", "egovpay.proposals.age"], "max(egovpay_proposals_stuck) > 0", "2m",
            "What two people approved is not carried out."),
        new("lost-interval-open", Urgency.Ticket, ["egovpay.lost.open", "egovpay.lost.age"], "max(egovpay_lost_open) > 0", "1m",
            "A restore lost an interval, and nobody has settled it."),
        new("day-not-rolled", Urgency.Page, ["egovpay.day.lag"], "max(egovpay_day_lag_days) > 0", "15m",
            "The business day is behind the calendar."),
        new("register-not-acknowledged", Urgency.Ticket, ["egovpay.registers.age"], "max(egovpay_registers_age_seconds) > 7200", "1m",
            "A register was written two hours ago and its provider has not acknowledged it."),
        new("audit-violation", Urgency.Page, ["egovpay.job.failed"], "max(egovpay_job_failed{egovpay_job=\"audit\"}) == 1", "0s",
            "The audit did not end well, by schedule or by hand with 1: an invariant does not hold, perhaps a gap in receipts."),
        new("job-failed", Urgency.Ticket, ["egovpay.job.failed"], "max by (egovpay_job) (egovpay_job_failed) == 1", "10m",
            "The last run of a job failed, and none has done its work since."),
        new("job-late", Urgency.Page, ["egovpay.job.late"], "max by (egovpay_job) (egovpay_job_late_seconds) > 900", "5m",
            "A job should have been run a quarter of an hour ago: no server runs jobs, or all are busy with others."),
        new("job-paused", Urgency.Ticket, ["egovpay.job.paused"], "max by (egovpay_job) (egovpay_job_paused) == 1", "12h",
            "Somebody lets a job rest since yesterday; perhaps it was forgotten."),
        new("break-too-old", Urgency.Ticket, ["egovpay.breaks.age", "egovpay.breaks.open", Limit],
            $"max(egovpay_breaks_age_days) > {Limited("break-too-old")}", "1m",
            "A break is open for longer than it may be."),
        new("money-at-risk", Urgency.Page, ["egovpay.breaks.at_risk", Limit],
            $"max by () (sum by (instance) (egovpay_breaks_at_risk)) > {Limited("money-at-risk")}", "10m",
            "Open breaks are about more money than they may be."),
        new("payout-unanswered", Urgency.Ticket,
            ["egovpay.payouts.unanswered", "egovpay.payouts.unanswered_amount", "egovpay.payouts.unanswered_age", Limit],
            $"max(egovpay_payouts_unanswered_age_days) > {Limited("payout-unanswered")}", "1m",
            "A bank was told of a payout and has not said whether it is paid."),
        new("agent-overdue", Urgency.Ticket, ["egovpay.agents.overdue", "egovpay.agents.overdue_amount"],
            "max(egovpay_agents_overdue) > 0", "1m",
            "An agent who settles afterwards has not paid in time."),
        new("dead-letters", Urgency.Ticket, ["egovpay.telling.dead"], "max(egovpay_telling_dead) > 0", "1m",
            "Somebody who subscribed was not reached for a day."),
        new("telling-late", Urgency.Ticket, ["egovpay.telling.age", "egovpay.telling.waiting"],
            "max(egovpay_telling_age_seconds) > 900", "5m", "An event has not reached its receiver for a quarter of an hour."),
        new("attack-on-keys", Urgency.Page, ["egovpay.refusals"],
            "sum(increase(egovpay_refusals_total{egovpay_refusal=~\"not-authenticated|signature-invalid|replayed\"}[10m])) > 300", "0s",
            "Somebody tries keys, signatures or replays, or a terminal has lost its key."),
        new("overloaded", Urgency.Page, ["egovpay.refusals"],
            "sum(rate(egovpay_refusals_total{egovpay_refusal=\"overloaded\"}[2m])) > 1", "2m",
            "Requests are refused because too many are under way, here or at one provider."),
        new("answers-slow", Urgency.Ticket, ["http.server.request.duration"],
            "histogram_quantile(0.99, sum by (le) (rate(http_server_request_duration_seconds_bucket{"
            + "http_route=\"/v1/payments/{reference}\",http_request_method=\"PUT\"}[5m]))) > 10", "10m",
            "One payment in a hundred waits more than ten seconds for its answer."),
        new("background-failing", Urgency.Ticket, [LogEvents],
            "sum by (egovpay_log_id) (increase(egovpay_log_events_total{egovpay_log_id=~\"1200|1202|1401|2013|3020|3050\"}[15m])) > 10",
            "0s", "Work that nobody waits for fails again and again."),
        new("figures-old", Urgency.Ticket, ["egovpay.book.age"], "max by (instance) (egovpay_book_age_seconds) > 120", "1m",
            "Gauges of the database show what was two minutes ago; other alarms may be silent by it."),
        new("clock-skew", Urgency.Ticket, ["egovpay.clock.offset"], "max by (instance) (abs(egovpay_clock_offset_seconds)) > 2", "2m",
            "A node's clock and the database's are more than two seconds apart."),
        new("certificate-ends", Urgency.Ticket, ["egovpay.certificate.remaining"],
            "min by (egovpay_use) (egovpay_certificate_remaining_seconds) < 1209600", "1m",
            "A certificate ends in less than two weeks."),
        new("server-certificate-ends", Urgency.Page, ["egovpay.certificate.remaining"],
            "min by (instance) (egovpay_certificate_remaining_seconds{egovpay_use=\"server\"}) < 259200", "1m",
            "The certificate of the server ends in less than three days; after it no terminal connects."),
        new("terminal-locked-out", Urgency.Ticket, ["egovpay.lockouts.active"],
            "max by (instance) (egovpay_lockouts_active{egovpay_lockout_kind=\"signature\"}) > 0", "1m",
            "A terminal with a good key and bad signatures is kept out."),
        new("many-locked-out", Urgency.Page, ["egovpay.lockouts", "egovpay.lockouts.active"],
            "sum by (instance) (egovpay_lockouts_active) > 50 or sum by (instance) (increase(egovpay_lockouts_total[10m])) > 1000", "2m",
            "Many are kept out at once, or go on guessing though they are."),
        new("error-logged", Urgency.Ticket, [LogEvents], Logged(null), "0s",
            "Something was logged as an error; the table of log events says what it needs."),
    ];

    /// <summary>The rules as Prometheus loads them.</summary>
    public static string Yaml()
    {
        var text = new StringBuilder(
            "# Made from Terminals/Observing/Alarms.cs, and compared with it by a test. Each alarm's page is in RUNBOOK.md.\n"
            + "groups:\n  - name: egovpay\n    rules:\n");
        foreach (var alarm in All.Where(alarm => alarm.Rule is not null))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"""
                      - alert: {alarm.Name}
                        expr: {Quoted(alarm.Rule!)}
                        for: {alarm.For}
                        labels:
                          severity: {alarm.Urgency.ToString().ToLowerInvariant()}
                        annotations:
                          summary: {Quoted(alarm.Means)}
                          runbook: 'RUNBOOK.md#{alarm.Name}'

                """);
        }

        return text.ToString();
    }

    /// <summary>The table at the top of RUNBOOK.md.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder("| alarm | urgency | means | stands on |\n|---|---|---|---|\n");
        foreach (var alarm in All)
        {
            var measures = alarm.Measures.Length == 0 ? "–" : string.Join(", ", alarm.Measures.Select(name => $"`{name}`"));
            text.Append(
                CultureInfo.InvariantCulture,
                $"| [{alarm.Name}](#{alarm.Name}) | {alarm.Urgency.ToString().ToLowerInvariant()} | {alarm.Means} | {measures} |\n");
        }

        return text.ToString();
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Unready(string reason) => $"max by (instance) (egovpay_unready{{egovpay_reason=\"{reason}\"}}) == 1";

    /// <summary>A limit of the settings; of nodes that do not agree the least.</summary>
    private static string Limited(string alarm) => $"min(egovpay_alarm_limit{{egovpay_alarm=\"{alarm}\"}})";

    private static string Grew(string counter, string time) => $"sum(increase({counter}[{time}])) > 0";

    /// <summary>A series that was not there before begins above zero, which is no increase to Prometheus.</summary>
    private static string Logged(string? ids)
    {
        var which = "egovpay_log_events_total{" + (ids is null
            ? "egovpay_log_level=~\"Error|Critical\"}"
            : $"egovpay_log_id=~\"{ids}\"}}");
        return $"sum by (egovpay_log_id, egovpay_log_event) (increase({which}[15m])) > 0 or ({which} unless {which} offset 15m)";
    }
}
