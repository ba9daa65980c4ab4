-- why: take the unknown payments that are due, as many of each provider as it has room for; the lease keeps other nodes away.
--      What people are deciding about is not asked about
-- locks: the rows taken; rows that another node holds are skipped
-- parameters: $1 providers · $2 room of each, pairwise · $3 seconds the lease lasts
update unknown_payment u
set next_ask_at = now() + make_interval(secs => $3)
from (
    select d.agent_id, d.number
    from unnest($1::int[], $2::int[]) as f (provider_id, room)
    cross join lateral (
        select q.agent_id, q.number
        from unknown_payment q
        where q.provider_id = f.provider_id and q.next_ask_at <= now() and q.held_by is null
        order by q.next_ask_at
        limit f.room
        for update skip locked
    ) d
) due
where u.agent_id = due.agent_id and u.number = due.number
returning u.agent_id, u.number, u.asks
