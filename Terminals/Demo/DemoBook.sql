-- why: how every payment of one demo run stands in our book: its last event, streamed
-- locks: none
-- parameters: $1 the least number of the run · $2, $3 how the run's references begin
select distinct on (e.agent_id, e.number) e.number, e.edge, p.reference, starts_with(p.reference, $2) or starts_with(p.reference, $3)
from event e
join payment p on p.agent_id = e.agent_id and p.number = e.number
where e.number >= $1
order by e.agent_id, e.number, e.step desc
