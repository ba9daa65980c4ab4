-- why: what happened to one payment, step by step, for `egovpay payment show`; the last thousand of what may be years of questions
-- locks: none
-- parameters: $1 agent (the part) · $2 number
select e.step, e.edge, e.at, e.node_id, e.business_day, e.provider_transaction, e.decline_name, e.provider_code, e.note,
    e.made_by, e.approved_by
from event e
where e.agent_id = $1 and e.number = $2
    and e.step > (select max(v.step) from event v where v.agent_id = $1 and v.number = $2) - 1000
order by e.step
limit 1000
