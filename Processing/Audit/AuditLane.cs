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
internal sealed record LaneCut(DateTime At, Dictionary<int, FundsAtCut> Funds, Dictionary<(LocalDate Day, int Generation), int> Series);

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
        var series = new Dictionary<(LocalDate Day, int Generation), int>();
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
                "select business_day, series / 16, last from receipt_series where series % 16 = $1", (short)lane);
            await using var one = await last.ExecuteReaderAsync(cancel);
            while (await one.ReadAsync(cancel))
            {
                series[(one.GetLocalDate(0), one.GetInt32(1))] = one.GetInt32(2);
            }
        }, cancel);
        return new LaneCut(moment, funds, series);
    }
}

/// <summary>
/// Which numbers of a lane's receipt series have been met: a bit for each. A thousand million payments over 16 lanes are
/// 8 MB at a time.
/// </summary>
internal sealed class ReceiptsOfLane(Dictionary<(LocalDate Day, int Generation), int> last)
{
    private const int Generations = ReceiptNumber.MaxCounter + 1;

    private readonly Dictionary<(LocalDate Day, int Generation), BitArray> met =
        last.ToDictionary(day => day.Key, day => new BitArray(day.Value));

    private readonly List<AuditOffender> strange = [];
    private long strangers;

    /// <summary>Receipt numbers met.</summary>
    public long Given { get; private set; }

    /// <summary>No gap and no repeat.</summary>
    public bool Whole => strangers == 0 && met.Values.All(bits => bits.HasAllSet());

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
        foreach (var ((day, generation), bits) in met)
        {
            for (var i = 0; i < bits.Length; i++)
            {
                if (!bits[i])
                {
                    findings.Fault(
                        Findings.Receipts, null, null, $"no payment has receipt {i + 1} of {Text(day)}, series {lane + (Lanes.Count * generation)}");
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
