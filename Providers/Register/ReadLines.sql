-- why: the lines of one provider's register of one closed window, ascending; a closed window does not change
-- locks: none
-- parameters: $1 provider · $2 cut-off group · $3 bank day
select t.number, p.service_code, p.account, p.fields, t.amount_qepik, e.at, p.budget_level, p.budget_code
from transfer t
join payment p on p.agent_id = t.agent_id and p.number = t.number
join event e on e.agent_id = t.agent_id and e.number = t.number and e.step = t.step
where t.credit = 1000 + $1 and t.cutoff_group = $2 and t.window_day = $3 and t.leg = 1
order by t.number
