-- why: how much is unknown by provider, and how old the oldest is: a metric and an alarm read it often, so it reads the queue alone
--      and the payments in it
-- locks: none
-- parameters: $1 a payment this old, in seconds, is an alarm
select u.provider_id, count(u.number), sum(p.amount_qepik + p.fee_qepik)::bigint,
    greatest(max(extract(epoch from now() - u.since)), 0)::bigint, count(u.held_by),
    count(u.number) filter (where u.since <= now() - make_interval(secs => $1))
from unknown_payment u
join payment p on p.agent_id = u.agent_id and p.number = u.number
group by u.provider_id
order by u.provider_id
