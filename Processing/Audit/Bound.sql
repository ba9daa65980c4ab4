-- why: where the next part of an agent's payments ends, so that each part is one short snapshot
-- locks: none
-- parameters: $1 agent · $2 the number after which the part begins · $3 payments in it
select p.number
from payment p
where p.agent_id = $1 and p.number > $2
order by p.number
offset $3 limit 1
