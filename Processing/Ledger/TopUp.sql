-- why: money comes into an agent's funds, once for each reference: a deposit from the bank, or from another part of the agent
-- locks: the caller holds the day (shared) and the agent's lane
-- parameters: $1 agent · $2 a new number · $3 reference · $4 amount · $5 made by · $6 note · $7 kind
--      $8 account it comes from · $9 approved by
with clock as materialized (
    select d.day, greatest(clock_timestamp(), coalesce(d.dated_from, d.opened_at)) as at
    from business_day d where d.closed_at is null
),
known as materialized (
    select m.number, m.amount_qepik from movement m
    where m.agent_id = $1 and m.reference = $3 and m.kind = $7
),
entered as (
    insert into movement (agent_id, number, kind, reference, amount_qepik, business_day, at, made_by, note, approved_by)
    select $1, $2, $7, $3, $4, c.day, c.at, $5, $6, $9
    from clock c
    where not exists (select from known)
    returning number, amount_qepik, business_day
),
posted as (
    insert into transfer (agent_id, number, amount_qepik, business_day, debit, credit, step, leg, cutoff_group)
    select $1, e.number, e.amount_qepik, e.business_day, $8, 1, 0, 1, 0 from entered e
),
raised as (
    update funds f set credits_posted = f.credits_posted + e.amount_qepik from entered e where f.agent_id = $1
)
select coalesce(k.number, $2), coalesce(k.amount_qepik, $4)
from (select 1) one
left join known k on true
