-- why: payments whose outcome is not known, oldest first, for whoever has to work on them
-- locks: none
-- parameters: $1 a provider, or null for all · $2 at least so many seconds old · $3 how many
select u.agent_id, u.number, p.reference, coalesce(whole.code, a.code), u.provider_id, p.amount_qepik + p.fee_qepik, u.since,
    extract(epoch from now() - u.since)::bigint, u.asks, u.next_ask_at, u.held_by
from unknown_payment u
join payment p on p.agent_id = u.agent_id and p.number = u.number
join agent a on a.agent_id = u.agent_id
left join agent whole on whole.agent_id = a.part_of
where ($1::int is null or u.provider_id = $1) and u.since <= now() - make_interval(secs => $2)
order by u.since, u.number
limit $3
