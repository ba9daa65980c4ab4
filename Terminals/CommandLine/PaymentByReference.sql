-- why: find a payment by its reference for an operator, of one agent or of any: each agent's key is asked
-- locks: none
-- parameters: $1 the reference · $2 an agent's code, or null for all
select p.agent_id, p.number, coalesce(whole.code, a.code)
from agent a
left join agent whole on whole.agent_id = a.part_of
join payment p on p.agent_id = a.agent_id and p.reference = $1
where $2::text is null or coalesce(whole.code, a.code) = $2
order by p.number
limit 20
