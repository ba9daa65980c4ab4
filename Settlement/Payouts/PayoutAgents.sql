-- why: what the approval of a payout posts, agent by agent
-- locks: none
-- parameters: $1 payout · $2 how many at most
select a.agent_id, o.provider_id, a.amount_qepik, o.purpose
from payout o
join payout_agent a on a.payout_id = o.payout_id
where o.payout_id = $1
order by a.agent_id
limit $2
