-- why: a part of an agent's payments that somebody subscribed to: every event of theirs that is announced waits in the outbox, or is on
--      its way, a dead letter or told for each endpoint that was to hear of it; as far back as that is remembered. Who that was is
--      known of endpoints that are on now: since they were made, or were last switched on by a person. Of others, and of payers, it
--      is known only that somebody heard, or that nobody was to
-- locks: none; one snapshot
-- parameters: $1 agent · $2 numbers above this · $3 up to this · $4 the cut · $5 edges that are announced · $6 their types
--      $7 providers hear of it, pairwise
with announced as materialized (
    select x.edge, x.type, x.to_provider from unnest($5::smallint[], $6::text[], $7::boolean[]) as x (edge, type, to_provider)
),
receiver as materialized (
    -- A minute: what was being fanned out while the endpoint was made may have missed it.
    select w.endpoint_id, w.provider_id, w.events, interval '1 minute' + greatest(w.created_at, (
        select max(a.at) from act a where a.subject = 'endpoint ' || w.endpoint_id and a.what = 'webhook on')) as since
    from webhook_endpoint w
    where w.off_at is null and (w.provider_id is not null
        or w.agent_id = (select coalesce(a.part_of, a.agent_id) from agent a where a.agent_id = $1))
),
heard as materialized (
    select e.number, e.step, e.at, p.provider_id, x.type, x.to_provider
    from payment p
    join event e on e.agent_id = p.agent_id and e.number = p.number
    join announced x on x.edge = e.edge
    where p.agent_id = $1 and p.number > $2 and p.number <= $3 and p.notify
        and e.at <= $4 and e.at > (select k.since from telling_kept k)
),
fanned as materialized (
    select h.number, h.step, h.at, h.provider_id, h.type, h.to_provider,
        exists (select from delivery d where d.agent_id = $1 and d.number = h.number and d.step = h.step)
            or exists (select from told t where t.agent_id = $1 and t.number = h.number and t.step = h.step) as known
    from heard h
    where not exists (select from outbox o where o.agent_id = $1 and o.number = h.number and o.step = h.step)
),
fault as (
    select f.number, f.step, format('event %s is neither told nor on its way', f.step) as what
    from fanned f where not f.known
    union all
    select f.number, f.step, format('event %s is neither told to endpoint %s nor on its way to it', f.step, r.endpoint_id)
    from fanned f
    join receiver r on f.at > r.since and (r.events is null or f.type = any (r.events))
        and (r.provider_id is null or (f.to_provider and r.provider_id = f.provider_id))
    where f.known
        and not exists (select from delivery d
            where d.agent_id = $1 and d.number = f.number and d.step = f.step and d.receiver = r.endpoint_id)
        and not exists (select from told t
            where t.agent_id = $1 and t.number = f.number and t.step = f.step and t.receiver = r.endpoint_id)
)
select 'telling' as about, count(u.number) as count, (array_agg(u.number order by u.number, u.step))[1:5] as numbers,
    (array_agg(u.what order by u.number, u.step))[1:5] as whats
from fault u
having count(u.number) > 0
union all
select '+telling', count(h.number), null, null from heard h
