-- why: the funds of a lane's agents as they stood at the cut; the snapshot is from under the lane's lock
-- locks: none any more
-- parameters: $1 agents
select f.agent_id, f.debits_pending, f.debits_posted, f.credits_posted, f.credit_limit
from funds f
where f.agent_id = any($1::int[])
