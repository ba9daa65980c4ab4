-- why: deposits that people booked for agents, each as one, over the parts of its agent
-- locks: none
-- parameters: $1 from · $2 to, business days · $3 how many at most
select coalesce(a.part_of, a.agent_id) as agent_id, w.code, m.reference, sum(m.amount_qepik)::bigint, min(m.business_day)
from movement m
join agent a on a.agent_id = m.agent_id
join agent w on w.agent_id = coalesce(a.part_of, a.agent_id)
where m.kind = 'top-up' and m.business_day between $1 and $2
group by coalesce(a.part_of, a.agent_id), w.code, m.reference
order by min(m.business_day), m.reference
limit $3
