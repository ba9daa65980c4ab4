-- why: the transfers that one payment made, for `egovpay payment show`
-- locks: none
-- parameters: $1 agent (the part) · $2 number
select t.step, t.debit, t.credit, t.amount_qepik, t.business_day
from transfer t
where t.agent_id = $1 and t.number = $2
order by t.step, t.leg
limit 1000
