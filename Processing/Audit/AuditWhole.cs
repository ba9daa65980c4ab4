using EGovPay.Processing.Journal;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Receipts;
using EGovPay.Processing.StateMachine;
using NodaTime;
using NodaTime.Text;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Audit;

/// <summary>What is not any agent's own: the table of states, the days, who the agents are, numbers over all of them.</summary>
internal sealed class AuditWhole(Snapshots snapshots, Findings findings)
{
    private const int InquiriesAtOnce = 20_000;
    private const long SmallestRange = 5_000;
    private const long LargestRange = 400_000;

    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan VeryShort = TimeSpan.FromSeconds(0.3);
    private static readonly string AgentIds = Sql.Load("Audit/AgentIds.sql");
    private static readonly string Inquiries = Sql.Load("Audit/Inquiries.sql");
    private static readonly string Numbers = Sql.Load("Audit/Numbers.sql");
    private static readonly string Postings = Sql.Load("Audit/Postings.sql");
    private static readonly string Payouts = Sql.Load("Audit/Payouts.sql");
    private static readonly string NextNumber = Sql.Load("Audit/NextNumber.sql");

    public async Task StatesAsync(CancellationToken cancel)
    {
        var missing = Transitions.All.Select(Row).ToDictionary(row => row.Id, row => row);
        await using var read = snapshots.Command(
            "select edge_id, from_state, event, to_state, money, two_people, final from transition order by edge_id");
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var told = new EdgeRow(
                row.GetInt16(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4),
                row.GetBoolean(5), row.GetBoolean(6));
            findings.Check(Findings.States);
            if (!missing.Remove(told.Id, out var known) || known != told)
            {
                findings.Fault(Findings.States, null, null, $"edge {told.Id} is not the engine's");
            }
        }

        foreach (var id in missing.Keys)
        {
            findings.Fault(Findings.States, null, null, $"edge {id} is missing");
        }
    }

    public async Task DaysAsync(CancellationToken cancel)
    {
        var days = new List<(LocalDate Day, Instant Opened, Instant? Closed, bool Totalled)>();
        await using (var read = snapshots.Command("select day, opened_at, closed_at, totalled_at from business_day order by day"))
        await using (var row = await read.ExecuteReaderAsync(cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                days.Add((row.GetLocalDate(0), row.GetInstant(1), row.GetInstantOrNull(2), !row.IsDBNull(3)));
            }
        }

        findings.Check(Findings.Days, days.Count);
        for (var i = 0; i < days.Count; i++)
        {
            var (day, opened, closed, totalled) = days[i];
            var last = i == days.Count - 1;
            if (closed is null != last)
            {
                Wrong(day, last ? "is the last and is closed: no day is open" : "is open and is not the last");
            }

            if (closed < opened || (totalled && closed is null))
            {
                Wrong(day, "was closed before it was opened, or totalled before it was closed");
            }

            if (i > 0 && (days[i - 1].Closed ?? Instant.MinValue) > opened)
            {
                Wrong(day, "was opened before the one before it was closed");
            }
        }

        void Wrong(LocalDate day, string what) =>
            findings.Fault(Findings.Days, null, null, $"the day {LocalDatePattern.Iso.Format(day)} {what}");
    }

    /// <summary>What a restore lost is over when two people said so, and not before.</summary>
    public async Task LostIntervalsAsync(CancellationToken cancel)
    {
        await using var read = snapshots.Command(
            "select b.epoch from break_lost_interval b where b.proposal_id is not null and not exists ("
            + "select from proposal d where d.proposal_id = b.proposal_id and d.kind = 'lost-interval' and d.epoch = b.epoch "
            + "and d.state = 'done' and d.made_by <> d.decided_by and d.decided_by = b.settled_by) order by b.epoch limit 100");
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            findings.Fault(Findings.TwoPeople, null, null, $"the lost interval {row.GetInt64(0)} was not settled by two people");
        }
    }

    /// <summary>What settlement posts, it posts as two people approved it.</summary>
    public async Task PostingsAsync(CancellationToken cancel)
    {
        await using var read = snapshots.Command(Postings);
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            findings.Fault(row.GetString(0), row.GetInt32(1), row.IsDBNull(2) ? null : row.GetInt64(2), row.GetString(3));
        }
    }

    /// <summary>What leaves for providers' banks is what they are owed, once.</summary>
    public async Task PayoutsAsync(CancellationToken cancel)
    {
        await using var read = snapshots.Command(Payouts);
        await using var row = await read.ExecuteReaderAsync(cancel);
        // That nothing is posted and no file made without a payout is looked at also where there is none.
        findings.Check(Findings.Payouts);
        while (await row.ReadAsync(cancel))
        {
            if (row.IsDBNull(0))
            {
                findings.Check(Findings.Payouts, row.GetInt64(2));
                continue;
            }

            findings.Fault(
                Findings.Payouts, null, null, row.GetInt64(0) is > 0 and var payout ? $"payout {payout}: {row.GetString(1)}" : row.GetString(1));
        }
    }

    /// <summary>Every agent that any row names, judged by itself.</summary>
    public async Task<List<AuditedAgent>> AgentsAsync(CancellationToken cancel)
    {
        var agents = new List<AuditedAgent>();
        var parts = new Dictionary<int, (int Parts, int Met)>();
        await using var read = snapshots.Command(AgentIds);
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var (id, first, count) = (row.GetInt32(0), row.IsDBNull(3) ? row.GetInt32(0) : row.GetInt32(3), row.GetInt16(4));
            agents.Add(new AuditedAgent(id, first, count));
            findings.Check(Findings.Agents);
            if (!row.GetBoolean(1))
            {
                findings.Fault(Findings.Orphans, id, null, "rows name this agent and there is none");
                continue;
            }

            if (row.GetInt16(2) != Lanes.Of(id))
            {
                findings.Fault(Findings.Agents, id, null, $"is on lane {row.GetInt16(2)} and its number says {Lanes.Of(id)}");
            }

            if (!row.GetBoolean(5))
            {
                findings.Fault(Findings.Agents, id, null, "has no funds");
            }

            var met = parts.GetValueOrDefault(first, (Parts: count, Met: 0));
            parts[first] = (met.Parts == count ? count : -1, met.Met + 1);
        }

        foreach (var (id, (count, _)) in parts.Where(agent => agent.Value.Parts != agent.Value.Met))
        {
            findings.Fault(Findings.Agents, id, null, $"should have {count} parts, all of one count, and has not");
        }

        return agents;
    }

    /// <summary>Series and totals that belong to no lane, no agent or no closed day.</summary>
    public async Task SeriesOfNoLaneAsync(IReadOnlyList<AuditedAgent> agents, CancellationToken cancel)
    {
        // A lane without agents was not looked at, and a series further on exists only after a restore began its generation.
        short[] lanes = [.. agents.Select(agent => (short)agent.Lane).Distinct()];
        await using (var read = snapshots.Command(
            "select s.business_day, s.series from receipt_series s where s.series < 0 or s.series % $1 <> all($3) or (s.series >= $1 "
            + "and (s.series / $1 > $2 or not exists (select from receipt_run r where r.business_day = s.business_day "
            + "and r.generation = s.series / $1))) "
            + "order by s.business_day, s.series limit 100",
            Lanes.Count, ReceiptNumber.MaxGeneration, lanes))
        await using (var row = await read.ExecuteReaderAsync(cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                findings.Fault(
                    Findings.Receipts, null, null,
                    $"{LocalDatePattern.Iso.Format(row.GetLocalDate(0))} has a series {row.GetInt16(1)}, which is no lane's");
            }
        }

        var days = new List<LocalDate>();
        await using (var read = snapshots.Command("select day from business_day order by day"))
        await using (var row = await read.ExecuteReaderAsync(cancel))
        {
            while (await row.ReadAsync(cancel))
            {
                days.Add(row.GetLocalDate(0));
            }
        }

        foreach (var day in days)
        {
            await using var read = snapshots.Command(
                "select count(t.account), min(t.agent_id) from day_total t join business_day d on d.day = t.business_day "
                + "where t.business_day = $1 and (d.totalled_at is null "
                + "or not exists (select from agent a where a.agent_id = t.agent_id))", day.ToDateColumn());
            await using var row = await read.ExecuteReaderAsync(cancel);
            await row.ReadAsync(cancel);
            if (row.GetInt64(0) > 0)
            {
                var what = $"{LocalDatePattern.Iso.Format(day)} has totals of nobody, or before its close";
                findings.Fault(Findings.DayTotals, row.GetInt64(0), [new AuditOffender(row.GetInt32(1), null, what)]);
            }
        }
    }

    public async Task InquiriesAsync(IReadOnlyList<AuditedAgent> agents, CancellationToken cancel)
    {
        foreach (var agent in agents.GroupBy(part => part.FirstPart))
        {
            int[] parts = [.. agent.Select(part => part.Id).Order()];
            Guid? last = null;
            do
            {
                var after = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Uuid, Value = (object?)last ?? DBNull.Value };
                await snapshots.WalkAsync(async () =>
                {
                    await using var read = snapshots.Command(Inquiries, parts, after, InquiriesAtOnce);
                    await using var row = await read.ExecuteReaderAsync(cancel);
                    await row.ReadAsync(cancel);
                    last = row.IsDBNull(0) ? null : row.GetGuid(0);
                    findings.Check(Findings.Inquiries, row.GetInt64(1));
                    if (row.GetInt64(2) > 0)
                    {
                        findings.Fault(
                            Findings.Inquiries, row.GetInt64(2), row.GetFieldValue<long[]>(3)
                                .Select(n => new AuditOffender(agent.Key, n, "was paid on the inquiry of another payment")));
                    }
                }, cancel);
            }
            while (last is not null);
        }
    }

    /// <summary>Walks the line of numbers over all agents at once, a range at a time, leaping over empty stretches.</summary>
    public async Task NumbersAsync(IReadOnlyList<AuditedAgent> agents, CancellationToken cancel)
    {
        int[] ids = [.. agents.Select(agent => agent.Id)];
        var range = SmallestRange * 10;
        var after = long.MinValue;
        while (true)
        {
            long? next = null;
            var took = await snapshots.WalkAsync(async () =>
            {
                await using (var find = snapshots.Command(NextNumber, ids, after))
                {
                    next = await find.ExecuteScalarAsync(cancel) as long?;
                }

                if (next is { } first)
                {
                    after = first > long.MaxValue - range ? long.MaxValue : first - 1 + range;
                    await RangeAsync(ids, first - 1, after, cancel);
                }
            }, cancel);
            if (next is null)
            {
                return;
            }

            range = took > TooLong ? Math.Max(SmallestRange, range / 2)
                : took < VeryShort ? Math.Min(LargestRange, range * 2)
                : range;
        }
    }

    private async Task RangeAsync(int[] ids, long after, long upTo, CancellationToken cancel)
    {
        await using var read = snapshots.Command(Numbers, ids, after, upTo);
        await using var row = await read.ExecuteReaderAsync(cancel);
        await row.ReadAsync(cancel);
        findings.Check(Findings.Numbers, row.GetInt64(0));
        if (row.GetInt64(1) == 0)
        {
            return;
        }

        var (owners, numbers, whats) =
            (row.GetFieldValue<int[]>(2), row.GetFieldValue<long[]>(3), row.GetFieldValue<string[]>(4));
        findings.Fault(
            Findings.Numbers, row.GetInt64(1), numbers.Select((n, i) => new AuditOffender(owners[i], n, whats[i])));
    }

    private static EdgeRow Row(Edge edge) => new(
        edge.Id, edge.From == PaymentState.None ? null : edge.From.ToString(), edge.Event.ToString(), edge.To.ToString(),
        edge.Money.ToString(), edge.TwoPeople, Transitions.IsFinal(edge.To));

    private sealed record EdgeRow(
        short Id, string? From, string Event, string To, string Money, bool TwoPeople, bool Final);
}
