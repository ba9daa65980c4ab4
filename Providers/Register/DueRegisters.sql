-- why: windows whose cut-off is final, with takings of a register provider and no file yet, however long ago. Which windows a provider took in is
--      reckoned once; the transfers are looked at of those alone that have no file, and once where there is nothing to write: a window that is
--      reckoned does not change. Who takes registers since a short time only is not sent what it was told otherwise before
-- locks: window_line, those with nothing to write that nobody else is just marking
-- parameters: $1 providers that take registers
with unwritten as materialized (
    select l.provider_id, l.cutoff_group, l.bank_day, bool_or(l.budget_code <> '') as budget
    from unnest($1::int[]) as p (provider_id)
    cross join lateral (
        select least((now() - interval '40 days')::date, min(f.bank_day)) as day from register_file f where f.provider_id = p.provider_id
    ) since
    join window_line l on l.provider_id = p.provider_id and l.bank_day >= since.day and not l.written
    where not exists (
        select from register_file f
        where f.provider_id = l.provider_id and f.cutoff_group = l.cutoff_group and f.bank_day = l.bank_day)
    group by l.provider_id, l.cutoff_group, l.bank_day
),
due as materialized (
    select u.provider_id, u.cutoff_group, u.bank_day, u.budget
    from unwritten u
    cross join lateral (
        -- By the few pages that the window lies on, never by all there are.
        select x.agent_id, x.number, x.step, x.credit, x.window_day
        from transfer x
        where x.window_day = u.bank_day and x.cutoff_group = u.cutoff_group and x.leg = 1 and x.credit = 1000 + u.provider_id
        offset 0
    ) t
    join payment p on p.agent_id = t.agent_id and p.number = t.number
    where not exists (
        select from transfer b
        where b.agent_id = t.agent_id and b.number = t.number and b.step > t.step and b.leg = 1 and b.debit = t.credit
            and b.window_day = t.window_day)
    group by u.provider_id, u.cutoff_group, u.bank_day, u.budget
),
nothing as materialized (
    select l.provider_id, l.cutoff_group, l.bank_day, l.budget_level, l.budget_code
    from unwritten u
    join window_line l on l.provider_id = u.provider_id and l.cutoff_group = u.cutoff_group and l.bank_day = u.bank_day
    where not exists (
        select from due d where d.provider_id = u.provider_id and d.cutoff_group = u.cutoff_group and d.bank_day = u.bank_day)
    for no key update of l skip locked
),
done as (
    update window_line l
    set written = true
    from nothing n
    where l.provider_id = n.provider_id and l.cutoff_group = n.cutoff_group and l.bank_day = n.bank_day and l.budget_level = n.budget_level
        and l.budget_code = n.budget_code
)
select d.provider_id, d.cutoff_group, d.bank_day, d.budget
from due d
order by d.provider_id, d.cutoff_group, d.bank_day
limit 10000
