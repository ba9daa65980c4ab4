-- why: what happened to one payment, step by step, for `egovpay payment show`
-- locks: none
-- parameters: $1 agent (the part) · $2 number
select e.step, e.edge, e.at, e.node_id, e.business_day, e.provider_transaction, e.decline_name, e.provider_code, e.note,
    e.made_by
from event e
where e.agent_id = $1 and e.number = $2
order by e.step
