-- why: the totals that were written for an agent when its days were closed
-- locks: none
-- parameters: $1 agent · $2 the cut: days closed up to then
select t.business_day, t.account, t.debits_qepik, t.credits_qepik, t.transfers
from business_day d
join day_total t on t.business_day = d.day and t.agent_id = $1
where d.closed_at <= $2 and d.totalled_at is not null
