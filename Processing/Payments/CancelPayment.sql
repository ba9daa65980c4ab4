-- why: make sure that a payment will not happen: an unseen reference is recorded as cancelled, one that was never sent is cancelled
--      and its money released, anything else stays as it is
-- locks: the caller holds the day (shared) and the agent's lane
-- parameters: $1 agent · $2 reference · $3 a new number · $4 terminal · $5 node · $6 somebody subscribed
with clock as materialized (
    select greatest(clock_timestamp(), coalesce(d.dated_from, d.opened_at)) as at from business_day d where d.closed_at is null
),
known as materialized (
    select p.number, p.amount_qepik + p.fee_qepik as held, p.notify, e.step, e.edge
    from payment p
    cross join lateral (
        select v.step, v.edge from event v
        where v.agent_id = p.agent_id and v.number = p.number
        order by v.step desc limit 1
    ) e
    where p.agent_id = $1 and p.reference = $2
),
entered as (
    insert into payment (
        agent_id, number, accepted_at, amount_qepik, fee_qepik, commission_qepik, provider_fee_qepik, terminal_id,
        service_code, provider_id, tender, cutoff_group, notify, reference, account)
    select $1, $3, c.at, 0, 0, 0, 0, $4, 0, 0, 0, 0, $6, $2, ''
    from clock c
    where not exists (select from known)
    returning number
),
begun as (
    insert into event (agent_id, number, at, node_id, step, edge)
    select $1, n.number, c.at, $5, 0, 3 from entered n cross join clock c
),
ended as (
    insert into event (agent_id, number, at, node_id, step, edge)
    select $1, k.number, c.at, $5, (k.step + 1)::smallint, 5 from known k cross join clock c where k.edge = 1
    returning number
),
released as (
    update funds f set debits_pending = f.debits_pending - k.held
    from known k
    where f.agent_id = $1 and k.edge = 1
),
announced as (
    insert into outbox (agent_id, number, step, at)
    select $1, n.number, 0::smallint, c.at from entered n cross join clock c where $6
    union all
    select $1, k.number, (k.step + 1)::smallint, c.at from known k cross join clock c where k.edge = 1 and k.notify
)
select coalesce(k.number, $3) as number
from (select 1) one
left join known k on true
