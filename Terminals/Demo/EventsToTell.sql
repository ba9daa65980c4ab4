-- why: what an agent's subscriber must have been told of in this run of the demo, by webhook id
-- locks: none
-- parameters: $1 agent's code · $2 numbers from this one · $3 edges that are announced
select 'evt_' || e.number || '_' || e.step
from agent a
join payment p on p.agent_id = a.agent_id and p.number >= $2
join event e on e.agent_id = p.agent_id and e.number = p.number
where a.code = $1 and e.edge = any ($3::smallint[])
