using EGovPay.Processing.Journal;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.StateMachine;
using EGovPay.Processing.Telling;
using NodaTime;
using NodaTime.Text;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Audit;

/// <summary>What an agent's payments and transfers add up to as of a cut, qəpik.</summary>
internal sealed record AgentSums
{
    public long Held { get; set; }

    public long Posted { get; set; }

    public long Credits { get; set; }

    public void Add(AgentSums other)
    {
        Held += other.Held;
        Posted += other.Posted;
        Credits += other.Credits;
    }

    public bool Agree(FundsAtCut funds) =>
        funds.Pending == Held && funds.Posted == Posted && funds.Credits == Credits;
}

/// <summary>One agent's payments, part by part: each part is a run of numbers and is judged in one snapshot.</summary>
internal sealed class AuditAgent(Snapshots snapshots, Findings findings)
{
    private const int SmallestPart = 500;
    private const int LargestPart = 20_000;
    private const int ReferencesAtOnce = 20_000;

    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan VeryShort = TimeSpan.FromSeconds(0.3);
    private static readonly string Bound = Sql.Load("Audit/Bound.sql");
    private static readonly string Events = Sql.Load("Audit/Events.sql");
    private static readonly string TransfersOf = Sql.Load("Audit/Transfers.sql");
    private static readonly string DayTotals = Sql.Load("Audit/DayTotals.sql");
    private static readonly string TotalsOfAgent = Sql.Load("Audit/TotalsOfAgent.sql");
    private static readonly string Receipts = Sql.Load("Audit/Receipts.sql");
    private static readonly string References = Sql.Load("Audit/References.sql");
    private static readonly string TellingOf = Sql.Load("Audit/Telling.sql");

    private static readonly short[] EdgeIds = [.. Transitions.All.Select(edge => edge.Id)];
    private static readonly short[] EdgeFrom = [.. Transitions.All.Select(edge => (short)edge.From)];
    private static readonly short[] EdgeTo = [.. Transitions.All.Select(edge => (short)edge.To)];
    private static readonly short[] EdgeMoney = [.. Transitions.All.Select(edge => (short)edge.Money)];
    private static readonly bool[] EdgeNumbered = [.. Transitions.All.Select(RecordBatch.IsNumbered)];
    private static readonly bool[] EdgeTwoPeople = [.. Transitions.All.Select(edge => edge.TwoPeople)];

    private static readonly short[] EdgesTold = [.. Announcement.All.Select(one => one.EdgeId)];
    private static readonly string[] TypesTold = [.. Announcement.All.Select(one => one.Type)];
    private static readonly bool[] ToldToProviders = [.. Announcement.All.Select(one => one.ToProvider)];

    private int part = 5_000;

    /// <summary>Payments judged so far.</summary>
    public long Payments { get; private set; }

    /// <summary>Transfers judged so far.</summary>
    public long Transfers { get; private set; }

    /// <summary>Judges an agent's payments, movements and totals, and meets its receipts. Returns its sums as of the cut.</summary>
    public async Task<AgentSums> RunAsync(
        AuditedAgent agent, LaneCut cut, ReceiptsOfLane receipts, Action partDone, CancellationToken cancel)
    {
        var sums = new AgentSums();
        var totals = new Dictionary<(LocalDate Day, int Account), (long Debits, long Credits, long Transfers)>();
        await PartsAsync(agent, async (after, upTo) =>
        {
            sums.Add(await JudgeAsync(agent, cut, after, upTo, findings, cancel));
            await AddTotalsAsync(agent, cut, after, upTo, totals, cancel);
            await MeetReceiptsAsync(agent, cut, after, upTo, receipts, cancel);
            await CheckPartsAsync(agent, after, upTo, cancel);
            partDone();
        }, cancel);
        await ReferencesAsync(agent, cancel);
        await CompareTotalsAsync(agent, cut, totals, cancel);
        return sums;
    }

    /// <summary>Only the sums, as of another cut; what is wrong has been told already.</summary>
    public async Task<AgentSums> SumAsync(AuditedAgent agent, LaneCut cut, CancellationToken cancel)
    {
        var sums = new AgentSums();
        var (payments, transfers) = (Payments, Transfers);
        await PartsAsync(
            agent, async (after, upTo) => sums.Add(await JudgeAsync(agent, cut, after, upTo, new Findings(), cancel)), cancel);
        (Payments, Transfers) = (payments, transfers);
        return sums;
    }

    /// <summary>Only the receipts, as of another cut.</summary>
    public Task ReceiptsAsync(AuditedAgent agent, LaneCut cut, ReceiptsOfLane receipts, CancellationToken cancel) =>
        PartsAsync(agent, (after, upTo) => MeetReceiptsAsync(agent, cut, after, upTo, receipts, cancel), cancel);

    /// <summary>Cuts the line of numbers into parts with about equally many payments, without a hole between them.</summary>
    private async Task PartsAsync(AuditedAgent agent, Func<long, long, Task> judge, CancellationToken cancel)
    {
        var after = long.MinValue;
        while (after < long.MaxValue)
        {
            var took = await snapshots.JoinAsync(async () =>
            {
                await using var find = snapshots.Command(Bound, agent.Id, after, part - 1);
                var upTo = await find.ExecuteScalarAsync(cancel) as long? ?? long.MaxValue;
                await judge(after, upTo);
                after = upTo;
            }, cancel);
            part = took > TooLong ? Math.Max(SmallestPart, part / 2)
                : took < VeryShort ? Math.Min(LargestPart, part * 2)
                : part;
        }
    }

    private async Task<AgentSums> JudgeAsync(
        AuditedAgent agent, LaneCut cut, long after, long upTo, Findings told, CancellationToken cancel)
    {
        var sums = new AgentSums();
        await using (var events = snapshots.Command(
            Events, agent.Id, after, upTo, At(cut), EdgeIds, EdgeFrom, EdgeTo, EdgeNumbered, EdgeTwoPeople))
        {
            await ReadAsync(events, agent, told, Measure, cancel);
        }

        await using var transfers = snapshots.Command(
            TransfersOf, agent.Id, after, upTo, At(cut), EdgeIds, EdgeMoney);
        await ReadAsync(transfers, agent, told, Measure, cancel);
        await using var telling = snapshots.Command(
            TellingOf, agent.Id, after, upTo, At(cut), EdgesTold, TypesTold, ToldToProviders);
        await ReadAsync(telling, agent, told, Measure, cancel);
        return sums;

        void Measure(string name, long count)
        {
            switch (name)
            {
                case "+held":
                    sums.Held += count;
                    break;
                case "+posted":
                    sums.Posted += count;
                    break;
                case "+credits":
                    sums.Credits += count;
                    break;
                case "+payments":
                    Payments += count;
                    told.Check(Findings.Acceptance, count);
                    break;
                case "+transfers":
                    Transfers += count;
                    Count(told, count, Findings.Transfers, Findings.Entries, Findings.Windows, Findings.BusinessDays, Findings.Orphans);
                    break;
                case "+events":
                    Count(told, count, Findings.Events, Findings.Orphans);
                    break;
                case "+receipts":
                    told.Check(Findings.BusinessDays, count);
                    break;
                case "+cash":
                    told.Check(Findings.ToReturn, count);
                    break;
                default:
                    // '+unknown', '+claims', '+two-people', '+movements', '+telling', '+contradictions' are named like their invariant.
                    told.Check(name[1..], count);
                    break;
            }
        }
    }

    private static async Task ReadAsync(
        NpgsqlCommand command, AuditedAgent agent, Findings told, Action<string, long> measure, CancellationToken cancel)
    {
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var about = row.GetString(0);
            if (about[0] == '+')
            {
                measure(about, row.GetInt64(1));
                continue;
            }

            var numbers = row.GetFieldValue<long[]>(2);
            var whats = row.GetFieldValue<string[]>(3);
            told.Fault(about, row.GetInt64(1), numbers.Zip(whats, (number, what) => new AuditOffender(agent.Id, number, what)));
        }
    }

    private async Task AddTotalsAsync(
        AuditedAgent agent, LaneCut cut, long after, long upTo,
        Dictionary<(LocalDate Day, int Account), (long Debits, long Credits, long Transfers)> totals, CancellationToken cancel)
    {
        await using var read = snapshots.Command(DayTotals, agent.Id, after, upTo, At(cut));
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var key = (row.GetLocalDate(0), row.GetInt32(1));
            var sum = totals.GetValueOrDefault(key);
            totals[key] = (sum.Debits + row.GetInt64(2), sum.Credits + row.GetInt64(3), sum.Transfers + row.GetInt64(4));
        }
    }

    private async Task CompareTotalsAsync(
        AuditedAgent agent, LaneCut cut,
        Dictionary<(LocalDate Day, int Account), (long Debits, long Credits, long Transfers)> totals, CancellationToken cancel)
    {
        var totalled = new HashSet<LocalDate>();
        await snapshots.WalkAsync(async () =>
        {
            await using (var days = snapshots.Command(
                "select day from business_day where closed_at <= $1 and totalled_at is not null", At(cut)))
            await using (var day = await days.ExecuteReaderAsync(cancel))
            {
                while (await day.ReadAsync(cancel))
                {
                    totalled.Add(day.GetLocalDate(0));
                }
            }

            await using var read = snapshots.Command(TotalsOfAgent, agent.Id, At(cut));
            await using var row = await read.ExecuteReaderAsync(cancel);
            while (await row.ReadAsync(cancel))
            {
                var key = (row.GetLocalDate(0), row.GetInt32(1));
                findings.Check(Findings.DayTotals);
                if (!totals.Remove(key, out var sum) || sum != (row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)))
                {
                    Wrong(key, "is not the sum of the day's transfers");
                }
            }
        }, cancel);
        foreach (var key in totals.Keys.Where(key => totalled.Contains(key.Day)))
        {
            Wrong(key, "is missing");
        }

        void Wrong((LocalDate Day, int Account) key, string what) => findings.Fault(
            Findings.DayTotals, agent.Id, null, $"the total of account {key.Account} on {LocalDatePattern.Iso.Format(key.Day)} {what}");
    }

    private async Task MeetReceiptsAsync(
        AuditedAgent agent, LaneCut cut, long after, long upTo, ReceiptsOfLane receipts, CancellationToken cancel)
    {
        await using var read = snapshots.Command(Receipts, agent.Id, after, upTo, At(cut));
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            receipts.Meet(agent.Id, row.GetInt64(0), row.GetLocalDate(1), row.GetInt32(2));
        }
    }

    /// <summary>In an agent of several parts a reference must lie where its hash says: there, and only there, it is looked for.</summary>
    private async Task CheckPartsAsync(AuditedAgent agent, long after, long upTo, CancellationToken cancel)
    {
        if (agent.Parts == 1)
        {
            return;
        }

        await using var read = snapshots.Command(
            "select p.number, p.reference from payment p where p.agent_id = $1 and p.number > $2 and p.number <= $3",
            agent.Id, after, upTo);
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            if (agent.FirstPart + Lanes.Part(row.GetString(1), agent.Parts) != agent.Id)
            {
                findings.Fault(Findings.References, agent.Id, row.GetInt64(0), "lies in another part than its reference names");
            }
        }
    }

    private async Task ReferencesAsync(AuditedAgent agent, CancellationToken cancel)
    {
        string? last = null;
        do
        {
            var after = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)last ?? DBNull.Value };
            last = null;
            await snapshots.WalkAsync(async () =>
            {
                await using var read = snapshots.Command(References, agent.Id, after, ReferencesAtOnce);
                await using var row = await read.ExecuteReaderAsync(cancel);
                await row.ReadAsync(cancel);
                last = row.IsDBNull(0) ? null : row.GetString(0);
                findings.Check(Findings.References, row.GetInt64(1));
                if (row.GetInt64(2) > 0)
                {
                    findings.Fault(
                        Findings.References, row.GetInt64(2),
                        row.GetFieldValue<long[]>(3).Select(n => new AuditOffender(agent.Id, n, "has the reference of another payment")));
                }
            }, cancel);
        }
        while (last is not null);
    }

    private static NpgsqlParameter At(LaneCut cut) => new() { NpgsqlDbType = NpgsqlDbType.TimestampTz, Value = cut.At };

    private static void Count(Findings told, long things, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            told.Check(name, things);
        }
    }
}
