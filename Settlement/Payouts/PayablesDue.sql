-- why: what is owed for windows that are closed and in no living payout, by receiver, window and agent: the payable less what passed between it
--      and the bank. A closed window does not change, so neither does what is read here
-- locks: none
-- parameters: $1 windows up to this bank day, or null for all · $2 providers, or null for all · $3 how many rows at most
with closed as materialized (
    select w.cutoff_group, w.bank_day
    from settlement_window w
    where w.closes_at <= (select coalesce(d.dated_from, d.opened_at) from business_day d where d.closed_at is null)
        and ($1::date is null or w.bank_day <= $1)
),
moved as (
    select s.account - 1000 as provider_id, t.cutoff_group, t.window_day, coalesce(p.budget_level, '') as budget_level,
        coalesce(p.budget_code, '') as budget_code, t.agent_id, s.amount_qepik
    from closed c
    join transfer t on t.cutoff_group = c.cutoff_group and t.window_day = c.bank_day
    cross join lateral (values (t.debit, -t.amount_qepik), (t.credit, t.amount_qepik)) as s (account, amount_qepik)
    left join payment p on p.agent_id = t.agent_id and p.number = t.number
    where s.account > 1000 and 6 not in (t.debit, t.credit) and ($2::int[] is null or s.account - 1000 = any($2))
)
select m.provider_id, m.budget_level, m.budget_code, m.cutoff_group, m.window_day, m.agent_id, sum(m.amount_qepik)::bigint as owed
from moved m
where not exists (
    select from payout_part x
    where x.provider_id = m.provider_id and x.cutoff_group = m.cutoff_group and x.bank_day = m.window_day
        and x.budget_level = m.budget_level and x.budget_code = m.budget_code and x.released_at is null)
group by m.provider_id, m.budget_level, m.budget_code, m.cutoff_group, m.window_day, m.agent_id
having sum(m.amount_qepik) <> 0
order by m.provider_id, m.budget_level, m.budget_code, m.window_day, m.cutoff_group, m.agent_id
limit $3
