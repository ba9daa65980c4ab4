-- why: take the reversals that are due, as many of each provider as it has room for. The lease keeps other nodes away, and the count
--      rises with it: whoever asks after a node that ended must know that the provider may have heard of it. What people are
--      deciding about is not asked about
-- locks: the rows taken; rows that another node holds are skipped
-- parameters: $1 providers · $2 room of each · $3 seconds the lease lasts, in step
update reversal r
set next_ask_at = now() + make_interval(secs => due.lease), asks = r.asks + 1
from (
    select d.agent_id, d.number, f.lease
    from unnest($1::int[], $2::int[], $3::int[]) as f (provider_id, room, lease)
    cross join lateral (
        select q.agent_id, q.number
        from reversal q
        where q.provider_id = f.provider_id and q.next_ask_at <= now() and q.held_by is null
        order by q.next_ask_at
        limit f.room
        for update skip locked
    ) d
) due
where r.agent_id = due.agent_id and r.number = due.number
returning r.agent_id, r.number, r.cancel_number, r.asked_at, r.asks - 1 as asks
