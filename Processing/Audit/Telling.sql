-- why: a part of an agent's payments that somebody subscribed to: every event of theirs that is announced waits in the outbox, is on
--      its way, is a dead letter, or was told; as far back as that is remembered
-- locks: none; one snapshot
-- parameters: $1 agent · $2 numbers above this · $3 up to this · $4 the cut · $5 edges that are announced
with heard as materialized (
    select e.number, e.step
    from payment p
    join event e on e.agent_id = p.agent_id and e.number = p.number
    where p.agent_id = $1 and p.number > $2 and p.number <= $3 and p.notify
        and e.edge = any ($5::smallint[]) and e.at <= $4 and e.at > (select k.since from telling_kept k)
),
untold as materialized (
    select h.number, h.step
    from heard h
    where not exists (
            select from outbox o where o.agent_id = $1 and o.number = h.number and o.step = h.step)
        and not exists (
            select from delivery d where d.agent_id = $1 and d.number = h.number and d.step = h.step)
        and not exists (
            select from told t where t.agent_id = $1 and t.number = h.number and t.step = h.step)
)
select 'telling' as about, count(u.number) as count, (array_agg(u.number order by u.number, u.step))[1:5] as numbers,
    (array_agg(format('event %s is neither told nor on its way', u.step) order by u.number, u.step))[1:5] as whats
from untold u
having count(u.number) > 0
union all
select '+telling', count(h.number), null, null from heard h
