-- why: what agents who settle afterwards took on each closed day, and what they paid in on any day, by the ledger's own sums. Funds between the
--      parts of one agent are neither
-- locks: none
-- parameters: $1 codes of agents · $2 how many rows at most
with asked as materialized (
    select a.agent_id, w.code
    from agent w
    join agent a on a.agent_id = w.agent_id or a.part_of = w.agent_id
    where w.code = any($1) and w.part_of is null
),
used as (
    select k.code, t.business_day, (t.debits_qepik - t.credits_qepik) as taken, 0::bigint as paid
    from asked k
    join day_total t on t.agent_id = k.agent_id and t.account = 1
    join business_day d on d.day = t.business_day and d.totalled_at is not null
    union all
    -- What came in, out and between is in those sums of closed days: taken out again.
    select k.code, m.business_day,
        case when d.totalled_at is null then 0
            when m.kind = 'rebalance-out' then -m.amount_qepik
            else m.amount_qepik end,
        case when m.kind in ('rebalance-in', 'rebalance-out') then 0 else m.amount_qepik end
    from asked k
    join movement m on m.agent_id = k.agent_id
    join business_day d on d.day = m.business_day
    where m.kind in ('top-up', 'rebalance-in', 'rebalance-out') or (m.debit = 6 and m.credit = 1)
)
select u.code, u.business_day, sum(u.taken)::bigint, sum(u.paid)::bigint
from used u
group by u.code, u.business_day
order by u.code, u.business_day
limit $2
