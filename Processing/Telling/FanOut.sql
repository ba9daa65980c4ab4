-- why: take the oldest events from the outbox and make a delivery for each who wants to hear of them; where nobody does any more,
--      record that. All in one statement: an event is never in neither place.
-- locks: the outbox rows taken; rows that another node holds are skipped
-- parameters: $1 events at most · $2 edges · $3 their types · $4 providers hear of it · $5 payers: 0 never, 1 always, 2 when late,
--      pairwise · $6 payers by e-mail · $7 payers by SMS
with taken as materialized (
    delete from outbox o
    using (
        select q.agent_id, q.number, q.step from outbox q order by q.at limit $1 for update skip locked
    ) oldest
    where o.agent_id = oldest.agent_id and o.number = oldest.number and o.step = oldest.step
    returning o.agent_id, o.number, o.step, o.at
),
known as materialized (
    select t.agent_id, t.number, t.step, t.at, coalesce(a.part_of, a.agent_id) as subscriber, p.provider_id, x.type, x.to_provider,
        case when x.to_payer = 1 or (x.to_payer = 2
            -- Or while the clock was behind what was closed, when everything has one date.
            and (t.at > p.accepted_at + interval '20 seconds' or t.at <= p.accepted_at)) then c.contact::json end
            as contact
    from taken t
    join agent a on a.agent_id = t.agent_id
    -- Ranges and orders, where equalities would do: they leave the planner one index, also on tables that are still empty.
    left join lateral (
        select v.edge from event v
        where v.agent_id = t.agent_id and v.number = t.number and v.step >= t.step and v.step <= t.step
        order by v.step limit 1
    ) e on true
    left join lateral (
        select q.provider_id, q.accepted_at from payment q
        where q.agent_id = t.agent_id and q.number >= t.number and q.number <= t.number
        order by q.number limit 1
    ) p on true
    left join payer_contact c on c.agent_id = t.agent_id and c.number = t.number
    left join unnest($2::smallint[], $3::text[], $4::boolean[], $5::smallint[]) as x (edge, type, to_provider, to_payer)
        on x.edge = e.edge
),
due as materialized (
    select k.agent_id, k.number, k.step, k.at, w.endpoint_id as receiver
    from known k
    join webhook_endpoint w on w.agent_id = k.subscriber
    where w.off_at is null and k.type is not null and (w.events is null or k.type = any (w.events))
    union all
    select k.agent_id, k.number, k.step, k.at, w.endpoint_id
    from known k
    join webhook_endpoint w on w.provider_id = k.provider_id
    where w.off_at is null and k.to_provider and (w.events is null or k.type = any (w.events))
    union all
    select k.agent_id, k.number, k.step, k.at, -1 from known k where $6::boolean and k.contact ->> 0 is not null
    union all
    select k.agent_id, k.number, k.step, k.at, -2 from known k where $7::boolean and k.contact ->> 1 is not null
),
entered as (
    insert into delivery (agent_id, number, event_at, since, next_at, receiver, step)
    select d.agent_id, d.number, d.at, now(), now(), d.receiver, d.step from due d
    on conflict (agent_id, number, step, receiver) do nothing
),
unheard as (
    insert into told (agent_id, number, at, receiver, step, attempts)
    select k.agent_id, k.number, now(), 0, k.step, 0
    from known k
    where not exists (
        select from due d where d.agent_id = k.agent_id and d.number = k.number and d.step = k.step)
    on conflict (agent_id, number, step, receiver) do nothing
)
select count(*) from taken
