using System.Diagnostics.Metrics;
using EGovPay.Processing;
using EGovPay.Processing.Observing;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Jobs;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Terms;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Observing;

/// <summary>From where on the finance staff is to be called.</summary>
/// <param name="BreakDays">Days that a break may be open.</param>
/// <param name="AtRiskQepik">Money at risk in all open breaks together.</param>
/// <param name="PayoutDays">Days after its execution day that a payout may be without the bank's last word.</param>
public sealed record SettlementLimits(int BreakDays, long AtRiskQepik, int PayoutDays);

/// <summary>What stood in the database when it was last asked.</summary>
internal sealed record SettlementNow(
    IReadOnlyList<BreakTotal> Breaks, IReadOnlyList<JobStatus> Jobs, IReadOnlySet<string> Failed, Instant At, long Payouts, long PayoutsQepik, int PayoutDays,
    IReadOnlyList<AgentStanding> Overdue);

/// <summary>
/// Settlement's gauges: breaks, jobs, payouts, agents who are late, and the limits from which they ring. Read once a minute while somebody
/// looks; who is late, every ten.
/// </summary>
public sealed class WatchSettlement : IAsyncDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "EGovPay.Settlement";

    private const int TimeoutSeconds = 30;

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private static readonly Duration Standings = Duration.FromMinutes(10);
    private static readonly string FailedJobs = Sql.Load("Observing/FailedJobs.sql");
    private static readonly string PayoutsUnanswered = Sql.Load("Observing/PayoutsUnanswered.sql");

    private readonly Engine engine;
    private readonly IReadOnlyList<Job> jobs;
    private readonly Meter meter;
    private readonly LookedAt<SettlementNow> looked;
    private (Instant At, IReadOnlyList<AgentStanding> Late)? standings;

    /// <summary>Makes the gauges. The meter's scope is the engine: a process may hold several.</summary>
    public WatchSettlement(Engine engine, IReadOnlyList<Job> jobs, SettlementLimits limits, ILogger log)
    {
        this.engine = engine;
        this.jobs = jobs;
        looked = new LookedAt<SettlementNow>(ReadNowAsync, Every, log);
        meter = new Meter(new MeterOptions(Name) { Scope = engine });
        MakeOfBreaks();
        MakeOfJobs();
        Figure("egovpay.payouts.unanswered", "{payout}", "Payouts of which a bank was told and said nothing final.", now => now.Payouts);
        Figure("egovpay.payouts.unanswered_amount", "{qepik}", "Their money.", now => now.PayoutsQepik);
        Figure("egovpay.payouts.unanswered_age", "d", "Days since the oldest execution day among them.", now => now.PayoutDays);
        Figure("egovpay.agents.overdue", "{agent}", "Agents who settle afterwards and are late.", now => now.Overdue.Count);
        Figure("egovpay.agents.overdue_amount", "{qepik}", "What they owe.", now => now.Overdue.Sum(one => one.OverdueQepik));
        meter.CreateObservableGauge(
            "egovpay.alarm.limit",
            () => new[]
            {
                Of(limits.BreakDays, "egovpay.alarm", "break-too-old"), Of(limits.AtRiskQepik, "egovpay.alarm", "money-at-risk"),
                Of(limits.PayoutDays, "egovpay.alarm", "payout-unanswered"),
            },
            "{limit}", "From where on an alarm rings, by the settings.");
    }

    /// <summary>Ends the gauges and the reading.</summary>
    public async ValueTask DisposeAsync()
    {
        meter.Dispose();
        await looked.DisposeAsync();
    }

    /// <summary>Reads now what the gauges show from here on.</summary>
    internal Task ReadAsync(CancellationToken cancel)
    {
        standings = null;
        return looked.ReadAsync(cancel);
    }

    private void MakeOfBreaks()
    {
        // Every band is shown, also where it is empty: what is not there is no zero to an alarm.
        meter.CreateObservableGauge(
            "egovpay.breaks.open", () => Bands(of => of.Sum(one => one.Breaks)), "{break}", "Breaks that are open, by their age.");
        meter.CreateObservableGauge(
            "egovpay.breaks.at_risk", () => Bands(of => of.Sum(one => one.AtRiskQepik)), "{qepik}", "Money at risk in them.");
        Figure(
            "egovpay.breaks.age", "d", "Days that the oldest is open.",
            now => now.Breaks.Count == 0 ? 0 : now.Breaks.Max(one => one.OldestDays));
    }

    private void MakeOfJobs()
    {
        meter.CreateObservableGauge(
            "egovpay.job.failed", () => Jobs((job, now) => now.Failed.Contains(job.Job.Name) ? 1 : 0), "{state}",
            "1: the last run of the job that ended failed.");
        meter.CreateObservableGauge(
            "egovpay.job.paused", () => Jobs((job, _) => job.PausedBy is null ? 0 : 1), "{state}", "1: somebody lets the job rest.");
        meter.CreateObservableGauge(
            "egovpay.job.late",
            () => Jobs((job, now) => job.NextAt is { } next ? Math.Max(0, (now.At - next).TotalSeconds) : 0), "s",
            "How long ago the job should have been run.");
    }

    private IEnumerable<Measurement<long>> Bands(Func<List<BreakTotal>, long> value) =>
        looked.Look() is not { } now ? []
        : Enum.GetValues<AgeBand>().Select(band => new Measurement<long>(
            value([.. now.Breaks.Where(one => one.Band == band)]), Tag("egovpay.band", Text(band))));

    private IEnumerable<Measurement<double>> Jobs(Func<JobStatus, SettlementNow, double> value) =>
        looked.Look() is { } now
            ? now.Jobs.Select(job => new Measurement<double>(value(job, now), Tag("egovpay.job", job.Job.Name))) : [];

    private void Figure(string name, string unit, string what, Func<SettlementNow, double> value) => meter.CreateObservableGauge(
        name, () => looked.Look() is { } now ? [new Measurement<double>(value(now))] : Array.Empty<Measurement<double>>(), unit, what);

    private async Task<SettlementNow> ReadNowAsync(CancellationToken cancel)
    {
        var database = engine.Database;
        var at = engine.Clock.GetCurrentInstant();
        var today = Baku.DateOf(at);
        var breaks = await new BreakBook(database).TotalsAsync(cancel: cancel);
        var states = await Schedule.LookAsync(jobs, database, cancel);
        var failed = await FailedAsync(cancel);
        if (standings is not { } known || at - known.At > Standings || at < known.At)
        {
            var terms = await TermsStore.TodayAsync(database, engine.Clock, cancel);
            known = (at, [.. (await new OverdueAgents(database).StandingsAsync(terms, today, cancel)).Where(one => one.OverdueQepik > 0)]);
            standings = known;
        }

        await using var command = database.CreateCommand(PayoutsUnanswered);
        command.CommandTimeout = TimeoutSeconds;
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = today.ToDateColumn() });
        await using var row = await command.ExecuteReaderAsync(cancel);
        await row.ReadAsync(cancel);
        return new SettlementNow(
            breaks, states, failed, at, row.GetInt64(0), row.GetInt64(1), row.GetInt32(2), known.Late);
    }

    private async Task<IReadOnlySet<string>> FailedAsync(CancellationToken cancel)
    {
        await using var command = engine.Database.CreateCommand(FailedJobs);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. jobs.Select(job => job.Name)] });
        await using var row = await command.ExecuteReaderAsync(cancel);
        var failed = new HashSet<string>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancel))
        {
            failed.Add(row.GetString(0));
        }

        return failed;
    }

    private static string Text(AgeBand band) => band switch
    {
        AgeBand.Fresh => "0-1",
        AgeBand.Week => "2-7",
        AgeBand.Month => "8-30",
        _ => "31+",
    };

    private static Measurement<long> Of(long value, string tag, string name) => new(value, Tag(tag, name));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
