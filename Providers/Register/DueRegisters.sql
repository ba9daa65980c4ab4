-- why: windows whose cut-off is final, with takings of a register provider and no file yet
-- locks: none
-- parameters: $1 providers that take registers
select t.credit - 1000 as provider_id, t.cutoff_group, t.window_day, bool_or(p.budget_code is not null) as budget
from settlement_window w
join transfer t on t.cutoff_group = w.cutoff_group and t.window_day = w.bank_day and t.leg = 1
join payment p on p.agent_id = t.agent_id and p.number = t.number
where w.closes_at <= (select coalesce(d.dated_from, d.opened_at) from business_day d where d.closed_at is null) and w.bank_day >= (now() - interval '40 days')::date
    and t.credit in (select 1000 + r.id from unnest($1::int[]) as r (id))
    and not exists (
        select from register_file f
        where f.provider_id = t.credit - 1000 and f.cutoff_group = w.cutoff_group and f.bank_day = w.bank_day)
    and not exists (
        select from transfer b
        where b.agent_id = t.agent_id and b.number = t.number and b.step > t.step and b.leg = 1 and b.debit = t.credit
            and b.window_day = t.window_day)
group by t.credit, t.cutoff_group, t.window_day
order by provider_id, t.cutoff_group, t.window_day
