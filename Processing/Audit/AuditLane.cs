using System.Collections;
using EGovPay.Processing.Journal;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Receipts;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Processing.Audit;

/// <summary>An agent's funds as they stood at a cut, qəpik.</summary>
internal sealed record FundsAtCut(long Pending, long Posted, long Credits, long Limit);

/// <summary>How a lane stood at a moment at which nothing was written on it.</summary>
internal sealed record LaneCut(DateTime At, Dictionary<int, FundsAtCut> Funds, Dictionary<(LocalDate Day, int Generation), SeriesGiven> Series);

/// <summary>
/// One lane: its agents' payments part by part, their funds as of the lane's cut, and the lane's receipt series. A mismatch of
/// sums is looked at again with a new cut before it counts: a server's clock may have been set back meanwhile.
/// </summary>
internal static class AuditLane
{
    private static readonly FundsAtCut None = new(0, 0, 0, 0);
    private static readonly string Funds = Sql.Load("Audit/Funds.sql");

    public static async Task RunAsync(
        int lane, AuditedAgent[] agents, Snapshots snapshots, Findings findings, AuditAgent book, Action<int> agentDone,
        CancellationToken cancel)
    {
        var cut = await CutAsync(lane, agents, snapshots, cancel);
        var receipts = new ReceiptsOfLane(cut.Series);
        foreach (var agent in agents)
        {
            var sums = await book.RunAsync(agent, cut, receipts, () => agentDone(0), cancel);
            await CompareFundsAsync(agent, cut, sums, snapshots, findings, book, cancel);
            agentDone(1);
        }

        if (!receipts.Whole)
        {
            cut = await CutAsync(lane, agents, snapshots, cancel);
            receipts = new ReceiptsOfLane(cut.Series);
            foreach (var agent in agents)
            {
                await book.ReceiptsAsync(agent, cut, receipts, cancel);
            }
        }

        receipts.Tell(lane, findings);
    }

    private static async Task CompareFundsAsync(
        AuditedAgent agent, LaneCut cut, AgentSums sums, Snapshots snapshots, Findings findings, AuditAgent book,
        CancellationToken cancel)
    {
        var funds = cut.Funds.GetValueOrDefault(agent.Id, None);
        for (var again = 0; again < 2 && !sums.Agree(funds); again++)
        {
            cut = await CutAsync(agent.Lane, [agent], snapshots, cancel);
            funds = cut.Funds.GetValueOrDefault(agent.Id, None);
            sums = await book.SumAsync(agent, cut, cancel);
        }

        findings.Check(Findings.Held);
        if (funds.Pending != sums.Held)
        {
            findings.Fault(Findings.Held, agent.Id, null, $"{funds.Pending} qəpik is held and {sums.Held} qəpik is not final");
        }

        findings.Check(Findings.Sums, 2);
        if (funds.Posted != sums.Posted)
        {
            findings.Fault(
                Findings.Sums, agent.Id, null, $"{funds.Posted} qəpik is posted and transfers take {sums.Posted} qəpik");
        }

        if (funds.Credits != sums.Credits)
        {
            findings.Fault(
                Findings.Sums, agent.Id, null, $"{funds.Credits} qəpik is credited and transfers bring {sums.Credits} qəpik");
        }

        findings.Check(Findings.Overdrawn);
        if ((Int128)funds.Pending + funds.Posted > (Int128)funds.Credits + funds.Limit || funds.Pending < 0)
        {
            findings.Fault(
                Findings.Overdrawn, agent.Id, null,
                $"{funds.Pending} held and {funds.Posted} posted of {funds.Credits} and a limit of {funds.Limit} qəpik");
        }
    }

    private static async Task<LaneCut> CutAsync(
        int lane, AuditedAgent[] agents, Snapshots snapshots, CancellationToken cancel)
    {
        var funds = new Dictionary<int, FundsAtCut>();
        var series = new Dictionary<(LocalDate Day, int Generation), SeriesGiven>();
        var moment = default(DateTime);
        await snapshots.CutAsync(lane, async at =>
        {
            moment = at;
            await using (var read = snapshots.Command(Funds, agents.Select(agent => agent.Id).ToArray()))
            await using (var row = await read.ExecuteReaderAsync(cancel))
            {
                while (await row.ReadAsync(cancel))
                {
                    funds[row.GetInt32(0)] = new FundsAtCut(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4));
                }
            }

            await using var last = snapshots.Command(
                "select s.business_day, s.series / 16, s.last, array(select r.start from receipt_run r "
                + "where r.business_day = s.business_day and r.generation = s.series / 16 order by r.start) "
                + "from receipt_series s where s.series % 16 = $1", (short)lane);
            await using var one = await last.ExecuteReaderAsync(cancel);
            while (await one.ReadAsync(cancel))
            {
                series[(one.GetLocalDate(0), one.GetInt32(1))] =
                    new SeriesGiven(one.GetInt32(2), one.GetFieldValue<int[]>(3));
            }
        }, cancel);
        return new LaneCut(moment, funds, series);
    }
}

/// <summary>A series of a day: its last number, and after which numbers it was counted on anew, in order.</summary>
internal sealed record SeriesGiven(int Last, IReadOnlyList<int> Starts)
{
    /// <summary>The runs of numbers, each whole but for what a restore cut off the end of all but the last.</summary>
    public IEnumerable<(int After, int UpTo, bool IsLast)> Runs
    {
        get
        {
            int[] starts = Starts is [] or [> 0, ..] ? [0, .. Starts] : [.. Starts];
            var met = starts.Where(start => start < Last).ToArray();
            for (var i = 0; i < met.Length; i++)
            {
                var isLast = i == met.Length - 1;
                yield return (met[i], isLast ? Last : met[i + 1], isLast);
            }
        }
    }
}

/// <summary>
/// Which numbers of a lane's receipt series have been met: a bit for each. A thousand million payments over 16 lanes are
/// 8 MB at a time.
/// </summary>
internal sealed class ReceiptsOfLane(Dictionary<(LocalDate Day, int Generation), SeriesGiven> last)
{
    private const int Generations = ReceiptNumber.MaxCounter + 1;

    private readonly Dictionary<(LocalDate Day, int Generation), BitArray> met =
        last.ToDictionary(day => day.Key, day => new BitArray(day.Value.Last));

    private readonly List<AuditOffender> strange = [];
    private long strangers;

    /// <summary>Receipt numbers met.</summary>
    public long Given { get; private set; }

    /// <summary>No gap and no repeat.</summary>
    public bool Whole => strangers == 0 && last.Keys.All(series => !Missing(series).Any());

    public void Meet(int agentId, long number, LocalDate day, int counter)
    {
        Given++;
        var (generation, position) = Math.DivRem(counter, Generations);
        counter = position;
        if (!met.TryGetValue((day, generation), out var bits) || counter < 1 || counter > bits.Length)
        {
            Note(agentId, number, $"has receipt {counter} of {Text(day)}, which was never given out");
        }
        else if (bits[counter - 1])
        {
            Note(agentId, number, $"has receipt {counter} of {Text(day)}, which another payment of its series has");
        }
        else
        {
            bits[counter - 1] = true;
        }
    }

    /// <summary>Tells what is strange, and each number that no payment has.</summary>
    public void Tell(int lane, Findings findings)
    {
        findings.Check(Findings.Receipts, Given);
        findings.Fault(Findings.Receipts, strangers, strange);
        foreach (var series in last.Keys)
        {
            foreach (var counter in Missing(series))
            {
                findings.Fault(
                    Findings.Receipts, null, null,
                    $"no payment has receipt {counter} of {Text(series.Day)}, series {lane + (Lanes.Count * series.Generation)}");
            }
        }
    }

    /// <summary>
    /// Numbers that no payment has and one should: what a restore lost of a run is the end of it, and the run after it begins further on.
    /// </summary>
    private IEnumerable<int> Missing((LocalDate Day, int Generation) series)
    {
        var bits = met[series];
        foreach (var (after, upTo, isLast) in last[series].Runs)
        {
            var end = upTo;
            while (!isLast && end > after && !bits[end - 1])
            {
                end--;
            }

            for (var counter = after + 1; counter <= end; counter++)
            {
                if (!bits[counter - 1])
                {
                    yield return counter;
                }
            }
        }
    }

    private void Note(int agentId, long number, string what)
    {
        strangers++;
        if (strange.Count < AuditReport.OffenderLimit)
        {
            strange.Add(new AuditOffender(agentId, number, what));
        }
    }

    private static string Text(LocalDate day) => LocalDatePattern.Iso.Format(day);
}
