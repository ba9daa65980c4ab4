using EGovPay.Processing;
using EGovPay.Processing.Calendar;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Terms;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Netting;

/// <summary>What an agent owes for one business day.</summary>
/// <param name="DueOn">The bank day by whose end it is to be paid.</param>
/// <param name="PaidQepik">Of deposits, which go to the oldest day first.</param>
/// <param name="OverdueDays">Calendar days after the due day; 0: not overdue, or paid.</param>
public sealed record AgentDue(LocalDate Day, LocalDate DueOn, long DueQepik, long PaidQepik, int OverdueDays)
{
    public long UnpaidQepik => DueQepik - PaidQepik;
}

/// <summary>How an agent that settles afterwards stands.</summary>
/// <param name="Days">Closed days for which something was due, oldest first.</param>
/// <param name="AheadQepik">Paid in beyond all that is due.</param>
public sealed record AgentStanding(string Agent, IReadOnlyList<AgentDue> Days, long AheadQepik)
{
    public long UnpaidQepik => Days.Sum(one => one.UnpaidQepik);

    public long OverdueQepik => Days.Where(one => one.OverdueDays > 0).Sum(one => one.UnpaidQepik);

    /// <summary>The due day of the oldest debt that is overdue, or null.</summary>
    public LocalDate? OldestOverdue => Days.FirstOrDefault(one => one.OverdueDays > 0)?.DueOn;
}

/// <summary>What a look at late agents did.</summary>
public sealed record OverdueRound(IReadOnlyList<string> Suspended, IReadOnlyList<string> Lifted);

/// <summary>
/// Agents who settle afterwards: what became due when, and who is late, from the ledger's sums alone. Where their terms say so, who is late
/// takes nothing until it has paid; only what was suspended here is lifted here.
/// </summary>
public sealed class OverdueAgents(NpgsqlDataSource database)
{
    private const int MostRows = 1_000_000;
    private const string Raise = "update directory_version set version = version + 1";

    private static readonly string AgentDays = Sql.Load("Netting/AgentDays.sql");
    private static readonly string SuspendOverdue = Sql.Load("Netting/SuspendOverdue.sql");
    private static readonly string LiftOverdue = Sql.Load("Netting/LiftOverdue.sql");

    /// <summary>How the agents who settle afterwards stand on a day.</summary>
    /// <param name="terms">Null: there are none, and so no such agents.</param>
    public async Task<IReadOnlyList<AgentStanding>> StandingsAsync(
        SettlementTerms? terms, LocalDate today, CancellationToken cancel = default)
    {
        var afterwards = terms?.Agents.Where(one => one.Afterwards).OrderBy(one => one.Code, StringComparer.Ordinal).ToList() ?? [];
        if (afterwards.Count == 0)
        {
            return [];
        }

        var calendars = await CalendarStore.ReadAsync(database, cancel);
        var days = (await DaysAsync([.. afterwards.Select(one => one.Code)], cancel)).ToLookup(one => one.Agent, StringComparer.Ordinal);
        return [.. afterwards.Select(one => Standing(
            one.Code, [.. days[one.Code].Select(day => (day.Day, day.TakenQepik, day.PaidQepik))],
            day => DueOn(calendars.IsBankDay, day, one.DueBankDays), today))];
    }

    /// <summary>Suspends who is late and lets go on who has paid. Any number of nodes may look at once.</summary>
    public async Task<OverdueRound> RoundAsync(SettlementTerms? terms, LocalDate today, CancellationToken cancel = default)
    {
        var standings = await StandingsAsync(terms, today, cancel);
        var late = standings.Where(one => one.OverdueQepik > 0 && terms!.Agent(one.Agent).SuspendWhenOverdue)
            .ToDictionary(one => one.Agent, StringComparer.Ordinal);
        var suspended = new List<string>();
        var open = await OpenAsync(cancel);
        foreach (var (code, standing) in late)
        {
            if (open.Any(one => one.Code == code))
            {
                continue;
            }

            var parameters = new NpgsqlParameter[]
            {
                new NpgsqlParameter<string> { TypedValue = code },
                new NpgsqlParameter<DateOnly> { TypedValue = standing.OldestOverdue!.Value.ToDateColumn() },
                new NpgsqlParameter<long> { TypedValue = standing.OverdueQepik },
            };
            if (await ChangeAsync(SuspendOverdue, parameters, cancel))
            {
                suspended.Add(code);
            }
        }

        return new OverdueRound(suspended, await LiftAsync(open, late.ContainsKey, cancel));
    }

    /// <summary>Lets go on who has paid, and suspends nobody. Any number of nodes may look at once.</summary>
    /// <returns>Who goes on.</returns>
    public async Task<IReadOnlyList<string>> LiftAsync(SettlementTerms? terms, LocalDate today, CancellationToken cancel = default)
    {
        if (await OpenAsync(cancel) is not { Count: > 0 } open)
        {
            return [];
        }

        var late = (await StandingsAsync(terms, today, cancel)).Where(one => one.OverdueQepik > 0 && terms!.Agent(one.Agent).SuspendWhenOverdue)
            .Select(one => one.Agent).ToHashSet(StringComparer.Ordinal);
        return await LiftAsync(open, late.Contains, cancel);
    }

    /// <summary>The bank day so many bank days after a business day; with 0 the day itself, or the first bank day after it.</summary>
    internal static LocalDate DueOn(Func<LocalDate, bool> isBankDay, LocalDate day, int bankDays)
    {
        var due = day;
        for (var left = bankDays; left > 0 || !isBankDay(due);)
        {
            due = due.PlusDays(1);
            left -= isBankDay(due) && left > 0 ? 1 : 0;
        }

        return due;
    }

    /// <summary>Deposits, and days on which more was given back than taken, go to the oldest debt first.</summary>
    internal static AgentStanding Standing(
        string agent, IReadOnlyList<(LocalDate Day, long TakenQepik, long PaidQepik)> days, Func<LocalDate, LocalDate> dueOn,
        LocalDate today)
    {
        var left = days.Sum(day => checked(day.PaidQepik + Math.Max(0, -day.TakenQepik)));
        var dues = new List<AgentDue>();
        foreach (var (day, taken, _) in days.Where(day => day.TakenQepik > 0).OrderBy(day => day.Day))
        {
            var paid = Math.Min(left, taken);
            left -= paid;
            var due = dueOn(day);
            dues.Add(new AgentDue(
                day, due, taken, paid, paid < taken && due < today ? Period.DaysBetween(due, today) : 0));
        }

        return new AgentStanding(agent, dues, left);
    }

    private async Task<List<(string Agent, LocalDate Day, long TakenQepik, long PaidQepik)>> DaysAsync(
        string[] codes, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(AgentDays);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = codes });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostRows });
        var days = new List<(string, LocalDate, long, long)>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            days.Add((reader.GetString(0), reader.GetLocalDate(1), reader.GetInt64(2), reader.GetInt64(3)));
        }

        return days.Count < MostRows ? days : throw new InvalidOperationException($"More than {MostRows} days of agents are to be reckoned.");
    }

    private async Task<List<(int AgentId, string Code)>> OpenAsync(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select o.agent_id, a.code from agent_overdue o join agent a on a.agent_id = o.agent_id where o.lifted_at is null "
            + "order by a.code limit 100000");
        var open = new List<(int, string)>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            open.Add((reader.GetInt32(0), reader.GetString(1)));
        }

        return open;
    }

    private async Task<List<string>> LiftAsync(List<(int AgentId, string Code)> open, Func<string, bool> isLate, CancellationToken cancel)
    {
        var lifted = new List<string>();
        foreach (var (agentId, code) in open.Where(one => !isLate(one.Code)))
        {
            if (await ChangeAsync(LiftOverdue, [new NpgsqlParameter<int> { TypedValue = agentId }], cancel))
            {
                lifted.Add(code);
            }
        }

        return lifted;
    }

    /// <summary>The directory's version goes first, as with every change of agents: two changes wait for each other there.</summary>
    private async Task<bool> ChangeAsync(string statement, NpgsqlParameter[] parameters, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Raise));
        var change = new NpgsqlBatchCommand(statement);
        change.Parameters.AddRange(parameters);
        batch.BatchCommands.Add(change);
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        var changed = await reader.ReadAsync(cancel);
        await reader.NextResultAsync(cancel);
        return changed;
    }
}
