-- why: what a day's seal was made of, to say where the day differs
-- locks: none; one snapshot
-- parameters: $1 the day
select p.agent_id, p.stretch, p.transfers, p.amount_qepik, p.hash
from day_seal_piece p
where p.business_day = $1
order by p.agent_id, p.stretch
