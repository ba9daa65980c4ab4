-- why: take the deliveries that are due, as many of each receiver as it has room for; the lease keeps other nodes away, and ends by
--      itself when this node dies
-- locks: the rows taken; rows that another node holds are skipped
-- parameters: $1 receivers · $2 room of each, pairwise · $3 seconds the lease lasts
update delivery d
set next_at = now() + make_interval(secs => $3), attempts = d.attempts + 1
from (
    select l.agent_id, l.number, l.step, l.receiver
    from unnest($1::int[], $2::int[]) as f (receiver, room)
    cross join lateral (
        select q.agent_id, q.number, q.step, q.receiver
        from delivery q
        where q.receiver = f.receiver and q.dead_at is null and q.next_at <= now()
        order by q.next_at
        limit f.room
        for update skip locked
    ) l
) due
where d.agent_id = due.agent_id and d.number = due.number and d.step = due.step and d.receiver = due.receiver
returning d.agent_id, d.number, d.step, d.receiver, d.attempts
