using EGovPay.Processing;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;

namespace EGovPay.Tests.Simulation;

/// <summary>
/// Compares three records that nobody made from each other: what callers were told, what the providers truly did, and the book, read
/// by statements of its own. It shares no code with the engine nor with its audit.
/// </summary>
internal static class IndependentAuditor
{
    private sealed record Row(int Agent, long Number, string Reference, string Account, long Amount, long Fee, string State);

    public static async Task<List<string>> FindAsync(
        TestDatabase database, ProvidersRecord providers, Callers callers, IReadOnlyList<SimulatedAgent> agents)
    {
        var wrong = new List<string>(providers.Complaints);
        var book = await ReadAsync(database);
        CompareWithProviders(book, providers, wrong);
        CompareWithCallers(book, callers, agents, wrong);
        await CountMoneyAsync(database, book, agents, wrong);
        await CountReceiptsAsync(database, wrong);
        return wrong;
    }

    private static void CompareWithProviders(List<Row> book, ProvidersRecord providers, List<string> wrong)
    {
        var confirmed = book.Where(p => p.State == "confirmed").ToDictionary(p => p.Number);
        var credited = providers.Entries.Where(e => e.Value is { Credits: > 0, Reversed: false }).ToDictionary(e => e.Key, e => e.Value);
        wrong.AddRange(confirmed.Keys.Except(credited.Keys).Select(n => $"{n} is confirmed and was never credited"));
        wrong.AddRange(credited.Keys.Except(confirmed.Keys).Select(n => $"{n} was credited and is not confirmed"));
        wrong.AddRange(confirmed.Values
            .Where(p => credited.TryGetValue(p.Number, out var e) && (e.AmountQepik != p.Amount || e.Account != p.Account))
            .Select(p => $"{p.Number} was credited with another amount or account"));
        wrong.AddRange(providers.Entries.Where(e => e.Value.Reversed).Select(e => e.Key)
            .Except(book.Where(p => p.State == "reversed").Select(p => p.Number)).Select(n => $"{n} was taken back and is not reversed"));
        wrong.AddRange(credited.Values.GroupBy(e => e.Account).Where(g => g.Count() > 1)
            .Select(g => $"the payer {g.Key} was credited {g.Count()} times"));
        wrong.AddRange(book.Where(p => p.State is not ("confirmed" or "declined" or "cancelled" or "reversed"))
            .Select(p => $"{p.Number} is {p.State} in the end"));
    }

    private static void CompareWithCallers(
        List<Row> book, Callers callers, IReadOnlyList<SimulatedAgent> agents, List<string> wrong)
    {
        // A part's rows are its agent's: 16 numbers belong to each.
        var stands = book.GroupBy(p => (Agent: agents.Single(a => p.Agent >= a.AgentId && p.Agent < a.AgentId + 16).AgentId, p.Reference))
            .ToDictionary(g => g.Key, g => g.ToList());
        wrong.AddRange(stands.Where(s => s.Value.Count > 1).Select(s => $"the reference {s.Key} names {s.Value.Count} payments"));
        foreach (var about in callers.ToldInAll.GroupBy(t => (t.AgentId, t.Reference)))
        {
            var row = stands.GetValueOrDefault(about.Key)?[0];
            foreach (var told in about.Where(t => t.Number != 0))
            {
                if (row is null || row.Number != told.Number || row.Amount != told.AmountQepik)
                {
                    wrong.Add($"{about.Key} was told as {told.Number} and the book has {row?.Number}");
                }
                else if (Final(told.State) && !string.Equals(told.State.ToString(), row.State, StringComparison.OrdinalIgnoreCase)
                    && !(told.State == PaymentState.Confirmed && row.State == "reversed" && callers.WantedBack.ContainsKey(about.Key)))
                {
                    wrong.Add($"{about.Key} was told as {told.State} and is {row.State}");
                }
            }

            var certain = about.All(t => t.Number == 0 && t.Refused is not Refusal.OutcomeNotKnown)
                && !callers.Unanswered.ContainsKey(about.Key);
            if (certain && row is not null)
            {
                wrong.Add($"{about.Key} was refused ({string.Join(", ", about.Select(t => t.Refused))}) and is in the book");
            }
        }

        var asked = callers.ToldInAll.Select(t => (t.AgentId, t.Reference)).Concat(callers.Unanswered.Keys).ToHashSet();
        wrong.AddRange(stands.Keys.Where(key => !asked.Contains(key)).Select(key => $"{key} is in the book and nobody asked for it"));
    }

    private static async Task CountMoneyAsync(
        TestDatabase database, List<Row> book, IReadOnlyList<SimulatedAgent> agents, List<string> wrong)
    {
        foreach (var agent in agents)
        {
            var spent = book.Where(p => p.State == "confirmed" && p.Agent >= agent.AgentId && p.Agent < agent.AgentId + 16)
                .Sum(p => p.Amount + p.Fee);
            var range = $"where agent_id between {agent.AgentId} and {agent.AgentId + 15}";
            var taken = await database.AskAsync<long>($"select sum(debits_posted - credits_posted)::bigint from funds {range}");
            if (taken != spent - agent.DepositQepik)
            {
                wrong.Add($"agent {agent.AgentId} spent {spent} of {agent.DepositQepik} and its funds say {-taken} is left");
            }

            if (await database.AskAsync<long>($"select sum(debits_pending)::bigint from funds {range}") is var held and not 0)
            {
                wrong.Add($"agent {agent.AgentId} has {held} held and nothing is open");
            }

            if (await database.AskAsync<long>("select count(*) from (select number from funds f cross join lateral "
                + $"(select 1 as number where f.debits_pending + f.debits_posted > f.credits_posted + f.credit_limit) o {range}) x") > 0)
            {
                wrong.Add($"agent {agent.AgentId} is overdrawn");
            }
        }

        var owed = await database.AskAsync<long>(
            "select coalesce(sum(case when credit > 1000 then amount_qepik else -amount_qepik end), 0)::bigint from transfer "
            + "where leg = 1 and greatest(debit, credit) > 1000");
        if (owed != book.Where(p => p.State == "confirmed").Sum(p => p.Amount))
        {
            wrong.Add($"providers are owed {owed}, which is not what was confirmed");
        }

        if (await database.AskAsync<long>("select count(*) from transfer t join business_day d on d.day = t.business_day "
            + "join event e using (agent_id, number, step) where e.at > d.closed_at or e.at < d.opened_at") is var slipped and not 0)
        {
            wrong.Add($"{slipped} postings slipped into a day that was not open");
        }
    }

    private static async Task CountReceiptsAsync(TestDatabase database, List<string> wrong)
    {
        if (await database.AskAsync<long>("select count(*) from (select e.business_day, a.lane from event e "
            + "join agent a on a.agent_id = e.agent_id where e.receipt_counter is not null group by 1, 2 "
            + "having count(*) <> max(e.receipt_counter) or count(distinct e.receipt_counter) <> count(*) "
            + "or min(e.receipt_counter) <> 1) x") is var broken and not 0)
        {
            wrong.Add($"{broken} receipt series have a gap or a repeat");
        }
    }

    /// <summary>The book by the last event's number alone, spelt out here and not taken from the engine's table.</summary>
    private static async Task<List<Row>> ReadAsync(TestDatabase database)
    {
        await using var command = database.DataSource.CreateCommand("""
            select p.agent_id, p.number, p.reference, p.account, p.amount_qepik, p.fee_qepik,
                case e.edge when 3 then 'cancelled' when 5 then 'cancelled' when 6 then 'declined' when 7 then 'declined'
                    when 8 then 'confirmed' when 9 then 'confirmed' when 10 then 'declined' when 11 then 'declined'
                    when 19 then 'reversed' when 21 then 'confirmed'
                    else 'open at edge ' || e.edge end
            from payment p
            join (select distinct on (agent_id, number) agent_id, number, edge from event order by agent_id, number, step desc) e
                using (agent_id, number)
            """);
        await using var row = await command.ExecuteReaderAsync();
        var book = new List<Row>();
        while (await row.ReadAsync())
        {
            book.Add(new Row(row.GetInt32(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetInt64(4),
                row.GetInt64(5), row.GetString(6)));
        }

        return book;
    }

    private static bool Final(PaymentState state) =>
        state is PaymentState.Confirmed or PaymentState.Declined or PaymentState.Cancelled;
}
