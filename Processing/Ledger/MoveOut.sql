-- why: money leaves one part of an agent for another: funds → between-parts, if it is there, once for each reference
-- locks: the caller holds the day (shared) and the part's lane
-- parameters: $1 part · $2 a new number · $3 reference · $4 amount · $5 made by
with clock as materialized (
    select d.day, greatest(clock_timestamp(), coalesce(d.dated_from, d.opened_at)) as at
    from business_day d where d.closed_at is null
),
known as materialized (
    select m.number from movement m
    where m.agent_id = $1 and m.reference = $3 and m.kind = 'rebalance-out'
),
entered as (
    insert into movement (agent_id, number, kind, reference, amount_qepik, business_day, at, made_by)
    select $1, $2, 'rebalance-out', $3, $4, c.day, c.at, $5
    from clock c
    join funds f on f.agent_id = $1
        and f.credits_posted + f.credit_limit - f.debits_posted - f.debits_pending >= $4
    where not exists (select from known)
    returning number, amount_qepik, business_day
),
posted as (
    insert into transfer (agent_id, number, amount_qepik, business_day, debit, credit, step, leg, cutoff_group)
    select $1, e.number, e.amount_qepik, e.business_day, 1, 12, 0, 1, 0 from entered e
),
lowered as (
    update funds f set debits_posted = f.debits_posted + e.amount_qepik from entered e where f.agent_id = $1
)
select e.number from entered e
union all
select k.number from known k
