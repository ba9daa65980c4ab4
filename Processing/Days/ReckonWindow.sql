-- why: what a closed window owes to whom: the payables less what passed between them and the bank, once and for ever
-- locks: the window's row of what is reckoned: of two at once the second waits, and finds nothing to do
-- parameters: $1 group · $2 bank day
with once as (
    insert into window_reckoned (cutoff_group, bank_day)
    select w.cutoff_group, w.bank_day
    from settlement_window w
    where w.cutoff_group = $1 and w.bank_day = $2
        and w.closes_at <= (select coalesce(d.dated_from, d.opened_at) from business_day d where d.closed_at is null)
    on conflict do nothing
    returning cutoff_group, bank_day
),
moved as materialized (
    select s.account - 1000 as provider_id, o.cutoff_group, o.bank_day, coalesce(p.budget_level, k.budget_level, '') as budget_level,
        coalesce(p.budget_code, k.budget_code, '') as budget_code, t.agent_id, s.amount_qepik
    from once o
    cross join lateral (
        -- By the few pages that the window lies on, never by all there are.
        select x.agent_id, x.number, x.debit, x.credit, x.amount_qepik
        from transfer x
        where x.window_day = o.bank_day and x.cutoff_group = o.cutoff_group
        offset 0
    ) t
    cross join lateral (values (t.debit, -t.amount_qepik), (t.credit, t.amount_qepik)) as s (account, amount_qepik)
    left join payment p on p.agent_id = t.agent_id and p.number = t.number
    left join lateral (
        select v.budget_level, v.budget_code
        from movement_budget v
        where p.number is null and v.agent_id = t.agent_id and v.number = t.number and v.provider_id = s.account - 1000
    ) k on true
    where s.account > 1000 and 6 not in (t.debit, t.credit)
),
lines as (
    insert into window_line (provider_id, cutoff_group, bank_day, budget_level, budget_code, paid)
    select distinct m.provider_id, m.cutoff_group, m.bank_day, m.budget_level, m.budget_code, exists (
        select from payout_part x
        where x.provider_id = m.provider_id and x.cutoff_group = m.cutoff_group and x.bank_day = m.bank_day
            and x.budget_level = m.budget_level and x.budget_code = m.budget_code and x.released_at is null)
    from moved m
)
insert into window_owed (provider_id, cutoff_group, bank_day, budget_level, budget_code, agent_id, owed_qepik)
select m.provider_id, m.cutoff_group, m.bank_day, m.budget_level, m.budget_code, m.agent_id, sum(m.amount_qepik)::bigint
from moved m
group by m.provider_id, m.cutoff_group, m.bank_day, m.budget_level, m.budget_code, m.agent_id
having sum(m.amount_qepik) <> 0
