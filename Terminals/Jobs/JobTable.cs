using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Audit;
using EGovPay.Providers.Register;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Jobs;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using EGovPay.Terminals.Telling;
using NodaTime.Text;

namespace EGovPay.Terminals.Jobs;

/// <summary>What jobs work with, on a server.</summary>
/// <param name="Registers">Writes, hands over and reads registers.</param>
/// <param name="Telling">Tells subscribers; its loop runs beside.</param>
/// <param name="Incoming">The watched folder, absolute.</param>
/// <param name="JobDays">Days that runs are remembered.</param>
internal sealed record JobTools(Engine Engine, DeliverRegisters Registers, TellEveryone Telling, string Incoming, int JobDays);

/// <summary>
/// Everything that is done by itself at its times, in one table: name, when (Baku time, bank days), method. The methods do what is due and
/// nothing twice, so that asking for a run now, or two of them, harms nobody.
/// </summary>
internal static class JobTable
{
    /// <summary>The table.</summary>
    /// <param name="tools">Null: only to be looked at; nothing of it can be run here.</param>
    public static IReadOnlyList<Job> Of(JobTools? tools)
    {
        JobTools Here() => tools ?? throw new InvalidOperationException("Jobs run on a server.");
        return
        [
            new("close-days", "0 5 0 * * ?", false, "sees to it that business days that are over are closed, totalled and sealed",
                (run, cancel) => CloseDaysAsync(Here(), run, cancel)),
            new("send-registers", "10/20 * * * * ?", false, "writes registers of closed windows, hands them over, reads acknowledgements",
                (run, cancel) => SendRegistersAsync(Here(), run, cancel)),
            new("propose-payouts", "0 10 9,14,16 * * ?", true, "proposes payouts of closed windows, for a person to approve",
                (run, cancel) => ProposePayoutsAsync(Here(), run.AskedBy, cancel)),
            new("import-files", "30 * * * * ?", false, "imports statements, registers, reports and banks' answers from the watched folder",
                (run, cancel) => ImportFilesAsync(Here(), run, cancel)),
            new("reconcile", "15 0/5 * * * ?", false, "compares our ledger with the registers that came, opens and closes breaks",
                (run, cancel) => ReconcileAsync(Here(), run, cancel)),
            new("reconcile-bank", "25 0/5 * * * ?", false, "compares payouts and deposits with new statements, opens and closes breaks",
                (run, cancel) => ReconcileBankAsync(Here(), run, cancel)),
            new("deliver-outbox", "5 * * * * ?", false, "tells subscribers what is due and gives up what nobody takes; the server tells at once beside it",
                (_, cancel) => DeliverOutboxAsync(Here(), cancel)),
            new("answers", "45 0/5 * * * ?", false, "puts back what banks refused to pay, and opens breaks for what was refused",
                (_, cancel) => AnswersAsync(Here(), cancel)),
            new("overdue-agents", "0 30 8 * * ?", false, "suspends agents who owe too long, where their terms say so, and lifts it when they paid",
                (_, cancel) => OverdueAgentsAsync(Here(), cancel)),
            new("lift-agents", "50 0/10 * * * ?", false, "lets agents go on who were suspended because they were late, and have paid",
                (_, cancel) => LiftAgentsAsync(Here(), cancel)),
            new("archive", "0 0 5 * * ?", false, "forgets what is kept for a time only: what was told, dead letters, payers' addresses, runs of jobs",
                (_, cancel) => ArchiveAsync(Here(), cancel)),
            new("audit", "0 30 4 * * ?", false, "checks every invariant of the books",
                (progress, cancel) => AuditAsync(Here(), progress, cancel)),
        ];
    }

    private static async Task<string> CloseDaysAsync(JobTools tools, JobProgress run, CancellationToken cancel)
    {
        var days = tools.Engine.Days;
        var left = await days.CatchUpAsync(run.TellAsync, cancel);
        if (left.Count > 0)
        {
            throw new InvalidOperationException(
                $"not closed, totalled and sealed: {string.Join(", ", left.Select(day => LocalDatePattern.Iso.Format(day)))}");
        }

        var open = await days.OpenDayAsync(cancel);
        return string.Create(CultureInfo.InvariantCulture, $"{open:uuuu-MM-dd} is open")
            + (await days.SealOfAsync(open.PlusDays(-1), cancel) is { } seal ? string.Create(
                CultureInfo.InvariantCulture, $"; {seal.Day:uuuu-MM-dd} is sealed over {seal.Transfers} transfers: {seal.HashText}") : "");
    }

    private static async Task<string> SendRegistersAsync(JobTools tools, JobProgress run, CancellationToken cancel)
    {
        var round = await tools.Registers.RoundAsync(null, run.TellAsync, cancel);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{round.Written} written, {round.HandedOver} handed over, {round.Acknowledged} acknowledged, {round.RejectedLines} lines rejected");
    }

    private static async Task<string> ProposePayoutsAsync(JobTools tools, string? askedBy, CancellationToken cancel)
    {
        var engine = tools.Engine;
        var today = Baku.DateOf(engine.Clock.GetCurrentInstant());
        if (await PayoutTerms.ReadAsync(engine.Database, engine.Catalogue.Current, today, cancel) is not { } terms)
        {
            return "no settlement terms are in force: nobody can be paid";
        }

        if (await ScheduledPerson.InAsync(engine.Database, askedBy, cancel) is not { } by)
        {
            return askedBy is not null ? $"'{askedBy}' asked, and does not propose payouts: finance does. Nothing was proposed"
                : $"'{ScheduledPerson.Login}' is disabled, or there is nobody yet: nothing was proposed";
        }

        var round = await new ProposePayouts(engine.Database, engine.Proposals, engine.Postings).RoundAsync(
            by, terms, await PayoutTerms.ExecutionDayAsync(engine.Database, today, cancel), cancel: cancel);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{round.Proposals.Count} proposed, {round.Carried.Count} carried into the next window, {round.WithoutTerms.Count} without terms, "
            + $"{round.Withdrawn.Count} withdrawn");
    }

    private static async Task<string> ImportFilesAsync(JobTools tools, JobProgress run, CancellationToken cancel)
    {
        var round = await new ImportFolder(tools.Engine.Database, tools.Incoming, tools.Engine.Clock).RoundAsync(run.TellAsync, cancel);
        if (round.Elsewhere)
        {
            return "another server is at it";
        }

        // What banks refused is put back at once, where one said so.
        var returned = round.Files.Any(
            file => file.Verdict == FileVerdict.Imported && file.Path.StartsWith("statuses/", StringComparison.Ordinal))
            ? "; " + await AnswersAsync(tools, cancel) : "";
        return string.Create(
                CultureInfo.InvariantCulture,
                $"{round.Files.Count(file => file.Verdict == FileVerdict.Imported)} read, {round.Files.Count(file => file.Verdict == FileVerdict.KnownBefore)} "
                + $"known before, {round.Files.Count(file => file.Verdict is FileVerdict.Refused or null)} refused, "
                + $"{round.Waiting} not complete yet{returned}");
    }

    private static async Task<string> ReconcileAsync(JobTools tools, JobProgress run, CancellationToken cancel)
    {
        var done = (await new ReconcileDue(tools.Engine).RoundAsync("engine", run.TellAsync, cancel)).Where(one => one.Found is not null).ToList();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{done.Count} registers compared, {done.Sum(one => one.Found!.Matched)} lines match, {done.Sum(one => one.Found!.Settled)} unknown "
            + $"settled, {done.Sum(one => one.Found!.Breaks)} differences");
    }

    private static async Task<string> ReconcileBankAsync(JobTools tools, JobProgress run, CancellationToken cancel)
    {
        if (await TermsStore.TodayAsync(tools.Engine.Database, tools.Engine.Clock, cancel) is not { } terms)
        {
            return "no settlement terms are in force: no account is ours";
        }

        return await new ReconcileBank(tools.Engine) { Tell = run.TellAsync }.RunDueAsync(terms, "engine", cancel) is not { } done ? "nothing was due"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{done.Lines} bookings compared, {done.Matched} match, {done.Breaks} differences, {done.Closed} breaks are gone");
    }

    private static async Task<string> DeliverOutboxAsync(JobTools tools, CancellationToken cancel)
    {
        var (begun, givenUp) = await tools.Telling.TellDueAsync(cancel);
        var now = await tools.Engine.Deliveries.FiguresAsync(cancel);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{begun} attempts, {givenUp} given up; {now.Waiting} events and {now.OnTheWay} deliveries wait, {now.Dead} dead letters");
    }

    private static async Task<string> ArchiveAsync(JobTools tools, CancellationToken cancel)
    {
        var gone = await tools.Engine.Deliveries.ForgetAsync(cancel);
        var runs = await new JobRuns(tools.Engine.Database).ForgetAsync(tools.JobDays, cancel);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"forgotten: {gone.Told} records of telling, {gone.DeadLetters} dead letters, {gone.Contacts} payers' addresses, {runs} runs of jobs");
    }

    private static async Task<string> AnswersAsync(JobTools tools, CancellationToken cancel)
    {
        int opened;
        IReadOnlyList<long> returned;
        try
        {
            returned = await new ImportPaymentStatus(tools.Engine.Database, tools.Engine.Postings).FinishReturnsAsync(cancel);
        }
        finally
        {
            // One that cannot be put back keeps no break from being opened.
            opened = await new AnsweredBreaks(tools.Engine.Database).RoundAsync(cancel);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{returned.Count} payouts put back, {opened} breaks opened");
    }

    private static async Task<string> OverdueAgentsAsync(JobTools tools, CancellationToken cancel)
    {
        var today = Baku.DateOf(tools.Engine.Clock.GetCurrentInstant());
        var terms = await TermsStore.TodayAsync(tools.Engine.Database, tools.Engine.Clock, cancel);
        var round = await new OverdueAgents(tools.Engine.Database).RoundAsync(terms, today, cancel);
        return string.Create(
            CultureInfo.InvariantCulture, $"{round.Suspended.Count} suspended, {round.Lifted.Count} let go on");
    }

    private static async Task<string> LiftAgentsAsync(JobTools tools, CancellationToken cancel)
    {
        var today = Baku.DateOf(tools.Engine.Clock.GetCurrentInstant());
        var terms = await TermsStore.TodayAsync(tools.Engine.Database, tools.Engine.Clock, cancel);
        var lifted = await new OverdueAgents(tools.Engine.Database).LiftAsync(terms, today, cancel);
        return string.Create(CultureInfo.InvariantCulture, $"{lifted.Count} let go on");
    }

    private static async Task<string> AuditAsync(JobTools tools, JobProgress progress, CancellationToken cancel)
    {
        // The audit tells how far it is and does not wait to have it written.
        var told = Task.CompletedTask;
        var report = await AuditBooks.RunAsync(
            tools.Engine.Database,
            at =>
            {
                if (told.IsCompleted)
                {
                    told = progress.TellAsync(
                        (int)(100L * at.AgentsDone / Math.Max(1, at.Agents)),
                        string.Create(CultureInfo.InvariantCulture, $"{at.AgentsDone} of {at.Agents} agents"));
                }
            },
            cancel);
        await told;
        return report.Violations == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{report.Payments} payments, {report.Transfers} transfers, no violation")
            : throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture, $"{report.Violations} violations: run `egovpay audit` and call whoever keeps the books"));
    }
}
