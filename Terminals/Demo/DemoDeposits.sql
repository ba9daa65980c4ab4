-- why: what agents paid in, each deposit as one over the parts of its agent: the simulated bank knows of them
-- locks: none
-- parameters: none
select w.code, m.reference, sum(m.amount_qepik)::bigint, min(m.business_day)
from movement m
join agent a on a.agent_id = m.agent_id
join agent w on w.agent_id = coalesce(a.part_of, a.agent_id)
where m.kind = 'top-up'
group by w.code, m.reference
order by min(m.business_day) desc, m.reference
limit 1000
