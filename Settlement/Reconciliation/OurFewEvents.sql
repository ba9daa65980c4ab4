-- why: what has happened to a few payments: not all events of the day are read for them
-- locks: none
-- parameters: $1 agents · $2 numbers, pairwise
select e.number, e.step, e.edge
from unnest($1::int[], $2::bigint[]) as w (agent_id, number)
join event e on e.agent_id = w.agent_id and e.number = w.number
where e.step > 0
