-- why: how much is unknown at each provider, since when, and how much money it is: for gauges and their alarms
-- locks: none
-- parameters: none
select u.provider_id, count(*), extract(epoch from now() - min(u.since))::double precision, sum(p.amount_qepik)::bigint
from unknown_payment u
join payment p on p.agent_id = u.agent_id and p.number = u.number
group by u.provider_id
order by u.provider_id
