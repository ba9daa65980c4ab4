-- why: what was given up, newest first, for people
-- locks: none
-- parameters: $1 rows at most · $2 only this receiver, or null
select d.agent_id, d.number, d.step, d.receiver, d.event_at, d.dead_at, d.attempts, d.note, e.edge,
    coalesce(w.agent_code, w.provider) as whose
from delivery d
left join event e on e.agent_id = d.agent_id and e.number = d.number and e.step = d.step
left join lateral (
    select a.code as agent_code, 'provider ' || q.provider_id as provider
    from webhook_endpoint q left join agent a on a.agent_id = q.agent_id
    where q.endpoint_id = d.receiver
) w on true
where d.dead_at is not null and ($2::int is null or d.receiver = $2)
order by d.dead_at desc, d.number desc
limit $1
