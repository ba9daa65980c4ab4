-- why: the lines of one provider's register of one closed window, ascending; a closed window does not change. What was taken back
--      while the window was open is in no register
-- locks: none
-- parameters: $1 provider · $2 cut-off group · $3 bank day
select t.number, p.service_code, p.account, p.fields, t.amount_qepik, e.at, p.budget_level, p.budget_code, p.accepted_at
from transfer t
join payment p on p.agent_id = t.agent_id and p.number = t.number
join event e on e.agent_id = t.agent_id and e.number = t.number and e.step = t.step
where t.credit = 1000 + $1 and t.cutoff_group = $2 and t.window_day = $3 and t.leg = 1
    and not exists (
        select from transfer b
        where b.agent_id = t.agent_id and b.number = t.number and b.step > t.step and b.leg = 1 and b.debit = t.credit
            and b.window_day = t.window_day)
order by t.number
